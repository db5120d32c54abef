//! Pointers (cap-look.md 8.8): arrows, hands, beams and the like in the manners of three systems.
//!
//! Every shape is drawn in units of its own picture, whose height is what a pointer's size counts. The pictures have
//! margins for the outline and the soft shadow, about as large as those of Cap's art, so that sizes agree with it.

use super::Picture;
use super::canvas::{Canvas, Ends, Ink, Outline};
use crate::frame::Size;

/// Rows of a finished picture.
const HEIGHT: u32 = 200;

/// In whose manner a pointer is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum System {
    /// macOS before 26: black with a white line around it.
    MacOs,
    /// macOS 26: the same, rounder.
    Tahoe,
    /// Windows: white with a black line around it.
    Windows,
}

/// A shape that there is art of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Shape {
    system: System,
    kind: Kind,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kind {
    Arrow,
    ContextualMenu,
    DragCopy,
    DragLink,
    NotAllowed,
    Help,
    AppStarting,
    Wait,
    PointingHand,
    OpenHand,
    ClosedHand,
    Crosshair,
    IBeam,
    SidewaysIBeam,
    ResizeLeft,
    ResizeRight,
    ResizeLeftRight,
    ResizeUp,
    ResizeDown,
    ResizeUpDown,
    ResizeFalling,
    ResizeRising,
    ResizeAll,
    UpArrow,
    ZoomIn,
    ZoomOut,
}

impl Kind {
    /// Of the names of cap-format.md 2.6.
    fn of(system: System, name: &str) -> Option<Self> {
        let kind = match (system, name) {
            (_, "Arrow") => Self::Arrow,
            (_, "IBeam") => Self::IBeam,
            (System::Windows, "Cross") => Self::Crosshair,
            (System::Windows, "Hand") => Self::PointingHand,
            (System::Windows, "No") => Self::NotAllowed,
            (System::Windows, "SizeWE") => Self::ResizeLeftRight,
            (System::Windows, "SizeNS") => Self::ResizeUpDown,
            (System::Windows, "SizeNWSE") => Self::ResizeFalling,
            (System::Windows, "SizeNESW") => Self::ResizeRising,
            (System::Windows, "SizeAll") => Self::ResizeAll,
            (System::Windows, "UpArrow") => Self::UpArrow,
            (System::Windows, "Wait") => Self::Wait,
            (System::Windows, "AppStarting") => Self::AppStarting,
            (System::Windows, "Help") => Self::Help,
            (System::Windows, _) => return None,
            (_, "ContextualMenu") => Self::ContextualMenu,
            (_, "ClosedHand") => Self::ClosedHand,
            (_, "Crosshair") => Self::Crosshair,
            (_, "DragCopy") => Self::DragCopy,
            (_, "DragLink") => Self::DragLink,
            (_, "OpenHand") => Self::OpenHand,
            (_, "OperationNotAllowed") => Self::NotAllowed,
            (_, "PointingHand") => Self::PointingHand,
            (_, "ResizeLeft") => Self::ResizeLeft,
            (_, "ResizeRight") => Self::ResizeRight,
            (_, "ResizeLeftRight") => Self::ResizeLeftRight,
            (_, "ResizeUp") => Self::ResizeUp,
            (_, "ResizeDown") => Self::ResizeDown,
            (_, "ResizeUpDown") => Self::ResizeUpDown,
            (_, "IBeamVerticalForVerticalLayout") => Self::SidewaysIBeam,
            (System::Tahoe, "ZoomIn") => Self::ZoomIn,
            (System::Tahoe, "ZoomOut") => Self::ZoomOut,
            _ => return None,
        };
        Some(kind)
    }
}

/// How a picture is laid out: its size and hotspot in units.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Frame {
    width: f64,
    height: f64,
    hotspot: (f64, f64),
}

