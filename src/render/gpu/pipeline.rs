//! Pipelines, one for every combination of effects that a layer needs, made when it is first needed. Effects are switched by
//! pipeline constants and not by uniforms ([`PipelineKey`] says why).

use std::collections::HashMap;

use super::device::Device;
use crate::frame::Size;
use crate::render::layers::grade::GradeKey;
use crate::render::layers::surface::SurfaceKey;
use crate::render::plan::key::PipelineKey;

const COMMON: &str = include_str!("../shaders/common.wgsl");
const GRADE: &str = include_str!("../shaders/grade.wgsl");
const SHAPE: &str = include_str!("../shaders/shape.wgsl");
const SMEAR: &str = include_str!("../shaders/smear.wgsl");

/// A shader file, and which textures its draws bind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum ShaderFile {
    Background,
    Card,
    Focus,
    Glyphs,
    Mask,
    Notch,
    Plate,
    Pointer,
    Ripple,
    Shade,
    Sprite,
    Surface,
    Waveform,
    Window,
}

impl ShaderFile {
    const fn name(self) -> &'static str {
        match self {
            Self::Background => "background",
            Self::Card => "card",
            Self::Focus => "focus",
            Self::Glyphs => "glyphs",
            Self::Mask => "mask",
            Self::Notch => "notch",
            Self::Plate => "plate",
            Self::Pointer => "pointer",
            Self::Ripple => "ripple",
            Self::Shade => "shade",
            Self::Sprite => "sprite",
            Self::Surface => "surface",
            Self::Waveform => "waveform",
            Self::Window => "window",
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Self::Background => include_str!("../shaders/background.wgsl"),
            Self::Card => include_str!("../shaders/card.wgsl"),
            Self::Focus => include_str!("../shaders/focus.wgsl"),
            Self::Glyphs => include_str!("../shaders/glyphs.wgsl"),
            Self::Mask => include_str!("../shaders/mask.wgsl"),
            Self::Notch => include_str!("../shaders/notch.wgsl"),
            Self::Plate => include_str!("../shaders/plate.wgsl"),
            Self::Pointer => include_str!("../shaders/pointer.wgsl"),
            Self::Ripple => include_str!("../shaders/ripple.wgsl"),
            Self::Shade => include_str!("../shaders/shade.wgsl"),
            Self::Sprite => include_str!("../shaders/sprite.wgsl"),
            Self::Surface => include_str!("../shaders/surface.wgsl"),
            Self::Waveform => include_str!("../shaders/waveform.wgsl"),
            Self::Window => include_str!("../shaders/window.wgsl"),
        }
    }

    /// What several shaders share, before the source.
    const fn shared(self) -> &'static [&'static str] {
        match self {
            Self::Background | Self::Pointer => &[GRADE],
            Self::Card => &[GRADE, SHAPE, SMEAR],
            Self::Notch => &[SHAPE],
            Self::Window => &[SHAPE, SMEAR],
            Self::Focus
            | Self::Glyphs
            | Self::Mask
            | Self::Plate
            | Self::Ripple
            | Self::Shade
            | Self::Sprite
            | Self::Surface
            | Self::Waveform => &[],
        }
    }

    const fn textures(self, layouts: &Layouts) -> Option<&wgpu::BindGroupLayout> {
        match self {
            Self::Card => Some(&layouts.picture),
            Self::Background
            | Self::Focus
            | Self::Glyphs
            | Self::Mask
            | Self::Pointer
            | Self::Sprite
            | Self::Surface
            | Self::Window => Some(&layouts.texture),
            Self::Notch | Self::Plate | Self::Ripple | Self::Shade | Self::Waveform => None,
        }
    }
}

/// One layer's shader.
#[derive(Debug)]
struct Shader {
    module: wgpu::ShaderModule,
    layout: wgpu::PipelineLayout,
}

/// Which bind groups the layers read: uniforms in group 0, textures in group 1.
#[derive(Debug)]
pub(in crate::render) struct Layouts {
    pub(in crate::render) uniforms: wgpu::BindGroupLayout,
    pub(in crate::render) picture: wgpu::BindGroupLayout,
    /// One filtered texture.
    pub(in crate::render) texture: wgpu::BindGroupLayout,
}

