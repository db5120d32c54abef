//! Cards against the reference.

use proptest::prelude::*;

use super::reference::{paint, worst};
use super::scenes::*;
use super::*;
use crate::cap::config::RoundingType;
use crate::frame::{Areas, PixelRect};
use crate::scene::{BorderLine, Card, Corner, Damage, Layer, Node, Rect, Shadow, Smear, SourceId, Track};

fn assert_close(size: Size, scene: &SceneFrame, pictures: &Pictures, colors: ColorPolicy, tolerance: f64) {
    let Some(device) = device() else { return };
    let art = |_: &_| unreachable!("no pointer");
    let expected = paint(size, |_, _| CANVAS, scene, pictures, colors, &art);
    for sampling in BOTH {
        let spec = RenderSpec {
            colors,
            sampling,
            ..spec(size)
        };
        let found = draw(device.clone(), spec, scene, pictures);
        let (off, place) = worst(size, &found, &expected);
        assert!(off <= tolerance, "{off:.2} off at {place} by {sampling}");
    }
}

/// The whole output shows the source texel by texel.
#[test]
fn aligned_pictures_pass_untouched() {
    let size = Size::new(67, 41);
    for (layout, matrix, range) in [
        (I420, YuvMatrix::Bt709, YuvRange::Limited),
        (YuvLayout::SemiPlanar420, YuvMatrix::Bt601, YuvRange::Full),
        (
            YuvLayout::Planar {
                shift_x: 1,
                shift_y: 0,
            },
            YuvMatrix::Bt2020,
            YuvRange::Limited,
        ),
        (
            YuvLayout::Planar {
                shift_x: 0,
                shift_y: 0,
            },
            YuvMatrix::Bt709,
            YuvRange::Full,
        ),
    ] {
        let source = picture(size, layout, YuvColor { matrix, range }, |plane, x, y| {
            grain(plane as u32 + 1, x, y, 0, 255)
        });
        // Beyond the frame on every side, so that no edge is antialiased within it.
        let mut card = card(Track::Display, size, rect(-4.0, -4.0, 75.0, 49.0));
        card.picture.crop = rect(-4.0, -4.0, 75.0, 49.0);
        let frame = scene(vec![Layer::Card(card)]);
        // Half a code value of rounding and what single precision adds.
        assert_close(
            size,
            &frame,
            &of(&[(Track::Display, &source)]),
            ColorPolicy::ByTags,
            0.502,
        );
    }
}

#[test]
fn caps_own_conversion_is_within_rounding() {
    let size = Size::new(32, 32);
    let tagged = YuvColor {
        matrix: YuvMatrix::Bt2020,
        range: YuvRange::Full,
    };
    let source = grainy(size, I420, tagged, 9);
    let frame = scene(vec![Layer::Card(card(
        Track::Display,
        size,
        rect(0.0, 0.0, 32.0, 32.0),
    ))]);
    assert_close(
        size,
        &frame,
        &of(&[(Track::Display, &source)]),
        ColorPolicy::Cap601,
        1.5,
    );
}

#[test]
fn bgra_has_the_same_pixels_in_the_other_order() {
    let (Some(one), Some(other)) = (device(), device()) else {
        return;
    };
    let size = Size::new(50, 30);
    let source = grainy(size, I420, YuvColor::BT709_LIMITED, 3);
    let pictures = of(&[(Track::Display, &source)]);
    let frame = scene(vec![Layer::Card(card(
        Track::Display,
        size,
        rect(3.3, 4.1, 40.0, 20.0),
    ))]);
    for sampling in BOTH {
        let of = |format| RenderSpec {
            format,
            sampling,
            ..spec(size)
        };
        let rgba = draw(one.clone(), of(PackedFormat::Rgba), &frame, &pictures);
        let bgra = draw(other.clone(), of(PackedFormat::Bgra), &frame, &pictures);
        let swapped: Vec<[u8; 4]> = bgra.iter().map(|&[b, g, r, a]| [r, g, b, a]).collect();
        assert_eq!(rgba, swapped);
        assert!(rgba.iter().any(|pixel| pixel[0] != pixel[2]));
    }
}

