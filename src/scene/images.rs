//! Pictures over the frame: which, where and when (cap-additions.md, `imageSegments`).

use std::collections::BTreeMap;

use super::error::{Checks, SceneError, finite};
use super::layer::{Bitmap, Layer, Sprite};
use super::tree::{LayerId, Node, Role, Side};
use crate::cap::config::ImageSegment;
use crate::frame::{Rect, Size};
use crate::time::OutputTime;

/// Width of the soft edge inside a picture's own, output pixels.
const FEATHER: f64 = 1.0;
/// Frames that a picture may be wide, high or away from the frame: far beyond anything that is seen.
const FAR: f64 = 100.0;

/// The image segments of a recording, by their position in `timeline.imageSegments`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Images {
    list: Vec<Option<TimedImage>>,
    /// By the path that segments name.
    pictures: BTreeMap<String, Bitmap>,
}

/// An image segment with checked numbers.
#[derive(Clone, Debug)]
struct TimedImage {
    start: f64,
    end: f64,
    path: String,
    rect: Rect,
    rotation: f64,
    flip: [bool; 2],
    opacity: f64,
    corner_radius: f64,
}

impl Images {
    /// Checks the segments for a frame of `output` pixels.
    ///
    /// # Errors
    /// When a number is none.
    pub(crate) fn new(
        segments: &[ImageSegment],
        output: Size,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let mut list = Vec::with_capacity(segments.len());
        for (index, segment) in segments.iter().enumerate() {
            list.push(if segment.is_drawn() {
                Some(TimedImage::new(segment, index, output, checks)?)
            } else {
                None
            });
        }
        Ok(Self {
            list,
            pictures: BTreeMap::new(),
        })
    }

    /// Hands over the pictures, by the paths that segments name. A segment without one is not drawn.
    pub(crate) fn set_pictures(&mut self, pictures: BTreeMap<String, Bitmap>) {
        self.pictures = pictures;
    }

    /// What segment `index` of the configuration shows at `time`.
    pub(crate) fn node(&self, index: u32, time: OutputTime, side: Side) -> Option<Node> {
        let image = self.list.get(index as usize)?.as_ref()?;
        if !(image.start..=image.end).contains(&time.secs()) {
            return None;
        }
        let id = LayerId {
            role: Role::Image,
            index,
            side,
        };
        let sprite = Sprite {
            rotation: image.rotation,
            flip: image.flip,
            opacity: image.opacity,
            corner_radius: image.corner_radius,
            feather: FEATHER,
            ..Sprite::new(self.pictures.get(&image.path)?.clone(), image.rect)
        };
        Some(Node::Paint(id, Layer::Sprite(sprite)))
    }
}

