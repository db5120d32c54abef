//! Pictures whose code values mean another light than BT.709's: every pixel is mapped, once a picture.

use std::slice;

use ffmpeg_next::format::Pixel;
use ffmpeg_next::{ffi, frame};

use crate::frame::{YuvColor, YuvMatrix, YuvRange};
use crate::media::color::{Light, Mapping};

/// What comes out: full range, which keeps more steps than limited range of eight bits.
pub(super) const OUTPUT: YuvColor = YuvColor {
    matrix: YuvMatrix::Bt709,
    range: YuvRange::Full,
};

/// Colours that are remembered, as a power of two: screens hold few, and the same ones picture after picture.
const REMEMBERED_BITS: u32 = 17;
/// Most bits of a component that count.
const BITS: u32 = 12;
/// In `remembered`, where nothing is: no colour has so many bits.
const NOTHING: u64 = u64::MAX;

/// Maps pictures of one kind of light to 8-bit planes of [`OUTPUT`].
pub(super) struct Recolorer {
    light: Light,
    peak: f64,
    mapping: Mapping,
    /// Colours that were mapped: the source's components above those of the result, at the place that follows from the
    /// source's. They hold for `reading`.
    remembered: Vec<u64>,
    reading: Option<Reading>,
}

/// How components are to be read.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Reading {
    /// They are R, G and B and not Y, Cb and Cr.
    rgb: bool,
    color: YuvColor,
    /// Bits of a component, at most [`BITS`].
    depth: u32,
}

impl Recolorer {
    /// For pictures of `light`, whose brightest is `peak` cd/m² if they are HDR.
    pub(super) fn new(light: Light, peak: f64) -> Self {
        Self {
            light,
            peak,
            mapping: Mapping::new(light, peak),
            remembered: vec![NOTHING; 1 << REMEMBERED_BITS],
            reading: None,
        }
    }

    pub(super) fn is_for(&self, light: Light, peak: f64) -> bool {
        self.light == light && self.peak.to_bits() == peak.to_bits()
    }

    /// The planes of `source`, each with its stride and the chroma subsampled by these shifts; `None` where its format is
    /// none that [`reads`].
    pub(super) fn run(
        &mut self,
        source: &frame::Video,
        color: YuvColor,
        (shift_x, shift_y): (u8, u8),
    ) -> Option<Vec<(Vec<u8>, usize)>> {
        let layout = Layout::of(source.format())?;
        let reading = Reading {
            rgb: layout.rgb,
            color,
            depth: layout.depth(),
        };
        if self.reading != Some(reading) {
            self.remembered.fill(NOTHING);
            self.reading = Some(reading);
        }
        let convert = Convert::new(reading);
        let input = layout
            .components
            .map(|component| component.map(|place| Samples::of(source, place)));
        let (width, height) = (source.width() as usize, source.height() as usize);
        let (columns, rows) = (width.div_ceil(1 << shift_x), height.div_ceil(1 << shift_y));
        let mut lumas = vec![0; width * height];
        let mut blues = vec![0; columns * rows];
        let mut reds = vec![0; columns * rows];
        // Where there is no chroma, all of it is grey.
        let grey = 1_u64 << (reading.depth - 1);
        let sample = |index: usize, x, y| input[index].as_ref().map_or(grey, |samples| samples.at(x, y));
        for row in 0..rows {
            for column in 0..columns {
                let (mut blue, mut red, mut count) = (0_u32, 0_u32, 0_u32);
                for y in row << shift_y..((row + 1) << shift_y).min(height) {
                    for x in column << shift_x..((column + 1) << shift_x).min(width) {
                        let (cx, cy) = (x >> layout.shift_x, y >> layout.shift_y);
                        let key =
                            sample(0, x, y) << (2 * BITS) | sample(1, cx, cy) << BITS | sample(2, cx, cy);
                        let [y8, cb, cr] = self.look_up(key, &convert);
                        lumas[y * width + x] = y8;
                        blue += u32::from(cb);
                        red += u32::from(cr);
                        count += 1;
                    }
                }
                let at = row * columns + column;
                let count = count.max(1);
                blues[at] = ((blue + count / 2) / count) as u8;
                reds[at] = ((red + count / 2) / count) as u8;
            }
        }
        Some(vec![(lumas, width), (blues, columns), (reds, columns)])
    }

