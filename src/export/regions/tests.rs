//! Whole, region and still pictures in one stream decode to what the encoders have in mind, bit for bit, in two decoders.

use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::frame::{Areas, PixelRect, Size};
use crate::media::encode::{
    EncoderChoice, Part as EncoderPart, REGION_ENCODER, RateControl, VideoEncoder, open_video,
    try_region_pictures,
};
use crate::time::FrameRate;

#[path = "../../../tests/decoders.rs"]
mod decoders;

const MB: usize = 16;

/// A picture as decoders give it: luma, U and V without padding.
type Planes = [Vec<u8>; 3];

fn settings(size: Size, crf: u8) -> VideoSettings {
    let mut settings = VideoSettings::new(size, FrameRate::new(30).unwrap(), RateControl::Crf(crf));
    settings.choice = EncoderChoice::Named(REGION_ENCODER.to_owned());
    settings.max_references = Some(1);
    settings.part = EncoderPart::WholePictures;
    settings
}

/// What stands in the stream, in order.
enum Item {
    Whole {
        key: bool,
    },
    Region {
        parts: Vec<Part>,
        wrote: Vec<(u64, MbRect, Vec<Vec<u8>>)>,
    },
    Still,
}

/// Encodes pictures as an export does.
struct Rig {
    encoder: VideoEncoder,
    regions: Regions,
    sets: Vec<u8>,
    packets: Vec<Vec<u8>>,
    items: Vec<Item>,
}

/// A stream with what it must decode to.
struct Film {
    sets: Vec<u8>,
    pictures: Vec<Vec<u8>>,
    keys: Vec<usize>,
    expected: Vec<Planes>,
    report: RegionReport,
}

impl Rig {
    fn new(settings: &VideoSettings) -> Self {
        let stream = try_region_pictures(settings).unwrap();
        let (encoder, _) = open_video(settings).unwrap();
        Self {
            sets: encoder.track().extradata().to_vec(),
            encoder,
            regions: Regions::new(settings.clone(), stream),
            packets: Vec::new(),
            items: Vec::new(),
        }
    }

    fn collect(&mut self) {
        while let Some(packet) = self.encoder.receive().unwrap() {
            self.packets.push(packet.data().to_vec());
        }
    }

    fn picture(&mut self, planes: &Arc<Nv12Frame>, areas: Areas, key: bool) {
        let picture = Picture {
            input: Arc::clone(planes).into(),
            repeats: false,
            areas,
        };
        let item = match self.regions.judge(&picture, self.items.len() as i64, key) {
            Verdict::Equal => Item::Still,
            Verdict::Region(parts) => Item::Region {
                parts,
                wrote: self.regions.wrote.clone(),
            },
            Verdict::Whole => {
                let pts = self.items.len() as i64;
                self.encoder.send(&picture.input, pts, key).unwrap();
                self.collect();
                Item::Whole { key }
            }
        };
        self.items.push(item);
    }

    fn still(&mut self) {
        self.items.push(Item::Still);
    }

    fn finish(mut self, size: Size) -> Film {
        self.encoder.finish().unwrap();
        self.collect();
        let whole = decode_ffmpeg(&self.sets, &self.packets);
        let mut film = Film {
            sets: self.regions.stream.parameter_sets().to_vec(),
            pictures: Vec::new(),
            keys: Vec::new(),
            expected: Vec::new(),
            report: self.regions.report.clone(),
        };
        let mut encoders: BTreeMap<u64, SmallFilm> = BTreeMap::new();
        for (number, rect, packets) in self.items.iter().flat_map(|item| match item {
            Item::Region { wrote, .. } => wrote.as_slice(),
            _ => &[],
        }) {
            let small = encoders.entry(*number).or_default();
            small.size = (rect.width as usize * MB, rect.height as usize * MB);
            small.packets.extend(packets.iter().cloned());
        }
        let mut small: BTreeMap<u64, std::vec::IntoIter<Planes>> = encoders
            .into_iter()
            .map(|(number, small)| (number, decode_ffmpeg(&[], &small.packets).into_iter()))
            .collect();
        let (mut packets, mut whole) = (self.packets.iter(), whole.into_iter());
        let stream = &mut self.regions.stream;
        for item in &self.items {
            match item {
                Item::Whole { key } => {
                    let packet = packets.next().unwrap();
                    let picture = stream.whole(packet, *key).unwrap();
                    if *key {
                        film.keys.push(film.pictures.len());
                    }
                    film.pictures.push(picture);
                    film.expected.push(whole.next().unwrap());
                }
                Item::Still => {
                    film.pictures.push(stream.still().unwrap());
                    film.expected.push(film.expected.last().unwrap().clone());
                }
                Item::Region { parts, wrote } => {
                    film.pictures.push(stream.region(parts).unwrap());
                    let mut shown = film.expected.last().unwrap().clone();
                    for (number, rect, packets) in wrote {
                        let coded = small.get_mut(number).unwrap();
                        // Of two attempts the second is shown.
                        let coded = coded.nth(packets.len() - 1).unwrap();
                        overlay(&mut shown, &coded, *rect, size);
                    }
                    film.expected.push(shown);
                }
            }
        }
        assert!(packets.next().is_none());
        film
    }
}

