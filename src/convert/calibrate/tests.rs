use std::sync::Arc;

use super::*;
use crate::convert::{self, Converter, Luma};
use crate::frame::{PackedFormat, PackedView, Size, YuvColor};

const SPEC: ConvertSpec = ConvertSpec {
    size: Size::new(320, 180),
    source: PackedFormat::Rgba,
    color: YuvColor::BT709_LIMITED,
    luma: Luma::Rounded,
    threads: 1,
};

/// Very fast; leaves a picture untouched after the first `good` ones.
struct Lazy {
    good: u32,
    inner: Box<dyn Converter>,
}

impl Converter for Lazy {
    fn path(&self) -> PixelPath {
        PixelPath::Gpu
    }

    fn convert_rect(
        &mut self,
        source: PackedView<'_>,
        target: &mut Nv12Frame,
        x: u32,
        y: u32,
    ) -> Result<(), ConvertError> {
        if self.good == 0 {
            return Ok(());
        }
        self.good -= 1;
        self.inner.convert_rect(source, target, x, y)
    }
}

fn lazy(good: u32) -> Candidate {
    Candidate {
        path: PixelPath::Gpu,
        open: Arc::new(move |spec| {
            let inner = convert::open(PixelPath::Simd, spec)?;
            Ok(Box::new(Lazy { good, inner }))
        }),
        timing: Timing::Conversion,
    }
}

fn report(calibration: &Calibration, path: PixelPath) -> &CandidateReport {
    calibration
        .candidates
        .iter()
        .find(|report| report.path == path)
        .unwrap()
}

#[test]
fn wrong_paths_are_dropped_however_fast() {
    for good in [0, 1] {
        let candidates = [lazy(good), Candidate::builtin(PixelPath::Swscale)];
        let calibration = calibrate(&SPEC, &candidates, "none", None).unwrap();
        assert_eq!(calibration.chosen, PixelPath::Swscale);
        assert_eq!(report(&calibration, PixelPath::Gpu).outcome, Outcome::Deviates);
        assert_eq!(calibration.ranking(), [PixelPath::Swscale]);
    }
}

#[test]
fn absent_paths_say_why_and_overhead_counts() {
    let slow_to_feed = Candidate {
        timing: Timing::ConversionAnd(Arc::new(|_| Ok(1e4))),
        ..Candidate::builtin(PixelPath::Simd)
    };
    let candidates = [
        slow_to_feed,
        // Makes no planes on any system.
        Candidate::builtin(PixelPath::Bgra),
        Candidate::builtin(PixelPath::Swscale),
    ];
    let calibration = calibrate(&SPEC, &candidates, "none", None).unwrap();
    assert_eq!(calibration.ranking(), [PixelPath::Swscale, PixelPath::Simd]);
    let bgra = report(&calibration, PixelPath::Bgra);
    assert_eq!(bgra.outcome, Outcome::Unavailable);
    assert!(
        bgra.reason.contains("bgra is not available: it "),
        "{}",
        bgra.reason
    );
    assert!(report(&calibration, PixelPath::Simd).max_error_luma.unwrap() <= 1);
}

#[test]
fn nothing_trusted_is_an_error() {
    assert!(matches!(
        calibrate(&SPEC, &[lazy(0)], "none", None),
        Err(ConvertError::NoCandidate)
    ));
    assert!(matches!(
        calibrate(&SPEC, &[], "none", None),
        Err(ConvertError::NoCandidate)
    ));
}

#[test]
fn the_cache_answers_for_the_same_circumstances_only() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::at(directory.path().join("new/pixel-paths.json"));
    let candidates = [PixelPath::Swscale, PixelPath::Simd].map(Candidate::builtin);
    let measured = calibrate(&SPEC, &candidates, "driver 1", Some(&cache)).unwrap();
    assert!(!measured.cached);
    let again = calibrate(&SPEC, &candidates, "driver 1", Some(&cache)).unwrap();
    assert_eq!(
        again,
        Calibration {
            cached: true,
            ..measured
        }
    );
    let other_size = ConvertSpec {
        size: Size::new(322, 180),
        ..SPEC
    };
    assert!(
        !calibrate(&SPEC, &candidates, "driver 2", Some(&cache))
            .unwrap()
            .cached
    );
    assert!(
        !calibrate(&SPEC, &candidates[..1], "driver 1", Some(&cache))
            .unwrap()
            .cached
    );
    assert!(
        !calibrate(&other_size, &candidates, "driver 1", Some(&cache))
            .unwrap()
            .cached
    );
    assert!(
        calibrate(&SPEC, &candidates, "driver 1", Some(&cache))
            .unwrap()
            .cached
    );
    // Nothing but the file itself is left in its folder.
    assert_eq!(
        std::fs::read_dir(cache.path().parent().unwrap()).unwrap().count(),
        1
    );
}

#[test]
fn a_damaged_cache_is_measured_over_and_replaced() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::at(directory.path().join("pixel-paths.json"));
    let candidates = [Candidate::builtin(PixelPath::Simd)];
    for damage in [
        "",
        "{",
        "[1, 2]",
        r#"{"version":1,"entries":{"x":3}}"#,
        r#"{"version":0,"entries":{}}"#,
    ] {
        std::fs::write(cache.path(), damage).unwrap();
        assert!(
            !calibrate(&SPEC, &candidates, "none", Some(&cache))
                .unwrap()
                .cached,
            "{damage}"
        );
        assert!(
            calibrate(&SPEC, &candidates, "none", Some(&cache))
                .unwrap()
                .cached,
            "{damage}"
        );
    }
}

#[test]
fn a_remembered_path_that_no_longer_opens_is_not_used() {
    let directory = tempfile::tempdir().unwrap();
    let cache = Cache::at(directory.path().join("pixel-paths.json"));
    let gone = Candidate {
        open: Arc::new(|_| Err(ConvertError::unavailable(PixelPath::Simd, "gone"))),
        ..Candidate::builtin(PixelPath::Simd)
    };
    let swscale = Candidate {
        timing: Timing::ConversionAnd(Arc::new(|_| Ok(1e4))),
        ..Candidate::builtin(PixelPath::Swscale)
    };
    let before = [Candidate::builtin(PixelPath::Simd), swscale.clone()];
    assert_eq!(
        calibrate(&SPEC, &before, "none", Some(&cache)).unwrap().chosen,
        PixelPath::Simd
    );
    let after = calibrate(&SPEC, &[gone, swscale], "none", Some(&cache)).unwrap();
    assert_eq!((after.chosen, after.cached), (PixelPath::Swscale, false));
}
