#!/usr/bin/env bash
# Exports recordings with still pictures and checks that every frame, played through or sought, is bit for bit the coded
# picture it repeats: in FFmpeg, in OpenH264 and, where it is installed, in Chromium.
#
# With --regions it exports with region pictures and checks that these decoders give the same samples. It prints what the export
# counted and what was compared.
#
#   scripts/check-still-pictures.sh [--regions] [--flags 'EXPORT FLAGS'] RECORDING...
set -euo pipefail

flags=(--fps 60 --quality web)
variable=CAPSTAN_FILMS
module=still_films
regions=()
if [[ ${1:-} == --regions ]]; then
    regions=(--encoder libx264 --region-pictures on)
    variable=CAPSTAN_REGION_FILMS
    module=region_films
    shift
fi
if [[ ${1:-} == --flags ]]; then
    read -r -a flags <<<"${2:?--flags needs a value}"
    shift 2
fi
if (($# == 0)); then
    echo "usage: $0 [--regions] [--flags 'EXPORT FLAGS'] RECORDING..." >&2
    exit 2
fi
recordings=()
for recording in "$@"; do
    recordings+=("$(realpath "$recording")")
done

# The cargo profile that both are built with; dev builds faster and exports more slowly.
profile=${PROFILE:-release}
program=${CARGO_TARGET_DIR:-target}/${profile/dev/debug}/capstan
cd "$(dirname "${BASH_SOURCE[0]}")/.."
cargo build --profile "$profile" --locked --quiet
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
films=
for recording in "${recordings[@]}"; do
    film=$folder/$(basename "$recording" .cap).mp4
    "$program" export --json "${flags[@]}" "${regions[@]}" "$recording" "$film" |
        python3 -c '
import json, sys
report = json.loads(sys.stdin.read().splitlines()[-1])["report"]
print(report["path"], json.dumps(report["pictures"]), json.dumps(report["regions"]))'
    films=${films:+$films:}$film
done
env "$variable=$films" cargo test --profile "$profile" --locked --quiet --test whole -- --nocapture "$module::films_named_by_the_environment"
