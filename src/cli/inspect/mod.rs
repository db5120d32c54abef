//! `capstan inspect`: what a recording holds, and everything that is wrong with it.

mod timeline;

use anyhow::Context;
use schemars::JsonSchema;
use serde::Serialize;

use super::args::InspectArgs;
use super::{Exit, logging};
use crate::cap::{self, Alignment, CapError, OpenOptions, Opened, Problem, Unused};
use crate::confine::Confinement;
use crate::export::{self, ExportError, ExportSettings, Plan, SegmentMedia};
use crate::frame::Size;
use crate::media::input::Allowed;
use crate::media::probe::{AudioInfo, VideoInfo, probe_audio, probe_video};
use crate::scene::Unrendered;

/// Everything that is known of a recording.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Findings {
    /// Its title.
    name: Option<String>,
    /// studio, legacy studio or instant.
    kind: Option<&'static str>,
    /// Seconds of the export.
    duration_s: Option<f64>,
    /// Size of the export with the default settings.
    output_size: Option<Size>,
    /// Clips on the timeline.
    clips: Option<usize>,
    /// What happens when: a row for each kind that the timeline holds something of.
    timeline: Vec<timeline::Row>,
    /// Pause/resume cycles.
    segments: Vec<SegmentFindings>,
    /// Video of an instant recording.
    video: Option<VideoInfo>,
    /// Settings that have no effect yet.
    unrendered: Vec<Unrendered>,
    /// Files that an export does not read.
    unused: Vec<Unused>,
    /// What is wrong with the recording's files.
    problems: Vec<Problem>,
    /// Whether every picture and sample was decoded (`--decode`); else damage inside them is not known.
    decoded: bool,
    /// What is odd about its media and settings.
    warnings: Vec<String>,
    /// Why it can't be exported.
    error: Option<String>,
    /// Whether it can be exported.
    can_export: bool,
    /// What the kernel keeps this inspection from; `None` without `--confined`.
    confinement: Option<Confinement>,
}

impl Findings {
    /// Adds what decoding showed, if it was asked for.
    fn decoded(&mut self, damage: Result<Option<Vec<String>>, ExportError>) {
        match damage {
            Ok(damage) => {
                self.decoded = damage.is_some();
                // What the headers showed already is not told twice.
                let new = damage.into_iter().flatten();
                let new: Vec<String> = new.filter(|told| !self.warnings.contains(told)).collect();
                self.warnings.extend(new);
            }
            Err(error) => {
                self.error = Some(super::one_line(&error.into()));
                self.can_export = false;
            }
        }
    }
}

/// A pause/resume cycle.
#[derive(Debug, Serialize, JsonSchema)]
struct SegmentFindings {
    /// Its tracks.
    media: SegmentMedia,
    /// How they line up.
    alignment: Alignment,
    /// Samples of the pointer's position.
    pointer_moves: usize,
    /// Presses and releases of its buttons.
    pointer_clicks: usize,
}

