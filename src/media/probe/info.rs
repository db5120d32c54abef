//! What is known of a track once its headers were read.

use crate::frame::{Size, YuvMatrix, YuvRange};

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

/// What the tags say of a track's colours.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize, schemars::JsonSchema)]
pub struct ColorInfo {
    /// Matrix tag.
    pub matrix: Option<YuvMatrix>,
    /// Range tag, or what the pixel format implies.
    pub range: Option<YuvRange>,
    /// FFmpeg's name of the transfer, "smpte2084".
    pub transfer: Option<String>,
    /// FFmpeg's name of the primaries, "bt2020".
    pub primaries: Option<String>,
    /// Whether the pictures are HDR, and so tone-mapped.
    pub hdr: bool,
    /// Tags that are not honoured, each as a clause that says what is done instead.
    pub unhonoured: Vec<String>,
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
    /// Width of a stored pixel over its height.
    pub pixel_aspect: f64,
    /// How stored pictures are turned.
    pub orientation: Orientation,
    /// Picture size as it is shown.
    pub size: Size,
    /// What its colours mean.
    #[serde(flatten)]
    pub colors: ColorInfo,
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
    /// What of it can't be read, each with file, place and what was lost.
    pub damage: Vec<String>,
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
    /// What of it can't be read, each with file, place and what was lost.
    pub damage: Vec<String>,
}
