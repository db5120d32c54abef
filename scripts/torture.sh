#!/usr/bin/env bash
# Exports recordings that were damaged at random, kills exports at random moments, fills disks, and judges what comes of it.
#
#   scripts/torture.sh [SECONDS] [--seed N] [--jobs N] [--cases N] [--case N] [--kinds inspect,export,...] [--keep DIR]
#
# SECONDS is 120 where nothing is said. The seed is printed: `--seed N --case M` runs one case again. Cases that fail are
# kept in a folder, each with its command. CAPSTAN names the binary; without it a debug build is made and used.
# Needs Python 3; ffmpeg and ffprobe, where they are there, decode what was written.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ -z ${CAPSTAN:-} ]]; then
    cargo build --locked --quiet
    CAPSTAN=${CARGO_TARGET_DIR:-target}/debug/capstan
fi
export CAPSTAN
exec python3 scripts/torture "$@"
