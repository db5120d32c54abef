"""Runs the program under bounds and judges what is left: exit code, files, messages, memory, time."""
import hashlib
import json
import os
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field

# No recording may take more, MB. Nothing of a frame at the sizes asked for here comes near it.
MEMORY_MB = 1000
# Seconds of processor time for a recording of a few seconds, in a debug build too, and seconds in all on a busy machine.
PROCESSOR_S = 60
WALL_S = 150
# An export of more frames was asked for by the recording (a clip of hours): it is stopped instead of awaited.
MANY_FRAMES = 1500
# Within which a run ends that was asked to, seconds: two, and time for a machine that is busy.
STOP_S = 15
# What is kept of each stream, bytes.
KEPT = 1 << 20

PANIC = re.compile(r"panicked at|RUST_BACKTRACE|defect of this program|stack overflow|memory allocation of|Sanitizer")
# Words of advice: a message tells what to do, or what would have been right, or that it went on without.
ADVICE = re.compile(
    r"\b(copy|restore|remove|use|give|name|choose|try|set|save|delete|free|make|close|check|export|record|see|allow|rename|repair|install|"
    r"must|expected|required|instead|only|at most|at least|is this the folder|no pointer|without|--[a-z])\b|--[a-z]", re.IGNORECASE)
CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")


@dataclass
class Run:
    """How a run ended and what it said."""

    command: list
    code: int | None = None
    stdout: str = ""
    stderr: str = ""
    peak: int = 0
    processor: float = 0
    seconds: float = 0
    hung: bool = False
    stopped: bool = False
    sent: int | None = None
    findings: list = field(default_factory=list)

    def events(self):
        """The events of `--json`; what is no JSON is a finding."""
        events = []
        for line in self.stdout.splitlines():
            try:
                events.append(json.loads(line))
            except ValueError:
                self.findings.append(f"a line of --json is no JSON: {line[:100]!r}")
        return events


class Reader(threading.Thread):
    """Takes what a stream gives, and keeps its beginning and its end."""

    def __init__(self, stream, watch=None):
        super().__init__(daemon=True)
        self.stream, self.watch, self.kept, self.total = stream, watch, [], 0
        self.start()

    def run(self):
        for line in self.stream:
            self.total += len(line)
            if self.total < KEPT:
                self.kept.append(line)
            if self.watch:
                self.watch(line)

    def text(self):
        self.join(5)
        return b"".join(self.kept).decode("utf-8", "replace")


def run(command, environment, limits=None, after=None, send=None, stdout=subprocess.PIPE, endless_ok=False):
    """Runs `command` to its end, however it comes.

    `limits` are resource limits by number; `after` seconds after its start the signals `send` are sent. With `endless_ok`, a run
    that says by `--json` that it has many frames to make is asked to stop.
    """
    result = Run([str(part) for part in command])

    def prepare():
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        for number, value in (limits or {}).items():
            resource.setrlimit(number, (value, value))

    begun = time.monotonic()
    child = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=stdout, stderr=subprocess.PIPE, preexec_fn=prepare)
    many = threading.Event()

    def watch(line):
        found = re.search(rb'"total_frames":(\d+)', line)
        if found and int(found[1]) > MANY_FRAMES:
            many.set()

    out = Reader(child.stdout, watch) if child.stdout else None
    err = Reader(child.stderr)
    pending = list(send or [])
    due = begun + (after or 0)
    asked = None
    used = None
    # Time in which this process ran as well: a machine that is held for a while holds both.
    waited, last = 0, begun
    while True:
        pid, status, usage = os.wait4(child.pid, os.WNOHANG)
        if pid:
            used = usage
            break
        now = time.monotonic()
        waited += 0 if is_held(child.pid) else min(now - last, 0.2)
        last = now
        if pending and now >= due:
            result.sent = pending.pop(0)
            child.send_signal(result.sent)
            due = now + (0.5 if result.sent in (signal.SIGSTOP, signal.SIGTSTP) else 0.02)
        if endless_ok and many.is_set() and asked is None and now - begun > 2:
            asked = waited
            result.stopped = True
            child.send_signal(signal.SIGTERM)
        if asked is not None and waited - asked > STOP_S or waited > WALL_S:
            result.hung = True
            child.kill()
            _, status, used = os.wait4(child.pid, 0)
            break
        time.sleep(0.002 if now - begun < 0.2 or pending else 0.01)
    child.returncode = os.waitstatus_to_exitcode(status)
    result.code = child.returncode
    result.seconds = waited
    # Kilobytes, and bytes on macOS.
    result.peak = used.ru_maxrss >> (20 if sys.platform == "darwin" else 10)
    result.processor = used.ru_utime + used.ru_stime
    if out:
        result.stdout = out.text()
        child.stdout.close()
    result.stderr = err.text()
    child.stderr.close()
    judge_run(result)
    return result


