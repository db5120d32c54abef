#!/usr/bin/env bash
# Installs what is missing, builds capstan and exports a recording.
#
#   scripts/quickstart.sh [OUT.mp4]    default: out.mp4 in the current folder
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
target=${1:-out.mp4}

"$project/scripts/install-deps.sh"
cargo build --release --locked --manifest-path "$project/Cargo.toml"
built=${CARGO_TARGET_DIR:-$project/target}/release/capstan
"$built" export --overwrite "$project/fixtures/desk.cap" "$target"
