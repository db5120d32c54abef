#!/usr/bin/env bash
# Measures the worst case: every pixel of every source picture changes, 1080p30, default look (gradient, padding, rounding,
# shadow). In one run, in turn: the export, the floor (the same input decoded and encoded by the same libraries, nothing
# composed), and the ffmpeg command line with a filter graph of nearly the same look (scale, rounded mask, overlay on a
# picture that holds gradient and shadow already). Floor and filter graph encode with libx264 and Cap's options, the export with
# its own. Prints medians and ratios.
#
#   scripts/worst-case.sh [ROUNDS]
#
# Needs ffmpeg and python3. ROUNDS is 5. WORST_CASE_SECONDS (20) is the length of the recording, WORST_CASE_DIR
# (target/worst-case) keeps it and the figures of every run (worst-case.json).
set -euo pipefail

cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-5}
seconds=${WORST_CASE_SECONDS:-20}
folder=${WORST_CASE_DIR:-$PWD/target/worst-case}
for tool in ffmpeg python3; do
    command -v "$tool" >/dev/null || {
        echo "error: $tool is needed" >&2
        exit 1
    }
done
cargo build --release --locked --quiet
capstan=${CARGO_TARGET_DIR:-$PWD/target}/release/capstan
recording=$folder/testsrc2-$seconds.cap
mkdir -p "$folder"

if [[ ! -d $recording ]]; then
    making=$folder/making.cap
    rm -rf "$making"
    mkdir -p "$making/content/segments/segment-0"
    ffmpeg -hide_banner -loglevel error -f lavfi -i "testsrc2=size=1920x1080:rate=30,noise=alls=20:allf=t" \
        -t "$seconds" -pix_fmt yuv420p -color_range tv -colorspace bt709 -color_primaries bt709 -color_trc bt709 \
        -c:v libx264 -preset ultrafast -crf 18 "$making/content/segments/segment-0/display.mp4"
    cat >"$making/recording-meta.json" <<'JSON'
{
  "platform": "Linux", "pretty_name": "Worst case", "sharing": null,
  "segments": [{ "display": { "path": "content/segments/segment-0/display.mp4", "fps": 30 } }],
  "status": { "status": "Complete" }
}
JSON
    cat >"$making/project-config.json" <<JSON
{
  "aspectRatio": null,
  "background": {
    "source": { "type": "gradient", "from": [71, 118, 230], "to": [142, 84, 233], "angle": 135 },
    "padding": 10, "rounding": 7.5
  },
  "timeline": {
    "segments": [{ "recordingSegment": 0, "timescale": 1.0, "start": 0.0, "end": $seconds }], "zoomSegments": []
  }
}
JSON
    mv "$making" "$recording"
fi

python3 - "$capstan" "$recording" "$folder" "$rounds" <<'PYTHON'
import json, os, pathlib, statistics, subprocess, sys, tempfile, time

capstan, recording, folder, rounds = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]), int(sys.argv[4])
FLAGS = ["--fps", "30", "--quality", "web", "--encoder", "libx264"]
# The card in whole pixels (docs/cap-look.md 2.7, 1920x1080 with padding 10), corners of 7.5 % of half its height.
CARD, AT, RADIUS = (1778, 1000), (71, 40), 37.5


def measured(command):
    """Wall and CPU seconds and peak memory of a process, and what it printed."""
    with tempfile.TemporaryFile() as output:
        begun = time.monotonic()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - begun
        if status != 0:
            sys.exit(f"error: {command[0]} {command[1]} failed")
        output.seek(0)
        printed = output.read().decode()
    unit = 1 if sys.platform == "darwin" else 1024
    return {"wall_s": wall, "cpu_s": usage.ru_utime + usage.ru_stime, "peak_rss": usage.ru_maxrss * unit}, printed


