#!/usr/bin/env python3
"""What encoding costs in quality: exports against the frames that they were made of.

    scripts/encode-quality.py RECORDING.cap... [--quality NAME]... [--variant NAME=FLAGS]... [-- FLAGS of every export]

Each recording is exported once without loss (`--crf 0`): these are the rendered frames. Then it is exported with each preset and
each variant of flags; without --variant these are the defaults and Cap's encoding (`--cap-rate --x264-options cap`). A row gives, over
the whole film: VMAF (mean over every --every-th frame), SSIM of all planes, PSNR of the 16x16 luma blocks in which the rendered frame
differs from the one before (one figure over all of them), and the size of the video stream.

VMAF needs an FFmpeg with libvmaf, which Debian's has not. `pip install imageio-ffmpeg` brings one; --vmaf-ffmpeg names another.
Needs ffmpeg, ffprobe, python3 and numpy. CAPSTAN names the program, target/release/capstan without it.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
BLOCK = 16
DEFAULT_VARIANTS = ["default=", "as Cap=--cap-rate --x264-options cap"]


def vmaf_ffmpeg(named):
    """An FFmpeg that has libvmaf."""
    candidates = [named] if named else ["ffmpeg"]
    if not named:
        try:
            import imageio_ffmpeg

            candidates.append(imageio_ffmpeg.get_ffmpeg_exe())
        except ImportError:
            pass
    for candidate in candidates:
        filters = subprocess.run([candidate, "-hide_banner", "-filters"], capture_output=True, text=True).stdout
        if re.search(r"\blibvmaf\b", filters):
            return candidate
    sys.exit("error: no FFmpeg with libvmaf (tried " + ", ".join(candidates) + "); try: pip install imageio-ffmpeg")


def video(file):
    """Width, height and number of pictures, and bytes of the video stream."""
    probe = ["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=width,height:packet=size", "-of", "json", file]
    found = json.loads(subprocess.run(probe, check=True, capture_output=True, text=True).stdout)
    stream, packets = found["streams"][0], found["packets"]
    return stream["width"], stream["height"], len(packets), sum(int(packet["size"]) for packet in packets)


def luma(file, width, height):
    """Luma planes of a film, one after the other."""
    command = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-i", file, "-map", "0:v", "-vsync", "passthrough",
               "-pix_fmt", "yuv420p", "-f", "rawvideo", "-"]
    size = width * height * 3 // 2
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        while frame := process.stdout.read(size):
            if len(frame) != size:
                sys.exit(f"error: {file} ends within a picture")
            yield np.frombuffer(frame, np.uint8, width * height).reshape(height, width)
    if process.returncode != 0:
        sys.exit(f"error: {file} can't be decoded")


def blocks(values):
    """Sums over blocks of a plane; what is left over at the edges belongs to the last ones."""
    rows = range(0, max(values.shape[0] // BLOCK, 1) * BLOCK, BLOCK)
    columns = range(0, max(values.shape[1] // BLOCK, 1) * BLOCK, BLOCK)
    return np.add.reduceat(np.add.reduceat(values, rows, axis=0), columns, axis=1)


def changed_psnr(rendered, film):
    """PSNR in dB of the blocks of `film` in which `rendered` changed."""
    width, height, pictures, _ = video(rendered)
    if video(film)[:3] != (width, height, pictures):
        sys.exit(f"error: {film} has other frames than {rendered}: {video(film)[:3]}, {(width, height, pictures)}")
    error, values, before = 0, 0, None
    for wanted, got in zip(luma(rendered, width, height), luma(film, width, height), strict=True):
        if before is None:
            changed = np.ones((max(height // BLOCK, 1), max(width // BLOCK, 1)), bool)
        elif np.array_equal(wanted, before):
            continue
        else:
            changed = blocks((wanted != before).astype(np.int32)) > 0
        squares = blocks((wanted.astype(np.int32) - got) ** 2)
        error += int(squares[changed].sum())
        values += int(blocks(np.ones((height, width), np.int32))[changed].sum())
        before = wanted
    return 10 * np.log10(255 ** 2 * values / error) if error else float("inf")


def filtered(ffmpeg, film, rendered, graph):
    """What FFmpeg prints while it filters both films with `graph`."""
    command = [ffmpeg, "-hide_banner", "-i", film, "-i", rendered, "-filter_complex",
               f"[0:v]settb=AVTB,setpts=N[a];[1:v]settb=AVTB,setpts=N[b];[a][b]{graph}", "-f", "null", "-"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stderr


def judged(ffmpeg, rendered, film, every):
    """All figures of a film."""
    with tempfile.NamedTemporaryFile(suffix=".json") as log:
        filtered(ffmpeg, film, rendered, f"libvmaf=n_threads=2:n_subsample={every}:log_fmt=json:log_path={log.name}")
        vmaf = json.loads(Path(log.name).read_text())["pooled_metrics"]["vmaf"]["mean"]
    ssim = float(re.search(r"All:([0-9.]+)", filtered("ffmpeg", film, rendered, "ssim")).group(1))
    return {"vmaf": vmaf, "ssim": ssim, "changed_psnr_db": changed_psnr(rendered, film), "bytes": video(film)[3]}


def export(capstan, recording, film, flags):
    """Exports, and returns the options that the encoder ran with."""
    command = [capstan, "export", recording, film, "--json", "--overwrite", *flags]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"error: {' '.join(command)}: {run.stdout.splitlines()[-1:]}{run.stderr}")
    return json.loads(run.stdout.splitlines()[-1])["report"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", nargs="+")
    parser.add_argument("--quality", action="append", help="presets to try [maximum, social, web, potato]")
    parser.add_argument("--variant", action="append", help="NAME=FLAGS")
    parser.add_argument("--every", type=int, default=5, help="every so many frames are judged by VMAF [5]")
    parser.add_argument("--vmaf-ffmpeg")
    arguments = sys.argv[1:]
    common = []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, common = arguments[:at], arguments[at + 1:]
    args = parser.parse_args(arguments)
    ffmpeg = vmaf_ffmpeg(args.vmaf_ffmpeg)
    capstan = os.environ.get("CAPSTAN", str(ROOT / "target/release/capstan"))
    variants = [variant.partition("=")[::2] for variant in args.variant or DEFAULT_VARIANTS]

    print("| Recording | Preset | Variant | VMAF | SSIM | Changed blocks | Video |")
    print("|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        for recording in args.recordings:
            rendered, film = f"{folder}/rendered.mp4", f"{folder}/film.mp4"
            export(capstan, recording, rendered, [*common, "--crf", "0"])
            for quality in args.quality or ["maximum", "social", "web", "potato"]:
                for name, flags in variants:
                    export(capstan, recording, film, [*common, "--quality", quality, *flags.split()])
                    found = judged(ffmpeg, rendered, film, args.every)
                    print(f"| {Path(recording).name} | {quality} | {name} | {found['vmaf']:.2f} | {found['ssim']:.4f} "
                          f"| {found['changed_psnr_db']:.1f} dB | {found['bytes'] / 1e6:.2f} MB |", flush=True)


if __name__ == "__main__":
    main()