/// A new picture replaces the last one, another size included; a picture that stays is not uploaded again.
#[test]
fn pictures_are_uploaded_when_they_change() {
    let Some(device) = device() else { return };
    let size = Size::new(24, 24);
    let colored = |size, luma| {
        picture(size, I420, YuvColor::BT709_LIMITED, move |plane, _, _| {
            if plane == 0 { luma } else { 128 }
        })
    };
    let mut renderer = Renderer::new(device, spec(size)).unwrap();
    let frame = scene(vec![Layer::Card(card(
        Track::Display,
        size,
        rect(-2.0, -2.0, 28.0, 28.0),
    ))]);
    let mut shown = |picture: &YuvPicture| {
        renderer
            .submit(&frame, &of(&[(Track::Display, picture)]))
            .unwrap();
        let middle = pixels(&renderer.receive().unwrap())[12 * 24 + 12][0];
        (middle, renderer.stats().pictures_uploaded)
    };
    let dark = colored(size, 16);
    assert_eq!(shown(&dark), (0, 1));
    assert_eq!(shown(&dark.clone()), (0, 1));
    assert_eq!(shown(&colored(size, 235)), (255, 2));
    assert_eq!(shown(&colored(Size::new(9, 7), 16)), (0, 3));
    assert_eq!(shown(&colored(size, 235)), (255, 4));
}

#[derive(Clone, Debug)]
struct Case {
    output: Size,
    source: Size,
    layout: YuvLayout,
    color: YuvColor,
    card: Card,
    /// A second card above.
    camera: Option<Card>,
}

fn layouts() -> impl Strategy<Value = YuvLayout> {
    prop_oneof![
        Just(I420),
        Just(YuvLayout::SemiPlanar420),
        Just(YuvLayout::Planar {
            shift_x: 1,
            shift_y: 0
        }),
        Just(YuvLayout::Planar {
            shift_x: 0,
            shift_y: 0
        }),
    ]
}

fn colors() -> impl Strategy<Value = YuvColor> {
    let matrix = prop_oneof![
        Just(YuvMatrix::Bt601),
        Just(YuvMatrix::Bt709),
        Just(YuvMatrix::Bt2020)
    ];
    let range = prop_oneof![Just(YuvRange::Limited), Just(YuvRange::Full)];
    (matrix, range).prop_map(|(matrix, range)| YuvColor { matrix, range })
}

/// Cards of any size that hang over the output's edges, or lie beside it altogether.
fn cards(track: Track, output: Size, source: Size) -> impl Strategy<Value = Card> {
    let (width, height) = (f64::from(output.width), f64::from(output.height));
    let rects = (-40.0..width, -40.0..height, 1.0..width * 1.5, 1.0..height * 1.5)
        .prop_map(|(x, y, width, height)| rect(x, y, width, height));
    let whole = prop::bool::ANY.prop_flat_map(move |snapped| {
        (0..source.width, 0..source.height).prop_flat_map(move |(x, y)| {
            (Just((x, y)), 1..=source.width - x, 1..=source.height - y).prop_map(move |((x, y), w, h)| {
                let crop = rect(f64::from(x), f64::from(y), f64::from(w), f64::from(h));
                (crop, snapped)
            })
        })
    });
    let shadow = prop::option::of((0.0..20.0f64, 0.0..12.0f64, 0.1..1.0f64))
        .prop_map(|found| found.map(|(size, blur, alpha)| Shadow { size, blur, alpha }));
    let color = [0.0..1.0f64, 0.0..1.0, 0.0..1.0];
    let border = prop::option::of((0.5..8.0f64, color, 0.1..1.0f64)).prop_map(|found| {
        found.map(|(width, color, opacity)| BorderLine {
            width,
            color,
            opacity,
        })
    });
    let opacity = prop_oneof![3 => Just(1.0), 1 => 0.0..1.0f64];
    let kind = prop_oneof![Just(RoundingType::Squircle), Just(RoundingType::Rounded)];
    (
        rects,
        whole,
        (kind, prop_oneof![Just(0.0), 0.0..1.0f64, Just(1.0)]),
        shadow,
        border,
        opacity,
        prop::bool::ANY,
    )
        .prop_map(
            move |(mut rect, (crop, snapped), (kind, rounding), shadow, border, opacity, mirrored)| {
                if snapped {
                    // Texel on pixel.
                    rect = Rect {
                        x: rect.x.round(),
                        y: rect.y.round(),
                        width: crop.width,
                        height: crop.height,
                    };
                }
                let mut card = card(track, source, rect);
                card.picture.crop = crop;
                card.picture.mirrored = mirrored;
                card.corner = Corner {
                    kind,
                    radius: rounding * rect.width.min(rect.height) / 2.0,
                };
                card.shadow = shadow;
                card.border = border;
                card.opacity = opacity;
                card
            },
        )
}

