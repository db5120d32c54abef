#!/usr/bin/env python3
"""Exports recordings as a whole and in parts, and checks that the joined film is what the whole export is.

    scripts/check-shards.py [OPTION]... [RECORDING]... [-- EXPORT OPTIONS]      # the committed recordings where none is named

Each recording is exported as a whole and in 1, 2, 3 and 7 parts and one for each key frame, twice:

* Without loss (`--crf 0`): what FFmpeg decodes then are the frames that were rendered. They must be equal, bit for bit and with
  equal times, so that every frame is there once and in order.
* With `--crf`: the same times, and the same PSNR against the rendered frames within 0.1 dB.

The sound must be equal, packet by packet and sample by sample, and FFmpeg must decode every film without a warning. At the end the
films go through tests/film_decoders.rs: OpenH264 and FFmpeg give the same samples, played through and after 50 seeks, and Chromium plays
them and gives these samples after 50 seeks (--no-players leaves that out).

Needs a release build, or CAPSTAN, and FFmpeg's command line (scripts/install-deps.sh --tests).
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
# Largest difference of PSNR, dB.
TOLERANCE = 0.1


def run(*command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def ffmpeg(*arguments):
    return run("ffmpeg", "-nostdin", "-hide_banner", *arguments)


def decoded(film):
    """Times and digests of a film's pictures, in the order in which they are shown."""
    found = ffmpeg("-v", "error", "-i", film, "-map", "0:v", "-fps_mode", "passthrough", "-f", "framemd5", "-").stdout
    rows = [line.split(",") for line in found.splitlines() if not line.startswith("#")]
    return [(int(row[2]), row[5].strip()) for row in rows]


def packets(film):
    """Times and durations of a film's coded pictures in the order in which they are shown, and those of decoding in theirs."""
    show = ["-select_streams", "v", "-show_entries", "packet=pts,dts,duration", "-of", "json"]
    found = json.loads(run("ffprobe", "-v", "error", *show, film).stdout)["packets"]
    decoding = [packet["dts"] for packet in found]
    shown = sorted((packet["pts"], packet["duration"]) for packet in found)
    rising = all(a < b for a, b in zip(decoding, decoding[1:])) and all(p["dts"] <= p["pts"] for p in found)
    return shown, rising


def sound(film):
    """Digests of the coded sound and of its samples; None where there is none."""
    streams = run("ffprobe", "-v", "error", "-select_streams", "a", "-show_entries", "stream=index,duration_ts", "-of", "json", film)
    found = json.loads(streams.stdout)["streams"]
    if not found:
        return None
    digest = [ffmpeg("-v", "error", "-i", film, "-map", "0:a", "-c:a", codec, "-f", "md5", "-").stdout for codec in ("copy", "pcm_f32le")]
    return found[0]["duration_ts"], *digest


def psnr(film, rendered):
    graph = "[0:v]settb=1/90000[a];[1:v]settb=1/90000[b];[a][b]psnr"
    said = ffmpeg("-i", film, "-i", rendered, "-lavfi", graph, "-f", "null", "-").stderr
    return float(re.findall(r"PSNR .*average:(\S+)", said)[-1])


def warnings(film):
    return ffmpeg("-v", "warning", "-xerror", "-i", film, "-f", "null", "-").stderr


def profile(film):
    return run("ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", "stream=profile", "-of", "csv=p=0", film).stdout.strip()


