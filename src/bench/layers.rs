//! What each part of the look costs: the same recording with the background alone, then with one part more at a time.
//!
//! Adding a layer can't make an export faster. Where a step is certainly faster than the one before it, the machine changed
//! its mind meanwhile or the measurement is wrong, and the whole result is void.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::against::{Contender, LEAST_PAIRS};
use super::error::BenchError;
use super::resources::Usage;
use super::stats::{PairedRatio, Statistics, describe, paired_ratio};

/// Parts of the look, in the order in which they are added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Part {
    /// The background alone.
    Background,
    /// The screen.
    Card,
    /// The pointer.
    Pointer,
    /// The camera.
    Camera,
    /// Zooms.
    Zoom,
    /// Motion blur.
    Blur,
    /// All that is left of the configuration: masks, texts, captions, window frame, grade, scenes, 3D camera.
    Overlays,
}

impl Part {
    const ALL: [Self; 7] = [
        Self::Background,
        Self::Card,
        Self::Pointer,
        Self::Camera,
        Self::Zoom,
        Self::Blur,
        Self::Overlays,
    ];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Card => "card",
            Self::Pointer => "pointer",
            Self::Camera => "camera",
            Self::Zoom => "zoom",
            Self::Blur => "blur",
            Self::Overlays => "overlays",
        }
    }
}

/// What the parts of a recording's look cost.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Layers {
    /// Version of this format: 1.
    pub schema_version: u32,
    /// Name of the recording.
    pub input: String,
    /// Frames of the output.
    pub frames: u64,
    /// One entry a part that the recording has, in the order in which they were added.
    pub steps: Vec<LayerStep>,
    /// Parts that change nothing about this recording and were not measured.
    pub absent: Vec<Part>,
    /// Why the result says nothing; null when it does.
    pub void: Option<String>,
}

/// An export with one part more than the one before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct LayerStep {
    /// What was added.
    pub part: Part,
    /// Every run, in the order of the rounds.
    pub runs: Vec<Usage>,
    /// Wall seconds.
    pub wall_s: Statistics,
    /// Median of what a frame takes longer than in the step before, milliseconds; null for the first step.
    pub added_ms_per_frame: Option<f64>,
    /// Wall time over that of the step before, by rounds; null for the first step.
    pub ratio: Option<PairedRatio>,
}

/// The configurations to measure: those that differ from the one before, and the parts that do not.
pub fn configurations(config: &Value) -> (Vec<(Part, Value)>, Vec<Part>) {
    let mut steps: Vec<(Part, Value)> = Vec::new();
    let mut absent = Vec::new();
    for part in Part::ALL {
        let reduced = reduced(config, part);
        if steps.last().is_some_and(|(_, before)| *before == reduced) {
            absent.push(part);
        } else {
            steps.push((part, reduced));
        }
    }
    (steps, absent)
}

/// `config` with the parts up to `part`.
fn reduced(config: &Value, part: Part) -> Value {
    let mut config = if config.is_object() {
        config.clone()
    } else {
        json!({})
    };
    if part < Part::Overlays {
        strip_overlays(&mut config);
    }
    if part < Part::Blur {
        config["screenMotionBlur"] = json!(0);
        set(&mut config, "cursor", "motionBlur", json!(0));
    }
    if part < Part::Zoom
        && let Some(zooms) = config.pointer_mut("/timeline/zoomSegments")
    {
        *zooms = json!([]);
    }
    if part < Part::Camera {
        set(&mut config, "camera", "hide", json!(true));
    }
    if part < Part::Pointer {
        set(&mut config, "cursor", "hide", json!(true));
    }
    if part < Part::Card {
        config["hideDisplay"] = json!(true);
    }
    config
}

