//! Screen card and camera overlay: which pixels need which maths, and the numbers for the shader (cap-look.md 5).

use super::grade::{GradeKey, GradeUniforms};
use super::smear::{SmearKey, Smearing};
use crate::cap::config::RoundingType;
use crate::frame::{Extent, PixelRect, Size, YuvColor, YuvPicture, YuvRange, centres_within, subtract_all};
use crate::render::plan::draw::{Draw, Means, Textures};
use crate::render::plan::key::PipelineKey;
use crate::render::plan::placement::Placement;
use crate::render::sources::planes::{chroma_size, shifts};
use crate::scene::{BorderLine, Card, LayerId, Shadow, Smear};

/// Distance from the edge at which coverage is 1 or 0: half the ramp of 5.2 plus the farthest of its four samples,
/// and a little for rounding.
pub(in crate::render) const ANTIALIASED: f64 = 1.0 + 0.353_6 + 0.01;

/// A part of a card that is drawn by maths of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) enum Part {
    /// Coverage is 1 and the picture's bounds are far: the picture and nothing else.
    Interior,
    /// Coverage, border, shadow and picture.
    Edge,
    /// Shadow alone.
    Outside,
}

impl Part {
    pub(in crate::render) const fn entry_point(self) -> &'static str {
        match self {
            Self::Interior => "interior",
            Self::Edge => "edge",
            Self::Outside => "outside",
        }
    }
}

/// What the shader of a part must be able to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::render) struct CardKey {
    pub(in crate::render) part: Part,
    /// Replaces what lies below.
    pub(in crate::render) opaque: bool,
    /// Pixels and texels coincide.
    aligned: bool,
    /// The picture is taken as R'G'B' and not as planes.
    converted: bool,
    /// The picture lies on a sheet, filtered already.
    sampled: bool,
    sharpened: bool,
    squircle: bool,
    /// Beside the straight parts of the card's sides.
    straight: bool,
    bordered: bool,
    shadowed: bool,
    smear: SmearKey,
    /// The upper corners have a radius of their own.
    topped: bool,
    /// The border takes the picture's place.
    replaced: bool,
    grade: GradeKey,
}

impl CardKey {
    /// Pipeline constants of shaders/card.wgsl.
    pub(in crate::render) fn constants(self) -> Vec<(&'static str, f64)> {
        let own = [
            ("aligned", f64::from(u8::from(self.aligned))),
            ("converted", f64::from(u8::from(self.converted))),
            ("sampled", f64::from(u8::from(self.sampled))),
            (
                "within_bounds",
                f64::from(u8::from(
                    self.part == Part::Interior && self.smear == SmearKey::Sharp,
                )),
            ),
            ("opaque", f64::from(u8::from(self.opaque))),
            ("sharpened", f64::from(u8::from(self.sharpened))),
            ("superellipse", f64::from(u8::from(self.squircle))),
            ("straight", f64::from(u8::from(self.straight))),
            ("bordered", f64::from(u8::from(self.bordered))),
            ("shadowed", f64::from(u8::from(self.shadowed))),
            ("topped", f64::from(u8::from(self.topped))),
            ("replaced", f64::from(u8::from(self.replaced))),
            self.smear.constant(),
        ];
        own.into_iter().chain(self.grade.constants()).collect()
    }

    /// The same for `part`, without what that part does not look at, so that pipelines are shared.
    fn for_part(self, part: Part, opaque: bool) -> Self {
        let samples = part != Part::Outside;
        let measures = part != Part::Interior;
        Self {
            part,
            opaque,
            aligned: self.aligned && samples,
            converted: self.converted && samples,
            sampled: self.sampled && samples,
            sharpened: self.sharpened && samples,
            squircle: self.squircle && measures && !self.straight,
            straight: self.straight && measures,
            bordered: self.bordered && part == Part::Edge,
            shadowed: self.shadowed && part == Part::Edge,
            // Pixels of the interior that the processor sampled are opaque, smeared or not.
            smear: match part {
                Part::Edge => self.smear,
                Part::Interior if !self.sampled => self.smear,
                Part::Interior | Part::Outside => SmearKey::Sharp,
            },
            topped: self.topped && measures && !self.straight,
            replaced: self.replaced && part == Part::Edge,
            grade: if samples { self.grade } else { GradeKey::default() },
        }
    }
}

