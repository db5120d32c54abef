//! Pictures of glyphs as textures.

use std::collections::HashMap;
use std::sync::Arc;

use super::images::texture_bind_group;
use crate::frame::Size;
use crate::render::error::RenderError;
use crate::render::gpu::device::Device;
use crate::scene::typeset::Raster;

/// Textures that the current frame doesn't need are kept up to this many bytes.
const BUDGET: u64 = 48 << 20;

/// A picture, by its number, and whether it is that of the glyphs with colours of their own.
type Key = (u64, bool);

/// The pictures that frames show: uploaded when first shown, kept while there is room.
#[derive(Debug, Default)]
pub(in crate::render) struct GlyphStore {
    loaded: HashMap<Key, Loaded>,
    bytes: u64,
    frame: u64,
    /// Bytes uploaded so far.
    pub(in crate::render) uploaded: u64,
}

#[derive(Debug)]
struct Loaded {
    bound: wgpu::BindGroup,
    bytes: u64,
    /// The frame that showed it last.
    shown: u64,
}

impl GlyphStore {
    /// To be called before the pictures of a frame are loaded: lets go of those shown longest ago where there are too many.
    pub(in crate::render) fn next_frame(&mut self) {
        if self.bytes > BUDGET {
            let mut old: Vec<(u64, Key)> = self
                .loaded
                .iter()
                .filter(|(_, loaded)| loaded.shown < self.frame)
                .map(|(key, loaded)| (loaded.shown, *key))
                .collect();
            old.sort_unstable();
            for (_, key) in old {
                if self.bytes <= BUDGET / 2 {
                    break;
                }
                if let Some(loaded) = self.loaded.remove(&key) {
                    self.bytes -= loaded.bytes;
                }
            }
        }
        self.frame += 1;
    }

    /// Uploads the coverage of `raster`, or its glyphs with `own_colors`, if they are not on the GPU yet.
    ///
    /// # Errors
    /// When it is larger than the adapter's textures.
    pub(in crate::render) fn load(
        &mut self,
        device: &Device,
        layout: &wgpu::BindGroupLayout,
        sampler: &wgpu::Sampler,
        raster: &Arc<Raster>,
        own_colors: bool,
    ) -> Result<(), RenderError> {
        let key = (raster.id(), own_colors);
        if let Some(loaded) = self.loaded.get_mut(&key) {
            loaded.shown = self.frame;
            return Ok(());
        }
        let size = Size::new(raster.width, raster.height);
        device.check_size("a picture of glyphs", size)?;
        let (format, pixels, channels) = if own_colors {
            (wgpu::TextureFormat::Rgba8Unorm, &raster.color, 4)
        } else {
            (wgpu::TextureFormat::R8Unorm, &raster.coverage, 1)
        };
        let texture = device.texture(
            "glyphs",
            size,
            format,
            wgpu::TextureUsages::TEXTURE_BINDING | wgpu::TextureUsages::COPY_DST,
        );
        device.queue.write_texture(
            texture.as_image_copy(),
            pixels,
            wgpu::TexelCopyBufferLayout {
                offset: 0,
                bytes_per_row: Some(size.width * channels),
                rows_per_image: None,
            },
            texture.size(),
        );
        let bytes = pixels.len() as u64;
        self.bytes += bytes;
        self.uploaded += bytes;
        let loaded = Loaded {
            bound: texture_bind_group(device, layout, sampler, &texture),
            bytes,
            shown: self.frame,
        };
        self.loaded.insert(key, loaded);
        Ok(())
    }

    pub(in crate::render) fn get(&self, raster: &Raster, own_colors: bool) -> Option<&wgpu::BindGroup> {
        self.loaded
            .get(&(raster.id(), own_colors))
            .map(|loaded| &loaded.bound)
    }
}