with tempfile.TemporaryDirectory(dir=folder) as out:
    film, floor, graph = (f"{out}/{name}.mp4" for name in ("export", "floor", "graph"))
    export = [capstan, "export", recording, film, "--json", "--overwrite", *FLAGS]
    _, printed = measured(export)  # warms up
    report = json.loads(printed.strip().splitlines()[-1])["report"]
    # The background with the shadow on it: the card that is laid over it covers the rest of this picture.
    background, mask = f"{out}/background.png", f"{out}/mask.png"
    config = json.loads(pathlib.Path(recording, "project-config.json").read_text())
    config["timeline"]["segments"][0]["end"] = 0.1
    pathlib.Path(f"{out}/short.json").write_text(json.dumps(config))
    still = [capstan, "export", recording, f"{out}/still.mp4", "--config", f"{out}/short.json", "--quiet",
             "--fps", "30", "--crf", "1", "--encoder", "libx264"]
    subprocess.run(still, check=True)
    quiet = ["ffmpeg", "-hide_banner", "-loglevel", "error", "-y"]
    subprocess.run([*quiet, "-i", f"{out}/still.mp4", "-frames:v", "1", background], check=True)
    width, height = CARD
    inside = f"hypot(max(0,abs(X-{width / 2 - 0.5})-{width / 2 - RADIUS}),max(0,abs(Y-{height / 2 - 0.5})-{height / 2 - RADIUS}))"
    source = f"color=black:size={width}x{height}:duration=0.04,format=gray,geq=lum='255*clip({RADIUS}+0.5-{inside},0,1)'"
    subprocess.run([*quiet, "-f", "lavfi", "-i", source, "-frames:v", "1", mask], check=True)
    _, printed = measured([capstan, "bench-floor", recording, floor, "--overwrite", *FLAGS])  # warms up
    pinned = json.loads(printed)["encoder_options"]
    options = [text for option in pinned for text in (f"-{option['key']}", option["value"])]
    filters = (
        # Mask and background are decoded and converted once.
        "[1:v]format=gray,loop=loop=-1:size=1,setpts=N/30/TB[mask];"
        "[2:v]scale=out_color_matrix=bt709:out_range=tv,format=yuv420p,loop=loop=-1:size=1,setpts=N/30/TB[back];"
        f"[0:v]scale={width}:{height}:flags=bilinear[s];[s][mask]alphamerge[card];"
        f"[back][card]overlay={AT[0]}:{AT[1]},format=yuv420p[film]"
    )
    screen = f"{recording}/content/segments/segment-0/display.mp4"
    commands = {
        "export": export,
        "floor": [capstan, "bench-floor", recording, floor, "--overwrite", *FLAGS],
        "filter graph": [*quiet, "-i", screen, "-i", mask, "-i", background, "-filter_complex", filters,
                         "-map", "[film]", "-frames:v", str(report["frames"]), "-c:v", "libx264", *options, graph],
    }
    measured(commands["filter graph"])  # warms up
    runs = {name: [] for name in commands}
    names = list(commands)
    for n in range(rounds):
        for name in names[n % 3:] + names[: n % 3]:
            figures, printed = measured(commands[name])
            runs[name].append(figures)
            if name == "export":
                report = json.loads(printed.strip().splitlines()[-1])["report"]
                runs[name][-1]["stages"] = report["stages"]
            print(f"  round {n + 1}: {name} {figures['wall_s']:.2f} s", file=sys.stderr)

    def frames(file):
        probe = ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries", "stream=nb_read_packets",
                 "-of", "csv=p=0", file]
        return int(subprocess.run(probe, check=True, capture_output=True, text=True).stdout.strip().strip(","))

    counts = {name: frames(file) for name, file in (("export", film), ("floor", floor), ("filter graph", graph))}
    middle = str(counts["export"] // 2)
    similarity = [capstan, "similarity", graph, film, "--frames", middle]
    alike = subprocess.run(similarity, check=True, capture_output=True, text=True).stdout.strip()
    sizes = {name: os.path.getsize(file) for name, file in (("export", film), ("floor", floor), ("filter graph", graph))}

median = lambda name, key: statistics.median(run[key] for run in runs[name])
print(f"{pathlib.Path(recording).name}: {counts['export']} frames, {report['coded_pictures']} coded; {rounds} rounds; "
      f"adapter {report['paths']['adapter']['name']}")
print("| | Median | Scatter (MAD) | Frames/s | CPU | Peak memory | Size | Time over the floor |")
print("|---|---|---|---|---|---|---|---|")
for name in names:
    wall = median(name, "wall_s")
    mad = statistics.median(abs(run["wall_s"] - wall) for run in runs[name])
    by_round = statistics.median(a["wall_s"] / b["wall_s"] for a, b in zip(runs[name], runs["floor"]))
    print(f"| {name} | {wall:.2f} s | {mad / wall * 100:.1f} % | {counts[name] / wall:.1f} | {median(name, 'cpu_s'):.1f} s "
          f"| {median(name, 'peak_rss') / 1e6:.0f} MB | {sizes[name] / 1e6:.1f} MB | {by_round:.2f} |")
over = statistics.median(a["wall_s"] / b["wall_s"] for a, b in zip(runs["export"], runs["filter graph"]))
print(f"the filter graph's film against the export's, both encoded: {alike}")
print(f"export over filter graph, median of rounds: {over:.2f}")
threads = {}
for stage in report["stages"]:
    thread = threads.setdefault(stage["thread"], [0.0, 0.0])
    rest = stage["wait_input_s"] + stage["wait_output_s"] + stage["unaccounted_s"]
    thread[0] += stage["busy_s"]
    thread[1] += stage["busy_s"] + rest
name, (busy, life) = max(threads.items(), key=lambda item: item[1][0])
print(f"slowest thread: {name}, busy for {busy / life * 100:.0f} % of its life (last round)")
(folder / "worst-case.json").write_text(json.dumps({"frames": counts, "bytes": sizes, "runs": runs}, indent=1))
PYTHON