/// Numbers of shaders/card.wgsl.
#[repr(C)]
#[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
pub(in crate::render) struct CardUniforms {
    map: [f32; 4],
    bounds: [f32; 4],
    texel: [f32; 4],
    subsampling: [f32; 4],
    luma: [f32; 4],
    blue: [f32; 4],
    red: [f32; 4],
    offset: [f32; 4],
    shape: [f32; 4],
    border_color: [f32; 4],
    corner_radius: f32,
    border_width: f32,
    border_alpha: f32,
    opacity: f32,
    shadow_end: f32,
    shadow_slope: f32,
    shadow_alpha: f32,
    sharpening: f32,
    /// The vector in pixels, or the centre in pixels, the amount, and nothing.
    smear: [f32; 4],
    /// 1 / size of the card, and nothing.
    size: [f32; 4],
    grade: GradeUniforms,
    top_radius: f32,
    unused: [f32; 3],
}

/// What the card's picture looks like on the GPU.
#[derive(Clone, Copy, Debug)]
pub(in crate::render) struct Source {
    pub(in crate::render) size: Size,
    pub(in crate::render) chroma: Size,
    /// Luma texels per chroma texel.
    pub(in crate::render) subsampling: (u32, u32),
    pub(in crate::render) conversion: Conversion,
    /// The sheet on which the processor leaves the card's pixels, where it samples them.
    pub(in crate::render) sheet: Option<LayerId>,
}

impl Source {
    pub(in crate::render) fn of(
        picture: &YuvPicture,
        conversion: Conversion,
        sheet: Option<LayerId>,
    ) -> Self {
        let (shift_x, shift_y) = shifts(picture.layout);
        Self {
            size: picture.size,
            chroma: chroma_size(picture),
            subsampling: (1 << shift_x, 1 << shift_y),
            conversion,
            sheet,
        }
    }
}

/// R'G'B' = y luma + u blue + v red + offset, all in 0..=1.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::render) struct Conversion {
    pub(in crate::render) luma: f64,
    pub(in crate::render) blue: [f64; 3],
    pub(in crate::render) red: [f64; 3],
    pub(in crate::render) offset: [f64; 3],
}

impl Conversion {
    /// By the definition of a matrix and a range (ITU-T H.273, 8.3).
    pub(in crate::render) fn of(color: YuvColor) -> Self {
        let (kr, kb) = color.matrix.luma_weights();
        let kg = 1.0 - kr - kb;
        let (luma, chroma, black) = match color.range {
            YuvRange::Limited => (255.0 / 219.0, 255.0 / 224.0, 16.0 / 255.0),
            YuvRange::Full => (1.0, 1.0, 0.0),
        };
        let blue = [0.0, -2.0 * kb * (1.0 - kb) / kg, 2.0 * (1.0 - kb)].map(|part| part * chroma);
        let red = [2.0 * (1.0 - kr), -2.0 * kr * (1.0 - kr) / kg, 0.0].map(|part| part * chroma);
        Self::centred(luma, black, blue, red)
    }

    /// Cap's own rounded BT.601 numbers (cap-look.md 20.1).
    pub(in crate::render) fn cap() -> Self {
        Self::centred(1.164, 16.0 / 256.0, [0.0, -0.391, 2.018], [1.596, -0.813, 0.0])
    }

    fn centred(luma: f64, black: f64, blue: [f64; 3], red: [f64; 3]) -> Self {
        let neutral = 128.0 / 255.0;
        let offset = [0, 1, 2].map(|i| -luma * black - neutral * (blue[i] + red[i]));
        Self {
            luma,
            blue,
            red,
            offset,
        }
    }
}

/// The draws of a card, bottom to top, and what hides all below it.
pub(in crate::render) struct CardPlan {
    pub(in crate::render) draws: Vec<Draw>,
    /// Among it all that is copied: copies come before draws.
    pub(in crate::render) opaque: Vec<PixelRect>,
    pub(in crate::render) placement: Placement,
}

