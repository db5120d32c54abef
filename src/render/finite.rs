//! Refuses scenes that can't be drawn.

use super::error::RenderError;
use crate::scene::{Layer, Rect, SceneFrame};

/// A number that is not finite has no place on the screen, and would draw differently on every adapter.
///
/// # Errors
/// [`RenderError::NotFinite`] names the frame and the layer.
pub(super) fn check_numbers(frame: &SceneFrame, index: u64) -> Result<(), RenderError> {
    let finite = |numbers: &[f64]| numbers.iter().all(|number| number.is_finite());
    let rect = |rect: &Rect| finite(&[rect.x, rect.y, rect.width, rect.height]);
    for layer in &frame.layers {
        let (fine, what) = match layer {
            Layer::Card(card) => {
                let shadow = card.shadow.is_none_or(|s| finite(&[s.size, s.blur, s.alpha]));
                let border = card
                    .border
                    .is_none_or(|b| finite(&b.color) && finite(&[b.width, b.opacity]));
                let own = finite(&[card.corner.radius, card.opacity]) && rect(&card.rect);
                (
                    own && shadow && border && rect(&card.picture.crop),
                    "a card's geometry",
                )
            }
            Layer::Pointer(pointer) => {
                let own = finite(&[pointer.rotation, pointer.opacity]);
                (
                    own && rect(&pointer.rect) && rect(&pointer.clip),
                    "the pointer's geometry",
                )
            }
        };
        if !fine {
            return Err(RenderError::NotFinite { frame: index, what });
        }
    }
    Ok(())
}
