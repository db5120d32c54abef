//! Decodes still images: backgrounds and pointer art.
//!
//! Background images may lie outside the recording (cap-look.md 4.3), so they are only ever decoded as images, by content
//! and not by file name, and inside limits. What decoding takes is claimed beforehand, by what the header says, and counted as
//! it is once everything is unpacked.

use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbaImage};

use super::ffmpeg::MediaError;
use super::reduce::{reduce, reduced_size};
use crate::budget::{Budget, Claim};
use crate::frame::{PackedFormat, PackedFrame, Size};
use crate::reading::{self, Place};

/// What an image may be and becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageLimits {
    /// Largest side that is decoded, pixels.
    pub max_side: u32,
    /// A larger side is reduced to this, the ratio kept.
    pub fit: Option<u32>,
    /// Whether it is turned and mirrored as its EXIF data say.
    pub upright: bool,
    /// How often the finished image lies in memory while it is used: as pixels, as a texture, on the way there.
    pub copies: u64,
}

impl ImageLimits {
    /// Backgrounds: any photograph is accepted, and reduced to fit 2560 x 2560 (cap-look.md 4.3).
    pub const BACKGROUND: Self = Self {
        max_side: 32768,
        fit: Some(2560),
        upright: false,
        copies: 2,
    };
    /// Pointer art: kept as it is.
    pub const POINTER: Self = Self {
        max_side: 4096,
        fit: None,
        upright: false,
        copies: 3,
    };
    /// Pictures over the frame (cap-additions.md): reduced to what the largest outputs can show of them.
    pub const OVERLAY: Self = Self {
        max_side: 32768,
        fit: Some(4096),
        upright: true,
        copies: 3,
    };
}

/// An image, with the memory that is claimed for it.
#[derive(Debug)]
pub struct StillImage {
    /// RGBA with straight alpha.
    pub frame: PackedFrame,
    /// To be kept as long as the image or a texture of it.
    pub claim: Claim,
}

/// Decodes an image file to RGBA with straight alpha, as it is stored or upright, as `limits` say.
///
/// # Errors
/// When the file can't be read, is no image of a known format, is damaged, exceeds `limits`, or takes more memory than is left
/// in `budget`.
pub(crate) fn load_image(
    path: &Path,
    place: Place,
    limits: &ImageLimits,
    budget: &Budget,
) -> Result<StillImage, MediaError> {
    let refused = |source| MediaError::Io {
        action: "open the image",
        file: path.to_owned(),
        source,
    };
    let failed = |source| MediaError::Image {
        file: path.to_owned(),
        source,
    };
    let file = reading::open(path, place).map_err(refused)?;
    let bytes = file.metadata().map_err(refused)?.len();
    let mut file = BufReader::new(file);
    let progressive = is_progressive_jpeg(&mut file).map_err(refused)?;
    file.rewind().map_err(refused)?;
    let mut reader = ImageReader::new(file).with_guessed_format().map_err(refused)?;
    let mut bounds = Limits::default();
    bounds.max_image_width = Some(limits.max_side);
    bounds.max_image_height = Some(limits.max_side);
    bounds.max_alloc = Some(Budget::OF_A_RECORDING);
    reader.limits(bounds);
    let format = reader.format();
    let mut decoder = reader.into_decoder().map_err(failed)?;
    let orientation = if limits.upright {
        decoder.orientation().map_err(failed)?
    } else {
        Orientation::NoTransforms
    };

    let (width, height) = decoder.dimensions();
    let size = limits.fit.map_or(Size::new(width, height), |side| {
        reduced_size(Size::new(width, height), side)
    });
    let decoded = decoder.total_bytes();
    let working = match format {
        // The decoder holds the whole file, and of a progressive one two bytes for each coefficient.
        Some(ImageFormat::Jpeg) => bytes + if progressive { decoded * 2 } else { 0 },
        Some(ImageFormat::Png | ImageFormat::Bmp) => 0,
        // A picture beside the one that comes out: what came before it, or its planes.
        _ => decoded.max(u64::from(width) * u64::from(height) * 4),
    };
    // Turned, it lies in memory twice.
    let working = match orientation {
        Orientation::NoTransforms => working,
        _ => working.max(decoded),
    };
    let finished = size.area() * 4;
    let kept = finished.saturating_mul(limits.copies);
    let peak = decoded.saturating_add(working).saturating_add(finished);
    let mut claim = budget
        .claim(peak.max(kept))
        .map_err(|source| MediaError::TooMuch {
            what: "the image",
            file: path.to_owned(),
            source,
        })?;
    let mut image = DynamicImage::from_decoder(decoder).map_err(failed)?;
    image.apply_orientation(orientation);
    let stored = Size::new(image.width(), image.height());
    let size = limits.fit.map_or(stored, |side| reduced_size(stored, side));
    let image = if size == stored {
        image.into_rgba8()
    } else {
        reduce(&image, size)
    };
    claim.shrink(kept);
    Ok(StillImage {
        frame: pack(image),
        claim,
    })
}

