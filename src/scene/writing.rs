//! What is written over a frame: texts, keys and captions (cap-look.md 1.2, layers 13 to 15).

use super::captions::{Captions, source};
use super::error::{Checks, SceneError};
use super::facts::Facts;
use super::keyboard::{self, Keys};
use super::layer::{Layer, Lettering};
use super::setter::{Setter, TextSettings, Wanted};
use super::texts::Texts;
use super::timeline::Timeline;
use super::tree::{LayerId, Node, Role, Side};
use crate::cap::KeyPress;
use crate::cap::config::{KeyboardSegment, ProjectConfig};
use crate::frame::Size;

/// Texts, captions and keys of a recording.
#[derive(Clone, Debug)]
pub(crate) struct Writing {
    texts: Texts,
    captions: Option<Captions>,
    keys: Option<Keys>,
}

impl Writing {
    /// Of `config`, for frames of `frame` pixels. `pressed` are the recorded keys of each segment, which count where the configuration
    /// has no list of key segments.
    ///
    /// # Errors
    /// When a number is not finite, or there is text and no font.
    pub(crate) fn new(
        (config, pressed): (&ProjectConfig, &[&[KeyPress]]),
        timeline: &Timeline,
        facts: &Facts,
        frame: Size,
        settings: &TextSettings,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let setter = Setter::new(settings.clone(), frame);
        let mut wanted = Wanted::default();
        let tracks = config.timeline.as_ref();
        let segments = tracks.map_or(&[][..], |tracks| &tracks.text_segments);
        let hidden = &config.hidden_text_segments;
        let texts = Texts::new(segments, hidden, &setter, &mut wanted, checks)?;
        let captions = match &config.captions {
            Some(data) if data.settings.drawn() => {
                let placed = tracks.map_or(&[][..], |tracks| &tracks.caption_segments);
                let (segments, cut) = source::placed(placed, data, timeline, facts);
                if cut {
                    checks.warnings.push(format!(
                        "the clips show more than {} captions; the rest is left out",
                        source::MAX_PROJECTED
                    ));
                }
                Some(Captions::new(
                    &segments,
                    &data.settings,
                    &setter,
                    &mut wanted,
                    checks,
                )?)
            }
            _ => None,
        };
        let listed = tracks.and_then(|tracks| tracks.keyboard_segments.as_deref());
        let keys = match &config.keyboard {
            Some(data) if data.settings.enabled => {
                let recorded: Vec<KeyboardSegment>;
                let segments = match listed {
                    Some(listed) => listed,
                    None => {
                        let cut;
                        (recorded, cut) =
                            keyboard::recorded::placed(pressed, &data.settings, timeline, facts);
                        if cut {
                            checks.warnings.push(format!(
                                "the clips show more than {} groups of keys; the rest is left out",
                                keyboard::recorded::MOST_GROUPS
                            ));
                        }
                        &recorded
                    }
                };
                Some(Keys::new(segments, &data.settings, &setter, &mut wanted, checks)?)
            }
            _ => None,
        };
        setter.prepare(&wanted, checks)?;
        Ok(Self {
            texts,
            captions,
            keys,
        })
    }

    /// The text at position `index` of the configuration; `None` where it is not seen at `time` seconds of output.
    pub(crate) fn text(&self, index: u32, time: f64, side: Side) -> Option<Node> {
        let lettering = self.texts.at(index, time)?;
        Some(paint(Role::Text, index, side, lettering))
    }

    /// Keys and captions at `time` seconds of output, their opacity multiplied by `opacity`, bottom to top.
    pub(crate) fn keys_and_captions(&self, time: f64, opacity: f64, side: Side) -> Vec<Node> {
        let caption = self
            .captions
            .as_ref()
            .and_then(|captions| captions.at(time, opacity));
        let keys = self
            .keys
            .as_ref()
            .and_then(|keys| keys.at(time, opacity, caption.as_ref()));
        let keys = keys.map(|keys| paint(Role::Keyboard, 0, side, keys));
        let caption = caption.map(|caption| paint(Role::Caption, 0, side, caption.lettering));
        keys.into_iter().chain(caption).collect()
    }
}

fn paint(role: Role, index: u32, side: Side, lettering: Lettering) -> Node {
    Node::Paint(LayerId { role, index, side }, Layer::Lettering(lettering))
}
