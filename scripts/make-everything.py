#!/usr/bin/env python3
"""Writes fixtures/everything.cap: the media of fixtures/desk.cap under a configuration that uses every kind of effect.

    scripts/make-everything.py [FOLDER]

Nothing is encoded: tracks, pointer pictures and the background are copied from other fixtures, so that the same bytes come out
on every machine.
"""
import json
import shutil
import struct
import sys
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"

# Output seconds. A full-screen title holds the clock of the recording first; then three clips, the first two joined by a cross-fade,
# the last two through black.
HOLD = 1.3
CLIPS = [
    {"recordingSegment": 0, "start": 0.0, "end": 3.0, "timescale": 1.0, "volume": 0.8, "name": "as recorded"},
    {"recordingSegment": 0, "start": 3.0, "end": 5.1, "timescale": 0.6, "speedAudioMode": "maintainPitch", "volume": 1.2},
    {"recordingSegment": 0, "start": 3.0, "end": 5.88, "timescale": 0.8, "speedAudioMode": "matchSpeed", "volume": 0.5,
     "hideCursor": True},
]
TRANSITIONS = [
    {"segmentIndex": 1, "type": "cross-fade", "duration": 0.5},
    {"segmentIndex": 2, "type": "fade-through-black", "duration": 0.5},
]


def xy(x, y):
    return {"x": x, "y": y}


def at(start, end, **more):
    return {"start": start, "end": end, **more}


def key(time, value):
    return {"time": time, "value": value}


def label(start, end, content, animation):
    """Says in a corner what is seen."""
    return at(start, end, content=content, track=1, center=xy(0.285, 0.08), size=xy(0.5, 0.08), align="left",
              fontSize=34, fontWeight=600, color="#ffffff", backgroundColor="#1b1f3b", backgroundStyle="pill",
              animationIn=animation, animationOut="fade", animationInDuration=0.3, animationOutDuration=0.15)


BACKGROUND = {
    "source": {"type": "gradient", "from": [20, 94, 168], "to": [222, 92, 138], "angle": 125, "noise_intensity": 30,
               "noise_scale": 20},
    "blur": 6,
    "padding": 14, "rounding": 9, "roundingType": "squircle",
    "shadow": 85, "advancedShadow": {"size": 30, "opacity": 75, "blur": 20},
    "border": {"enabled": True, "width": 3, "color": [255, 255, 255], "opacity": 70},
    "frame": {"style": "macOS", "theme": "dark", "title": "everything.cap"},
    "notch": {"enabled": True, "x": 0.44, "width": 0.12, "height": 0.035},
}
STYLE_BACKGROUND = {
    "source": {"type": "image", "path": "assets/background.jpg"},
    "blur": 25, "padding": 28, "displayPosition": xy(0.5, 0.54), "rounding": 20, "roundingType": "rounded", "shadow": 60,
    "frame": {"style": "browser", "theme": "light", "url": "example.org/everything"},
}
CAMERA = {
    "position": xy("right", "bottom"), "size": 30, "rounding": 100, "roundingType": "squircle", "shadow": 70,
    "shape": "square", "scaleDuringZoom": 0.6,
}
CURSOR = {
    "type": "tahoe", "size": 170, "hideWhenIdle": True, "hideWhenIdleDelay": 1.0, "rotationAmount": 0.3,
    "ripple": {"enabled": True, "color": [255, 196, 0], "strength": 0.9, "size": 1.1, "duration": 0.8},
}