fn strip_overlays(config: &mut Value) {
    const TRACKS: [&str; 8] = [
        "maskSegments",
        "captionSegments",
        "keyboardSegments",
        "imageSegments",
        "waveformSegments",
        "camera3dSegments",
        "sceneSegments",
        "styleSegments",
    ];
    for key in ["captions", "keyboard", "colorCorrection"] {
        if let Some(root) = config.as_object_mut() {
            root.remove(key);
        }
    }
    if let Some(background) = config.get_mut("background").and_then(Value::as_object_mut) {
        background.remove("frame");
        background.remove("notch");
    }
    let Some(timeline) = config.get_mut("timeline").and_then(Value::as_object_mut) else {
        return;
    };
    for track in TRACKS {
        timeline.remove(track);
    }
    // A fullscreen text holds the clock: it stays, without words, so that every step has as many frames.
    if let Some(texts) = timeline.get_mut("textSegments").and_then(Value::as_array_mut) {
        texts.retain(|text| text["layout"] == "fullscreen");
        for text in texts {
            text["content"] = json!("");
        }
    }
}

fn set(config: &mut Value, object: &str, key: &str, value: Value) {
    if !config[object].is_object() {
        config[object] = json!({});
    }
    config[object][key] = value;
}

/// Runs every contender once a round, in the order of the parts and the next time backwards, and judges. `frames` are those of
/// the output; `watch` hears of every round.
///
/// # Errors
/// When an export fails, or fewer rounds than [`LEAST_PAIRS`] are asked for.
pub fn measure_layers(
    contenders: &mut [(Part, Box<dyn Contender>)],
    rounds: u32,
    (input, frames): (&str, u64),
    absent: Vec<Part>,
    spread_bound: f64,
    watch: &mut dyn FnMut(u32, Part),
) -> Result<Layers, BenchError> {
    if rounds < LEAST_PAIRS {
        return Err(BenchError::Unsuited {
            what: "a measurement of layers",
            reason: format!("at least {LEAST_PAIRS} runs are needed"),
        });
    }
    let mut runs: Vec<Vec<Usage>> = contenders.iter().map(|_| Vec::new()).collect();
    // The first round warms up.
    for round in 0..=rounds {
        let mut order: Vec<usize> = (0..contenders.len()).collect();
        if round % 2 == 1 {
            order.reverse();
        }
        for index in order {
            let (part, contender) = &mut contenders[index];
            watch(round, *part);
            let usage = contender.export()?;
            if round > 0 {
                runs[index].push(usage);
            }
        }
    }
    let parts: Vec<Part> = contenders.iter().map(|(part, _)| *part).collect();
    Ok(judge(&parts, runs, (input, frames), absent, spread_bound))
}

