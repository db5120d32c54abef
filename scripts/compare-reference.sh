#!/usr/bin/env bash
# Holds exports against reference exports made by Cap itself.
#
#   scripts/compare-reference.sh RECORDING.cap REFERENCES [OUTPUT_FOLDER] [CASE...]
#
# REFERENCES holds one folder a case: project-config.json (the look), cap.mp4 (what Cap made of RECORDING with it, quality
# Maximum), case.json (frame rate and box; 30 and 1920x1080 where it is missing), and files/ (laid over the copy of the
# recording first). CASE names the cases to compare, all without any.
#
# The exports have Cap's colours, Cap's bit rate, Cap's options of x264 and zooms that are never held still.
#
# Every fifth frame must reach a mean SSIM of 0.98 over 8x8 luma blocks, and 0.88 in every tile of a grid of 16x9; cases of
# text (30, 33) 0.97 and 0.80, grain (41) 0.90 and 0.50. Cap's frame cache may show a source picture up to two nominal frames
# old, so the most alike of the reference frames n-1, n and n+1 counts. The sound of cases named *audio* must correlate by
# 0.98 over its whole length. Needs ffmpeg and python3.
set -euo pipefail

if [ $# -lt 2 ]; then
    sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//'
    exit 2
fi
recording=$1
references=$2
outputs=${3:-}
shift $(($# < 3 ? $# : 3))
root=$(cd "$(dirname "$0")/.." && pwd)
capstan=${CAPSTAN:-$root/target/release/capstan}
if [ ! -x "$capstan" ]; then
    (cd "$root" && cargo build --release --quiet)
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
outputs=${outputs:-$work/outputs}
mkdir -p "$outputs"

setting() { # FILE KEY DEFAULT
    if [ -f "$1" ]; then
        python3 -c 'import json, sys; print(json.load(open(sys.argv[1])).get(sys.argv[2], sys.argv[3]))' "$@"
    else
        echo "$3"
    fi
}

failed=()
for case in "$references"/*/; do
    case=${case%/}
    name=$(basename "$case")
    [ -f "$case/cap.mp4" ] || continue
    if [ $# -gt 0 ] && [[ " $* " != *" $name "* ]]; then
        continue
    fi
    copy=$work/$name.cap
    cp -R "$recording" "$copy"
    if [ -d "$case/files" ]; then
        cp -R "$case/files/." "$copy/"
    fi
    cp "$case/project-config.json" "$copy/project-config.json"
    ssim=0.98 tile=0.88
    case $name in
        30-* | 33-*) ssim=0.97 tile=0.80 ;;
        41-*) ssim=0.90 tile=0.50 ;;
    esac
    echo "$name"
    "$capstan" --quiet export "$copy" "$outputs/$name.mp4" --overwrite --quality maximum --cap-colors \
        --cap-rate --x264-options cap --zoom-tails exact \
        --fps "$(setting "$case/case.json" fps 30)" --resolution "$(setting "$case/case.json" resolution 1920x1080)"
    good=1
    "$capstan" similarity "$outputs/$name.mp4" "$case/cap.mp4" --every 5 --slack 1 \
        --min-ssim $ssim --min-tile $tile || good=0
    if [[ $name == *audio* ]]; then
        python3 "$root/scripts/sound-correlation.py" "$outputs/$name.mp4" "$case/cap.mp4" --min 0.98 || good=0
    fi
    if [ $good = 0 ]; then
        echo "  differs (bounds: mean $ssim, tile $tile)"
        failed+=("$name")
    fi
    rm -rf "$copy"
done
if [ ${#failed[@]} -gt 0 ]; then
    echo "differ: ${failed[*]}"
    exit 1
fi