ZOOMS = [
    at(1.45, 2.5, amount=1.6, mode="auto"),
    at(7.35, 8.15, amount=1.5, mode={"manual": xy(0.2, 0.15)}),
]
SCENES = [
    at(4.8, 5.45, mode="splitScreen", transitionIn=0.2, transitionOut=0.2,
       splitLayout={"screenZoom": 1.1, "screenPosition": xy(0.68, 0.45), "cameraZoom": 1.2, "cameraPosition": xy(0.5, 0.55)}),
    at(5.45, 6.3, mode="floating", transitionIn=0.3, transitionOut=0.3,
       splitLayout={"screenZoom": 1.0, "screenPosition": xy(0.6, 0.5), "cameraZoom": 1.0, "cameraPosition": xy(0.5, 0.5)}),
    at(6.3, 7.0, mode="cameraOnly", transitionIn=0.3, transitionOut=0.2),
    at(7.5, 8.4, mode="hideCamera", transitionIn=0.2, transitionOut=0.2),
]
MASKS = [
    at(1.4, 2.5, maskType="sensitive", pixelation=22, center=xy(0.36, 0.36), size=xy(0.3, 0.1), feather=0.2),
    at(7.3, 8.2, maskType="sensitive", pixelation=1030, center=xy(0.6, 0.3), size=xy(0.2, 0.1), feather=0.3, track=1,
       keyframes={"position": [{"time": 0.0, "x": 0.8, "y": 0.45}, {"time": 0.6, "x": 0.63, "y": 0.38}],
                  "size": [{"time": 0.0, "x": 0.2, "y": 0.1}, {"time": 0.6, "x": 0.27, "y": 0.16}], "intensity": []}),
    at(7.3, 8.2, maskType="highlight", darkness=0.55, center=xy(0.36, 0.36), size=xy(0.56, 0.36), fadeDuration=0.2, track=2,
       keyframes={"position": [], "size": [], "intensity": [key(0.0, 0.4), key(0.4, 1.0)]}),
]
TEXTS = [
    at(0.0, HOLD, content="Every effect\nin one recording", layout="fullscreen", layoutTransition=0.35, center=xy(0.5, 0.42),
       size=xy(0.9, 0.4), fontSize=120, fontWeight=800, color="#ffffff", gradientColor="#ffd166", glow=0.7, shadow=0.6,
       animationIn="letters", animationInDuration=0.5, animationOut="zoom", animationOutDuration=0.25),
    at(0.25, HOLD, content="capstan export everything.cap", center=xy(0.5, 0.72), size=xy(0.8, 0.1), fontFamily="monospace",
       fontSize=44, fontWeight=500, color="#e8f6ff", strokeWidth=3, strokeColor="#12233f", italic=True, letterSpacing=1,
       animationIn="typewriter", animationInDuration=0.5, animationOut="slideDown", animationOutDuration=0.2),
    at(8.3, 9.35, content="The screen\nmakes room", layout="splitLeft", layoutTransition=0.3, center=xy(0.25, 0.45),
       size=xy(0.44, 0.4), align="left", fontSize=88, color="#ffffff", backgroundColor="#1b1f3b",
       backgroundStyle="highlight", animationIn="words", animationInDuration=0.4, animationOut="slideLeft",
       animationOutDuration=0.25),
    label(1.45, 2.5, "auto zoom, ripple, pixels, keys", "slideRight"),
    label(2.6, 3.75, "3D camera, waveform, picture", "wipe"),
    label(3.8, 4.3, "cross-fade", "pop"),
    label(4.3, 4.65, "a style of its own", "none"),
    label(4.75, 5.35, "split screen", "slideUp"),
    label(5.4, 6.15, "floating", "bounce"),
    label(6.2, 6.8, "camera only", "tracking"),
    label(7.3, 8.2, "manual zoom, highlight, blurred part", "slideDown"),
    label(9.4, 10.4, "3D camera with bokeh", "fade"),
]
KEYBOARD = [
    at(1.5, 2.5, id="k1", displayText="⌘⇧ E", keys=[], positionOverride="top-right"),
    at(5.4, 6.2, id="k2", displayText="cargo", positionOverride="bottom-right", uppercaseOverride=True,
       keys=[{"key": letter, "timeOffset": 60.0 * n} for n, letter in enumerate("cargo")]),
]
WAVEFORMS = [
    at(2.5, 3.9, style="mirrored", source="mic", center=xy(0.24, 0.62), size=xy(0.4, 0.2), color="#ffd166",
       secondaryColor="#ff4d8d", barCount=48, sensitivity=2.5, smoothing=0.6),
    at(9.4, 10.4, style="line", source="mix", center=xy(0.3, 0.66), size=xy(0.5, 0.16), color="#7fffd4", barCount=96,
       sensitivity=2.5, track=1),
]
IMAGES = [
    at(2.5, 3.9, path="assets/badge.png", center=xy(0.88, 0.16), size=xy(0.13, 0.2311), rotation=-10, rounding=40, opacity=0.95),
    at(8.4, 10.4, path="assets/badge.png", center=xy(0.93, 0.12), size=xy(0.08, 0.1422), flipX=True, rounding=100, track=1),
]
CAMERA_3D = [
    at(2.55, 3.8, properties={"tiltX": -8, "tiltY": 20, "roll": -2, "fov": 45, "zoom": 1.5, "panX": 0.02},
       blur={"mode": "tiltShift", "strength": 24, "falloff": 0.1, "focusX": 0.5, "focusY": 0.55, "focusSize": 0.1, "angle": 8},
       tracks={"tiltY": [{"time": 0.0, "value": 22, "outEasing": [0.4, 0.0]}, {"time": 1.2, "value": -18, "inEasing": [0.3, 1.0]}],
               "blurStrength": [key(0.0, 10), key(0.6, 30)]},
       transitionIn=0.3, transitionOut=0.3),
    at(9.35, 10.4, properties={"tiltX": -24, "tiltY": -10, "fov": 40, "zoom": 1.7, "panY": 0.03},
       blur={"mode": "radial", "strength": 20, "focusX": 0.42, "focusY": 0.4, "focusSize": 0.2, "bokeh": True},
       tracks={"roll": [key(0.0, 3), key(1.0, -3)]},
       transitionIn=0.35, transitionOut=0.0),
]
STYLES = [
    at(4.3, 7.05, name="outdoors", overrides={
        "background": STYLE_BACKGROUND,
        "camera": {**CAMERA, "mirror": True, "shape": "source", "rounding": 30, "size": 26, "position": xy("left", "bottom")},
        "cursor": {"type": "circle", "size": 200, "ripple": {"enabled": True, "size": 1.5}},
    }),
]

