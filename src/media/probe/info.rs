//! What is known of a track once its headers were read.

use crate::frame::{Size, YuvColor, YuvMatrix, YuvRange};

/// How a stored picture is turned to be shown: mirrored first (left and right swapped), then turned clockwise.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Orientation {
    /// Clockwise quarter turns, 0..=3.
    pub quarter_turns: u8,
    /// Whether left and right are swapped before turning.
    pub mirrored: bool,
}

impl Orientation {
    /// Whether there is nothing to do.
    pub const fn is_upright(self) -> bool {
        self.quarter_turns == 0 && !self.mirrored
    }

    /// Whether width and height change places.
    pub const fn swaps_sides(self) -> bool {
        self.quarter_turns % 2 == 1
    }

    /// Size of a stored picture as it is shown.
    pub const fn apply(self, stored: Size) -> Size {
        if self.swaps_sides() {
            Size::new(stored.height, stored.width)
        } else {
            stored
        }
    }

    /// From the display matrix of a track header (ISO/IEC 14496-12, 8.3.2; nine values, of which the first, second,
    /// fourth and fifth are 16.16 fixed point): a stored pixel at (x, y) is shown at (a x + c y, b x + d y).
    pub(super) fn from_matrix(matrix: [i32; 9]) -> Self {
        let [a, b, c, d] = [matrix[0], matrix[1], matrix[3], matrix[4]].map(f64::from);
        let mirrored = a * d - b * c < 0.0;
        // Where the stored x axis points, mirroring undone; y runs down, so a positive angle is clockwise.
        let (x, y) = if mirrored { (-a, -b) } else { (a, b) };
        let turns = (y.atan2(x) / std::f64::consts::FRAC_PI_2).round();
        Self {
            quarter_turns: turns.rem_euclid(4.0) as u8,
            mirrored,
        }
    }
}

/// Where a duration was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum DurationSource {
    /// The container's header.
    Container,
    /// The track's header.
    Stream,
    /// The last packets.
    Packets,
}

/// A video track.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct VideoInfo {
    /// FFmpeg's name of the codec, "h264".
    pub codec: String,
    /// "High", where the codec has profiles.
    pub profile: Option<String>,
    /// FFmpeg's name, "yuv420p".
    pub pixel_format: String,
    /// Picture size as it is stored.
    pub stored_size: Size,
    /// How stored pictures are turned.
    pub orientation: Orientation,
    /// Picture size as it is shown.
    pub size: Size,
    /// Matrix tag.
    pub matrix: Option<YuvMatrix>,
    /// Range tag, or what the pixel format implies.
    pub range: Option<YuvRange>,
    /// First presentation time on the container's clock, seconds.
    pub start: f64,
    /// Seconds from the first presentation time to the end of the last picture.
    pub duration: f64,
    /// Where the duration was found.
    pub duration_source: DurationSource,
    /// Pictures per second on average.
    pub average_rate: Option<f64>,
    /// Number of pictures.
    pub frames: Option<u64>,
    /// Bits per second.
    pub bit_rate: Option<u64>,
}

impl VideoInfo {
    /// How the pictures are to be read: the tags, BT.709 and limited range where there are none (cap-format.md 7).
    pub fn color(&self) -> YuvColor {
        YuvColor {
            matrix: self.matrix.unwrap_or(YuvColor::BT709_LIMITED.matrix),
            range: self.range.unwrap_or(YuvColor::BT709_LIMITED.range),
        }
    }
}

/// A sound track.
#[derive(Clone, Debug, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct AudioInfo {
    /// FFmpeg's name of the codec, "opus".
    pub codec: String,
    /// Samples per second and channel.
    pub rate: u32,
    /// Number of channels.
    pub channels: u32,
    /// FFmpeg's name of the layout, "stereo".
    pub layout: String,
    /// First presentation time on the container's clock, seconds.
    pub start: f64,
    /// Seconds.
    pub duration: f64,
    /// Where the duration was found.
    pub duration_source: DurationSource,
    /// Bits per second.
    pub bit_rate: Option<u64>,
}
