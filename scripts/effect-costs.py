#!/usr/bin/env python3
"""What each effect of the look costs, in milliseconds a frame.

    scripts/effect-costs.py RECORDING.cap [--moving SECONDS] [--still SECONDS] [--length SECONDS] [--rounds N]
                            [--only NAME...] [--capstan FILE]

Two pieces of RECORDING are exported at 1080p30 with preset web, one that moves and one that stands still, without and with each
effect, in turn and in both orders. For each piece the table gives the median of what a frame takes longer with the effect, and
the frames per second of the whole export with it (without opening decoders, adapter and encoder). An effect must leave at least
30 frames per second. Every export is a whole one: the encoder's share of an effect (a moving text costs it bits) is in the figure.

The recording is copied and its configuration replaced; it needs a screen of 1080p, a camera and pointer events.
"""

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REAL_TIME = 30.0
GREY = {"type": "gradient", "from": [60, 60, 60], "to": [200, 200, 200], "angle": 120}
# A test picture, made by FFmpeg, so that the script needs no other file.
IMAGE = "effect-costs.png"


def base(start, length):
    """The configuration that every effect is added to: background, card with shadow, pointer, camera, no motion blur."""
    return {
        "background": {"source": GREY, "padding": 10, "rounding": 7.5, "shadow": 73.6},
        "camera": {"hide": False, "size": 28},
        "cursor": {"size": 140, "motionBlur": 0},
        "screenMotionBlur": 0,
        "textSizeVersion": 1,
        "textAnimVersion": 1,
        "timeline": {
            "segments": [{"recordingSegment": 0, "timescale": 1.0, "start": start, "end": start + length}],
            "zoomSegments": [],
        },
    }


def merged(config, change):
    """`config` with the objects of `change` laid over it."""
    if not isinstance(config, dict) or not isinstance(change, dict):
        return change
    return {key: merged(config.get(key), change[key]) if key in change else config[key] for key in {**config, **change}}


def effects(length):
    """Name -> (what the base gets too, what the effect adds)."""
    whole = {"start": 0.0, "end": length}
    zoom = {"start": 0.2, "end": length - 0.6, "amount": 2.0, "mode": {"manual": {"x": 0.3, "y": 0.4}}}
    zooms = {"timeline": {"zoomSegments": [zoom]}}

    def timeline(track, *segments):
        return {"timeline": {track: [{**whole, **segment} for segment in segments]}}

    def mask(kind, **more):
        place = {"center": {"x": 0.5, "y": 0.5}, "size": {"x": 0.5, "y": 0.5}}
        return timeline("maskSegments", {"maskType": kind, **place, **more})

    def camera3d(**blur):
        segment = {"properties": {"tiltX": -14, "tiltY": 22, "roll": 4, "zoom": 1.6}}
        if blur:
            segment["blur"] = {"strength": 24, "falloff": 0.2, "focusX": 0.6, "focusY": 0.4, "focusSize": 0.3, **blur}
        return timeline("camera3dSegments", segment)

    text = {"content": "A text of two lines\nover the screen", "fontFamily": "DejaVu Sans", "center": {"x": 0.5, "y": 0.3},
            "fontSize": 80, "shadow": 0.7}
    words = ["twelve", "words", "of", "a", "caption", "that", "is", "read", "out", "one", "by", "one"]
    step = length / len(words)
    caption = {"id": "a", "text": " ".join(words),
               "words": [{"text": word, "start": n * step, "end": (n + 1) * step} for n, word in enumerate(words)]}
    captions = {"captions": {"segments": [], "settings": {"enabled": True, "exportWithSubtitles": True, "size": 48,
                "font": "System Sans-Serif", "position": "bottom-center", "activeWordHighlight": True}}}
    keys = {"keyboard": {"settings": {"enabled": True, "font": "System Sans-Serif", "size": 50, "position": "bottom-center"}}}
    grade = {"contrast": 0.3, "saturation": 0.4, "temperature": 0.3, "vignette": 0.5, "fade": 0.2}
    scene = {"transitionIn": 0.3, "transitionOut": 0.3}
    return {
        "zoom": ({}, zooms),
        "motion blur of card and camera, in a zoom": (zooms, {"screenMotionBlur": 0.5}),
        "motion blur of the pointer": ({}, {"cursor": {"motionBlur": 0.5}}),
        "background picture, blurred": ({}, {"background": {"source": {"type": "image", "path": IMAGE}, "blur": 60}}),
        "camera only": ({}, timeline("sceneSegments", {"mode": "cameraOnly", **scene})),
        "split screen": ({}, timeline("sceneSegments", {"mode": "splitScreenLeft", **scene})),
        "mask, pixelated, a quarter of the frame": ({}, mask("sensitive", pixelation=18)),
        "mask, blurred, a quarter of the frame": ({}, mask("sensitive", pixelation=1040, feather=0.3)),
        "mask, highlight": ({}, mask("highlight", darkness=0.5, feather=0.2)),
        "text": ({}, timeline("textSegments", text)),
        "text, sliding in and out": ({}, timeline("textSegments", {**text, "animationIn": "slideUp", "animationOut": "slideUp",
                                     "animationInDuration": length / 2, "animationOutDuration": length / 2})),
        "captions, word by word": ({}, merged(captions, timeline("captionSegments", caption))),
        "keys": ({}, merged(keys, timeline("keyboardSegments", {"id": "k", "displayText": "\u2318\u21e7 K", "keys": []}))),
        "picture over the frame": ({}, timeline("imageSegments", {"path": IMAGE, "rotation": 10, "rounding": 20})),
        "window frame": ({}, {"background": {"frame": {"style": "browser", "theme": "dark", "url": ""}}}),
        "notch": ({}, {"background": {"notch": {"enabled": True, "x": 0.35, "width": 0.2, "height": 0.06}}}),
        "colour grade": ({}, {"colorCorrection": {"screen": grade, "camera": grade}}),
        "colour grade with grain": ({}, {"colorCorrection": {"screen": {**grade, "grain": 0.6}, "camera": grade}}),
        "ripples": ({}, {"cursor": {"ripple": {"enabled": True}}}),
        "cross-fade over the whole piece": (
            {}, {"timeline": {"transitions": [{"segmentIndex": 1, "type": "cross-fade", "duration": length / 2 - 0.1}]}}),
        "3D camera": ({}, camera3d()),
        "3D camera, radial blur": ({}, camera3d(mode="radial")),
        "3D camera, directional blur": ({}, camera3d(mode="directional")),
        "3D camera, bokeh": ({}, camera3d(mode="radial", bokeh=True)),
    }


