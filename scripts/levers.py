#!/usr/bin/env python3
"""What each lever of speed saves: time of the processor, each lever alone and all together.

    scripts/levers.py RECORDING.cap [--rounds N] [--lever NAME=OFF|ON]... [-- FLAGS of every export]

Every round exports once with all levers off, once with each lever alone, and once with all of them, and measures the floor of
`capstan bench --floor`, in an order that turns from round to round. The table gives medians of user and system time, which
other work on the machine changes far less than it changes wall time: per frame, and against all levers off. The floor's row says
how the time of the export relates to it.

--lever adds one: the flags that switch it off and those that leave it alone, parted by a bar, e.g.
--lever 'region pictures=--region-pictures off|'. CAPSTAN names the program, target/release/capstan without it.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Name -> flags that switch it off, flags that leave it on.
LEVERS = {
    "options of x264": ("--x264-options cap", ""),
    "quality instead of bit rate": ("--cap-rate", ""),
    "zoom tails held": ("--zoom-tails exact", ""),
}


def measured(command):
    """Seconds of the processor that a process takes, and what it printed."""
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        printed = output.read().decode()
    if process.returncode != 0:
        sys.exit(f"error: {' '.join(map(str, command))} failed: {printed[-500:]}")
    return usage.ru_utime + usage.ru_stime, json.loads(printed.strip().splitlines()[-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lever", action="append", default=[], help="NAME=OFF|ON")
    arguments, common = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, common = arguments[:at], arguments[at + 1:]
    args = parser.parse_args(arguments)
    levers = dict(LEVERS)
    for lever in args.lever:
        name, _, flags = lever.partition("=")
        off, _, on = flags.partition("|")
        levers[name] = (off, on)
    capstan = os.environ.get("CAPSTAN", str(ROOT / "target/release/capstan"))

    def flags(lit):
        return [flag for name, choice in levers.items() for flag in choice[name in lit].split()]

    cases = {"all off": flags(()), **{name: flags((name,)) for name in levers}, "all together": flags(levers)}
    with tempfile.TemporaryDirectory() as folder:
        film = f"{folder}/film.mp4"
        commands = {
            name: [capstan, "export", args.recording, film, "--json", "--overwrite", *common, *own]
            for name, own in cases.items()
        }
        commands["floor"] = [capstan, "bench-floor", args.recording, film, "--overwrite", *common]
        names, seconds, reports = list(commands), {name: [] for name in commands}, {}
        for turn in range(args.rounds):
            for name in names[turn % len(names):] + names[:turn % len(names)]:
                spent, printed = measured(commands[name])
                seconds[name].append(spent)
                reports[name] = printed.get("report", printed)
                print(f"round {turn + 1}: {name} {spent:.2f} s", file=sys.stderr)

    base = statistics.median(seconds["all off"])
    print(f"{Path(args.recording).name}, {reports['all off']['frames']} frames, {args.rounds} rounds {' '.join(common)}\n")
    print("| Lever | CPU | a frame | against all off | pictures coded | file |")
    print("|---|---|---|---|---|---|")
    for name in names:
        median, report = statistics.median(seconds[name]), reports[name]
        coded = report.get("coded_pictures", report["frames"])
        print(f"| {name} | {median:.2f} s ({min(seconds[name]):.2f} to {max(seconds[name]):.2f}) "
              f"| {median / report['frames'] * 1e3:.1f} ms | {(median / base - 1) * 100:+.0f} % | {coded} "
              f"| {report['bytes'] / 1e6:.1f} MB |")
    floor = statistics.median(seconds["floor"])
    print(f"\nCPU over the floor: all off {base / floor:.2f}, all together "
          f"{statistics.median(seconds['all together']) / floor:.2f}")


if __name__ == "__main__":
    main()
