//! Which captions are shown when: those of the timeline, else the source material (cap-format.md 4.13, cap-additions.md).
//!
//! Source material in recording time is projected through the clips word by word: a clip shows the words that are spoken
//! in it, at its speed and in its place. The recording's clock runs through its segments one after the other.

use std::cmp::Ordering;

use crate::cap::config::{CaptionData, CaptionSegment, CaptionWord};
use crate::scene::facts::Facts;
use crate::scene::timeline::Timeline;
use crate::time::SourceTime;

/// A word is over this many seconds after it began, whatever its end says.
pub(crate) const LONGEST_WORD: f64 = 2.5;
/// Most captions that projecting makes: clips that repeat a long recording many times would make any number.
pub(crate) const MAX_PROJECTED: usize = 100_000;

/// The captions in output time, and whether some were left out because there are too many.
pub(crate) fn placed(
    timeline_segments: &[CaptionSegment],
    data: &CaptionData,
    timeline: &Timeline,
    facts: &Facts,
) -> (Vec<CaptionSegment>, bool) {
    if !timeline_segments.is_empty() {
        return (timeline_segments.to_vec(), false);
    }
    if !data.source_timed {
        return (data.segments.clone(), false);
    }
    project(&data.segments, timeline, facts)
}

fn project(captions: &[CaptionSegment], timeline: &Timeline, facts: &Facts) -> (Vec<CaptionSegment>, bool) {
    let mut sorted: Vec<&CaptionSegment> = captions.iter().collect();
    sorted.sort_by(|a, b| a.start.partial_cmp(&b.start).unwrap_or(Ordering::Equal));
    // Latest end of each caption and all before it: the first that can reach into a clip is found by halving.
    let latest: Vec<f64> = sorted
        .iter()
        .scan(f64::NEG_INFINITY, |latest, caption| {
            *latest = latest.max(caption.end);
            Some(*latest)
        })
        .collect();
    let begins: Vec<f64> = facts
        .segments
        .iter()
        .scan(0.0, |end, segment| {
            let begin = *end;
            *end += segment.duration();
            Some(begin)
        })
        .collect();

    let mut projected = Vec::new();
    for (index, clip) in timeline.clips().iter().enumerate() {
        let offset = begins.get(clip.segment).copied().unwrap_or(0.0);
        let (from, to) = (clip.source_start.secs() + offset, clip.source_end.secs() + offset);
        let first = latest.partition_point(|&end| end <= from);
        let last = sorted.partition_point(|caption| caption.start < to);
        for caption in sorted.get(first..last).unwrap_or_default() {
            let window = Window {
                timeline,
                clip: index,
                offset,
            };
            if let Some(shown) = window.caption(caption, projected.len()) {
                if projected.len() == MAX_PROJECTED {
                    return (projected, true);
                }
                projected.push(shown);
            }
        }
    }
    (projected, false)
}

/// A clip through which captions are seen.
struct Window<'a> {
    timeline: &'a Timeline,
    clip: usize,
    /// Recording time at which the clip's segment begins.
    offset: f64,
}

