//! What copies between buffers and textures need.

use crate::frame::PixelRect;

/// Bytes from a row to the next in a buffer that is copied from or to, where a row has so many.
pub(in crate::render) fn pitch(row_bytes: u32) -> u32 {
    row_bytes.next_multiple_of(wgpu::COPY_BYTES_PER_ROW_ALIGNMENT)
}

/// The place of `rect` in a texture.
pub(in crate::render) fn origin(rect: PixelRect) -> wgpu::Origin3d {
    wgpu::Origin3d {
        x: rect.x,
        y: rect.y,
        z: 0,
    }
}

/// The size of `rect`.
pub(in crate::render) fn extent(rect: PixelRect) -> wgpu::Extent3d {
    wgpu::Extent3d {
        width: rect.width,
        height: rect.height,
        depth_or_array_layers: 1,
    }
}
