#!/usr/bin/env bash
# Runs every check: formatting, lints (benchmarks included, so they compile), documentation, tests, the scripts.
#
#   scripts/test.sh
#
# The type check for macOS takes long where nothing of it is cached: it runs when scripts/check-macos.sh has run here
# before (target/macos-check), or with CAPSTAN_CHECK_MACOS=1; never with CAPSTAN_CHECK_MACOS=0. The workflow has a job
# for it. The valgrind run takes about a minute: it runs wherever valgrind is installed, and with CAPSTAN_CHECK_MEMORY=1 must be able
# to; never with CAPSTAN_CHECK_MEMORY=0. The torture script runs for two minutes, or as many seconds as CAPSTAN_TORTURE says
# (0 leaves it out); its seed is printed. CAPSTAN_CHECK_SLURM=1 tries exports in parts under Slurm and HyperQueue; the workflow has
# a job for it. What is left out is said at the end.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

left_out=()

step() {
    echo "== $*"
    "$@"
}

step scripts/install-deps.sh --tests
step cargo fmt --check
step cargo clippy --locked --all-targets -- -D warnings
step env RUSTDOCFLAGS="-D warnings" cargo doc --locked --no-deps --document-private-items
# Every machine that runs this has an adapter: install-deps.sh installs a software one. A test that finds none must fail.
# Benchmarks are compiled by clippy above and are no tests.
step env CAPSTAN_REQUIRE_GPU=1 cargo test --locked

if command -v shellcheck >/dev/null; then
    step shellcheck scripts/*.sh .ci/run
else
    left_out+=("shellcheck: it is not installed")
fi

macos_cache=${CAPSTAN_MACOS_CHECK:-target/macos-check}
if [[ $(uname -s) != Linux ]] || ! command -v apt-get >/dev/null; then
    left_out+=("scripts/check-macos.sh: it needs Debian or Ubuntu")
elif [[ ${CAPSTAN_CHECK_MACOS:-} == 1 || (-z ${CAPSTAN_CHECK_MACOS:-} && -d $macos_cache/target) ]]; then
    step scripts/check-macos.sh
else
    left_out+=("scripts/check-macos.sh: about 12 CPU minutes the first time; CAPSTAN_CHECK_MACOS=1 runs it")
fi

if [[ ${CAPSTAN_CHECK_MEMORY:-} == 0 ]]; then
    left_out+=("scripts/check-memory.sh: CAPSTAN_CHECK_MEMORY is 0")
elif [[ ${CAPSTAN_CHECK_MEMORY:-} == 1 ]] || command -v valgrind >/dev/null; then
    step scripts/check-memory.sh
else
    left_out+=("scripts/check-memory.sh: valgrind is not installed")
fi

if [[ ${CAPSTAN_CHECK_SLURM:-} == 1 ]]; then
    step env CAPSTAN_REQUIRE_SLURM=1 scripts/check-slurm.sh
else
    left_out+=("scripts/check-slurm.sh: it needs root, Slurm and HyperQueue; CAPSTAN_CHECK_SLURM=1 runs it")
fi

if [[ ${CAPSTAN_TORTURE:-} == 0 ]]; then
    left_out+=("scripts/torture.sh: CAPSTAN_TORTURE is 0")
elif command -v python3 >/dev/null; then
    step scripts/torture.sh "${CAPSTAN_TORTURE:-120}"
else
    left_out+=("scripts/torture.sh: Python 3 is not installed")
fi

echo "all checks passed"
for check in ${left_out[@]+"${left_out[@]}"}; do
    echo "  left out: $check"
done
