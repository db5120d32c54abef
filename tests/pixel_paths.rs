//! One conformance suite for every pixel path that this machine can open.
//!
//! Each is compared with the double-precision reference, code value by code value: at most the path's own tolerance
//! apart (1 in luma and 2 in chroma unless it states another), for random and structured pictures, odd sizes and
//! strides, both byte orders and both matrices.

use capstan::convert::reference::{self, Deviation};
use capstan::convert::{ConvertError, ConvertSpec, Converter, Luma, PixelPath, open};
use capstan::frame::{Nv12Frame, PackedFormat, PackedFrame, PackedView, Size, YuvColor};
use proptest::prelude::*;

/// Opens every path that serves `spec`. The two CPU paths are always among them.
fn available(spec: &ConvertSpec) -> Vec<Box<dyn Converter>> {
    let opened: Vec<_> = PixelPath::ALL
        .into_iter()
        .filter_map(|path| match open(path, spec) {
            Ok(converter) => Some(converter),
            Err(ConvertError::Unavailable { .. }) => None,
            Err(error) => panic!("{path} did not open for {spec:?}: {error}"),
        })
        .collect();
    let paths: Vec<_> = opened.iter().map(|converter| converter.path()).collect();
    assert!(paths.contains(&PixelPath::Swscale) && paths.contains(&PixelPath::Simd));
    opened
}

fn spec(size: Size, source: PackedFormat, color: YuvColor) -> ConvertSpec {
    ConvertSpec {
        size,
        source,
        color,
        luma: Luma::Rounded,
        threads: 1,
    }
}

/// A picture with `padding` bytes behind each row but the last, whose buffer ends with the last pixel.
fn picture(
    size: Size,
    format: PackedFormat,
    padding: usize,
    mut pixel: impl FnMut(u32, u32) -> [u8; 4],
) -> PackedFrame {
    let row = size.width as usize * 4;
    let stride = row + padding;
    let mut data = vec![0xA5; stride * (size.height as usize - 1) + row];
    for y in 0..size.height {
        for x in 0..size.width {
            data[y as usize * stride + x as usize * 4..][..4].copy_from_slice(&pixel(x, y));
        }
    }
    PackedFrame {
        size,
        stride,
        format,
        data,
    }
}

/// A target with odd strides and a guard behind each row, whose buffers end with the last sample.
fn guarded(size: Size, padding: usize) -> Nv12Frame {
    let chroma = size.chroma_420();
    let (luma_row, chroma_row) = (size.width as usize, chroma.width as usize * 2);
    let (y_stride, uv_stride) = (luma_row + padding, chroma_row + padding);
    Nv12Frame {
        size,
        y_stride,
        uv_stride,
        y: vec![0x5A; y_stride * (size.height as usize - 1) + luma_row],
        uv: vec![0x5A; uv_stride * (chroma.height as usize - 1) + chroma_row],
    }
}

fn assert_guards_intact(target: &Nv12Frame, context: &str) {
    let chroma_row = target.size.chroma_420().width as usize * 2;
    for row in target.y.chunks(target.y_stride) {
        assert!(
            row[target.size.width as usize..].iter().all(|byte| *byte == 0x5A),
            "{context}: luma padding"
        );
    }
    for row in target.uv.chunks(target.uv_stride) {
        assert!(
            row[chroma_row..].iter().all(|byte| *byte == 0x5A),
            "{context}: chroma padding"
        );
    }
}

fn assert_close(converter: &dyn Converter, expected: &Nv12Frame, found: &Nv12Frame, context: &str) {
    let Deviation { luma, chroma } = reference::deviation(expected, found);
    let allowed = converter.path().tolerance();
    assert!(
        luma <= allowed.luma && chroma <= allowed.chroma,
        "{} is {luma} off in luma and {chroma} in chroma: {context}",
        converter.path()
    );
}

