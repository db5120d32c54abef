//! An export in parts: the parts hold the frames and the sound of the whole, the joined file is what an export is, and what
//! goes wrong is mended by a retry or named by `join`.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::common::{self, Mp4, Recording, Run, capstan, run};

#[cfg(target_os = "linux")]
mod costs;
mod faults;
mod films;
mod plans;

/// An export of a recording in parts, in a folder of its own.
pub(super) struct Shards {
    pub(super) folder: tempfile::TempDir,
    pub(super) plan: Value,
}

impl Shards {
    pub(super) fn plan(recording: &Path, parts: u32, flags: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut command = capstan();
        command
            .args(["shard", "plan"])
            .arg(recording)
            .args(["--parts", &parts.to_string(), "--json"]);
        command.arg("-o").arg(folder.path().join("plan.json")).args(flags);
        run(&mut command).assert_code(0);
        let plan = fs::read(folder.path().join("plan.json")).unwrap();
        let plan = serde_json::from_slice(&plan).unwrap();
        Self { folder, plan }
    }

    pub(super) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(super) fn parts(&self) -> usize {
        self.plan["parts"].as_array().unwrap().len()
    }

    pub(super) fn frames(&self) -> u64 {
        self.plan["end"].as_u64().unwrap() - self.plan["first"].as_u64().unwrap()
    }

    pub(super) fn command(&self, part: &str, flags: &[&str]) -> std::process::Command {
        let mut command = capstan();
        command.args(["shard", "run"]).arg(self.at("plan.json"));
        command
            .args(["--part", part, "--json", "-o"])
            .arg(self.at("parts"))
            .args(flags);
        command
    }

    pub(super) fn run(&self, part: &str) -> Run {
        run(&mut self.command(part, &[]))
    }

    /// Makes a part, which must succeed; whether it was there already.
    #[track_caller]
    pub(super) fn make(&self, part: &str) -> bool {
        let made = self.run(part);
        made.assert_code(0);
        made.events()[0]["kept"].as_bool().unwrap()
    }

    pub(super) fn make_all(&self) {
        for part in 0..self.parts() {
            self.make(&part.to_string());
        }
        if !self.plan["sound"].is_null() {
            self.make("sound");
        }
    }

    pub(super) fn join(&self, name: &str) -> Run {
        let mut command = capstan();
        command
            .args(["shard", "join"])
            .arg(self.at("plan.json"))
            .arg(self.at("parts"));
        run(command.arg("-o").arg(self.at(name)).arg("--json"))
    }

    pub(super) fn joined(&self) -> Mp4 {
        self.join("out.mp4").assert_code(0);
        Mp4::read(&self.at("out.mp4"))
    }

    pub(super) fn file(&self, part: &str) -> PathBuf {
        match part.parse::<u32>() {
            Ok(number) => self.at(&format!("parts/part-{number:04}.packets")),
            Err(_) => self.at("parts/sound.packets"),
        }
    }
}

/// Seven seconds that move, with a tone: four key frames at 30 fps.
pub(super) fn take() -> Recording {
    let recording = Recording::moving("320x180", 7.0).with_mic();
    recording.track(common::MIC, "sine=440:duration=7", &["-c:a", "libopus"]);
    recording
}
