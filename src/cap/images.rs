//! Pointer images: their list in the meta file, and their files (cap-format.md 2.6, 5.5).

use std::collections::BTreeMap;

use serde_json::Value;

use super::config::Xy;
use super::json::{self, Issue};
use super::kind::META_FILE;
use super::meta::{CursorImage, StudioMeta};
use super::paths::{PathFault, Root, normalise};
use super::problem::Problems;
use super::recording::CursorArt;
use crate::reading;

const CURSORS: &str = "content/cursors";
/// Most pointer images, listed or looked for in a recording without a list of them.
const MAX_CURSORS: usize = 10_000;

/// Pointer images in either shape (cap-format.md 2.6).
pub(super) fn read(found: Option<&Value>, problems: &mut Problems) -> Option<BTreeMap<String, CursorImage>> {
    let entries = match found {
        None => return Some(BTreeMap::new()),
        Some(Value::Object(entries)) => entries,
        Some(other) => {
            let message = format!(
                "expected an object of pointer images, found {}",
                json::describe(other)
            );
            problems.error(META_FILE, "cursors", message);
            return None;
        }
    };
    if entries.len() > MAX_CURSORS {
        let message = format!(
            "expected at most {MAX_CURSORS} pointer images, found {}",
            entries.len()
        );
        problems.error(META_FILE, "cursors", message);
        return None;
    }
    let mut images = BTreeMap::new();
    let mut valid = true;
    for (id, entry) in entries {
        let at = format!("cursors.{id}");
        let image = match entry {
            Value::String(path) => {
                problems.warn(
                    META_FILE,
                    &at,
                    "an image without hotspot; its top left corner is taken as the hotspot",
                );
                CursorImage {
                    image_path: path.clone(),
                    hotspot: Xy { x: 0.0, y: 0.0 },
                    shape: None,
                }
            }
            entry => match json::typed::<CursorImage>(entry) {
                Ok(image) => image,
                Err(issues) => {
                    let issues: Vec<Issue> = issues
                        .into_iter()
                        .map(|issue| Issue {
                            path: if issue.path.is_empty() {
                                at.clone()
                            } else {
                                format!("{at}.{}", issue.path)
                            },
                            message: issue.message,
                        })
                        .collect();
                    problems.issues(META_FILE, &issues);
                    valid = false;
                    continue;
                }
            },
        };
        images.insert(id.clone(), checked_image(image, &at, problems));
    }
    valid.then_some(images)
}

/// The image with its path normalised, and without a shape or a hotspot that can't be.
fn checked_image(mut image: CursorImage, at: &str, problems: &mut Problems) -> CursorImage {
    image.image_path = normalise(&image.image_path);
    if let Some(shape) = image.shape.take_if(|shape| !known_shape(shape)) {
        let message = format!("{shape:?} is no known pointer shape; the recorded image is used");
        problems.warn(META_FILE, &format!("{at}.shape"), message);
    }
    for (axis, value) in [("x", &mut image.hotspot.x), ("y", &mut image.hotspot.y)] {
        if !(-1.0..=2.0).contains(value) {
            let message = format!("expected a fraction of the image, found {value}; 0 is used");
            problems.warn(META_FILE, &format!("{at}.hotspot.{axis}"), message);
            *value = 0.0;
        }
    }
    image
}

const MACOS_SHAPES: [&str; 18] = [
    "Arrow",
    "ContextualMenu",
    "ClosedHand",
    "Crosshair",
    "DisappearingItem",
    "DragCopy",
    "DragLink",
    "IBeam",
    "OpenHand",
    "OperationNotAllowed",
    "PointingHand",
    "ResizeDown",
    "ResizeLeft",
    "ResizeLeftRight",
    "ResizeRight",
    "ResizeUp",
    "ResizeUpDown",
    "IBeamVerticalForVerticalLayout",
];