/// Runs the subcommand.
pub(super) fn run(args: &InspectArgs, confinement: Option<Confinement>) -> anyhow::Result<Exit> {
    if args.schema {
        let schema = schemars::schema_for!(Findings);
        super::print_exactly(&format!("{}\n", serde_json::to_string_pretty(&schema)?))?;
        return Ok(Exit::Done);
    }
    let recording = args.recording.as_deref().context("name a recording")?;
    confinement.iter().for_each(logging::note_confinement);
    let mut findings = Findings {
        confinement,
        ..Findings::default()
    };
    let settings = ExportSettings {
        confined: args.confined,
        ..ExportSettings::default()
    };
    match cap::open(recording, &OpenOptions::default()) {
        Ok(Opened::Studio(recording)) => {
            findings.name = Some(recording.name.clone());
            findings.kind = Some(if recording.legacy {
                "legacy studio"
            } else {
                "studio"
            });
            findings.problems = recording.warnings.clone();
            findings.unused = recording.unused.clone();
            match export::plan(*recording, &settings) {
                Ok(plan) => {
                    let damage = args.decode.then(|| export::decode_all(&plan)).transpose();
                    studio(&mut findings, plan);
                    findings.decoded(damage);
                }
                Err(error) => findings.error = Some(super::one_line(&error.into())),
            }
        }
        Ok(Opened::Instant(recording)) => {
            findings.name = Some(recording.name.clone());
            findings.kind = Some("instant");
            findings.problems = recording.warnings.clone();
            match probe_video(&recording.video) {
                Ok(info) => {
                    (findings.duration_s, findings.output_size) = (Some(info.duration), Some(info.size));
                    findings.warnings.clone_from(&info.damage);
                    findings.video = Some(info);
                    if let Some(audio) = &recording.audio {
                        match probe_audio(audio, Allowed::Track) {
                            Ok(info) => findings.warnings.extend(info.damage),
                            Err(error) => findings.error = Some(super::one_line(&error.into())),
                        }
                    }
                    findings.can_export = findings.error.is_none();
                    findings.decoded(
                        args.decode
                            .then(|| export::decode_all_instant(&recording))
                            .transpose(),
                    );
                }
                Err(error) => findings.error = Some(super::one_line(&error.into())),
            }
        }
        Err(error) => refused(&mut findings, error),
    }
    if args.json {
        super::print_exactly(&format!("{}\n", serde_json::to_string_pretty(&findings)?))?;
    } else {
        super::print(&describe(&findings))?;
    }
    super::hint(recording);
    Ok(if findings.can_export {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn refused(findings: &mut Findings, error: CapError) {
    findings.problems = error.problems().to_vec();
    findings.error = Some(super::one_line(&error.into()));
}

fn studio(findings: &mut Findings, plan: Plan) {
    findings.duration_s = Some(plan.scene.duration());
    findings.output_size = Some(plan.scene.output_size());
    findings.clips = Some(plan.scene.timeline().clips().len());
    findings.timeline = timeline::rows(&plan.scene, &plan.recording.config);
    findings.unrendered = plan.unrendered;
    findings.warnings = plan.warnings;
    findings.can_export = true;
    for ((media, alignment), segment) in plan
        .media
        .into_iter()
        .zip(plan.alignments)
        .zip(&plan.recording.segments)
    {
        findings.segments.push(SegmentFindings {
            media,
            alignment,
            pointer_moves: segment.pointer.moves.len(),
            pointer_clicks: segment.pointer.clicks.len(),
        });
    }
}

fn describe(findings: &Findings) -> String {
    let mut text = String::new();
    let mut line = |line: String| super::terminal::push_line(&mut text, &line);
    if let (Some(name), Some(kind)) = (&findings.name, findings.kind) {
        line(format!("{name} ({kind} recording)"));
    }
    if let (Some(duration), Some(size)) = (findings.duration_s, findings.output_size) {
        let clips = findings
            .clips
            .map_or(String::new(), |clips| format!(", {clips} clips"));
        line(format!("  exports to {size}, {duration:.3} s{clips}"));
    }
    timeline::draw(&findings.timeline, findings.duration_s.unwrap_or(0.0), &mut text);
    let mut line = |line: String| super::terminal::push_line(&mut text, &line);
    if let Some(video) = &findings.video {
        line(format!("  video  {}", describe_video(video)));
    }
    for (index, segment) in findings.segments.iter().enumerate() {
        let SegmentMedia {
            display,
            camera,
            mic,
            system_audio,
        } = &segment.media;
        let alignment = &segment.alignment;
        line(format!("  segment {index}"));
        line(format!(
            "    display       {}, from {:+.3} s",
            describe_video(display),
            alignment.display
        ));
        if let Some(camera) = camera {
            line(format!(
                "    camera        {}, from {:+.3} s",
                describe_video(camera),
                alignment.camera
            ));
        }
        for (name, audio, offset) in [
            ("mic          ", mic, alignment.mic),
            ("system audio ", system_audio, alignment.system_audio),
        ] {
            if let Some(audio) = audio {
                line(format!(
                    "    {name} {}, from {offset:+.3} s",
                    describe_audio(audio)
                ));
            }
        }
        line(format!(
            "    pointer       {} moves, {} clicks",
            segment.pointer_moves, segment.pointer_clicks
        ));
    }
    for problem in &findings.problems {
        line(format!("  {problem}"));
    }
    for warning in &findings.warnings {
        line(format!("  warning: {warning}"));
    }
    for unrendered in &findings.unrendered {
        line(format!(
            "  not rendered: {}: {}",
            unrendered.setting, unrendered.instead
        ));
    }
    for unused in &findings.unused {
        line(format!("  not used: {unused}"));
    }
    if findings.decoded {
        line("every picture and sample was decoded".to_owned());
    }
    match &findings.error {
        Some(error) => line(format!("can't be exported: {error}")),
        None => line("can be exported".to_owned()),
    }
    text
}

fn describe_video(info: &VideoInfo) -> String {
    let rate = info
        .average_rate
        .map_or(String::new(), |rate| format!(", {rate:.2} fps on average"));
    let frames = info
        .frames
        .map_or(String::new(), |frames| format!(", {frames} pictures"));
    format!(
        "{} {} {}, {:.3} s{frames}{rate}",
        info.codec, info.size, info.pixel_format, info.duration
    )
}

fn describe_audio(info: &AudioInfo) -> String {
    format!(
        "{} {} Hz {}, {:.3} s",
        info.codec, info.rate, info.layout, info.duration
    )
}
