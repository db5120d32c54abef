//! The compositor against a reference in double precision, the ring, and the adapters.

mod background;
mod camera3d;
mod cards;
mod converted;
mod grade;
mod lettering;
mod pointer;
mod reference;
mod ring;
mod scenes;
mod sprite;
mod surfaces;
mod waveform;
mod window;

use std::sync::Arc;

use super::{ColorPolicy, Device, Pictures, RenderError, RenderSpec, Renderer, Sampling};
use crate::frame::{
    PackedFormat, PlaneStorage, PlaneView, Size, YuvColor, YuvLayout, YuvMatrix, YuvPicture, YuvRange,
};
use crate::scene::SceneFrame;

/// The machine's adapter. `None`, said aloud, where there is none and CAPSTAN_REQUIRE_GPU does not ask for one.
pub(super) fn device() -> Option<Device> {
    match Device::open(None) {
        Ok(device) => Some(device),
        Err(RenderError::NoAdapter) if std::env::var_os("CAPSTAN_REQUIRE_GPU").is_none() => {
            skipped();
            None
        }
        Err(error) => panic!("{error}"),
    }
}

#[expect(
    clippy::print_stderr,
    reason = "whoever runs the tests must see that these did not"
)]
fn skipped() {
    eprintln!("skipped: {}", RenderError::NoAdapter);
}

/// The colour behind the layers of a test.
pub(super) const CANVAS: [f64; 3] = [0.25, 0.5, 0.75];

pub(super) fn spec(size: Size) -> RenderSpec {
    RenderSpec {
        size,
        format: PackedFormat::Rgba,
        background_images: Default::default(),
        pointer_art: Default::default(),
        colors: ColorPolicy::ByTags,
        sampling: Sampling::Adapter,
        ring: 2,
    }
}

/// Whoever may filter the source pictures.
pub(super) const BOTH: [Sampling; 2] = [Sampling::Adapter, Sampling::Processor];

/// Draws one frame and returns its pixels row by row in the spec's byte order.
pub(super) fn draw(
    device: Device,
    spec: RenderSpec,
    scene: &SceneFrame,
    pictures: &Pictures,
) -> Vec<[u8; 4]> {
    let mut renderer = Renderer::new(device, spec).unwrap();
    renderer.submit(scene, pictures).unwrap();
    pixels(&renderer.receive().unwrap())
}

pub(super) fn pixels(frame: &super::ReadyFrame) -> Vec<[u8; 4]> {
    let view = frame.view();
    (0..view.size.height)
        .flat_map(|y| view.row(y).chunks_exact(4))
        .map(|pixel| [pixel[0], pixel[1], pixel[2], pixel[3]])
        .collect()
}

/// Planes in plain memory, rows padded by an odd number of bytes.
#[derive(Clone)]
pub(super) struct Planes {
    pub(super) planes: Vec<(Vec<u8>, usize)>,
}

impl PlaneStorage for Planes {
    fn plane(&self, index: usize) -> PlaneView<'_> {
        let (data, stride) = &self.planes[index];
        PlaneView {
            data,
            stride: *stride,
        }
    }
}

/// A picture whose samples come from `sample(plane, x, y)` with plane 0 Y, 1 U, 2 V and x, y in the plane's samples.
pub(super) fn picture(
    size: Size,
    layout: YuvLayout,
    color: YuvColor,
    sample: impl Fn(usize, u32, u32) -> u8,
) -> YuvPicture {
    let plane = |width: u32, height: u32, at: &dyn Fn(u32, u32) -> u8| {
        let stride = width as usize + 13;
        let mut data = vec![0xEE; stride * height as usize];
        for y in 0..height {
            for x in 0..width {
                data[y as usize * stride + x as usize] = at(x, y);
            }
        }
        (data, stride)
    };
    let mut planes = vec![plane(size.width, size.height, &|x, y| sample(0, x, y))];
    match layout {
        YuvLayout::Planar { shift_x, shift_y } => {
            let (width, height) = (
                size.width.div_ceil(1 << shift_x),
                size.height.div_ceil(1 << shift_y),
            );
            planes.push(plane(width, height, &|x, y| sample(1, x, y)));
            planes.push(plane(width, height, &|x, y| sample(2, x, y)));
        }
        YuvLayout::SemiPlanar420 => {
            let chroma = size.chroma_420();
            let at = |x: u32, y: u32| sample(1 + (x & 1) as usize, x / 2, y);
            planes.push(plane(chroma.width * 2, chroma.height, &at));
        }
    }
    YuvPicture::new(size, layout, color, Arc::new(Planes { planes }))
}

/// Deterministic noise in `low..=high`.
pub(super) fn grain(seed: u32, x: u32, y: u32, low: u8, high: u8) -> u8 {
    let mut value = seed ^ x.wrapping_mul(0x9E37_79B1) ^ y.wrapping_mul(0x85EB_CA77);
    value = (value ^ (value >> 15)).wrapping_mul(0x2C1B_3C6D);
    value = (value ^ (value >> 12)).wrapping_mul(0x297A_2D39);
    value ^= value >> 15;
    low + (value % (u32::from(high - low) + 1)) as u8
}
