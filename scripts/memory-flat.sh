#!/usr/bin/env bash
# Shows that memory does not grow with the length of a recording: the peak memory of a 600 s 1080p30 export is at most 1.15
# times that of a 60 s one. Makes both recordings when they are not there.
#
#   scripts/memory-flat.sh [EXPORT FLAGS...]
#
# MEMORY_FLAT_DIR (default: target/memory-flat) keeps the recordings, about 60 MB. MEMORY_FLAT_PRESETS names another pair
# of presets, short then long. Exits 1 when the ratio is above MEMORY_FLAT_LIMIT (default: 1.15).
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
folder=${MEMORY_FLAT_DIR:-$project/target/memory-flat}
limit=${MEMORY_FLAT_LIMIT:-1.15}
read -r short long <<<"${MEMORY_FLAT_PRESETS:-screen-1080p30-60s screen-1080p30-600s}"

command -v python3 >/dev/null || {
    echo "error: python3 is needed to read the memory figures of a finished process" >&2
    exit 1
}
cargo build --release --locked --quiet --manifest-path "$project/Cargo.toml"
capstan=${CARGO_TARGET_DIR:-$project/target}/release/capstan
mkdir -p "$folder"
output=$(mktemp -d "$folder/out.XXXXXX")
trap 'rm -rf "$output"' EXIT

# Prints the peak resident memory of a command in KiB. /usr/bin/time is not on every machine and speaks two dialects;
# the kernel's own figure for a finished child is the same everywhere.
peak_kib() {
    python3 - "$@" <<'PYTHON'
import resource, subprocess, sys

done = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
if done.returncode != 0:
    sys.exit(f"error: {sys.argv[1]} ended with {done.returncode}")
peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
print(peak // 1024 if sys.platform == "darwin" else peak)
PYTHON
}

measure() {
    local preset=$1 recording=$folder/$1.cap
    shift
    if [[ ! -e $recording/recording-meta.json ]]; then
        rm -rf "$recording"
        "$capstan" synth "$preset" "$recording" >&2
    fi
    peak_kib "$capstan" export --quiet --fps 30 "$recording" "$output/$preset.mp4" "$@"
}

short_kib=$(measure "$short" "$@")
echo "$short: peak $((short_kib / 1024)) MiB"
long_kib=$(measure "$long" "$@")
echo "$long: peak $((long_kib / 1024)) MiB"
awk -v a="$short_kib" -v b="$long_kib" -v limit="$limit" 'BEGIN {
    ratio = b / a
    printf "ratio %.3f, limit %.2f\n", ratio, limit
    exit ratio > limit
}'