fn judge(
    parts: &[Part],
    runs: Vec<Vec<Usage>>,
    (input, frames): (&str, u64),
    absent: Vec<Part>,
    spread_bound: f64,
) -> Layers {
    let mut steps: Vec<LayerStep> = Vec::new();
    for (&part, runs) in parts.iter().zip(runs) {
        let walls: Vec<f64> = runs.iter().map(|run| run.wall_s).collect();
        let pairs: Option<Vec<(f64, f64)>> = steps.last().map(|before| {
            let before = before.runs.iter().map(|run| run.wall_s);
            before.zip(walls.iter().copied()).collect()
        });
        let added = pairs.as_ref().map(|pairs| {
            let differences: Vec<f64> = pairs.iter().map(|(before, after)| after - before).collect();
            describe(&differences, f64::INFINITY).median * 1000.0 / frames.max(1) as f64
        });
        steps.push(LayerStep {
            part,
            wall_s: describe(&walls, spread_bound),
            added_ms_per_frame: added,
            ratio: pairs.as_deref().and_then(paired_ratio),
            runs,
        });
    }
    let faster = steps
        .iter()
        .find(|step| step.ratio.as_ref().is_some_and(|ratio| ratio.ci.high < 1.0));
    let void = faster.map(|step| {
        format!(
            "adding the {} made the export faster, which it can't: measure again on a quiet machine, with more runs",
            step.part.name()
        )
    });
    Layers {
        schema_version: 1,
        input: input.to_owned(),
        frames,
        steps,
        absent,
        void,
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixtures;
    use super::*;

    #[test]
    fn parts_are_added_one_at_a_time() {
        let config = json!({
            "background": { "padding": 10, "frame": { "style": "macOS" } },
            "cursor": { "size": 200 },
            "captions": { "segments": [], "settings": { "enabled": true } },
            "timeline": {
                "segments": [{ "timescale": 1, "start": 0, "end": 9 }],
                "zoomSegments": [{ "start": 1, "end": 2, "amount": 2, "mode": "auto" }],
                "maskSegments": [{ "start": 1, "end": 2 }],
                "textSegments": [
                    { "start": 1, "end": 2, "content": "gone" },
                    { "start": 2, "end": 3, "content": "held", "layout": "fullscreen" },
                ],
            },
        });
        let (steps, absent) = configurations(&config);
        assert!(absent.is_empty());
        let of = |part: Part| &steps.iter().find(|(of, _)| *of == part).unwrap().1;
        let bare = of(Part::Background);
        assert_eq!(
            (
                &bare["hideDisplay"],
                &bare["cursor"]["hide"],
                &bare["camera"]["hide"]
            ),
            (&json!(true), &json!(true), &json!(true))
        );
        assert_eq!(bare["background"], json!({ "padding": 10 }));
        assert_eq!(
            bare["timeline"],
            json!({
                "segments": [{ "timescale": 1, "start": 0, "end": 9 }],
                "zoomSegments": [],
                "textSegments": [{ "start": 2, "end": 3, "content": "", "layout": "fullscreen" }],
            })
        );
        assert!(of(Part::Card).get("hideDisplay").is_none());
        assert_eq!(
            of(Part::Pointer)["cursor"],
            json!({ "size": 200, "motionBlur": 0 })
        );
        assert_eq!(of(Part::Zoom)["timeline"]["zoomSegments"][0]["amount"], 2);
        assert_eq!(of(Part::Zoom)["screenMotionBlur"], 0);
        assert!(of(Part::Blur).get("screenMotionBlur").is_none());
        assert_eq!(of(Part::Overlays), &config);
    }

    #[test]
    fn parts_that_change_nothing_are_named() {
        let (steps, absent) = configurations(&json!({}));
        let measured: Vec<Part> = steps.iter().map(|(part, _)| *part).collect();
        assert_eq!(absent, [Part::Zoom, Part::Overlays]);
        assert_eq!(
            measured,
            [
                Part::Background,
                Part::Card,
                Part::Pointer,
                Part::Camera,
                Part::Blur
            ]
        );
    }

    struct Takes(Vec<f64>);

    impl Contender for Takes {
        fn export(&mut self) -> Result<Usage, BenchError> {
            Ok(fixtures::usage(self.0.pop().unwrap_or(1.0)))
        }
    }

    fn measured(of: [f64; 2]) -> Layers {
        let mut contenders: Vec<(Part, Box<dyn Contender>)> = [Part::Background, Part::Card]
            .into_iter()
            .zip(of)
            .map(|(part, wall)| {
                let walls = (0..7).map(|run| wall + 0.01 * f64::from(run)).collect();
                (part, Box::new(Takes(walls)) as Box<dyn Contender>)
            })
            .collect();
        let mut order = Vec::new();
        let layers = measure_layers(
            &mut contenders,
            6,
            ("demo.cap", 100),
            Vec::new(),
            0.1,
            &mut |round, part| order.push((round, part)),
        )
        .unwrap();
        assert_eq!(
            order[..4],
            [
                (0, Part::Background),
                (0, Part::Card),
                (1, Part::Card),
                (1, Part::Background)
            ]
        );
        layers
    }

    #[test]
    fn a_part_costs_what_the_rounds_differ_by() {
        let layers = measured([2.0, 3.0]);
        assert_eq!(layers.steps[0].added_ms_per_frame, None);
        let added = layers.steps[1].added_ms_per_frame.unwrap();
        assert!((added - 10.0).abs() < 1e-9, "{added}");
        assert_eq!((layers.steps[1].runs.len(), &layers.void), (6, &None));
    }

    #[test]
    fn a_part_that_makes_it_faster_makes_the_result_void() {
        let layers = measured([3.0, 2.0]);
        assert!(layers.void.unwrap().contains("card"));
    }

    #[test]
    fn too_few_rounds_are_refused() {
        let refused = measure_layers(&mut [], 4, ("demo.cap", 1), Vec::new(), 0.1, &mut |_, _| {});
        assert!(matches!(refused, Err(BenchError::Unsuited { .. })));
    }
}
