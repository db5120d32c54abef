"""The kinds of cases: a damaged recording inspected or exported, an export killed, an export without room."""
import json
import os
import random as randomness
import resource
import shlex
import shutil
import signal
import subprocess
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from folders import mutate
from judge import digest, judge_failure, judge_video, run

# Of a hundred cases.
KINDS = {"inspect": 62, "export": 26, "kill": 8, "room": 4}
BASES = ["desk", "cuts", "legacy", "fragments", "instant", "portrait"]
SMALL = ["--fps", "5", "--resolution", "128x72", "--quality", "potato"]
# An instant recording is copied: there is nothing to choose.
COPIED = "an instant recording is copied as it is"
# Signals that end an export in good order, those that are nothing to it, and those that leave no time for anything.
ORDERLY = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
NOTHING = [signal.SIGPIPE, signal.SIGXFSZ, signal.SIGSTOP, signal.SIGTSTP, signal.SIGCHLD, signal.SIGWINCH, signal.SIGURG, signal.SIGCONT]
PAUSES = [signal.SIGSTOP, signal.SIGTSTP]
SUDDEN = [signal.SIGKILL, signal.SIGQUIT, signal.SIGABRT, signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL, signal.SIGALRM,
          signal.SIGUSR1, signal.SIGUSR2, signal.SIGTRAP, signal.SIGSYS, signal.SIGXCPU, signal.SIGVTALRM, signal.SIGPROF]


def small(base):
    return [] if base == "instant" else SMALL


@dataclass
class Result:
    """What came of a case."""

    number: int
    kind: str
    outcome: str = ""
    findings: list = field(default_factory=list)
    messages: list = field(default_factory=list)
    peak: int = 0
    seconds: float = 0


@dataclass
class Ground:
    """What all cases share."""

    root: Path
    binary: Path
    scratch: Path
    keep: Path
    seed: int
    kinds: list
    keep_all: bool
    environment: dict = field(default_factory=dict)
    configs: list = field(default_factory=list)
    root_user: bool = False

    def prepare(self):
        """A warm cache, and configurations that use all of the look."""
        self.environment = {key: value for key, value in os.environ.items() if key not in {"CAPSTAN_LOG", "XDG_RUNTIME_DIR", "RUST_BACKTRACE"}}
        self.environment["XDG_CACHE_HOME"] = str(self.scratch / "cache")
        (self.scratch / "cache").mkdir()
        self.configs = sorted((self.root / "fixtures/fuzz/config").glob("*.json"))
        self.root_user = hasattr(os, "geteuid") and os.geteuid() == 0
        for base in BASES:
            target = self.scratch / f"{base}.mp4"
            first = run([self.binary, "export", self.root / f"fixtures/{base}.cap", target, *small(base)], self.environment)
            if first.code != 0:
                raise SystemExit(f"{base}.cap can't be exported as it is:\n{first.stderr}")
            target.unlink()


def run_case(ground, number):
    """One case from its number alone."""
    random = randomness.Random(f"{ground.seed}:{number}")
    kind = random.choices(ground.kinds, [KINDS[kind] for kind in ground.kinds])[0]
    result = Result(number, kind)
    place = ground.scratch / f"case-{number}"
    place.mkdir()
    case = Case(ground, random, place, result)
    try:
        getattr(case, kind)()
    except Exception:  # A case that can't be judged is a finding as well: of this script.
        result.findings.append("the script failed: " + traceback.format_exc(limit=4))
    finally:
        subprocess.run(["umount", "-q", place / "disk"], check=False, stderr=subprocess.DEVNULL) if (place / "disk").is_mount() else None
    if result.findings or ground.keep_all:
        case.keep()
    shutil.rmtree(place, ignore_errors=True)
    return result