impl Window<'_> {
    /// Output seconds of the part of `start`..`end`, recording time, that the clip shows.
    fn span(&self, start: f64, end: f64) -> Option<(f64, f64)> {
        let at = |time: f64| SourceTime::from_secs(time - self.offset);
        let (start, end) = self.timeline.output_span_in(self.clip, at(start), at(end))?;
        Some((start.secs(), end.secs()))
    }

    fn caption(&self, caption: &CaptionSegment, number: usize) -> Option<CaptionSegment> {
        let (start, end) = self.span(caption.start, caption.end)?;
        let words: Vec<CaptionWord> = caption
            .words
            .iter()
            .filter_map(|word| {
                let (start, end) = self.span(word.start, word.end.min(word.start + LONGEST_WORD))?;
                Some(CaptionWord {
                    text: word.text.clone(),
                    start,
                    end,
                })
            })
            .collect();
        let text = if words.len() == caption.words.len() {
            caption.text.clone()
        } else if words.is_empty() {
            return None;
        } else {
            let words: Vec<&str> = words.iter().map(|word| word.text.trim()).collect();
            words.join(" ")
        };
        Some(CaptionSegment {
            id: format!("{}-{number}", caption.id),
            start,
            end,
            text,
            words,
            ..caption.clone()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::error::Checks;
    use crate::scene::fixtures::{clip, facts, timeline};

    fn word(text: &str, start: f64, end: f64) -> CaptionWord {
        CaptionWord {
            text: text.into(),
            start,
            end,
        }
    }

    fn caption(start: f64, end: f64, words: Vec<CaptionWord>) -> CaptionSegment {
        let text: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let json = serde_json::json!({ "id": "c", "start": start, "end": end, "text": text.join(" ") });
        CaptionSegment {
            words,
            ..serde_json::from_value(json).unwrap()
        }
    }

    fn data(segments: Vec<CaptionSegment>, source_timed: bool) -> CaptionData {
        CaptionData {
            segments,
            settings: crate::cap::config::CaptionSettings::default(),
            source_timed,
        }
    }

    fn shown(clips: Vec<crate::cap::config::Clip>, captions: Vec<CaptionSegment>) -> Vec<CaptionSegment> {
        let facts = facts(&[10.0, 20.0]);
        let timeline = Timeline::new(Some(&timeline(clips)), &facts, &mut Checks::default()).unwrap();
        let (shown, cut) = placed(&[], &data(captions, true), &timeline, &facts);
        assert!(!cut);
        shown
    }

    fn spans(captions: &[CaptionSegment]) -> Vec<(f64, f64, &str)> {
        captions
            .iter()
            .map(|caption| (caption.start, caption.end, caption.text.as_str()))
            .collect()
    }

    #[test]
    fn the_timeline_has_precedence() {
        let facts = facts(&[10.0]);
        let clips = timeline(vec![clip(0, 5.0, 9.0, 1.0)]);
        let timeline = Timeline::new(Some(&clips), &facts, &mut Checks::default()).unwrap();
        let source = caption(6.0, 7.0, vec![word("source", 6.0, 7.0)]);
        let placed_one = caption(0.5, 1.5, vec![word("placed", 0.5, 1.5)]);
        let given = |list: &[CaptionSegment], timed| {
            placed(list, &data(vec![source.clone()], timed), &timeline, &facts).0
        };
        assert_eq!(given(std::slice::from_ref(&placed_one), true), [placed_one]);
        assert_eq!(given(&[], false), std::slice::from_ref(&source), "one to one");
        assert_eq!(spans(&given(&[], true)), [(1.0, 2.0, "source")]);
    }

    #[test]
    fn words_follow_their_clip() {
        let captions = vec![caption(
            2.0,
            6.0,
            vec![
                word("one", 2.0, 3.0),
                word("two", 3.0, 4.0),
                word("three", 5.0, 6.0),
            ],
        )];
        // Twice as fast from 3.5 s on, after a clip of one second that shows nothing of it.
        let shown = shown(vec![clip(0, 8.0, 9.0, 1.0), clip(0, 3.5, 7.5, 2.0)], captions);
        assert_eq!(spans(&shown), [(1.0, 2.25, "two three")]);
        let words: Vec<_> = shown[0].words.iter().map(|word| (word.start, word.end)).collect();
        assert_eq!(words, [(1.0, 1.25), (1.75, 2.25)]);
    }

    #[test]
    fn a_clip_between_words_shows_none() {
        let captions = vec![caption(
            2.0,
            6.0,
            vec![word("one", 2.0, 3.0), word("two", 5.0, 6.0)],
        )];
        assert!(shown(vec![clip(0, 3.5, 4.5, 1.0)], captions).is_empty());
        // Without words the text is there as long as the caption.
        let mut silent = caption(2.0, 6.0, Vec::new());
        silent.text = "music".into();
        assert_eq!(
            spans(&shown(vec![clip(0, 3.5, 4.5, 1.0)], vec![silent])),
            [(0.0, 1.0, "music")]
        );
    }

    #[test]
    fn a_word_is_over_after_two_and_a_half_seconds() {
        let shown = shown(
            vec![clip(0, 0.0, 10.0, 1.0)],
            vec![caption(1.0, 9.0, vec![word("long", 1.0, 9.0)])],
        );
        assert_eq!((shown[0].words[0].start, shown[0].words[0].end), (1.0, 3.5));
    }

    #[test]
    fn later_segments_follow_on_the_recordings_clock() {
        // Segment 1 begins at 10 s.
        let shown = shown(
            vec![clip(1, 1.0, 3.0, 1.0), clip(0, 0.0, 5.0, 1.0)],
            vec![
                caption(1.5, 2.0, vec![word("first", 1.5, 2.0)]),
                caption(11.5, 12.0, vec![word("second", 11.5, 12.0)]),
            ],
        );
        assert_eq!(spans(&shown), [(0.5, 1.0, "second"), (3.5, 4.0, "first")]);
    }

    #[test]
    fn repeated_clips_repeat_their_captions_up_to_a_limit() {
        let captions: Vec<CaptionSegment> = (0..400)
            .map(|index| {
                let start = f64::from(index) / 100.0;
                caption(start, start + 0.01, vec![word("a", start, start + 0.01)])
            })
            .collect();
        let clips = vec![clip(0, 0.0, 5.0, 1.0); 300];
        let facts = facts(&[10.0]);
        let timeline = Timeline::new(Some(&timeline(clips)), &facts, &mut Checks::default()).unwrap();
        let (shown, cut) = placed(&[], &data(captions, true), &timeline, &facts);
        assert_eq!((shown.len(), cut), (MAX_PROJECTED, true));
    }
}