    /// The result for a colour: remembered, or worked out.
    fn look_up(&mut self, key: u64, convert: &Convert) -> [u8; 3] {
        // Fibonacci hashing: the upper bits of the product depend on all bits of the key.
        let place = (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (64 - REMEMBERED_BITS)) as usize;
        let known = &mut self.remembered[place];
        if *known >> 24 != key {
            let mask = (1 << BITS) - 1;
            let rgb = convert.rgb([key >> (2 * BITS), key >> BITS & mask, key & mask]);
            let [y, cb, cr] = encode(self.mapping.map(rgb));
            *known = key << 24 | u64::from(y) << 16 | u64::from(cb) << 8 | u64::from(cr);
        }
        [(*known >> 16) as u8, (*known >> 8) as u8, *known as u8]
    }
}

/// From components to R'G'B' (BT.709, 3; BT.2100, table 6 and 9).
struct Convert {
    rgb: bool,
    /// Luma's and chroma's zero and one over their extent, in code values.
    luma: (f32, f32),
    chroma: (f32, f32),
    kr: f32,
    kb: f32,
}

impl Convert {
    fn new(Reading { rgb, color, depth }: Reading) -> Self {
        let unit = f32::from(1_u16 << (depth - 8));
        let top = f32::from(1_u16 << depth) - 1.0;
        let (luma, chroma) = match color.range {
            YuvRange::Limited if !rgb => ((16.0 * unit, 219.0 * unit), (128.0 * unit, 224.0 * unit)),
            _ => ((0.0, top), (128.0 * unit, top)),
        };
        let (kr, kb) = color.matrix.luma_weights();
        Self {
            rgb,
            luma: (luma.0, 1.0 / luma.1),
            chroma: (chroma.0, 1.0 / chroma.1),
            kr: kr as f32,
            kb: kb as f32,
        }
    }

    fn rgb(&self, components: [u64; 3]) -> [f32; 3] {
        let [first, second, third] = components.map(|component| component as f32);
        let luma = |value: f32| (value - self.luma.0) * self.luma.1;
        if self.rgb {
            return [luma(first), luma(second), luma(third)];
        }
        let chroma = |value: f32| (value - self.chroma.0) * self.chroma.1;
        let (y, cb, cr) = (luma(first), chroma(second), chroma(third));
        let red = y + 2.0 * (1.0 - self.kr) * cr;
        let blue = y + 2.0 * (1.0 - self.kb) * cb;
        let green = (y - self.kr * red - self.kb * blue) / (1.0 - self.kr - self.kb);
        [red, green, blue]
    }
}

/// R'G'B' of BT.709 as Y'CbCr of [`OUTPUT`].
fn encode([red, green, blue]: [f32; 3]) -> [u8; 3] {
    let luma = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    let chroma =
        |difference: f32, extent: f32| (128.0 + 255.0 * difference / extent).round().clamp(0.0, 255.0) as u8;
    [
        (255.0 * luma).round().clamp(0.0, 255.0) as u8,
        chroma(blue - luma, 1.8556),
        chroma(red - luma, 1.5748),
    ]
}

/// Where the components of a pixel format lie.
#[derive(Clone, Copy)]
struct Layout {
    /// Y, Cb, Cr or R, G, B; the last two are missing in grey.
    components: [Option<Place>; 3],
    rgb: bool,
    shift_x: u8,
    shift_y: u8,
}

/// Where one component lies.
#[derive(Clone, Copy)]
struct Place {
    plane: usize,
    /// Bytes from one sample to the next, and to the first.
    step: usize,
    offset: usize,
    /// Bits below the sample, and in it.
    shift: u32,
    depth: u32,
}

