//! The groups of files of a track, and where each lies in time (cap-format.md 3.5): a group follows the one before it.

use std::path::PathBuf;

use ffmpeg_next::media;

use crate::cap::MediaSource;
use crate::cap::recording::FragmentGroup;
use crate::media::ffmpeg::MediaError;
use crate::media::input::{self, Allowed, Input};
use crate::media::probe::{self, warn_skipped};

/// The groups in order. Where a group starts is known once those before it were opened.
pub(super) struct Groups {
    list: Vec<Group>,
    /// The one that is read.
    current: usize,
}

struct Group {
    files: Vec<PathBuf>,
    /// Seconds that its manifest says it lasts.
    stated: Option<f64>,
    /// Seconds that are missing before it.
    lost_before: f64,
    /// Seconds from the track's start, once the groups before are known.
    offset: Option<f64>,
    /// Could not be opened, and counts for nothing.
    skipped: bool,
}

impl Groups {
    pub(super) fn new(source: &MediaSource) -> Self {
        let group = |(index, group): (usize, FragmentGroup)| Group {
            files: group.files,
            stated: group.stated.map(|stated| stated.as_secs_f64()),
            lost_before: group.lost_before.as_secs_f64(),
            offset: (index == 0).then_some(group.lost_before.as_secs_f64()),
            skipped: false,
        };
        Self {
            list: input::fragment_groups(source)
                .into_iter()
                .enumerate()
                .map(group)
                .collect(),
            current: 0,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(super) fn files(&self, group: usize) -> &[PathBuf] {
        &self.list[group].files
    }

    /// Index of the group that is read.
    pub(super) fn current(&self) -> usize {
        self.current
    }

    /// Notes that `group`, which lasts `seconds`, is read from here on.
    pub(super) fn enter(&mut self, group: usize, seconds: f64) {
        self.current = group;
        self.place_next(group, seconds);
    }

    /// Leaves out a group that can't be used, with a warning.
    pub(super) fn skip(&mut self, group: usize, error: &MediaError) {
        warn_skipped(error);
        self.list[group].skipped = true;
        let seconds = self.list[group].stated.unwrap_or(0.0);
        self.place_next(group, seconds);
    }

    /// Seconds from the track's start to the group that is read.
    pub(super) fn offset(&self) -> f64 {
        self.list[self.current].offset.unwrap_or(0.0)
    }

    pub(super) fn before(&self, group: usize) -> Option<usize> {
        (0..group).rev().find(|index| !self.list[*index].skipped)
    }

    pub(super) fn after(&self, group: usize) -> Option<usize> {
        (group + 1..self.list.len()).find(|index| !self.list[*index].skipped)
    }

    /// The group that shows `seconds`: the last that starts at or before it. Groups on the way that nobody looked at yet
    /// are measured.
    pub(super) fn at(&mut self, seconds: f64) -> usize {
        let mut found = self.current;
        for group in 0..self.list.len() {
            match self.list[group].offset {
                Some(offset) if offset <= seconds || group == 0 => {}
                _ => break,
            }
            let next_is_known = self.list.get(group + 1).is_none_or(|next| next.offset.is_some());
            if !next_is_known && !self.list[group].skipped {
                match measure(&self.list[group].files) {
                    Ok(seconds) => self.place_next(group, seconds),
                    Err(error) => self.skip(group, &error),
                }
            }
            if !self.list[group].skipped {
                found = group;
            }
        }
        found
    }

    /// Notes where the group after `group` starts, which lasts `seconds`.
    fn place_next(&mut self, group: usize, seconds: f64) {
        let end = self.list[group].offset.map(|offset| offset + seconds);
        if let Some(next) = self.list.get_mut(group + 1) {
            next.offset = next.offset.or(end.map(|end| end + next.lost_before));
        }
    }
}

/// Seconds that a group lasts.
fn measure(files: &[PathBuf]) -> Result<f64, MediaError> {
    let mut input = Input::open(files, Allowed::Track)?;
    let stream = probe::find_stream(&input, media::Type::Video)?;
    let seconds = probe::span(&mut input, stream)?.seconds;
    Ok(probe::joint_seconds(&input, media::Type::Video, seconds))
}
