//! In which order masks, pictures, texts and waveforms lie over the frame.
//!
//! Without `overlayOrder` masks lie below texts, each in the order of the file (cap-look.md 1.2). Pictures and waveforms,
//! which that order does not know, lie below the masks: what a sensitive mask covers is hidden, whatever it is. With it the
//! rows that are not listed are drawn first and the listed ones over them (cap-additions.md).

use std::collections::{BTreeMap, HashMap};

use super::error::{Checks, SceneError};
use super::images::Images;
use super::layer::Bitmap;
use super::masks::Masks;
use super::tree::{Node, Side};
use super::waveforms::{Heard, Levels, SoundTrack, Waveforms};
use crate::cap::config::{OverlayKind, OverlayRow, ProjectConfig, Timeline};
use crate::frame::Size;
use crate::time::OutputTime;

/// Everything that lies over a frame by the editor's rows.
#[derive(Clone, Debug)]
pub(crate) struct Overlays {
    /// Bottom to top.
    order: Vec<Overlay>,
    masks: Masks,
    images: Images,
    waveforms: Waveforms,
}

impl Overlays {
    /// The overlays of `config` on a picture of `output` pixels.
    ///
    /// # Errors
    /// When a number of one is none, or too many are drawn at a time.
    pub(crate) fn new(config: &ProjectConfig, output: Size, checks: &mut Checks) -> Result<Self, SceneError> {
        let none = Timeline::default();
        let timeline = config.timeline.as_ref().unwrap_or(&none);
        Ok(Self {
            order: drawing_order(timeline, &config.overlay_order),
            masks: Masks::new(&timeline.mask_segments, output, checks)?,
            images: Images::new(&timeline.image_segments, output, checks)?,
            waveforms: Waveforms::new(&timeline.waveform_segments, output, checks)?,
        })
    }

    /// Hands over the pictures of image segments.
    pub(crate) fn set_pictures(&mut self, pictures: BTreeMap<String, Bitmap>) {
        self.images.set_pictures(pictures);
    }

    /// The waveforms among them.
    pub(crate) fn waveforms(&self) -> &Waveforms {
        &self.waveforms
    }

    /// Hands over the levels that waveforms show.
    pub(crate) fn set_levels(&mut self, levels: BTreeMap<(usize, SoundTrack), Levels>) {
        self.waveforms.set_levels(levels);
    }

    /// What lies over the frame at `time`, when `heard` is, bottom to top. `text` answers for the text of an index.
    pub(crate) fn nodes(
        &self,
        time: OutputTime,
        heard: Heard,
        side: Side,
        text: impl Fn(u32) -> Option<Node>,
    ) -> Vec<Node> {
        let shown = self.order.iter().filter(|overlay| overlay.may_show(time));
        let nodes = shown.filter_map(|overlay| match overlay.kind {
            OverlayKind::Mask => self.masks.node(overlay.index, time, side),
            OverlayKind::Text => text(overlay.index),
            OverlayKind::Image => self.images.node(overlay.index, time, side),
            OverlayKind::Waveform => self.waveforms.node(overlay.index, time, heard, side),
        });
        nodes.collect()
    }
}

/// An overlay, by its position in its list of the configuration.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Overlay {
    kind: OverlayKind,
    index: u32,
    start: f64,
    end: f64,
}

impl Overlay {
    /// Whether it could be seen at `time`, with a second to spare: of 100,000 most need not be asked.
    fn may_show(&self, time: OutputTime) -> bool {
        (self.start - 1.0..=self.end + 1.0).contains(&time.secs())
    }
}

/// All overlays of `timeline`, bottom to top.
fn drawing_order(timeline: &Timeline, rows: &[OverlayRow]) -> Vec<Overlay> {
    let places: HashMap<(OverlayKind, u32), usize> = rows
        .iter()
        .enumerate()
        .rev()
        .map(|(place, row)| ((row.kind, row.track), place))
        .collect();
    let mut overlays: Vec<(Rank, Overlay)> = Vec::new();
    let mut add = |kind, list: &mut dyn Iterator<Item = (u32, f64, f64)>| {
        for (index, (track, start, end)) in (0u32..).zip(list) {
            let overlay = Overlay {
                kind,
                index,
                start,
                end,
            };
            overlays.push((rank(kind, track, &places), overlay));
        }
    };
    macro_rules! add {
        ($kind:ident, $list:ident) => {
            add(
                OverlayKind::$kind,
                &mut timeline
                    .$list
                    .iter()
                    .map(|one| (one.track, one.start, one.end)),
            )
        };
    }
    add!(Text, text_segments);
    add!(Waveform, waveform_segments);
    add!(Image, image_segments);
    add!(Mask, mask_segments);
    // A stable sort: equals stay in the order of the file.
    overlays.sort_by_key(|(rank, _)| *rank);
    overlays.into_iter().map(|(_, overlay)| overlay).collect()
}

