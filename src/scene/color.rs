//! Colours of texts and overlays.

/// Red, green, blue, 0..=1 each, as an 8-bit target stores them.
pub(crate) type Rgb = [f64; 3];

/// White.
pub(crate) const WHITE: Rgb = [1.0; 3];

/// `#rrggbb`; `None` for anything else.
pub(crate) fn parse(text: &str) -> Option<Rgb> {
    let digits = text.strip_prefix('#')?;
    if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
        return None;
    }
    let value = u32::from_str_radix(digits, 16).ok()?;
    Some([16, 8, 0].map(|shift| f64::from((value >> shift) as u8) / 255.0))
}

/// `a` at 0, `b` at 1.
pub(crate) fn mixed(a: Rgb, b: Rgb, t: f64) -> Rgb {
    std::array::from_fn(|channel| a[channel] + (b[channel] - a[channel]) * t)
}

/// What Cap writes for a text of colour `color`: the linear light of it, taken for a stored value (cap-look.md 11.1).
pub(crate) fn linear(color: Rgb) -> Rgb {
    color.map(|value| {
        if value <= 0.04045 {
            value / 12.92
        } else {
            ((value + 0.055) / 1.055).powf(2.4)
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn six_digits_after_a_hash() {
        assert_eq!(parse("#ff8000"), Some([1.0, 128.0 / 255.0, 0.0]));
        assert_eq!(parse("#FFFFFF"), Some(WHITE));
        for other in [
            "", "ff8000", "#fff", "#ff80001", "#ff80g0", "#+f8000", "red", "#ff8ö0",
        ] {
            assert_eq!(parse(other), None, "{other:?}");
        }
    }

    #[test]
    fn half_way_is_the_mean() {
        assert_eq!(mixed([0.0, 0.5, 1.0], [1.0, 0.5, 0.0], 0.25), [0.25, 0.5, 0.75]);
    }

    #[test]
    fn linear_light_is_darker_in_the_middle() {
        // cap-look.md 11.1: 128 -> 55, black and white stay.
        let of = |value: f64| (linear([value / 255.0; 3])[0] * 255.0).round();
        assert_eq!([of(0.0), of(128.0), of(255.0)], [0.0, 55.0, 255.0]);
        assert_eq!(of(10.0), 1.0);
    }
}