/// Plans a card with finite numbers on an area, where borders may take the picture's place; `uniforms` appends to the frame's
/// uniform buffer and says where.
pub(in crate::render) fn plan(
    card: &Card,
    source: &Source,
    (area, borders_replace): (PixelRect, bool),
    uniforms: impl FnOnce(&CardUniforms) -> u32,
) -> CardPlan {
    let (shadow, border) = (card.seen_shadow(), card.seen_border());
    let placement = Placement::of(card, source.size);
    if !card.is_drawn() {
        return CardPlan {
            draws: Vec::new(),
            opaque: Vec::new(),
            placement,
        };
    }
    let opaque = card.opacity >= 1.0;
    let parts = match card.smear {
        None => Parts::of(card, &placement, border, shadow, area),
        Some(smear) => Parts::of_smeared(card, smear, border, shadow, area),
    };
    // What shows through a translucent picture differs from pixel to pixel if there is a shadow below it.
    let (interior, edge) = if opaque || shadow.is_none() {
        (parts.interior, parts.edge)
    } else {
        let edge = [parts.interior, parts.edge].concat();
        (Vec::new(), edge)
    };
    // What the processor sampled it has graded too: it is shown as it is.
    let copies = source.sheet.is_some();
    let grade = card.grade.as_ref().filter(|_| !copies);
    let (copied, interior): (Vec<PixelRect>, Vec<PixelRect>) = interior
        .into_iter()
        .partition(|rect| opaque && copies && worth_a_copy(*rect));
    let hides = if copies {
        copied.clone()
    } else {
        let largest = interior
            .iter()
            .copied()
            .filter(|_| opaque)
            .max_by_key(|rect| rect.area());
        largest.into_iter().collect()
    };

    let sampled = copies;
    let sharpened = placement.sharpening > 0.0 && !sampled;
    let aligned = placement.aligned && card.smear.is_none();
    let converted = sharpened && !aligned && pays_to_convert(card, source);
    let key = CardKey {
        part: Part::Edge,
        opaque: false,
        aligned: aligned && !sampled,
        converted,
        sampled,
        sharpened,
        squircle: card.corner.kind == RoundingType::Squircle,
        straight: false,
        bordered: border.is_some(),
        shadowed: shadow.is_some(),
        smear: SmearKey::of(card.smear),
        topped: card.top_rounding < 1.0,
        replaced: borders_replace && border.is_some(),
        grade: GradeKey::of(grade),
    };
    let offset = uniforms(&numbers(card, source, &placement, border, shadow));
    let picture = card.picture.request.source;
    let draw = |key: CardKey, part, opaque, rects: Vec<PixelRect>| Draw {
        means: Means::Pipeline(PipelineKey::Card(key.for_part(part, opaque))),
        textures: match (part, source.sheet) {
            (Part::Outside, Some(_)) => Textures::Blank,
            (_, Some(layer)) => Textures::Sheet(layer),
            (Part::Outside, None) => Textures::Planes(picture),
            _ if converted => Textures::Converted {
                source: picture,
                details: key.sharpened,
            },
            _ => Textures::Planes(picture),
        },
        uniforms: offset,
        rects,
    };
    let copy = source.sheet.map(|layer| Draw {
        means: Means::Copy,
        textures: Textures::Sheet(layer),
        uniforms: offset,
        rects: copied,
    });
    let straight = CardKey {
        straight: true,
        ..key
    };
    let drawn = [
        draw(straight, Part::Outside, false, parts.beside),
        draw(key, Part::Outside, false, parts.outside),
        draw(key, Part::Interior, opaque, interior),
        draw(key, Part::Edge, false, edge),
    ];
    CardPlan {
        draws: copy.into_iter().chain(drawn).collect(),
        opaque: hides,
        placement,
    }
}

/// A copy command costs about as much as drawing this many pixels.
pub(in crate::render) fn worth_a_copy(rect: PixelRect) -> bool {
    const PIXELS: u64 = 1024;
    rect.area() >= PIXELS
}

