//! Makes one part of a plan.

use std::path::PathBuf;

use super::error::ShardError;
use super::part::{self, Label, PartId, Unusable};
use super::plan::{ShardPlan, identity};
use super::tool::Tool;
use crate::export::{
    Cancel, ExportReport, ExportSettings, Observer, Opening, Request, Span, sound_part, video_part,
};
use crate::output::Door;

/// What the door calls the file of a part.
const PART: &str = "the part";

/// What part to make, and where.
#[derive(Clone, Debug)]
pub struct PartRequest {
    /// Which.
    pub part: PartId,
    /// The folder of the parts; made where it is not there.
    pub folder: PathBuf,
    /// The recording, where it lies elsewhere than the plan says.
    pub recording: Option<PathBuf>,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct PartReport {
    /// The job.
    pub part: PartId,
    /// Its file.
    pub file: PathBuf,
    /// Whether it was there already.
    pub kept: bool,
    /// What was odd.
    pub warnings: Vec<String>,
    /// How the pictures were made, where they were made now.
    pub export: Option<ExportReport>,
}

/// Makes a part. One that is there already and whole is kept.
///
/// # Errors
/// When the plan can't be run here: another build of the program, another recording, an encoder that makes another stream; or
/// when making the part fails.
pub fn run(
    plan: &ShardPlan,
    request: &PartRequest,
    cancel: &Cancel,
    observer: &mut dyn Observer,
) -> Result<PartReport, ShardError> {
    let part = plan.job(request.part)?;
    same_tool(plan)?;
    let recording = request
        .recording
        .clone()
        .unwrap_or_else(|| PathBuf::from(&plan.recording));
    // Only a file that is no whole part is ever replaced here.
    let mut door = Door::new(true);
    door.reads_recording(&recording)?;
    door.make_folder(&request.folder, "the folder of the parts")?;
    let file = part.file(&request.folder);
    let mut report = PartReport {
        part,
        file: file.clone(),
        kept: false,
        warnings: Vec::new(),
        export: None,
    };
    match part::check(plan, part, &request.folder) {
        Ok(_) => {
            report.kept = true;
            return Ok(report);
        }
        Err(Unusable::Missing) => {}
        Err(Unusable::Wrong(why)) => {
            let warning = format!("{why}; it is made anew");
            tracing::warn!("{warning}");
            report.warnings.push(warning);
        }
    }
    let found = identity(&recording, &plan.settings)?;
    if found != plan.recording_sha256 {
        return Err(ShardError::Recording {
            path: recording,
            what: format!(
                "its fingerprint is {}, the plan's is {}",
                short(&found),
                short(&plan.recording_sha256)
            ),
        });
    }

    let output = door.open(&file, PART)?;
    let mut export = Request {
        recording,
        target: file,
        overwrite: true,
        settings: plan.settings.clone(),
    };
    let PartId::Video(number) = part else {
        let label = label(plan, part, None);
        let made = sound_part(&export, output, &label, cancel)?;
        report.warnings.extend(made.warnings);
        return Ok(report);
    };
    let planned = plan.part(number)?;
    export.settings = ExportSettings {
        span: Span::Frames {
            first: planned.first,
            end: planned.end,
        },
        ..export.settings
    };
    let accept = |opening: &Opening<'_>| {
        agrees(plan, opening)?;
        Ok(label(plan, part, Some(opening)))
    };
    // The whole export has nothing outside of its own frames either.
    let frames = plan
        .margin
        .around(&(planned.first..planned.end), &(plan.first..plan.end));
    let made = video_part(&export, output, &accept, &frames, cancel, observer)?;
    report.warnings.extend(made.warnings.iter().cloned());
    report.export = Some(made);
    Ok(report)
}

fn label(plan: &ShardPlan, part: PartId, opening: Option<&Opening<'_>>) -> serde_json::Value {
    let label = Label {
        plan: plan.id.clone(),
        part: part.to_string(),
        track: opening.map(|opening| opening.track.clone()),
        adapter: opening.and_then(|opening| opening.paths.adapter.clone()),
    };
    // Strings and whole numbers: JSON holds all of them.
    serde_json::to_value(label).unwrap_or_default()
}

/// Refuses to run or join the plan of another build.
pub(super) fn same_tool(plan: &ShardPlan) -> Result<(), ShardError> {
    let this = Tool::of_this();
    if plan.tool == this {
        return Ok(());
    }
    Err(ShardError::Tool {
        planned: plan.tool.to_string(),
        found: this.to_string(),
    })
}

/// Whether what was opened makes the pictures and the stream of the plan.
fn agrees(plan: &ShardPlan, opening: &Opening<'_>) -> Result<(), String> {
    let paths = opening.paths;
    let differs = |what: &str, here: &str, planned: &str| {
        Err(format!("{what} is {here} here, and {planned} in the plan"))
    };
    let encoder = paths.encoder.as_deref().unwrap_or("none");
    if encoder != plan.encoder {
        return differs("the encoder", encoder, &plan.encoder);
    }
    let input = paths.encoder_input.as_deref().unwrap_or("none");
    if input != plan.encoder_input {
        return differs("the encoder's input", input, &plan.encoder_input);
    }
    for option in &plan.encoder_options {
        let here = paths.encoder_options.iter().find(|here| here.key == option.key);
        let value = here.map_or("not set", |here| here.value.as_str());
        if value != option.value {
            return differs(&format!("{encoder}'s {}", option.key), value, &option.value);
        }
    }
    if let Some(more) = paths
        .encoder_options
        .iter()
        .find(|here| !plan.encoder_options.iter().any(|option| option.key == here.key))
    {
        return differs(&format!("{encoder}'s {}", more.key), &more.value, "not set");
    }
    if paths.repeats != Some(plan.settings.repeats) {
        return Err(format!(
            "repeated frames are {:?} here, and {:?} in the plan",
            paths.repeats, plan.settings.repeats
        ));
    }
    if opening.track != &plan.track {
        return Err(format!(
            "{encoder} here is another build than that of the plan: its stream has other parameters"
        ));
    }
    Ok(())
}

fn short(hash: &str) -> &str {
    hash.get(..12).unwrap_or(hash)
}
