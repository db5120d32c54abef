#!/usr/bin/env python3
"""Writes the seeds of the fuzz targets to fixtures/fuzz/<target>/. Needs ffmpeg with libx264, libopus, libmp3lame.

    scripts/fuzz-seeds.py

Seeds are small: a fuzzer changes them some millions of times. Findings that were mended are kept there too, under
names that begin with `found-`; this script leaves them alone.
"""
import json
import subprocess
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FIXTURES = ROOT / "fixtures"
SEGMENT = Path("content/segments/segment-0")

CLIP = {"recordingSegment": 0, "timescale": 1.0, "start": 0, "end": 3}
AT = {"start": 0.2, "end": 2.6}


def timeline(**more):
    return {"segments": [CLIP], "zoomSegments": [], **more}


def xy(x, y):
    return {"x": x, "y": y}


KEYS = [
    {"id": "k", **AT, "displayText": "⌘⇧ K", "keys": [{"key": "K", "timeOffset": 0.1}, {"key": "Enter", "timeOffset": 0.4}],
     "fadeDurationOverride": 0.2, "positionOverride": "top-left", "colorOverride": "#ff0000",
     "backgroundColorOverride": "#000000", "fontSizeOverride": 40, "uppercaseOverride": True},
    {"id": "l", "start": 1, "end": 1.2, "displayText": "a", "keys": []},
]

WORDS = [{"text": "this", "start": 0.2, "end": 0.5}, {"text": "line", "start": 0.5, "end": 1.5}]
CAPTIONS = {
    "segments": [{"id": "a", **AT, "text": "this line", "words": WORDS, "fadeDurationOverride": 0.1,
                  "lingerDurationOverride": 0.2, "positionOverride": "top", "colorOverride": "#00ff00",
                  "backgroundColorOverride": "#102030", "fontSizeOverride": 30},
                 {"id": "b", "start": 2.7, "end": 2.9, "text": "مرحبا 👩‍👩‍👧 世界", "words": []}],
    "settings": {"enabled": True, "font": "System Sans-Serif", "size": 48, "position": "manual",
                 "manualPosition": xy(0.5, 0.4), "italic": True, "outline": True, "outlineColor": "#000000",
                 "activeWordHighlight": True, "highlightStyle": "pill", "highlightColor": "#ffe000",
                 "animation": "pop", "fadeDuration": 0.2, "wordTransitionDuration": 0.2, "fontWeight": 400,
                 "uppercase": True, "lingerDuration": 0.3, "color": "#a0a0a0", "backgroundOpacity": 70},
    "sourceTimed": True,
}


def text(**more):
    return {**AT, "content": "Two words", "center": xy(0.4, 0.5), "size": xy(0.5, 0.3), "fontSize": 40, **more}


