//! NV12 pictures that are brought up to date instead of being made anew.

use std::sync::Arc;

use crate::frame::{Areas, Nv12Frame, PixelRect, Size};

/// Pictures that are written again once every other holder has let go of them. All follow the same sequence of frames,
/// each some frames behind.
pub(in crate::export) struct Pool {
    size: Size,
    pictures: Vec<Pooled>,
    latest: Option<Arc<Nv12Frame>>,
}

struct Pooled {
    picture: Arc<Nv12Frame>,
    /// Where it lags behind the latest.
    stale: Areas,
}

impl Pool {
    pub(in crate::export) fn new(size: Size) -> Self {
        Self {
            size,
            pictures: Vec::new(),
            latest: None,
        }
    }

    /// The picture of the frame made last.
    #[cfg(test)]
    pub(in crate::export) fn latest(&self) -> Option<Arc<Nv12Frame>> {
        self.latest.clone()
    }

    /// The picture of the next frame: `write` gets one that holds the frame before and changes it within `areas`.
    pub(in crate::export) fn next<E>(
        &mut self,
        areas: &Areas,
        write: impl FnOnce(&mut Nv12Frame) -> Result<(), E>,
    ) -> Result<Arc<Nv12Frame>, E> {
        let free = (0..self.pictures.len())
            .filter(|&index| Arc::strong_count(&self.pictures[index].picture) == 1)
            .min_by_key(|&index| self.pictures[index].stale.pixels());
        let mut pooled = match free {
            Some(index) => self.pictures.swap_remove(index),
            None => Pooled {
                picture: Arc::new(Nv12Frame::new(self.size)),
                stale: Areas::whole(self.size),
            },
        };
        // Nobody else holds it, so this is the picture itself and no copy.
        let picture = Arc::make_mut(&mut pooled.picture);
        if let Some(latest) = &self.latest
            && !areas.is_whole()
        {
            for &rect in pooled.stale.rects() {
                copy(latest, picture, rect);
            }
        }
        write(picture)?;
        pooled.stale = Areas::none(self.size);
        for other in &mut self.pictures {
            other.stale.add_all(areas);
        }
        let picture = Arc::clone(&pooled.picture);
        self.pictures.push(pooled);
        self.latest = Some(Arc::clone(&picture));
        Ok(picture)
    }
}

/// Copies a rectangle with even edges, or the picture's own, between pictures of one size.
fn copy(from: &Nv12Frame, to: &mut Nv12Frame, rect: PixelRect) {
    let (x, width) = (rect.x as usize, rect.width as usize);
    for y in rect.y as usize..(rect.y + rect.height) as usize {
        let row = y * from.y_stride + x..y * from.y_stride + x + width;
        to.y[row.clone()].copy_from_slice(&from.y[row]);
    }
    let width = width.next_multiple_of(2);
    for y in rect.y as usize / 2..(rect.y + rect.height).div_ceil(2) as usize {
        let row = y * from.uv_stride + x..y * from.uv_stride + x + width;
        to.uv[row.clone()].copy_from_slice(&from.uv[row]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SIZE: Size = Size::new(333, 201);

    /// Fills luma and chroma of `rect` with `value`.
    fn paint(picture: &mut Nv12Frame, rect: PixelRect, value: u8) {
        let mut brush = Nv12Frame::new(picture.size);
        brush.y.fill(value);
        brush.uv.fill(value);
        copy(&brush, picture, rect);
    }

    proptest! {
        #[test]
        fn every_picture_is_complete_whoever_holds_on_to_them(
            steps in prop::collection::vec(((0u32..320, 0u32..190, 1u32..200, 1u32..150), 0usize..4), 1..40),
        ) {
            let mut pool = Pool::new(SIZE);
            let mut expected = Nv12Frame::new(SIZE);
            let mut held = std::collections::VecDeque::new();
            for (value, ((x, y, width, height), keep)) in steps.into_iter().enumerate() {
                let mut areas = Areas::none(SIZE);
                if value == 0 {
                    areas = Areas::whole(SIZE);
                } else {
                    areas.add(PixelRect { x, y, width, height });
                }
                let paint_all = |picture: &mut Nv12Frame| {
                    for &rect in areas.rects() {
                        paint(picture, rect, value as u8 + 1);
                    }
                };
                paint_all(&mut expected);
                let made = pool.next(&areas, |picture| {
                    paint_all(picture);
                    Ok::<_, ()>(())
                });
                let made = made.unwrap();
                prop_assert!(*made == expected);
                held.push_back(made);
                while held.len() > keep {
                    held.pop_front();
                }
            }
            prop_assert!(pool.pictures.len() <= 6);
        }
    }
}
