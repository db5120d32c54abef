//! Results as measurements give them, with chosen numbers, for the tests of this room.

use super::baseline::{Baseline, RanPaths, SCHEMA_VERSION, Settings};
use super::floor::{FloorReport, FloorRun};
use super::gpu_use::GpuUse;
use super::input::{Input, InputVideo};
use super::machine::Machine;
use super::resources::{MemoryPoint, Usage};
use super::run::Run;
use super::runner::ExportRun;
use super::summary::summarise;
use super::tool::Tool;
use crate::export::{ExportReport, ExportSettings, Paths, StageReport};
use crate::frame::Size;

const SIZE: Size = Size::new(1920, 1080);

pub(super) fn usage(wall_s: f64) -> Usage {
    Usage {
        wall_s,
        user_s: wall_s * 1.4,
        system_s: wall_s * 0.1,
        cpu_percent: 150.0,
        cpu_percent_peak: Some(190.0),
        peak_rss_bytes: 300 << 20,
        peak_rss_exact: true,
        mean_rss_bytes: 250 << 20,
        memory: vec![
            MemoryPoint {
                at_s: 0.0,
                rss_bytes: 100 << 20,
            },
            MemoryPoint {
                at_s: wall_s / 2.0,
                rss_bytes: 300 << 20,
            },
        ],
    }
}

fn stage(stage: &str, thread: &str, busy_s: f64) -> StageReport {
    StageReport {
        stage: stage.to_owned(),
        thread: thread.to_owned(),
        frames: 300,
        bytes: 1 << 30,
        busy_s,
        wait_input_s: 1.0,
        wait_output_s: 0.5,
        unaccounted_s: 0.1,
        p50_ms: busy_s / 0.3,
        p95_ms: busy_s / 0.2,
        max_ms: busy_s / 0.1,
    }
}

pub(super) fn report() -> ExportReport {
    ExportReport {
        path: None,
        bytes: 4_000_000,
        frames: 300,
        composed_frames: 200,
        coded_pictures: 210,
        written_pictures: 300,
        pictures: crate::export::PictureKinds {
            whole: 210,
            region: 0,
            still: 90,
        },
        regions: None,
        size: SIZE,
        duration_s: 10.0,
        wall_s: 9.5,
        first_frame_s: Some(0.4),
        fps: 31.0,
        settings: ExportSettings::default(),
        paths: Paths {
            encoder: Some("libx264".to_owned()),
            sound: "none".to_owned(),
            ..Paths::default()
        },
        fallbacks: Vec::new(),
        stages: vec![
            stage("decode", "decode", 2.0),
            stage("render", "render", 3.0),
            stage("upload", "render", 1.0),
            stage("readback", "render", 3.5),
            stage("convert", "convert", 0.5),
            stage("encode", "encode", 6.0),
            stage("mux", "mux", 0.1),
        ],
        unrendered: Vec::new(),
        warnings: Vec::new(),
        confinement: None,
    }
}

pub(super) fn export_run(wall_s: f64) -> ExportRun {
    ExportRun {
        started_at_s: 1.0,
        load_before: Some(0.5),
        usage: usage(wall_s),
        gpu: GpuUse::unknown("the adapter computes on the CPU"),
        report: report(),
    }
}

pub(super) fn floor_run(wall_s: f64) -> FloorRun {
    FloorRun {
        started_at_s: 2.0,
        usage: usage(wall_s),
        report: FloorReport {
            frames: 300,
            bytes: 3_900_000,
            decoders: vec!["h264".to_owned()],
            encoder: "libx264".to_owned(),
            encoder_options: Vec::new(),
            size: SIZE,
            scaled_from: None,
            decode_busy_s: 1.0,
            encode_busy_s: 4.0,
        },
    }
}

/// Runs of so many wall seconds.
pub(super) fn runs(walls: &[f64]) -> Vec<Run> {
    walls.iter().map(|wall| Run::new(export_run(*wall))).collect()
}

/// A baseline of runs of so many wall seconds.
pub(super) fn baseline(walls: &[f64]) -> Baseline {
    let runs = runs(walls);
    let tool = Tool::of_this(&std::env::current_exe().unwrap()).unwrap();
    let machine = Machine::of_this();
    Baseline {
        schema_version: SCHEMA_VERSION,
        tool,
        adapter: None,
        input: Input {
            name: "demo.cap".to_owned(),
            sha256: "00".repeat(32),
            bytes: 1_000_000,
            videos: vec![InputVideo {
                segment: 0,
                track: "display".to_owned(),
                codec: "h264".to_owned(),
                pixel_format: "yuv420p".to_owned(),
                size: SIZE,
                fps: Some(30.0),
                frames: Some(300),
                duration_s: 10.0,
            }],
            duration_s: 10.0,
            frames: 300,
            output_size: SIZE,
        },
        settings: Settings {
            export: ExportSettings::default(),
            warmup: 1,
            runs: walls.len() as u32,
            floor: false,
            own_floor: false,
            spread_bound: 0.05,
        },
        paths: RanPaths {
            ran: report().paths,
            fallbacks: Vec::new(),
            unrendered: Vec::new(),
            warnings: Vec::new(),
            same_in_all_runs: true,
        },
        summary: summarise(&runs, vec![12.0], machine.cores, 0.05),
        machine,
        runs,
        floor: None,
        own_floor: None,
        quality: None,
    }
}
