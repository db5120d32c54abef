use super::*;
use crate::cap::config::RoundingType;
use crate::scene::{
    Card, CardPicture, Corner, Layer, PictureRequest, Pointer, PointerArt, Rect, Role, Shadow, Track,
};
use crate::time::{MediaTime, OutputTime};

const OUTPUT: Size = Size::new(1920, 1080);
const SOURCE: Size = Size::new(1000, 500);

fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
    Rect { x, y, width, height }
}

/// All of a 1000x500 picture in 500x250 pixels at (100, 200).
fn card() -> Card {
    Card {
        picture: CardPicture {
            request: PictureRequest {
                source: SourceId::incoming(0, Track::Display),
                time: MediaTime::ZERO,
            },
            size: SOURCE,
            crop: rect(0.0, 0.0, 1000.0, 500.0),
            mirrored: false,
        },
        rect: rect(100.0, 200.0, 500.0, 250.0),
        corner: Corner {
            kind: RoundingType::Rounded,
            radius: 0.0,
        },
        shadow: None,
        border: None,
        opacity: 1.0,
        smear: None,
        top_rounding: 1.0,
        grade: None,
    }
}

fn pointer(x: f64, y: f64) -> Pointer {
    Pointer {
        art: PointerArt::Circle,
        rect: rect(x, y, 20.0, 20.0),
        rotation: 0.0,
        opacity: 1.0,
        clip: rect(0.0, 0.0, 1920.0, 1080.0),
        smear: None,
        grade: None,
    }
}

fn frame(layers: Vec<Layer>) -> SceneFrame {
    let node = |layer: Layer| {
        let role = match &layer {
            Layer::Card(card) if card.picture.request.source.track == Track::Camera => Role::Camera,
            Layer::Pointer(_) => Role::Pointer,
            _ => Role::Screen,
        };
        Node::paint(role, layer)
    };
    SceneFrame {
        number: 0,
        time: OutputTime::ZERO,
        nodes: layers.into_iter().map(node).collect(),
    }
}

fn pixels(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
    PixelRect { x, y, width, height }
}

fn source_damage(card: Card, changed: PixelRect) -> Vec<PixelRect> {
    let scene = frame(vec![Layer::Card(card)]);
    let rects = [changed];
    let change = |_| {
        Some(SourceChange {
            size: SOURCE,
            rects: &rects,
        })
    };
    damage(&scene, &scene, change, OUTPUT).output().rects().to_vec()
}

#[test]
fn equal_frames_have_none() {
    let scene = frame(vec![Layer::Card(card()), Layer::Pointer(pointer(5.0, 5.0))]);
    assert!(
        damage(&scene, &scene.clone(), |_| None, OUTPUT)
            .output()
            .is_empty()
    );
}

#[test]
fn a_moved_pointer_damages_where_it_was_and_where_it_is() {
    let scene = |x, y| frame(vec![Layer::Card(card()), Layer::Pointer(pointer(x, y))]);
    let areas = damage(&scene(100.0, 100.0), &scene(900.0, 700.0), |_| None, OUTPUT);
    // 2.5 pixels around 20x20, to even edges.
    assert_eq!(
        areas.output().rects(),
        [pixels(96, 96, 28, 28), pixels(896, 696, 28, 28)]
    );
}

#[test]
fn a_turned_pointer_reaches_as_far_as_its_corners() {
    let turned = Pointer {
        rotation: std::f64::consts::FRAC_PI_2,
        ..pointer(500.0, 500.0)
    };
    let areas = damage(
        &frame(vec![]),
        &frame(vec![Layer::Pointer(turned)]),
        |_| None,
        OUTPUT,
    );
    // A quarter counter-clockwise: right becomes up.
    assert_eq!(areas.output().rects(), [pixels(496, 476, 28, 28)]);
}

#[test]
fn a_moved_card_damages_both_extents_with_their_shadows() {
    let with = |x: f64| {
        let mut card = card();
        card.rect = rect(x, 200.0, 100.0, 100.0);
        card.shadow = Some(Shadow {
            size: 10.0,
            blur: 10.0,
            alpha: 0.5,
        });
        frame(vec![Layer::Card(card)])
    };
    let areas = damage(&with(100.0), &with(1000.0), |_| None, OUTPUT);
    assert_eq!(
        areas.output().rects(),
        [pixels(76, 176, 148, 148), pixels(976, 176, 148, 148)]
    );
}

#[test]
fn a_part_of_the_picture_is_mapped_with_its_filter() {
    // Texels 397..503 and 197..263 with the footprint, halved, moved, one pixel of rounding.
    assert_eq!(
        source_damage(card(), pixels(400, 200, 100, 60)),
        [pixels(296, 296, 58, 38)]
    );
    let mut mirrored = card();
    mirrored.picture.mirrored = true;
    // Right edge 600 - 397 / 2, left edge 600 - 503 / 2.
    assert_eq!(
        source_damage(mirrored, pixels(400, 200, 100, 60)),
        [pixels(346, 296, 58, 38)]
    );
}

#[test]
fn the_outermost_texels_are_shown_up_to_the_edge() {
    // From 2.5 pixels beyond the card's edge to texel 7, and from texel 487 to as far beyond the other edge.
    assert_eq!(
        source_damage(card(), pixels(0, 490, 4, 10)),
        [pixels(96, 442, 10, 12)]
    );
}

#[test]
fn what_the_crop_leaves_out_damages_nothing() {
    let mut cropped = card();
    cropped.picture.crop = rect(500.0, 0.0, 500.0, 500.0);
    assert!(source_damage(cropped, pixels(0, 0, 400, 400)).is_empty());
}

#[test]
fn layers_that_come_and_go_damage_their_extents_alone() {
    let mut camera = card();
    camera.picture.request.source.track = Track::Camera;
    camera.rect = rect(1000.0, 600.0, 200.0, 200.0);
    let (screen, camera) = (Layer::Card(card()), Layer::Card(camera));
    let mouse = Layer::Pointer(pointer(50.0, 50.0));
    let without = frame(vec![screen.clone(), mouse.clone()]);
    let with = frame(vec![screen, camera, mouse]);
    let expected = [pixels(996, 596, 208, 208)];
    assert_eq!(
        damage(&without, &with, |_| None, OUTPUT).output().rects(),
        expected
    );
    assert_eq!(
        damage(&with, &without, |_| None, OUTPUT).output().rects(),
        expected
    );
}

#[test]
fn layers_in_another_order_damage_what_moved() {
    let mut camera = card();
    camera.picture.request.source.track = Track::Camera;
    let (screen, camera) = (Layer::Card(card()), Layer::Card(camera));
    let areas = damage(
        &frame(vec![screen.clone(), camera.clone()]),
        &frame(vec![camera, screen]),
        |_| None,
        OUTPUT,
    );
    assert_eq!(areas.output().rects(), [pixels(96, 196, 508, 258)]);
}
