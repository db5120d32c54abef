//! The stand-in for tests of the rooms above: enter, work, look at surfaces, and hold the work to account.

use std::sync::{Arc, Mutex};

use super::pixel_buffer::{PixelBuffer, Plane};
use super::sys::stand_in::{self, Plan};
use super::trial::read_pixels;
use crate::convert::reference;
use crate::convert::target;
use crate::frame::{Nv12Frame, PackedFrame, Size, YuvColor};
use crate::media::encode::{Surface, SurfaceFormat};

/// What an encoder finds in a surface of `size`; of BGRA what it should make of it.
pub(crate) fn as_nv12(surface: &Surface, size: Size) -> Nv12Frame {
    stand_in::look(|| match surface.format() {
        SurfaceFormat::Nv12 => planes(surface, size),
        SurfaceFormat::Bgra => reference::convert(pixels(surface, size).view(), YuvColor::BT709_LIMITED)
            .expect("the reference takes any picture"),
    })
}

/// The frameworks as the thread that entered them sees them.
pub(crate) struct Frameworks(Arc<Mutex<stand_in::World>>);

/// Frameworks in which nothing fails yet.
pub(crate) fn enter() -> Frameworks {
    Frameworks(stand_in::enter(Plan::default()))
}

impl Frameworks {
    /// Demands that nothing is alive and no rule was broken; the function that failed as planned.
    pub(crate) fn settle(self) -> Option<&'static str> {
        let account = stand_in::account(&self.0);
        assert!(account.alive.is_empty(), "still alive: {:?}", account.alive);
        assert!(account.breaches.is_empty(), "{:?}", account.breaches);
        account.failed
    }

    /// Makes the call that is `call` calls ahead fail.
    pub(crate) fn fail_after(&self, call: u64) {
        stand_in::fail_after(&self.0, call);
    }

    /// How many frames were wrapped in place.
    pub(crate) fn wraps(&self) -> u64 {
        stand_in::account(&self.0).wraps
    }
}

/// The content of a 4:2:0 surface of `size`.
fn planes(surface: &Surface, size: Size) -> Nv12Frame {
    planes_of(&PixelBuffer::shared(surface), size)
}

/// The content of a BGRA surface of `size`.
fn pixels(surface: &Surface, size: Size) -> PackedFrame {
    read_pixels(&PixelBuffer::shared(surface), size).expect("a surface is readable")
}

/// The content of a 4:2:0 buffer.
pub(super) fn planes_of(surface: &PixelBuffer, size: Size) -> Nv12Frame {
    let mut frame = Nv12Frame::new(size);
    let chroma = size.chroma_420();
    let locked = surface.lock_for_reading().expect("a surface is readable");
    let planes = [
        (
            Plane::Luma,
            size.width as usize,
            size.height,
            &mut frame.y,
            frame.y_stride,
        ),
        (
            Plane::Chroma,
            chroma.width as usize * 2,
            chroma.height,
            &mut frame.uv,
            frame.uv_stride,
        ),
    ];
    for (plane, row, rows, target, target_stride) in planes {
        let (bytes, stride) = locked.bytes(plane, row, rows).expect("a surface is readable");
        target::copy_rows((bytes, stride), (target, target_stride), row, rows);
    }
    locked.unlock().expect("a surface is readable");
    frame
}
