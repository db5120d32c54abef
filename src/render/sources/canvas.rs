//! Canvases: backgrounds drawn once into pictures of the output's size (cap-look.md 4.1-4.3).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use bytemuck::Zeroable;
use wgpu::util::DeviceExt;

use super::images::{check_image, texture_bind_group, upload_image};
use crate::frame::{PackedFrame, Size};
use crate::render::error::{RenderError, Stage};
use crate::render::gpu::device::Device;
use crate::render::gpu::pipeline::Pipelines;
use crate::render::layers::grade::{GradeKey, GradeUniforms};
use crate::render::spec::ColorPolicy;
use crate::scene::{Background, Fill, Grade, Noise};

/// Longest side of a background image; larger ones are reduced to it first (4.3).
const MAX_IMAGE_SIDE: u32 = 2560;

/// Numbers of shaders/background.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
struct CanvasUniforms {
    grade: GradeUniforms,
    start: [f32; 4],
    end: [f32; 4],
    direction: [f32; 2],
    noise_cells: f32,
    noise_strength: f32,
    cut: [f32; 4],
    blur: [f32; 4],
}

impl CanvasUniforms {
    /// 4.4, for a standard deviation of `sigma` pixels.
    fn blur(sigma: f64) -> Self {
        const MOST_TAPS: f64 = 24.0;
        let radius = 3.0 * sigma;
        let taps = radius.ceil().clamp(1.0, MOST_TAPS);
        let numbers = [radius / taps, taps, -0.5 / (sigma * sigma), 0.0];
        Self {
            blur: numbers.map(|number| number as f32),
            ..Self::zeroed()
        }
    }

    fn grade(grade: &Grade) -> Self {
        Self {
            grade: GradeUniforms::of(Some(grade)),
            ..Self::zeroed()
        }
    }

    fn gradient(from: [f64; 3], to: [f64; 3], angle: f64, noise: Noise) -> Self {
        let color = |c: [f64; 3]| [c[0] as f32, c[1] as f32, c[2] as f32, 1.0];
        let (sin, cos) = (angle + 270.0).to_radians().sin_cos();
        Self {
            start: color(from),
            end: color(to),
            direction: [cos as f32, sin as f32],
            noise_cells: (600.0 * (0.3 + 1.2 * (100.0 - noise.scale) / 100.0)) as f32,
            noise_strength: (0.25 * noise.intensity.clamp(0.0, 100.0) / 100.0) as f32,
            ..Self::zeroed()
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
            cut: cut.map(|v| v as f32),
            ..Self::zeroed()
        }
    }
}

/// The finished canvas.
#[derive(Debug)]
pub(in crate::render) struct Canvas {
    /// Of the output's size and format.
    pub(in crate::render) texture: wgpu::Texture,
    /// Through which frames show it.
    pub(in crate::render) bound: wgpu::BindGroup,
}

/// The canvases of the backgrounds that were shown last.
#[derive(Debug)]
pub(in crate::render) struct Canvases {
    images: BTreeMap<String, Arc<PackedFrame>>,
    colors: ColorPolicy,
    /// The one shown last comes last.
    made: Vec<(Background, Canvas)>,
}

impl Canvases {
    /// A transition shows two backgrounds at most.
    const KEPT: usize = 2;

    /// `images` are the pictures that backgrounds name.
    ///
    /// # Errors
    /// When an image is too large for a texture or holds fewer bytes than its size asks for.
    pub(in crate::render) fn new(
        device: &Device,
        images: BTreeMap<String, Arc<PackedFrame>>,
        colors: ColorPolicy,
    ) -> Result<Self, RenderError> {
        for image in images.values() {
            check_image_data(device, image)?;
        }
        Ok(Self {
            images,
            colors,
            made: Vec::new(),
        })
    }

    /// The canvas of `background`, which was prepared.
    pub(in crate::render) fn get(&self, background: &Background) -> Option<&Canvas> {
        self.made
            .iter()
            .find(|(of, _)| of == background)
            .map(|(_, canvas)| canvas)
    }

    /// Draws the canvas of `background` in a picture of `size` and `format`, unless it is there.
    ///
    /// # Errors
    /// When the device fails.
    pub(in crate::render) fn prepare(
        &mut self,
        device: &Device,
        pipelines: &mut Pipelines,
        sampler: &wgpu::Sampler,
        (size, format): (Size, wgpu::TextureFormat),
        background: &Background,
    ) -> Result<(), RenderError> {
        if let Some(at) = self.made.iter().position(|(of, _)| of == background) {
            self.made[at..].rotate_left(1);
            return Ok(());
        }
        let canvas = self.draw(device, pipelines, sampler, (size, format), background)?;
        if self.made.len() >= Self::KEPT {
            self.made.remove(0);
        }
        self.made.push((background.clone(), canvas));
        Ok(())
    }

