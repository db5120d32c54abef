#!/usr/bin/env python3
"""Prints baselines of `capstan bench --json=FILE` as rows of a Markdown table.

    scripts/bench-table.py BASELINE.json...
"""

import json
import pathlib
import sys

if len(sys.argv) < 2:
    sys.exit(__doc__)
print("| Input | Pixel path, rate | Median | Frames/s | Over the floor | CPU of the machine | Peak memory | Bounded by | "
      "SSIM at least | |")
print("|---|---|---|---|---|---|---|---|---|---|")
for name in sys.argv[1:]:
    result = json.loads(pathlib.Path(name).read_text())
    summary, floor, quality = result["summary"], result["floor"], result["quality"]
    median = lambda metric: summary["metrics"][metric]["median"]
    ratio = floor and floor["ratio"]
    over = f"{ratio['ratio']:.2f} [{ratio['ci']['low']:.2f}, {ratio['ci']['high']:.2f}]" if ratio else "-"
    rate = result["settings"]["export"]["rate"]
    rate = ", ".join(f"{key} {value}" for key, value in rate.items()) if isinstance(rate, dict) else rate
    print(f"| {result['input']['name']}, {result['input']['frames']} frames at {result['settings']['export']['frame_rate']} fps "
          f"| {result['paths']['pixel_path']}, {rate} | {median('wall_s'):.2f} s | {median('fps'):.1f} | {over} "
          f"| {median('cpu_percent_of_machine'):.0f} % | {median('peak_rss_bytes') / 1e6:.0f} MB "
          f"| {summary['bounding_stage']}, {summary['bounding_busy_percent'] or 0:.0f} % busy "
          f"| {quality['ssim_min'] if quality else float('nan'):.4f} | {'void' if summary['void'] else ''} |")
