//! The typesetter: installed fonts, and answers kept.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use cosmic_text::FontSystem;
use cosmic_text::fontdb::Database;

use super::cache::Cache;
use super::faces::{self, Face};
use super::glyphs::Glyphs;
use super::layout::{Laid, lay_out};
use super::raster;
use crate::scene::SceneError;
use crate::scene::typeset::{Family, FontSpec, Measured, Raster, RasterSpec, TextSpec, Typesetter};

/// Most bytes of kept layouts.
const LAYOUT_BUDGET: usize = 8 << 20;
/// Most bytes of kept pictures of texts.
const RASTER_BUDGET: usize = 32 << 20;
/// Language whose shapes of Chinese characters are preferred where the system names none.
const LOCALE: &str = "en-US";
/// Most characters that one message names.
const NAMED_CHARS: usize = 8;

/// Fonts that texts are set with. They are read when the first text asks for them.
#[derive(Debug)]
pub struct Fonts {
    source: Source,
    press: Mutex<Option<Press>>,
}

/// Where fonts come from.
#[derive(Debug)]
enum Source {
    System,
    Files(Vec<PathBuf>),
}

/// Everything that setting texts needs once fonts are read.
#[derive(Debug)]
struct Press {
    system: FontSystem,
    glyphs: Glyphs,
    faces: HashMap<FontSpec, Option<Face>>,
    layouts: Cache<Arc<TextSpec>, Layout>,
    rasters: Cache<RasterSpec, Arc<Raster>>,
}

#[derive(Debug)]
struct Layout {
    laid: Laid,
    measured: Arc<Measured>,
}

impl Fonts {
    /// The fonts installed on this system.
    pub fn system() -> Self {
        Self::from(Source::System)
    }

    /// The fonts in these files and no others; what is no font among them is left out.
    pub fn files(files: Vec<PathBuf>) -> Self {
        Self::from(Source::Files(files))
    }

    const fn from(source: Source) -> Self {
        Self {
            source,
            press: Mutex::new(None),
        }
    }

    /// A panic elsewhere leaves nothing half done that matters here: kept answers are whole or absent.
    fn locked(&self) -> MutexGuard<'_, Option<Press>> {
        self.press.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn with<T>(&self, work: impl FnOnce(&mut Press) -> T) -> T {
        let mut press = self.locked();
        work(press.get_or_insert_with(|| Press::new(self.source.load())))
    }
}

impl Source {
    fn load(&self) -> Database {
        let mut db = Database::new();
        match self {
            Self::System => db.load_system_fonts(),
            Self::Files(files) => {
                for file in files {
                    if let Err(error) = db.load_font_file(file) {
                        tracing::warn!(file = %file.display(), %error, "a font file can't be read and is left out");
                    }
                }
            }
        }
        tracing::debug!(faces = db.len(), "read the fonts");
        db
    }
}

impl Press {
    fn new(db: Database) -> Self {
        let locale = sys_locale::get_locale().unwrap_or_else(|| LOCALE.to_owned());
        Self {
            system: FontSystem::new_with_locale_and_db(locale, db),
            glyphs: Glyphs::new(),
            faces: HashMap::new(),
            layouts: Cache::new(LAYOUT_BUDGET),
            rasters: Cache::new(RASTER_BUDGET),
        }
    }

    /// The face for `font`; `None` where there is none that can be read.
    fn face(&mut self, font: &FontSpec) -> Option<Face> {
        if let Some(face) = self.faces.get(font) {
            return face.clone();
        }
        let face = faces::choose(self.system.db(), font);
        self.faces.insert(font.clone(), face.clone());
        face
    }

    fn layout(&mut self, text: &Arc<TextSpec>) -> Arc<Layout> {
        if let Some(layout) = self.layouts.get(text) {
            return layout;
        }
        let laid = match self.face(&text.font) {
            Some(face) if text.size.get() > 0.0 => lay_out(&mut self.system, &face, text),
            _ => Laid::default(),
        };
        let bytes = 2 * laid.bytes() + text.text.len();
        let measured = Arc::new(laid.measured.clone());
        self.layouts
            .insert(Arc::clone(text), Layout { laid, measured }, bytes)
    }

    fn raster(&mut self, spec: &RasterSpec) -> Arc<Raster> {
        if let Some(raster) = self.rasters.get(spec) {
            return Arc::clone(&raster);
        }
        let raster = if spec.scale.get() > 0.0 {
            let layout = self.layout(&spec.text);
            raster::draw(&mut self.system, &mut self.glyphs, &layout.laid, spec)
        } else {
            raster::empty(spec)
        };
        let bytes = raster.bytes() + size_of::<Raster>();
        Arc::clone(&self.rasters.insert(spec.clone(), Arc::new(raster), bytes))
    }
}

impl Typesetter for Fonts {
    fn prepare(&self, font: &FontSpec, chars: &str) -> Result<Vec<String>, SceneError> {
        self.with(|press| {
            let Some(face) = press.face(font) else {
                return Err(SceneError::Fonts);
            };
            let mut findings = Vec::new();
            let asked = faces::generic_name(&font.family);
            if !face.family.eq_ignore_ascii_case(asked) && face.family.to_lowercase() != asked.to_lowercase()
            {
                findings.push(substituted(&font.family, asked, &face.family));
            }
            let missing = faces::missing_chars(press.system.db(), &face.family, chars);
            if !missing.is_empty() {
                findings.push(without_glyph(&missing));
            }
            Ok(findings)
        })
    }

    fn installed(&self, family: &str) -> bool {
        self.with(|press| faces::installed_name(press.system.db(), family).is_some())
    }

    fn measure(&self, text: &Arc<TextSpec>) -> Arc<Measured> {
        self.with(|press| Arc::clone(&press.layout(text).measured))
    }

    fn raster(&self, spec: &RasterSpec) -> Arc<Raster> {
        self.with(|press| press.raster(spec))
    }
}

fn substituted(family: &Family, asked: &str, used: &str) -> String {
    let what = match family {
        Family::Named(_) => format!("the font `{asked}`"),
        generic => format!("the font `{asked}`, which stands for {generic},"),
    };
    format!("{what} is not installed; `{used}` is used instead")
}

fn without_glyph(missing: &[char]) -> String {
    let named: Vec<String> = missing
        .iter()
        .take(NAMED_CHARS)
        .map(|&c| format!("U+{:04X} ({c})", u32::from(c)))
        .collect();
    let more = missing.len().saturating_sub(NAMED_CHARS);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    format!(
        "no installed font has a glyph for {}{more}; boxes stand in their place; install a font that has them",
        named.join(", ")
    )
}