fn cases() -> impl Strategy<Value = Case> {
    let sizes = || (1u32..90, 1u32..70).prop_map(|(width, height)| Size::new(width, height));
    (sizes(), sizes(), layouts(), colors()).prop_flat_map(|(output, source, layout, color)| {
        let screen = cards(Track::Display, output, source);
        let camera = prop::option::of(cards(Track::Camera, output, Size::new(31, 23)));
        (screen, camera).prop_map(move |(card, camera)| Case {
            output,
            source,
            layout,
            color,
            card,
            camera,
        })
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 40, ..ProptestConfig::default() })]

    #[test]
    fn cards_look_as_specified(case in cases()) {
        let Some(device) = device() else { return Ok(()) };
        let screen = grainy(case.source, case.layout, case.color, 1);
        let camera = grainy(Size::new(31, 23), I420, YuvColor::BT709_LIMITED, 2);
        let pictures = of(&[(Track::Display, &screen), (Track::Camera, &camera)]);
        let layers = [Some(case.card), case.camera].into_iter().flatten().map(Layer::Card).collect();
        let frame = scene(layers);
        let tolerance = painted(&frame).map(|layer| tolerance(&device, layer)).fold(0.0, f64::max);
        let art = |_: &_| unreachable!("no pointer");
        let expected = paint(case.output, |_, _| CANVAS, &frame, &pictures, ColorPolicy::ByTags, &art);
        for sampling in BOTH {
            let spec = RenderSpec { sampling, ..spec(case.output) };
            let found = draw(device.clone(), spec, &frame, &pictures);
            let (off, place) = worst(case.output, &found, &expected);
            prop_assert!(off <= tolerance, "{off:.2} off, {tolerance:.2} allowed, at {place} by {sampling}");
        }
    }
}

fn painted(frame: &SceneFrame) -> impl Iterator<Item = &Layer> {
    frame.nodes.iter().filter_map(|node| match node {
        Node::Paint(_, layer) => Some(layer),
        _ => None,
    })
}

/// Code values by which a card may differ. Texture units weigh 8-bit texels with 8-bit weights; llvmpipe rounds the
/// result to 8 bits too, 0.75 at most for each of Y, U and V, which the conversion turns into 1.2 x 0.75 + 2.2 x 0.75 and
/// the target's rounding into 3. Sharpening by f makes an error e of every tap at most (1 + 2 f) e (5.5).
fn tolerance(device: &Device, layer: &Layer) -> f64 {
    let filtering = if device.report().software { 3.0 } else { 2.0 };
    let Layer::Card(card) = layer else {
        return filtering;
    };
    let ratio = |crop: f64, shown: f64| crop / shown;
    let x = ratio(card.picture.crop.width, card.rect.width);
    let y = ratio(card.picture.crop.height, card.rect.height);
    let factor = if x.max(y) > 1.1 {
        (0.3 * x).min(0.7)
    } else if (1.0 / x).max(1.0 / y) > 1.05 {
        (((1.0 / x).max(1.0 / y) - 1.0) * 0.25).min(0.45)
    } else {
        0.0
    };
    filtering * (1.0 + 2.0 * factor)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 40, ..ProptestConfig::default() })]

    /// What a pixel becomes does not depend on the rectangle it is drawn with.
    #[test]
    fn any_split_of_the_output_gives_the_same_bytes(case in cases(), x in 0u32..90, y in 0u32..70) {
        let Some(device) = device() else { return Ok(()) };
        let screen = grainy(case.source, case.layout, case.color, 1);
        let camera = grainy(Size::new(31, 23), I420, YuvColor::BT709_LIMITED, 2);
        let pictures = of(&[(Track::Display, &screen), (Track::Camera, &camera)]);
        let layers = [Some(case.card), case.camera].into_iter().flatten().map(Layer::Card).collect();
        let frame = scene(layers);
        let (x, y) = (x.min(case.output.width), y.min(case.output.height));
        let areas: Vec<PixelRect> = [(0, x), (x, case.output.width)]
            .into_iter()
            .flat_map(|(left, right)| {
                [(0, y), (y, case.output.height)].map(|(top, bottom)| PixelRect {
                    x: left,
                    y: top,
                    width: right - left,
                    height: bottom - top,
                })
            })
            .filter(|area| !area.is_empty())
            .collect();
        let damage = Damage::of_output(Areas::exactly(case.output, areas));
        for sampling in BOTH {
            let spec = RenderSpec { sampling, ..spec(case.output) };
            let mut renderer = Renderer::new(device.clone(), spec).unwrap();
            renderer.submit(&frame, &pictures).unwrap();
            let whole = pixels(&renderer.receive().unwrap());
            // An empty scene in between, so that the areas have to be drawn.
            renderer.submit(&scene(Vec::new()), &Pictures::new()).unwrap();
            renderer.submit_damage(&frame, &pictures, &damage).unwrap();
            drop(renderer.receive().unwrap());
            prop_assert!(pixels(&renderer.receive().unwrap()) == whole, "by {}", sampling);
        }
    }
}

