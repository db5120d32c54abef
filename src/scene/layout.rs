//! Output size and place of the screen card (cap-look.md 2).

use super::error::{Checks, MAX_OUTPUT_SIDE, SceneError};
use super::window_frame;
use super::zoom::ZoomState;
use crate::cap::config::{AspectRatio, Background, Crop, ProjectConfig};
use crate::frame::{Rect, Size};

/// Where the recorded screen lies in the output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Layout {
    /// Output frame.
    pub(crate) output: Size,
    /// Segment 0's screen.
    pub(crate) screen: Size,
    /// Shown part of the screen, recorded pixels.
    pub(crate) crop: Rect,
    /// The unzoomed card: offset O and size D of cap-look.md 2.4. A window frame's outer card lies around it (15.1).
    pub(crate) card: Rect,
}

impl Layout {
    /// Lays out `screen` within the requested box `bounds`.
    pub(crate) fn new(
        config: &ProjectConfig,
        screen: Size,
        bounds: Size,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let allowed = 2..=MAX_OUTPUT_SIDE;
        if !allowed.contains(&bounds.width) || !allowed.contains(&bounds.height) {
            return Err(SceneError::Bounds(bounds));
        }
        let background = &config.background;
        let crop = crop(background.crop, screen, checks);
        let padding = padding(background, checks)?;
        let aspect = config.aspect_ratio.map(AspectRatio::ratio);
        let base = base_size(&crop, padding, aspect);
        let output = output_size(base, bounds);
        Ok(Self {
            output,
            screen,
            crop,
            card: card(background, &crop, padding, aspect, output, checks)?,
        })
    }

    /// Lays out the screen for a style with another `background` in an output of the size that the configuration itself
    /// gives it. A crop of another shape is fitted into that, as in outputs of a set shape.
    pub(crate) fn styled(
        &self,
        background: &Background,
        aspect: Option<AspectRatio>,
        checks: &mut Checks,
    ) -> Result<Self, SceneError> {
        let crop = crop(background.crop, self.screen, checks);
        let own = f64::from(self.output.width) / f64::from(self.output.height);
        let aspect = match aspect {
            None if crop == self.crop => None,
            None => Some(own),
            Some(aspect) => Some(aspect.ratio()),
        };
        Ok(Self {
            output: self.output,
            screen: self.screen,
            crop,
            card: card(
                background,
                &crop,
                padding(background, checks)?,
                aspect,
                self.output,
                checks,
            )?,
        })
    }

    /// The frame point of a recorded UV, zoom not applied (cap-look.md 2.5).
    pub(crate) fn frame_point(&self, u: f64, v: f64) -> (f64, f64) {
        let x = u * f64::from(self.screen.width) - self.crop.x;
        let y = v * f64::from(self.screen.height) - self.crop.y;
        (
            self.card.x + self.card.width * (x / self.crop.width),
            self.card.y + self.card.height * (y / self.crop.height),
        )
    }

    /// The unzoomed frame's point that `zoom` shows at the centre of the unzoomed card, output pixels.
    pub(crate) fn zoom_target(&self, zoom: &ZoomState) -> [f64; 2] {
        let at = |o: f64, d: f64, centre: f64| o + d * (0.5 + (zoom.amount - 1.0) * centre) / zoom.amount;
        [
            at(self.card.x, self.card.width, zoom.centre[0]),
            at(self.card.y, self.card.height, zoom.centre[1]),
        ]
    }

    /// `rect` of the unzoomed frame as `zoom` shows it: Z = (F - O) a + tl D + O (cap-look.md 2.5, 6.1).
    pub(crate) fn zoomed(&self, rect: Rect, zoom: &ZoomState) -> Rect {
        let grown = zoom.amount - 1.0;
        let map = |f: f64, o: f64, d: f64, centre: f64| (f - o) * zoom.amount - grown * centre * d + o;
        Rect {
            x: map(rect.x, self.card.x, self.card.width, zoom.centre[0]),
            y: map(rect.y, self.card.y, self.card.height, zoom.centre[1]),
            width: rect.width * zoom.amount,
            height: rect.height * zoom.amount,
        }
    }
}

/// p of cap-look.md 2.1.
fn padding(background: &Background, checks: &mut Checks) -> Result<f64, SceneError> {
    Ok(checks.clamp("background.padding", background.padding, 0.0..=100.0)? / 100.0 * 0.4)
}