EASED = [{"time": 0.1, "value": 10, "outEasing": [0.9, 0]}, {"time": 1.1, "value": -5, "inEasing": [0.2, 1]}]
PIECES = {
    "card": {"background": {"source": {"type": "gradient", "from": [60, 60, 60], "to": [200, 10, 20], "angle": 120},
             "padding": 10, "rounding": 7.5, "roundingType": "squircle", "shadow": 73.6,
             "advancedShadow": {"size": 30, "opacity": 60, "blur": 20},
             "border": {"enabled": True, "width": 5, "color": [1, 2, 3], "opacity": 80},
             "crop": {"position": xy(8, 8), "size": xy(300, 150)}, "frame": {"style": "browser", "theme": "dark", "url": "a.b", "title": "t"},
             "notch": {"enabled": True, "x": 0.35, "width": 0.2, "height": 0.06}, "displayPosition": xy(0.4, 0.5), "blur": 20},
             "camera": {"hide": False, "mirror": True, "position": {"x": "left", "y": "bottom"}, "size": 30, "rounding": 20,
             "shape": "source", "manualPosition": xy(0.2, 0.3), "shadow": 50, "scaleDuringZoom": 0.7, "backgroundBlur": {"mode": "light"}},
             "aspectRatio": "square", "cursor": {"size": 140, "type": "macos", "tension": 100, "mass": 1, "friction": 20,
             "hideWhenIdle": True, "hideWhenIdleDelay": 1, "motionBlur": 0.5, "rotationAmount": 0.3, "ripple": {"enabled": True}}},
    "clips": {"timeline": {"segments": [{**CLIP, "end": 1.5, "speedAudioMode": "matchSpeed", "volume": 0.5},
              {**CLIP, "timescale": 0.5, "start": 1, "hideCursor": True, "audioMuted": True}],
              "zoomSegments": [{"start": 0.2, "end": 1.1, "amount": 1.8, "mode": {"manual": xy(0.4, 0)}},
                               {"start": 1.5, "end": 2, "amount": 2, "mode": "auto", "instantAnimation": True, "edgeSnapRatio": 0.1}],
              "transitions": [{"segmentIndex": 1, "type": "cross-fade", "duration": 0.4}],
              "sceneSegments": [{"start": 0.3, "end": 0.9, "mode": "splitScreen", "splitLayout": {"screenZoom": 1.5,
               "screenPosition": xy(0.3, 0.7), "cameraZoom": 1.4, "cameraPosition": xy(0.6, 0.3)}},
               {"start": 1, "end": 1.5, "mode": "cameraOnly"}, {"start": 1.6, "end": 1.8, "mode": "floating"}]}},
    "black": {"timeline": {"segments": [CLIP, CLIP], "zoomSegments": [],
              "transitions": [{"segmentIndex": 1, "type": "fade-through-black", "duration": 0.5}]},
              "clips": [{"index": 0, "offsets": {"camera": 0.1, "mic": -0.1, "system_audio": 0.12}}]},
    "texts": {"textSizeVersion": 1, "textAnimVersion": 1, "timeline": timeline(textSegments=[
        text(animationIn=a, animationOut=b, layout=c, align=d, backgroundStyle=e, backgroundColor="#040506", glow=0.5,
             strokeWidth=2, gradientColor="#0a0b0c", shadow=1, uppercase=True, letterSpacing=3)
        for a, b, c, d, e in [("slideUp", "pop", "overlay", "left", "box"), ("typewriter", "wipe", "fullscreen", "right", "pill"),
                              ("words", "letters", "splitLeft", "center", "highlight"), ("tracking", "bounce", "splitRight", "left", "box")]])},
    "masks": {"timeline": timeline(maskSegments=[{**AT, "maskType": "sensitive", "center": xy(0.3, 0.4), "size": xy(0.3, 0.2),
              "pixelation": 1040, "feather": 0.3, "keyframes": {"position": [{"time": 0.1, "x": 0.3, "y": 0.4}],
              "size": [{"time": 1.2, "x": 0.4, "y": 0.45}], "intensity": [{"time": 0, "value": 0.2}]}},
              {**AT, "maskType": "highlight", "center": xy(0.5, 0.5), "size": xy(1, 1), "darkness": 0.5, "fadeDuration": 0.5}],
              imageSegments=[{**AT, "path": "content/cursors/cursor_0.png", "rotation": 30, "rounding": 0.5, "flipX": True}],
              styleSegments=[{**AT, "overrides": {"camera": {"hide": True}, "cursor": {"hide": True}, "background": {"padding": 3}}}],
              waveformSegments=[{**AT, "style": "dots", "barCount": 9}]),
              "overlayOrder": [{"kind": "mask", "track": 0}, {"kind": "text", "track": 0}]},
    "camera3d": {"timeline": timeline(camera3dSegments=[{**AT, "properties": {"tiltX": -14, "tiltY": 22, "roll": 4, "zoom": 2.6,
              "panX": 0.12, "panY": -0.08, "fov": 40}, "blur": {"mode": "radial", "strength": 24, "falloff": 0.2, "focusX": 0.6,
              "focusY": 0.4, "focusSize": 0.3, "bokeh": True}, "tracks": {"tiltY": EASED, "zoom": EASED, "blurFocusX": EASED},
              "transitionIn": 0.35, "transitionOut": 0.35}])},
    "grade": {"colorCorrection": {"screen": {"temperature": 0.6, "tint": -0.4, "splitTone": 0.7, "fade": 0.5, "vignette": 0.7,
              "grain": 0.6, "exposure": -0.2}, "camera": {"contrast": 0.4, "saturation": 0.6, "intensity": 0.8}, "gradeCursor": True},
              "annotations": [{"id": "a", "type": "arrow", "x": 1, "y": 2, "width": 3, "height": 4}]},
    "captioned": {"captions": CAPTIONS, "timeline": timeline(captionSegments=CAPTIONS["segments"], keyboardSegments=KEYS),
                  "keyboard": {"settings": {"enabled": True, "size": 50, "position": "bottom-center", "showModifiers": False}}},
    "sound": {"audio": {"mute": False, "improve": True, "micVolumeDb": -3, "micStereoMode": "monoL", "systemVolumeDb": 2},
              "timeline": timeline(audioSegments=[{**AT, "path": "assets/bed.mp3", "fadeIn": 0.3, "volumeDb": -12}])},
}


def seed(target, name, content):
    folder = FIXTURES / "fuzz" / target
    folder.mkdir(parents=True, exist_ok=True)
    if not isinstance(content, bytes):
        content = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
    (folder / name).write_bytes(content)


