//! What a level allows a picture to be (H.264 tables ).

use super::super::Declined;
use super::super::parameter_sets::Sps;

/// Slices that any decoder copes with: some have tables of 50 a picture.
const MOST_SLICES: u32 = 48;

/// Bounds on a region picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Slices.
    pub slices: u32,
    /// Bytes.
    pub bytes: u64,
    /// Bytes per second over half a second, on the mean.
    pub bytes_per_second: u64,
}

/// A row: level_idc, MaxMBPS, MaxBR in 1000 bit/s, MinCR, SliceRate (0: no bound).
type Row = (u32, u64, u64, u64, u64);

const LEVELS: [Row; 20] = [
    (10, 1_485, 64, 2, 0),
    (9, 1_485, 128, 2, 0),
    (11, 3_000, 192, 2, 0),
    (12, 6_000, 384, 2, 0),
    (13, 11_880, 768, 2, 0),
    (20, 11_880, 2_000, 2, 0),
    (21, 19_800, 4_000, 2, 0),
    (22, 20_250, 4_000, 2, 0),
    (30, 40_500, 10_000, 2, 22),
    (31, 108_000, 14_000, 4, 60),
    (32, 216_000, 20_000, 4, 60),
    (40, 245_760, 20_000, 4, 60),
    (41, 245_760, 50_000, 2, 24),
    (42, 522_240, 50_000, 2, 24),
    (50, 589_824, 135_000, 2, 24),
    (51, 983_040, 240_000, 2, 24),
    (52, 2_073_600, 240_000, 2, 24),
    (60, 4_177_920, 240_000, 2, 24),
    (61, 8_355_840, 480_000, 2, 24),
    (62, 16_711_680, 800_000, 2, 24),
];

impl Limits {
    /// Bounds at `frames_per_second` under the stream's level and, where there is one, under a ceiling of so many bits per
    /// second.
    ///
    /// The bytes of a picture are bounded by MinCR, taken half, since emulation prevention may add to them. Those of a stretch
    /// are bounded by half of the bit rate: however many region pictures there are, the other half stays for whole ones.
    pub(super) fn new(sps: &Sps, frames_per_second: u32, ceiling: Option<u64>) -> Result<Self, Declined> {
        let &(_, macroblocks, kilobits, compression, slice_rate) = LEVELS
            .iter()
            .find(|(level, ..)| *level == sps.level)
            .ok_or(Declined::Unsupported("the stream is of an unknown level"))?;
        let fps = u64::from(frames_per_second.max(1));
        let slices = match slice_rate {
            0 => MOST_SLICES,
            rate => (macroblocks / fps / rate).min(u64::from(MOST_SLICES)) as u32,
        };
        // cpbBrVclFactor (table A-2).
        let factor = if sps.profile >= 100 { 1_250 } else { 1_000 };
        let rate = ceiling.map_or(kilobits * factor, |ceiling| ceiling.min(kilobits * factor));
        let compressed = 384 * macroblocks / fps / compression;
        Ok(Self {
            slices,
            bytes: compressed / 2,
            bytes_per_second: rate / 8 / 2,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limits(level: u32, profile: u32, fps: u32, ceiling: Option<u64>) -> Result<Limits, Declined> {
        let sps = Sps {
            id: 0,
            separate_colour_planes: false,
            chroma_array: true,
            frame_num_bits: 4,
            frame_num_bits_at: 0,
            macroblocks: 8160,
            columns: 120,
            references: 2,
            profile,
            level,
            plain: true,
        };
        Limits::new(&sps, fps, ceiling)
    }

    #[test]
    fn bounds_follow_the_tables() {
        // 1080p60 at level 4.2: 522,240 / 60 / 24 = 362 slices; half of 384 x 522,240 / 60 / 2 bytes, and of 62.5 Mbit/s.
        let found = limits(42, 100, 60, None).unwrap();
        assert_eq!(
            (found.slices, found.bytes, found.bytes_per_second),
            (48, 835_584, 3_906_250)
        );
        // 360p60 at level 3.1: 108,000 / 60 / 60 = 30.
        assert_eq!(limits(31, 100, 60, None).unwrap().slices, 30);
        // No bound on slices below level 3, and Main's bit rates are not enlarged.
        let found = limits(21, 77, 30, None).unwrap();
        assert_eq!((found.slices, found.bytes_per_second), (48, 250_000));
        // MinCR is 4 at level 4; a ceiling is below the level's bit rate.
        let found = limits(40, 100, 30, Some(6_000_000)).unwrap();
        assert_eq!(
            (found.bytes, found.bytes_per_second),
            (384 * 245_760 / 30 / 4 / 2, 375_000)
        );
        assert!(limits(43, 100, 30, None).is_err());
    }
}
