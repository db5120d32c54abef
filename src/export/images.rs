//! The still images of an export: recorded pointers and the background, within the recording's budget.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::Path;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::error::ExportError;
use super::settings::ExportSettings;
use crate::budget::{Budget, Claim};
use crate::cap::Recording;
use crate::causes::one_line;
use crate::frame::PackedFrame;
use crate::media::MediaError;
use crate::media::still::{ImageLimits, load_image};
use crate::scene::{Fill, own_art};

/// Pointer images by id. Ids whose files hold the same share one image.
pub(super) type PointerArt = BTreeMap<String, Arc<PackedFrame>>;

/// Loads the pointer images that the recording's events name. One that can't be read is not drawn, and said so: a recording
/// without one of its pointer shapes is still worth exporting.
pub(super) fn load_pointer_art(
    recording: &Recording,
    budget: &Budget,
    claims: &mut Vec<Claim>,
    warnings: &mut Vec<String>,
) -> PointerArt {
    let mut art = BTreeMap::new();
    if recording.config.cursor.hide {
        return art;
    }
    let shown: BTreeSet<&str> = recording
        .segments
        .iter()
        .flat_map(|segment| &segment.pointer.moves)
        .map(|moved| moved.cursor_id.as_str())
        .collect();
    let mut of_file: HashMap<&Path, Option<Arc<PackedFrame>>> = HashMap::new();
    let mut of_content = HashMap::new();
    for (id, cursor) in recording
        .cursors
        .iter()
        .filter(|(id, _)| shown.contains(id.as_str()))
        .filter(|(_, cursor)| own_art(&recording.config.cursor, cursor.image.shape.as_deref()).is_none())
    {
        let file = cursor.file.as_path();
        let image = match of_file.get(file) {
            Some(known) => known.clone(),
            None => {
                let content = digest(file);
                let same = content.and_then(|content| of_content.get(&content).cloned());
                let image = same.or_else(|| match load_image(file, &ImageLimits::POINTER, budget) {
                    Ok(image) => {
                        claims.push(image.claim);
                        Some(Arc::new(image.frame))
                    }
                    Err(error) => {
                        warnings.push(format!("pointer {id} is not drawn: {}", one_line(&error)));
                        None
                    }
                });
                of_content.extend(content.zip(image.clone()));
                of_file.insert(file, image.clone());
                image
            }
        };
        art.extend(image.map(|image| (id.clone(), image)));
    }
    art
}

/// Largest file that is looked at for whether another holds the same, bytes.
const COMPARED: u64 = 16 << 20;

/// What a file holds, in short. `None` where it can't be read, or holds too much.
fn digest(file: &Path) -> Option<[u8; 32]> {
    let metadata = fs::metadata(file).ok()?;
    if !metadata.is_file() || metadata.len() > COMPARED {
        return None;
    }
    Some(Sha256::digest(fs::read(file).ok()?).into())
}

/// The pictures that the recording's background names. One that is not there becomes white, as in Cap, but not in silence.
pub(super) fn background_images(
    recording: &Recording,
    settings: &ExportSettings,
    budget: &Budget,
    claims: &mut Vec<Claim>,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, PackedFrame>, ExportError> {
    let mut images = BTreeMap::new();
    let Fill::Image(stored) = Fill::of(&recording.config.background.source) else {
        return Ok(images);
    };
    let mut load = |file: &Path| {
        let image = load_image(file, &ImageLimits::BACKGROUND, budget)?;
        claims.push(image.claim);
        Ok::<_, MediaError>(image.frame)
    };
    if let Some(file) = &settings.background {
        images.insert(stored, load(file)?);
        return Ok(images);
    }
    let mut reason = "no such file".to_owned();
    for candidate in recording.background_image_candidates(&stored) {
        if candidate.exists() {
            match load(&candidate) {
                Ok(image) => {
                    images.insert(stored, image);
                    return Ok(images);
                }
                Err(error) => reason = one_line(&error),
            }
        }
    }
    warnings.push(format!(
        "the background image {stored:?} can't be used ({reason}); white is painted instead: name an image with --background"
    ));
    Ok(images)
}
