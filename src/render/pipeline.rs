//! Pipelines, one for every combination of effects that a layer needs, made when it is first needed.
//!
//! Effects are switched by pipeline constants and not by uniforms: a software rasteriser pays for both sides of every
//! branch, and a GPU for the registers of the longer one.

use std::collections::HashMap;

use super::card::CardKey;
use super::device::Device;
use crate::frame::Size;

const COMMON: &str = include_str!("shaders/common.wgsl");

/// What a draw needs of the fragment shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum PipelineKey {
    /// The prepared canvas.
    Still,
    /// Part of a card.
    Card(CardKey),
    /// The pointer.
    Pointer,
}

/// One layer's shader.
#[derive(Debug)]
struct Shader {
    module: wgpu::ShaderModule,
    layout: wgpu::PipelineLayout,
}

/// Which bind groups the layers read: uniforms in group 0, textures in group 1.
#[derive(Debug)]
pub(super) struct Layouts {
    pub(super) uniforms: wgpu::BindGroupLayout,
    pub(super) picture: wgpu::BindGroupLayout,
    /// One filtered texture.
    pub(super) texture: wgpu::BindGroupLayout,
}

/// The pipelines made so far.
#[derive(Debug)]
pub(super) struct Pipelines {
    format: wgpu::TextureFormat,
    size: Size,
    pub(super) layouts: Layouts,
    card: Option<Shader>,
    pointer: Option<Shader>,
    backdrop: Option<Shader>,
    made: HashMap<PipelineKey, wgpu::RenderPipeline>,
}

/// A pipeline's fragment stage.
struct Fragment<'a> {
    entry_point: &'a str,
    constants: &'a [(&'a str, f64)],
    blend: Option<wgpu::BlendState>,
    format: wgpu::TextureFormat,
}

impl Pipelines {
    pub(super) fn new(
        device: &Device,
        format: wgpu::TextureFormat,
        size: Size,
        picture: &wgpu::BindGroupLayout,
    ) -> Self {
        let uniforms = device
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some("uniforms"),
                entries: &[wgpu::BindGroupLayoutEntry {
                    binding: 0,
                    visibility: wgpu::ShaderStages::FRAGMENT,
                    ty: wgpu::BindingType::Buffer {
                        ty: wgpu::BufferBindingType::Uniform,
                        has_dynamic_offset: true,
                        min_binding_size: None,
                    },
                    count: None,
                }],
            });
        let texture = device
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor {
                label: Some("texture"),
                entries: &[
                    wgpu::BindGroupLayoutEntry {
                        binding: 0,
                        visibility: wgpu::ShaderStages::FRAGMENT,
                        ty: wgpu::BindingType::Texture {
                            sample_type: wgpu::TextureSampleType::Float { filterable: true },
                            view_dimension: wgpu::TextureViewDimension::D2,
                            multisampled: false,
                        },
                        count: None,
                    },
                    wgpu::BindGroupLayoutEntry {
                        binding: 1,
                        visibility: wgpu::ShaderStages::FRAGMENT,
                        ty: wgpu::BindingType::Sampler(wgpu::SamplerBindingType::Filtering),
                        count: None,
                    },
                ],
            });
        Self {
            format,
            size,
            layouts: Layouts {
                uniforms,
                picture: picture.clone(),
                texture,
            },
            card: None,
            pointer: None,
            backdrop: None,
            made: HashMap::new(),
        }
    }

    /// Makes the pipeline of `key` if it is not there yet.
    pub(super) fn prepare(&mut self, device: &Device, key: PipelineKey) {
        if self.made.contains_key(&key) {
            return;
        }
        let premultiplied = Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING);
        let pipeline = match key {
            PipelineKey::Still => self.backdrop(device, "still", self.format),
            PipelineKey::Pointer => {
                let layouts = &self.layouts;
                let shader = self.pointer.get_or_insert_with(|| {
                    shader(
                        device,
                        "pointer",
                        include_str!("shaders/pointer.wgsl"),
                        &layouts.uniforms,
                        &layouts.texture,
                    )
                });
                let fragment = Fragment {
                    entry_point: "sprite",
                    constants: &[],
                    blend: premultiplied,
                    format: self.format,
                };
                pipeline(device, shader, self.size, &fragment)
            }
            PipelineKey::Card(card) => {
                let layouts = &self.layouts;
                let shader = self.card.get_or_insert_with(|| {
                    shader(
                        device,
                        "card",
                        include_str!("shaders/card.wgsl"),
                        &layouts.uniforms,
                        &layouts.picture,
                    )
                });
                let fragment = Fragment {
                    entry_point: card.part.entry_point(),
                    constants: &card.constants(),
                    blend: if card.opaque { None } else { premultiplied },
                    format: self.format,
                };
                pipeline(device, shader, self.size, &fragment)
            }
        };
        self.made.insert(key, pipeline);
    }

    /// The pipeline of `key`, which was prepared.
    pub(super) fn get(&self, key: PipelineKey) -> Option<&wgpu::RenderPipeline> {
        self.made.get(&key)
    }

    /// A pipeline that prepares the canvas in a texture of `format`, or shows it.
    pub(super) fn backdrop(
        &mut self,
        device: &Device,
        entry_point: &str,
        format: wgpu::TextureFormat,
    ) -> wgpu::RenderPipeline {
        let layouts = &self.layouts;
        let shader = self.backdrop.get_or_insert_with(|| {
            shader(
                device,
                "backdrop",
                include_str!("shaders/backdrop.wgsl"),
                &layouts.uniforms,
                &layouts.texture,
            )
        });
        let fragment = Fragment {
            entry_point,
            constants: &[],
            blend: None,
            format,
        };
        pipeline(device, shader, self.size, &fragment)
    }
}