#[derive(Default)]
struct SmallFilm {
    size: (usize, usize),
    packets: Vec<Vec<u8>>,
}

/// Places a decoded rectangle, without the guards above and below it.
fn overlay(shown: &mut Planes, coded: &Planes, rect: MbRect, size: Size) {
    for (plane, shown) in shown.iter_mut().enumerate() {
        let shift = usize::from(plane > 0);
        let (width, height) = (size.width as usize >> shift, size.height as usize >> shift);
        let side = MB >> shift;
        let columns = rect.width as usize * side;
        let (left, top) = (rect.x as usize * side, rect.y as usize * side);
        for row in 0..(rect.height as usize * side).min(height - top) {
            let visible = columns.min(width - left);
            let from = (side + row) * columns;
            let to = (top + row) * width + left;
            shown[to..to + visible].copy_from_slice(&coded[plane][from..from + visible]);
        }
    }
}

fn decode_ffmpeg(sets: &[u8], pictures: &[Vec<u8>]) -> Vec<Planes> {
    let planes = decoders::ffmpeg(sets, pictures, decoders::samples);
    assert_eq!(planes.len(), pictures.len(), "FFmpeg gives every picture");
    planes
}

fn decode_openh264(sets: &[u8], pictures: &[Vec<u8>]) -> Vec<Planes> {
    decoders::openh264(sets, pictures, decoders::samples)
}

fn assert_bit_exact(film: &Film) {
    let found = decode_ffmpeg(&film.sets, &film.pictures);
    let wrong = (0..film.expected.len()).find(|&n| found[n] != film.expected[n]);
    assert_eq!(
        wrong, None,
        "FFmpeg decodes a picture to something else; {:?}",
        film.report
    );
    let found = decode_openh264(&film.sets, &film.pictures);
    assert_eq!(found.len(), film.expected.len(), "OpenH264 gives every picture");
    let wrong: Vec<usize> = (0..found.len())
        .filter(|&n| found[n] != film.expected[n])
        .collect();
    assert_eq!(
        wrong,
        Vec::<usize>::new(),
        "OpenH264 decodes pictures to something else; {:?}",
        film.report
    );
    // From every key frame on.
    for &key in &film.keys {
        let found = decode_ffmpeg(&film.sets, &film.pictures[key..]);
        assert!(found == film.expected[key..], "from key frame {key} on");
    }
}

/// A screen with a textured page.
fn page(size: Size, seed: u64) -> Nv12Frame {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut picture = Nv12Frame::new(size);
    let tile: Vec<u8> = (0..4096).map(|_| random.u8(40..216)).collect();
    for y in 0..size.height as usize {
        for x in 0..size.width as usize {
            let smooth = (x / 5 + y / 3) % 64;
            picture.y[y * picture.y_stride + x] = tile[y / 4 % 64 * 64 + smooth] / 2 + 60;
        }
    }
    for (at, value) in picture.uv.iter_mut().enumerate() {
        *value = 118 + (at / 37 % 20) as u8;
    }
    picture
}

/// Paints a rectangle with content that moves with `phase`.
fn paint(picture: &mut Nv12Frame, rect: PixelRect, phase: usize, areas: &mut Areas) {
    let size = picture.size;
    let (right, bottom) = (rect.right().min(size.width), rect.bottom().min(size.height));
    for y in rect.y as usize..bottom as usize {
        for x in rect.x as usize..right as usize {
            let wave = (((x + phase * 3) / 6) ^ ((y + phase * 2) / 7)) % 23;
            picture.y[y * picture.y_stride + x] = 30 + (wave * 8) as u8;
            picture.uv[y / 2 * picture.uv_stride + x] = 100 + ((x / 9 + phase) % 40) as u8;
        }
    }
    areas.add(rect);
}

const SIZE: Size = Size::new(648, 362);

const fn at(x: u32, y: u32, width: u32, height: u32) -> PixelRect {
    PixelRect { x, y, width, height }
}

