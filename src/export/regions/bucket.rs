//! The bytes that region pictures may still take.

/// Seconds of the rate that may be taken at once: rectangles that begin are coded by themselves.
const DEPTH_S: f64 = 0.5;

/// A leaky bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bucket {
    per_second: f64,
    frames_per_second: f64,
    level: f64,
    /// The frame up to which it has leaked.
    frame: i64,
}

impl Bucket {
    /// An empty one that leaks so many bytes per second.
    pub(super) fn new(bytes_per_second: u64, frames_per_second: u32) -> Self {
        Self {
            per_second: bytes_per_second as f64,
            frames_per_second: f64::from(frames_per_second.max(1)),
            level: 0.0,
            frame: 0,
        }
    }

    /// Whether so many bytes fit at `frame`; if so they are in it.
    pub(super) fn take(&mut self, frame: i64, bytes: u64) -> bool {
        let seconds = (frame - self.frame).max(0) as f64 / self.frames_per_second;
        self.frame = self.frame.max(frame);
        self.level = (self.level - seconds * self.per_second).max(0.0);
        let fits = self.level + bytes as f64 <= DEPTH_S * self.per_second;
        if fits {
            self.level += bytes as f64;
        }
        fits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_fits_and_what_follows_keeps_to_the_rate() {
        // 6,000 bytes a second are 100 a frame; 3,000 fit at once.
        let mut bucket = Bucket::new(6_000, 60);
        assert!(bucket.take(0, 2_900));
        assert!(!bucket.take(0, 101));
        assert!(bucket.take(0, 100));
        assert!(bucket.take(1, 100));
        assert!(!bucket.take(1, 1));
        let taken = (2..602).filter(|&frame| bucket.take(frame, 200)).count();
        assert_eq!(taken, 300);
    }
}
