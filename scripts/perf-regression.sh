#!/usr/bin/env bash
# Fails when exports became slower: builds this checkout and another revision, runs both in turn on the same recording, and
# repeats once to confirm before it fails.
#
#   scripts/perf-regression.sh BASE_REF [BENCH FLAGS...]
#
# PERF_WORKLOAD (default: screen:1920x1080@30:10) is what is exported, PERF_FAIL_ABOVE (default: 5%) the slowdown that is
# allowed, PERF_OUT (default: target/perf) where the builds, the JSON and the HTML are kept.
# Exits 0 when no slowdown above that is certain, 1 on a confirmed one, 2 when something could not be built or run.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
[[ $# -ge 1 ]] || {
    echo "usage: $0 BASE_REF [BENCH FLAGS...]" >&2
    exit 2
}
base_ref=$1
shift
workload=${PERF_WORKLOAD:-screen:1920x1080@30:10}
fail_above=${PERF_FAIL_ABOVE:-5%}
out=${PERF_OUT:-$PWD/target/perf}
mkdir -p "$out"

base_commit=$(git rev-parse --verify --quiet "$base_ref^{commit}") || {
    echo "error: there is no revision $base_ref" >&2
    exit 2
}
tree=$out/base-tree
cleanup() { git worktree remove --force "$tree" >/dev/null 2>&1 || true; }
trap cleanup EXIT
cleanup
git worktree add --quiet --detach "$tree" "$base_commit" || exit 2

# Each revision with its own target folder: neither build may leave anything behind for the other.
echo "building base $base_commit"
cargo build --release --locked --manifest-path "$tree/Cargo.toml" --target-dir "$out/base-target" || exit 2
echo "building head $(git rev-parse HEAD)"
cargo build --release --locked --target-dir "$out/head-target" || exit 2
base=$out/base-target/release/capstan
head=$out/head-target/release/capstan

# Runs both builds in turn; the exit code is bench's.
contest() {
    local name=$1
    shift
    "$head" bench "$workload" --against "$base" --fail-above "$fail_above" \
        "--json=$out/$name.json" --html "$out/$name.html" --overwrite "$@"
}

status=0
contest first "$@" || status=$?
if [[ $status == 1 ]]; then
    echo "a slowdown above $fail_above: running again to confirm"
    status=0
    contest second "$@" || status=$?
    if [[ $status == 0 ]]; then
        echo "not confirmed: no failure"
    fi
fi
case $status in
    0 | 1) exit "$status" ;;
    *) exit 2 ;;
esac
