//! The canvas behind everything, drawn once into a picture of the output's size (cap-look.md 4.1-4.3).

use std::borrow::Cow;

use wgpu::util::DeviceExt;

use super::device::Device;
use super::error::{RenderError, Stage};
use super::pipeline::Pipelines;
use super::pointer::{check_image, texture_bind_group, upload_image};
use super::target::Target;
use crate::cap::config::BackgroundSource;
use crate::frame::{PackedFrame, PixelRect, Size};

/// Longest side of a background image; larger ones are reduced to it first (4.3).
const MAX_IMAGE_SIDE: u32 = 2560;

/// What fills the canvas.
#[derive(Clone, Debug)]
pub enum Backdrop {
    /// One colour, composited over black once (cap-look.md 26, quirk 9).
    Color {
        /// R, G, B, 0..=1.
        color: [f64; 3],
        /// 0..=1.
        alpha: f64,
    },
    /// A linear gradient in the unit square (4.2).
    Gradient {
        /// R, G, B at the start, 0..=1.
        from: [f64; 3],
        /// R, G, B at the end, 0..=1.
        to: [f64; 3],
        /// Degrees; 90 runs left to right, 180 top to bottom.
        angle: f64,
        /// Grain.
        noise: Noise,
    },
    /// A picture that covers the canvas, cut equally on both sides (4.3).
    Image(PackedFrame),
}

/// Grain over a gradient (4.2).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Noise {
    /// 0..=100; 0 is none.
    pub intensity: f64,
    /// 0..=100; higher is coarser.
    pub scale: f64,
}

impl Backdrop {
    /// What a missing or unreadable image is replaced by (4.3).
    pub const WHITE: Self = Self::Color {
        color: [1.0; 3],
        alpha: 1.0,
    };

    /// The colour or gradient of a configuration; `None` for images, which somebody has to load first.
    pub fn of(source: &BackgroundSource) -> Option<Self> {
        let unit = |color: &[u16; 3]| color.map(|channel| f64::from(channel.min(255)) / 255.0);
        match source {
            BackgroundSource::Wallpaper { .. } | BackgroundSource::Image { .. } => None,
            BackgroundSource::Color { value, alpha } => Some(Self::Color {
                color: unit(value),
                alpha: f64::from(*alpha) / 255.0,
            }),
            BackgroundSource::Gradient {
                from,
                to,
                angle,
                noise_intensity,
                noise_scale,
            } => Some(Self::Gradient {
                from: unit(from),
                to: unit(to),
                angle: f64::from(*angle),
                noise: Noise {
                    intensity: noise_intensity.unwrap_or(0.0),
                    scale: noise_scale.unwrap_or(3.0),
                },
            }),
            BackgroundSource::AnimatedGradient { config } => {
                Some(config.first_color.map_or(Self::WHITE, |color| Self::Color {
                    color: unit(&color),
                    alpha: 1.0,
                }))
            }
        }
    }
}

/// Numbers of shaders/backdrop.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
struct BackdropUniforms {
    start: [f32; 4],
    end: [f32; 4],
    direction: [f32; 2],
    noise_cells: f32,
    noise_strength: f32,
    cut: [f32; 4],
}

impl BackdropUniforms {
    fn gradient(from: [f64; 3], to: [f64; 3], angle: f64, noise: Noise) -> Self {
        let color = |c: [f64; 3]| [c[0] as f32, c[1] as f32, c[2] as f32, 1.0];
        let (sin, cos) = (angle + 270.0).to_radians().sin_cos();
        Self {
            start: color(from),
            end: color(to),
            direction: [cos as f32, sin as f32],
            noise_cells: (600.0 * (0.3 + 1.2 * (100.0 - noise.scale) / 100.0)) as f32,
            noise_strength: (0.25 * noise.intensity.clamp(0.0, 100.0) / 100.0) as f32,
            cut: [0.0; 4],
        }
    }

    fn image(image: Size, output: Size) -> Self {
        let ratio = |size: Size| f64::from(size.width) / f64::from(size.height);
        let (shown_x, shown_y) = if ratio(image) > ratio(output) {
            (ratio(output) / ratio(image), 1.0)
        } else {
            (1.0, ratio(image) / ratio(output))
        };
        let cut = [shown_x, shown_y, (1.0 - shown_x) / 2.0, (1.0 - shown_y) / 2.0];
        Self {
            start: [0.0; 4],
            end: [0.0; 4],
            direction: [0.0; 2],
            noise_cells: 0.0,
            noise_strength: 0.0,
            cut: cut.map(|v| v as f32),
        }
    }
}

/// The finished canvas.
#[derive(Debug)]
pub(super) struct Canvas {
    /// Of the output's size and format.
    pub(super) texture: wgpu::Texture,
    /// Through which frames show it.
    pub(super) bound: wgpu::BindGroup,
}

