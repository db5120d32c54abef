//! Source pictures as R'G'B' on the GPU, brought up to date before a card is drawn from them.
//!
//! A filtered pixel of a card takes two taps of the planes, or ten when it is sharpened (cap-look.md 5.5), and converts
//! what they give. From the pictures made here it takes one, or two: one of the colours, one of the details, which are
//! each texel less the mean of its neighbours. That is worth it where many pixels are drawn from a texel before it changes.

use crate::frame::{Areas, PixelRect, Size};
use crate::render::gpu::device::Device;
use crate::render::layers::card::Conversion;

/// 8 bits a channel, as the picture that Cap itself converts to (cap-look.md 20.1).
const FORMAT: wgpu::TextureFormat = wgpu::TextureFormat::Rgba8Unorm;

/// Numbers of shaders/converted.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct ConversionUniforms {
    luma: [f32; 4],
    blue: [f32; 4],
    red: [f32; 4],
    offset: [f32; 4],
    shift: [u32; 2],
    unused: [u32; 2],
}

impl ConversionUniforms {
    /// For luma with a chroma sample for every `1 << shift` texels.
    pub(in crate::render) fn new(conversion: &Conversion, shift: (u8, u8)) -> Self {
        let color = |c: [f64; 3]| [c[0] as f32, c[1] as f32, c[2] as f32, 0.0];
        Self {
            luma: color([conversion.luma; 3]),
            blue: color(conversion.blue),
            red: color(conversion.red),
            offset: color(conversion.offset),
            shift: [u32::from(shift.0), u32::from(shift.1)],
            unused: [0; 2],
        }
    }
}

/// What draws the pictures.
#[derive(Debug)]
pub(in crate::render) struct Converter {
    colors: wgpu::RenderPipeline,
    details: wgpu::RenderPipeline,
}

impl Converter {
    /// `uniforms` and `picture` are the bind groups that frames are drawn with.
    pub(in crate::render) fn new(
        device: &Device,
        uniforms: &wgpu::BindGroupLayout,
        picture: &wgpu::BindGroupLayout,
    ) -> Self {
        let module = device
            .device
            .create_shader_module(wgpu::include_wgsl!("../shaders/converted.wgsl"));
        let layout = device
            .device
            .create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some("converted"),
                bind_group_layouts: &[Some(uniforms), Some(picture)],
                immediate_size: 0,
            });
        let pipeline = |entry_point| {
            device
                .device
                .create_render_pipeline(&wgpu::RenderPipelineDescriptor {
                    label: Some(entry_point),
                    layout: Some(&layout),
                    vertex: wgpu::VertexState {
                        module: &module,
                        entry_point: Some("everywhere"),
                        compilation_options: wgpu::PipelineCompilationOptions::default(),
                        buffers: &[],
                    },
                    primitive: wgpu::PrimitiveState::default(),
                    depth_stencil: None,
                    multisample: wgpu::MultisampleState::default(),
                    fragment: Some(wgpu::FragmentState {
                        module: &module,
                        entry_point: Some(entry_point),
                        compilation_options: wgpu::PipelineCompilationOptions::default(),
                        targets: &[Some(FORMAT.into())],
                    }),
                    multiview_mask: None,
                    cache: None,
                })
        };
        Self {
            colors: pipeline("colors"),
            details: pipeline("details"),
        }
    }
}

/// How pictures are bound: two textures and the sampler.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Binder<'a> {
    pub(in crate::render) device: &'a Device,
    pub(in crate::render) layout: &'a wgpu::BindGroupLayout,
    pub(in crate::render) sampler: &'a wgpu::Sampler,
}

impl Binder<'_> {
    pub(in crate::render) fn bind(
        &self,
        first: &wgpu::TextureView,
        second: &wgpu::TextureView,
    ) -> wgpu::BindGroup {
        self.device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("picture"),
            layout: self.layout,
            entries: &[
                wgpu::BindGroupEntry {
                    binding: 0,
                    resource: wgpu::BindingResource::TextureView(first),
                },
                wgpu::BindGroupEntry {
                    binding: 1,
                    resource: wgpu::BindingResource::TextureView(second),
                },
                wgpu::BindGroupEntry {
                    binding: 2,
                    resource: wgpu::BindingResource::Sampler(self.sampler),
                },
            ],
        })
    }
}