fn shader(
    device: &Device,
    name: &str,
    source: &str,
    uniforms: &wgpu::BindGroupLayout,
    textures: &wgpu::BindGroupLayout,
) -> Shader {
    Shader {
        module: device.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(name),
            source: wgpu::ShaderSource::Wgsl(format!("{COMMON}\n{source}").into()),
        }),
        layout: device
            .device
            .create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(name),
                bind_group_layouts: &[Some(uniforms), Some(textures)],
                immediate_size: 0,
            }),
    }
}

fn pipeline(device: &Device, shader: &Shader, size: Size, fragment: &Fragment<'_>) -> wgpu::RenderPipeline {
    let target_size = [
        ("target_width", f64::from(size.width)),
        ("target_height", f64::from(size.height)),
    ];
    let constants = [&target_size[..], fragment.constants].concat();
    let options = || wgpu::PipelineCompilationOptions {
        constants: &constants,
        ..wgpu::PipelineCompilationOptions::default()
    };
    device
        .device
        .create_render_pipeline(&wgpu::RenderPipelineDescriptor {
            label: Some(fragment.entry_point),
            layout: Some(&shader.layout),
            vertex: wgpu::VertexState {
                module: &shader.module,
                entry_point: Some("cover"),
                compilation_options: options(),
                buffers: &[Some(wgpu::VertexBufferLayout {
                    array_stride: 16,
                    step_mode: wgpu::VertexStepMode::Instance,
                    attributes: &[wgpu::VertexAttribute {
                        format: wgpu::VertexFormat::Uint32x4,
                        offset: 0,
                        shader_location: 0,
                    }],
                })],
            },
            primitive: wgpu::PrimitiveState {
                topology: wgpu::PrimitiveTopology::TriangleStrip,
                ..wgpu::PrimitiveState::default()
            },
            depth_stencil: None,
            multisample: wgpu::MultisampleState::default(),
            fragment: Some(wgpu::FragmentState {
                module: &shader.module,
                entry_point: Some(fragment.entry_point),
                compilation_options: options(),
                targets: &[Some(wgpu::ColorTargetState {
                    format: fragment.format,
                    blend: fragment.blend,
                    write_mask: wgpu::ColorWrites::ALL,
                })],
            }),
            multiview_mask: None,
            cache: None,
        })
}
