#!/usr/bin/env python3
"""Draws what scripts/linearity.sh measured.

    scripts/plot-linearity.py FOLDER OUTPUT_FOLDER

FOLDER holds baselines named length-SECONDS.json and area-PERCENT.json. Writes linearity.csv, length.svg and area.svg, and
prints the line through the medians of each plot (least squares) with the largest deviation from it.
"""

import csv
import json
import pathlib
import statistics
import sys

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 760, 420, 70, 20, 44, 56
# Okabe and Ito's colours, told apart also by who sees no red or no green.
SERIES = {
    "export": ("#0072b2", "whole export, wall time"),
    "cpu": ("#d55e00", "whole export, CPU time"),
    "pixels": ("#009e73", "upload + render + readback + convert"),
}
PIXEL_STAGES = {"upload", "render", "readback", "convert"}


def load(folder, kind):
    """Rows of every run: the point, then the seconds of each series and the peak of memory."""
    rows = []
    for file in folder.glob(f"{kind}-*.json"):
        result = json.loads(file.read_text())
        point = int(file.stem.split("-")[1])
        for number, run in enumerate(result["runs"], 1):
            rows.append({
                "kind": kind, "point": point, "run": number, "frames": run["frames"], "coded": run["coded_pictures"],
                "export": run["wall_s"], "cpu": run["user_s"] + run["system_s"],
                "pixels": sum(s["busy_s"] for s in run["stages"] if s["stage"] in PIXEL_STAGES),
                "peak_rss_bytes": run["peak_rss_bytes"],
            })
    machine = result["machine"] if rows else {}
    return sorted(rows, key=lambda row: (row["point"], row["run"])), machine


def line(points):
    """Least squares through (x, y): intercept, slope, coefficient of determination, largest deviation over the range of y."""
    xs, ys = zip(*points)
    mean_x, mean_y = statistics.fmean(xs), statistics.fmean(ys)
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / sum((x - mean_x) ** 2 for x in xs)
    intercept = mean_y - slope * mean_x
    rest = [y - intercept - slope * x for x, y in points]
    total = sum((y - mean_y) ** 2 for y in ys)
    return intercept, slope, 1 - sum(r * r for r in rest) / total, max(map(abs, rest)) / (max(ys) - min(ys))


def ticks(top):
    """Round steps up to `top`, about six of them."""
    step = next(m * 10 ** e for e in range(-3, 6) for m in (1, 2, 5) if top / (m * 10 ** e) <= 7)
    return [step * n for n in range(int(top / step) + 1)]


def draw(rows, title, axis, names):
    top_x = max(row["point"] for row in rows) * 1.04
    top_y = max(row[name] for row in rows for name in names) * 1.08
    x = lambda value: LEFT + value / top_x * (WIDTH - LEFT - RIGHT)
    y = lambda value: HEIGHT - BOTTOM - value / top_y * (HEIGHT - TOP - BOTTOM)
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/><text x="{LEFT}" y="20" font-size="14">{title}</text>',
    ]
    for value in ticks(top_y):
        svg.append(f'<path d="M{LEFT} {y(value):.1f}H{WIDTH - RIGHT}" stroke="#ddd"/>'
                   f'<text x="{LEFT - 6}" y="{y(value) + 4:.1f}" text-anchor="end">{value:g} s</text>')
    for point in sorted({row["point"] for row in rows}):
        svg.append(f'<path d="M{x(point):.1f} {HEIGHT - BOTTOM}v5" stroke="#333"/>'
                   f'<text x="{x(point):.1f}" y="{HEIGHT - BOTTOM + 18}" text-anchor="middle">{point}</text>')
    svg.append(f'<path d="M{LEFT} {HEIGHT - BOTTOM}H{WIDTH - RIGHT}" stroke="#333"/>'
               f'<text x="{(LEFT + WIDTH) / 2}" y="{HEIGHT - 12}" text-anchor="middle">{axis}</text>')
    for place, name in enumerate(names):
        color, label = SERIES[name]
        medians = [(point, statistics.median(row[name] for row in rows if row["point"] == point))
                   for point in sorted({row["point"] for row in rows})]
        intercept, slope, r2, off = line(medians)
        ends = [(medians[0][0], intercept + slope * medians[0][0]), (medians[-1][0], intercept + slope * medians[-1][0])]
        svg.append(f'<path d="M{x(ends[0][0]):.1f} {y(ends[0][1]):.1f}L{x(ends[1][0]):.1f} {y(ends[1][1]):.1f}" '
                   f'stroke="{color}" fill="none" stroke-dasharray="5 4"/>')
        svg += [f'<circle cx="{x(row["point"]):.1f}" cy="{y(row[name]):.1f}" r="3.2" fill="{color}" fill-opacity=".6"/>'
                for row in rows]
        svg.append(f'<text x="{LEFT + 12}" y="{TOP + 14 + 17 * place}" fill="{color}">{label}: {intercept:.2f} s + '
                   f'{slope * 1000:.2f} ms each, R² {r2:.4f}</text>')
        print(f"{title}; {label}: {intercept:.3f} s + {slope * 1000:.3f} ms * x, R² {r2:.4f}, "
              f"largest deviation {off * 100:.1f} % of the range")
    svg.append("</svg>\n")
    return "\n".join(svg)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    folder, output = map(pathlib.Path, sys.argv[1:])
    everything = []
    for kind, title, axis, names in [
        ("length", "Export time by length", "seconds of recording", ["export", "cpu"]),
        ("area", "Export time by changed area, 600 frames", "per cent of the pixels that change in every picture",
         ["export", "pixels"]),
    ]:
        rows, machine = load(folder, kind)
        if len({row["point"] for row in rows}) < 2:
            sys.exit(f"error: {folder} holds fewer than two baselines named {kind}-*.json")
        where = f"{title} ({machine['cpu']}, {machine['cores']} cores)".replace("&", "&amp;").replace("<", "&lt;")
        (output / f"{kind}.svg").write_text(draw(rows, where, axis, names))
        everything += rows
    with open(output / "linearity.csv", "w", newline="") as file:
        writer = csv.DictWriter(file, everything[0])
        writer.writeheader()
        writer.writerows({key: f"{v:.4f}" if isinstance(v, float) else v for key, v in row.items()} for row in everything)


if __name__ == "__main__":
    main()
