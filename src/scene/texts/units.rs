//! The parts of a text that move or are coloured by themselves: lines, words, characters.

use std::ops::Range;

use super::animation::{Motion, Unit};
use crate::scene::typeset::{Align, Cluster, Measured, TextSpec};

/// Most characters that move by themselves; of a longer text a few move together.
const MAX_LETTERS: usize = 512;

/// Glyphs that move together.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Group {
    /// Bytes of the text; `None` is all.
    pub(super) bytes: Option<Range<usize>>,
    /// From their place, output pixels before scaling.
    pub(super) moved: [f64; 2],
    /// Factor on the opacity.
    pub(super) alpha: f64,
    /// The line they stand on, where that matters.
    pub(super) line: Option<usize>,
}

/// A character that is no space.
struct Letter<'a> {
    cluster: &'a Cluster,
    /// Position among the letters, a few sharing one in a long text.
    letter: usize,
    /// Position of its word.
    word: usize,
}

/// What of `spec` moves together. With `by_line` no group spans two lines.
pub(super) fn groups(spec: &TextSpec, measured: &Measured, motion: &Motion, by_line: bool) -> Vec<Group> {
    let staggered = || motion.staggered.iter().flatten();
    let smallest = if motion.tracking != 0.0 {
        Some(Unit::Letter)
    } else {
        staggered().map(|stagger| stagger.unit).min()
    };
    let Some(smallest) = smallest else {
        return if by_line {
            lines(measured)
        } else {
            vec![Group {
                bytes: None,
                moved: [0.0; 2],
                alpha: 1.0,
                line: None,
            }]
        };
    };
    let letters = letters(&spec.text, measured);
    let count = |of: fn(&Letter<'_>) -> usize| letters.last().map_or(0, |letter| of(letter) + 1);
    let (letter_count, word_count) = (count(|letter| letter.letter), count(|letter| letter.word));
    let spread = spread(spec.align, measured);
    let key = |letter: &Letter<'_>| {
        let unit = match smallest {
            Unit::Letter => letter.letter,
            Unit::Word => letter.word,
        };
        (unit, letter.cluster.line)
    };
    letters
        .chunk_by(|a, b| key(a) == key(b))
        .map(|group| {
            let (first, last) = (&group[0], &group[group.len() - 1]);
            let mut alpha = 1.0;
            let mut down = 0.0;
            for stagger in staggered() {
                let (factor, moved) = match stagger.unit {
                    Unit::Letter => stagger.at(first.letter, letter_count),
                    Unit::Word => stagger.at(first.word, word_count),
                };
                alpha *= factor;
                down += moved;
            }
            Group {
                bytes: Some(first.cluster.bytes.start..last.cluster.bytes.end),
                moved: [motion.tracking * spread(first.cluster), down],
                alpha,
                line: Some(first.cluster.line),
            }
        })
        .collect()
}

fn lines(measured: &Measured) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for cluster in &measured.clusters {
        match groups.last_mut() {
            Some(Group {
                bytes: Some(bytes),
                line: Some(line),
                ..
            }) if *line == cluster.line => bytes.end = cluster.bytes.end,
            _ => groups.push(Group {
                bytes: Some(cluster.bytes.clone()),
                moved: [0.0; 2],
                alpha: 1.0,
                line: Some(cluster.line),
            }),
        }
    }
    groups
}

fn letters<'a>(text: &str, measured: &'a Measured) -> Vec<Letter<'a>> {
    let mut letters = Vec::new();
    let mut word = 0;
    let mut after_space = false;
    for cluster in &measured.clusters {
        let blank = text
            .get(cluster.bytes.clone())
            .is_none_or(|text| text.chars().all(char::is_whitespace));
        // A line break that is a paragraph's end has no cluster of its own.
        let broken = letters.last().is_some_and(|last: &Letter<'_>| {
            text.get(last.cluster.bytes.end..cluster.bytes.start) == Some("\n")
        });
        if blank {
            after_space = true;
            continue;
        }
        if !letters.is_empty() && (after_space || broken) {
            word += 1;
        }
        after_space = false;
        letters.push(Letter {
            cluster,
            letter: letters.len(),
            word,
        });
    }
    let together = letters.len().div_ceil(MAX_LETTERS).max(1);
    for letter in &mut letters {
        letter.letter /= together;
    }
    letters
}

/// How many distances a character is further right when all stand one distance further apart: lines stay where they are
/// at the side or the middle that they are aligned to.
fn spread(align: Align, measured: &Measured) -> impl Fn(&Cluster) -> f64 {
    let mut columns: Vec<Vec<f32>> = vec![Vec::new(); measured.lines.len()];
    for cluster in &measured.clusters {
        if let Some(line) = columns.get_mut(cluster.line) {
            line.push(cluster.x);
        }
    }
    for line in &mut columns {
        line.sort_by(f32::total_cmp);
    }
    move |cluster| {
        let Some(line) = columns.get(cluster.line) else {
            return 0.0;
        };
        let rank = line.partition_point(|&x| x < cluster.x) as f64;
        let last = line.len().saturating_sub(1) as f64;
        match align {
            Align::Left => rank,
            Align::Center => rank - last / 2.0,
            Align::Right => rank - last,
        }
    }
}
