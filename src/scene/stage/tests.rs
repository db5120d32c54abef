//! Places at given moments, by hand from cap-look.md.

use super::*;
use crate::cap::config::{CameraConfig, ProjectConfig, SceneMode};
use crate::frame::Size;
use crate::scene::error::Checks;
use crate::scene::modes::ModeState;
use crate::scene::takeover;

const HD: Size = Size::new(1920, 1080);
const STILL: ZoomState = ZoomState {
    amount: 1.0,
    centre: [0.5, 0.5],
    activity: 0.0,
};

/// Corners of the screen that nothing is rounded by.
const SQUARE: Rounding = (RoundingType::Rounded, 0.0);

fn layout() -> Layout {
    // The card is 1777.805 x 1000.015 at (71.097, 39.992) (cap-look.md 2.7).
    let mut config = ProjectConfig::default();
    config.background.padding = 10.0;
    Layout::new(&config, HD, HD, &mut Checks::default()).unwrap()
}

fn camera() -> CameraOverlay {
    CameraOverlay::new(
        &CameraConfig::default(),
        Size::new(1280, 720),
        HD,
        &mut Checks::default(),
    )
    .unwrap()
}

fn stage<'a>(
    layout: &'a Layout,
    camera: &'a CameraOverlay,
    from: SceneMode,
    to: SceneMode,
    progress: f64,
) -> Stage<'a> {
    Stage {
        layout,
        camera: Some(camera),
        ring: 0.0,
        values: ModeState { from, to, progress }.values(),
        pane: Pane::default(),
        takeover: None,
        zoom: STILL,
        before: Some(STILL),
        mu: 1.0,
    }
}

fn rounded() -> Rounding {
    (RoundingType::Squircle, 0.05)
}

fn edges(rect: Rect) -> [f64; 4] {
    [rect.x, rect.y, rect.right(), rect.bottom()]
}

fn close(a: Rect, b: [f64; 4]) -> bool {
    edges(a).iter().zip(b).all(|(a, b)| (a - b).abs() < 2e-3)
}

#[test]
fn without_scenes_the_card_is_zoomed_and_whole() {
    let (layout, camera) = (layout(), camera());
    let mut stage = stage(&layout, &camera, SceneMode::Default, SceneMode::Default, 1.0);
    let screen = stage.screen(rounded());
    assert!(close(screen.rect, [71.097, 39.992, 1848.902, 1040.007]));
    assert_eq!(
        (screen.crop, screen.shadow, screen.opacity, screen.smear),
        (layout.crop, 1.0, 1.0, None)
    );
    assert!((screen.corner.radius - 50.0).abs() < 1e-3);
    let overlay = stage.overlay().unwrap();
    assert_eq!(edges(overlay.rect), [1496.0, 656.0, 1870.0, 1030.0]);
    assert_eq!((overlay.crop, overlay.opacity), (camera.crop, 1.0));
    assert_eq!(stage.full_camera(SQUARE), None);
    // Twice as large about the middle: from the middle out.
    stage.zoom.amount = 2.0;
    let grown = stage.screen(rounded());
    assert!(close(grown.rect, [-817.805, -460.015, 2737.805, 1540.015]));
    let Some(Smear::Radial { centre, amount }) = grown.smear else {
        panic!("{grown:?}")
    };
    assert!((centre[0] - 0.5).abs() < 1e-9 && (centre[1] - 0.5).abs() < 1e-9);
    assert_eq!(amount, 0.5);
    stage.before = None;
    assert_eq!(stage.screen(rounded()).smear, None);
}

#[test]
fn split_screen_divides_the_frame() {
    let (layout, camera) = (layout(), camera());
    let stage = stage(
        &layout,
        &camera,
        SceneMode::SplitScreen,
        SceneMode::SplitScreen,
        1.0,
    );
    let screen = stage.screen(rounded());
    assert_eq!(edges(screen.rect), [0.0, 0.0, 960.0, 1080.0]);
    // 8 : 9 out of the middle of 1920 x 1080.
    assert!(close(screen.crop, [480.0, 0.0, 1440.0, 1080.0]));
    assert_eq!((screen.corner.radius, screen.shadow), (0.0, 0.0));
    let overlay = stage.overlay().unwrap();
    assert_eq!(edges(overlay.rect), [960.0, 0.0, 1920.0, 1080.0]);
    // 640 x 720 out of the middle of 1280 x 720, less 2 on every side.
    assert!(close(overlay.crop, [322.0, 2.0, 958.0, 718.0]));
    assert_eq!((overlay.corner.radius, overlay.shadow), (0.0, 0.0));
}

#[test]
fn halfway_to_floating_cards() {
    let (layout, camera) = (layout(), camera());
    let stage = stage(&layout, &camera, SceneMode::Default, SceneMode::Floating, 0.5);
    let screen = stage.screen(rounded());
    // Between the card and (54, 54) .. (1284.6, 1026).
    assert!(close(screen.rect, [62.548, 46.996, 1566.751, 1033.004]));
    let aspect = screen.rect.width / screen.rect.height;
    assert!((screen.crop.width / screen.crop.height - aspect).abs() < 1e-9);
    // Half of 5 % of the shorter side, 986.008, and half of 30.24.
    assert!(
        (screen.corner.radius - (24.650 + 15.12)).abs() < 1e-2,
        "{:?}",
        screen.corner
    );
    assert_eq!(screen.shadow, 1.0);
    let overlay = stage.overlay().unwrap();
    // Between 1496, 656, 1870, 1030 and 1338.6, 54, 1866, 1026, on whole pixels.
    assert_eq!(edges(overlay.rect), [1417.0, 355.0, 1868.0, 1028.0]);
}

