//! Frames on their way back to memory: a ring of staging buffers, each mapped behind the submission that fills it.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use super::device::Device;
use super::error::{RenderError, Stage};
use crate::frame::{PackedFormat, PackedView, PixelRect, Size};
use crate::scene::Areas;

/// How long one frame may take. lavapipe draws 4K in a tenth of a second.
const TIMEOUT: Duration = Duration::from_secs(30);

/// How a frame lies in a staging buffer.
#[derive(Clone, Copy, Debug)]
struct Layout {
    size: Size,
    format: PackedFormat,
    stride: u32,
}

impl Layout {
    fn bytes(self) -> u64 {
        u64::from(self.stride) * u64::from(self.size.height)
    }

    /// Where a pixel lies.
    fn offset(self, x: u32, y: u32) -> usize {
        y as usize * self.stride as usize + x as usize * 4
    }
}

#[derive(Debug)]
struct InFlight {
    frame: u64,
    areas: Areas,
    buffer: wgpu::Buffer,
    submission: wgpu::SubmissionIndex,
    mapped: Arc<OnceLock<Result<(), wgpu::BufferAsyncError>>>,
}

/// The staging buffers. Each is free, in flight or lent out as a [`ReadyFrame`].
#[derive(Debug)]
pub(super) struct Ring {
    layout: Layout,
    capacity: usize,
    free: Receiver<wgpu::Buffer>,
    home: Sender<wgpu::Buffer>,
    in_flight: VecDeque<InFlight>,
}

impl Ring {
    pub(super) fn new(device: &Device, size: Size, format: PackedFormat, capacity: usize) -> Self {
        let stride = (size.width * 4).next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT);
        let layout = Layout { size, format, stride };
        let (home, free) = crossbeam_channel::unbounded();
        for _ in 0..capacity {
            let buffer = device.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("readback"),
                size: layout.bytes(),
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            // The receiver is a field of the same ring.
            let _ = home.send(buffer);
        }
        Self {
            layout,
            capacity,
            free,
            home,
            in_flight: VecDeque::with_capacity(capacity),
        }
    }

    pub(super) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(super) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(super) fn free(&self) -> usize {
        self.free.len()
    }

    /// Waits until a lent frame has come back; `false` when none did in time.
    pub(super) fn wait_free(&self, timeout: Duration) -> bool {
        match self.free.recv_timeout(timeout) {
            Ok(buffer) => self.home.send(buffer).is_ok(),
            Err(_) => false,
        }
    }

    /// A staging buffer for `frame`.
    pub(super) fn take(&self, frame: u64) -> Result<wgpu::Buffer, RenderError> {
        self.free.try_recv().map_err(|_| RenderError::RingFull {
            frame,
            capacity: self.capacity,
        })
    }

    /// Records the copy of `areas` of the target to their places in a staging buffer.
    pub(super) fn copy(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::Texture,
        areas: &Areas,
        buffer: &wgpu::Buffer,
    ) {
        for area in areas.rects() {
            encoder.copy_texture_to_buffer(
                wgpu::TexelCopyTextureInfo {
                    origin: wgpu::Origin3d {
                        x: area.x,
                        y: area.y,
                        z: 0,
                    },
                    ..target.as_image_copy()
                },
                wgpu::TexelCopyBufferInfo {
                    buffer,
                    layout: wgpu::TexelCopyBufferLayout {
                        offset: self.layout.offset(area.x, area.y) as u64,
                        bytes_per_row: Some(self.layout.stride),
                        rows_per_image: None,
                    },
                },
                wgpu::Extent3d {
                    width: area.width,
                    height: area.height,
                    depth_or_array_layers: 1,
                },
            );
        }
    }

    /// Takes note of a submission and asks for its buffer to be mapped behind it.
    pub(super) fn submitted(
        &mut self,
        frame: u64,
        areas: &Areas,
        buffer: wgpu::Buffer,
        submission: wgpu::SubmissionIndex,
    ) {
        let mapped = Arc::new(OnceLock::new());
        let done = Arc::clone(&mapped);
        buffer.map_async(wgpu::MapMode::Read, .., move |result| {
            // Called once.
            let _ = done.set(result);
        });
        self.in_flight.push_back(InFlight {
            frame,
            areas: areas.clone(),
            buffer,
            submission,
            mapped,
        });
    }

    /// Gives a buffer back that was taken but not submitted.
    pub(super) fn put_back(&self, buffer: wgpu::Buffer) {
        // The receiver is a field of the same ring.
        let _ = self.home.send(buffer);
    }

    /// Waits for the oldest frame in flight.
    pub(super) fn receive(&mut self, device: &Device) -> Result<ReadyFrame, RenderError> {
        let InFlight {
            frame,
            areas,
            buffer,
            submission,
            mapped,
        } = self.in_flight.pop_front().ok_or(RenderError::NothingInFlight)?;
        device.wait(submission, frame, TIMEOUT)?;
        let refused = |reason: String| device.failure(Stage::Readback, Some(frame), reason);
        match mapped.get() {
            Some(Ok(())) => {}
            Some(Err(error)) => return Err(refused(format!("mapping the staging buffer: {error}"))),
            None => {
                return Err(refused(
                    "the staging buffer was not mapped when its frame was done".to_owned(),
                ));
            }
        }
        let bytes = buffer
            .get_mapped_range(..)
            .map_err(|error| refused(format!("reading the staging buffer: {error}")))?;
        Ok(ReadyFrame {
            frame,
            areas,
            layout: self.layout,
            bytes: Some(bytes),
            buffer,
            home: self.home.clone(),
        })
    }
}