/// Whether a sharpened card is drawn from a picture converted beforehand. On lavapipe a texel costs 19 ns to convert and a
/// pixel 35 ns less to draw. Nothing but the card's own numbers may decide: a frame must look the same whatever came before.
fn pays_to_convert(card: &Card, source: &Source) -> bool {
    const TEXELS_PER_PIXEL: f64 = 2.0;
    source.size.area() as f64 <= TEXELS_PER_PIXEL * card.rect.width * card.rect.height
}

fn numbers(
    card: &Card,
    source: &Source,
    placement: &Placement,
    border: Option<BorderLine>,
    shadow: Option<Shadow>,
) -> CardUniforms {
    let pair = |a: [f64; 2], b: [f64; 2]| [a[0] as f32, a[1] as f32, b[0] as f32, b[1] as f32];
    let color = |c: [f64; 3]| [c[0] as f32, c[1] as f32, c[2] as f32, 0.0];
    let sizes = |size: Size| [1.0 / f64::from(size.width), 1.0 / f64::from(size.height)];
    let per_block = [f64::from(source.subsampling.0), f64::from(source.subsampling.1)];
    let half = [card.rect.width / 2.0, card.rect.height / 2.0];
    let conversion = &source.conversion;
    CardUniforms {
        map: pair(placement.scale, placement.origin),
        bounds: pair(placement.low, placement.high),
        texel: pair(sizes(source.size), sizes(source.chroma)),
        subsampling: pair(per_block, per_block.map(f64::recip)),
        luma: color([conversion.luma; 3]),
        blue: color(conversion.blue),
        red: color(conversion.red),
        offset: color(conversion.offset),
        shape: pair([card.rect.x + half[0], card.rect.y + half[1]], half),
        border_color: color(border.map_or([0.0; 3], |border| border.color)),
        corner_radius: card.corner_radius() as f32,
        border_width: border.map_or(0.0, |border| border.width) as f32,
        border_alpha: border.map_or(0.0, |border| border.opacity) as f32,
        opacity: card.opacity.min(1.0) as f32,
        shadow_end: shadow.map_or(0.0, |shadow| shadow.reach()) as f32,
        shadow_slope: shadow.map_or(0.0, |shadow| 1.0 / (shadow.size + 2.0 * shadow.blur)) as f32,
        shadow_alpha: shadow.map_or(0.0, |shadow| shadow.alpha) as f32,
        sharpening: placement.sharpening as f32,
        smear: Smearing::uniform(card.smear.map(|smear| Smearing::of(card.rect, smear))),
        size: pair([1.0 / card.rect.width, 1.0 / card.rect.height], [0.0; 2]),
        grade: GradeUniforms::of(card.grade.as_ref()),
        top_radius: (card.corner_radius() * card.top_rounding.clamp(0.0, 1.0)) as f32,
        unused: [0.0; 3],
    }
}

/// The pixels of a card by the maths they need; disjoint.
#[derive(Debug)]
struct Parts {
    interior: Vec<PixelRect>,
    edge: Vec<PixelRect>,
    /// Shadow at the corners.
    outside: Vec<PixelRect>,
    /// Shadow beside the straight parts of the sides.
    beside: Vec<PixelRect>,
}

impl Parts {
    fn of(
        card: &Card,
        placement: &Placement,
        border: Option<BorderLine>,
        shadow: Option<Shadow>,
        area: PixelRect,
    ) -> Self {
        let rect = card.rect;
        let grown = |by: f64| {
            centres_within(
                area,
                rect.x - by,
                rect.y - by,
                rect.right() + by,
                rect.bottom() + by,
            )
        };
        let drawn = border.map_or(0.0, |border| border.width) + ANTIALIASED;
        let interior = placement
            .within_bounds(area)
            .map_or_else(Vec::new, |unclamped| interior(card, unclamped));
        Self::around(card, interior, grown(drawn), shadow, area)
    }

    /// Those of a smeared card. All samples of an interior pixel lie where coverage is 1.
    fn of_smeared(
        card: &Card,
        smear: Smear,
        border: Option<BorderLine>,
        shadow: Option<Shadow>,
        area: PixelRect,
    ) -> Self {
        let within =
            |extent: Extent| centres_within(area, extent.left, extent.top, extent.right, extent.bottom);
        let smearing = Smearing::of(card.rect, smear);
        let rect = Extent::from(card.rect);
        let interior = smearing.reading(rect.grown(-deep_inset(card)));
        let border = rect.grown(border.map_or(0.0, |border| border.width));
        let near = card.smeared().hull(border).grown(ANTIALIASED);
        Self::around(
            card,
            interior.and_then(within).into_iter().collect(),
            within(near),
            shadow,
            area,
        )
    }

