#!/usr/bin/env bash
# Runs the tests of the code that owns foreign memory under valgrind: the macOS pixel paths against their stand-in
# (every plane moves with each lock and is freed by the unlock, every call fails once), and libswscale's, which
# hands our buffers to C. Fails on any invalid access, use of uninitialised memory or definite leak.
#
#   scripts/check-memory.sh
#
# Needs valgrind (Debian: apt-get install valgrind); builds the ordinary test binaries.
set -euo pipefail

cd "$(dirname "$0")/.."
command -v valgrind >/dev/null || {
  echo "check-memory: valgrind is missing; on Debian: apt-get install valgrind" >&2
  exit 1
}

# The path of a test binary, from cargo's own closing line for it.
binary() {
  cargo test --locked --no-run "$@" 2>&1 | tee >(cat >&2) | sed -n 's/^ *Executable .*(\(.*\))$/\1/p' | head -n 1
}

check() {
  local executable=$1
  shift
  [ -x "$executable" ] || {
    echo "check-memory: cargo built no test binary" >&2
    exit 1
  }
  # --fair-sched: tests that wait for another thread must let it run. No Vulkan driver: a software one compiles shaders
  # for hours there, and the GPU's path holds no foreign memory of ours.
  VK_DRIVER_FILES=/dev/null VK_ICD_FILENAMES=/dev/null valgrind --quiet --fair-sched=yes --error-exitcode=99 --leak-check=full --show-leak-kinds=definite \
    --errors-for-leak-kinds=definite "$executable" --test-threads=1 "$@"
}

check "$(binary --lib)" convert::videotoolbox
# The full suite takes hours there; these cover odd strides, slices and every kind of edge.
check "$(binary --test whole)" a_rectangle colour_patches contradicting rectangles_assemble
