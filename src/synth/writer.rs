//! Carries out a plan: draws and encodes the tracks, writes the JSON.

use std::fs;
use std::path::Path;

use super::content::Painter;
use super::folder::{CONFIG, Folder, META};
use super::plan::{Form, Plan, SegmentPlan, SoundPlan, VideoPlan};
use super::script::Script;
use super::sound::{self, Voice};
use super::{Preset, SynthError, fragments, io_error, tracks};
use crate::frame::Size;
use crate::media::track_writer::{self, AudioCodec, AudioSpec, VideoSpec, VideoTrackWriter};
use crate::time::MediaTime;

/// How far [`write()`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Moments of the video tracks that were looked at.
    pub done: u64,
    /// All of them.
    pub total: u64,
}

/// Writes the recording of `preset` into `dir`, which must not exist or be empty. `progress` is called after every moment
/// of a video track.
///
/// # Errors
/// [`SynthError`] says what could not be written and why. What was written until then stays.
pub fn write(preset: &Preset, dir: &Path, progress: &mut dyn FnMut(Progress)) -> Result<(), SynthError> {
    let plan = &preset.plan;
    let videos = plan
        .segments
        .iter()
        .flat_map(|segment| [Some(&segment.display), segment.camera.as_ref()]);
    let mut job = Job {
        folder: Folder::create(dir)?,
        plan,
        state: Progress {
            done: 0,
            total: videos.flatten().map(VideoPlan::ticks).sum(),
        },
        progress,
    };
    for (index, segment) in plan.segments.iter().enumerate() {
        match plan.form {
            Form::Studio | Form::Fragments { .. } => job.segment(&Plan::segment_folder(index), segment)?,
            Form::Legacy => job.legacy(segment)?,
            Form::Instant => job.instant(segment)?,
        }
    }
    job.rest()
}

struct Job<'a> {
    folder: Folder,
    plan: &'a Plan,
    state: Progress,
    progress: &'a mut dyn FnMut(Progress),
}

