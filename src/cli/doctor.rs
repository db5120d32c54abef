//! `capstan doctor`: what this machine offers an export.

use serde::Serialize;

use super::Exit;
use super::args::DoctorArgs;
use crate::confine::{self, Confinement};
use crate::media::decode::{HardwareProbe, probe_hardware};
use crate::media::encode::{EncoderProbe, preferred_encoders, probe_encoders};
use crate::media::ffmpeg::{Versions, versions};
use crate::render::{AdapterReport, adapters};

/// Everything that was found.
#[derive(Debug, Serialize)]
struct Findings {
    capstan: &'static str,
    ffmpeg: Versions,
    adapters: Vec<AdapterReport>,
    hardware_decoders: Vec<HardwareProbe>,
    encoders: Vec<EncoderProbe>,
    /// The encoder that an export takes unless it is told otherwise.
    export_encoder: Option<&'static str>,
    /// What the kernel would refuse an export with `--confined`.
    confinement: Confinement,
    /// Whether an export can run: an adapter and an encoder that open.
    can_export: bool,
}

/// Runs the subcommand.
pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<Exit> {
    let encoders = probe_encoders();
    let adapters = adapters();
    let opened = |name: &&str| {
        encoders
            .iter()
            .any(|encoder| encoder.opened && encoder.name == *name)
    };
    let export_encoder = preferred_encoders().into_iter().find(opened);
    let findings = Findings {
        capstan: env!("CARGO_PKG_VERSION"),
        ffmpeg: versions(),
        can_export: !adapters.is_empty() && export_encoder.is_some(),
        export_encoder,
        adapters,
        hardware_decoders: probe_hardware(),
        encoders,
        confinement: confine::trial(),
    };
    if args.json {
        super::print_exactly(&format!("{}\n", serde_json::to_string_pretty(&findings)?))?;
    } else {
        super::print(&describe(&findings))?;
    }
    Ok(if findings.can_export {
        Exit::Done
    } else {
        Exit::Failed
    })
}

fn describe(findings: &Findings) -> String {
    let mut text = format!("capstan {}\n\nGPU adapters\n", findings.capstan);
    for adapter in &findings.adapters {
        let software = if adapter.software { ", software" } else { "" };
        text += &format!(
            "  {} ({}{software}) {} {}\n",
            adapter.name, adapter.backend, adapter.driver, adapter.driver_info
        );
    }
    if findings.adapters.is_empty() {
        text += "  none: install a Vulkan driver (Debian and Ubuntu: mesa-vulkan-drivers and libvulkan1)\n";
    }
    let ffmpeg = &findings.ffmpeg;
    text += &format!(
        "\nFFmpeg {}\n  libavcodec {}, libavformat {}, libavutil {}, libswscale {}, libswresample {}, libavfilter {}\n",
        ffmpeg.release,
        ffmpeg.avcodec,
        ffmpeg.avformat,
        ffmpeg.avutil,
        ffmpeg.swscale,
        ffmpeg.swresample,
        ffmpeg.avfilter
    );
    text += "\nHardware decoding\n";
    for probe in &findings.hardware_decoders {
        text += &format!(
            "  {}: {}\n",
            probe.name,
            probe.reason.as_deref().unwrap_or("opens")
        );
    }
    if findings.hardware_decoders.is_empty() {
        text += "  this FFmpeg has none\n";
    }
    let (work, fail): (Vec<_>, Vec<_>) = findings.encoders.iter().partition(|encoder| encoder.opened);
    text += "\nH.264 encoders that work\n";
    for encoder in &work {
        let taken = if findings.export_encoder == Some(encoder.name.as_str()) {
            " (an export takes this one)"
        } else {
            ""
        };
        text += &format!(
            "  {}{taken}: takes {}\n",
            encoder.name,
            encoder.pixel_formats.join(", ")
        );
    }
    if work.is_empty() {
        text += "  none: install an FFmpeg that is built with libx264 or libopenh264\n";
    }
    text += "\nH.264 encoders that don't work here\n";
    for encoder in &fail {
        text += &format!("  {}: {}\n", encoder.name, encoder.reason);
    }
    if fail.is_empty() {
        text += "  none\n";
    }
    let confinement = &findings.confinement;
    text += "\nConfinement (--confined)\n";
    for (name, wall) in [
        ("Landlock", &confinement.landlock),
        ("seccomp", &confinement.seccomp),
    ] {
        let works = if wall.stands {
            "works"
        } else {
            "does not work here"
        };
        text += &format!("  {name}: {works}: {}\n", wall.detail);
    }
    text += &format!("  {}\n", confinement.describe());
    for missing in &confinement.missing {
        text += &format!("  not kept out: {}: {}\n", missing.guard.describe(), missing.why);
    }
    if !findings.can_export {
        text += "\nAn export can't run here: it needs an adapter and an encoder that open.\n";
    }
    text
}
