#!/usr/bin/env bash
# Type-checks and lints the whole program, tests and benches included, for macOS on both of its processors, on a
# Debian machine without any part of macOS. Nothing is linked or run.
#
#   scripts/check-macos.sh [cargo clippy arguments]
#
# rustup's toolchains need the targets' prebuilt standard library; this uses Debian's rustc-web instead, whose
# package family holds the library's source, and checks that source along (-Zbuild-std). The packages are unpacked
# into target/macos-check (or $CAPSTAN_MACOS_CHECK), never installed, and kept for the next run together with what was
# checked; delete the folder to start afresh. The headers of FFmpeg are Debian's: install libavcodec-dev,
# libavfilter-dev, libavformat-dev, libavutil-dev, libswresample-dev and libswscale-dev first.
set -euo pipefail

cd "$(dirname "$0")/.."
work=${CAPSTAN_MACOS_CHECK:-$PWD/target/macos-check}
root=$work/toolchain
packages=(rustc-web cargo-web rust-web-clippy rust-web-src libstd-rust-web-dev)
targets=(aarch64-apple-darwin x86_64-apple-darwin)

fail() {
  printf 'check-macos: %s\n' "$*" >&2
  exit 1
}

# The packages and whatever of their dependencies this machine lacks. apt resolves them without installing; the
# toolchain conflicts with rustup's and with Debian's own rustc.
fetch() {
  command -v apt-get >/dev/null || fail "needs Debian's package tools (apt-get, dpkg)"
  local closure
  # A C library, compiler or linker beside the machine's own would only get in the way.
  mapfile -t closure < <(apt-get -s --no-install-recommends install "${packages[@]}" 2>/dev/null |
    awk '$1 == "Inst" && $2 !~ /^(libc6|libc-|gcc|cpp|binutils)/ { print $2 }')
  ((${#closure[@]} > 0)) || fail "apt does not find ${packages[*]}: run apt-get update, on Debian 12 or later"
  rm -rf "$work/debs" "$root.partial"
  mkdir -p "$work/debs" "$root.partial"
  (cd "$work/debs" && apt-get -qq download "${closure[@]}") || fail "could not download ${closure[*]}"
  for package in "$work"/debs/*.deb; do
    dpkg -x "$package" "$root.partial"
  done
  rm -rf "$work/debs" "$root"
  mv "$root.partial" "$root"
}

[ -x "$root/usr/bin/rustc" ] || fetch

libraries=$(printf '%s:' "$root"/usr/lib/x86_64-linux-gnu "$root"/usr/lib/llvm-*/lib)

# C and C++ sources of dependencies are not what is checked, and no compiler here has Apple's headers: objects come
# out empty, every other question goes to the machine's own compiler.
compiler=$work/empty-objects
cat >"$compiler" <<'WRAPPER'
#!/bin/sh
output='' compile='' previous=''
for argument; do
  [ "$previous" = -o ] && output=$argument
  [ "$argument" = -c ] && compile=yes
  previous=$argument
done
if [ "$compile" ] && [ "$output" ]; then
  : >"$output"
else
  exec cc "$@"
fi
WRAPPER
chmod +x "$compiler"

export LD_LIBRARY_PATH=${libraries%:}${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
export PATH=$root/usr/bin:$PATH RUSTC=$root/usr/bin/rustc RUSTDOC=$root/usr/bin/rustdoc
export CARGO=$root/usr/bin/cargo RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$work/target
# Debian's FFmpeg stands for Homebrew's: the same headers, read as this machine's.
export PKG_CONFIG_ALLOW_CROSS=1 SDKROOT=/
unset RUSTFLAGS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER RUSTUP_TOOLCHAIN

for target in "${targets[@]}"; do
  name=${target//-/_}
  export "BINDGEN_EXTRA_CLANG_ARGS_$name=--target=x86_64-unknown-linux-gnu"
  export "CC_$name=$compiler" "CXX_$name=$compiler" "AR_$name=ar"
  printf 'check-macos: %s with %s\n' "$target" "$("$root/usr/bin/clippy-driver" -V)"
  "$root/usr/bin/cargo-clippy" clippy -Zbuild-std=std,panic_abort --target "$target" --all-targets --locked "$@" -- -D warnings
done
