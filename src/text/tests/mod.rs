//! Shaping and pictures, held against numbers that follow from the fonts.
//!
//! `capstan-test.ttf` is made by `scripts/make-test-font.py`: letters are boxes of known sizes, U+1F600 is a coloured
//! square. What needs real scripts uses DejaVu, which `scripts/install-deps.sh` installs.

mod pictures;
mod shaping;

use std::path::PathBuf;
use std::sync::Arc;

use super::Fonts;
use crate::scene::typeset::{
    Align, Family, FontSpec, Ink, Measured, Px, Raster, RasterSpec, TextSpec, Typesetter,
};

/// A window that cuts nothing off here.
const WIDE: [i32; 4] = [-4000, -4000, 4000, 4000];

/// The font made for these tests, alone.
fn boxes() -> Fonts {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/text/tests/capstan-test.ttf");
    Fonts::files(vec![PathBuf::from(file)])
}

/// A spec of `size` px in the test font, lines of 20 px.
fn spec(text: &str, size: f64) -> TextSpec {
    TextSpec {
        text: text.into(),
        font: FontSpec {
            family: Family::Named("Capstan Test".into()),
            weight: 400,
            italic: false,
        },
        size: Px::new(size),
        line_height: Px::new(20.0),
        letter_spacing: Px::new(0.0),
        align: Align::Left,
        wrap_width: None,
    }
}

fn dejavu(text: &str) -> TextSpec {
    let mut spec = spec(text, 20.0);
    spec.font.family = Family::Named("DejaVu Sans".into());
    spec
}

fn measure(fonts: &Fonts, spec: &TextSpec) -> Arc<Measured> {
    fonts.measure(&Arc::new(spec.clone()))
}

fn picture(spec: TextSpec) -> RasterSpec {
    RasterSpec {
        text: Arc::new(spec),
        bytes: None,
        ink: Ink::Fill,
        scale: Px::new(1.0),
        phase: Px::new(0.0),
        window: WIDE,
    }
}

/// Left, top, width, height.
fn bounds(raster: &Raster) -> (i32, i32, u32, u32) {
    (raster.left, raster.top, raster.width, raster.height)
}
