"""Runs random cases for a while, one after another or a few at a time, and says what was found. See scripts/torture.sh."""
import argparse
import collections
import concurrent.futures
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path

from cases import KINDS, Ground, run_case

ROOT = Path(__file__).resolve().parents[2]


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/torture.sh", description="Damaged recordings, kills and full disks.")
    parser.add_argument("seconds", nargs="?", type=float, default=120, help="how long to go on (120)")
    parser.add_argument("--seed", type=int, help="the seed; without it one is drawn")
    parser.add_argument("--jobs", type=int, default=max(1, (os.cpu_count() or 2) // 2), help="cases at a time")
    parser.add_argument("--cases", type=int, help="end after so many cases")
    parser.add_argument("--first", type=int, default=0, help="number of the first case")
    parser.add_argument("--case", type=int, help="run this case only, and keep it")
    parser.add_argument("--kinds", help=f"only these: {','.join(KINDS)}")
    parser.add_argument("--keep", type=Path, help="folder for cases that fail (target/torture)")
    parser.add_argument("--summary", type=Path, help="file for the counts, as JSON")
    return parser.parse_args()


def numbers(options, end):
    """The numbers of the cases, until it is time to end."""
    if options.case is not None:
        yield options.case
        return
    number = options.first
    while time.monotonic() < end and (options.cases is None or number < options.first + options.cases):
        yield number
        number += 1


def main():
    options = arguments()
    seed = options.seed if options.seed is not None else random.SystemRandom().randrange(1 << 32)
    kinds = options.kinds.split(",") if options.kinds else list(KINDS)
    unknown = [kind for kind in kinds if kind not in KINDS]
    if unknown:
        sys.exit(f"there is no kind {unknown[0]!r}; there are {', '.join(KINDS)}")
    binary = Path(os.environ.get("CAPSTAN", ROOT / "target/debug/capstan")).resolve()
    if not binary.is_file():
        sys.exit(f"{binary} is not there: build capstan, or name another binary in CAPSTAN")
    keep = options.keep or ROOT / "target/torture"
    print(f"seed {seed}, {binary}, {options.jobs} at a time", flush=True)
    memory = Path("/dev/shm")
    base = memory if memory.is_dir() and shutil.disk_usage(memory).free > 4 << 30 else None
    scratch = Path(tempfile.mkdtemp(prefix="capstan-torture-", dir=base))
    tally = Tally()
    try:
        ground = Ground(ROOT, binary, scratch, keep, seed, kinds, options.case is not None)
        ground.prepare()
        end = time.monotonic() + options.seconds
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            waiting = collections.deque()
            for number in numbers(options, end):
                waiting.append(pool.submit(run_case, ground, number))
                while len(waiting) > 2 * options.jobs or (waiting and waiting[0].done()):
                    tally.add(waiting.popleft().result())
            for future in waiting:
                tally.add(future.result())
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    tally.tell(seed, keep)
    if options.summary:
        options.summary.write_text(json.dumps(tally.as_json(seed), indent=2) + "\n")
    return 1 if tally.findings else 0


class Tally:
    """What came of all cases."""

    def __init__(self):
        self.begun = time.monotonic()
        self.kinds = collections.Counter()
        self.outcomes = collections.Counter()
        self.messages = collections.Counter()
        self.examples = {}
        self.findings = []
        self.slowest = (0, None)
        self.largest = (0, None)

    def add(self, result):
        self.kinds[result.kind] += 1
        self.outcomes[f"{result.kind}: {result.outcome}"] += 1
        self.slowest = max(self.slowest, (result.seconds, result.number), key=lambda pair: pair[0])
        self.largest = max(self.largest, (result.peak, result.number), key=lambda pair: pair[0])
        for message in result.messages:
            self.messages[message] += 1
            self.examples.setdefault(message, result.number)
        if result.findings:
            self.findings.append(result)
            print(f"case {result.number} ({result.kind}):", flush=True)
            for finding in result.findings:
                print(f"  {finding}", flush=True)
        done = sum(self.kinds.values())
        if done % 500 == 0:
            print(f"  {done} cases, {len(self.findings)} findings, {time.monotonic() - self.begun:.0f} s", flush=True)

    def tell(self, seed, keep):
        took = time.monotonic() - self.begun
        print(f"{sum(self.kinds.values())} cases in {took:.0f} s: " + ", ".join(f"{count} {kind}" for kind, count in sorted(self.kinds.items())))
        for outcome, count in sorted(self.outcomes.items()):
            print(f"  {count:6} {outcome}")
        print(f"most memory {self.largest[0]} MB (case {self.largest[1]}), longest {self.slowest[0]:.1f} s (case {self.slowest[1]})")
        print(f"{len(self.messages)} different messages")
        if self.findings:
            print(f"{len(self.findings)} findings, kept in {keep}; again: scripts/torture.sh --seed {seed} --case N")
        else:
            print("no finding")

    def as_json(self, seed):
        return {
            "seed": seed, "seconds": round(time.monotonic() - self.begun), "cases": dict(self.kinds), "outcomes": dict(self.outcomes),
            "most_memory_mb": self.largest, "longest_s": self.slowest,
            "findings": [{"case": result.number, "kind": result.kind, "what": result.findings} for result in self.findings],
            "messages": [{"count": count, "case": self.examples[text], "message": text} for text, count in self.messages.most_common()],
        }


if __name__ == "__main__":
    sys.exit(main())
