//! The still images of an export: recorded pointers and the background, within the recording's budget.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Read;
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
use crate::reading::{self, Place};
use crate::scene::{Bitmap, Fill, Unrendered, own_art};

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
                let image = same.or_else(|| {
                    match load_image(file, Place::Recording, &ImageLimits::POINTER, budget) {
                        Ok(image) => {
                            claims.push(image.claim);
                            Some(Arc::new(image.frame))
                        }
                        Err(error) => {
                            warnings.push(format!("pointer {id} is not drawn: {}", one_line(&error)));
                            None
                        }
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
    let mut bytes = Vec::new();
    reading::open(file, Place::Recording)
        .ok()?
        .take(COMPARED)
        .read_to_end(&mut bytes)
        .ok()?;
    Some(Sha256::digest(bytes).into())
}

/// The background image that is not looked for, because it is not in the recording and nothing outside may be opened.
pub(super) fn withheld_background(recording: &Recording, settings: &ExportSettings) -> Option<Unrendered> {
    let Fill::Image(stored) = Fill::of(&recording.config.background.source) else {
        return None;
    };
    let withheld = settings.confined
        && settings.background.is_none()
        && recording.background_image_candidates(&stored, true).is_empty();
    withheld.then(|| Unrendered {
        setting: "background.source.path".to_owned(),
        instead: format!(
            "white is painted: {stored:?} is not in the recording, and --confined opens nothing outside it; copy the image into the recording, or name it with --background"
        ),
    })
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
    let mut load = |file: &Path, place| {
        let image = load_image(file, place, &ImageLimits::BACKGROUND, budget)?;
        claims.push(image.claim);
        Ok::<_, MediaError>(image.frame)
    };
    if let Some(file) = &settings.background {
        images.insert(stored, load(file, Place::Anywhere)?);
        return Ok(images);
    }
    let mut reason = "no such file".to_owned();
    let candidates = recording.background_image_candidates(&stored, settings.confined);
    if settings.confined && candidates.is_empty() {
        // Named among the settings that are not rendered.
        return Ok(images);
    }
    let place = if settings.confined {
        Place::Recording
    } else {
        Place::Anywhere
    };
    for candidate in candidates {
        if candidate.exists() {
            match load(&candidate, place) {
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

/// The pictures of image segments, by the path they name. One that can't be read is not drawn, and said so.
pub(super) fn load_overlay_images(
    recording: &Recording,
    budget: &Budget,
    claims: &mut Vec<Claim>,
    warnings: &mut Vec<String>,
) -> BTreeMap<String, Bitmap> {
    let mut of_file: HashMap<&Path, Option<Bitmap>> = HashMap::new();
    let mut pictures = BTreeMap::new();
    for (path, file) in &recording.overlay_images {
        let bitmap = of_file.entry(file).or_insert_with(|| {
            match load_image(file, Place::Recording, &ImageLimits::OVERLAY, budget) {
                Ok(image) => {
                    claims.push(image.claim);
                    premultiplied(image.frame)
                }
                Err(error) => {
                    warnings.push(format!("picture {path:?} is not drawn: {}", one_line(&error)));
                    None
                }
            }
        });
        pictures.extend(bitmap.clone().map(|bitmap| (path.clone(), bitmap)));
    }
    pictures
}

/// A picture with straight alpha as a bitmap.
fn premultiplied(image: PackedFrame) -> Option<Bitmap> {
    let mut data = image.data;
    for pixel in data.chunks_exact_mut(4) {
        let alpha = u16::from(pixel[3]);
        for channel in &mut pixel[..3] {
            *channel = ((u16::from(*channel) * alpha + 127) / 255) as u8;
        }
    }
    Bitmap::mipmapped(image.size, data)
}
