//! Records the passes of a plan: for each surface its copies, then one render pass.

pub(super) mod processor;

use super::gpu::copies::{extent, origin};
use super::gpu::numbers::Numbers;
use super::gpu::pipeline::Pipelines;
use super::gpu::surfaces::{Surface, Surfaces};
use super::plan::Pass;
use super::plan::draw::{Draw, Means, Textures};
use super::sources::art::ArtStore;
use super::sources::bitmaps::BitmapStore;
use super::sources::canvas::Canvases;
use super::sources::glyphs::GlyphStore;
use super::sources::picture::{Loaded, PictureStore};
use super::sources::sheets::Sheets;

/// Everything that draws read; all of it was prepared for the plan.
pub(super) struct Room<'a> {
    pub(super) surfaces: &'a Surfaces,
    pub(super) pipelines: &'a Pipelines,
    pub(super) numbers: &'a Numbers,
    pub(super) canvases: &'a Canvases,
    pub(super) pictures: &'a PictureStore,
    pub(super) sheets: Option<&'a Sheets>,
    pub(super) art: &'a ArtStore,
    pub(super) bitmaps: &'a BitmapStore,
    pub(super) glyphs: &'a GlyphStore,
}

/// Rectangles of the draws that go through pipelines, in the order in which [`record`] counts them.
pub(super) fn rects(passes: &[Pass]) -> Vec<[u32; 4]> {
    passes
        .iter()
        .flat_map(|pass| &pass.draws)
        .filter(|draw| matches!(draw.means, Means::Pipeline(_)))
        .flat_map(|draw| &draw.rects)
        .map(|rect| [rect.x, rect.y, rect.width, rect.height])
        .collect()
}

/// Something that a plan needs and that was not prepared for it. Going on without it could show what a mask should hide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Unprepared(pub(super) &'static str);

/// Records `pass`; `first` counts the rectangles of the frame's passes.
///
/// # Errors
/// When something is missing that was to be prepared.
pub(super) fn record(
    encoder: &mut wgpu::CommandEncoder,
    pass: &Pass,
    room: &Room<'_>,
    first: &mut u32,
) -> Result<(), Unprepared> {
    let surface = room.surfaces.get(pass.target).ok_or(Unprepared("a surface"))?;
    for draw in pass.draws.iter().filter(|draw| draw.means == Means::Copy) {
        room.copy(encoder, draw, surface)?;
    }
    room.draw(encoder, pass, surface, first)
}

impl Room<'_> {
    /// Copies from a canvas or another surface. What the processor sampled has been copied already.
    fn copy(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        draw: &Draw,
        surface: &Surface,
    ) -> Result<(), Unprepared> {
        let from = match &draw.textures {
            Textures::Canvas(background) => self.canvases.get(background).map(|canvas| &canvas.texture),
            Textures::Surface(id) => self.surfaces.get(*id).map(|surface| &surface.texture),
            _ => return Ok(()),
        };
        let from = from.ok_or(Unprepared("a picture to copy from"))?;
        for &rect in &draw.rects {
            let at = origin(rect);
            encoder.copy_texture_to_texture(
                wgpu::TexelCopyTextureInfo {
                    origin: at,
                    ..from.as_image_copy()
                },
                wgpu::TexelCopyTextureInfo {
                    origin: at,
                    ..surface.texture.as_image_copy()
                },
                extent(rect),
            );
        }
        Ok(())
    }

    fn draw(
        &self,
        encoder: &mut wgpu::CommandEncoder,
        planned: &Pass,
        surface: &Surface,
        first: &mut u32,
    ) -> Result<(), Unprepared> {
        if !planned
            .draws
            .iter()
            .any(|draw| matches!(draw.means, Means::Pipeline(_)))
        {
            return Ok(());
        }
        let mut pass = encoder.begin_render_pass(&wgpu::RenderPassDescriptor {
            label: Some("surface"),
            color_attachments: &[Some(wgpu::RenderPassColorAttachment {
                view: &surface.view,
                depth_slice: None,
                resolve_target: None,
                ops: wgpu::Operations {
                    load: wgpu::LoadOp::Load,
                    store: wgpu::StoreOp::Store,
                },
            })],
            ..wgpu::RenderPassDescriptor::default()
        });
        pass.set_vertex_buffer(0, self.numbers.rects.slice(..));
        for draw in &planned.draws {
            let Means::Pipeline(key) = draw.means else {
                continue;
            };
            let instances = *first..*first + draw.rects.len() as u32;
            *first = instances.end;
            let textures = match (&draw.textures, self.textures(&draw.textures)) {
                (_, Some(textures)) => textures,
                // A pointer without art is not drawn.
                (Textures::Art(_), None) => continue,
                _ => return Err(Unprepared("a picture to draw from")),
            };
            let pipeline = self.pipelines.get(key).ok_or(Unprepared("a pipeline"))?;
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, &self.numbers.uniform_group, &[draw.uniforms]);
            if let Bound::Group(group) = textures {
                pass.set_bind_group(1, group, &[]);
            }
            pass.draw(0..4, instances);
        }
        Ok(())
    }

    /// What a draw binds; `None` where that is not there.
    fn textures(&self, textures: &Textures) -> Option<Bound<'_>> {
        let group = match textures {
            Textures::Nothing => return Some(Bound::Nothing),
            Textures::Canvas(background) => self.canvases.get(background).map(|canvas| &canvas.bound),
            Textures::Sheet(layer) => self.sheets.map(|sheets| sheets.get(*layer)),
            Textures::Blank => self.sheets.map(Sheets::blank),
            Textures::Planes(source) => self.pictures.get(*source).map(|loaded| &loaded.planes),
            Textures::Converted { source, .. } => self.pictures.get(*source).and_then(Loaded::converted),
            Textures::Art(art) => self.art.get(art),
            Textures::Glyphs { raster, own_colors } => self.glyphs.get(raster, *own_colors),
            Textures::Surface(id) => self.surfaces.get(*id).map(|surface| &surface.bound),
            Textures::Bitmap(bitmap) => self.bitmaps.get(bitmap),
        };
        group.map(Bound::Group)
    }
}

enum Bound<'a> {
    Nothing,
    Group(&'a wgpu::BindGroup),
}