def ffmpeg(folder, name, *arguments):
    path = Path(folder) / name
    subprocess.run(["ffmpeg", "-v", "error", "-y", *arguments, path], check=True)
    return path.read_bytes()


def json_seeds():
    for name in ["desk", "cuts", "legacy", "fragments", "instant"]:
        meta = json.loads((FIXTURES / f"{name}.cap/recording-meta.json").read_text())
        seed("meta", f"{name}.json", meta)
    seed("meta", "failed.json", {"pretty_name": "f", "segments": [{"display": {"path": "content/display.mp4", "fps": 30}}],
                                 "status": {"status": "Failed", "error": "e"}, "cursors": ["content/cursors/cursor_0.png"]})
    for name, content in PIECES.items():
        seed("config", f"{name}.json", content)
    seed("captions", "two.json", CAPTIONS)
    seed("keyboard", "two.json", KEYS)
    events = json.loads((FIXTURES / "desk.cap" / SEGMENT / "cursor.json").read_text())
    seed("cursor", "desk.json", {"clicks": events["clicks"][:4], "moves": events["moves"][:12], "keyboard": []})
    display = FIXTURES / "fragments.cap" / SEGMENT / "display"
    for name in ["manifest.json", "respawn-1/manifest.json"]:
        seed("manifest", name.replace("/", "-"), json.loads((display / name).read_text()))
    seed("manifest", "older.json", {"version": 2, "fragments": [{"path": "segment_001.m4s", "index": 1, "duration": 1.0,
                                    "is_complete": True, "file_size": 292}], "codec_info": {"frame_rate_num": 30, "frame_rate_den": 1}})


def media_seeds(folder):
    picture = ["-f", "lavfi", "-i", "testsrc2=size=32x32:rate=10:duration=0.6", "-pix_fmt", "yuv420p", "-c:v", "libx264"]
    still = ["-bf", "0", "-refs", "1", "-g", "3", "-x264-params", "slices=1:threads=1:weightp=0:poc=2:sliced-threads=0", "-bsf:v",
             "filter_units=remove_types=6"]
    tone = ["-f", "lavfi", "-i", "sine=frequency=440:duration=0.3"]
    small = ["-ac", "1", "-b:a", "16k"]
    mp4 = ffmpeg(folder, "a.mp4", *picture, "-preset", "ultrafast", "-crf", "40")
    turned = ffmpeg(folder, "t.mp4", "-i", str(Path(folder) / "a.mp4"), "-c", "copy", "-metadata:s:v", "rotate=90")
    pieces = ffmpeg(folder, "b.mp4", *picture, "-preset", "ultrafast", "-crf", "45", "-g", "2", "-movflags", "frag_keyframe+empty_moov+default_base_moof")
    aac = ffmpeg(folder, "c.m4a", *tone, *small, "-c:a", "aac")
    ogg = ffmpeg(folder, "d.ogg", *tone, *small, "-c:a", "libopus", "-page_duration", "60000")
    mp3 = ffmpeg(folder, "e.mp3", *tone, *small, "-c:a", "libmp3lame")
    wav = ffmpeg(folder, "f.wav", *tone, "-ar", "8000", "-t", "0.1")
    flac = ffmpeg(folder, "g.flac", *tone, "-ar", "8000", "-t", "0.1")
    mkv = ffmpeg(folder, "h.mka", *tone, *small, "-c:a", "libopus", "-t", "0.1")
    # Damage between boxes: zeros in the place of the second fragment.
    second = pieces.index(b"moof", pieces.index(b"moof") + 4) - 4
    holed = pieces[:second] + bytes(120) + pieces[second + 120:]
    for name, content in {"whole.mp4": mp4, "turned.mp4": turned, "pieces.mp4": pieces, "holed.mp4": holed, "sound.m4a": aac}.items():
        seed("mp4", name, content)
        seed("track", name, content)
    seed("ogg", "tone.ogg", ogg)
    gap = ogg.index(b"OggS", 400)
    seed("ogg", "gap.ogg", ogg[:gap] + bytes(50) + ogg[gap:])
    for name, content in {"tone.ogg": ogg, "tone.mp3": mp3, "tone.wav": wav, "tone.flac": flac, "tone.mka": mkv}.items():
        seed("track", name, content)
    for name, more in {"cavlc": ["-coder", "0"], "cabac": ["-coder", "1"]}.items():
        seed("h264", f"{name}.264", ffmpeg(folder, f"{name}.264", *picture, *still, *more))
    seed("h264", "reordered.264", ffmpeg(folder, "r.264", *picture, "-bf", "2"))


json_seeds()
with tempfile.TemporaryDirectory() as scratch:
    media_seeds(scratch)
