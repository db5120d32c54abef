//! Frames on their way back to memory: a ring of staging buffers, each mapped behind the submission that fills it.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender};

use super::nv12::Nv12Layout;
use crate::frame::{Areas, Nv12Frame, PackedFormat, PackedView, PixelRect, Size};
use crate::render::error::{RenderError, Stage};
use crate::render::gpu::copies::pitch;
use crate::render::gpu::device::Device;

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

/// What the staging buffers of a ring hold.
#[derive(Clone, Copy, Debug)]
enum Arrangement {
    Packed(Layout),
    Nv12(Nv12Layout),
}

impl Arrangement {
    fn bytes(self) -> u64 {
        match self {
            Self::Packed(layout) => layout.bytes(),
            Self::Nv12(layout) => layout.bytes(),
        }
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

/// The staging buffers. Each is free, in flight or lent out.
#[derive(Debug)]
pub(in crate::render) struct Ring {
    arrangement: Arrangement,
    capacity: usize,
    free: Receiver<wgpu::Buffer>,
    home: Sender<wgpu::Buffer>,
    in_flight: VecDeque<InFlight>,
}

impl Ring {
    pub(in crate::render) fn new(device: &Device, size: Size, format: PackedFormat, capacity: usize) -> Self {
        let stride = pitch(size.width * 4);
        Self::arranged(
            device,
            Arrangement::Packed(Layout { size, format, stride }),
            capacity,
        )
    }

    /// A ring for frames that are converted before they are read back.
    pub(in crate::render) fn of_planes(device: &Device, layout: Nv12Layout, capacity: usize) -> Self {
        Self::arranged(device, Arrangement::Nv12(layout), capacity)
    }

    fn arranged(device: &Device, arrangement: Arrangement, capacity: usize) -> Self {
        let (home, free) = crossbeam_channel::unbounded();
        for _ in 0..capacity {
            let buffer = device.device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("readback"),
                size: arrangement.bytes(),
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            });
            // The receiver is a field of the same ring.
            let _ = home.send(buffer);
        }
        Self {
            arrangement,
            capacity,
            free,
            home,
            in_flight: VecDeque::with_capacity(capacity),
        }
    }

    pub(in crate::render) fn capacity(&self) -> usize {
        self.capacity
    }

    pub(in crate::render) fn in_flight(&self) -> usize {
        self.in_flight.len()
    }

    pub(in crate::render) fn free(&self) -> usize {
        self.free.len()
    }

    /// Waits until a lent frame has come back; `false` when none did in time.
    pub(in crate::render) fn wait_free(&self, timeout: Duration) -> bool {
        match self.free.recv_timeout(timeout) {
            Ok(buffer) => self.home.send(buffer).is_ok(),
            Err(_) => false,
        }
    }

    /// A staging buffer for `frame`.
    pub(in crate::render) fn take(&self, frame: u64) -> Result<wgpu::Buffer, RenderError> {
        self.free.try_recv().map_err(|_| RenderError::RingFull {
            frame,
            capacity: self.capacity,
        })
    }