/// Whether a file is a progressive JPEG: its frame header, which stands before all coded data, says so (ITU-T T.81, B.1.1.3).
fn is_progressive_jpeg(file: &mut (impl Read + Seek)) -> std::io::Result<bool> {
    let mut start = [0; 2];
    if read_fully(file, &mut start)? < 2 || start != [0xff, 0xd8] {
        return Ok(false);
    }
    let mut header = [0; 4];
    while read_fully(file, &mut header)? == 4 && header[0] == 0xff {
        match header[1] {
            0xc2 | 0xc6 | 0xca | 0xce => return Ok(true),
            // Fill bytes may stand before a marker.
            0xff => {
                file.seek(SeekFrom::Current(-3))?;
            }
            // Other frame headers, and the beginning of coded data.
            0xc0..=0xc3 | 0xc5..=0xcf if header[1] != 0xc4 && header[1] != 0xc8 && header[1] != 0xcc => {
                return Ok(false);
            }
            0xd9 | 0xda => return Ok(false),
            _ => {
                let length = i64::from(u16::from_be_bytes([header[2], header[3]]));
                file.seek(SeekFrom::Current((length - 2).max(0)))?;
            }
        }
    }
    Ok(false)
}

/// Fills `into` as far as the file goes, and says how far.
fn read_fully(file: &mut impl Read, into: &mut [u8]) -> std::io::Result<usize> {
    let mut filled = 0;
    while filled < into.len() {
        match file.read(&mut into[filled..])? {
            0 => break,
            more => filled += more,
        }
    }
    Ok(filled)
}

