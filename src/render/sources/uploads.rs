//! Mapped buffers that pictures are copied to the GPU through. They come back when their submission is done.

use crossbeam_channel::{Receiver, Sender};

use crate::render::error::{RenderError, Stage};
use crate::render::gpu::device::Device;

/// Sizes are multiples of this, so that one that is nearly as large serves again.
const GRAIN: u64 = 64 * 1024;
/// The buffers. Each is idle, filled for the submission under way, or behind one that is not done.
#[derive(Debug)]
pub(in crate::render) struct Uploads {
    back: Receiver<wgpu::Buffer>,
    home: Sender<wgpu::Buffer>,
    idle: Vec<wgpu::Buffer>,
    filled: Vec<wgpu::Buffer>,
}

impl Uploads {
    pub(in crate::render) fn new() -> Self {
        let (home, back) = crossbeam_channel::unbounded();
        Self {
            back,
            home,
            idle: Vec::new(),
            filled: Vec::new(),
        }
    }

    /// A mapped buffer of at least `bytes` bytes: the smallest that came back, or a new one.
    pub(in crate::render) fn take(&mut self, device: &Device, bytes: u64) -> wgpu::Buffer {
        self.idle.extend(self.back.try_iter());
        self.idle.sort_by_key(wgpu::Buffer::size);
        if let Some(fitting) = self.idle.iter().position(|buffer| buffer.size() >= bytes) {
            return self.idle.remove(fitting);
        }
        // None is large enough, and a larger one serves as well: the smallest makes room, so that there are never more than
        // were in flight at a time.
        if !self.idle.is_empty() {
            self.idle.remove(0);
        }
        device.device.create_buffer(&wgpu::BufferDescriptor {
            label: Some("upload"),
            size: bytes.next_multiple_of(GRAIN),
            usage: wgpu::BufferUsages::MAP_WRITE | wgpu::BufferUsages::COPY_SRC,
            mapped_at_creation: true,
        })
    }

    /// The memory of a buffer that was taken, to be written.
    pub(in crate::render) fn map(
        &self,
        device: &Device,
        buffer: &wgpu::Buffer,
        frame: u64,
    ) -> Result<wgpu::BufferViewMut, RenderError> {
        buffer.get_mapped_range_mut(..).map_err(|error| {
            let failure = device.failure(Stage::Upload, Some(frame), error.to_string());
            device.check(Stage::Upload, Some(frame)).err().unwrap_or(failure)
        })
    }

    /// Takes a written and unmapped buffer in, which the submission under way copies from.
    pub(in crate::render) fn fill(&mut self, buffer: wgpu::Buffer) {
        self.filled.push(buffer);
    }

    /// Drops what was filled for a submission that did not come about.
    pub(in crate::render) fn forget(&mut self) {
        self.filled.clear();
    }

    /// Maps the buffers of a submission again, behind it.
    pub(in crate::render) fn submitted(&mut self) {
        for buffer in self.filled.drain(..) {
            let home = self.home.clone();
            let mapped = buffer.clone();
            buffer.map_async(wgpu::MapMode::Write, .., move |result| {
                if result.is_ok() {
                    // Fails when the renderer is gone, and then nobody needs the buffer.
                    let _ = home.send(mapped);
                }
            });
        }
    }
}
