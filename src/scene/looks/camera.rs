//! The camera's card.

use crate::scene::camera::CameraOverlay;
use crate::scene::layer::{Card, CardPicture, Shadow};
use crate::scene::stage::Place;
use crate::scene::tree::PictureRequest;

/// `camera` at `place`.
pub(crate) fn camera_card(camera: &CameraOverlay, place: &Place, request: PictureRequest) -> Card {
    let shadow = camera
        .shadow
        .faded(place.shadow)
        .of(place.rect.width, place.rect.height);
    Card {
        picture: CardPicture {
            request,
            size: camera.size,
            crop: place.crop,
            mirrored: camera.mirrored,
        },
        rect: place.rect,
        corner: place.corner,
        // Quirk 11: the shadow goes with the camera.
        shadow: shadow.map(|shadow| Shadow {
            alpha: shadow.alpha * place.opacity,
            ..shadow
        }),
        border: None,
        opacity: place.opacity,
        smear: place.smear,
        top_rounding: 1.0,
        grade: None,
    }
}
