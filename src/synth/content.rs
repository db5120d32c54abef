//! Draws what a video track shows, tick by tick.

use super::barcode::{self, Placement};
use super::camera::Person;
use super::canvas::{Area, Canvas, Rgb};
use super::noise::Noise;
use super::plan::{Content, VideoPlan};
use super::pointer;
use super::screen::Screen;
use super::script::Script;
use crate::frame::{PackedView, Size};

const STILL: Rgb = [52, 58, 70];

/// Draws one video track.
pub(super) struct Painter {
    picture: Picture,
    counter: bool,
    written: u32,
}

enum Picture {
    Desktop(Screen),
    DesktopWithPointer {
        screen: Screen,
        script: Script,
        shown: Canvas,
        last: Option<(i32, i32)>,
    },
    Noise(Noise, Canvas),
    Still(Canvas),
    Person(Person),
}

impl Painter {
    /// For the track of `plan`, whose screen plays `script`.
    pub(super) fn new(plan: &VideoPlan, script: Script) -> Self {
        let picture = match plan.content {
            Content::Desktop => Picture::Desktop(Screen::new(plan.size, script)),
            Content::DesktopWithPointer => Picture::DesktopWithPointer {
                screen: Screen::new(plan.size, script),
                script,
                shown: Canvas::new(plan.size, STILL),
                last: None,
            },
            Content::Noise(percent) => Picture::Noise(Noise::new(plan.size, percent), still(plan.size)),
            Content::Still => Picture::Still(still(plan.size)),
            Content::Person => Picture::Person(Person::new(plan.size)),
        };
        Self {
            picture,
            counter: plan.counter,
            written: 0,
        }
    }

    /// The picture at `seconds`, or `None` when it is the same as before.
    pub(super) fn advance(&mut self, seconds: f64) -> Option<PackedView<'_>> {
        let (changed, canvas) = match &mut self.picture {
            Picture::Desktop(screen) => (screen.advance(seconds), screen.canvas()),
            Picture::DesktopWithPointer {
                screen,
                script,
                shown,
                last,
            } => {
                let size = shown.size();
                let state = script.pointer(seconds);
                let place = (
                    (state.x * f64::from(size.width)).round() as i32,
                    (state.y * f64::from(size.height)).round() as i32,
                );
                let changed = screen.advance(seconds) | (last.replace(place) != Some(place));
                if changed {
                    let whole = Area::new(0, 0, size.width as i32, size.height as i32);
                    shown.blit(screen.canvas(), whole, 0, 0);
                    let art = pointer::arrow();
                    shown.blend(&art.pixels, art.width as i32, place.0, place.1);
                }
                (changed, shown)
            }
            Picture::Noise(noise, canvas) => {
                noise.draw(canvas);
                (true, canvas)
            }
            Picture::Still(canvas) => (self.written == 0, canvas),
            Picture::Person(person) => {
                person.draw(seconds);
                (true, person.canvas())
            }
        };
        if self.counter {
            barcode::draw(canvas, Placement::STANDARD, self.written);
        } else if !changed {
            return None;
        }
        self.written += 1;
        Some(canvas.view())
    }

    /// The picture as it is.
    pub(super) fn picture(&mut self) -> PackedView<'_> {
        match &mut self.picture {
            Picture::Desktop(screen) => screen.canvas().view(),
            Picture::DesktopWithPointer { shown, .. } => shown.view(),
            Picture::Noise(_, canvas) | Picture::Still(canvas) => canvas.view(),
            Picture::Person(person) => person.canvas().view(),
        }
    }
}

/// A desktop at rest, also what lies around the noise.
fn still(size: Size) -> Canvas {
    let mut screen = Screen::new(size, Script::new(60.0));
    screen.advance(0.0);
    let mut canvas = Canvas::new(size, STILL);
    let whole = Area::new(0, 0, size.width as i32, size.height as i32);
    canvas.blit(screen.canvas(), whole, 0, 0);
    canvas
}