impl Job<'_> {
    fn segment(&mut self, folder: &str, segment: &SegmentPlan) -> Result<(), SynthError> {
        let script = segment.script();
        match self.plan.form {
            Form::Fragments { piece, torn } => {
                self.fragments(folder, &segment.display, script, piece, torn)?
            }
            _ => self.video(&format!("{folder}/display.mp4"), &segment.display, script)?,
        }
        if let Some(camera) = &segment.camera {
            self.video(&format!("{folder}/camera.mp4"), camera, script)?;
        }
        let ending = self.plan.sound_ending();
        if let Some(mic) = &segment.mic {
            self.sound(&format!("{folder}/audio-input.{ending}"), mic, Voice::Microphone)?;
        }
        if let Some(system) = &segment.system {
            self.sound(&format!("{folder}/system_audio.{ending}"), system, Voice::System)?;
        }
        if let Some(events) = segment.pointer_events() {
            self.folder.json(&format!("{folder}/cursor.json"), &events)?;
        }
        Ok(())
    }

    fn legacy(&mut self, segment: &SegmentPlan) -> Result<(), SynthError> {
        let script = segment.script();
        self.video("content/display.mp4", &segment.display, script)?;
        if let Some(camera) = &segment.camera {
            self.video("content/camera.mp4", camera, script)?;
        }
        if let Some(mic) = &segment.mic {
            self.sound("content/audio-input.mp3", mic, Voice::Microphone)?;
        }
        if let Some(events) = segment.pointer_events() {
            self.folder.json("cursor.json", &events)?;
        }
        Ok(())
    }

    fn instant(&mut self, segment: &SegmentPlan) -> Result<(), SynthError> {
        let target = self.folder.place("content/output.mp4")?;
        let Some(mic) = &segment.mic else {
            return self.video("content/output.mp4", &segment.display, segment.script());
        };
        let parts = tempfile::tempdir().map_err(io_error("make a temporary folder for", &target))?;
        let (video, sound) = (parts.path().join("video.mp4"), parts.path().join("sound.m4a"));
        self.draw(
            &video,
            &segment.display,
            &mut Span::whole(&segment.display, segment.script()),
            None,
        )?;
        let spec = AudioSpec {
            codec: AudioCodec::Aac,
            ..AudioSpec::opus(mic.channels)
        };
        tracks::voice(&sound, &spec, Voice::Microphone, mic.seconds)?;
        Ok(track_writer::mux(&video, &sound, &target)?)
    }

    fn video(&mut self, relative: &str, plan: &VideoPlan, script: Script) -> Result<(), SynthError> {
        let path = self.folder.place(relative)?;
        self.draw(&path, plan, &mut Span::whole(plan, script), None)
    }

    /// Writes the moments of `span` as one file, fragmented when a `piece` length is given.
    fn draw(
        &mut self,
        path: &Path,
        plan: &VideoPlan,
        span: &mut Span,
        piece: Option<f64>,
    ) -> Result<(), SynthError> {
        let mut spec = VideoSpec::new(plan.size);
        spec.fps = plan.fps;
        spec.crf = plan.crf;
        spec.effort = plan.effort;
        spec.b_frames = plan.b_frames;
        spec.fragmented = piece.is_some();
        spec.key_interval = piece.unwrap_or(spec.key_interval);
        let mut writer = VideoTrackWriter::create(path, &spec)?;
        let origin = span.start as f64 / f64::from(plan.fps);
        for tick in span.start..span.end {
            let time = plan.time(tick);
            let shown = if tick == span.start { origin } else { time };
            // A file needs a picture at its beginning even when nothing changed since the file before it.
            let picture = span.painter.advance(time);
            if let Some(picture) = picture {
                writer.write(picture, MediaTime::from_secs(shown - origin))?;
            } else if tick == span.start {
                writer.write(span.painter.picture(), MediaTime::ZERO)?;
            }
            self.state.done += 1;
            (self.progress)(self.state);
        }
        let end = if span.end == plan.ticks() {
            plan.seconds
        } else {
            span.end as f64 / f64::from(plan.fps)
        };
        Ok(writer.finish(MediaTime::from_secs(end - origin))?)
    }

    /// Writes a folder of fragments, and a `respawn-1` folder in it for what follows a crash.
    fn fragments(
        &mut self,
        segment: &str,
        plan: &VideoPlan,
        script: Script,
        piece: f64,
        torn: Option<f64>,
    ) -> Result<(), SynthError> {
        let joined =
            tempfile::tempdir().map_err(io_error("make a temporary folder for", self.folder.root()))?;
        let file = joined.path().join("joined.mp4");
        let mut span = Span::whole(plan, script);
        let all = span.end;
        if let Some(before_end) = torn {
            span.end = ((plan.seconds - before_end) * f64::from(plan.fps)).round() as u64;
        }
        for relative in [
            format!("{segment}/display"),
            format!("{segment}/display/respawn-1"),
        ] {
            let seconds = (span.end - span.start) as f64 / f64::from(plan.fps);
            self.draw(&file, plan, &mut span, Some(piece))?;
            let init = self.folder.place(&format!("{relative}/init.mp4"))?;
            let folder = init.parent().unwrap_or(&init);
            let pieces = fragments::split(&file, folder, seconds)?;
            if let (true, Some(last)) = (torn.is_some(), pieces.last()) {
                // The main group was renamed too early, the second was caught while it wrote.
                let name = if span.end == all {
                    format!("{}.tmp", last.name)
                } else {
                    last.name.clone()
                };
                fragments::tear(folder, last, &name)?;
            }
            let manifest = fragments::manifest(&pieces, torn.is_some(), seconds);
            self.folder
                .json(&format!("{relative}/manifest.json"), &manifest)?;
            if span.end == all {
                break;
            }
            (span.start, span.end) = (span.end, all);
        }
        Ok(())
    }

    fn sound(&self, relative: &str, plan: &SoundPlan, voice: Voice) -> Result<(), SynthError> {
        let path = self.folder.place(relative)?;
        let (codec, bit_rate) = match self.plan.form {
            Form::Studio | Form::Instant => (AudioCodec::Opus, 128_000),
            Form::Legacy => (AudioCodec::Mp3, 96_000),
            Form::Fragments { .. } => (AudioCodec::AacFragmented, 128_000),
        };
        let spec = AudioSpec {
            codec,
            rate: sound::RATE,
            channels: plan.channels,
            bit_rate,
        };
        tracks::voice(&path, &spec, voice, plan.seconds)?;
        if let Form::Fragments { torn: Some(_), .. } = self.plan.form {
            // The recorder died while it wrote: the end of the last packet group is missing.
            let bytes = fs::read(&path).map_err(io_error("read", &path))?;
            fs::write(&path, &bytes[..bytes.len() - bytes.len() / 50]).map_err(io_error("write", &path))?;
        }
        Ok(())
    }

    /// What is not a recorded track.
    fn rest(self) -> Result<(), SynthError> {
        let plan = self.plan;
        if let Some(seconds) = plan.music {
            let spec = AudioSpec {
                codec: AudioCodec::Mp3,
                rate: sound::RATE,
                channels: 2,
                bit_rate: 96_000,
            };
            tracks::voice(
                &self.folder.place("assets/bed.mp3")?,
                &spec,
                Voice::Music,
                seconds,
            )?;
        }
        if plan.background {
            self.folder
                .background("assets/background.jpg", Size::new(960, 600))?;
        }
        let images = matches!(plan.form, Form::Studio | Form::Fragments { .. });
        if images && plan.segments.iter().any(|segment| segment.pointer) {
            self.folder.pointer_images()?;
        }
        if let Some(config) = &plan.config {
            self.folder.json(CONFIG, config)?;
        }
        // Last, so that a folder with this file is a whole recording.
        self.folder.json(META, &plan.meta())
    }
}

/// Moments of a track that go into one file.
struct Span {
    painter: Painter,
    start: u64,
    end: u64,
}

impl Span {
    fn whole(plan: &VideoPlan, script: Script) -> Self {
        Self {
            painter: Painter::new(plan, script),
            start: 0,
            end: plan.ticks(),
        }
    }
}
