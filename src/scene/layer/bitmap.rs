//! Pictures that the scene itself brings: artwork, image overlays, rasterised texts.

use std::sync::Arc;

use crate::frame::Size;

/// RGBA pixels with premultiplied alpha, shared by everything that shows them. The renderer uploads a bitmap when it is
/// first shown and keeps it while it is shown, so that the same picture should stay the same bitmap from frame to frame.
#[derive(Clone, Debug)]
pub struct Bitmap(Arc<Pixels>);

#[derive(Debug)]
struct Pixels {
    size: Size,
    data: Vec<u8>,
    mipmapped: bool,
}

impl Bitmap {
    /// `data` holds 4 bytes a pixel, row by row without padding; `None` where that is not what `size` asks for or there is
    /// no pixel.
    pub fn new(size: Size, data: Vec<u8>) -> Option<Self> {
        Self::checked(size, data, false)
    }

    /// As [`new`](Self::new), for a picture that may be shown much smaller than it is: it is filtered between ever smaller
    /// copies of itself.
    pub fn mipmapped(size: Size, data: Vec<u8>) -> Option<Self> {
        Self::checked(size, data, true)
    }

    fn checked(size: Size, data: Vec<u8>, mipmapped: bool) -> Option<Self> {
        let fits = size.area() > 0 && size.area().checked_mul(4) == Some(data.len() as u64);
        fits.then(|| {
            Self(Arc::new(Pixels {
                size,
                data,
                mipmapped,
            }))
        })
    }

    /// Columns and rows.
    pub fn size(&self) -> Size {
        self.0.size
    }

    /// 4 bytes a pixel, row by row without padding.
    pub fn data(&self) -> &[u8] {
        &self.0.data
    }

    /// Whether it is filtered between smaller copies of itself.
    pub fn is_mipmapped(&self) -> bool {
        self.0.mipmapped
    }

    /// Whether both share their pixels. Bitmaps of the same content need not.
    pub fn same_as(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl PartialEq for Bitmap {
    fn eq(&self, other: &Self) -> bool {
        let (a, b) = (&self.0, &other.0);
        self.same_as(other) || (a.size == b.size && a.mipmapped == b.mipmapped && a.data == b.data)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_pixels_fill_its_size() {
        let size = Size::new(3, 2);
        assert!(Bitmap::new(size, vec![0; 24]).is_some());
        assert!(Bitmap::new(size, vec![0; 23]).is_none());
        assert!(Bitmap::new(Size::new(0, 2), Vec::new()).is_none());
    }

    #[test]
    fn equal_content_is_equal_but_another_picture() {
        let size = Size::new(1, 2);
        let a = Bitmap::new(size, vec![7; 8]).unwrap();
        let b = Bitmap::new(size, vec![7; 8]).unwrap();
        assert_eq!(a, b);
        assert!(!a.same_as(&b));
        assert!(a.same_as(&a.clone()));
        assert_ne!(a, Bitmap::new(size, vec![8; 8]).unwrap());
        assert_ne!(a, Bitmap::mipmapped(size, vec![7; 8]).unwrap());
    }
}
