//! The numbers that a frame's draws read, on the GPU.

use super::device::Device;
use super::pipeline::Pipelines;

/// Uniforms and rectangles on the GPU, rewritten for every frame; they grow and never shrink.
#[derive(Debug)]
pub(in crate::render) struct Numbers {
    uniforms: wgpu::Buffer,
    /// The uniforms, at a dynamic offset.
    pub(in crate::render) uniform_group: wgpu::BindGroup,
    /// Rectangles as x, y, width, height, an instance each.
    pub(in crate::render) rects: wgpu::Buffer,
}

impl Numbers {
    /// Bytes a shader may read behind an offset: the largest uniform block.
    const BLOCK: u64 = 1280;
    /// Distance between blocks that the smallest take.
    const STEP: u64 = 256;

    /// Room for so many uniform blocks and rectangles.
    pub(in crate::render) fn new(device: &Device, pipelines: &Pipelines, blocks: u64, rects: u64) -> Self {
        let buffer = |label, size, usage| {
            device.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some(label),
                size,
                usage: usage | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        };
        // A whole block may be read behind the last offset.
        let bytes = blocks * Self::STEP + Self::BLOCK;
        let uniforms = buffer("uniforms", bytes, wgpu::BufferUsages::UNIFORM);
        let uniform_group = device.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: Some("uniforms"),
            layout: &pipelines.layouts.uniforms,
            entries: &[wgpu::BindGroupEntry {
                binding: 0,
                resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                    buffer: &uniforms,
                    offset: 0,
                    size: wgpu::BufferSize::new(Self::BLOCK),
                }),
            }],
        });
        Self {
            uniforms,
            uniform_group,
            rects: buffer("rectangles", rects * 16, wgpu::BufferUsages::VERTEX),
        }
    }

    /// Writes a frame's numbers; the queue orders that behind the frames submitted before.
    pub(in crate::render) fn write(
        &mut self,
        device: &Device,
        pipelines: &Pipelines,
        uniforms: &[u8],
        rects: &[[u32; 4]],
    ) {
        let needed = (uniforms.len() as u64 + Self::BLOCK, rects.len() as u64 * 16);
        if needed.0 > self.uniforms.size() || needed.1 > self.rects.size() {
            let blocks = needed.0.max(self.uniforms.size()).next_power_of_two() / Self::STEP;
            let rects = needed.1.max(self.rects.size()).next_power_of_two() / 16;
            *self = Self::new(device, pipelines, blocks, rects);
        }
        if !uniforms.is_empty() {
            device.queue.write_buffer(&self.uniforms, 0, uniforms);
        }
        if !rects.is_empty() {
            device
                .queue
                .write_buffer(&self.rects, 0, bytemuck::cast_slice(rects));
        }
    }
}
