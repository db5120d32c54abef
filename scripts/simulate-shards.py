#!/usr/bin/env python3
"""How much faster an export in parts gets with more workers, by simulation from a plan's costs.

    capstan shard plan talk.cap --parts 10000 -o fine.json      # one part for each key frame
    scripts/simulate-shards.py fine.json --whole 600 --start 1.5 --sound 20 --join 4

`--whole` is what the whole export takes on one worker, `--start` what a part takes before its first frame, `--sound` what the job of the
sound takes, `--join` what joining takes, all in seconds, measured. The costs of the plan say how the work is spread over the output. For each number of workers
the output is cut as `capstan shard plan` cuts it, into as many parts as workers and into four times as many, and the parts are
given to workers in their order, each to the first that is free, the sound before all others. What limits is told: the longest part, with its start and the
frames around it that it makes too (the plan's margin), the sound, and the join.
"""

import argparse
import heapq
import json


def cut(blocks, parts, margin):
    """Costs of runs of blocks, as src/shard/cut.rs cuts them, each with the blocks around it that a part makes too: so many before
    it and behind it, whole ones and fractions."""
    parts = min(parts, len(blocks))
    before = [0.0]
    for block in blocks:
        before.append(before[-1] + block)
    borders = [0]
    for part in range(1, parts):
        share = before[-1] * part / parts
        behind = next(index for index, cost in enumerate(before) if cost >= share)
        nearest = behind
        if behind > 0 and share - before[behind - 1] < before[behind] - share:
            nearest = behind - 1
        borders.append(min(max(nearest, borders[-1] + 1), len(blocks) - (parts - part)))
    borders.append(len(blocks))

    def until(block):
        """What all before this place cost; a block costs the same everywhere."""
        block = min(max(block, 0), len(blocks))
        whole = int(block)
        return before[whole] + (block - whole) * (blocks[whole] if block > whole else 0.0)

    return [until(end + margin[1]) - until(first - margin[0]) for first, end in zip(borders, borders[1:])]


def finish(jobs, workers):
    """When the last job is done."""
    free = [0.0] * workers
    for job in jobs:
        heapq.heappush(free, heapq.heappop(free) + job)
    return max(free)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("plan", help="a plan with one part for each key frame")
    parser.add_argument("--whole", type=float, required=True, help="seconds of the whole export on one worker")
    parser.add_argument("--start", type=float, required=True, help="seconds of a part before its first frame")
    parser.add_argument("--sound", type=float, default=0.0, help="seconds of the sound's job")
    parser.add_argument("--join", type=float, required=True, help="seconds of the join")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64, 128, 256])
    arguments = parser.parse_args()
    with open(arguments.plan) as file:
        plan = json.load(file)
    costs = [part["cost"] for part in plan["parts"]]
    seconds = (arguments.whole - arguments.start - arguments.sound) / sum(costs)
    blocks = [cost * seconds for cost in costs]
    margin = [plan["margin"][side] / plan["key_frame_interval"] for side in ("before", "after")]
    print(f"{plan['end'] - plan['first']} frames in {len(blocks)} blocks, the costliest {max(blocks):.1f} s of {sum(blocks):.0f} s")
    print("| Workers | Parts | Longest part | All jobs | With join | Times as fast | Of the workers |")
    print("|---|---|---|---|---|---|---|")
    for workers in arguments.workers:
        for factor in (1, 4):
            if factor > 1 and workers * factor > len(blocks):
                continue
            parts = cut(blocks, workers * factor, margin)
            last = finish([arguments.sound, *(arguments.start + part for part in parts)], workers)
            total = last + arguments.join
            speed = arguments.whole / total
            longest = arguments.start + max(parts)
            print(
                f"| {workers} | {len(parts)} | {longest:.1f} s | {last:.1f} s | {total:.1f} s | {speed:.1f} | {speed / workers:.0%} |"
            )


if __name__ == "__main__":
    main()
