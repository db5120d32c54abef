//! What a plan says, and what does not fit it.

use std::fs;
use std::path::Path;

use capstan::export::{Cancel, ExportError, Unobserved};
use capstan::media::encode::Quality;
use capstan::render::RenderError;
use capstan::shard::{self, PartId, PartRequest, ShardError, ShardPlan};
use serde_json::Value;

use super::{Shards, take};
use crate::common::{self, Mp4, Recording, capstan, fixture, names, run};

#[test]
fn what_does_not_fit_the_plan_is_refused() {
    let recording = take();
    let shards = Shards::plan(&recording.path(), 2, &common::SMALL);
    shards.run("7").assert_code(2);
    assert!(shards.run("7").stderr.contains("0 to 1 and sound"));

    // Another recording, in the same place and elsewhere.
    let config = recording.place("project-config.json");
    let text = fs::read_to_string(&config).unwrap();
    fs::write(&config, text.replace("[0,0,0]", "[1,0,0]")).unwrap();
    shards.run("0").assert_error(&["was changed since"]);
    shards.run("sound").assert_error(&["was changed since"]);
    fs::write(&config, &text).unwrap();
    let other = fixture("desk");
    let elsewhere = run(&mut shards.command("0", &["--recording", other.to_str().unwrap()]));
    elsewhere.assert_error(&["is not the recording"]);
    let copy = shards.at("moved.cap");
    common::copy_folder(&recording.path(), &copy);
    run(&mut shards.command("0", &["--recording", copy.to_str().unwrap()])).assert_code(0);
    fs::remove_file(shards.file("0")).unwrap();

    // An edited plan.
    let file = shards.at("plan.json");
    let plan = fs::read_to_string(&file).unwrap();
    fs::write(
        &file,
        plan.replace("\"requested_parts\": 2", "\"requested_parts\": 3"),
    )
    .unwrap();
    shards.run("0").assert_error(&["was changed after it was made"]);
    fs::write(&file, &plan).unwrap();

    // Another build, another encoder, other options, another stream.
    let plan = ShardPlan::read(&file).unwrap();
    let refuses = |change: &dyn Fn(&mut ShardPlan), words: &[&str]| {
        let mut plan = plan.clone();
        change(&mut plan);
        let request = PartRequest {
            part: PartId::Video(0),
            folder: shards.at("parts"),
            recording: None,
        };
        let error = shard::run(&plan, &request, &Cancel::new(), &mut Unobserved).unwrap_err();
        if matches!(
            &error,
            ShardError::Export(ExportError::Render(RenderError::NoAdapter))
        ) {
            return;
        }
        for word in words {
            assert!(error.to_string().contains(word), "{word:?} is not said: {error}");
        }
    };
    refuses(
        &|plan| plan.tool.version = "0.0.1".to_owned(),
        &["capstan 0.0.1", "same build"],
    );
    refuses(&|plan| plan.tool.ffmpeg = "1.0".to_owned(), &["FFmpeg 1.0"]);
    refuses(
        &|plan| plan.encoder = "h264_nvenc".to_owned(),
        &["the encoder is libx264 here"],
    );
    refuses(
        &|plan| {
            let threads = plan
                .encoder_options
                .iter_mut()
                .find(|option| option.key == "threads");
            threads.unwrap().value = "77".to_owned();
        },
        &["libx264's threads", "77 in the plan"],
    );
    refuses(
        &|plan| plan.track.parameter_sets = "00".to_owned(),
        &["another build"],
    );
    refuses(&|plan| plan.track.level += 1, &["another build"]);
    assert!(!shards.file("0").exists());
    assert_eq!(
        plan.settings.rate,
        capstan::export::Rate::Quality(Quality::Maximum)
    );
}

#[test]
fn short_outputs_make_fewer_parts_and_say_so() {
    let recording = Recording::moving("64x48", 3.0);
    let folder = tempfile::tempdir().unwrap();
    let mut command = capstan();
    command
        .args(["shard", "plan"])
        .arg(recording.path())
        .args(["--parts", "16", "--fps", "30"]);
    let planned = run(command.arg("-o").arg(folder.path().join("plan.json")));
    planned.assert_code(0);
    assert!(
        planned.stderr.contains("2 parts of 90 frames"),
        "{}",
        planned.stderr
    );
    assert!(planned.stderr.contains("16 were asked for"), "{}", planned.stderr);
    // Not over a file that is there, and not into the recording.
    let mut command = capstan();
    command
        .args(["shard", "plan"])
        .arg(recording.path())
        .args(["--parts", "2"]);
    run(command.arg("-o").arg(folder.path().join("plan.json"))).assert_code(2);
    let mut command = capstan();
    command
        .args(["shard", "plan"])
        .arg(recording.path())
        .args(["--parts", "2"]);
    run(command.arg("-o").arg(recording.place("plan.json"))).assert_code(2);
    // Nothing to divide, and nothing to encode.
    let mut command = capstan();
    command
        .args(["shard", "plan"])
        .arg(fixture("instant"))
        .args(["--parts", "2"]);
    run(command.arg("-o").arg(folder.path().join("b.json")))
        .assert_error(&["instant recording", "capstan export"]);
    let mut command = capstan();
    command
        .args(["shard", "plan", "--encoder", "none"])
        .arg(recording.path())
        .args(["--parts", "2"]);
    run(command.arg("-o").arg(folder.path().join("b.json"))).assert_code(2);
    assert_eq!(names(folder.path()), ["plan.json"]);
}