impl Layout {
    /// `None` for formats whose samples are not whole bytes or pairs of them, in this machine's order.
    fn of(format: Pixel) -> Option<Self> {
        // SAFETY: a descriptor points at FFmpeg's static table.
        let raw = unsafe { &*format.descriptor()?.as_ptr() };
        let other_order = if cfg!(target_endian = "big") {
            0
        } else {
            ffi::AV_PIX_FMT_FLAG_BE
        };
        let unreadable = ffi::AV_PIX_FMT_FLAG_PAL
            | ffi::AV_PIX_FMT_FLAG_BITSTREAM
            | ffi::AV_PIX_FMT_FLAG_HWACCEL
            | ffi::AV_PIX_FMT_FLAG_BAYER
            | ffi::AV_PIX_FMT_FLAG_FLOAT
            | other_order;
        if raw.flags & u64::from(unreadable.unsigned_abs()) != 0 {
            return None;
        }
        let rgb = raw.flags & u64::from(ffi::AV_PIX_FMT_FLAG_RGB.unsigned_abs()) != 0;
        // Two components are grey and alpha.
        let count = if raw.nb_components >= 3 { 3 } else { 1 };
        let mut components = [None; 3];
        for (place, component) in components.iter_mut().zip(&raw.comp).take(count) {
            let number = |value: i32| usize::try_from(value).ok();
            let (depth, shift) = (component.depth.unsigned_abs(), component.shift.unsigned_abs());
            if depth < 8 || depth + shift > 16 {
                return None;
            }
            *place = Some(Place {
                plane: number(component.plane)?,
                step: number(component.step)?,
                offset: number(component.offset)?,
                shift,
                depth,
            });
        }
        // Packed samples of which some are left out.
        let subsampled = raw.log2_chroma_w > 0 || raw.log2_chroma_h > 0;
        if subsampled && components[1].is_some_and(|place: Place| place.plane == 0) {
            return None;
        }
        Some(Self {
            components,
            rgb,
            shift_x: raw.log2_chroma_w,
            shift_y: raw.log2_chroma_h,
        })
    }

    /// Bits of a component that count.
    fn depth(&self) -> u32 {
        self.components[0].map_or(8, |place| place.depth).min(BITS)
    }
}

/// Whether [`Recolorer::run`] reads pictures of this format.
pub(super) fn reads(format: Pixel) -> bool {
    Layout::of(format).is_some()
}

/// One component of a picture.
struct Samples<'a> {
    data: &'a [u8],
    stride: usize,
    place: Place,
    wide: bool,
    /// Bits to be dropped below.
    shift: u32,
}

impl<'a> Samples<'a> {
    fn of(frame: &'a frame::Video, place: Place) -> Self {
        // SAFETY: the frame is decoded, so the plane that its own format names has `linesize` bytes (checked to be positive
        // where the frame came in) for each row of the picture; chroma planes have fewer rows. They live as long as it.
        let (data, stride) = unsafe {
            let raw = &*frame.as_ptr();
            let stride = raw.linesize[place.plane].unsigned_abs() as usize;
            let shift = frame.format().descriptor().map_or(0, |it| it.log2_chroma_h());
            let chroma = place.plane > 0 && frame.planes() > 1;
            let rows = if chroma {
                (frame.height() as usize).div_ceil(1 << shift)
            } else {
                frame.height() as usize
            };
            // The last row may end with its last sample.
            let bytes = stride * rows.saturating_sub(1) + row_bytes(frame, place, chroma);
            (slice::from_raw_parts(raw.data[place.plane], bytes), stride)
        };
        Self {
            data,
            stride,
            place,
            wide: place.shift + place.depth > 8,
            shift: place.shift + place.depth.saturating_sub(BITS),
        }
    }

    fn at(&self, x: usize, y: usize) -> u64 {
        let at = y * self.stride + x * self.place.step + self.place.offset;
        let value = if self.wide {
            u16::from_ne_bytes([self.data[at], self.data[at + 1]])
        } else {
            u16::from(self.data[at])
        };
        let bits = self.place.depth.min(BITS);
        u64::from(value >> self.shift) & ((1 << bits) - 1)
    }
}

/// Bytes of a row that hold samples of the component's plane.
fn row_bytes(frame: &frame::Video, place: Place, chroma: bool) -> usize {
    let shift = frame.format().descriptor().map_or(0, |it| it.log2_chroma_w());
    let width = frame.width() as usize;
    let width = if chroma { width.div_ceil(1 << shift) } else { width };
    // Whole steps: the components of a pixel lie within one.
    width * place.step
}
