//! Where a decoder still holds what the encoder of a rectangle made last.

use crate::media::h264::{MbRect, Source};

/// The places of one encoder's last picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Shown {
    /// In the picture before.
    now: Option<MbRect>,
    /// In the last picture of the last run of region pictures, until the next run has begun.
    kept: Option<MbRect>,
}

impl Shown {
    /// Where the rectangle can go on, if anywhere.
    pub(super) fn place(&self) -> Option<MbRect> {
        self.now.or(self.kept)
    }

    /// What a rectangle that goes on is predicted from.
    pub(super) fn source(&self) -> Source {
        match (self.now, self.kept) {
            (Some(_), _) => Source::Previous,
            (None, Some(_)) => Source::LastRun,
            (None, None) => Source::Itself,
        }
    }

    /// The encoder's picture was placed at `rect`.
    pub(super) fn put(&mut self, rect: MbRect) {
        *self = Self {
            now: Some(rect),
            kept: None,
        };
    }

    /// A region picture was written in which other rectangles are placed at `rects`.
    pub(super) fn others(&mut self, rects: &[MbRect]) {
        self.now = self
            .now
            .filter(|now| !rects.iter().any(|rect| now.overlaps(*rect)));
        self.kept = None;
    }

    /// A whole picture came, the first after region pictures where `after_run` says so.
    pub(super) fn whole(&mut self, key: bool, after_run: bool) {
        if key {
            self.lost();
        } else if after_run {
            // The last picture of that run takes the place of the one kept before.
            *self = Self {
                now: None,
                kept: self.now,
            };
        }
    }

    /// The encoder's last picture was not written.
    pub(super) fn lost(&mut self) {
        *self = Self::default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: MbRect = MbRect {
        x: 4,
        y: 4,
        width: 8,
        height: 8,
    };

    #[test]
    fn a_rectangle_goes_on_over_one_run_of_whole_pictures() {
        let mut shown = Shown::default();
        assert_eq!((shown.place(), shown.source()), (None, Source::Itself));
        shown.put(PLACE);
        assert_eq!((shown.place(), shown.source()), (Some(PLACE), Source::Previous));
        shown.whole(false, true);
        shown.whole(false, false);
        assert_eq!((shown.place(), shown.source()), (Some(PLACE), Source::LastRun));
        // A run of others ends: its last picture is the one that is kept now.
        shown.whole(false, true);
        assert_eq!(shown.place(), None);
    }

    #[test]
    fn key_frames_and_other_rectangles_end_it() {
        let mut shown = Shown::default();
        shown.put(PLACE);
        shown.others(&[MbRect { x: 12, ..PLACE }]);
        assert_eq!(shown.place(), Some(PLACE));
        shown.others(&[MbRect { x: 11, ..PLACE }]);
        assert_eq!(shown.place(), None);
        shown.put(PLACE);
        shown.whole(true, true);
        assert_eq!(shown.place(), None);
        // What was kept goes with the first picture of the next run.
        shown.put(PLACE);
        shown.whole(false, true);
        shown.others(&[MbRect { x: 12, ..PLACE }]);
        assert_eq!(shown.source(), Source::Itself);
    }
}