/// A picture that is drawn from others of its size, texel by texel.
#[derive(Debug)]
struct Sheet {
    view: wgpu::TextureView,
    /// Where it is older than what it is drawn from.
    stale: Areas,
}

impl Sheet {
    fn new(device: &Device, label: &str, size: Size) -> Self {
        let texture = device.texture(
            label,
            size,
            FORMAT,
            wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::RENDER_ATTACHMENT,
        );
        Self {
            view: texture.create_view(&wgpu::TextureViewDescriptor::default()),
            stale: Areas::whole(size),
        }
    }

    /// Draws what is stale.
    fn update(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        pipeline: &wgpu::RenderPipeline,
        uniforms: (&wgpu::BindGroup, u32),
        source: &wgpu::BindGroup,
    ) {
        if self.stale.is_empty() {
            return;
        }
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("converted"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &self.view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Load,
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..wgpu::RenderPassDescriptor::default()
        });
        pass.set_pipeline(pipeline);
        pass.set_bind_group(0, uniforms.0, &[uniforms.1]);
        pass.set_bind_group(1, source, &[]);
        for rect in self.stale.rects() {
            pass.set_scissor_rect(rect.x, rect.y, rect.width, rect.height);
            pass.draw(0..3, 0..1);
        }
        drop(pass);
        self.stale = Areas::none(self.stale.size());
    }
}

/// One source picture as R'G'B'.
#[derive(Debug)]
pub(in crate::render) struct Converted {
    colors: Sheet,
    /// The colours alone.
    plain: wgpu::BindGroup,
    details: Option<Details>,
}

#[derive(Debug)]
struct Details {
    sheet: Sheet,
    /// Colours and details.
    bound: wgpu::BindGroup,
}

impl Converted {
    /// An empty picture of `size`.
    pub(in crate::render) fn new(binder: Binder<'_>, size: Size) -> Self {
        let colors = Sheet::new(binder.device, "colors", size);
        let plain = binder.bind(&colors.view, &colors.view);
        Self {
            colors,
            plain,
            details: None,
        }
    }

    /// The planes changed within `rect`.
    pub(in crate::render) fn changed(&mut self, rect: PixelRect) {
        self.colors.stale.add(rect);
        if let Some(details) = &mut self.details {
            details.sheet.stale.add(with_neighbours(rect));
        }
    }

    /// Records what brings the colours up to date with `planes`, and the details where they are asked for.
    pub(in crate::render) fn update(
        &mut self,
        encoder: &mut wgpu::CommandEncoder,
        converter: &Converter,
        binder: Binder<'_>,
        planes: &wgpu::BindGroup,
        uniforms: (&wgpu::BindGroup, u32),
        detailed: bool,
    ) {
        self.colors.update(encoder, &converter.colors, uniforms, planes);
        if detailed {
            let details = self.details.get_or_insert_with(|| {
                let sheet = Sheet::new(binder.device, "details", self.colors.stale.size());
                let bound = binder.bind(&self.colors.view, &sheet.view);
                Details { sheet, bound }
            });
            details
                .sheet
                .update(encoder, &converter.details, uniforms, &self.plain);
        }
    }

    /// What cards are drawn with; the details are among it once they were asked for.
    pub(in crate::render) fn bind_group(&self) -> &wgpu::BindGroup {
        self.details
            .as_ref()
            .map_or(&self.plain, |details| &details.bound)
    }
}

/// The texels whose details depend on those of `rect`.
fn with_neighbours(rect: PixelRect) -> PixelRect {
    let (x, y) = (rect.x.saturating_sub(1), rect.y.saturating_sub(1));
    PixelRect {
        x,
        y,
        width: rect.x + rect.width + 1 - x,
        height: rect.y + rect.height + 1 - y,
    }
}