/// The unzoomed card of `crop` in an output of `output`.
fn card(
    background: &Background,
    crop: &Rect,
    padding: f64,
    aspect: Option<f64>,
    output: Size,
    checks: &mut Checks,
) -> Result<Rect, SceneError> {
    let base = base_size(crop, padding, aspect);
    let mut card = padded_box(crop, padding, aspect, base, output);
    if let Some(style) = window_frame::style_of(background.frame.as_ref(), checks) {
        (card, _) = window_frame::place(style, crop.width / crop.height, card);
    }
    displaced(card, background, output, checks)
}

/// The configured crop within the screen, else the whole screen.
fn crop(crop: Option<Crop>, screen: Size, checks: &mut Checks) -> Rect {
    let whole = Rect {
        x: 0.0,
        y: 0.0,
        width: f64::from(screen.width),
        height: f64::from(screen.height),
    };
    let Some(crop) = crop else { return whole };
    let right = crop.position.x.saturating_add(crop.size.x).min(screen.width);
    let bottom = crop.position.y.saturating_add(crop.size.y).min(screen.height);
    if right <= crop.position.x || bottom <= crop.position.y {
        checks.warnings.push(format!(
            "`background.crop` holds nothing of the {screen} screen; the whole screen is shown"
        ));
        return whole;
    }
    let (width, height) = (right - crop.position.x, bottom - crop.position.y);
    if (width, height) != (crop.size.x, crop.size.y) {
        checks.warnings.push(format!(
            "`background.crop` reaches beyond the {screen} screen; {width}x{height} pixels of it are shown"
        ));
    }
    Rect {
        x: f64::from(crop.position.x),
        y: f64::from(crop.position.y),
        width: f64::from(width),
        height: f64::from(height),
    }
}

/// cap-look.md 2.1. Whole, even numbers.
fn base_size(crop: &Rect, padding: f64, aspect: Option<f64>) -> (f64, f64) {
    let even = |n: f64| (n / 2.0).ceil() * 2.0;
    let Some(aspect) = aspect else {
        let padded = |side: f64| even((side * (1.0 + 2.0 * padding)).trunc());
        return (padded(crop.width), padded(crop.height));
    };
    let ring = 2.0 * padding * crop.width.max(crop.height);
    let (width, height) = if crop.width / crop.height > aspect {
        let width = crop.width + ring;
        (width, width / aspect)
    } else {
        let height = crop.height + ring;
        (height * aspect, height)
    };
    (even(width.ceil()).max(2.0), even(height.ceil()).max(2.0))
}

/// cap-look.md 2.2, in single precision as there. Extreme shapes keep at least 4x2 pixels.
fn output_size((width, height): (f64, f64), bounds: Size) -> Size {
    let (width, height) = (width as f32, height as f32);
    let scale = (bounds.width as f32 / width).min(bounds.height as f32 / height);
    Size {
        width: ((width * scale) as u32).next_multiple_of(4).max(4),
        height: ((height * scale) as u32).next_multiple_of(2).max(2),
    }
}

/// cap-look.md 2.3.
fn padded_box(crop: &Rect, padding: f64, aspect: Option<f64>, base: (f64, f64), output: Size) -> Rect {
    let (width, height) = (f64::from(output.width), f64::from(output.height));
    let scale = (width / base.0).min(height / base.1);
    let (x, y) = if aspect.is_none() {
        (crop.width * padding * scale, crop.height * padding * scale)
    } else {
        let largest = ((width - 1.0) / 2.0).min((height - 1.0) / 2.0).max(0.0);
        let ring = (crop.width.max(crop.height) * padding * scale).min(largest);
        let shape = crop.width / crop.height;
        if shape <= width / height {
            let free = (height - 2.0 * ring).max(1.0);
            ((width - free * shape) / 2.0, ring)
        } else {
            let free = (width - 2.0 * ring).max(1.0);
            (ring, (height - free / shape) / 2.0)
        }
    };
    Rect {
        x,
        y,
        width: width - 2.0 * x,
        height: height - 2.0 * y,
    }
}

