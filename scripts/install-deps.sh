#!/usr/bin/env bash
# Installs what building and running capstan needs and this machine lacks: FFmpeg with headers, pkg-config, libclang (for
# bindgen), a C compiler, a Vulkan driver that works without a GPU and a font for texts, captions and keys.
#
#   scripts/install-deps.sh            what the program needs
#   scripts/install-deps.sh --tests    also what the tests use: Chromium, the FFmpeg command line, valgrind
#
# Debian, Ubuntu and macOS (Homebrew). Does nothing, quickly, where everything is there.
set -euo pipefail

with_tests=no
case ${1:-} in
    '') ;;
    --tests) with_tests=yes ;;
    *)
        echo "usage: $0 [--tests]" >&2
        exit 2
        ;;
esac

die() {
    echo "error: $*" >&2
    exit 1
}

need_rust() {
    command -v cargo >/dev/null || die "Rust is missing; install it from https://rustup.rs and open a new shell"
}

# Whether a Debian package is installed.
installed() {
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

debian() {
    local wanted=(
        gcc libc6-dev pkg-config clang libclang-dev
        libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev libavutil-dev libswresample-dev libswscale-dev
        libvulkan1 mesa-vulkan-drivers fonts-dejavu-core fonts-dejavu-extra
    )
    if [[ $with_tests == yes ]]; then
        wanted+=(ffmpeg valgrind)
        # Ubuntu's chromium is a snap in disguise that does not install in containers; its tests are skipped without it.
        if grep -qx 'ID=debian' /etc/os-release; then
            wanted+=(chromium)
        fi
    fi
    local missing=() package
    for package in "${wanted[@]}"; do
        installed "$package" || missing+=("$package")
    done
    ((${#missing[@]} > 0)) || return 0

    echo "installing: ${missing[*]}"
    local as_root=()
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null || die "installing needs root: run as root, or install these yourself: ${missing[*]}"
        as_root=(sudo)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get update -qq ||
        die "apt-get update failed; check the network and /etc/apt/sources.list"
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${missing[@]}" ||
        die "apt-get could not install: ${missing[*]}"
}

macos() {
    command -v brew >/dev/null || die "Homebrew is missing; install it from https://brew.sh"
    xcode-select -p >/dev/null 2>&1 || die "the command line tools are missing; run: xcode-select --install"
    local missing=() formula
    for formula in ffmpeg pkgconf; do
        brew list --formula --versions "$formula" >/dev/null 2>&1 || missing+=("$formula")
    done
    ((${#missing[@]} > 0)) || return 0
    echo "installing: ${missing[*]}"
    HOMEBREW_NO_AUTO_UPDATE=1 brew install --quiet "${missing[@]}"
}

need_rust
case $(uname -s) in
    Linux)
        command -v apt-get >/dev/null || die "this script knows Debian and Ubuntu. Install by hand: FFmpeg 5.1 or later with" \
            "headers (libavcodec, libavdevice, libavfilter, libavformat, libavutil, libswresample, libswscale)," \
            "pkg-config, clang with libclang, a C compiler, the Vulkan loader, a Vulkan driver and the DejaVu fonts"
        debian
        ;;
    Darwin) macos ;;
    *) die "this script knows Debian, Ubuntu and macOS, not $(uname -s)" ;;
esac