class Case:
    """One case."""

    def __init__(self, ground, random, place, result):
        self.ground, self.random, self.place, self.result = ground, random, place, result
        self.base = random.choice(BASES)
        self.recording = place / "take.cap"
        self.out = place / "out"
        self.out.mkdir()
        self.target = self.out / "video.mp4"
        self.runs = []
        self.changes = []
        shutil.copytree(ground.root / f"fixtures/{self.base}.cap", self.recording, symlinks=True)
        if self.base != "instant" and random.random() < 0.5:
            config = random.choice(ground.configs)
            shutil.copyfile(config, self.recording / "project-config.json")
            self.changes.append(f"configuration {config.name}")
            if random.random() < 0.5:
                self.mix(random.choice(ground.configs))

    def mix(self, other):
        """Two configurations in one."""
        path = self.recording / "project-config.json"
        one, two = json.loads(path.read_text()), json.loads(other.read_text())
        for key, value in two.items():
            if key == "timeline" and "timeline" in one:
                one["timeline"].update({name: rows for name, rows in value.items() if name not in {"segments", "zoomSegments"}})
            else:
                one[key] = value
        path.write_text(json.dumps(one))
        self.changes.append(f"and of {other.name}")

    # The kinds.

    def inspect(self):
        """A damaged recording is looked at."""
        self.damage()
        before = digest(self.recording)
        done = self.run(["inspect", *(["--json"] if self.random.random() < 0.5 else []), self.recording])
        self.judge_inspection(done)
        self.unchanged(before)
        self.result.outcome = f"exit {done.code}"

    def export(self):
        """A damaged recording is exported; what `inspect` refused must not work."""
        self.damage()
        before = digest(self.recording)
        mine = self.random.random() < 0.2
        if mine:
            self.target.write_bytes(b"mine")
        more = ["--json"] + (["--overwrite"] if mine else [])
        if self.base != "instant" and self.random.random() < 0.2:
            more += self.random.choice([["--frame-rate-mode", "vfr"], ["--pixel-path", "swscale"], ["--still-pictures", "off"], ["--cap-colors"],
                                        ["--sampling", "adapter"], ["--fps", "13"], ["--resolution", "90x160"], ["--optimize-filesize"]])
        # The last one of an option given twice would be an error.
        sizes = [part for at, part in enumerate(small(self.base)) if not {part, small(self.base)[at - 1]} & set(more)]
        done = self.run(["export", self.recording, self.target, *sizes, *more], endless_ok=True)
        self.judge_export(done, mine, [0, 1])
        self.unchanged(before)
        if self.random.random() < 0.15 and not done.stopped:
            looked = self.run(["inspect", self.recording])
            self.judge_inspection(looked)
            if looked.code == 1 and done.code == 0:
                self.result.findings.append("inspect refused what export did")
        self.result.outcome = "stopped" if done.stopped else f"exit {done.code}"

    def kill(self):
        """An export is ended at a random moment; the next one to the same name finds a clean place."""
        before = digest(self.recording)
        mine = self.random.random() < 0.3
        if mine:
            self.target.write_bytes(b"mine")
        group = self.random.choice([ORDERLY, ORDERLY, NOTHING, SUDDEN, SUDDEN])
        sent = [self.random.choice(group)] * self.random.choice([1, 1, 1, 3])
        # As long as these exports take, the beginning more often than the rest.
        after = self.random.random() ** 1.5 * self.random.choice([0.15, 0.8, 1.5, 3])
        command = ["export", self.recording, self.target, *small(self.base)[:4], "--json", "--overwrite"]
        self.changes.append(f"{'+'.join(one.name for one in sent)} after {after:.3f} s")
        if sent[0] in PAUSES:
            sent = [sent[0], signal.SIGCONT]
        done = self.run(command, after=after, send=sent)
        self.unchanged(before)
        died = done.code is not None and done.code < 0
        if died and done.sent is not None and done.code == -done.sent:
            # The program may be ended before it watches for signals, or by one that nobody can watch for.
            early = done.processor < 0.2 and not self.leftovers()
            if group is not SUDDEN and not early:
                self.result.findings.append(f"{done.sent.name} ended it")
            if self.target.exists() and self.target.read_bytes() != b"mine":
                judge_video(self.target, None, self.result.findings, self.base == "instant")
        else:
            self.judge_export(done, mine, [0, 130] if group is ORDERLY else [0])
        self.result.outcome = f"{'orderly' if group is ORDERLY else 'nothing' if group is NOTHING else 'sudden'}, exit {done.code}"
        again = self.run(command)
        self.judge_export(again, False, [0])
        self.unchanged(before)

    def room(self):
        """An export runs out of room, of files, of somebody who reads what it prints."""
        before = digest(self.recording)
        kind = self.random.choice(["size", "size", "disk", "disk", "cache", "stdout", "log", "trace", "files", "pipe", "temporary"])
        self.changes.append(kind)
        command = ["export", self.recording, self.target, *small(self.base)[:4]]
        limits, environment, stdout, allowed = {}, dict(self.ground.environment), subprocess.PIPE, [0, 1]
        if (kind in {"disk", "cache"} and not self.small_disk()) or (kind in {"stdout", "log", "trace"} and not os.path.exists("/dev/full")):
            kind = "size"
        if kind == "size":
            limits = {resource.RLIMIT_FSIZE: self.random.choice([0, 1, 100, 5000, 20000, 60000, 100000, self.random.randrange(150000)])}
        elif kind == "disk":
            self.target = self.place / "disk" / "video.mp4"
            self.out = self.target.parent
            command[2] = self.target
        elif kind == "cache":
            environment["XDG_CACHE_HOME"] = str(self.place / "disk")
            allowed = [0]
        elif kind == "stdout":
            stdout = os.open("/dev/full", os.O_WRONLY)
            command.append("--json")
        elif kind == "pipe":
            reading, stdout = os.pipe()
            os.close(reading)
            command.append("--json")
        elif kind == "log":
            command += ["--log-file", "/dev/full", "--overwrite"]
        elif kind == "trace":
            command += ["--trace", self.random.choice(["/dev/full", str(self.place / "nowhere/t.json"), str(self.recording / "t.json")])]
        elif kind == "files":
            limits = {resource.RLIMIT_NOFILE: self.random.choice([8, 12, 16, 20, 24, 32, 48, 64])}
        elif kind == "temporary":
            environment["TMPDIR"] = self.random.choice(["/nowhere", "/dev/full", ""])
            allowed = [0]
        done = self.run(command, limits=limits, environment=environment, stdout=stdout)
        if not isinstance(stdout, int) or stdout >= 0:
            os.close(stdout)
        if kind == "stdout" and done.code == 0 and "can't be written" not in done.stderr:
            done.findings.append("the events were lost without a word")
        self.judge_export(done, False, [*allowed, *([2] if kind in {"trace", "log"} else [])], said=kind not in {"stdout", "pipe"})
        self.unchanged(before)
        self.result.outcome = f"{kind}, exit {done.code}"

    # What they share.

    def small_disk(self):
        disk = self.place / "disk"
        disk.mkdir()
        size = self.random.choice([16, 32, 64, 128, 256])
        return self.ground.root_user and subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", disk], check=False,
                                                        stderr=subprocess.DEVNULL).returncode == 0

    def damage(self):
        for _ in range(self.random.choice([1, 1, 1, 1, 2, 2, 3, 5])):
            self.changes.append(mutate(self.random, self.recording))

    def run(self, arguments, **how):
        environment = how.pop("environment", self.ground.environment)
        done = run([self.ground.binary, *arguments], environment, **how)
        self.runs.append(done)
        self.result.peak = max(self.result.peak, done.peak)
        self.result.seconds = max(self.result.seconds, done.seconds if not done.stopped else 0)
        return done

    def names(self):
        """What a message may call the files at hand."""
        found = {path.name for path in self.recording.rglob("*")} | {"recording-meta.json", "project-config.json"}
        return [*found, "take.cap", self.target.name]

    def leftovers(self):
        return sorted(name for name in os.listdir(self.out) if name != self.target.name)

    def unchanged(self, before):
        if digest(self.recording) != before:
            self.result.findings.append("the recording was changed")

    def judge_inspection(self, done):
        if done.code not in (0, 1):
            done.findings.append(f"exit code {done.code}")
        if "--json" in done.command:
            try:
                found = json.loads(done.stdout)
                if found["can_export"] != (done.code == 0) or (found["error"] is None) != (done.code == 0):
                    done.findings.append(f"exit code {done.code}, can_export {found['can_export']}, error {found['error']!r}")
            except (ValueError, KeyError) as error:
                done.findings.append(f"inspect --json: {error}: {done.stdout[:100]!r}")
        elif ("can be exported" in done.stdout.splitlines()[-1:]) != (done.code == 0):
            done.findings.append(f"exit code {done.code}, and the last line says {done.stdout.splitlines()[-1:]}")
        elif any(ord(letter) < 32 and letter != "\n" for letter in done.stdout):
            done.findings.append("it printed control characters")
        self.result.findings += done.findings

    def judge_export(self, done, mine, allowed, said=True):
        events = done.events() if "--json" in done.command and said else []
        if done.stopped:
            allowed = [130, 0]
        if done.code in (1, 2) and COPIED in done.stderr and self.base != "instant":
            allowed = [done.code]
        if done.code not in allowed and not done.hung:
            done.findings.append(f"exit code {done.code}, allowed are {allowed}")
        last = events[-1] if events else {}
        if self.leftovers() and not done.hung:
            done.findings.append(f"it left {self.leftovers()}")
        if done.code == 0:
            frames, copied = None, self.base == "instant"
            if "--json" in done.command and said:
                if last.get("type") != "Completed":
                    done.findings.append(f"the last event is {last}")
                else:
                    frames = last["report"]["written_pictures"]
                    copied = last["report"]["coded_pictures"] == 0
                    if last["report"]["bytes"] != self.target.stat().st_size:
                        done.findings.append(f"{last['report']['bytes']} bytes were reported, {self.target.stat().st_size} are there")
            if not self.target.exists():
                done.findings.append("exit code 0, and no file")
            else:
                judge_video(self.target, frames, done.findings, copied)
        else:
            if events and last.get("type") == "Completed":
                done.findings.append(f"exit code {done.code} after Completed")
            if mine and (not self.target.exists() or self.target.read_bytes() != b"mine"):
                done.findings.append("a failed export touched the file that was there")
            if not mine and self.target.exists() and self.target.read_bytes() != b"mine":
                done.findings.append("a failed export left a file")
            if done.code == 1 and said:
                self.result.messages += judge_failure(done, self.names())
        self.result.findings += done.findings

    def keep(self):
        """Keeps what is needed to look at a case again."""
        folder = self.ground.keep / f"{self.ground.seed}-{self.result.number}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        subprocess.run(["cp", "-a", self.recording, folder], check=False, stderr=subprocess.DEVNULL)
        lines = [f"case {self.result.number} of seed {self.ground.seed}: {self.result.kind} of {self.base}.cap", *self.changes, ""]
        for done in self.runs:
            lines += [f"$ {shlex.join(done.command)}", f"  exit code {done.code}, {done.seconds:.1f} s, {done.processor:.1f} s of the processor, {done.peak} MB", ""]
        lines += ["findings:", *(f"  {finding}" for finding in self.result.findings)]
        (folder / "case.txt").write_text("\n".join(lines) + "\n", errors="backslashreplace")
        for place, done in enumerate(self.runs):
            (folder / f"stdout-{place}").write_text(done.stdout, errors="backslashreplace")
            (folder / f"stderr-{place}").write_text(done.stderr, errors="backslashreplace")
