//! Which installed face stands for what was asked.

use std::collections::BTreeSet;

use cosmic_text::fontdb::{self, Database, FaceInfo, Stretch, Style, Weight};
use cosmic_text::skrifa::{FontRef, MetadataProvider, Tag};

use crate::scene::typeset::{Family, FontSpec};

/// The face a [`FontSpec`] comes to, in the words cosmic-text selects faces by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Face {
    /// Name of the family, as the font spells it.
    pub(super) family: String,
    /// A weight the family has.
    pub(super) weight: Weight,
    /// What was asked for; an upright face is slanted where the family has no other.
    pub(super) style: Style,
    /// Width class of the face.
    pub(super) stretch: Stretch,
}

/// Name of the font that stands for a generic family on this system (cap-look.md 11.1).
pub(super) fn generic_name(family: &Family) -> &str {
    let [sans, serif, mono] = if cfg!(target_os = "macos") {
        ["Helvetica", "Times New Roman", "Courier New"]
    } else if cfg!(windows) {
        ["Arial", "Times New Roman", "Consolas"]
    } else {
        ["DejaVu Sans", "DejaVu Serif", "DejaVu Sans Mono"]
    };
    match family {
        Family::Sans => sans,
        Family::Serif => serif,
        Family::Mono => mono,
        Family::Named(name) => name,
    }
}

/// The face for `font`: of the family asked for, else of the system's sans-serif, else any. `None` without a font.
pub(super) fn choose(db: &Database, font: &FontSpec) -> Option<Face> {
    let name = [generic_name(&font.family), generic_name(&Family::Sans)]
        .into_iter()
        .find_map(|name| installed_name(db, name))
        .or_else(|| any_family(db))?;
    face_of_family(db, &name, font)
}

/// The family's name as the font spells it, upper and lower case not told apart.
pub(super) fn installed_name(db: &Database, asked: &str) -> Option<String> {
    let asked = asked.to_lowercase();
    db.faces()
        .flat_map(|face| &face.families)
        .map(|(name, _)| name)
        .filter(|name| name.to_lowercase() == asked)
        .min()
        .cloned()
}

/// The family of the plainest face there is, the first by name among equals.
fn any_family(db: &Database) -> Option<String> {
    db.faces()
        .filter_map(|face| Some((face, &face.families.first()?.0)))
        .min_by_key(|(face, name)| {
            (
                !has_char(db, face.id, 'A'),
                face.monospaced,
                face.style != Style::Normal,
                face.weight.0.abs_diff(Weight::NORMAL.0),
                (*name).clone(),
            )
        })
        .map(|(_, name)| name.clone())
}

fn face_of_family(db: &Database, name: &str, font: &FontSpec) -> Option<Face> {
    let style = if font.italic { Style::Italic } else { Style::Normal };
    let best = db
        .faces()
        .filter(|face| face.families.iter().any(|(family, _)| family == name))
        .min_by_key(|face| {
            (
                face.stretch.to_number().abs_diff(Stretch::Normal.to_number()),
                slant_distance(style, face.style),
                weight_distance(db, face, font.weight),
                face.id,
            )
        })?;
    let weight = if covers_weight(db, best.id, font.weight) {
        Weight(font.weight)
    } else {
        best.weight
    };
    Some(Face {
        family: name.to_owned(),
        weight,
        style,
        stretch: best.stretch,
    })
}

fn slant_distance(asked: Style, found: Style) -> u8 {
    match (asked == Style::Normal, found) {
        (true, Style::Normal) | (false, Style::Italic) => 0,
        (false, Style::Oblique) => 1,
        (true, Style::Italic | Style::Oblique) | (false, Style::Normal) => 2,
    }
}

/// How far a face is from a weight; of two as far the bolder one wins for bold text, else the lighter one.
fn weight_distance(db: &Database, face: &FaceInfo, asked: u16) -> (u16, bool) {
    if covers_weight(db, face.id, asked) {
        return (0, false);
    }
    let against = (face.weight.0 > asked) != (asked >= 500);
    (face.weight.0.abs_diff(asked), against)
}

/// Whether a variable face can be set to that weight.
fn covers_weight(db: &Database, id: fontdb::ID, weight: u16) -> bool {
    db.with_face_data(id, |data, index| {
        let font = FontRef::from_index(data, index).ok()?;
        let axis = font.axes().get_by_tag(Tag::new(b"wght"))?;
        let weight = f32::from(weight);
        Some(weight >= axis.min_value() && weight <= axis.max_value())
    }) == Some(Some(true))
}

fn has_char(db: &Database, id: fontdb::ID, c: char) -> bool {
    db.with_face_data(id, |data, index| {
        FontRef::from_index(data, index)
            .ok()
            .and_then(|font| font.charmap().map(c))
            .is_some_and(|glyph| glyph.to_u32() != 0)
    }) == Some(true)
}

/// Those of `chars` that no installed font has a glyph for and that ought to have one, in order.
pub(super) fn missing_chars(db: &Database, family: &str, chars: &str) -> Vec<char> {
    let mut left: BTreeSet<char> = chars.chars().filter(|&c| !is_invisible(c)).collect();
    // The chosen family first: it usually has them all.
    let (chosen, others): (Vec<_>, Vec<_>) = db
        .faces()
        .partition(|face| face.families.iter().any(|(name, _)| name == family));
    for face in chosen.into_iter().chain(others) {
        if left.is_empty() {
            break;
        }
        db.with_face_data(face.id, |data, index| {
            let font = FontRef::from_index(data, index).ok()?;
            let map = font.charmap();
            left.retain(|&c| map.map(c).is_none_or(|glyph| glyph.to_u32() == 0));
            Some(())
        });
    }
    left.into_iter().collect()
}

/// Characters that have no picture of their own: white space, controls, joiners, variation selectors, tags.
fn is_invisible(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}'
            | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{e0000}'..='\u{e0fff}')
}
