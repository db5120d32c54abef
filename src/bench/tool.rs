//! The program that is measured: version, commit, build, libraries.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::error::BenchError;
use crate::media::ffmpeg;

/// What was measured.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Tool {
    /// capstan.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Commit it was built from; null when it was not built in a git checkout.
    pub commit: Option<String>,
    /// Whether the checkout differed from that commit.
    pub modified: Option<bool>,
    /// Cargo's profile: release or debug.
    pub profile: String,
    /// Target triple.
    pub target: String,
    /// SHA-256 of the executable: the same build, whatever its commit.
    pub executable_sha256: String,
    /// FFmpeg libraries that it runs with.
    pub ffmpeg: FfmpegLibraries,
}

/// Versions of FFmpeg's libraries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FfmpegLibraries {
    /// Release as FFmpeg names it.
    pub release: String,
    /// libavcodec.
    pub avcodec: String,
    /// libavformat.
    pub avformat: String,
    /// libavutil.
    pub avutil: String,
    /// libswscale.
    pub swscale: String,
    /// libswresample.
    pub swresample: String,
}

impl Tool {
    /// This program, whose file is `executable`.
    ///
    /// # Errors
    /// When the file can't be read.
    pub fn of_this(executable: &Path) -> io::Result<Self> {
        let versions = ffmpeg::versions();
        Ok(Self {
            name: env!("CARGO_PKG_NAME").to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            commit: option_env!("CAPSTAN_COMMIT").map(str::to_owned),
            modified: option_env!("CAPSTAN_MODIFIED").map(|modified| modified == "true"),
            profile: env!("CAPSTAN_PROFILE").to_owned(),
            target: env!("CAPSTAN_TARGET").to_owned(),
            executable_sha256: hex(&hash_file(executable)?),
            ffmpeg: FfmpegLibraries {
                release: versions.release,
                avcodec: versions.avcodec,
                avformat: versions.avformat,
                avutil: versions.avutil,
                swscale: versions.swscale,
                swresample: versions.swresample,
            },
        })
    }
}

/// SHA-256 of a file in hexadecimal digits.
///
/// # Errors
/// When it can't be read.
pub fn sha256_of(path: &Path) -> Result<String, BenchError> {
    let read = |source| BenchError::Io {
        action: "read",
        path: path.to_owned(),
        source,
    };
    Ok(hex(&hash_file(path).map_err(read)?))
}

/// SHA-256 of a file's bytes.
pub(super) fn hash_file(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            return Ok(hash.finalize().into());
        }
        hash.update(&buffer[..read]);
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_hash_as_everywhere() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "abc").unwrap();
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hex(&hash_file(file.path()).unwrap()), expected);
        assert!(hash_file(Path::new("/does/not/exist")).is_err());
    }

    #[test]
    fn this_program_knows_itself() {
        let tool = Tool::of_this(&std::env::current_exe().unwrap()).unwrap();
        assert_eq!(tool.name, "capstan");
        assert!(tool.target.contains(std::env::consts::ARCH) && tool.executable_sha256.len() == 64);
    }
}