impl TimedImage {
    fn new(
        segment: &ImageSegment,
        index: usize,
        output: Size,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let key = |name: &str| format!("timeline.imageSegments[{index}].{name}");
        let mut near = |name: &str, value| checks.clamp(&key(name), value, -FAR..=FAR);
        let centre = [
            near("center.x", segment.center.x)?,
            near("center.y", segment.center.y)?,
        ];
        let size =
            [near("size.x", segment.size.x)?, near("size.y", segment.size.y)?].map(|side| side.max(0.0));
        let (width, height) = (
            size[0] * f64::from(output.width),
            size[1] * f64::from(output.height),
        );
        let rounding = checks.clamp(&key("rounding"), segment.rounding, 0.0..=100.0)?;
        Ok(Self {
            start: finite(&key("start"), segment.start)?,
            end: finite(&key("end"), segment.end)?,
            path: segment.path.clone(),
            rect: Rect {
                x: centre[0] * f64::from(output.width) - width / 2.0,
                y: centre[1] * f64::from(output.height) - height / 2.0,
                width,
                height,
            },
            rotation: finite(&key("rotation"), segment.rotation)?
                .rem_euclid(360.0)
                .to_radians(),
            flip: [segment.flip_x, segment.flip_y],
            opacity: checks.clamp(&key("opacity"), segment.opacity, 0.0..=1.0)?,
            corner_radius: rounding * 0.005 * width.min(height),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OUTPUT: Size = Size::new(1920, 1080);

    fn images(list: serde_json::Value) -> Result<Images, SceneError> {
        let mut list = list;
        for image in list.as_array_mut().unwrap() {
            let image = image.as_object_mut().unwrap();
            for (key, value) in [("start", 1.into()), ("end", 2.into()), ("path", "a.png".into())] {
                image.entry(key).or_insert(value);
            }
        }
        let segments: Vec<ImageSegment> = serde_json::from_value(list).unwrap();
        let mut images = Images::new(&segments, OUTPUT, &mut Checks::default())?;
        let bitmap = Bitmap::mipmapped(Size::new(2, 1), vec![255; 8]).unwrap();
        images.set_pictures(BTreeMap::from([("a.png".to_owned(), bitmap)]));
        Ok(images)
    }

    fn sprite(images: &Images, index: u32, time: f64) -> Option<Sprite> {
        match images.node(index, OutputTime::from_secs(time), Side::Incoming)? {
            Node::Paint(id, Layer::Sprite(sprite)) => {
                assert_eq!((id.role, id.index), (Role::Image, index));
                Some(sprite)
            }
            other => panic!("{other:?}"),
        }
    }

    fn near(found: f64, expected: f64) -> bool {
        (found - expected).abs() < 1e-9
    }

    #[test]
    fn defaults_fill_a_third_of_the_middle() {
        let images = images(serde_json::json!([{}])).unwrap();
        let sprite = sprite(&images, 0, 1.5).unwrap();
        assert!(near(sprite.rect.x, 672.0) && near(sprite.rect.y, 378.0));
        assert!(near(sprite.rect.width, 576.0) && near(sprite.rect.height, 324.0));
        assert_eq!(
            (sprite.opacity, sprite.rotation, sprite.corner_radius),
            (1.0, 0.0, 0.0)
        );
        assert_eq!((sprite.feather, sprite.flip), (1.0, [false, false]));
        assert!(sprite.bitmap.is_mipmapped());
    }

    #[test]
    fn every_setting_counts() {
        let images = images(serde_json::json!([{
            "center": { "x": 0.25, "y": 0.75 }, "size": { "x": 0.1, "y": 0.5 }, "opacity": 0.4,
            "rotation": -90, "rounding": 50, "flipX": true, "flipY": false,
        }]))
        .unwrap();
        let sprite = sprite(&images, 0, 1.5).unwrap();
        assert!(near(sprite.rect.x, 384.0) && near(sprite.rect.y, 540.0));
        // A quarter of the shorter side, 192 pixels.
        assert!(near(sprite.corner_radius, 48.0));
        assert!(near(sprite.rotation, 1.5 * std::f64::consts::PI));
        assert_eq!((sprite.opacity, sprite.flip), (0.4, [true, false]));
    }

    #[test]
    fn it_is_there_from_its_start_to_its_end() {
        let images = images(serde_json::json!([
            {}, { "enabled": false }, { "opacity": 0 }, { "path": "gone.png" }, { "start": 2, "end": 1 },
        ]))
        .unwrap();
        for (time, there) in [(0.999, false), (1.0, true), (2.0, true), (2.001, false)] {
            assert_eq!(sprite(&images, 0, time).is_some(), there, "{time}");
        }
        assert!((1..6).all(|index| sprite(&images, index, 1.5).is_none()));
    }

    #[test]
    fn absurd_numbers_are_limited() {
        let images = images(serde_json::json!([
            { "center": { "x": 1e300, "y": -1e300 }, "size": { "x": 1e300, "y": -5 }, "rotation": 1e300, "opacity": 7, "rounding": 1e9 },
        ]))
        .unwrap();
        let sprite = sprite(&images, 0, 1.5).unwrap();
        assert!(sprite.rect.is_finite() && !sprite.is_drawn());
        assert_eq!(sprite.opacity, 1.0);
        assert!((0.0..7.0).contains(&sprite.rotation));
    }
}
