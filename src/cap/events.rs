//! `cursor.json`: pointer events (cap-format.md 5).

use serde::Deserialize;

/// Pointer events of one segment, in time order.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
pub struct PointerEvents {
    /// Position samples.
    pub moves: Vec<Move>,
    /// Button events.
    pub clicks: Vec<Click>,
}

/// A position sample.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Move {
    /// Key into the recording's pointer images.
    pub cursor_id: String,
    /// Milliseconds after the segment epoch.
    pub time_ms: f64,
    /// Fraction of the captured width; may leave 0..=1.
    pub x: f64,
    /// Fraction of the captured height; may leave 0..=1.
    pub y: f64,
}

/// A button event; it carries no position.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Click {
    /// Key into the recording's pointer images.
    pub cursor_id: String,
    /// Button: 1 is left; 0 counts as primary for the drag profile (cap-look.md 8.2).
    pub cursor_num: u8,
    /// Milliseconds after the segment epoch.
    pub time_ms: f64,
    /// Press or release.
    pub down: bool,
}