def is_held(pid):
    """Whether somebody stopped the process (SIGSTOP)."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] in "Tt"
    except OSError:
        return False


def judge_run(result):
    """What no run may do."""
    found = result.findings
    if result.hung:
        found.append(f"it did not end: {result.seconds:.0f} s, asked to stop: {result.stopped}")
    elif result.processor > PROCESSOR_S and not result.stopped:
        found.append(f"it took {result.processor:.0f} s of the processor")
    if result.peak > MEMORY_MB:
        found.append(f"it took {result.peak} MB")
    if PANIC.search(result.stderr):
        found.append("it panicked: " + PANIC.search(result.stderr)[0])
    if CONTROLS.search(result.stderr):
        found.append(f"it printed control characters: {CONTROLS.search(result.stderr)[0]!r}")
    if result.code == 101 or (result.code is not None and result.code < 0 and result.sent != -result.code and not result.hung):
        found.append(f"it ended with {result.code}")
    if len(result.stderr) > 200_000:
        found.append(f"it printed {len(result.stderr)} bytes of messages")


def judge_failure(result, names):
    """A failure names a file or a setting, and says what to do. Returns the message without what differs from case to case."""
    text = result.stderr
    if not text.strip():
        result.findings.append("it failed without a message")
        return []
    error = text[text.find("error:"):] if "error:" in text else text
    field_named = re.search(r"[A-Za-z_]+(\[\d+\])?\.[A-Za-z_]+|\b[a-z]+[A-Z]\w+", error)
    if not any(name in error for name in names) and not field_named:
        result.findings.append(f"the message names no file: {error[:200]!r}")
    if not ADVICE.search(error):
        result.findings.append(f"the message has no advice: {error[:300]!r}")
    return [template(line) for line in error.splitlines() if line.strip()]


def template(line):
    """A message without numbers, paths and quotations."""
    line = re.sub(r'"(\\.|[^"\\])*"', '"…"', line)
    line = re.sub(r"\S*/\S*", "PATH", line)
    line = re.sub(r"[\w-]+\.(json|mp4|m4a|m4s|ogg|mp3|png|jpg|tmp|cap)\b", "FILE", line)
    line = re.sub(r"-?\d+(\.\d+)?(e[+-]?\d+)?", "N", line)
    return line.strip()[:240]


def digest(root):
    """Everything that makes up a folder: names, kinds, modes, contents."""
    total = hashlib.sha256()
    for folder, folders, files in os.walk(root, followlinks=False):
        folders.sort()
        for name in sorted(folders + files):
            path = os.path.join(folder, name)
            about = os.lstat(path)
            total.update(os.fsencode(os.path.relpath(path, root)) + b"\0%o\0" % about.st_mode)
            if stat.S_ISLNK(about.st_mode):
                total.update(os.fsencode(os.readlink(path)))
            elif stat.S_ISREG(about.st_mode):
                with open(path, "rb") as file:
                    total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def judge_video(path, frames, findings, copied=False):
    """A finished file is whole: it decodes without a complaint, to as many pictures as were reported. What was copied is as good as
    what it was copied from: it can be read."""
    if not shutil.which("ffmpeg"):
        return
    with tempfile.TemporaryFile() as complaints:
        done = subprocess.run(["ffmpeg", "-v", "error", "-xerror", "-threads", "1", "-i", path, "-map", "0", *(["-c", "copy"] if copied else []), "-f", "null", "-"], stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=complaints, check=False, timeout=WALL_S)
        complaints.seek(0)
        said = complaints.read(2000).decode("utf-8", "replace")
    if done.returncode != 0 or (said.strip() and not copied):
        findings.append(f"the finished file does not decode ({done.returncode}): {said[:200]!r}")
        return
    if frames is not None and shutil.which("ffprobe"):
        counted = subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-count_packets", "-show_entries", "stream=nb_read_packets",
                                  "-of", "csv=p=0", path], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=WALL_S)
        if counted.stdout.strip().rstrip(",") != str(frames):
            findings.append(f"{frames} frames were reported, {counted.stdout.strip()} are in the file")