CONFIG = {
    "aspectRatio": "wide",
    "background": BACKGROUND,
    "camera": CAMERA,
    "audio": {"micVolumeDb": -2, "systemVolumeDb": -8},
    "cursor": CURSOR,
    "screenMotionBlur": 1.0,
    "colorCorrection": {
        "screen": {"intensity": 0.9, "exposure": 0.03, "contrast": 0.06, "saturation": 0.12, "temperature": 0.12, "splitTone": 0.15,
                   "vignette": 0.25},
        "camera": {"intensity": 1.0, "contrast": 0.1, "saturation": 0.15, "temperature": -0.1, "fade": 0.1, "grain": 0.25},
        "gradeCursor": True,
    },
    "keyboard": {"settings": {"enabled": True, "size": 48, "position": "top-right", "backgroundOpacity": 85}},
    "overlayOrder": [{"kind": "image", "track": 0}, {"kind": "waveform", "track": 0}, {"kind": "mask", "track": 0},
                     {"kind": "text", "track": 1}],
    "timeline": {
        "segments": CLIPS,
        "transitions": TRANSITIONS,
        "zoomSegments": ZOOMS,
        "sceneSegments": SCENES,
        "maskSegments": MASKS,
        "textSegments": TEXTS,
        "keyboardSegments": KEYBOARD,
        "waveformSegments": WAVEFORMS,
        "imageSegments": IMAGES,
        "styleSegments": STYLES,
        "camera3dSegments": CAMERA_3D,
        "audioSegments": [at(0.0, 10.4, path="assets/bed.mp3", volumeDb=-14, fadeIn=0.5, fadeOut=1.0)],
    },
    "textSizeVersion": 1,
    "textAnimVersion": 1,
}


def caption(number, start, end, text):
    """A caption in the time of the recording, its words evenly spread."""
    words = text.split()
    step = (end - start) / len(words)
    times = [round(start + step * n, 3) for n in range(len(words) + 1)]
    spoken = [{"text": word, "start": times[n], "end": times[n + 1]} for n, word in enumerate(words)]
    return at(start, end, id=f"c{number}", text=text, words=spoken)


CAPTIONS = {
    "segments": [
        caption(1, 0.15, 1.4, "All of it is drawn"),
        caption(2, 1.5, 2.8, "from one recording"),
        caption(3, 3.1, 4.2, "while the words"),
        caption(4, 4.2, 5.8, "light up one by one"),
    ],
    "settings": {"enabled": True, "exportWithSubtitles": True, "size": 44, "position": "bottom-center", "backgroundOpacity": 80,
                 "activeWordHighlight": True, "highlightColor": "#ffd166", "highlightStyle": "color", "animation": "pop",
                 "outline": True, "outlineColor": "#000000"},
    "sourceTimed": True,
}


def png(side, palette, index):
    """A square picture with a palette; stored without compression, which comes out the same with every zlib."""
    rows = b"".join(b"\0" + bytes(index(x, y) for x in range(side)) for y in range(side))

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 3, 0, 0, 0)
    colors = b"".join(bytes(color) for color in palette)
    chunks = [(b"IHDR", header), (b"PLTE", colors), (b"IDAT", zlib.compress(rows, 0)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(name, data) for name, data in chunks)


BADGE_COLORS = [(214, 40, 90), (255, 255, 255)] + [(255, 150 + level, 40) for level in range(64)]


def badge(x, y):
    """A target of four rings on a slant of orange, 128 pixels wide."""
    ring = int(((x - 63.5) ** 2 + (y - 63.5) ** 2) ** 0.5) // 14
    return ring % 2 if ring < 4 else 2 + (x + y) // 4


def write_json(path, value):
    path.write_text(json.dumps(value, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else FIXTURES / "everything.cap"
    if folder.suffix == ".cap" and folder.exists():
        shutil.rmtree(folder)
    shutil.copytree(FIXTURES / "desk.cap/content", folder / "content")
    (folder / "assets").mkdir()
    for name in ["background.jpg", "bed.mp3"]:
        shutil.copyfile(FIXTURES / "cuts.cap/assets" / name, folder / "assets" / name)
    (folder / "assets/badge.png").write_bytes(png(128, BADGE_COLORS, badge))

    meta = json.loads((FIXTURES / "desk.cap/recording-meta.json").read_text(encoding="utf-8"))
    meta["platform"] = "MacOS"
    meta["pretty_name"] = "Everything"
    meta["cursors"]["0"]["shape"] = "MacOS|Arrow"
    meta["cursors"]["1"]["shape"] = "MacOS|IBeam"
    meta["segments"][0]["display_notch"] = {"x": 0.44, "width": 0.12, "height": 0.035}
    write_json(folder / "recording-meta.json", meta)
    write_json(folder / "project-config.json", CONFIG)
    write_json(folder / "captions.json", CAPTIONS)


if __name__ == "__main__":
    main()