/// Converts `source` by every path, into a plain target and a guarded one.
fn conforms(source: &PackedFrame, color: YuvColor, target_padding: usize, context: &str) {
    let expected = reference::convert(source.view(), color).expect("the reference takes any picture");
    for converter in &mut available(&spec(source.size, source.format, color)) {
        let context = format!(
            "{context}, {} {:?} {:?}",
            source.size, source.format, color.matrix
        );
        let mut plain = Nv12Frame::new(source.size);
        converter
            .convert(source.view(), &mut plain)
            .expect("a plain target");
        assert_close(converter.as_ref(), &expected, &plain, &context);
        let mut odd = guarded(source.size, target_padding);
        converter.convert(source.view(), &mut odd).expect("an odd target");
        assert_close(converter.as_ref(), &expected, &odd, &context);
        assert_guards_intact(&odd, &context);
    }
}

fn noise(seed: u64) -> impl FnMut(u32, u32) -> [u8; 4] {
    let mut random = fastrand::Rng::with_seed(seed);
    move |_, _| random.u32(..).to_le_bytes()
}

const SIZES: [(u32, u32); 18] = [
    (2, 2),
    (3, 2),
    (2, 3),
    (3, 3),
    (5, 7),
    (15, 4),
    (16, 16),
    (17, 9),
    (31, 33),
    (63, 2),
    (64, 64),
    (65, 66),
    (127, 31),
    (130, 70),
    (333, 101),
    (641, 359),
    (1366, 768),
    (1921, 1081),
];

#[test]
fn noise_at_odd_sizes_and_strides() {
    for (index, (width, height)) in SIZES.into_iter().enumerate() {
        let size = Size::new(width, height);
        for format in [PackedFormat::Rgba, PackedFormat::Bgra] {
            let padding = [0, 4, 12, 1, 33][index % 5];
            let source = picture(size, format, padding, noise(index as u64));
            conforms(&source, YuvColor::BT709_LIMITED, [0, 1, 7][index % 3], "noise");
        }
    }
}

#[test]
fn the_largest_size() {
    let size = Size::new(4096, 2304);
    let source = picture(size, PackedFormat::Bgra, 64, noise(9));
    conforms(&source, YuvColor::BT709_LIMITED, 3, "noise");
}

#[test]
fn structures_that_show_a_wrong_mean_or_matrix() {
    type Paint = fn(u32, u32) -> [u8; 4];
    let paints: [(&str, Paint); 6] = [
        ("columns", |x, _| {
            if x % 2 == 0 {
                [255, 0, 0, 255]
            } else {
                [0, 0, 255, 255]
            }
        }),
        ("rows", |_, y| {
            if y % 2 == 0 {
                [255, 255, 0, 0]
            } else {
                [0, 255, 255, 9]
            }
        }),
        ("checks", |x, y| if (x + y) % 2 == 0 { [255; 4] } else { [0; 4] }),
        ("edge", |x, y| {
            if x / 2 > y / 2 {
                [0, 255, 0, 1]
            } else {
                [255, 0, 255, 254]
            }
        }),
        ("ramp", |x, y| [x as u8, y as u8, (x + y) as u8, x as u8]),
        ("single pixels", |x, y| {
            if x % 7 == 3 && y % 5 == 2 {
                [255, 0, 0, 0]
            } else {
                [255; 4]
            }
        }),
    ];
    for (name, paint) in paints {
        for format in [PackedFormat::Rgba, PackedFormat::Bgra] {
            for color in [YuvColor::BT709_LIMITED, YuvColor::BT601_LIMITED] {
                for size in [Size::new(259, 257), Size::new(256, 64)] {
                    conforms(&picture(size, format, 20, paint), color, 5, name);
                }
            }
        }
    }
}