class Check:
    def __init__(self, capstan, recording, folder, flags, crf):
        self.capstan, self.recording, self.folder = capstan, recording, folder
        self.flags, self.crf = flags, crf
        self.name = os.path.basename(recording.rstrip("/")).removesuffix(".cap")
        self.films, self.faults = [], []

    def whole(self, crf):
        film = os.path.join(self.folder, f"{self.name}-whole-{crf}.mp4")
        run(self.capstan, "export", "--quiet", self.recording, film, "--crf", str(crf), *self.flags)
        return film

    def parts(self, crf, count):
        """Makes the parts from the last to the first: their order must not count. Returns the film and how many there were."""
        at = os.path.join(self.folder, f"{self.name}-{count}-{crf}")
        plan, parts, film = at + ".json", at + ".parts", at + ".mp4"
        run(self.capstan, "shard", "plan", self.recording, "--quiet", "--parts", str(count), "-o", plan, "--crf", str(crf), *self.flags)
        with open(plan) as file:
            planned = json.load(file)
        made = len(planned["parts"])
        for part in [*(["sound"] if planned["sound"] else []), *reversed(range(made))]:
            run(self.capstan, "shard", "run", plan, "--quiet", "--part", str(part), "-o", parts)
        run(self.capstan, "shard", "join", plan, parts, "--quiet", "-o", film)
        shutil.rmtree(parts)
        return film, made

    def expect(self, holds, what):
        if not holds:
            self.faults.append(f"{self.name}: {what}")

    def film(self, film, against, what):
        """What must hold of every joined film."""
        shown, rising = packets(film)
        self.expect(shown == packets(against)[0], f"{what}: other times or durations than those of the whole")
        self.expect(rising, f"{what}: decoding times do not rise")
        self.expect(sound(film) == sound(against), f"{what}: another sound")
        said = warnings(film)
        self.expect(said == "", f"{what}: FFmpeg says {said}")

    def all(self, counts):
        rendered, coded = self.whole(0), self.whole(self.crf)
        self.expect(profile(rendered) == "High 4:4:4 Predictive", f"--crf 0 is not without loss: {profile(rendered)}")
        frames, whole_psnr = decoded(rendered), psnr(coded, rendered)
        has_sound = "with sound" if sound(coded) else "no sound"
        print(f"{self.name}: {len(frames)} frames, {has_sound}; whole: {whole_psnr:.3f} dB, {os.path.getsize(coded)} bytes", flush=True)
        for count in counts:
            film, made = self.parts(0, count)
            equal = decoded(film) == frames
            self.expect(equal, f"{made} parts: other frames")
            self.film(film, rendered, f"{made} parts without loss")
            os.remove(film)
            film, made = self.parts(self.crf, count)
            self.film(film, coded, f"{made} parts")
            found = psnr(film, rendered)
            self.expect(abs(found - whole_psnr) <= TOLERANCE, f"{made} parts: {found - whole_psnr:+.3f} dB")
            bits = "bit-identical frames" if equal else "OTHER FRAMES"
            print(f"  {made} parts of {count}: {bits}; {found - whole_psnr:+.3f} dB, {os.path.getsize(film)} bytes", flush=True)
            self.films.append(film)
        os.remove(rendered)


def main():
    arguments, flags = sys.argv[1:], []
    if "--" in arguments:
        at = arguments.index("--")
        arguments, flags = arguments[:at], arguments[at + 1 :]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("recordings", nargs="*", metavar="RECORDING")
    parser.add_argument("--fps", type=int, default=30)
    parser.add_argument("--resolution", default="1280x720")
    parser.add_argument("--crf", type=int, default=23)
    parser.add_argument("--parts", default="1,2,3,7,10000", metavar="N,...", help="how many; 10000 makes one for each key frame")
    parser.add_argument("--keep", metavar="FOLDER", help="make the films there, and leave them")
    parser.add_argument("--no-players", action="store_true", help="leave OpenH264 and Chromium out")
    options = parser.parse_args(arguments)
    capstan = os.environ.get("CAPSTAN") or os.path.join(os.environ.get("CARGO_TARGET_DIR", os.path.join(ROOT, "target")), "release", "capstan")
    fixtures = os.path.join(ROOT, "fixtures")
    # An instant recording is copied, not rendered: there is nothing to divide.
    committed = [os.path.join(fixtures, name) for name in sorted(os.listdir(fixtures)) if name.endswith(".cap") and name != "instant.cap"]
    flags = ["--fps", str(options.fps), "--resolution", options.resolution, *flags]

    faults, films = [], []
    with tempfile.TemporaryDirectory(prefix="check-shards.") as made:
        folder = options.keep or made
        os.makedirs(folder, exist_ok=True)
        for recording in options.recordings or committed:
            begun = time.monotonic()
            check = Check(capstan, recording, folder, flags, options.crf)
            check.all([int(count) for count in options.parts.split(",")])
            print(f"  {time.monotonic() - begun:.0f} s", flush=True)
            faults += check.faults
            films += check.films
        for fault in faults:
            print(f"FAILED: {fault}")
        if not options.no_players:
            environment = {**os.environ, "CAPSTAN_DECODER_FILMS": os.pathsep.join(films)}
            test = ["cargo", "test", "--release", "--locked", "--quiet", "--test", "whole", "--", "film_decoders::films_named"]
            if subprocess.run(test, cwd=ROOT, env=environment).returncode != 0:
                faults.append("decoders")
    if faults:
        sys.exit(1)
    print("every joined film is what the whole export is")


if __name__ == "__main__":
    main()
