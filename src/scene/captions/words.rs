//! Which word of a caption is spoken, and how strongly it is highlighted (cap-look.md 13).

use std::ops::Range;

/// When a word is spoken, seconds of output.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spoken {
    /// Start.
    pub(crate) start: f64,
    /// End.
    pub(crate) end: f64,
}

/// Where each of `words` stands in `text`, searched in order; `None` for one that isn't there.
pub(crate) fn locate<'a>(text: &str, words: impl Iterator<Item = &'a str>) -> Vec<Option<Range<usize>>> {
    let mut from = 0;
    words
        .map(|word| {
            let word = word.trim();
            if word.is_empty() {
                return None;
            }
            let start = from + text[from..].find(word)?;
            from = start + word.len();
            Some(start..from)
        })
        .collect()
}

/// How strongly word `index` is highlighted, 0..=1. The highlight comes and goes within `transition` seconds.
pub(crate) fn highlight(words: &[Spoken], index: usize, time: f64, transition: f64) -> f64 {
    let Some(word) = words.get(index) else {
        return 0.0;
    };
    if time < word.start {
        return 0.0;
    }
    if time < word.end {
        return if transition > 0.0 {
            1.0 - (1.0 - ((time - word.start) / transition).min(1.0)).powi(3)
        } else {
            1.0
        };
    }
    let within = match words.get(index + 1) {
        Some(next) if time >= next.start => return 0.0,
        Some(next) => transition.min(next.start - word.end),
        None => transition,
    };
    if within > 0.0 {
        1.0 - ((time - word.end) / within).min(1.0).powi(3)
    } else {
        0.0
    }
}

/// The word that is spoken, else the one spoken last, else the first.
pub(crate) fn current(words: &[Spoken], time: f64) -> Option<usize> {
    words
        .iter()
        .position(|word| word.start <= time && time < word.end)
        .or_else(|| words.iter().rposition(|word| word.end <= time))
        .or((!words.is_empty()).then_some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: [Spoken; 3] = [
        Spoken { start: 1.0, end: 2.0 },
        Spoken { start: 2.1, end: 3.0 },
        Spoken { start: 4.0, end: 5.0 },
    ];

    fn at(index: usize, time: f64) -> f64 {
        highlight(&WORDS, index, time, 0.2)
    }

    fn close(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-9, "{a} is not {b}");
    }

    #[test]
    fn a_word_lights_up_and_fades() {
        close(at(0, 0.9), 0.0);
        close(at(0, 1.0), 0.0);
        close(at(0, 1.1), 0.875);
        close(at(0, 1.2), 1.0);
        close(at(0, 1.9), 1.0);
        // The gap to the next is 0.1 s, shorter than the transition.
        close(at(0, 2.05), 0.875);
        close(at(0, 2.1), 0.0);
        close(at(1, 3.1), 0.875);
        close(at(1, 3.2), 0.0);
        close(at(1, 3.5), 0.0);
        close(at(2, 5.1), 0.875);
        close(at(2, 5.3), 0.0);
        close(at(9, 1.0), 0.0);
    }

    #[test]
    fn without_a_transition_it_is_on_or_off() {
        let at = |time| highlight(&WORDS, 0, time, 0.0);
        assert_eq!([at(0.99), at(1.0), at(1.99), at(2.0)], [0.0, 1.0, 1.0, 0.0]);
        let touching = [Spoken { start: 0.0, end: 1.0 }, Spoken { start: 1.0, end: 2.0 }];
        assert_eq!(highlight(&touching, 0, 1.0, 0.2), 0.0);
        let overlapping = [Spoken { start: 0.0, end: 1.5 }, Spoken { start: 1.0, end: 2.0 }];
        assert_eq!(highlight(&overlapping, 0, 1.2, 0.2), 1.0, "still spoken");
        assert_eq!(highlight(&overlapping, 0, 1.6, 0.2), 0.0);
    }

    #[test]
    fn the_pill_stays_behind_the_last_word() {
        let at = |time| current(&WORDS, time);
        assert_eq!(at(0.5), Some(0));
        assert_eq!(at(1.5), Some(0));
        assert_eq!(at(2.05), Some(0));
        assert_eq!(at(2.1), Some(1));
        assert_eq!(at(3.5), Some(1));
        assert_eq!(at(9.0), Some(2));
        assert_eq!(current(&[], 1.0), None);
    }

    #[test]
    fn words_are_found_in_order() {
        let found = locate(
            "to be or not to be",
            ["to", "be", "missing", " not ", "to", ""].into_iter(),
        );
        assert_eq!(
            found,
            [Some(0..2), Some(3..5), None, Some(9..12), Some(13..15), None]
        );
        assert_eq!(locate("ä ö", ["ö"].into_iter()), [Some(3..5)]);
    }
}