    fn draw(
        &self,
        device: &Device,
        pipelines: &mut Pipelines,
        sampler: &wgpu::Sampler,
        (size, format): (Size, wgpu::TextureFormat),
        background: &Background,
    ) -> Result<Canvas, RenderError> {
        let fill = match &background.fill {
            Fill::Image(name) if !self.images.contains_key(name) => &Fill::WHITE,
            fill => fill,
        };
        let plain = Noise {
            intensity: 0.0,
            scale: 0.0,
        };
        let (entry_point, uniforms, source) = match fill {
            Fill::Color { color, alpha } => {
                // Cap multiplies by alpha twice (26, quirk 9).
                let exponent = if self.colors == ColorPolicy::Cap601 { 2 } else { 1 };
                let share = alpha.clamp(0.0, 1.0).powi(exponent);
                let color = color.map(|channel| channel * share);
                (
                    "gradient",
                    CanvasUniforms::gradient(color, color, 0.0, plain),
                    None,
                )
            }
            Fill::Gradient {
                from,
                to,
                angle,
                noise,
            } => (
                "gradient",
                CanvasUniforms::gradient(*from, *to, *angle, *noise),
                None,
            ),
            Fill::Image(name) => {
                let image = reduced(&self.images[name]);
                let uniforms = CanvasUniforms::image(image.size, size);
                (
                    "image",
                    uniforms,
                    Some(upload_image(device, "background image", &image)),
                )
            }
        };
        let picture = || {
            device.texture(
                "canvas",
                size,
                format,
                wgpu::TextureUsages::RENDER_ATTACHMENT
                    | wgpu::TextureUsages::TEXTURE_BINDING
                    | wgpu::TextureUsages::COPY_SRC,
            )
        };
        // A gradient reads no texture, but its shader shares the layout of those that do.
        let unread = || {
            let none = PackedFrame::new(Size::new(1, 1), crate::frame::PackedFormat::Rgba);
            upload_image(device, "no image", &none)
        };
        let mut steps = vec![(entry_point, uniforms, GradeKey::default())];
        if background.blur > 0.0 {
            let blur = CanvasUniforms::blur(background.blur);
            steps.push(("blur_rows", blur, GradeKey::default()));
            steps.push(("blur_columns", blur, GradeKey::default()));
        }
        if let Some(grade) = &background.grade {
            steps.push(("still", CanvasUniforms::grade(grade), GradeKey::of(Some(grade))));
        }
        let mut encoder = device
            .device
            .create_command_encoder(&wgpu::CommandEncoderDescriptor {
                label: Some("canvas"),
            });
        let mut read = source.unwrap_or_else(unread);
        for (entry_point, uniforms, grade) in steps {
            let canvas = picture();
            let bound = texture_bind_group(device, &pipelines.layouts.texture, sampler, &read);
            let numbers = uniform_bind_group(device, pipelines, bytemuck::bytes_of(&uniforms));
            let pipeline = pipelines.canvas(device, entry_point, grade, format);
            draw_whole(device, &mut encoder, &canvas, &pipeline, [&numbers, &bound]);
            read = canvas;
        }
        device.queue.submit([encoder.finish()]);
        device.check(Stage::Setup, None)?;
        Ok(Canvas {
            bound: texture_bind_group(device, &pipelines.layouts.texture, sampler, &read),
            texture: read,
        })
    }
}

/// Records a pass that draws all of `canvas`.
fn draw_whole(
    device: &Device,
    encoder: &mut wgpu::CommandEncoder,
    canvas: &wgpu::Texture,
    pipeline: &wgpu::RenderPipeline,
    [numbers, texture]: [&wgpu::BindGroup; 2],
) {
    let whole = [0, 0, canvas.width(), canvas.height()];
    let rects = device
        .device
        .create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("canvas rectangle"),
            contents: bytemuck::cast_slice(&whole),
            usage: wgpu::BufferUsages::VERTEX,
        });
    let view = canvas.create_view(&wgpu::TextureViewDescriptor::default());
    let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
        label: Some("canvas"),
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
    pass.set_pipeline(pipeline);
    pass.set_bind_group(0, numbers, &[0]);
    pass.set_bind_group(1, texture, &[]);
    pass.set_vertex_buffer(0, rects.slice(..));
    pass.draw(0..4, 0..1);
}

fn uniform_bind_group(device: &Device, pipelines: &Pipelines, contents: &[u8]) -> wgpu::BindGroup {
    let buffer = device
        .device
        .create_buffer_init(&wgpu::util::BufferInitDescriptor {
            label: Some("canvas"),
            contents,
            usage: wgpu::BufferUsages::UNIFORM,
        });
    device.device.create_bind_group(&wgpu::BindGroupDescriptor {
        label: Some("canvas"),
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