/// Draws the canvas.
///
/// # Errors
/// When the image is too large for a texture or holds fewer bytes than its size asks for, or the device fails.
pub(super) fn prepare(
    device: &Device,
    pipelines: &mut Pipelines,
    sampler: &wgpu::Sampler,
    target: &Target,
    backdrop: &Backdrop,
) -> Result<Canvas, RenderError> {
    let opaque = |color: [f64; 3], alpha: f64| color.map(|channel| channel * alpha.clamp(0.0, 1.0));
    let (entry_point, uniforms, source) = match backdrop {
        Backdrop::Color { color, alpha } => {
            let color = opaque(*color, *alpha);
            let plain = Noise {
                intensity: 0.0,
                scale: 0.0,
            };
            (
                "gradient",
                BackdropUniforms::gradient(color, color, 0.0, plain),
                None,
            )
        }
        Backdrop::Gradient {
            from,
            to,
            angle,
            noise,
        } => (
            "gradient",
            BackdropUniforms::gradient(*from, *to, *angle, *noise),
            None,
        ),
        Backdrop::Image(image) => {
            check_image_data(device, image)?;
            let image = reduced(image);
            let uniforms = BackdropUniforms::image(image.size, target.size);
            (
                "image",
                uniforms,
                Some(upload_image(device, "background image", &image)),
            )
        }
    };
    let canvas = device.texture(
        "backdrop",
        target.size,
        target.texture.format(),
        wgpu::TextureUsages::RENDER_ATTACHMENT
            | wgpu::TextureUsages::TEXTURE_BINDING
            | wgpu::TextureUsages::COPY_SRC,
    );
    // A gradient reads no texture, but its shader shares the layout of those that do.
    let unread = || {
        let size = Size::new(1, 1);
        upload_image(
            device,
            "no image",
            &PackedFrame::new(size, crate::frame::PackedFormat::Rgba),
        )
    };
    let source = source.unwrap_or_else(unread);
    let bound = texture_bind_group(device, &pipelines.layouts.texture, sampler, &source);
    let numbers = uniform_bind_group(device, pipelines, bytemuck::bytes_of(&uniforms));
    let whole = PixelRect::full(target.size);
    let rects = device
        .device
        .create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("backdrop rectangle"),
            contents: bytemuck::cast_slice(&[whole.x, whole.y, whole.width, whole.height]),
            usage: wgpu::BufferUsages::VERTEX,
        });
    let pipeline = pipelines.backdrop(device, entry_point, target.texture.format());
    let mut encoder = device
        .device
        .create_command_encoder(&wgpu::CommandEncoderDescriptor {
            label: Some("backdrop"),
        });
    {
        let view = canvas.create_view(&wgpu::TextureViewDescriptor::default());
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("backdrop"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Clear(wgpu::Color::BLACK),
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..wgpu::RenderPassDescriptor::default()
        });
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &numbers, &[0]);
        pass.set_bind_group(1, &bound, &[]);
        pass.set_vertex_buffer(0, rects.slice(..));
        pass.draw(0..4, 0..1);
    }
    device.queue.submit([encoder.finish()]);
    device.check(Stage::Setup, None)?;
    Ok(Canvas {
        bound: texture_bind_group(device, &pipelines.layouts.texture, sampler, &canvas),
        texture: canvas,
    })
}

fn uniform_bind_group(device: &Device, pipelines: &Pipelines, contents: &[u8]) -> wgpu::BindGroup {
    let buffer = device
        .device
        .create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("backdrop"),
            contents,
            usage: wgpu::BufferUsages::UNIFORM,
        });
    device.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("backdrop"),
        layout: &pipelines.layouts.uniforms,
        entries: &[wgpu::BindGroupEntry {
            binding: 0,
            resource: buffer.as_entire_binding(),
        }],
    })
}

/// The image may be larger than a texture as long as it is reduced; its data must be whole.
fn check_image_data(device: &Device, image: &PackedFrame) -> Result<(), RenderError> {
    if image.size.width.max(image.size.height) <= MAX_IMAGE_SIDE {
        return check_image(device, "the background image", image);
    }
    let row_bytes = image.size.width as usize * 4;
    let expected = image.stride.max(row_bytes) * image.size.height as usize;
    if image.size.area() == 0 || image.stride < row_bytes || image.data.len() < expected {
        return Err(RenderError::Truncated {
            what: "the background image".to_owned(),
            found: image.data.len(),
            expected,
        });
    }
    Ok(())
}

/// The image with no side above [`MAX_IMAGE_SIDE`].
fn reduced(image: &PackedFrame) -> Cow<'_, PackedFrame> {
    let longest = image.size.width.max(image.size.height);
    if longest <= MAX_IMAGE_SIDE {
        return Cow::Borrowed(image);
    }
    let factor = f64::from(MAX_IMAGE_SIDE) / f64::from(longest);
    let shrink = |side: u32| ((f64::from(side) * factor).round() as u32).max(1);
    let size = Size::new(shrink(image.size.width), shrink(image.size.height));
    let mut tight = Vec::with_capacity(image.size.area() as usize * 4);
    for y in 0..image.size.height {
        tight.extend_from_slice(image.view().row(y));
    }
    // The order of the channels does not matter to a filter that treats them alike.
    let Some(pixels) = image::RgbaImage::from_raw(image.size.width, image.size.height, tight) else {
        return Cow::Borrowed(image);
    };
    let filter = image::imageops::FilterType::Triangle;
    let smaller = image::imageops::resize(&pixels, size.width, size.height, filter);
    tracing::debug!(from = %image.size, to = %size, "reduced the background image");
    Cow::Owned(PackedFrame {
        size,
        stride: size.width as usize * 4,
        format: image.format,
        data: smaller.into_raw(),
    })
}
