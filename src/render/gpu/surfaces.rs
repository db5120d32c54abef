//! The pictures that frames are painted on. They persist from frame to frame: what is not redrawn stays.

use std::collections::HashMap;

use super::device::Device;
use super::pipeline::Layouts;
use crate::frame::{PackedFormat, Size};
use crate::render::sources::images::{texture_bind_group, texture_format};
use crate::scene::SurfaceId;

/// A texture of the output's size; 8-bit gamma-encoded values are blended as they are (cap-look.md 1.3).
#[derive(Debug)]
pub(in crate::render) struct Surface {
    pub(in crate::render) texture: wgpu::Texture,
    pub(in crate::render) view: wgpu::TextureView,
    /// For draws that read it.
    pub(in crate::render) bound: wgpu::BindGroup,
}

/// The output, and the others that the frame submitted last was made of.
#[derive(Debug)]
pub(in crate::render) struct Surfaces {
    pub(in crate::render) size: Size,
    pub(in crate::render) format: PackedFormat,
    pub(in crate::render) output: Surface,
    others: HashMap<SurfaceId, Surface>,
    /// Textures that served another surface.
    spare: Vec<Surface>,
    /// Whether they hold what the frame submitted last left on them.
    kept: bool,
}

impl Surfaces {
    /// Spare textures that are kept for the next filter or transition.
    const SPARE: usize = 2;

    pub(in crate::render) fn new(
        device: &Device,
        layouts: &Layouts,
        sampler: &wgpu::Sampler,
        size: Size,
        format: PackedFormat,
    ) -> Self {
        Self {
            size,
            format,
            output: Surface::new(device, layouts, sampler, size, format),
            others: HashMap::new(),
            spare: Vec::new(),
            kept: false,
        }
    }

    /// Texture format of every surface.
    pub(in crate::render) fn texture_format(&self) -> wgpu::TextureFormat {
        texture_format(self.format)
    }

    /// Whether `surface` holds what the frame submitted last left on it.
    pub(in crate::render) fn kept(&self, surface: SurfaceId) -> bool {
        self.kept && (surface == SurfaceId::Output || self.others.contains_key(&surface))
    }

    /// Makes room for the surfaces of a frame, and lets go of all others.
    pub(in crate::render) fn prepare(
        &mut self,
        device: &Device,
        layouts: &Layouts,
        sampler: &wgpu::Sampler,
        wanted: &[SurfaceId],
    ) {
        let gone: Vec<SurfaceId> = self
            .others
            .keys()
            .copied()
            .filter(|surface| !wanted.contains(surface))
            .collect();
        self.spare
            .extend(gone.iter().filter_map(|surface| self.others.remove(surface)));
        for &surface in wanted {
            if surface != SurfaceId::Output && !self.others.contains_key(&surface) {
                let made = self
                    .spare
                    .pop()
                    .unwrap_or_else(|| Surface::new(device, layouts, sampler, self.size, self.format));
                self.others.insert(surface, made);
            }
        }
        self.spare.truncate(Self::SPARE);
    }

    /// A surface of the frame that was prepared for.
    pub(in crate::render) fn get(&self, surface: SurfaceId) -> Option<&Surface> {
        match surface {
            SurfaceId::Output => Some(&self.output),
            _ => self.others.get(&surface),
        }
    }

    /// Notes whether the surfaces hold a whole frame.
    pub(in crate::render) fn keep(&mut self, kept: bool) {
        self.kept = kept;
    }
}

impl Surface {
    fn new(
        device: &Device,
        layouts: &Layouts,
        sampler: &wgpu::Sampler,
        size: Size,
        format: PackedFormat,
    ) -> Self {
        let texture = device.texture(
            "surface",
            size,
            texture_format(format),
            // Read by filters and by the conversion to NV12, written by copies too.
            wgpu::TextureUsages::RENDER_ATTACHMENT
                | wgpu::TextureUsages::COPY_SRC
                | wgpu::TextureUsages::COPY_DST
                | wgpu::TextureUsages::TEXTURE_BINDING,
        );
        let view = texture.create_view(&wgpu::TextureViewDescriptor::default());
        let bound = texture_bind_group(device, &layouts.texture, sampler, &texture);
        Self { texture, view, bound }
    }
}