    /// Records the copy of `areas` of the target to their places in a staging buffer of packed pixels.
    pub(in crate::render) fn copy(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        target: &wgpu::Texture,
        areas: &Areas,
        buffer: &wgpu::Buffer,
    ) {
        let Arrangement::Packed(layout) = self.arrangement else {
            return;
        };
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
                        offset: layout.offset(area.x, area.y) as u64,
                        bytes_per_row: Some(layout.stride),
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
    pub(in crate::render) fn submitted(
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

    /// Frees the buffers of the frames in flight under them.
    #[cfg(test)]
    pub(in crate::render) fn break_in_flight(&self) {
        for frame in &self.in_flight {
            frame.buffer.destroy();
        }
    }

    /// Gives a buffer back that was taken but not submitted.
    pub(in crate::render) fn put_back(&self, buffer: wgpu::Buffer) {
        // The receiver is a field of the same ring.
        let _ = self.home.send(buffer);
    }

    /// Waits for the oldest frame in flight.
    pub(in crate::render) fn receive(&mut self, device: &Device) -> Result<Ready, RenderError> {
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
        let lent = Lent {
            frame,
            areas,
            bytes: Some(bytes),
            buffer,
            home: self.home.clone(),
        };
        Ok(match self.arrangement {
            Arrangement::Packed(layout) => Ready::Packed(ReadyFrame { lent, layout }),
            Arrangement::Nv12(layout) => Ready::Nv12(ReadyNv12 { lent, layout }),
        })
    }
}

/// A staging buffer that is mapped and away from its ring. Dropping it hands it back.
#[derive(Debug)]
struct Lent {
    frame: u64,
    areas: Areas,
    /// Present until the drop.
    bytes: Option<wgpu::BufferView>,
    buffer: wgpu::Buffer,
    home: Sender<wgpu::Buffer>,
}

impl Lent {
    fn bytes(&self) -> &[u8] {
        self.bytes.as_deref().unwrap_or_default()
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // The view borrows the mapping, which must outlive it.
        self.bytes = None;
        self.buffer.unmap();
        // Fails when the renderer is gone, and then nobody needs the buffer.
        let _ = self.home.send(self.buffer.clone());
    }
}

/// A finished frame, arranged as its renderer was told to.
#[derive(Debug)]
pub enum Ready {
    /// Pixels as they were drawn.
    Packed(ReadyFrame),
    /// Planes that the GPU converted.
    Nv12(ReadyNv12),
}

impl Ready {
    /// Which frame: the number of `submit` calls that succeeded before its own.
    pub fn index(&self) -> u64 {
        match self {
            Self::Packed(frame) => frame.index(),
            Self::Nv12(frame) => frame.index(),
        }
    }

    /// The pixels that hold the frame; beyond them it is the same as the frame before. Planes are always whole.
    pub fn areas(&self) -> &Areas {
        match self {
            Self::Packed(frame) => frame.areas(),
            Self::Nv12(frame) => &frame.lent.areas,
        }
    }

    /// Bytes that came back from the GPU; of a whole frame row padding included.
    pub fn bytes_read(&self) -> u64 {
        match self {
            Self::Packed(frame) => frame.bytes_read(),
            Self::Nv12(frame) => frame.layout.bytes(),
        }
    }
}

/// A finished frame in mapped memory. Dropping it hands the memory back to the renderer, which cannot use it before.
#[derive(Debug)]
pub struct ReadyFrame {
    lent: Lent,
    layout: Layout,
}

impl ReadyFrame {
    /// Which frame: the number of `submit` calls that succeeded before its own.
    pub fn index(&self) -> u64 {
        self.lent.frame
    }

    /// Where the frame was drawn; beyond it, it is the same as the frame before.
    pub fn areas(&self) -> &Areas {
        &self.lent.areas
    }

    /// The rectangles of [`areas`](Self::areas) with their pixels, lent from the staging buffer without a copy.
    pub fn parts(&self) -> impl Iterator<Item = (PixelRect, PackedView<'_>)> {
        let data = self.lent.bytes();
        self.lent.areas.rects().iter().map(move |&area| {
            let view = PackedView {
                size: Size::new(area.width, area.height),
                stride: self.layout.stride as usize,
                format: self.layout.format,
                data: data.get(self.layout.offset(area.x, area.y)..).unwrap_or_default(),
            };
            (area, view)
        })
    }

    fn bytes_read(&self) -> u64 {
        if self.lent.areas.is_whole() {
            self.layout.bytes()
        } else {
            self.lent.areas.pixels() * 4
        }
    }

    /// All pixels, lent from the staging buffer without a copy; those outside of [`parts`](Self::parts) are left over from
    /// some earlier frame. Rows are padded to 256 bytes.
    pub fn view(&self) -> PackedView<'_> {
        PackedView {
            size: self.layout.size,
            stride: self.layout.stride as usize,
            format: self.layout.format,
            data: self.lent.bytes(),
        }
    }
}

/// A finished frame as NV12 in mapped memory. Dropping it hands the memory back to the renderer.
#[derive(Debug)]
pub struct ReadyNv12 {
    lent: Lent,
    layout: Nv12Layout,
}

impl ReadyNv12 {
    /// Which frame: the number of `submit` calls that succeeded before its own.
    pub fn index(&self) -> u64 {
        self.lent.frame
    }

    /// Picture size in pixels.
    pub fn size(&self) -> Size {
        self.layout.size
    }

    /// Bytes from one row to the next, in both planes.
    pub fn stride(&self) -> usize {
        self.layout.stride as usize
    }

    /// The luma rows and the chroma rows, U before V, lent from the staging buffer.
    pub fn planes(&self) -> (&[u8], &[u8]) {
        // Beyond no buffer that was mapped whole.
        let luma = usize::try_from(self.layout.luma_bytes()).unwrap_or(usize::MAX);
        let bytes = self.lent.bytes();
        bytes.split_at(luma.min(bytes.len()))
    }

    /// Copies the planes to `target`, whose own row padding holds anything afterwards.
    ///
    /// # Panics
    /// When `target` has another size, or planes shorter than that demands.
    pub fn copy_to(&self, target: &mut Nv12Frame) {
        let size = self.size();
        assert_eq!(target.size, size, "the picture to copy to has the frame's size");
        let (luma, chroma) = self.planes();
        let row = size.width as usize;
        copy_plane(luma, self.stride(), &mut target.y, target.y_stride, row);
        let row = size.chroma_420().width as usize * 2;
        copy_plane(chroma, self.stride(), &mut target.uv, target.uv_stride, row);
    }
}

/// Copies rows of `row` bytes; all at once where both planes are padded alike.
fn copy_plane(from: &[u8], from_stride: usize, to: &mut [u8], to_stride: usize, row: usize) {
    if from_stride == to_stride && from.len() == to.len() {
        to.copy_from_slice(from);
        return;
    }
    for (to, from) in to.chunks_mut(to_stride).zip(from.chunks(from_stride)) {
        to[..row].copy_from_slice(&from[..row]);
    }
}

/// The converter reads frames on a thread of its own.
const _: () = {
    const fn crosses_threads<T: Send>() {}
    crosses_threads::<Ready>();
};