    /// With the shadow around the pixels of `near`, which is all that the picture and its border reach.
    fn around(
        card: &Card,
        interior: Vec<PixelRect>,
        near: Option<PixelRect>,
        shadow: Option<Shadow>,
        area: PixelRect,
    ) -> Self {
        let rect = card.rect;
        let far = shadow.and_then(|shadow| {
            let far = Extent::from(rect).grown(shadow.reach());
            centres_within(area, far.left, far.top, far.right, far.bottom)
        });
        // The card itself may be beyond the frame while its shadow reaches into it.
        let around = subtract_all(far.into_iter().collect(), near.as_slice());
        let radius = card.corner_radius();
        let rows = (rect.y + radius, rect.bottom() - radius);
        let columns = (rect.x + radius, rect.right() - radius);
        let endless = (f64::NEG_INFINITY, f64::INFINITY);
        let bands: Vec<PixelRect> = [(endless, rows), (columns, endless)]
            .into_iter()
            .filter_map(|((left, right), (top, bottom))| centres_within(area, left, top, right, bottom))
            .collect();
        let outside = subtract_all(around.clone(), &bands);
        Self {
            edge: subtract_all(near.into_iter().collect(), &interior),
            interior,
            beside: subtract_all(around, &outside),
            outside,
        }
    }
}

/// How far inside its edges a card's coverage is 1 at every corner too: as far as the curves' middles.
pub(in crate::render) fn deep_inset(card: &Card) -> f64 {
    let radius = card.corner_radius();
    let reach = radius - ANTIALIASED;
    if reach <= 0.0 {
        return ANTIALIASED;
    }
    radius - reach * 0.5f64.powf(1.0 / exponent(card))
}

fn exponent(card: &Card) -> f64 {
    match card.corner.kind {
        RoundingType::Squircle => 4.0,
        RoundingType::Rounded => 2.0,
    }
}

/// Rectangles of pixels of `area` whose coverage is 1: the largest in the card's shape, which touches the corners' curves in
/// their middles, then bands that follow the curves.
fn interior(card: &Card, area: PixelRect) -> Vec<PixelRect> {
    let rect = card.rect;
    let radius = card.corner_radius();
    // A pixel is inside where q <= 0 on one axis and q <= reach on the other, or |q| <= reach in the corner (5.1).
    let reach = radius - ANTIALIASED;
    let rows = |top: f64, bottom: f64, inset: f64| {
        centres_within(area, rect.x + inset, top, rect.right() - inset, bottom)
    };
    let inset_by = |inset: f64| rows(rect.y + inset, rect.bottom() - inset, inset);
    if reach <= 0.0 {
        return inset_by(ANTIALIASED).into_iter().collect();
    }
    let exponent = exponent(card);
    let mut pieces: Vec<PixelRect> = Vec::new();
    // What two pieces share belongs to the first.
    let mut add = |found: Option<PixelRect>| {
        let fresh = subtract_all(found.into_iter().collect(), &pieces);
        pieces.extend(fresh);
    };
    add(inset_by(deep_inset(card)));
    add(rows(rect.y + radius, rect.bottom() - radius, ANTIALIASED));
    let count = (reach / 4.0).ceil().clamp(1.0, 32.0) as u32;
    for band in 0..count {
        // Rows of the corner between these distances from its centre line.
        let near = reach * f64::from(band) / f64::from(count);
        let far = reach * f64::from(band + 1) / f64::from(count);
        let width = (reach.powf(exponent) - far.powf(exponent))
            .max(0.0)
            .powf(1.0 / exponent);
        let inset = radius - width;
        add(rows(rect.y + radius - far, rect.y + radius - near, inset));
        add(rows(
            rect.bottom() - radius + near,
            rect.bottom() - radius + far,
            inset,
        ));
    }
    pieces
}