impl Shape {
    /// The shape of a recorded name, `OS|Name`; `None` where there is no art of it.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let (system, name) = match name.split_once('|')? {
            ("MacOS", name) => match name.strip_prefix("Tahoe") {
                Some(name) => (System::Tahoe, name),
                None => (System::MacOs, name),
            },
            ("Windows", name) => (System::Windows, name),
            _ => return None,
        };
        Kind::of(system, name).map(|kind| Self { system, kind })
    }

    /// The same shape in the manner of another system.
    pub(crate) const fn in_manner_of(self, system: System) -> Self {
        Self { system, ..self }
    }

    /// Pixels of its picture.
    pub(crate) fn size(self) -> Size {
        let frame = self.frame();
        let width = f64::from(HEIGHT) * frame.width / frame.height;
        Size::new(width.round() as u32, HEIGHT)
    }

    /// Its hotspot, fractions of its picture.
    pub(crate) fn hotspot(self) -> (f64, f64) {
        let frame = self.frame();
        (frame.hotspot.0 / frame.width, frame.hotspot.1 / frame.height)
    }

    fn frame(self) -> Frame {
        let frame = |width, height, hotspot| Frame {
            width,
            height,
            hotspot,
        };
        let square = frame(24.0, 24.0, (12.0, 12.0));
        match self.kind {
            Kind::Arrow
            | Kind::ContextualMenu
            | Kind::DragCopy
            | Kind::DragLink
            | Kind::Help
            | Kind::AppStarting => match self.system {
                System::MacOs => frame(18.0, 25.0, (5.44, 5.65)),
                System::Tahoe => frame(17.0, 24.0, (5.44, 4.61)),
                System::Windows => frame(18.0, 25.0, (5.18, 4.73)),
            },
            Kind::NotAllowed if self.system != System::Windows => Self {
                kind: Kind::Arrow,
                ..self
            }
            .frame(),
            Kind::PointingHand => match self.system {
                System::MacOs => frame(24.0, 24.0, (8.2, 4.13)),
                System::Tahoe => frame(20.0, 24.0, (8.5, 4.0)),
                System::Windows => frame(19.0, 24.0, (8.38, 3.43)),
            },
            Kind::IBeam => frame(12.0, 24.0, (5.8, 12.48)),
            Kind::SidewaysIBeam => frame(24.0, 12.0, (12.0, 6.0)),
            Kind::UpArrow => frame(14.0, 24.0, (7.0, 3.4)),
            Kind::ZoomIn | Kind::ZoomOut => frame(24.0, 24.0, (10.2, 10.2)),
            Kind::Wait
            | Kind::NotAllowed
            | Kind::OpenHand
            | Kind::ClosedHand
            | Kind::Crosshair
            | Kind::ResizeLeft
            | Kind::ResizeRight
            | Kind::ResizeLeftRight
            | Kind::ResizeUp
            | Kind::ResizeDown
            | Kind::ResizeUpDown
            | Kind::ResizeFalling
            | Kind::ResizeRising
            | Kind::ResizeAll => square,
        }
    }

    /// Draws it; `None` where there is no memory for that.
    pub(crate) fn draw(self) -> Option<Picture> {
        let frame = self.frame();
        let mut canvas = Canvas::new(self.size(), f64::from(HEIGHT) / frame.height, (0.0, 0.0))?;
        let (drop, sigma, darkness) = match self.system {
            System::MacOs => (0.6, 0.7, 0.35),
            System::Tahoe => (0.7, 0.9, 0.3),
            System::Windows => (0.4, 0.5, 0.2),
        };
        canvas.shadowed((0.0, drop), sigma, darkness, |canvas| self.glyph(canvas));
        Some(canvas.finish())
    }

    /// Fill and line of arrows and beams.
    fn inks(self) -> (Ink, Ink) {
        match self.system {
            System::MacOs | System::Tahoe => (Ink::BLACK, Ink::WHITE),
            System::Windows => (Ink::WHITE, Ink::BLACK),
        }
    }

    /// Width of the line around a shape.
    fn edge(self) -> f64 {
        match self.system {
            System::MacOs => 1.0,
            System::Tahoe => 1.15,
            System::Windows => 0.75,
        }
    }

    /// A shape with a line around it.
    fn outlined(self, canvas: &mut Canvas, outline: &Outline, (fill, line): (Ink, Ink)) {
        let ends = match self.system {
            System::Tahoe => Ends::Round,
            System::MacOs | System::Windows => Ends::Straight,
        };
        canvas.stroke(outline.clone(), 2.0 * self.edge(), ends, line);
        if self.system == System::Tahoe {
            canvas.stroke(outline.clone(), 0.7, Ends::Round, fill);
        }
        canvas.fill(outline.clone(), fill);
    }

    /// Lines of a width, with a line around them.
    fn lines(self, canvas: &mut Canvas, outline: &Outline, width: f64) {
        let (fill, line) = self.inks();
        let ends = Ends::Round;
        canvas.stroke(outline.clone(), width + 2.0 * self.edge() * 0.8, ends, line);
        canvas.stroke(outline.clone(), width, ends, fill);
    }

    fn glyph(self, canvas: &mut Canvas) {
        let frame = self.frame();
        match self.kind {
            Kind::Arrow => self.arrow(canvas),
            Kind::ContextualMenu => {
                self.arrow(canvas);
                self.menu(canvas, frame);
            }
            Kind::DragCopy => {
                self.arrow(canvas);
                let (x, y) = self.badge(canvas, frame, Ink::of(0x28_B4_3C));
                let plus = Outline::new()
                    .from(x - 1.5, y)
                    .to(x + 1.5, y)
                    .from(x, y - 1.5)
                    .to(x, y + 1.5);
                canvas.stroke(plus, 0.9, Ends::Round, Ink::WHITE);
            }
            Kind::DragLink => {
                self.arrow(canvas);
                let (x, y) = self.badge(canvas, frame, Ink::of(0x3C_3C_41));
                let bend = Outline::new().arc(x + 0.9, y + 1.2, 2.1, 180.0, 275.0);
                canvas.stroke(bend, 0.9, Ends::Round, Ink::WHITE);
                let head = Outline::new()
                    .to(x + 0.8, y - 2.1)
                    .to(x + 2.2, y - 0.9)
                    .to(x + 0.8, y + 0.3)
                    .close();
                canvas.fill(head, Ink::WHITE);
            }
            Kind::NotAllowed if self.system == System::Windows => {
                barred(canvas, 12.0, 12.0, 7.2, 2.3, Ink::WHITE);
            }
            Kind::NotAllowed => {
                self.arrow(canvas);
                let (x, y) = badge_place(frame);
                barred(canvas, x, y, 2.4, 0.9, Ink::WHITE);
            }
            Kind::Help => {
                self.arrow(canvas);
                let (x, y) = badge_place(frame);
                let hook = Outline::new().arc(x, y - 1.4, 1.4, 180.0, 390.0).to(x, y + 0.7);
                self.lines(canvas, &hook, 0.9);
                let dot = Outline::new().from(x, y + 2.5).to(x, y + 2.51);
                self.lines(canvas, &dot, 1.0);
            }
            Kind::AppStarting => {
                self.arrow(canvas);
                let (x, y) = badge_place(frame);
                ring(canvas, x, y, 2.1, 1.0);
            }
            Kind::Wait => ring(canvas, 12.0, 12.0, 6.2, 2.4),
            Kind::PointingHand => self.pointing_hand(canvas, frame),
            Kind::OpenHand => self.hand(canvas, &[(6.6, 7.0), (9.4, 4.9), (12.2, 4.9), (15.0, 6.6)]),
            Kind::ClosedHand => self.hand(canvas, &[(6.6, 9.6), (9.4, 8.7), (12.2, 8.7), (15.0, 9.5)]),
            Kind::Crosshair => {
                let cross = Outline::new()
                    .from(12.0, 4.0)
                    .to(12.0, 20.0)
                    .from(4.0, 12.0)
                    .to(20.0, 12.0);
                self.lines(canvas, &cross, 0.9);
            }
            Kind::IBeam => self.beam(canvas, 5.8, 12.48, false),
            Kind::SidewaysIBeam => self.beam(canvas, 12.0, 6.0, true),
            Kind::ResizeLeft => self.resize(canvas, &[180.0], true, 0.0),
            Kind::ResizeRight => self.resize(canvas, &[0.0], true, 0.0),
            Kind::ResizeLeftRight => self.resize(canvas, &[0.0, 180.0], self.system != System::Windows, 0.0),
            Kind::ResizeUp => self.resize(canvas, &[270.0], true, 90.0),
            Kind::ResizeDown => self.resize(canvas, &[90.0], true, 90.0),
            Kind::ResizeUpDown => self.resize(canvas, &[90.0, 270.0], self.system != System::Windows, 90.0),
            Kind::ResizeFalling => self.resize(canvas, &[45.0, 225.0], false, 0.0),
            Kind::ResizeRising => self.resize(canvas, &[135.0, 315.0], false, 0.0),
            Kind::ResizeAll => self.resize(canvas, &[0.0, 90.0, 180.0, 270.0], false, 0.0),
            Kind::UpArrow => {
                let outline = Outline::new()
                    .to(7.0, 3.4)
                    .to(11.6, 8.6)
                    .to(8.1, 8.6)
                    .to(8.1, 20.4)
                    .to(5.9, 20.4)
                    .to(5.9, 8.6)
                    .to(2.4, 8.6)
                    .close();
                self.outlined(canvas, &outline, self.inks());
            }
            Kind::ZoomIn | Kind::ZoomOut => self.glass(canvas),
        }
    }

    fn arrow(self, canvas: &mut Canvas) {
        // From the tip, anticlockwise.
        let mac = [
            (0.0, 0.0),
            (0.0, 13.7),
            (3.1, 10.7),
            (5.2, 15.7),
            (7.5, 14.7),
            (5.4, 9.8),
            (9.6, 9.8),
        ];
        let tahoe = [
            (0.0, 0.0),
            (0.0, 12.6),
            (3.2, 9.9),
            (5.3, 14.8),
            (7.4, 13.9),
            (5.3, 9.1),
            (9.3, 8.8),
        ];
        let windows = [
            (0.0, 0.0),
            (0.0, 15.4),
            (3.5, 12.1),
            (5.8, 17.3),
            (8.0, 16.3),
            (5.8, 11.3),
            (10.6, 11.3),
        ];
        let points = match self.system {
            System::MacOs => mac,
            System::Tahoe => tahoe,
            System::Windows => windows,
        };
        let (x, y) = self.frame().hotspot;
        let outline = points
            .into_iter()
            .fold(Outline::new(), |outline, (dx, dy)| outline.to(x + dx, y + dy))
            .close();
        self.outlined(canvas, &outline, self.inks());
    }

    /// A disc for a sign beside an arrow, and its middle.
    fn badge(self, canvas: &mut Canvas, frame: Frame, ink: Ink) -> (f64, f64) {
        let (x, y) = badge_place(frame);
        canvas.fill(Outline::new().circle(x, y, 3.2), Ink::WHITE);
        canvas.fill(Outline::new().circle(x, y, 2.7), ink);
        (x, y)
    }

    fn menu(self, canvas: &mut Canvas, frame: Frame) {
        let (x, y) = badge_place(frame);
        let page = Outline::new().rounded((x - 2.4, y - 2.9), (x + 2.4, y + 2.9), 0.5, 0.5);
        self.outlined(canvas, &page, (Ink::WHITE, Ink::BLACK.at(0.75)));
        for line in [-1.5, 0.0, 1.5] {
            let line = Outline::new().to(x - 1.4, y + line).to(x + 1.4, y + line);
            canvas.stroke(line, 0.6, Ends::Straight, Ink::BLACK);
        }
    }

    /// White with a black line, in all manners.
    fn pointing_hand(self, canvas: &mut Canvas, frame: Frame) {
        let (x, y) = frame.hotspot;
        // From the left of the index finger's root over its tip to the little finger, the wrist and the thumb.
        let outline = Outline::new()
            .to(x - 1.3, y + 9.6)
            .to(x - 1.3, y + 1.2)
            .curve((x - 1.3, y - 0.5), (x + 1.3, y - 0.5), (x + 1.3, y + 1.2))
            .to(x + 1.3, y + 5.6)
            .curve((x + 1.5, y + 4.4), (x + 3.9, y + 4.5), (x + 3.9, y + 6.1))
            .curve((x + 4.2, y + 5.1), (x + 6.3, y + 5.3), (x + 6.4, y + 6.9))
            .curve((x + 6.8, y + 6.1), (x + 8.7, y + 6.3), (x + 8.7, y + 8.0))
            .to(x + 8.7, y + 11.0)
            .curve((x + 8.7, y + 13.2), (x + 7.4, y + 13.8), (x + 7.2, y + 16.2))
            .to(x - 0.2, y + 16.2)
            .curve((x - 0.6, y + 14.0), (x - 2.2, y + 12.8), (x - 4.0, y + 10.4))
            .curve((x - 5.0, y + 9.0), (x - 4.0, y + 7.6), (x - 2.6, y + 8.5))
            .close();
        self.outlined(canvas, &outline, (Ink::WHITE, Ink::BLACK));
        for finger in [1.3, 3.9, 6.4] {
            let crease = Outline::new().to(x + finger, y + 6.6).to(x + finger, y + 9.6);
            canvas.stroke(crease, 0.55, Ends::Round, Ink::BLACK);
        }
    }

    /// A palm with four fingers, given by the middles of their tips, and a thumb.
    fn hand(self, canvas: &mut Canvas, tips: &[(f64, f64); 4]) {
        const HALF: f64 = 1.4;
        let mut outline = Outline::new().to(tips[0].0 - HALF, 13.4);
        for &(x, y) in tips {
            outline = outline.to(x - HALF, y + 1.0).curve(
                (x - HALF, y - 0.9),
                (x + HALF, y - 0.9),
                (x + HALF, y + 1.0),
            );
        }
        let right = tips[3].0 + HALF;
        outline = outline
            .to(right, 14.2)
            .curve((right, 16.8), (right - 1.6, 17.4), (right - 1.8, 19.6))
            .to(8.2, 19.6)
            .curve((7.6, 17.6), (5.6, 16.4), (4.2, 14.2))
            .curve((3.2, 12.6), (4.2, 11.4), (5.2, 12.2))
            .close();
        self.outlined(canvas, &outline, (Ink::WHITE, Ink::BLACK));
        for pair in tips.windows(2) {
            let (x, top) = ((pair[0].0 + pair[1].0) / 2.0, pair[0].1.max(pair[1].1));
            let crease = Outline::new().to(x, top + 0.9).to(x, 12.6);
            canvas.stroke(crease, 0.55, Ends::Round, Ink::BLACK);
        }
    }

    fn beam(self, canvas: &mut Canvas, x: f64, y: f64, sideways: bool) {
        let (reach, serif, bend) = (6.6, 2.3, 0.9);
        let mut outline = Outline::new().from(x, y - reach + bend).to(x, y + reach - bend);
        for end in [-1.0, 1.0] {
            let (root, tip) = (y + end * (reach - bend), y + end * reach);
            for side in [-1.0, 1.0] {
                let out = x + side * serif;
                outline = outline
                    .from(x, root)
                    .curve((x, tip), (x + side * 0.6, tip), (out, tip));
            }
        }
        outline = outline.from(x - 1.1, y).to(x + 1.1, y);
        if sideways {
            outline = outline.turned(90.0, x, y);
        }
        self.lines(canvas, &outline, 0.9);
    }

    /// Arrows from the middle in these directions, in degrees clockwise from the right, and perhaps a bar across.
    fn resize(self, canvas: &mut Canvas, directions: &[f64], barred: bool, bar: f64) {
        let (middle, start) = (12.0, if barred { 2.0 } else { 0.0 });
        let arrow = |degrees: f64| {
            let at = |along: f64, across: f64| (middle + along, middle + across);
            [
                at(start, -0.75),
                at(5.0, -0.75),
                at(5.0, -3.1),
                at(8.6, 0.0),
                at(5.0, 3.1),
                at(5.0, 0.75),
                at(start, 0.75),
            ]
            .into_iter()
            .fold(Outline::new(), |outline, (x, y)| outline.to(x, y))
            .close()
            .turned(degrees, middle, middle)
        };
        let mut shapes: Vec<Outline> = directions.iter().map(|&degrees| arrow(degrees)).collect();
        if barred {
            let bar_shape = Outline::new().rounded(
                (middle - 0.75, middle - 6.2),
                (middle + 0.75, middle + 6.2),
                0.0,
                0.0,
            );
            shapes.push(bar_shape.turned(bar, middle, middle));
        }
        // The lines first, so that none crosses another piece.
        let (fill, line) = self.inks();
        for shape in &shapes {
            canvas.stroke(shape.clone(), 2.0 * self.edge(), Ends::Straight, line);
        }
        for shape in shapes {
            canvas.fill(shape, fill);
        }
    }

    fn glass(self, canvas: &mut Canvas) {
        let (x, y) = (10.2, 10.2);
        let handle = Outline::new().to(x + 4.0, y + 4.0).to(x + 8.4, y + 8.4);
        self.lines(canvas, &handle, 2.0);
        canvas.fill(Outline::new().circle(x, y, 5.2), Ink::WHITE.at(0.85));
        self.lines(canvas, &Outline::new().circle(x, y, 5.2), 1.2);
        let mut sign = Outline::new().from(x - 2.4, y).to(x + 2.4, y);
        if self.kind == Kind::ZoomIn {
            sign = sign.from(x, y - 2.4).to(x, y + 2.4);
        }
        canvas.stroke(sign, 1.1, Ends::Round, Ink::BLACK);
    }
}

