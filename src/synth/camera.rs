//! Somebody before a camera: every picture differs from the last, as camera pictures do.

use super::canvas::{Area, Canvas};
use crate::frame::Size;

/// A head and shoulders that sway, nod and talk before a room.
pub(super) struct Person {
    room: Canvas,
    canvas: Canvas,
}

impl Person {
    /// A camera picture of `size`.
    pub(super) fn new(size: Size) -> Self {
        let (w, h) = (size.width as i32, size.height as i32);
        let mut room = Canvas::new(size, [0, 0, 0]);
        room.gradient(Area::new(0, 0, w, h), [176, 190, 197], [120, 110, 104]);
        // A window to the left and a shelf to the right tell a mirrored picture from a straight one.
        room.fill(Area::new(w / 16, h / 10, w / 5, h / 3), [232, 244, 253]);
        room.fill(Area::new(w * 3 / 4, h / 4, w / 5, h / 30 + 1), [93, 64, 55]);
        room.fill(Area::new(w * 31 / 40, h / 8, w / 40 + 1, h / 8), [198, 40, 40]);
        let canvas = Canvas::new(size, [0, 0, 0]);
        Self { room, canvas }
    }

    /// The picture.
    pub(super) fn canvas(&mut self) -> &mut Canvas {
        &mut self.canvas
    }

    /// Draws the picture at `seconds`.
    pub(super) fn draw(&mut self, seconds: f64) {
        let size = self.room.size();
        let (w, h) = (size.width as i32, size.height as i32);
        let unit = f64::from(h);
        let sway = (unit * 0.05 * (seconds * 1.3).sin()) as i32;
        let nod = (unit * 0.02 * (seconds * 3.1).sin()) as i32;
        let talk = (unit * 0.02 * (1.0 + (seconds * 17.0).sin())) as i32;
        let all = Area::new(0, 0, w, h);
        self.canvas.blit(&self.room, all, 0, 0);
        let shoulders = Area::new(w / 2 - h / 3 + sway / 2, h * 7 / 10, h * 2 / 3, h);
        self.canvas.ellipse(shoulders, [57, 73, 171]);
        let head = Area::new(w / 2 - h / 6 + sway, h / 4 + nod, h / 3, h * 9 / 20);
        self.canvas.ellipse(
            Area::new(head.x, head.y - h / 20, head.width, head.height),
            [62, 39, 35],
        );
        self.canvas.ellipse(head.inner(h / 60), [224, 172, 138]);
        for side in [-1, 1] {
            let eye = h / 30 + 1;
            let x = head.x + head.width / 2 + side * head.width / 5 - eye / 2;
            self.canvas
                .ellipse(Area::new(x, head.y + head.height * 2 / 5, eye, eye), [33, 33, 33]);
        }
        let mouth = Area::new(
            head.x + head.width / 3,
            head.y + head.height * 7 / 10,
            head.width / 3,
            h / 60 + talk,
        );
        self.canvas.ellipse(mouth, [136, 54, 54]);
    }
}
