#!/usr/bin/env bash
# Shows that the cost of an export grows linearly with the length of the recording and with the area that changes: exports
# made recordings of 30 to 600 s, and such of which 1 to 100 % of the pixels change in every picture, with `capstan bench`.
# Writes the figures (linearity.csv) and two plots (length.svg, area.svg).
#
#   scripts/linearity.sh [OUTPUT_FOLDER]
#
# OUTPUT_FOLDER is docs/plots. LINEARITY_RUNS (3) is how often each is exported after one warm-up; LINEARITY_LENGTHS
# ("30 60 120 300 600") and LINEARITY_AREAS ("1 10 50 100") choose the points, LINEARITY_LENGTH_SIZE (640x360) and
# LINEARITY_AREA_SIZE (1280x720) the pictures. The recordings are made once and kept in the user's cache.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
output=${1:-docs/plots}
runs=${LINEARITY_RUNS:-3}
lengths=${LINEARITY_LENGTHS:-30 60 120 300 600}
areas=${LINEARITY_AREAS:-1 10 50 100}
length_size=${LINEARITY_LENGTH_SIZE:-640x360}
area_size=${LINEARITY_AREA_SIZE:-1280x720}
command -v python3 >/dev/null || {
    echo "error: python3 is needed to draw the plots" >&2
    exit 1
}
cargo build --release --locked --quiet
capstan=${CARGO_TARGET_DIR:-$PWD/target}/release/capstan
mkdir -p "$output"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# Measures one preset; the spread is judged by who looks at the plot, where every run is a point.
measure() {
    local name=$1 preset=$2 size=$3
    echo "$preset" >&2
    "$capstan" bench "$preset" --quiet --runs "$runs" --warmup 1 --fps 30 --resolution "$size" --quality web \
        "--json=$folder/$name.json"
}
for seconds in $lengths; do
    measure "length-$seconds" "screen:$length_size@30:$seconds" "$length_size"
done
for percent in $areas; do
    measure "area-$percent" "area-$percent:$area_size@30:20" "$area_size"
done
python3 scripts/plot-linearity.py "$folder" "$output"
