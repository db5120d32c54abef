//! The still images of an export: recorded pointers and the background, within the recording's budget.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};
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
        .filter(|(_, cursor)| {
            let shape = cursor.image.shape.as_deref();
            let shown = || recording.config.cursors().filter(|config| !config.hide);
            shown().any(|config| own_art(config, shape).is_none())
        })
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

/// The background images that are not looked for, because they are not in the recording and nothing outside may be opened.
pub(super) fn withheld_backgrounds(recording: &Recording, settings: &ExportSettings) -> Vec<Unrendered> {
    if !settings.confined || settings.background.is_some() {
        return Vec::new();
    }
    image_names(recording)
        .into_iter()
        .filter(|stored| recording.background_image_candidates(stored, true).is_empty())
        .map(|stored| Unrendered {
            setting: "background.source.path".to_owned(),
            instead: format!(
                "white is painted: {stored:?} is not in the recording, and --confined opens nothing outside it; copy the image into the recording, or name it with --background"
            ),
        })
        .collect()
}

/// The images that the recording's backgrounds name, those of styles included.
fn image_names(recording: &Recording) -> BTreeSet<String> {
    recording
        .config
        .backgrounds()
        .filter_map(|background| match Fill::of(&background.source) {
            Fill::Image(stored) => Some(stored),
            _ => None,
        })
        .collect()
}

/// The pictures that the recording's backgrounds name. One that is not there becomes white, as in Cap, but not in silence.
pub(super) fn background_images(
    recording: &Recording,
    settings: &ExportSettings,
    budget: &Budget,
    claims: &mut Vec<Claim>,
    warnings: &mut Vec<String>,
) -> Result<BTreeMap<String, Arc<PackedFrame>>, ExportError> {
    let names = image_names(recording);
    // The same file may have several names.
    let mut loaded: HashMap<PathBuf, Arc<PackedFrame>> = HashMap::new();
    let mut load = |file: &Path, place| {
        if let Some(image) = loaded.get(file) {
            return Ok(Arc::clone(image));
        }
        let image = load_image(file, place, &ImageLimits::BACKGROUND, budget)?;
        claims.push(image.claim);
        let image = Arc::new(image.frame);
        loaded.insert(file.to_owned(), Arc::clone(&image));
        Ok::<_, MediaError>(image)
    };
    let place = if settings.confined {
        Place::Recording
    } else {
        Place::Anywhere
    };
    let mut images = BTreeMap::new();
    for stored in names {
        if let Some(file) = &settings.background {
            images.insert(stored, load(file, Place::Anywhere)?);
            continue;
        }
        let candidates = recording.background_image_candidates(&stored, settings.confined);
        if settings.confined && candidates.is_empty() {
            // Named among the settings that are not rendered.
            continue;
        }
        let mut reason = "no such file".to_owned();
        let mut found = None;
        for candidate in candidates {
            if candidate.exists() {
                match load(&candidate, place) {
                    Ok(image) => {
                        found = Some(image);
                        break;
                    }
                    Err(error) => reason = one_line(&error),
                }
            }
        }
        match found {
            Some(image) => {
                images.insert(stored, image);
            }
            None => warnings.push(format!(
                "the background image {stored:?} can't be used ({reason}); white is painted instead: name an image with --background"
            )),
        }
    }
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