fn pack(image: RgbaImage) -> PackedFrame {
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

    use image::{ExtendedColorType, GrayImage, Rgba};

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

    fn load_image(path: &Path, limits: &ImageLimits) -> Result<PackedFrame, MediaError> {
        super::load_image(path, Place::Anywhere, limits, &Budget::default()).map(|image| image.frame)
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

    /// A JPEG of 16 x 8 pixels, black on the left half and white on the right, that EXIF says to turn clockwise by 90 degrees
    /// (orientation 6).
    fn sideways(folder: &Path) -> std::path::PathBuf {
        let mut jpeg = Vec::new();
        let image = GrayImage::from_fn(16, 8, |x, _| image::Luma([if x < 8 { 0 } else { 255 }]));
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut jpeg, 100)
            .encode_image(&image)
            .expect("encoded");
        let mut exif = b"Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0".to_vec();
        let mut marker = vec![0xff, 0xe1];
        marker.extend(u16::try_from(exif.len() + 2).expect("short").to_be_bytes());
        marker.append(&mut exif);
        jpeg.splice(2..2, marker);
        let path = folder.join("sideways.jpg");
        fs::write(&path, jpeg).expect("written");
        path
    }

    #[test]
    fn overlays_stand_upright_and_backgrounds_lie_as_stored() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = sideways(folder.path());
        let stored = load_image(&path, &ImageLimits::BACKGROUND).expect("an image");
        assert_eq!(stored.size, Size::new(16, 8));
        let upright = load_image(&path, &ImageLimits::OVERLAY).expect("an image");
        assert_eq!(upright.size, Size::new(8, 16));
        // What was left is above.
        assert!(upright.view().row(0)[0] < 16 && upright.view().row(15)[0] > 240);
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
    /// A grey PNG of one bit a pixel: little to store, much to unpack.
    fn bomb(folder: &Path, side: u32) -> std::path::PathBuf {
        let path = folder.join(format!("{side}.png"));
        let file = std::io::BufWriter::new(fs::File::create(&path).expect("made"));
        let image = GrayImage::new(side, side);
        image::ImageEncoder::write_image(
            image::codecs::png::PngEncoder::new(file),
            image.as_raw(),
            side,
            side,
            ExtendedColorType::L8,
        )
        .expect("written");
        path
    }

    #[test]
    fn what_unpacks_to_more_than_may_be_claimed_is_refused_by_its_header() {
        let folder = tempfile::tempdir().expect("a folder");
        let large = bomb(folder.path(), 2000);
        // 4 MB of grey become 16 MB of RGBA; kept three times.
        for (limit, fits) in [(48_000_000, true), (47_999_999, false)] {
            let loaded = super::load_image(
                &large,
                Place::Anywhere,
                &ImageLimits::POINTER,
                &Budget::new(limit),
            );
            match loaded {
                Ok(_) => assert!(fits),
                Err(error) => {
                    assert!(!fits, "{error}");
                    assert!(matches!(error, MediaError::TooMuch { .. }), "{error}");
                    assert!(error.to_string().contains("2000.png"), "{error}");
                }
            }
        }
        // What was only needed on the way is free again, and what is kept is not.
        let budget = Budget::new(100_000_000);
        let first =
            super::load_image(&large, Place::Anywhere, &ImageLimits::POINTER, &budget).expect("an image");
        let second =
            super::load_image(&large, Place::Anywhere, &ImageLimits::POINTER, &budget).expect("an image");
        assert!(super::load_image(&large, Place::Anywhere, &ImageLimits::POINTER, &budget).is_err());
        drop((first, second));
        super::load_image(&large, Place::Anywhere, &ImageLimits::POINTER, &budget).expect("an image");
        // A background is reduced before it becomes RGBA.
        let wide = bomb(folder.path(), 6000);
        super::load_image(
            &wide,
            Place::Anywhere,
            &ImageLimits::BACKGROUND,
            &Budget::new(63_000_000),
        )
        .expect("an image");
    }

    #[test]
    fn progressive_pictures_are_told_by_their_header() {
        let is = |bytes: &[u8]| is_progressive_jpeg(&mut std::io::Cursor::new(bytes)).expect("read");
        let app0 = [0xff, 0xe0, 0, 4, 1, 2];
        let frame = |kind: u8| [0xff, kind, 0, 17, 8];
        let jpeg = |kind| {
            [
                &[0xff, 0xd8][..],
                &app0,
                &[0xff, 0xc4, 0, 3, 0],
                &[0xff],
                &frame(kind),
            ]
            .concat()
        };
        assert!(is(&jpeg(0xc2)));
        assert!(!is(&jpeg(0xc0)) && !is(&jpeg(0xc1)));
        for nothing in [
            &b""[..],
            b"\x89PNG",
            &[0xff, 0xd8],
            &[0xff, 0xd8, 0xff, 0xe0, 0, 0, 0xff, 0xc2],
        ] {
            assert!(!is(nothing));
        }
        assert!(
            !is(&[0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff]),
            "a length that leads out of the file"
        );
    }
}
