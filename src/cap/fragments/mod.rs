//! Tracks that were never joined into one file: which pieces belong to them, in which order (cap-format.md 3).

mod boxes;
mod listing;
mod manifest;

use std::path::PathBuf;
use std::time::Duration;

pub(super) use self::boxes::decodes_alone;
use self::boxes::{PieceState, piece_state};
use self::listing::{Listing, Piece};
use self::manifest::Manifest;
use super::json;
use super::paths::Root;
use super::problem::Problems;
use super::recording::FragmentGroup;

/// Smaller pieces hold no media (cap-format.md 3.5).
const MIN_PIECE_BYTES: u64 = 100;
const INIT: &str = "init.mp4";
const MANIFEST: &str = "manifest.json";

/// What a fragment folder holds.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    /// Groups in order of time; empty when nothing is usable.
    pub(super) groups: Vec<FragmentGroup>,
    /// Bytes of all pieces, init segments aside.
    pub(super) bytes: u64,
    /// Nominal rate from the manifest.
    pub(super) frame_rate: Option<u32>,
}

/// Which pieces being written at the end are taken for whole ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rescue {
    /// Structurally complete `.m4s.tmp` files, as Cap does for the screen.
    Complete,
    /// None.
    Nothing,
}

/// The pieces of the fragment folder `folder`, a path inside the recording, chosen by the rules of cap-format.md 3.5.
/// What is left out is noted as a warning; what leads out of the folder as an error.
pub(super) fn collect(root: &Root, folder: &str, rescue: Rescue, problems: &mut Problems) -> Fragments {
    let Some(listing) = Listing::read(root, folder, problems) else {
        return Fragments::default();
    };
    let manifest = read_manifest(root, folder, &listing, problems);
    let mut found = main_set(folder, &listing, manifest.as_ref(), rescue, problems);
    found.frame_rate = manifest.as_ref().and_then(Manifest::frame_rate);
    for respawn in listing.respawns() {
        let folder = format!("{folder}/{respawn}");
        let group = Listing::read(root, &folder, problems).and_then(|listing| {
            let init = listing.get(INIT)?;
            let pieces = whole_pieces(&folder, listing.numbered_pieces(), problems);
            (!pieces.is_empty()).then(|| with_init(init, &pieces))
        });
        match group {
            Some((group, bytes)) => {
                found.groups.push(group);
                found.bytes += bytes;
            }
            None => problems.warn(&folder, "", "holds no init segment with pieces; left out"),
        }
    }
    found
}

fn read_manifest(root: &Root, folder: &str, listing: &Listing, problems: &mut Problems) -> Option<Manifest> {
    let name = format!("{folder}/{MANIFEST}");
    listing.get(MANIFEST)?;
    let fallback = "the pieces in the folder are used instead";
    let bytes = match root
        .file(&name)
        .map_err(|fault| fault.to_string())
        .and_then(|path| json::read(&path, json::CONFIG_LIMIT).map_err(|fault| fault.to_string()))
    {
        Ok(bytes) => bytes,
        Err(fault) => {
            problems.warn(&name, "", format!("{fault}; {fallback}"));
            return None;
        }
    };
    match json::parse::<Manifest>(&bytes) {
        Ok(manifest) => {
            for odd in manifest.oddities() {
                problems.warn(&name, &odd.path, odd.message);
            }
            Some(manifest)
        }
        Err(issues) => {
            for issue in issues {
                problems.warn(&name, &issue.path, format!("{}; {fallback}", issue.message));
            }
            None
        }
    }
}

/// The pieces of the folder itself, respawned groups aside.
fn main_set(
    folder: &str,
    listing: &Listing,
    manifest: Option<&Manifest>,
    rescue: Rescue,
    problems: &mut Problems,
) -> Fragments {
    let init = listing.get(manifest.and_then(Manifest::init_name).unwrap_or(INIT));
    if let Some(manifest) = manifest {
        let pieces = listed_pieces(folder, listing, manifest, problems);
        match init.filter(|_| manifest.has_init()) {
            Some(init) if !pieces.is_empty() => return one_group(init, &pieces),
            Some(_) => {}
            None => {
                let pieces = decodable(pieces);
                if !pieces.is_empty() {
                    return groups_of_one(&pieces);
                }
            }
        }
        if !manifest.entries().is_empty() {
            let name = format!("{folder}/{MANIFEST}");
            problems.warn(
                name,
                "",
                "none of the pieces it lists is usable; the pieces in the folder are used instead",
            );
        }
    }
    if let Some(init) = init {
        let mut pieces = listing.pieces_named(".m4s");
        if rescue == Rescue::Complete {
            pieces.extend(rescued(folder, listing, problems));
            pieces.sort_by(Piece::in_order);
        }
        let pieces = whole_pieces(folder, pieces, problems);
        if !pieces.is_empty() {
            return one_group(init, &pieces);
        }
    }
    groups_of_one(&decodable(listing.media()))
}