/// Swapping red and blue, or the matrix, shows on any of these; the figures are the standard's 100 % bars.
#[test]
fn colour_patches_have_their_published_values() {
    let bars = [
        ([255, 255, 255], [235, 128, 128]),
        ([255, 255, 0], [219, 16, 138]),
        ([0, 255, 255], [188, 154, 16]),
        ([0, 255, 0], [173, 42, 26]),
        ([255, 0, 255], [78, 214, 230]),
        ([255, 0, 0], [63, 102, 240]),
        ([0, 0, 255], [32, 240, 118]),
        ([0, 0, 0], [16, 128, 128]),
    ];
    let size = Size::new(64, 16);
    for ([r, g, b], [y, u, v]) in bars {
        for (format, bytes) in [
            (PackedFormat::Rgba, [r, g, b, 3]),
            (PackedFormat::Bgra, [b, g, r, 200]),
        ] {
            let source = picture(size, format, 0, |_, _| bytes);
            for converter in &mut available(&spec(size, format, YuvColor::BT709_LIMITED)) {
                let mut target = Nv12Frame::new(size);
                converter.convert(source.view(), &mut target).unwrap();
                let found = [target.y[40], target.uv[40], target.uv[41]];
                for (found, expected) in found.into_iter().zip([y, u, v]) {
                    let path = converter.path();
                    assert!(
                        u8::abs_diff(found, expected) <= path.tolerance().luma,
                        "{path} {format:?}: {found} for {expected}"
                    );
                }
            }
        }
    }
}

/// A rectangle of `whole`, in its memory.
fn cut(whole: &PackedFrame, x: u32, y: u32, size: Size) -> PackedView<'_> {
    PackedView {
        size,
        data: &whole.data[y as usize * whole.stride + x as usize * 4..],
        ..whole.view()
    }
}

#[test]
fn rectangles_assemble_into_the_picture_converted_at_once() {
    let size = Size::new(211, 97);
    let source = picture(size, PackedFormat::Bgra, 8, noise(4));
    for threads in [1, 3] {
        let spec = ConvertSpec {
            luma: Luma::Rounded,
            threads,
            ..spec(size, PackedFormat::Bgra, YuvColor::BT709_LIMITED)
        };
        for converter in &mut available(&spec) {
            let path = converter.path();
            let mut whole = guarded(size, 3);
            converter.convert(source.view(), &mut whole).unwrap();
            let mut parts = guarded(size, 3);
            for (x, width) in [(0, 64), (64, 2), (66, 100), (166, 45)] {
                for (y, height) in [(0, 2), (2, 60), (62, 34), (96, 1)] {
                    let part = cut(&source, x, y, Size::new(width, height));
                    converter.convert_rect(part, &mut parts, x, y).unwrap();
                    assert_guards_intact(&parts, path.name());
                }
            }
            let apart = reference::deviation(&whole, &parts);
            // SIMD kernels and their plain-code tails may round the same mean differently.
            assert!(apart.luma <= 1 && apart.chroma <= 1, "{path}: {apart:?}");
            let exact = reference::convert(source.view(), YuvColor::BT709_LIMITED).unwrap();
            assert_close(converter.as_ref(), &exact, &parts, "rectangles");
        }
    }
}

#[test]
fn a_rectangle_leaves_its_surroundings_alone() {
    let size = Size::new(128, 64);
    let patch = picture(Size::new(18, 6), PackedFormat::Rgba, 0, |_, _| [255; 4]);
    for converter in &mut available(&spec(size, PackedFormat::Rgba, YuvColor::BT709_LIMITED)) {
        let mut target = Nv12Frame::new(size);
        target.y.fill(1);
        target.uv.fill(2);
        converter.convert_rect(patch.view(), &mut target, 30, 20).unwrap();
        for (at, byte) in target.y.iter().enumerate() {
            let (x, y) = (at % target.y_stride, at / target.y_stride);
            let inside = (30..48).contains(&x) && (20..26).contains(&y);
            assert_eq!(
                *byte,
                if inside { 235 } else { 1 },
                "{} luma {x},{y}",
                converter.path()
            );
        }
        for (at, byte) in target.uv.iter().enumerate() {
            let (x, y) = (at % target.uv_stride, at / target.uv_stride);
            let inside = (30..48).contains(&x) && (10..13).contains(&y);
            assert_eq!(
                *byte,
                if inside { 128 } else { 2 },
                "{} chroma {x},{y}",
                converter.path()
            );
        }
        let empty = PackedFrame::new(Size::new(0, 6), PackedFormat::Rgba);
        converter.convert_rect(empty.view(), &mut target, 30, 20).unwrap();
    }
}

