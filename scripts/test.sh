#!/usr/bin/env bash
# Runs every check: formatting, lints, documentation, tests, benchmarks (compiled, not run), the macOS type check.
#
#   scripts/test.sh
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

step() {
    echo "== $*"
    "$@"
}

step scripts/install-deps.sh --tests
step cargo fmt --check
step cargo clippy --locked --all-targets -- -D warnings
step env RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
step cargo test --locked
step cargo bench --locked --no-run
if [[ -x scripts/check-macos.sh && $(uname -s) == Linux ]]; then
    step scripts/check-macos.sh
fi
if command -v shellcheck >/dev/null; then
    step shellcheck scripts/*.sh .ci/run
fi
echo "all checks passed"