/// Moves the card to *displayPosition* (cap-look.md 2.4).
fn displaced(
    mut card: Rect,
    background: &Background,
    output: Size,
    checks: &mut Checks,
) -> Result<Rect, SceneError> {
    if let Some(position) = background.display_position {
        let x = checks.clamp("background.displayPosition.x", position.x, 0.0..=1.0)?;
        let y = checks.clamp("background.displayPosition.y", position.y, 0.0..=1.0)?;
        card.x += (x - 0.5) * f64::from(output.width);
        card.y += (y - 0.5) * f64::from(output.height);
    }
    Ok(card)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::config::Xy;
    use crate::scene::fixtures;
    use proptest::prelude::*;

    fn layout(
        screen: (u32, u32),
        padding: f64,
        aspect_ratio: Option<AspectRatio>,
        bounds: (u32, u32),
        crop: Option<(u32, u32, u32, u32)>,
    ) -> Layout {
        let config = ProjectConfig {
            aspect_ratio,
            background: Background {
                padding,
                crop: crop.map(|(x, y, width, height)| fixtures::crop(x, y, width, height)),
                ..Background::default()
            },
            ..ProjectConfig::default()
        };
        Layout::new(
            &config,
            Size::new(screen.0, screen.1),
            Size::new(bounds.0, bounds.1),
            &mut Checks::default(),
        )
        .unwrap()
    }

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-3
    }

    #[test]
    fn worked_examples() {
        // cap-look.md 2.7
        use AspectRatio::{Square, Vertical, Wide};
        let hd = (1920, 1080);
        let cases = [
            (hd, 0.0, None, hd, None, hd, (0.0, 0.0), (1920.0, 1080.0)),
            (
                hd,
                10.0,
                None,
                hd,
                None,
                hd,
                (71.097, 39.992),
                (1777.805, 1000.015),
            ),
            (
                (2560, 1600),
                10.0,
                None,
                hd,
                None,
                (1728, 1080),
                (64.0, 40.0),
                (1600.0, 1000.0),
            ),
            (
                hd,
                20.0,
                Some(Square),
                hd,
                None,
                (1080, 1080),
                (74.456, 278.132),
                (931.088, 523.737),
            ),
            (
                hd,
                10.0,
                Some(Vertical),
                hd,
                None,
                (608, 1080),
                (22.490, 381.651),
                (563.020, 316.698),
            ),
            (
                (3024, 1964),
                10.0,
                Some(Wide),
                (3840, 2160),
                None,
                (3840, 2160),
                (439.458, 118.431),
                (2961.084, 1923.138),
            ),
            (
                (1600, 900),
                25.0,
                None,
                (1280, 720),
                Some((100, 50, 1000, 500)),
                (1280, 640),
                (106.667, 53.333),
                (1066.667, 533.333),
            ),
        ];
        for (screen, padding, aspect, bounds, crop, output, offset, size) in cases {
            let layout = layout(screen, padding, aspect, bounds, crop);
            assert_eq!(layout.output, Size::new(output.0, output.1));
            let card = layout.card;
            assert!(
                close(card.x, offset.0) && close(card.y, offset.1),
                "{screen:?} {card:?}"
            );
            assert!(
                close(card.width, size.0) && close(card.height, size.1),
                "{screen:?} {card:?}"
            );
        }
    }

    #[test]
    fn base_sizes_of_the_worked_examples() {
        let base = |width, height, padding, aspect: Option<AspectRatio>| {
            let crop = Rect {
                width,
                height,
                ..Rect::default()
            };
            base_size(&crop, padding / 100.0 * 0.4, aspect.map(AspectRatio::ratio))
        };
        assert_eq!(base(1920.0, 1080.0, 0.0, None), (1920.0, 1080.0));
        assert_eq!(base(1920.0, 1080.0, 10.0, None), (2074.0, 1166.0));
        assert_eq!(base(2560.0, 1600.0, 10.0, None), (2764.0, 1728.0));
        assert_eq!(
            base(1920.0, 1080.0, 20.0, Some(AspectRatio::Square)),
            (2228.0, 2228.0)
        );
        assert_eq!(
            base(1920.0, 1080.0, 10.0, Some(AspectRatio::Vertical)),
            (2074.0, 3688.0)
        );
        assert_eq!(
            base(3024.0, 1964.0, 10.0, Some(AspectRatio::Wide)),
            (3922.0, 2206.0)
        );
        assert_eq!(base(1000.0, 500.0, 25.0, None), (1200.0, 600.0));
    }

    #[test]
    fn zoomed_rectangle() {
        // cap-look.md 24
        let layout = Layout {
            output: Size::new(1200, 600),
            screen: Size::new(2000, 1000),
            crop: Rect {
                width: 2000.0,
                height: 1000.0,
                ..Rect::default()
            },
            card: Rect {
                x: 100.0,
                y: 50.0,
                width: 1000.0,
                height: 500.0,
            },
        };
        let zoom = ZoomState {
            amount: 2.0,
            centre: [0.25, 0.75],
            activity: 1.0,
        };
        let rect = layout.zoomed(layout.card, &zoom);
        assert_eq!(
            (rect.x, rect.right(), rect.y, rect.bottom()),
            (-150.0, 1850.0, -325.0, 675.0)
        );
        assert_eq!(layout.frame_point(0.5, 1.0), (600.0, 550.0));
    }

    #[test]
    fn a_moved_card_keeps_its_size() {
        let mut config = ProjectConfig::default();
        config.background.display_position = Some(Xy { x: 0.0, y: 3.0 });
        let mut checks = Checks::default();
        let hd = Size::new(1920, 1080);
        let layout = Layout::new(&config, hd, hd, &mut checks).unwrap();
        assert_eq!((layout.card.x, layout.card.y), (-960.0, 540.0));
        assert_eq!((layout.card.width, layout.card.height), (1920.0, 1080.0));
        assert_eq!(checks.warnings.len(), 1);
    }

    #[test]
    fn crops_stay_within_the_screen() {
        let hd = (1920, 1080);
        let shown = |crop| layout(hd, 0.0, None, hd, Some(crop)).crop;
        let rect = |x, y, width, height| Rect { x, y, width, height };
        assert_eq!(shown((1900, 1000, 100, 100)), rect(1900.0, 1000.0, 20.0, 80.0));
        assert_eq!(shown((1920, 0, 10, 10)), rect(0.0, 0.0, 1920.0, 1080.0));
        assert_eq!(shown((0, 0, 0, 10)), rect(0.0, 0.0, 1920.0, 1080.0));
        assert_eq!(shown((7, 9, u32::MAX, u32::MAX)), rect(7.0, 9.0, 1913.0, 1071.0));
        assert_eq!(
            layout(hd, 0.0, None, hd, Some((3, 3, 1, 1))).output,
            Size::new(1080, 1080)
        );
    }

    #[test]
    fn unusable_boxes_are_refused() {
        for bounds in [Size::new(0, 1080), Size::new(1920, 1), Size::new(20_000, 1080)] {
            let made = Layout::new(
                &ProjectConfig::default(),
                Size::new(10, 10),
                bounds,
                &mut Checks::default(),
            );
            assert_eq!(made, Err(SceneError::Bounds(bounds)));
        }
    }

    fn aspects() -> impl Strategy<Value = Option<AspectRatio>> {
        prop::sample::select(vec![
            None,
            Some(AspectRatio::Wide),
            Some(AspectRatio::Vertical),
            Some(AspectRatio::Square),
            Some(AspectRatio::Classic),
            Some(AspectRatio::Tall),
        ])
    }

    proptest! {
        #[test]
        fn the_output_fits_the_box_and_the_card_the_output(
            width in 1u32..8000, height in 1u32..8000, padding in 0.0..100.0f64, aspect in aspects(),
            bounds in (2u32..=MAX_OUTPUT_SIDE, 2u32..=MAX_OUTPUT_SIDE),
        ) {
            let layout = layout((width, height), padding, aspect, bounds, None);
            let Size { width, height } = layout.output;
            prop_assert_eq!((width % 4, height % 2), (0, 0));
            prop_assert!(width <= bounds.0.next_multiple_of(4) && height <= bounds.1.next_multiple_of(2));
            let card = layout.card;
            prop_assert!(card.width > 0.0 && card.height > 0.0, "{:?}", card);
            prop_assert!(card.x > -1e-6 && card.right() < f64::from(width) + 1e-6, "{:?}", card);
            prop_assert!(card.y > -1e-6 && card.bottom() < f64::from(height) + 1e-6, "{:?}", card);
        }
    }
}
