//! The source pictures of a recording: one decoder a track and side of a transition, opened when first needed.

use std::collections::BTreeMap;

use super::error::ExportError;
use super::report::{DecoderPath, Fallback};
use super::settings::ExportSettings;
use crate::cap::{MediaSource, Recording};
use crate::frame::YuvPicture;
use crate::media::decode::{DecodeOptions, DecoderReport, DecoderStats, HardwareChoice, VideoDecoder};
use crate::scene::{PictureRequest, Side, SourceId, Track};
use crate::time::MediaTime;

/// Decoders kept open; recordings with more pause/resume cycles reopen the one that rested longest.
const OPEN_DECODERS: usize = 6;

/// Where pictures come from.
pub(super) struct VideoSources {
    tracks: BTreeMap<SourceId, TrackSource>,
    hardware: HardwareChoice,
    threads: u32,
    /// Whether times are cut to single precision before they choose a picture, as Cap does (cap-look.md 3.4).
    single_precision: bool,
    clock: u64,
    reports: BTreeMap<SourceId, DecoderReport>,
    warnings: Vec<String>,
}

struct TrackSource {
    source: MediaSource,
    nominal_fps: u32,
    decoder: Option<VideoDecoder>,
    used: u64,
}

impl VideoSources {
    /// The display and camera tracks of `recording`, decoded as `settings` ask. `threads` are given to each software
    /// decoder.
    pub(super) fn new(recording: &Recording, settings: &ExportSettings, threads: u32) -> Self {
        let mut tracks = BTreeMap::new();
        let mut add = |segment, kind, track: &crate::cap::recording::Track<crate::cap::meta::VideoTrack>| {
            for side in [Side::Incoming, Side::Outgoing] {
                let source = TrackSource {
                    source: track.source.clone(),
                    nominal_fps: track.meta.nominal_fps(),
                    decoder: None,
                    used: 0,
                };
                let id = SourceId {
                    segment,
                    track: kind,
                    side,
                };
                tracks.insert(id, source);
            }
        };
        for (index, segment) in recording.segments.iter().enumerate() {
            add(index, Track::Display, &segment.display);
            if let Some(camera) = &segment.camera {
                add(index, Track::Camera, camera);
            }
        }
        Self {
            tracks,
            hardware: settings.decoder.clone(),
            threads,
            single_precision: settings.cap_colors,
            clock: 0,
            reports: BTreeMap::new(),
            warnings: Vec::new(),
        }
    }

    /// The picture that `request` asks for.
    pub(super) fn picture(&mut self, request: PictureRequest) -> Result<YuvPicture, ExportError> {
        let key = request.source;
        self.clock += 1;
        let open = self.tracks.get(&key).is_some_and(|track| track.decoder.is_some());
        if !open {
            self.make_room();
        }
        let Some(track) = self.tracks.get_mut(&key) else {
            return Err(ExportError::NothingShown);
        };
        track.used = self.clock;
        let decoder = match &mut track.decoder {
            Some(decoder) => decoder,
            None => {
                let options = DecodeOptions {
                    nominal_fps: track.nominal_fps,
                    hardware: self.hardware.clone(),
                    threads: self.threads,
                };
                let (decoder, report) = VideoDecoder::open(&track.source, &options)?;
                self.reports.insert(key, report);
                track.decoder.insert(decoder)
            }
        };
        let time = if self.single_precision {
            single_precision(request.time, track.nominal_fps)
        } else {
            request.time
        };
        Ok(decoder.picture_at(time)?)
    }

    fn make_room(&mut self) {
        let open = self.tracks.iter().filter(|(_, track)| track.decoder.is_some());
        if open.clone().count() < OPEN_DECODERS {
            return;
        }
        if let Some((&key, _)) = open.min_by_key(|(_, track)| track.used) {
            self.close(key);
        }
    }

    fn close(&mut self, key: SourceId) {
        let Some(decoder) = self.tracks.get_mut(&key).and_then(|track| track.decoder.take()) else {
            return;
        };
        let damage = damage_of(&decoder.stats());
        self.warnings.extend(
            damage
                .into_iter()
                .map(|damage| format!("{} of segment {}: {damage}", track_name(key.track), key.segment)),
        );
    }

    /// Closes everything and tells what ran, what it fell back from, and what was odd.
    pub(super) fn finish(mut self) -> (Vec<DecoderPath>, Vec<Fallback>, Vec<String>) {
        for key in self.tracks.keys().copied().collect::<Vec<_>>() {
            self.close(key);
        }
        let mut paths = Vec::new();
        let mut fallbacks = Vec::new();
        for (SourceId { segment, track, side }, report) in self.reports {
            // The second decoder of a track is opened in the same way as the first.
            if side == Side::Outgoing
                && paths
                    .iter()
                    .any(|path: &DecoderPath| path.is(segment, track_name(track)))
            {
                continue;
            }
            for attempt in report.failed {
                fallbacks.push(Fallback {
                    what: format!("decoder of the {} of segment {segment}", track_name(track)),
                    from: attempt.name,
                    to: report.hardware.clone().unwrap_or_else(|| "software".to_owned()),
                    reason: attempt.reason,
                });
            }
            paths.push(DecoderPath {
                segment,
                track: track_name(track).to_owned(),
                decoder: report.decoder,
                hardware: report.hardware,
            });
        }
        (paths, fallbacks, self.warnings)
    }
}

/// The moment on a track's nominal grid that Cap takes for `time`: its product with the nominal rate is made in single
/// precision, so that a time on a grid point may fall to the point before it (cap-look.md 3.4).
fn single_precision(time: MediaTime, nominal_fps: u32) -> MediaTime {
    let fps = nominal_fps.max(1);
    let number = (time.secs().max(0.0) as f32 * fps as f32).floor();
    MediaTime::from_secs(f64::from(number) / f64::from(fps))
}

/// What a decoder could not show, a sentence each.
pub(super) fn damage_of(stats: &DecoderStats) -> Vec<String> {
    let mut found = Vec::new();
    if stats.damaged > 0 {
        found.push(format!(
            "{} damaged pictures were replaced by the ones before them",
            stats.damaged
        ));
    }
    if stats.missing_seconds > 0.0 {
        found.push(format!(
            "the last {:.1} s are missing (cut off); the last picture was shown on",
            stats.missing_seconds
        ));
    }
    found
}

/// The track's name in reports.
fn track_name(track: Track) -> &'static str {
    match track {
        Track::Display => "display",
        Track::Camera => "camera",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn single_precision_may_take_the_picture_before() {
        // 3 s + 35/30 s is picture 125 of 30 a second. As the nearest f32, 4.1666665, it is 124.99999 pictures.
        let time = MediaTime::from_secs(3.0 + 35.0 / 30.0);
        assert_eq!(single_precision(time, 30), MediaTime::from_secs(124.0 / 30.0));
        // A half and a whole second are exact in both.
        for secs in [0.5, 4.0] {
            assert_eq!(
                single_precision(MediaTime::from_secs(secs), 30),
                MediaTime::from_secs(secs)
            );
        }
        assert_eq!(
            single_precision(MediaTime::from_secs(-1.0), 30),
            MediaTime::from_secs(0.0)
        );
    }
}
