#!/usr/bin/env bash
# Runs every fuzz target of fuzz/ for SECONDS, with libFuzzer and AddressSanitizer.
#
#   scripts/fuzz.sh SECONDS [TARGET...]
#
# Needs nightly Rust and cargo-fuzz. Where they are not installed it says how to get them, and what does without: the test
# tests/fuzz_corpus.rs replays all seeds with every `cargo test`, and changes them at random on demand. Inputs that were
# found to be new are kept in fuzz/corpus, findings in fuzz/artifacts. Mend what was found, and put its input into
# fixtures/fuzz/TARGET under a name that begins with `found-`.
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [[ ! ${1:-} =~ ^[0-9]+$ ]]; then
    echo "usage: scripts/fuzz.sh SECONDS [TARGET...]" >&2
    exit 2
fi
seconds=$1
shift

all=(fuzz/fuzz_targets/*.rs)
all=("${all[@]##*/}")
targets=("$@")
if [[ $# == 0 ]]; then
    targets=("${all[@]%.rs}")
fi

without() {
    echo "$1" >&2
    echo "without it: CAPSTAN_MUTATE=$seconds cargo test --test fuzz_corpus mutated -- --ignored --nocapture" >&2
    exit 1
}
rustup run nightly cargo --version >/dev/null 2>&1 || without "nightly Rust is not installed: rustup toolchain install nightly"
cargo fuzz --version >/dev/null 2>&1 || without "cargo-fuzz is not installed: cargo install cargo-fuzz"

host=$(rustc -vV | sed -n 's/^host: //p')
# Folders that targets make are left where a target is ended by a finding: they are removed with this one.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export TMPDIR=$scratch
# FFmpeg, fontconfig and others keep what they allocate once.
export ASAN_OPTIONS=detect_leaks=0:${ASAN_OPTIONS:-}

cargo +nightly fuzz build -O --debug-assertions
failed=()
for target in "${targets[@]}"; do
    mkdir -p "fuzz/corpus/$target" fuzz/artifacts
    echo "== $target, $seconds s"
    dictionary=()
    [[ $target =~ ^(captions|config|cursor|keyboard|manifest|meta)$ ]] && dictionary=(-dict=fuzz/json.dict)
    "fuzz/target/$host/release/$target" -max_total_time="$seconds" -timeout=30 -rss_limit_mb=1500 -max_len=16384 -print_final_stats=1 \
        -artifact_prefix="fuzz/artifacts/$target-" "${dictionary[@]}" "fuzz/corpus/$target" "fixtures/fuzz/$target" || failed+=("$target")
done

if [[ ${#failed[@]} != 0 ]]; then
    echo "findings in ${failed[*]}; their inputs are in fuzz/artifacts" >&2
    exit 1
fi
echo "no finding in ${#targets[@]} targets of $seconds s each"