def run(capstan, recording, output):
    """Milliseconds a frame and frames per second of one export, from its report; what it did not render."""
    result = subprocess.run(
        [capstan, "--quiet", "export", recording, output, "--overwrite", "--json", "--quality", "web", "--fps", "30",
         "--resolution", "1920x1080"], stdout=subprocess.PIPE, text=True, check=False)
    last = json.loads(result.stdout.splitlines()[-1])
    if result.returncode != 0 or last["type"] != "Completed":
        sys.exit(f"an export failed: {last}")
    report = last["report"]
    seconds = report["wall_s"] - report["first_frame_s"]
    frames = report["frames"] - 1
    return seconds / frames * 1000.0, frames / seconds, report["unrendered"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recording", type=Path)
    parser.add_argument("--moving", type=float, default=18.0, help="start of the moving piece, seconds")
    parser.add_argument("--still", type=float, default=22.0, help="start of the still piece, seconds")
    parser.add_argument("--length", type=float, default=3.0, help="length of each piece, seconds")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", nargs="*", help="names, or parts of them")
    parser.add_argument("--capstan", type=Path, default=ROOT / "target/release/capstan")
    arguments = parser.parse_args()

    slow = []
    with tempfile.TemporaryDirectory() as work:
        copy = Path(work, "copy.cap")
        shutil.copytree(arguments.recording, copy, copy_function=shutil.copyfile)
        for folder in [copy, *(path for path in copy.rglob("*") if path.is_dir())]:
            folder.chmod(0o755)
        subprocess.run(["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "testsrc2=size=960x540", "-frames:v", "1",
                        str(copy / IMAGE)], check=True)
        output = Path(work, "out.mp4")

        def export(config):
            (copy / "project-config.json").unlink(missing_ok=True)
            (copy / "project-config.json").write_text(json.dumps(config))
            return run(arguments.capstan, copy, output)

        pieces = [arguments.moving, arguments.still]
        print("| Effect | ms a frame, moving | still | frames per second, moving | still |")
        print("|---|---|---|---|---|")
        for name, (both, change) in effects(arguments.length).items():
            if arguments.only and not any(part in name for part in arguments.only):
                continue
            cells = []
            for start in pieces:
                without = merged(base(start, arguments.length), both)
                if "transitions" in change.get("timeline", {}):
                    half = arguments.length / 2
                    clip = {"recordingSegment": 0, "timescale": 1.0}
                    without["timeline"]["segments"] = [{**clip, "start": start, "end": start + half},
                                                       {**clip, "start": start + half, "end": start + 2 * half}]
                added, rates = [], []
                for number in range(arguments.rounds + 1):
                    order = [without, merged(without, change)]
                    figures = [export(config) for config in (order if number % 2 == 0 else order[::-1])]
                    if number % 2 == 1:
                        figures.reverse()
                    if figures[1][2]:
                        sys.exit(f"{name}: not rendered: {figures[1][2]}")
                    # The first round warms up.
                    if number > 0:
                        added.append(figures[1][0] - figures[0][0])
                        rates.append(figures[1][1])
                cells.append((statistics.median(added), statistics.median(rates)))
                if cells[-1][1] < REAL_TIME:
                    slow.append(name)
            (moving, moving_rate), (still, still_rate) = cells
            print(f"| {name} | {moving:+.1f} | {still:+.1f} | {moving_rate:.0f} | {still_rate:.0f} |", flush=True)
    if slow:
        print(f"slower than real time: {', '.join(dict.fromkeys(slow))}", file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