/// The pipelines made so far.
#[derive(Debug)]
pub(in crate::render) struct Pipelines {
    format: wgpu::TextureFormat,
    size: Size,
    pub(in crate::render) layouts: Layouts,
    shaders: HashMap<ShaderFile, Shader>,
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
    pub(in crate::render) fn new(
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
            shaders: HashMap::new(),
            made: HashMap::new(),
        }
    }

    /// Makes the pipeline of `key` if it is not there yet.
    pub(in crate::render) fn prepare(&mut self, device: &Device, key: PipelineKey) {
        if self.made.contains_key(&key) {
            return;
        }
        let premultiplied = Some(wgpu::BlendState::PREMULTIPLIED_ALPHA_BLENDING);
        let flag = |on: bool| f64::from(u8::from(on));
        let (file, entry_point, constants, blend) = match key {
            PipelineKey::Background(grade) => {
                let constants = grade.constants().to_vec();
                (ShaderFile::Background, "still", constants, None)
            }
            PipelineKey::Card(card) => {
                let blend = if card.opaque { None } else { premultiplied };
                (ShaderFile::Card, card.part.entry_point(), card.constants(), blend)
            }
            PipelineKey::Pointer { smeared, grade } => {
                let own = [("smeared", flag(smeared))];
                let constants = own.into_iter().chain(grade.constants()).collect();
                (ShaderFile::Pointer, "sprite", constants, premultiplied)
            }
            PipelineKey::Ripple => (ShaderFile::Ripple, "ring", Vec::new(), premultiplied),
            PipelineKey::Sprite { shaped } => (
                ShaderFile::Sprite,
                "show",
                vec![("shaped", flag(shaped))],
                premultiplied,
            ),
            PipelineKey::Shade => (ShaderFile::Shade, "darken", Vec::new(), premultiplied),
            PipelineKey::Plate => (ShaderFile::Plate, "box", Vec::new(), premultiplied),
            PipelineKey::Glyphs(glyphs) => (
                ShaderFile::Glyphs,
                glyphs.entry_point(),
                Vec::new(),
                premultiplied,
            ),
            PipelineKey::Waveform(waveform) => (
                ShaderFile::Waveform,
                waveform.entry_point(),
                Vec::new(),
                premultiplied,
            ),
            PipelineKey::Notch => (ShaderFile::Notch, "hang", Vec::new(), premultiplied),
            PipelineKey::Window(window) => (
                ShaderFile::Window,
                window.entry_point(),
                window.constants(),
                premultiplied,
            ),
            PipelineKey::Clear => (ShaderFile::Shade, "nothing", Vec::new(), None),
            PipelineKey::Surface(surface) => {
                let blend = match surface {
                    SurfaceKey::AsItLies => None,
                    SurfaceKey::Faded | SurfaceKey::Mapped => premultiplied,
                };
                (ShaderFile::Surface, surface.entry_point(), Vec::new(), blend)
            }
            PipelineKey::Focus(focus) => (ShaderFile::Focus, focus.entry_point(), focus.constants(), None),
            PipelineKey::Mask(mask) => {
                let blend = if mask.hard { None } else { premultiplied };
                let constants = vec![("hard", flag(mask.hard))];
                (ShaderFile::Mask, mask.pass.entry_point(), constants, blend)
            }
        };
        let fragment = Fragment {
            entry_point,
            constants: &constants,
            blend,
            format: self.format,
        };
        let made = self.make(device, file, &fragment);
        self.made.insert(key, made);
    }

    /// The pipeline of `key`, which was prepared.
    pub(in crate::render) fn get(&self, key: PipelineKey) -> Option<&wgpu::RenderPipeline> {
        self.made.get(&key)
    }

    /// A pipeline that prepares a canvas in a texture of `format`, graded or not.
    pub(in crate::render) fn canvas(
        &mut self,
        device: &Device,
        entry_point: &str,
        grade: GradeKey,
        format: wgpu::TextureFormat,
    ) -> wgpu::RenderPipeline {
        let fragment = Fragment {
            entry_point,
            constants: &grade.constants(),
            blend: None,
            format,
        };
        self.make(device, ShaderFile::Background, &fragment)
    }

    fn make(&mut self, device: &Device, file: ShaderFile, fragment: &Fragment<'_>) -> wgpu::RenderPipeline {
        let layouts = &self.layouts;
        let shader = self
            .shaders
            .entry(file)
            .or_insert_with(|| shader(device, file, layouts));
        pipeline(device, shader, self.size, fragment)
    }
}

fn shader(device: &Device, file: ShaderFile, layouts: &Layouts) -> Shader {
    let groups = [Some(&layouts.uniforms), file.textures(layouts)];
    let groups = if groups[1].is_some() {
        &groups[..]
    } else {
        &groups[..1]
    };
    Shader {
        module: device.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(file.name()),
            source: wgpu::ShaderSource::Wgsl(
                [&[COMMON], file.shared(), &[file.source()]]
                    .concat()
                    .join("\n")
                    .into(),
            ),
        }),
        layout: device
            .device
            .create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: Some(file.name()),
                bind_group_layouts: groups,
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
