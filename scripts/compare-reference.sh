#!/usr/bin/env bash
# Holds exports against reference exports made by Cap itself.
#
#   scripts/compare-reference.sh RECORDING.cap REFERENCES [OUTPUT_FOLDER]
#
# REFERENCES holds one folder a case, with project-config.json (the look) and cap.mp4 (what Cap made of RECORDING with
# it, 30 fps, 1920x1080 box, Maximum). Each is exported with that configuration and Cap's colour maths; frames 10, 20,
# 30 and 40 must reach a mean SSIM of 0.98 over 8x8 luma blocks. Cap's frame cache may show a source picture up to two
# nominal frames old, so the most alike of the reference frames n-1, n and n+1 counts.
set -euo pipefail

if [ $# -lt 2 ]; then
    sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//'
    exit 2
fi
recording=$1
references=$2
outputs=${3:-}
root=$(cd "$(dirname "$0")/.." && pwd)
capstan=${CAPSTAN:-$root/target/release/capstan}
if [ ! -x "$capstan" ]; then
    (cd "$root" && cargo build --release --quiet)
fi
if [ -z "$outputs" ]; then
    outputs=$(mktemp -d)
    trap 'rm -rf "$outputs"' EXIT
fi
mkdir -p "$outputs"

failed=0
for case in "$references"/*/; do
    [ -f "$case/cap.mp4" ] || continue
    name=$(basename "$case")
    "$capstan" --quiet export "$recording" "$outputs/$name.mp4" --overwrite \
        --config "$case/project-config.json" --fps 30 --quality maximum --cap-colors
    echo "$name"
    if ! "$capstan" similarity "$outputs/$name.mp4" "$case/cap.mp4" \
        --frames 10,20,30,40 --slack 1 --min-ssim 0.98; then
        echo "  below 0.98"
        failed=1
    fi
done
exit $failed
