//! Asks the scene what each frame shows, decodes the pictures it needs, and tells repetitions apart.

use super::Step;
use crate::export::control::{Control, StageEnd};
use crate::export::meter::Meter;
use crate::export::queue::Sender;
use crate::export::sources::VideoSources;
use crate::render::Pictures;
use crate::scene::{Scene, SceneFrame, Track};

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
}

impl Decoded {
    fn equals(&self, other: &Self) -> bool {
        self.scene.looks_like(&other.scene)
            && [Track::Display, Track::Camera].into_iter().all(|track| {
                match (self.pictures.get(track), other.pictures.get(track)) {
                    (Some(picture), Some(other)) => picture.same_as(other),
                    (None, None) => true,
                    _ => false,
                }
            })
    }
}

/// Runs through all output frames.
pub(in crate::export) fn run(
    scene: &Scene,
    sources: &mut VideoSources,
    output: &Sender<Step<Decoded>>,
    meter: &mut Meter,
    control: &Control,
) -> Result<(), StageEnd> {
    let mut last: Option<Decoded> = None;
    for index in 0..scene.frame_count() {
        control.check()?;
        meter.enter(crate::export::meter::Activity::Busy(0));
        // Rounding can leave the very last moment outside every clip; the frame before it stays on screen.
        let frame = match (scene.frame(index), &last) {
            (Some(scene), _) => Some(scene),
            (None, Some(_)) => None,
            (None, None) => return Err(crate::export::ExportError::NothingShown.into()),
        };
        let (step, bytes) = match frame {
            None => (Step::Repeat, 0),
            Some(scene) => {
                let mut pictures = Pictures::new();
                let mut bytes = 0;
                for request in scene.pictures() {
                    let picture = sources.picture(request)?;
                    bytes += picture.bytes();
                    pictures.insert(request.track, picture);
                }
                let decoded = Decoded {
                    index,
                    scene,
                    pictures,
                };
                if last.as_ref().is_some_and(|last| last.equals(&decoded)) {
                    (Step::Repeat, 0)
                } else {
                    last = Some(Decoded {
                        index,
                        scene: decoded.scene.clone(),
                        pictures: decoded.pictures.clone(),
                    });
                    (Step::New(decoded), bytes)
                }
            }
        };
        meter.frame_done(0, bytes);
        output.send(meter, step)?;
    }
    Ok(())
}
