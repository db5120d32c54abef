#!/usr/bin/env bash
# Shows that the verdicts of `capstan bench --against` can be believed: a build against itself, repeated, raises no alarm, and
# one slowed by 10 % is caught every time.
#
#   scripts/check-verdicts.sh [REPETITIONS] [BENCH FLAGS...]
#
# The slow build is this one with `export --slow-down 10%`, a hidden flag: the export computes for a tenth of its time longer.
# VERDICTS_WORKLOAD (default: screen:1280x720@30:6, about a second of export) is what is exported, encoded in full at preset
# web, in at most VERDICTS_MAX_PAIRS (60) pairs. Prints a line a repetition, as docs/benchmarking.md shows them: pairs, median and
# standard deviation of the base's single runs, ratio with its interval. Exits 1 when a verdict was wrong.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
repetitions=${1:-10}
[[ $# -eq 0 ]] || shift
workload=${VERDICTS_WORKLOAD:-screen:1280x720@30:6}
cargo build --release --locked --quiet
capstan=${CARGO_TARGET_DIR:-$PWD/target}/release/capstan
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# `bench --against` gives both builds the same flags, and runs nothing but their `export`.
for name in same slow; do
    slow_down=0%
    [[ $name == same ]] || slow_down=10%
    printf '#!/bin/sh\nexec "%s" "$@" --slow-down %s\n' "$capstan" "$slow_down" >"$folder/$name"
    chmod +x "$folder/$name"
done

wrong=0
# Prints the verdict of one contest and counts it when it is not the expected one.
contest() {
    local label=$1 expected=$2 head=$3 status=0 begun=$SECONDS
    shift 3
    "$capstan" bench "$workload" --quiet --fps 30 --resolution 1280x720 --quality web --still-pictures off \
        --executable "$folder/$head" --against "$folder/same" --fail-above 5% --max-pairs "${VERDICTS_MAX_PAIRS:-60}" \
        "--json=$folder/result.json" --overwrite "$@" || status=$?
    printf '%-8s %s  exit %d  %3d s\n' "$label" "$(python3 - "$folder/result.json" <<'PYTHON'
import json, statistics, sys

result = json.load(open(sys.argv[1]))
wall, ci = result["wall"], result["wall"]["ci"]
p = wall["test"]["p"] / 2 if wall["test"] else 1
base = [pair["base"]["wall_s"] for pair in result["pairs"]]
scatter = statistics.stdev(base) / statistics.median(base) * 100
print(f"{len(base):2} pairs  {statistics.median(base):.2f} s +- {scatter:4.1f} %  "
      f"ratio {wall['ratio']:.3f} [{ci['low']:.3f}, {ci['high']:.3f}]  p {p:.4f}  {result['verdict']:13}")
PYTHON
)" "$status" $((SECONDS - begun))
    [[ $status == "$expected" ]] || wrong=$((wrong + 1))
}

echo "$(uname -srm), $(nproc 2>/dev/null || sysctl -n hw.ncpu) cores, $workload"
for ((n = 1; n <= repetitions; n++)); do
    contest "A/A $n" 0 same "$@"
done
for ((n = 1; n <= repetitions; n++)); do
    contest "+10% $n" 1 slow "$@"
done
echo "$wrong of $((2 * repetitions)) verdicts wrong"
[[ $wrong == 0 ]]