/// Where the sign beside an arrow stands.
fn badge_place(frame: Frame) -> (f64, f64) {
    (frame.width - 4.4, frame.height - 5.6)
}

/// A red ring with a bar across it.
fn barred(canvas: &mut Canvas, x: f64, y: f64, radius: f64, width: f64, around: Ink) {
    let slope = radius * std::f64::consts::FRAC_1_SQRT_2;
    let sign = Outline::new()
        .circle(x, y, radius)
        .from(x - slope, y - slope)
        .to(x + slope, y + slope);
    canvas.stroke(sign.clone(), width + 1.2, Ends::Round, around);
    canvas.stroke(sign, width, Ends::Round, Ink::of(0xD9_30_30));
}

/// A blue ring, open at its top right.
fn ring(canvas: &mut Canvas, x: f64, y: f64, radius: f64, width: f64) {
    let ring = Outline::new().circle(x, y, radius);
    canvas.stroke(ring, width, Ends::Round, Ink::of(0xB8_D4_EE));
    let part = Outline::new().arc(x, y, radius, -90.0, 150.0);
    canvas.stroke(part, width, Ends::Round, Ink::of(0x1F_74_C4));
}

#[cfg(test)]
mod tests {
    use super::*;

    const MAC: [&str; 17] = [
        "Arrow",
        "ContextualMenu",
        "ClosedHand",
        "Crosshair",
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
    const WINDOWS: [&str; 14] = [
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
    ];

    fn all() -> Vec<Shape> {
        let names = MAC
            .iter()
            .flat_map(|name| [format!("MacOS|{name}"), format!("MacOS|Tahoe{name}")])
            .chain(WINDOWS.iter().map(|name| format!("Windows|{name}")))
            .chain(["MacOS|TahoeZoomIn".to_owned(), "MacOS|TahoeZoomOut".to_owned()]);
        names
            .map(|name| Shape::of(&name).unwrap_or_else(|| panic!("{name}")))
            .collect()
    }

    #[test]
    fn recorded_names_without_art_are_none() {
        for name in [
            "MacOS|DisappearingItem",
            "MacOS|TahoeDisappearingItem",
            "MacOS|ZoomIn",
            "MacOS|Hand",
            "Windows|ScrollNS",
            "Windows|ArrowCD",
            "Windows|PointingHand",
            "Arrow",
            "Linux|Arrow",
            "",
        ] {
            assert_eq!(Shape::of(name), None, "{name}");
        }
    }

    #[test]
    fn every_shape_is_seen_and_has_its_margins_and_hotspot() {
        let systems = [System::MacOs, System::Tahoe, System::Windows];
        for shape in all() {
            for shape in systems.map(|system| shape.in_manner_of(system)) {
                let picture = shape.draw().unwrap();
                assert_eq!(picture.size, shape.size());
                let (width, height) = (picture.size.width as usize, picture.size.height as usize);
                let alpha = |x: usize, y: usize| picture.data[(y * width + x) * 4 + 3];
                let solid = (0..width * height)
                    .filter(|at| picture.data[at * 4 + 3] == 255)
                    .count();
                assert!(solid > width * height / 60, "{shape:?}: {solid}");
                let edge = (0..width)
                    .flat_map(|x| [(x, 0), (x, height - 1)])
                    .chain((0..height).flat_map(|y| [(0, y), (width - 1, y)]));
                for (x, y) in edge {
                    assert!(
                        alpha(x, y) < 20,
                        "{shape:?} reaches its picture's edge at ({x}, {y})"
                    );
                }
                assert!(
                    picture
                        .data
                        .chunks_exact(4)
                        .all(|p| p[..3].iter().all(|c| *c <= p[3])),
                    "{shape:?} is not premultiplied"
                );
                let (x, y) = shape.hotspot();
                assert!((0.0..1.0).contains(&x) && (0.0..1.0).contains(&y));
            }
        }
    }

    /// The fractions that cap-look.md 8.8 states for scale.
    #[test]
    fn hotspots_lie_where_those_of_caps_art_do() {
        for (name, (x, y)) in [
            ("MacOS|Arrow", (0.302, 0.226)),
            ("MacOS|TahoeArrow", (0.320, 0.192)),
            ("MacOS|PointingHand", (0.342, 0.172)),
            ("MacOS|TahoePointingHand", (0.425, 0.167)),
            ("MacOS|IBeam", (0.484, 0.520)),
            ("Windows|Arrow", (0.288, 0.189)),
            ("Windows|Hand", (0.441, 0.143)),
        ] {
            let found = Shape::of(name).unwrap().hotspot();
            assert!(
                (found.0 - x).abs() < 2e-3 && (found.1 - y).abs() < 2e-3,
                "{name}: {found:?}"
            );
        }
    }

    /// The tip of an arrow is at its hotspot: solid just below it, nothing above the line around it.
    #[test]
    fn arrows_point_at_their_hotspots() {
        for name in ["MacOS|Arrow", "MacOS|TahoeArrow", "Windows|Arrow"] {
            let shape = Shape::of(name).unwrap();
            let picture = shape.draw().unwrap();
            let (x, y) = shape.hotspot();
            let unit = f64::from(HEIGHT) / shape.frame().height;
            let at = |dx: f64, dy: f64| {
                let x = x * f64::from(picture.size.width) + dx * unit;
                let y = y * f64::from(picture.size.height) + dy * unit;
                picture.data[(y as usize * picture.size.width as usize + x as usize) * 4 + 3]
            };
            assert_eq!(at(0.6, 2.0), 255, "{name}");
            assert!(at(0.0, -3.2) < 40, "{name}: {}", at(0.0, -3.2));
            assert!(at(-2.4, 1.0) < 90, "{name}");
        }
    }
}