/// Place in the list of rows, place of the kind, place of the row among its kind.
type Rank = (usize, usize, u32);

fn rank(kind: OverlayKind, track: u32, places: &HashMap<(OverlayKind, u32), usize>) -> Rank {
    use OverlayKind::{Image, Mask, Text, Waveform};
    let among = |kinds: [OverlayKind; 4]| {
        let place = kinds.iter().position(|other| *other == kind);
        place.unwrap_or(kinds.len())
    };
    if places.is_empty() {
        let row = match kind {
            Mask | Text => 0,
            Image | Waveform => u32::MAX - track,
        };
        return (0, among([Waveform, Image, Mask, Text]), row);
    }
    match places.get(&(kind, track)) {
        Some(place) => (1 + place, 0, 0),
        None => (0, among([Text, Waveform, Image, Mask]), u32::MAX - track),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timeline(value: serde_json::Value) -> Timeline {
        let mut timeline = serde_json::json!({ "segments": [], "zoomSegments": [] });
        for (key, list) in value.as_object().unwrap() {
            let mut list = list.clone();
            for entry in list.as_array_mut().unwrap() {
                let entry = entry.as_object_mut().unwrap();
                entry.extend([("start".into(), 0.into()), ("end".into(), 1.into())]);
                if key == "maskSegments" {
                    let xy = serde_json::json!({ "x": 0.5, "y": 0.5 });
                    entry.extend([
                        ("maskType".into(), "sensitive".into()),
                        ("center".into(), xy.clone()),
                        ("size".into(), xy),
                    ]);
                }
                if key == "imageSegments" {
                    entry.insert("path".into(), "a.png".into());
                }
            }
            timeline[key] = list;
        }
        serde_json::from_value(timeline).unwrap()
    }

    fn listed(timeline: &Timeline, rows: serde_json::Value) -> String {
        let rows: Vec<OverlayRow> = serde_json::from_value(rows).unwrap();
        let names = drawing_order(timeline, &rows).into_iter().map(|overlay| {
            let kind = match overlay.kind {
                OverlayKind::Mask => 'm',
                OverlayKind::Image => 'i',
                OverlayKind::Text => 't',
                OverlayKind::Waveform => 'w',
            };
            format!("{kind}{}", overlay.index)
        });
        names.collect::<Vec<_>>().join(" ")
    }

    fn everything() -> Timeline {
        timeline(serde_json::json!({
            "textSegments": [{ "track": 0 }, { "track": 2 }],
            "waveformSegments": [{ "track": 0 }],
            "imageSegments": [{ "track": 0 }, { "track": 1 }, { "track": 0 }],
            "maskSegments": [{ "track": 0 }, { "track": 1 }],
        }))
    }

    #[test]
    fn without_a_list_masks_lie_below_texts_in_the_order_of_the_file() {
        assert_eq!(
            listed(&everything(), serde_json::json!([])),
            "w0 i1 i0 i2 m0 m1 t0 t1"
        );
    }

    #[test]
    fn unlisted_rows_come_first_higher_ones_before_lower_ones() {
        let rows = serde_json::json!([{ "kind": "mask", "track": 1 }, { "kind": "image", "track": 0 }]);
        assert_eq!(listed(&everything(), rows), "t1 t0 w0 i1 m0 m1 i0 i2");
    }

    #[test]
    fn rows_that_do_not_exist_change_nothing_else() {
        let rows = serde_json::json!([{ "kind": "text", "track": 77 }]);
        assert_eq!(listed(&everything(), rows), "t1 t0 w0 i1 i0 i2 m1 m0");
    }
}