/// A finished frame in mapped memory. Dropping it hands the memory back to the renderer, which cannot use it before.
#[derive(Debug)]
pub struct ReadyFrame {
    frame: u64,
    areas: Areas,
    layout: Layout,
    /// Present until the drop.
    bytes: Option<wgpu::BufferView>,
    buffer: wgpu::Buffer,
    home: Sender<wgpu::Buffer>,
}

impl ReadyFrame {
    /// Which frame: the number of `submit` calls that succeeded before its own.
    pub fn index(&self) -> u64 {
        self.frame
    }

    /// Where the frame was drawn; beyond it, it is the same as the frame before.
    pub fn areas(&self) -> &Areas {
        &self.areas
    }

    /// The rectangles of [`areas`](Self::areas) with their pixels, lent from the staging buffer without a copy.
    pub fn parts(&self) -> impl Iterator<Item = (PixelRect, PackedView<'_>)> {
        let data = self.bytes.as_deref().unwrap_or_default();
        self.areas.rects().iter().map(move |&area| {
            let view = PackedView {
                size: Size::new(area.width, area.height),
                stride: self.layout.stride as usize,
                format: self.layout.format,
                data: data.get(self.layout.offset(area.x, area.y)..).unwrap_or_default(),
            };
            (area, view)
        })
    }

    /// Bytes that came back from the GPU; of a whole frame row padding included.
    pub fn bytes_read(&self) -> u64 {
        if self.areas.is_whole() {
            self.layout.bytes()
        } else {
            self.areas.pixels() * 4
        }
    }

    /// All pixels, lent from the staging buffer without a copy; those outside of [`parts`](Self::parts) are left over from
    /// some earlier frame. Rows are padded to 256 bytes.
    pub fn view(&self) -> PackedView<'_> {
        PackedView {
            size: self.layout.size,
            stride: self.layout.stride as usize,
            format: self.layout.format,
            data: self.bytes.as_deref().unwrap_or_default(),
        }
    }
}

impl Drop for ReadyFrame {
    fn drop(&mut self) {
        // The view borrows the mapping, which must outlive it.
        self.bytes = None;
        self.buffer.unmap();
        // Fails when the renderer is gone, and then nobody needs the buffer.
        let _ = self.home.send(self.buffer.clone());
    }
}

/// The converter reads frames on a thread of its own.
const _: () = {
    const fn crosses_threads<T: Send>() {}
    crosses_threads::<ReadyFrame>();
};