const WINDOWS_SHAPES: [&str; 29] = [
    "Arrow",
    "IBeam",
    "Wait",
    "Cross",
    "UpArrow",
    "SizeNWSE",
    "SizeNESW",
    "SizeWE",
    "SizeNS",
    "SizeAll",
    "No",
    "Hand",
    "AppStarting",
    "Help",
    "Pin",
    "Person",
    "Pen",
    "ScrollNS",
    "ScrollWE",
    "ScrollNSEW",
    "ScrollN",
    "ScrollS",
    "ScrollW",
    "ScrollE",
    "ScrollNW",
    "ScrollNE",
    "ScrollSW",
    "ScrollSE",
    "ArrowCD",
];

/// Whether `shape` is one of the names of cap-format.md 2.6.
fn known_shape(shape: &str) -> bool {
    match shape.split_once('|') {
        Some(("MacOS", name)) => {
            let tahoe = name.strip_prefix("Tahoe");
            MACOS_SHAPES.contains(&tahoe.unwrap_or(name)) || matches!(tahoe, Some("ZoomIn" | "ZoomOut"))
        }
        Some(("Windows", name)) => WINDOWS_SHAPES.contains(&name),
        _ => false,
    }
}

/// Pointer images of the meta file; of a recovered recording that has none there, those in their folder.
pub(super) fn listed_or_found(
    root: &Root,
    meta: &StudioMeta,
    recovered: bool,
    problems: &mut Problems,
) -> BTreeMap<String, CursorImage> {
    if !recovered || !meta.cursors.is_empty() {
        return meta.cursors.clone();
    }
    let entries = match root.resolve(CURSORS).map(|path| reading::list(&path)) {
        Ok(Ok(entries)) => entries,
        Ok(Err(error)) => {
            problems.warn(
                CURSORS,
                "",
                format!("cannot be listed: {error}; no pointer is drawn"),
            );
            return BTreeMap::new();
        }
        Err(PathFault::Missing(_)) => return BTreeMap::new(),
        Err(fault) => {
            problems.error(CURSORS, "", fault.to_string());
            return BTreeMap::new();
        }
    };
    let images: BTreeMap<String, CursorImage> = entries
        .take(MAX_CURSORS)
        .filter_map(|entry| {
            let name = entry.ok()?.file_name().into_string().ok()?;
            let id = name.strip_prefix("cursor_")?.strip_suffix(".png")?;
            let image_path = format!("{CURSORS}/{name}");
            Some((
                id.to_owned(),
                CursorImage {
                    image_path,
                    hotspot: Xy { x: 0.0, y: 0.0 },
                    shape: None,
                },
            ))
        })
        .collect();
    if !images.is_empty() {
        problems.warn(
            CURSORS,
            "",
            "pointer images without hotspots; their top left corners are taken as hotspots",
        );
    }
    images
}

/// The images whose files are there.
pub(super) fn resolve(
    root: &Root,
    images: BTreeMap<String, CursorImage>,
    problems: &mut Problems,
) -> BTreeMap<String, CursorArt> {
    images
        .into_iter()
        .filter_map(|(id, image)| {
            let at = format!("cursors.{id}.imagePath");
            match root.file(&image.image_path) {
                Ok(file) => Some((id, CursorArt { image, file })),
                Err(fault @ PathFault::Leaves(_)) => {
                    problems.error(META_FILE, &at, fault.to_string());
                    None
                }
                Err(fault) => {
                    problems.warn(META_FILE, &at, format!("{fault}; this pointer is not drawn"));
                    None
                }
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_known_by_system_and_name() {
        for shape in [
            "MacOS|Arrow",
            "MacOS|TahoeIBeam",
            "MacOS|TahoeZoomIn",
            "Windows|SizeNWSE",
            "Windows|ArrowCD",
        ] {
            assert!(known_shape(shape), "{shape}");
        }
        for shape in [
            "Arrow",
            "MacOS|ZoomIn",
            "Windows|TahoeArrow",
            "Linux|Arrow",
            "MacOS|",
            "",
        ] {
            assert!(!known_shape(shape), "{shape}");
        }
    }
}