#[test]
fn without_a_camera_nothing_is_split() {
    let (layout, camera) = (layout(), camera());
    let alone = Stage {
        camera: None,
        ..stage(&layout, &camera, SceneMode::Floating, SceneMode::Floating, 1.0)
    };
    let screen = alone.screen(rounded());
    assert!(close(screen.rect, edges(layout.card)));
    assert_eq!((screen.crop, screen.shadow), (layout.crop, 1.0));
    assert_eq!((alone.overlay(), alone.full_camera(SQUARE)), (None, None));
}

#[test]
fn the_camera_fills_the_frame() {
    let (layout, camera) = (layout(), camera());
    let entering = stage(&layout, &camera, SceneMode::Default, SceneMode::CameraOnly, 0.5);
    let full = entering.full_camera(SQUARE).unwrap();
    assert_eq!(edges(full.rect), [0.0, 0.0, 1920.0, 1080.0]);
    assert_eq!(edges(full.crop), [2.0, 2.0, 1278.0, 718.0]);
    assert_eq!((full.opacity, full.shadow, full.corner.radius), (0.5, 0.0, 0.0));
    // min(0.75 x 0.45 x 0.5, 0.08)
    assert_eq!(
        full.smear,
        Some(Smear::Radial {
            centre: [0.5; 2],
            amount: 0.08
        })
    );
    assert_eq!(entering.overlay().unwrap().opacity, 0.25);
    assert!(entering.screen(rounded()).smear.is_some());
    let steady = stage(
        &layout,
        &camera,
        SceneMode::CameraOnly,
        SceneMode::CameraOnly,
        1.0,
    );
    assert_eq!(steady.overlay(), None);
    assert_eq!(
        steady.full_camera(SQUARE).map(|full| (full.opacity, full.smear)),
        Some((1.0, None))
    );
    assert_eq!(steady.screen(rounded()).smear, None);
}

#[test]
fn the_pointer_goes_with_the_pane() {
    let (layout, camera) = (layout(), camera());
    let sprite = |tip: [f64; 2]| {
        let (x, y) = layout.frame_point(tip[0] / 1920.0, tip[1] / 1080.0);
        Rect {
            x: x - 4.0,
            y: y - 2.0,
            width: 40.0,
            height: 30.0,
        }
    };
    let tip = [960.0, 540.0];
    let split = stage(
        &layout,
        &camera,
        SceneMode::SplitScreen,
        SceneMode::SplitScreen,
        1.0,
    );
    // The middle of the screen is the middle of the pane, where a recorded pixel is a pixel; on the card it was 0.92594.
    let rect = split.pointer(&sprite(tip), tip);
    let scale = 1920.0 / layout.card.width;
    assert!((rect.x + 4.0 * scale - 480.0).abs() < 1e-9 && (rect.y + 2.0 * scale - 540.0).abs() < 1e-9);
    assert!((rect.width - 40.0 * scale).abs() < 1e-9 && (rect.height - 30.0 * scale).abs() < 1e-9);
    let half = stage(&layout, &camera, SceneMode::Default, SceneMode::SplitScreen, 0.5);
    let between = half.pointer(&sprite(tip), tip);
    assert!((between.x - (rect.x + sprite(tip).x) / 2.0).abs() < 1e-9);
    assert!((between.width - (rect.width + 40.0) / 2.0).abs() < 1e-9);
}

#[test]
fn a_text_moves_everything_aside() {
    let (layout, camera) = (layout(), camera());
    let moved = Stage {
        takeover: Some(Takeover {
            layout: takeover::Layout::Left,
            progress: 1.0,
        }),
        ..stage(&layout, &camera, SceneMode::Default, SceneMode::Default, 1.0)
    };
    let screen = moved.screen(rounded());
    // 852 wide in the left half less 54.
    assert!(close(screen.rect, [54.0, 300.375, 906.0, 779.625]));
    assert!((screen.corner.radius - 30.24).abs() < 1e-9);
    assert_eq!((screen.shadow, screen.opacity), (1.0, 1.0));
    assert_eq!(moved.overlay(), None);
    let sprite = Rect {
        x: layout.card.x,
        y: layout.card.y,
        width: 40.0,
        height: 40.0,
    };
    let pointer = moved.pointer(&sprite, [0.0, 0.0]);
    assert!(
        (pointer.x - 54.0).abs() < 1e-9 && (pointer.width - 40.0 * 852.0 / layout.card.width).abs() < 1e-9
    );
    let behind = Stage {
        takeover: Some(Takeover {
            layout: takeover::Layout::Behind,
            progress: 0.25,
        }),
        ..moved
    };
    let screen = behind.screen(rounded());
    assert_eq!(
        (screen.shadow, screen.opacity, behind.pointer_opacity()),
        (0.75, 0.75, 0.75)
    );
    assert_eq!(behind.overlay().unwrap().opacity, 0.75);
}
