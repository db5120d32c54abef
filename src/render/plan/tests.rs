//! Plans by number: which surfaces a tree costs, and what is redrawn on them.

use super::*;
use crate::cap::config::RoundingType;
use crate::frame::{Rect, YuvColor};
use crate::render::layers::card::Conversion;
use crate::scene::{
    Background, CardPicture, Corner, Fill, Mask, MaskEffect, Mix, PictureRequest, Plane, Role, Side, Track,
};
use crate::time::{MediaTime, OutputTime};

const SIZE: Size = Size::new(200, 100);

fn id(role: Role, index: u32) -> LayerId {
    let side = Side::Incoming;
    LayerId { role, index, side }
}

fn background() -> Node {
    let background = Background::plain(Fill::WHITE);
    Node::paint(Role::Background, Layer::Background(background))
}

fn rect(x: f64, y: f64, width: f64, height: f64) -> Rect {
    Rect { x, y, width, height }
}

/// An opaque card with square corners.
fn card(rect: Rect) -> Node {
    let size = Size::new(50, 40);
    let card = Card {
        picture: CardPicture {
            request: PictureRequest {
                source: SourceId::incoming(0, Track::Display),
                time: MediaTime::ZERO,
            },
            size,
            crop: Rect {
                x: 0.0,
                y: 0.0,
                width: 50.0,
                height: 40.0,
            },
            mirrored: false,
        },
        rect,
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
    };
    Node::paint(Role::Screen, Layer::Card(card))
}

fn mask(index: u32, effect: MaskEffect) -> Node {
    let mask = Mask {
        rect: rect(40.0, 20.0, 30.0, 20.0),
        softness: 0.0,
        effect,
    };
    Node::Filter(id(Role::Mask, index), Filter::Mask(mask))
}

fn planned(nodes: Vec<Node>, damage: &Damage, kept: bool) -> Plan {
    let frame = SceneFrame {
        number: 0,
        time: OutputTime::ZERO,
        nodes,
    };
    let picture = |_| {
        Some(Source {
            size: Size::new(50, 40),
            chroma: Size::new(25, 20),
            subsampling: (2, 2),
            conversion: Conversion::of(YuvColor::BT709_LIMITED),
            sheet: None,
        })
    };
    let facts = Facts {
        size: SIZE,
        index: 0,
        processor: false,
        borders_replace: false,
        picture: &picture,
        kept: &|_| kept,
    };
    plan(&frame, damage, &facts).unwrap()
}

fn targets(plan: &Plan) -> Vec<SurfaceId> {
    plan.passes.iter().map(|pass| pass.target).collect()
}

fn pixels(pass: &Pass) -> u64 {
    pass.draws
        .iter()
        .flat_map(|draw| &draw.rects)
        .map(|rect| rect.area())
        .sum()
}

#[test]
fn layers_alone_cost_one_pass() {
    let plan = planned(
        vec![background(), card(rect(20.0, 10.0, 100.0, 80.0))],
        &Damage::whole(SIZE),
        false,
    );
    assert_eq!(targets(&plan), [SurfaceId::Output]);
}

#[test]
fn every_filter_costs_the_surface_below_it() {
    let pixelate = MaskEffect::Pixelate { cell: 8.0 };
    let blur = MaskEffect::Blur { radius: 8.0 };
    let plan = planned(
        vec![
            background(),
            mask(0, pixelate),
            card(rect(20.0, 10.0, 100.0, 80.0)),
            mask(1, blur),
        ],
        &Damage::whole(SIZE),
        false,
    );
    let below = |index| SurfaceId::Below(id(Role::Mask, index));
    assert_eq!(
        targets(&plan),
        [below(0), below(1), SurfaceId::Scratch, SurfaceId::Output]
    );
    // What a hard mask covers is not copied below it: the surface is written once.
    assert_eq!(pixels(&plan.passes[3]), SIZE.area());
}

#[test]
fn warps_and_mixes_paint_their_own_surfaces_first() {
    let flat = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    let plane = Plane {
        to_flat: flat,
        from_flat: flat,
    };
    let warp = Node::Warp(
        id(Role::Camera3d, 0),
        vec![card(rect(0.0, 0.0, 50.0, 40.0))],
        plane,
    );
    let mix = Mix {
        out: vec![background()],
        into: vec![background(), warp],
        progress: 0.5,
    };
    let plan = planned(
        vec![Node::Mix(id(Role::Transition, 0), mix)],
        &Damage::whole(SIZE),
        false,
    );
    assert_eq!(
        targets(&plan),
        [
            SurfaceId::MixOut(id(Role::Transition, 0)),
            SurfaceId::Inside(id(Role::Camera3d, 0)),
            SurfaceId::MixInto(id(Role::Transition, 0)),
            SurfaceId::Output,
        ]
    );
    // What is not card is cleared: every pixel of the transparent surface is written.
    assert!(pixels(&plan.passes[1]) >= SIZE.area());
}

/// A surface that was not part of the frame before is painted whole, whatever the damage of the output is.
#[test]
fn kept_surfaces_are_redrawn_where_they_are_stale() {
    let nodes = || vec![background(), mask(0, MaskEffect::Pixelate { cell: 8.0 })];
    let mut small = Areas::none(SIZE);
    small.add(PixelRect {
        x: 10,
        y: 10,
        width: 20,
        height: 10,
    });
    let damage = Damage::of_output(small);
    let fresh = planned(nodes(), &damage, false);
    assert_eq!(pixels(&fresh.passes[0]), SIZE.area());
    let kept = planned(nodes(), &damage, true);
    // The damage says nothing of the surface below the mask, so all of it may differ.
    assert_eq!(pixels(&kept.passes[0]), SIZE.area());
    assert_eq!(pixels(&kept.passes[1]), 200);
    let nothing = planned(nodes(), &Damage::none(SIZE), true);
    assert_eq!(pixels(&nothing.passes[1]), 0);
}
