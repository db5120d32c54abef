//! Asks the scene what each frame shows, decodes the pictures it needs, and tells what is new about it.

use std::collections::BTreeMap;
use std::ops::Range;

use super::Step;
use crate::export::changes::Shown;
use crate::export::control::{Control, StageEnd};
use crate::export::meter::Meter;
use crate::export::queue::Sender;
use crate::export::sources::VideoSources;
use crate::frame::{Areas, PixelRect, Size, YuvPicture};
use crate::render::{Pictures, Upload};
use crate::scene::{Damage, Scene, SceneFrame, SourceChange, SourceId, damage};

/// Lanes of this stage's meter.
pub(in crate::export) const LANES: &[&str] = &["decode"];

/// A frame with the source pictures it shows.
#[derive(Debug)]
pub(in crate::export) struct Decoded {
    /// Output frame.
    pub index: u64,
    /// What is on screen.
    pub scene: SceneFrame,
    /// The pictures its layers ask for.
    pub pictures: Pictures,
    /// Where it may differ from the [`Step::New`] before it; everything for the first.
    pub damage: Damage,
}

/// Runs through these frames of a scene. Without `damage` every frame that is not the very same is redrawn in full.
pub(in crate::export) fn run(
    (scene, frames): (&Scene, Range<u64>),
    sources: &mut VideoSources,
    damage: bool,
    output: &Sender<Step<Decoded>>,
    meter: &mut Meter,
    control: &Control,
) -> Result<(), StageEnd> {
    let mut last = Last::new(scene.output_size(), damage);
    for index in frames.clone() {
        control.check()?;
        meter.begin(0, Some(index));
        let mut shown = scene.frame(index);
        if shown.is_none() && index == frames.start {
            shown = index.checked_sub(1).and_then(|before| scene.frame(before));
        }
        let (step, bytes) = match shown {
            Some(scene) => {
                let mut pictures = Vec::new();
                for request in scene.pictures() {
                    pictures.push((request.source, sources.picture(request)?));
                }
                let bytes = pictures.iter().map(|(_, picture)| picture.bytes()).sum();
                match last.replace(index, scene, pictures) {
                    Some(decoded) => (Step::New(decoded), bytes),
                    None => (Step::Repeat, 0),
                }
            }
            // Rounding can leave the very last moment outside every clip; the frame before it stays on screen.
            None if last.scene.is_some() => (Step::Repeat, 0),
            None => return Err(crate::export::ExportError::NothingShown.into()),
        };
        meter.frame_done(0, bytes);
        output.send(meter, step)?;
    }
    Ok(())
}

/// The last frame that was handed on as new.
pub(super) struct Last {
    partial: bool,
    size: Size,
    scene: Option<SceneFrame>,
    shown: BTreeMap<SourceId, Shown>,
}

impl Last {
    /// Without `partial` every frame that is not the very same has changed everywhere.
    pub(super) fn new(size: Size, partial: bool) -> Self {
        Self {
            partial,
            size,
            scene: None,
            shown: BTreeMap::new(),
        }
    }

    /// Takes a frame for the last one and tells what is new about it; `None` when nothing is.
    pub(super) fn replace(
        &mut self,
        index: u64,
        scene: SceneFrame,
        pictures: Vec<(SourceId, YuvPicture)>,
    ) -> Option<Decoded> {
        // Per source, where its picture differs from the last; `None` when all of it may.
        let changes: BTreeMap<SourceId, Option<Areas>> = pictures
            .iter()
            .map(|(source, picture)| (*source, self.changes(*source, picture)))
            .collect();
        let damage = self.damage(&scene, &pictures, &changes);
        let areas = damage.output();
        if areas.is_empty() {
            return None;
        }
        tracing::trace!(
            frame = index,
            areas = areas.rects().len(),
            pixels = areas.pixels(),
            "redrawn"
        );
        let mut uploads = Pictures::new();
        for (source, picture) in pictures {
            let upload = match (self.shown.get(&source), changes.get(&source)) {
                // Equal content is the same picture to the renderer.
                (Some(shown), Some(Some(areas))) if areas.is_empty() => {
                    uploads.insert(source, shown.picture().clone());
                    continue;
                }
                (Some(shown), Some(Some(areas))) => Some(Upload {
                    since: shown.picture().clone(),
                    rects: areas.rects().to_vec(),
                }),
                _ => None,
            };
            uploads.insert_changed(source, picture.clone(), upload);
            self.shown.insert(source, Shown::new(picture));
        }
        // Those of a clip that is over are not held on to.
        self.shown.retain(|source, _| uploads.get(*source).is_some());
        self.scene = Some(scene.clone());
        Some(Decoded {
            index,
            scene,
            pictures: uploads,
            damage,
        })
    }

    fn changes(&mut self, source: SourceId, picture: &YuvPicture) -> Option<Areas> {
        let shown = self.shown.get_mut(&source)?;
        if self.partial {
            shown.changed(picture)
        } else {
            shown
                .picture()
                .same_as(picture)
                .then(|| Areas::none(picture.size))
        }
    }

    fn damage(
        &self,
        scene: &SceneFrame,
        pictures: &[(SourceId, YuvPicture)],
        changes: &BTreeMap<SourceId, Option<Areas>>,
    ) -> Damage {
        let Some(last) = &self.scene else {
            return Damage::whole(self.size);
        };
        if !self.partial {
            let same = last.looks_like(scene) && changes.values().flatten().count() == changes.len();
            return if same {
                Damage::none(self.size)
            } else {
                Damage::whole(self.size)
            };
        }
        let whole: BTreeMap<SourceId, (Size, [PixelRect; 1])> = pictures
            .iter()
            .map(|(source, picture)| (*source, (picture.size, [PixelRect::full(picture.size)])))
            .collect();
        let change = |source: SourceId| {
            let (size, whole) = whole.get(&source)?;
            let rects: &[PixelRect] = match changes.get(&source)? {
                Some(areas) => areas.rects(),
                None => whole,
            };
            (!rects.is_empty()).then_some(SourceChange { size: *size, rects })
        };
        damage(last, scene, change, self.size)
    }
}
