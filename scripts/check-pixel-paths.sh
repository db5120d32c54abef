#!/usr/bin/env bash
# Exports recordings by every pixel path that this machine has, at the same encoder settings, and compares what the files
# decode to: no plane of any frame may have a PSNR below 48 dB against the export by swscale.
#
#   scripts/check-pixel-paths.sh RECORDING.cap...
#
# Exports at 30 fps with the fastest decoders and encoders of the machine. The bit rate is high on purpose (0.5 bits a
# pixel at 1080p30 unless CHECK_PIXEL_PATHS_BITRATE says otherwise, in bits a second): where bits are scarce an encoder's decisions,
# which a rounding can tip, are compared instead of conversions. CHECK_PIXEL_PATHS_FLAGS adds flags of `capstan export`. CAPSTAN names
# the binary (default: the release build). A path that is not on this machine is said to be left out; exits 1 when one is below.
set -euo pipefail

if [ $# -eq 0 ]; then
    sed -n '2,/^set/p' "$0" | sed '$d; s/^# \{0,1\}//'
    exit 2
fi
root=$(cd "$(dirname "$0")/.." && pwd)
capstan=${CAPSTAN:-$root/target/release/capstan}
if [ ! -x "$capstan" ]; then
    (cd "$root" && cargo build --release --locked --quiet)
fi
bitrate=${CHECK_PIXEL_PATHS_BITRATE:-30000000}
read -r -a flags <<<"${CHECK_PIXEL_PATHS_FLAGS:-}"
outputs=$(mktemp -d)
trap 'rm -rf "$outputs"' EXIT

export_by() {
    "$capstan" --quiet export "$2" "$outputs/$1.mp4" --overwrite --fps 30 --bitrate "$bitrate" \
        --pixel-path "$1" ${flags[@]+"${flags[@]}"}
}

failed=0
for recording in "$@"; do
    echo "$recording"
    export_by swscale "$recording"
    for path in simd gpu videotoolbox bgra; do
        if ! reason=$(export_by "$path" "$recording" 2>&1); then
            # The one failure that is no fault: the machine does not serve the path.
            case $reason in
            *"is not available"*) echo "  $path: left out: $reason" ;;
            *) echo "  $path: the export failed: $reason" && failed=1 ;;
            esac
            continue
        fi
        if found=$("$capstan" similarity "$outputs/$path.mp4" "$outputs/swscale.mp4" --min-psnr 48); then
            echo "  $path: $(tail -n 1 <<<"$found")"
        else
            echo "  $path: below 48 dB: $(tail -n 1 <<<"$found")"
            failed=1
        fi
    done
done
exit $failed
