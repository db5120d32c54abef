#!/usr/bin/env bash
# Builds capstan against FFmpeg 7.1 (Debian 13 "trixie") and exports a fixture with that build.
#
#   scripts/check-ffmpeg-7.sh                  build, export fixtures/desk.cap, check the result
#   scripts/check-ffmpeg-7.sh --prepare        only make the Debian 13 root
#   scripts/check-ffmpeg-7.sh COMMAND [ARG...]  run a command in the root instead, in the project's folder
#
# The root is made by debootstrap once and kept in CAPSTAN_TRIXIE_ROOT (default: /var/cache/capstan/trixie). The Rust
# toolchain and the crates of the machine are lent to it, and it builds into target/ffmpeg-7. Every mount lives in a mount
# namespace of its own, which the kernel tears down with the last process in it, however that ends.
#
# Exits 0 with a message that starts with "skipped:" where this cannot run: not root, no debootstrap, no network.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
root=${CAPSTAN_TRIXIE_ROOT:-/var/cache/capstan/trixie}
mirror=${CAPSTAN_DEBIAN_MIRROR:-http://deb.debian.org/debian}
stamp=$root/.capstan-ready-1
packages=(
    build-essential ca-certificates clang libclang-dev pkg-config ffmpeg
    libavcodec-dev libavdevice-dev libavfilter-dev libavformat-dev libavutil-dev
    libswresample-dev libswscale-dev libvulkan1 mesa-vulkan-drivers
)

skip() {
    echo "skipped: $*"
    exit 0
}

prepare() {
    [[ -e $stamp ]] && return
    command -v debootstrap >/dev/null || skip "debootstrap is not installed"
    # debootstrap carries the release's name in its script folder; an old one lacks trixie but "sid" serves any release.
    local script=/usr/share/debootstrap/scripts/trixie
    [[ -e $script ]] || script=/usr/share/debootstrap/scripts/sid
    echo "making a Debian 13 root in $root"
    rm -rf --one-file-system "$root.partial"
    mkdir -p "$root.partial"
    if ! debootstrap --variant=minbase trixie "$root.partial" "$mirror" "$script" >"$root.log" 2>&1; then
        grep -q 'Failed getting release file' "$root.log" && skip "no network: $mirror cannot be reached"
        tail -n 20 "$root.log" >&2
        echo "error: debootstrap failed, its whole log is $root.log" >&2
        exit 1
    fi
    # Services must not be started by package scripts inside the root.
    printf '#!/bin/sh\nexit 101\n' >"$root.partial/usr/sbin/policy-rc.d"
    chmod +x "$root.partial/usr/sbin/policy-rc.d"
    if ! DEBIAN_FRONTEND=noninteractive chroot "$root.partial" \
        apt-get install -qq -y --no-install-recommends "${packages[@]}" >>"$root.log" 2>&1; then
        tail -n 20 "$root.log" >&2
        echo "error: installing packages in the root failed, the whole log is $root.log" >&2
        exit 1
    fi
    rm -rf --one-file-system "$root"
    mv "$root.partial" "$root"
    touch "$stamp"
}

# Runs inside the mount namespace.
enter() {
    local sysroot cargo_home
    sysroot=$(cd "$project" && rustc --print sysroot)
    cargo_home=${CARGO_HOME:-$HOME/.cargo}
    mkdir -p "$root/src" "$root/rust" "$root/cargo/registry" "$root/target" "$project/target/ffmpeg-7"
    mount --bind "$project" "$root/src"
    mount --bind "$sysroot" "$root/rust"
    mount --bind "$cargo_home/registry" "$root/cargo/registry"
    mount --bind "$project/target/ffmpeg-7" "$root/target"
    mount -t proc proc "$root/proc"
    mount --rbind /dev "$root/dev"
    mount -t tmpfs tmpfs "$root/tmp"
    exec chroot "$root" /usr/bin/env -i \
        HOME=/tmp TERM="${TERM:-dumb}" LANG=C.UTF-8 \
        PATH=/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        CARGO_HOME=/cargo CARGO_TARGET_DIR=/target CARGO_NET_OFFLINE=true \
        sh -c 'cd /src && exec "$@"' sh "$@"
}

if [[ ${1:-} == --inside ]]; then
    shift
    enter "$@"
fi

[[ $(uname -s) == Linux ]] || skip "a Debian root needs Linux"
[[ $(id -u) == 0 ]] || skip "chroot and mounts need root"
unshare --mount true 2>/dev/null || skip "this machine does not allow mount namespaces"
prepare
[[ ${1:-} == --prepare ]] && exit 0

(cd "$project" && cargo fetch --locked --quiet) || skip "the crates cannot be fetched"
if (($# > 0)); then
    unshare --mount --propagation private "$0" --inside "$@"
    exit
fi
# shellcheck disable=SC2016  # expanded by the shell in the root
unshare --mount --propagation private "$0" --inside bash -euo pipefail -c '
    echo "libavcodec $(pkg-config --modversion libavcodec)"
    cargo build --locked --bin capstan
    /target/debug/capstan export --quiet --resolution 640x360 --fps 30 fixtures/desk.cap /tmp/out.mp4
    found=$(ffprobe -v error -count_frames -select_streams v:0 \
        -show_entries stream=codec_name,pix_fmt,color_space,nb_read_frames -of csv=p=0 /tmp/out.mp4)
    echo "exported: $found"
    case $found in
        h264,yuv420p,*bt709,*[1-9]*) ;;
        *) echo "error: expected H.264, yuv420p, BT.709 and at least one frame" >&2; exit 1 ;;
    esac
    ffmpeg -v error -xerror -i /tmp/out.mp4 -f null -
'
echo "FFmpeg 7.1: built, exported and decoded"