#[test]
fn engines_name_the_part() {
    let recording = Recording::moving("64x48", 5.0);
    let shards = Shards::plan(&recording.path(), 2, &["--fps", "30"]);
    for (variable, index) in [
        ("SLURM_ARRAY_TASK_ID", "0"),
        ("JOB_COMPLETION_INDEX", "1"),
        ("HQ_TASK_ID", "2"),
    ] {
        let mut command = capstan();
        command
            .args(["shard", "run"])
            .arg(shards.at("plan.json"))
            .arg("-o")
            .arg(shards.at("parts"));
        run(command.env(variable, index)).assert_code(0);
    }
    shards.joined().assert_plays_everywhere(150);
    let mut command = capstan();
    command
        .args(["shard", "run"])
        .arg(shards.at("plan.json"))
        .arg("-o")
        .arg(shards.at("parts"));
    let refused = run(&mut command);
    refused.assert_code(2);
    assert!(
        refused.stderr.contains("SLURM_ARRAY_TASK_ID"),
        "{}",
        refused.stderr
    );
}

#[test]
fn the_published_schema_is_that_of_the_types_and_holds_for_plans() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/shard-plan.schema.json");
    let published: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    let printed = run(capstan().args(["shard", "schema"]));
    assert!(
        serde_json::from_str::<Value>(&printed.stdout).unwrap() == published,
        "renew it: cargo run -- shard schema > docs/shard-plan.schema.json"
    );
    jsonschema::meta::validate(&published).unwrap();
    let recording = take();
    let plan = Shards::plan(&recording.path(), 2, &common::SMALL).plan;
    let validator = jsonschema::validator_for(&published).unwrap();
    let errors: Vec<String> = validator
        .iter_errors(&plan)
        .map(|error| error.to_string())
        .collect();
    assert!(errors.is_empty(), "{errors:?}");
}

#[test]
fn a_confined_plan_is_made_run_and_joined_behind_walls() {
    let recording = take();
    let free = Shards::plan(&recording.path(), 2, &common::SMALL);
    let refused = run(&mut free.command("0", &["--confined"]));
    refused.assert_error(&["made without --confined", "make it with --confined"]);
    assert!(!free.file("0").exists());

    let shards = Shards::plan(
        &recording.path(),
        2,
        &[&common::SMALL[..], &["--confined"]].concat(),
    );
    assert_eq!(shards.plan["settings"]["confined"], true);
    let mut told = Vec::new();
    // The plan says it: the flag only insists.
    for (part, flags) in [("0", &[][..]), ("1", &["--confined"]), ("sound", &[])] {
        let made = run(&mut shards.command(part, flags));
        made.assert_code(0);
        told.push(made.events()[0]["confinement"].clone());
    }
    let joined = shards.join("out.mp4");
    joined.assert_code(0);
    told.push(joined.events()[0]["confinement"].clone());
    Mp4::read(&shards.at("out.mp4")).assert_plays_everywhere(shards.frames());
    for confinement in told {
        if confinement["landlock"]["abi"].is_null() {
            common::skipped(&format!("no wall here: {confinement}"));
            return;
        }
        let refused = confinement["refused"].as_array().unwrap();
        for guard in ["files", "network", "programs"] {
            assert!(refused.iter().any(|it| it == guard), "{confinement:#}");
        }
    }

    // A picture outside is not painted, and not looked for either.
    let outside = recording.outside().join("secret.png");
    image::RgbImage::from_pixel(64, 64, image::Rgb([255, 0, 0]))
        .save(&outside)
        .unwrap();
    recording.config(&serde_json::json!({ "source": { "type": "image", "path": outside }, "padding": 40 }));
    let shards = Shards::plan(
        &recording.path(),
        1,
        &[&common::SMALL[..], &["--confined"]].concat(),
    );
    let unrendered = shards.plan["unrendered"].to_string();
    assert!(unrendered.contains("background.source.path"), "{unrendered}");
    let made = shards.run("0");
    made.assert_code(0);
    assert!(
        made.stderr.contains("background.source.path is not rendered"),
        "{}",
        made.stderr
    );
}
