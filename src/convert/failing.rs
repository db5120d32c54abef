//! A path that fails in the middle, for tests of what follows.

use std::sync::Arc;

use super::{Candidate, ConvertError, Converter, PixelPath, Timing};
use crate::frame::{Nv12Frame, PackedView};

/// Works `left` times, spoils the target, then fails for good.
struct Failing {
    left: u32,
    inner: Box<dyn Converter>,
}

impl Converter for Failing {
    fn path(&self) -> PixelPath {
        PixelPath::Gpu
    }

    fn convert_rect(
        &mut self,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
        x: u32,
        y: u32,
    ) -> Result<(), ConvertError> {
        if self.left == 0 {
            // The rectangle holds anything after an error, the rest is intact.
            for row in 0..source.size.height as usize {
                let at = (y as usize + row) * target.y_stride + x as usize;
                target.y[at..at + source.size.width as usize].fill(77);
            }
            return Err(ConvertError::unavailable(PixelPath::Gpu, "device lost"));
        }
        self.left -= 1;
        self.inner.convert_rect(source, target, x, y)
    }
}

/// A path that serves `left` rectangles.
pub(crate) fn failing(left: u32) -> Candidate {
    Candidate {
        path: PixelPath::Gpu,
        open: Arc::new(move |spec| {
            let inner = crate::convert::open(PixelPath::Simd, spec)?;
            Ok(Box::new(Failing { left, inner }))
        }),
        timing: Timing::Conversion,
    }
}
