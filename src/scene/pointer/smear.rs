//! Motion blur of the pointer (cap-look.md 8.7).

/// Frame rate at which *motionBlur* 1 is a factor of 1.
const FULL_RATE: f64 = 60.0;
/// Largest factor.
const LARGEST_FACTOR: f64 = 4.0;
/// Longest movement, pixels of the recording.
const LONGEST: f64 = 480.0;
/// Longest smear, sprites.
const LONGEST_SPRITES: f64 = 4.0;
/// Least movement that blurs, pixels of the recording, and least smear, sprites.
const LEAST: f64 = 0.5;
const LEAST_SPRITES: f64 = 0.005;

/// The factor of *motionBlur* `strength` at `fps` frames per second.
pub(crate) fn factor(strength: f64, fps: f64) -> f64 {
    (strength * fps / FULL_RATE).clamp(0.0, LARGEST_FACTOR)
}

/// How far the sprite's picture is smeared, in parts of its drawn width and height `sprite` (output pixels), when the pointer
/// moved by `moved` pixels of the recording since the frame before; `None` when it stays sharp. The units of the two are
/// different ones; that is how Cap reckons.
pub(crate) fn vector(moved: [f64; 2], factor: f64, sprite: [f64; 2]) -> Option<[f64; 2]> {
    let limited = |vector: [f64; 2], longest: f64| {
        let length = vector[0].hypot(vector[1]);
        let scale = if length > longest { longest / length } else { 1.0 };
        (vector.map(|part| part * scale), length * scale)
    };
    let (pixels, length) = limited(moved.map(|part| part * factor), LONGEST);
    if length < LEAST {
        return None;
    }
    let (sprites, length) = limited([pixels[0] / sprite[0], pixels[1] / sprite[1]], LONGEST_SPRITES);
    (length >= LEAST_SPRITES).then_some(sprites)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: Option<[f64; 2]>, expected: [f64; 2]) -> bool {
        found.is_some_and(|v| (v[0] - expected[0]).abs() < 1e-9 && (v[1] - expected[1]).abs() < 1e-9)
    }

    #[test]
    fn the_factor_follows_the_rate() {
        assert_eq!(factor(1.0, 60.0), 1.0);
        assert_eq!(factor(0.5, 30.0), 0.25);
        assert_eq!(factor(1.0, 480.0), 4.0);
    }

    #[test]
    fn movement_in_sprites() {
        // 30 and 40 pixels, half a factor, a sprite of 40 x 20.
        assert!(close(vector([30.0, 40.0], 0.5, [40.0, 20.0]), [0.375, 1.0]));
        // 1000 pixels are 480; a sprite of 240 is two of them.
        assert!(close(vector([600.0, 800.0], 1.0, [240.0, 240.0]), [1.2, 1.6]));
        // 480 pixels over a sprite of 60 would be 8.
        assert!(close(vector([-900.0, 0.0], 1.0, [60.0, 60.0]), [-4.0, 0.0]));
    }

    #[test]
    fn small_movements_stay_sharp() {
        assert_eq!(vector([0.49, 0.0], 1.0, [10.0, 10.0]), None);
        assert!(vector([0.5, 0.0], 1.0, [10.0, 10.0]).is_some());
        assert_eq!(vector([0.98, 0.0], 0.5, [10.0, 10.0]), None);
        assert_eq!(vector([1.0, 0.0], 1.0, [250.0, 10.0]), None);
        assert_eq!(vector([0.0, 0.0], 1.0, [10.0, 10.0]), None);
    }
}
