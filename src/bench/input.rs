//! The recording that is measured: what it is, by name and hash.

use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::BenchError;
use super::tool::{hash_file, hex};
use crate::cap::{self, OpenOptions, Opened};
use crate::export::{self, ExportSettings};
use crate::frame::Size;
use crate::media::probe::{VideoInfo, probe_video};

/// What is exported.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Input {
    /// Name of the recording's folder.
    pub name: String,
    /// SHA-256 over the names and contents of all its files.
    pub sha256: String,
    /// Sum of the sizes of its files.
    pub bytes: u64,
    /// Its video tracks.
    pub videos: Vec<InputVideo>,
    /// Seconds of the output.
    pub duration_s: f64,
    /// Frames of the output.
    pub frames: u64,
    /// Size of the output.
    pub output_size: Size,
}

/// A video track of the recording.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InputVideo {
    /// Recording segment.
    pub segment: usize,
    /// display or camera.
    pub track: String,
    /// FFmpeg's name of the codec.
    pub codec: String,
    /// FFmpeg's name of the pixel format.
    pub pixel_format: String,
    /// Picture size as it is shown.
    pub size: Size,
    /// Pictures per second on average.
    pub fps: Option<f64>,
    /// Number of pictures.
    pub frames: Option<u64>,
    /// Seconds.
    pub duration_s: f64,
}

impl InputVideo {
    fn new(segment: usize, track: &str, info: &VideoInfo) -> Self {
        Self {
            segment,
            track: track.to_owned(),
            codec: info.codec.clone(),
            pixel_format: info.pixel_format.clone(),
            size: info.size,
            fps: info.average_rate,
            frames: info.frames,
            duration_s: info.duration,
        }
    }
}

impl Input {
    /// Looks at the recording in the folder `root` as it is exported with `settings`.
    ///
    /// # Errors
    /// When it can't be read.
    pub fn of(root: &Path, settings: &ExportSettings) -> Result<Self, BenchError> {
        let options = OpenOptions {
            config_override: settings.config.clone(),
        };
        let opened = cap::open(root, &options).map_err(export::ExportError::from)?;
        let (sha256, bytes) = hash_folder(root).map_err(|source| BenchError::Io {
            action: "read the files of",
            path: root.to_owned(),
            source,
        })?;
        let name = root
            .file_name()
            .unwrap_or(root.as_os_str())
            .to_string_lossy()
            .into_owned();
        let mut input = Self {
            name,
            sha256,
            bytes,
            videos: Vec::new(),
            duration_s: 0.0,
            frames: 0,
            output_size: Size::new(0, 0),
        };
        match opened {
            Opened::Studio(recording) => {
                let plan = export::plan(*recording, settings)?;
                for (segment, media) in plan.media.iter().enumerate() {
                    input
                        .videos
                        .push(InputVideo::new(segment, "display", &media.display));
                    input.videos.extend(
                        media
                            .camera
                            .as_ref()
                            .map(|info| InputVideo::new(segment, "camera", info)),
                    );
                }
                input.frames = plan.scene.frame_count();
                input.duration_s = input.frames as f64 / f64::from(settings.frame_rate.fps());
                input.output_size = plan.scene.output_size();
            }
            Opened::Instant(recording) => {
                let info = probe_video(&recording.video).map_err(export::ExportError::from)?;
                input.videos.push(InputVideo::new(0, "display", &info));
                (input.frames, input.duration_s) = (info.frames.unwrap_or(0), info.duration);
                input.output_size = info.size;
            }
        }
        Ok(input)
    }
}

/// SHA-256 over path, length and content of every file below `root`, in the order of their paths, and their sizes' sum.
/// Links are not followed.
fn hash_folder(root: &Path) -> io::Result<(String, u64)> {
    let mut files = Vec::new();
    gather(root, &mut files)?;
    files.sort();
    let mut hash = Sha256::new();
    let mut bytes = 0;
    for file in &files {
        let relative = file.strip_prefix(root).unwrap_or(file).to_string_lossy();
        let length = file.metadata()?.len();
        hash.update((relative.len() as u64).to_le_bytes());
        hash.update(relative.as_bytes());
        hash.update(length.to_le_bytes());
        hash.update(hash_file(file)?);
        bytes += length;
    }
    Ok((hex(&hash.finalize()), bytes))
}

fn gather(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in folder.read_dir()? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if kind.is_dir() {
            gather(&entry.path(), files)?;
        } else if kind.is_file() {
            files.push(entry.path());
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_tells_names_and_contents_apart_and_nothing_else() {
        let make = |files: &[(&str, &str)]| {
            let folder = tempfile::tempdir().unwrap();
            for (name, text) in files {
                let path = folder.path().join(name);
                std::fs::create_dir_all(path.parent().unwrap()).unwrap();
                std::fs::write(path, text).unwrap();
            }
            hash_folder(folder.path()).unwrap()
        };
        let (first, bytes) = make(&[("a", "1"), ("sub/b", "22")]);
        assert_eq!(
            (make(&[("sub/b", "22"), ("a", "1")]).0.as_str(), bytes),
            (first.as_str(), 3)
        );
        for other in [
            &[("a", "1"), ("b", "22")][..],
            &[("a", "2"), ("sub/b", "22")],
            &[("a", "12"), ("sub/b", "2")],
        ] {
            assert_ne!(make(other).0, first);
        }
    }
}