/// Entries that are complete, exist and have the stated size (rules 1 and 2).
fn listed_pieces(
    folder: &str,
    listing: &Listing,
    manifest: &Manifest,
    problems: &mut Problems,
) -> Vec<Piece> {
    let name = format!("{folder}/{MANIFEST}");
    let mut pieces: Vec<Piece> = Vec::new();
    let mut lost = Duration::ZERO;
    for (at, entry) in manifest.entries() {
        let path = &entry.path;
        if path.contains(['/', '\\']) || matches!(path.as_str(), "" | "." | "..") {
            problems.error(
                &name,
                &at,
                format!("expected the bare name of a file beside the manifest, found {path:?}"),
            );
            continue;
        }
        let left_out = match listing.get(path) {
            _ if !entry.is_complete => "was still being written".to_owned(),
            None => "does not exist or is empty".to_owned(),
            Some(piece) if entry.file_size.is_some_and(|size| size != piece.bytes) => {
                let stated = entry.file_size.unwrap_or_default();
                format!("has {} bytes instead of {stated}", piece.bytes)
            }
            Some(piece) if pieces.iter().any(|known| known.name == piece.name) => {
                "is listed twice".to_owned()
            }
            Some(piece) if manifest.has_init() && !holds_media(piece) => {
                "holds no media (its content was overwritten or never written)".to_owned()
            }
            Some(piece) => {
                pieces.push(Piece {
                    stated: entry.stated(),
                    lost_before: std::mem::take(&mut lost),
                    ..piece.clone()
                });
                continue;
            }
        };
        let listed_before = pieces.iter().any(|known| known.name == *path);
        let seconds = entry.stated().filter(|_| !listed_before).unwrap_or_default();
        lost += seconds;
        let cost = if seconds.is_zero() {
            String::new()
        } else {
            format!(", {:.3} s are lost", seconds.as_secs_f64())
        };
        problems.warn(&name, &at, format!("{path:?} {left_out}; left out{cost}"));
    }
    pieces
}

/// Whether a listed piece has the structure of one, at least in part: the sound parts are found when it is read.
fn holds_media(piece: &Piece) -> bool {
    !matches!(piece_state(&piece.path), Ok(PieceState::Unusable))
}

/// Pieces that were being written when the recorder stopped, where they are complete.
fn rescued(folder: &str, listing: &Listing, problems: &mut Problems) -> Vec<Piece> {
    let mut rescued = Vec::new();
    for piece in listing.pieces_named(".m4s.tmp") {
        let Some(name) = piece.name.strip_suffix(".tmp") else {
            continue;
        };
        let marked = listing.has(&format!("{name}.corrupt")) || listing.has(&format!("{name}.tmp.corrupt"));
        if listing.has(name) || marked || piece.bytes < MIN_PIECE_BYTES {
            continue;
        }
        let file = format!("{folder}/{}", piece.name);
        if matches!(piece_state(&piece.path), Ok(PieceState::Complete)) {
            problems.warn(
                file,
                "",
                "was being written when the recorder stopped, but is complete; used",
            );
            rescued.push(piece);
        } else {
            problems.warn(
                file,
                "",
                "was being written when the recorder stopped and is not complete; left out",
            );
        }
    }
    rescued
}

/// Pieces large enough to hold media and not cut short: bytes that follow a cut piece would be taken for its content. Only
/// after the last one nothing follows, so that one is used as far as it goes.
fn whole_pieces(folder: &str, mut pieces: Vec<Piece>, problems: &mut Problems) -> Vec<Piece> {
    pieces.retain(|piece| piece.bytes >= MIN_PIECE_BYTES);
    let count = pieces.len();
    let mut place = 0;
    pieces.retain(|piece| {
        place += 1;
        let file = format!("{folder}/{}", piece.name);
        match piece_state(&piece.path) {
            // What is damaged inside is found, and passed over, when it is read.
            Ok(PieceState::Complete | PieceState::Damaged) => true,
            Ok(PieceState::CutShort) if place == count => {
                problems.warn(file, "", "is cut short; used as far as it goes");
                true
            }
            Ok(_) => {
                problems.warn(
                    file,
                    "",
                    "is damaged (its boxes do not end in moof and mdat); left out",
                );
                false
            }
            Err(error) => {
                problems.warn(file, "", format!("cannot be read: {error}; left out"));
                false
            }
        }
    });
    pieces
}

fn decodable(mut pieces: Vec<Piece>) -> Vec<Piece> {
    pieces.retain(|piece| decodes_alone(&piece.path).unwrap_or(false));
    pieces
}

fn with_init(init: &Piece, pieces: &[Piece]) -> (FragmentGroup, u64) {
    let files: Vec<PathBuf> = std::iter::once(init)
        .chain(pieces)
        .map(|piece| piece.path.clone())
        .collect();
    let group = FragmentGroup {
        files,
        stated: pieces.iter().map(|piece| piece.stated).sum(),
        lost_before: pieces.first().map_or(Duration::ZERO, |piece| piece.lost_before),
    };
    (group, pieces.iter().map(|piece| piece.bytes).sum())
}

fn one_group(init: &Piece, pieces: &[Piece]) -> Fragments {
    let (group, bytes) = with_init(init, pieces);
    Fragments {
        groups: vec![group],
        bytes,
        frame_rate: None,
    }
}

fn groups_of_one(pieces: &[Piece]) -> Fragments {
    Fragments {
        groups: pieces
            .iter()
            .map(|piece| FragmentGroup {
                files: vec![piece.path.clone()],
                stated: piece.stated,
                lost_before: piece.lost_before,
            })
            .collect(),
        bytes: pieces.iter().map(|piece| piece.bytes).sum(),
        frame_rate: None,
    }
}

#[cfg(test)]
mod tests;
