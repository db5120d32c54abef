//! Takes a fragmented MP4 apart into the files a recorder leaves behind (cap-format.md 3.2 and 3.3).

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use super::mp4::{be32, be64, boxes, find};
use super::{SynthError, io_error};

/// A piece that was written.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// File name, `segment_001.m4s` and so on.
    pub name: String,
    /// Seconds from its first picture to the next piece's (to the end for the last).
    pub seconds: f64,
    /// Bytes.
    pub size: u64,
}

/// Writes `init.mp4` and `segment_NNN.m4s` of the fragmented MP4 `file`, which lasts `seconds`, into `folder`.
///
/// # Errors
/// [`SynthError`] when a file cannot be read or written, or `file` is not a fragmented MP4.
pub fn split(file: &Path, folder: &Path, seconds: f64) -> Result<Vec<Piece>, SynthError> {
    let bytes = fs::read(file).map_err(io_error("read", file))?;
    let broken = |reason| SynthError::Boxes {
        path: file.into(),
        reason,
    };
    let top = boxes(&bytes, 0..bytes.len());
    // 14496-12 8.4.2: version 1 has two 64-bit fields before the time scale.
    let timescale = find(&bytes, 0..bytes.len(), &[*b"moov", *b"trak", *b"mdia", *b"mdhd"])
        .and_then(|mdhd| {
            be32(
                &bytes,
                mdhd.start + if bytes.get(mdhd.start) == Some(&1) { 20 } else { 12 },
            )
        })
        .ok_or_else(|| broken("it has no media header"))?;
    let first = top
        .iter()
        .position(|found| found.kind == *b"moof")
        .ok_or_else(|| broken("it has no fragment"))?;
    let write = |name: &str, data: &[u8]| {
        let path = folder.join(name);
        fs::write(&path, data).map_err(io_error("write", &path))
    };
    write("init.mp4", &bytes[..top[first].whole.start])?;

    let starts: Vec<_> = top.iter().filter(|found| found.kind == *b"moof").collect();
    let mut times = Vec::new();
    for moof in &starts {
        // 14496-12 8.8.12: 64 bits in version 1.
        let ticks = find(&bytes, moof.contents.clone(), &[*b"traf", *b"tfdt"])
            .and_then(|tfdt| match bytes.get(tfdt.start) {
                Some(1) => be64(&bytes, tfdt.start + 4),
                _ => be32(&bytes, tfdt.start + 4).map(u64::from),
            })
            .ok_or_else(|| broken("a fragment has no decode time"))?;
        times.push(ticks as f64 / f64::from(timescale));
    }
    let mut pieces = Vec::new();
    for (index, moof) in starts.iter().enumerate() {
        let mdat = top
            .iter()
            .find(|found| found.whole.start >= moof.whole.end && found.kind == *b"mdat")
            .ok_or_else(|| broken("a fragment has no data"))?;
        let data = &bytes[moof.whole.start..mdat.whole.end];
        let name = format!("segment_{:03}.m4s", index + 1);
        write(&name, data)?;
        let end = times.get(index + 1).copied().unwrap_or(seconds);
        pieces.push(Piece {
            name,
            seconds: ((end - times[index]) * 1000.0).round() / 1000.0,
            size: data.len() as u64,
        });
    }
    Ok(pieces)
}

/// Cuts the second half off a piece, as a crash does, and gives it the name `name` in the same folder: a piece that is being
/// written is called `.m4s.tmp`.
///
/// # Errors
/// [`SynthError`] when a file cannot be read or written.
pub fn tear(folder: &Path, piece: &Piece, name: &str) -> Result<(), SynthError> {
    let path = folder.join(&piece.name);
    let bytes = fs::read(&path).map_err(io_error("read", &path))?;
    fs::remove_file(&path).map_err(io_error("remove", &path))?;
    let torn = folder.join(name);
    fs::write(&torn, &bytes[..bytes.len() / 2]).map_err(io_error("write", &torn))
}

/// `manifest.json` of type `m4s_segments`. With `open`, the last piece is still being written.
pub fn manifest(pieces: &[Piece], open: bool, seconds: f64) -> Value {
    let entries: Vec<Value> = pieces
        .iter()
        .enumerate()
        .map(|(index, piece)| {
            if open && index + 1 == pieces.len() {
                json!({ "path": piece.name, "index": index + 1, "duration": 0.0, "is_complete": false })
            } else {
                json!({
                    "path": piece.name, "index": index + 1, "duration": piece.seconds, "is_complete": true,
                    "file_size": piece.size,
                })
            }
        })
        .collect();
    let mut manifest = json!({
        "version": 5, "type": "m4s_segments", "init_segment": "init.mp4", "segments": entries, "is_complete": !open,
    });
    if !open {
        manifest["total_duration"] = json!(seconds);
    }
    manifest
}