#[test]
fn threads_change_nothing() {
    let size = Size::new(1922, 1081);
    let source = picture(size, PackedFormat::Rgba, 4, noise(5));
    let convert = |threads| {
        let spec = ConvertSpec {
            luma: Luma::Rounded,
            threads,
            ..spec(size, PackedFormat::Rgba, YuvColor::BT709_LIMITED)
        };
        let mut target = guarded(size, 1);
        open(PixelPath::Simd, &spec)
            .unwrap()
            .convert(source.view(), &mut target)
            .unwrap();
        target
    };
    let single = convert(1);
    for threads in [2, 3, 64] {
        assert_eq!(convert(threads), single, "{threads} threads");
    }
}

#[test]
fn contradicting_buffers_are_refused() {
    let size = Size::new(16, 16);
    let source = picture(size, PackedFormat::Rgba, 0, |_, _| [0; 4]);
    let view = source.view();
    let part = |width, height| PackedView {
        size: Size::new(width, height),
        ..view
    };
    let refused =
        |converter: &mut dyn Converter, view: PackedView<'_>, mut target: Nv12Frame, x, y, word: &str| {
            let error = converter
                .convert_rect(view, &mut target, x, y)
                .unwrap_err()
                .to_string();
            assert!(error.contains(word), "{error} does not say {word:?}");
        };
    for converter in &mut available(&spec(size, PackedFormat::Rgba, YuvColor::BT709_LIMITED)) {
        let converter = converter.as_mut();
        let target = || Nv12Frame::new(size);
        refused(converter, part(4, 4), target(), 1, 0, "x must be even");
        refused(converter, part(4, 4), target(), 0, 3, "y must be even");
        refused(converter, part(3, 4), target(), 0, 0, "odd length along x");
        refused(converter, part(4, 3), target(), 0, 0, "odd length along y");
        refused(converter, part(4, 4), target(), 14, 0, "outside");
        refused(converter, part(4, 4), target(), 0, u32::MAX - 1, "outside");
        refused(
            converter,
            part(16, 16),
            Nv12Frame::new(Size::new(32, 16)),
            0,
            0,
            "opened for 16x16",
        );
        let short = PackedView {
            data: &view.data[..1000],
            ..view
        };
        refused(converter, short, target(), 0, 0, "1000 bytes");
        refused(
            converter,
            PackedView { stride: 63, ..view },
            target(),
            0,
            0,
            "stride of 63",
        );
        refused(
            converter,
            PackedView {
                stride: usize::MAX,
                ..view
            },
            target(),
            0,
            0,
            "needed",
        );
        let bgra = PackedView {
            format: PackedFormat::Bgra,
            ..view
        };
        refused(converter, bgra, target(), 0, 0, "Bgra");
        let mut short_luma = target();
        short_luma.y.truncate(500);
        refused(converter, view, short_luma, 0, 0, "luma buffer has 500");
        let mut short_chroma = target();
        short_chroma.uv.truncate(400);
        refused(converter, view, short_chroma, 0, 0, "chroma buffer has 400");
        assert!(converter.convert(part(8, 8), &mut target()).is_err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn any_picture_at_any_size(
        width in 1u32..200,
        height in 1u32..80,
        source_padding in 0usize..70,
        target_padding in 0usize..70,
        bgra in any::<bool>(),
        cap_colors in any::<bool>(),
        seed in any::<u64>(),
    ) {
        let format = if bgra { PackedFormat::Bgra } else { PackedFormat::Rgba };
        let color = if cap_colors { YuvColor::BT601_LIMITED } else { YuvColor::BT709_LIMITED };
        let source = picture(Size::new(width, height), format, source_padding, noise(seed));
        conforms(&source, color, target_padding, "any");
    }
}