/// A picture of another size than the crop counts in fills the same card (2.6).
#[test]
fn pictures_of_another_size_are_stretched() {
    let size = Size::new(64, 48);
    let source = grainy(Size::new(40, 30), I420, YuvColor::BT709_LIMITED, 5);
    let mut card = card(Track::Display, Size::new(80, 60), rect(4.0, 4.0, 50.0, 38.0));
    card.picture.crop = rect(10.0, 6.0, 60.0, 44.0);
    let layer = Layer::Card(card);
    let Some(device) = device() else { return };
    let allowed = tolerance(&device, &layer);
    let frame = scene(vec![layer]);
    assert_close(
        size,
        &frame,
        &of(&[(Track::Display, &source)]),
        ColorPolicy::ByTags,
        allowed,
    );
}

#[test]
fn bad_input_is_refused() {
    let Some(device) = device() else { return };
    let size = Size::new(16, 16);
    let mut renderer = Renderer::new(device, spec(size)).unwrap();
    let plain = card(Track::Display, size, rect(0.0, 0.0, 16.0, 16.0));
    let missing = renderer.submit(&scene(vec![Layer::Card(plain.clone())]), &Pictures::new());
    assert!(matches!(
        missing,
        Err(RenderError::MissingPicture {
            frame: 0,
            picture: SourceId {
                track: Track::Display,
                ..
            }
        })
    ));

    let mut endless = plain.clone();
    endless.rect.width = f64::INFINITY;
    let source = grainy(size, I420, YuvColor::BT709_LIMITED, 1);
    let pictures = of(&[(Track::Display, &source)]);
    let refused = renderer.submit(&scene(vec![Layer::Card(endless)]), &pictures);
    assert!(matches!(refused, Err(RenderError::NotFinite { .. })));

    let short = Planes {
        planes: vec![(vec![0; 16 * 15], 16), (vec![0; 64], 8), (vec![0; 64], 8)],
    };
    let short = YuvPicture::new(size, I420, YuvColor::BT709_LIMITED, Arc::new(short));
    let refused = renderer.submit(
        &scene(vec![Layer::Card(plain.clone())]),
        &of(&[(Track::Display, &short)]),
    );
    assert!(matches!(
        refused,
        Err(RenderError::Truncated {
            found: 240,
            expected: 256,
            ..
        })
    ));

    // None of that cost a staging buffer or the next frame.
    renderer
        .submit(&scene(vec![Layer::Card(plain)]), &pictures)
        .unwrap();
    assert_eq!(renderer.receive().unwrap().index(), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, max_shrink_iters: 20, ..ProptestConfig::default() })]

    /// 7.2, 7.3 by shaders and by the processor. The picture is smooth: the noise of a radial smear hangs on the last bits of
    /// a sine, which every adapter has its own of.
    #[test]
    fn smeared_cards_are_painted_as_specified(
        (x, y, width, height) in (-30.0..30.0f64, -20.0..20.0f64, 40.0..120.0f64, 30.0..90.0f64),
        smear in prop_oneof![
            (-0.1..0.1f64, -0.1..0.1f64).prop_map(|(x, y)| Smear::Directional { vector: [x, y] }),
            (0.0..=1.0f64, 0.0..=1.0f64, 0.01..0.3f64)
                .prop_map(|(x, y, amount)| Smear::Radial { centre: [x, y], amount }),
        ],
        (radius, squircle, mirrored, bordered, shadowed) in
            (0.0..15.0f64, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        opacity in prop_oneof![Just(1.0), 0.2..1.0f64],
    ) {
        let size = Size::new(80, 56);
        let source = picture(Size::new(64, 48), I420, YuvColor::BT709_LIMITED, |plane, x, y| match plane {
            0 => (60 + 2 * x + y) as u8,
            1 => (118 + x / 2) as u8,
            _ => (138 - y / 2) as u8,
        });
        let card = Card {
            corner: Corner {
                kind: if squircle { RoundingType::Squircle } else { RoundingType::Rounded },
                radius,
            },
            shadow: shadowed.then_some(Shadow { size: 8.0, blur: 5.0, alpha: 0.6 }),
            border: bordered.then_some(BorderLine { width: 4.0, color: [1.0, 0.2, 0.1], opacity: 0.8 }),
            opacity,
            smear: Some(smear),
            ..card(Track::Display, Size::new(64, 48), rect(x, y, width, height))
        };
        let card = Card { picture: crate::scene::CardPicture { mirrored, ..card.picture }, ..card };
        let pictures = of(&[(Track::Display, &source)]);
        assert_close(size, &scene(vec![Layer::Card(card)]), &pictures, ColorPolicy::ByTags, 3.0);
    }
}
