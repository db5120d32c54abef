//! Decodes still images: backgrounds and pointer art.
//!
//! Background images may lie outside the recording (cap-look.md 4.3), so they are only ever decoded as images, by content
//! and not by file name, and inside limits.

use std::path::Path;

use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits, RgbaImage};

use super::ffmpeg::MediaError;
use crate::frame::{PackedFormat, PackedFrame, Size};

/// What an image may be and becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// Largest side that is decoded, pixels.
    pub max_side: u32,
    /// Most memory that decoding may take, bytes.
    pub max_bytes: u64,
    /// A larger side is reduced to this, the ratio kept.
    pub fit: Option<u32>,
}

impl ImageLimits {
    /// Backgrounds: any photograph is accepted, and reduced to fit 2560 x 2560 (cap-look.md 4.3).
    pub const BACKGROUND: Self = Self {
        max_side: 32768,
        max_bytes: 1 << 30,
        fit: Some(2560),
    };
    /// Pointer art: kept as it is.
    pub const POINTER: Self = Self {
        max_side: 4096,
        max_bytes: 256 << 20,
        fit: None,
    };
}

/// Decodes an image file to RGBA with straight alpha, as it is stored (an EXIF orientation is not applied).
///
/// # Errors
/// When the file can't be read, is no image of a known format, is damaged, or exceeds `limits`.
pub fn load_image(path: &Path, limits: &ImageLimits) -> Result<PackedFrame, MediaError> {
    let refused = |source| MediaError::Io {
        action: "open the image",
        file: path.to_owned(),
        source,
    };
    let failed = |source| MediaError::Image {
        file: path.to_owned(),
        source,
    };
    // Opening a named pipe would wait for a writer.
    if !path.metadata().map_err(refused)?.is_file() {
        return Err(refused(std::io::Error::new(
            std::io::ErrorKind::InvalidInput,
            "not a regular file",
        )));
    }
    let mut reader = ImageReader::open(path)
        .and_then(ImageReader::with_guessed_format)
        .map_err(refused)?;
    let mut bounds = Limits::default();
    bounds.max_image_width = Some(limits.max_side);
    bounds.max_image_height = Some(limits.max_side);
    bounds.max_alloc = Some(limits.max_bytes);
    reader.limits(bounds);
    let image = reader.decode().map_err(failed)?;
    Ok(pack(fit(image, limits.fit)))
}

/// Reduces an image whose larger side exceeds `side` (triangle filter: bilinear, widened when it reduces).
fn fit(image: DynamicImage, side: Option<u32>) -> DynamicImage {
    match side {
        Some(side) if image.width().max(image.height()) > side => {
            image.resize(side, side, FilterType::Triangle)
        }
        _ => image,
    }
}

fn pack(image: DynamicImage) -> PackedFrame {
    let image: RgbaImage = image.into_rgba8();
    let size = Size::new(image.width(), image.height());
    PackedFrame {
        size,
        stride: size.width as usize * 4,
        format: PackedFormat::Rgba,
        data: image.into_raw(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use image::{ImageFormat, Rgba};

    use super::*;

    fn write(folder: &Path, name: &str, width: u32, height: u32) -> std::path::PathBuf {
        let path = folder.join(name);
        let image = RgbaImage::from_fn(width, height, |x, y| {
            Rgba([(x % 256) as u8, (y % 256) as u8, 7, if x == 0 { 0 } else { 128 }])
        });
        image
            .save_with_format(&path, ImageFormat::Png)
            .expect("an image is written");
        path
    }

    #[test]
    fn straight_alpha_is_kept_as_stored() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = write(folder.path(), "a.png", 3, 2);
        let frame = load_image(&path, &ImageLimits::POINTER).expect("an image");
        assert_eq!(
            (frame.size, frame.stride, frame.format),
            (Size::new(3, 2), 12, PackedFormat::Rgba)
        );
        assert_eq!(frame.view().row(1), [0, 1, 7, 0, 1, 1, 7, 128, 2, 1, 7, 128]);
    }

    #[test]
    fn large_backgrounds_are_reduced_with_their_ratio() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = write(folder.path(), "wide.png", 5120, 100);
        let frame = load_image(&path, &ImageLimits::BACKGROUND).expect("an image");
        assert_eq!(frame.size, Size::new(2560, 50));
        let path = write(folder.path(), "exact.png", 2560, 2);
        let frame = load_image(&path, &ImageLimits::BACKGROUND).expect("an image");
        assert_eq!(frame.size, Size::new(2560, 2));
    }

    #[test]
    fn content_decides_not_the_name() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = write(folder.path(), "a.png", 2, 2);
        let renamed = folder.path().join("a.jpg");
        fs::rename(path, &renamed).expect("renamed");
        assert_eq!(
            load_image(&renamed, &ImageLimits::POINTER)
                .expect("an image")
                .size,
            Size::new(2, 2)
        );
    }

    #[test]
    fn errors_name_the_file_and_the_reason() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = folder.path().join("text.png");
        fs::write(&text, "no image").expect("written");
        let empty = folder.path().join("empty.png");
        fs::write(&empty, "").expect("written");
        let missing = folder.path().join("missing.png");
        let whole = fs::read(write(folder.path(), "whole.png", 64, 64)).expect("read");
        let cut = folder.path().join("cut.png");
        fs::write(&cut, &whole[..whole.len() / 2]).expect("written");
        let large = write(folder.path(), "large.png", 4097, 1);
        for path in [&text, &empty, &missing, &cut, &large, &folder.path().to_owned()] {
            let error = load_image(path, &ImageLimits::POINTER).expect_err("no image");
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            assert!(error.to_string().contains(&name), "{error}");
            assert!(std::error::Error::source(&error).is_some(), "{error}");
        }
    }
}
