//! What a draw needs of the shaders. Every combination is a pipeline of its own: a software rasteriser pays for both sides of
//! every branch, and a GPU for the registers of the longer one. For a branch or a loop that hangs on uniforms alone, Mesa's lavapipe
//! compiles the shader anew for every value, which takes milliseconds and memory that it keeps: where such a number changes from frame to
//! frame, the shader selects instead, or the condition has the position in it.

use crate::render::filters::focus::FocusKey;
use crate::render::filters::mask::MaskKey;
use crate::render::layers::card::CardKey;
use crate::render::layers::grade::GradeKey;
use crate::render::layers::lettering::GlyphsKey;
use crate::render::layers::surface::SurfaceKey;
use crate::render::layers::waveform::WaveformKey;
use crate::render::layers::window::WindowKey;

/// What a draw needs of the fragment shader.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) enum PipelineKey {
    /// The prepared canvas.
    Background(GradeKey),
    /// Part of a card.
    Card(CardKey),
    /// The pointer.
    Pointer {
        /// Whether it leaves a trail (cap-look.md 8.7).
        smeared: bool,
        /// Its grade.
        grade: GradeKey,
    },
    /// A ring from a press of the pointer.
    Ripple,
    /// Black over a rectangle's surroundings.
    Shade,
    /// A rounded box of one colour.
    Plate,
    /// Pictures of glyphs.
    Glyphs(GlyphsKey),
    /// Transparent black in the place of whatever is there.
    Clear,
    /// Another surface.
    Surface(SurfaceKey),
    /// A bitmap of the scene's.
    Sprite {
        /// Not every pixel that is drawn lies inside, whole.
        shaped: bool,
    },
    /// A window frame.
    Window(WindowKey),
    /// A picture of the sound.
    Waveform(WaveformKey),
    /// The notch.
    Notch,
    /// A pass of a mask.
    Mask(MaskKey),
    /// A pass of a focus blur.
    Focus(FocusKey),
}