#[test]
fn a_camera_and_a_pointer_beside_a_page_are_bit_exact() {
    for crf in [22, 8, 40] {
        let mut rig = Rig::new(&settings(SIZE, crf));
        let mut picture = page(SIZE, 1);
        rig.picture(&Arc::new(picture.clone()), Areas::whole(SIZE), true);
        for n in 1..70 {
            let mut areas = Areas::none(SIZE);
            if n % 25 == 0 {
                picture = page(SIZE, n as u64);
                areas = Areas::whole(SIZE);
            }
            if n % 2 == 0 {
                paint(&mut picture, at(500, 250, 110, 100), n, &mut areas);
            }
            if n % 3 != 0 {
                paint(&mut picture, at(40 + n as u32 * 3, 60, 20, 30), 1, &mut areas);
            }
            rig.picture(&Arc::new(picture.clone()), areas, n == 40);
            if n % 11 == 0 {
                rig.still();
            }
        }
        let film = rig.finish(SIZE);
        assert!(film.report.pictures > 40, "{:?}", film.report);
        assert!(
            film.report.restarts < film.report.rectangles / 2,
            "{:?}",
            film.report
        );
        assert_bit_exact(&film);
    }
}

/// One step of a random film.
#[derive(Clone, Debug)]
enum Step {
    /// A rectangle changes: place, size, phase.
    Paint(u32, u32, u32, u32, usize),
    /// The last rectangle grows.
    Grow(u32),
    /// The last rectangle moves.
    Move(u32, u32),
    /// Everything changes.
    Page(u64),
    Still,
    Key,
    /// Nothing changes, though something was drawn.
    Redraw,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0u32..620, 0u32..340, 8u32..160, 8u32..140, any::<u8>())
            .prop_map(|(x, y, w, h, phase)| Step::Paint(x, y, w, h, usize::from(phase))),
        4 => (2u32..40).prop_map(Step::Grow),
        6 => (0u32..30, 0u32..20).prop_map(|(x, y)| Step::Move(x, y)),
        1 => any::<u64>().prop_map(Step::Page),
        1 => Just(Step::Still),
        1 => Just(Step::Key),
        1 => Just(Step::Redraw),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn random_changes_are_bit_exact(
        steps in prop::collection::vec((step(), prop::option::of(step())), 1..40),
        crf in prop_oneof![Just(4u8), Just(20), Just(45)],
        size in prop_oneof![Just(SIZE), Just(Size::new(640, 368)), Just(Size::new(370, 642))],
    ) {
        let mut rig = Rig::new(&settings(size, crf));
        let mut picture = page(size, 3);
        rig.picture(&Arc::new(picture.clone()), Areas::whole(size), true);
        let mut rect = at(100, 100, 60, 60);
        for (n, steps) in steps.into_iter().enumerate() {
            let mut areas = Areas::none(size);
            let mut key = false;
            for step in [Some(steps.0), steps.1].into_iter().flatten() {
                match step {
                    Step::Paint(x, y, width, height, phase) => {
                        rect = at((x % size.width) & !1, (y % size.height) & !1, width, height);
                        paint(&mut picture, rect, phase, &mut areas);
                    }
                    Step::Grow(by) => {
                        rect = PixelRect { width: (rect.width + by).min(300), ..rect };
                        paint(&mut picture, rect, n, &mut areas);
                    }
                    Step::Move(x, y) => {
                        rect = PixelRect {
                            x: ((rect.x + x) % size.width) & !1,
                            y: ((rect.y + y) % size.height) & !1,
                            ..rect
                        };
                        paint(&mut picture, rect, n, &mut areas);
                    }
                    Step::Page(seed) => {
                        picture = page(size, seed);
                        areas = Areas::whole(size);
                    }
                    Step::Still => rig.still(),
                    Step::Key => key = true,
                    Step::Redraw => areas.add(rect),
                }
            }
            rig.picture(&Arc::new(picture.clone()), areas, key);
        }
        assert_bit_exact(&rig.finish(size));
    }
}

#[test]
fn rates_and_streams_that_break_a_condition_are_declined() {
    let declined = |change: &dyn Fn(&mut VideoSettings)| {
        let mut settings = settings(Size::new(320, 240), 20);
        change(&mut settings);
        try_region_pictures(&settings).unwrap_err().to_string()
    };
    let average = declined(&|settings| settings.rate = RateControl::bitrate(1_000_000));
    assert!(average.contains("average bit rate"), "{average}");
    let references = declined(&|settings| settings.part = EncoderPart::Everything);
    assert!(!references.is_empty(), "{references}");
}
