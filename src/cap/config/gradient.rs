//! The moving gradient (cap-additions.md). Its settings are described nowhere in public, so only what stands in for it is
//! read: the first colour that its settings name, in the order of the file.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// Settings of a moving gradient.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AnimatedGradient {
    /// R, G, B, 0..=255, of the first colour in the settings: a list of three or four numbers of 0..=255, or `#rrggbb`.
    /// `None` when there is none.
    pub first_color: Option<[u16; 3]>,
}

impl<'de> Deserialize<'de> for AnimatedGradient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let first_color = match Found::deserialize(deserializer)? {
            Found::Color(color) => Some(color),
            Found::Number(_) | Found::Nothing => None,
        };
        Ok(Self { first_color })
    }
}

/// What a part of the settings holds.
enum Found {
    Color([u16; 3]),
    Number(f64),
    Nothing,
}

impl<'de> Deserialize<'de> for Found {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FirstColor)
    }
}

struct FirstColor;

impl<'de> Visitor<'de> for FirstColor {
    type Value = Found;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the settings of a gradient")
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Found, E> {
        Ok(Found::Nothing)
    }

    fn visit_unit<E: Error>(self) -> Result<Found, E> {
        Ok(Found::Nothing)
    }

    #[expect(clippy::cast_precision_loss, reason = "only 0..=255 counts")]
    fn visit_i64<E: Error>(self, value: i64) -> Result<Found, E> {
        Ok(Found::Number(value as f64))
    }

    #[expect(clippy::cast_precision_loss, reason = "only 0..=255 counts")]
    fn visit_u64<E: Error>(self, value: u64) -> Result<Found, E> {
        Ok(Found::Number(value as f64))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Found, E> {
        Ok(Found::Number(value))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Found, E> {
        Ok(hex(text).map_or(Found::Nothing, Found::Color))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Found, A::Error> {
        let mut first = None;
        let mut numbers = Vec::new();
        let mut count = 0;
        while let Some(found) = seq.next_element()? {
            count += 1;
            match found {
                Found::Color(color) => first = first.or(Some(color)),
                Found::Number(value) if count <= 4 && (0.0..=255.0).contains(&value) => numbers.push(value),
                Found::Number(_) | Found::Nothing => {}
            }
        }
        Ok(match (first, &numbers[..]) {
            (Some(color), _) => Found::Color(color),
            (None, [r, g, b, ..]) if count == numbers.len() => {
                Found::Color([r, g, b].map(|value| whole(*value)))
            }
            _ => Found::Nothing,
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Found, A::Error> {
        let mut first = None;
        while map.next_key::<IgnoredAny>()?.is_some() {
            if let Found::Color(color) = map.next_value()? {
                first = first.or(Some(color));
            }
        }
        Ok(first.map_or(Found::Nothing, Found::Color))
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "0..=255, checked"
)]
fn whole(value: f64) -> u16 {
    value.round() as u16
}

fn hex(text: &str) -> Option<[u16; 3]> {
    let digits = text.strip_prefix('#').filter(|digits| digits.len() == 6)?;
    let channel = |at: usize| u16::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    Some([channel(0)?, channel(2)?, channel(4)?])
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_first_colour_is_found_wherever_it_stands() {
        for (text, color) in [
            (
                r#"{"speed": 0.5, "stops": [{"position": 0, "color": [10, 20, 30]}, {"color": [1, 2, 3]}]}"#,
                Some([10, 20, 30]),
            ),
            (
                r##"{"z": {"colors": ["#0a141E", "#ffffff"]}, "a": [1, 2, 3]}"##,
                Some([10, 20, 30]),
            ),
            (r#"{"colors": [[9, 8, 7, 255], [1, 2, 3, 255]]}"#, Some([9, 8, 7])),
            (
                r#"{"points": [0.5, 0.5], "many": [1, 2, 3, 4, 5], "big": [1, 2, 300], "name": "blue", "no": null, "on": true}"#,
                None,
            ),
            ("{}", None),
        ] {
            let found: AnimatedGradient = serde_json::from_str(text).unwrap();
            assert_eq!(found.first_color, color, "{text}");
        }
        assert_eq!(
            serde_json::from_value::<AnimatedGradient>(json!(null)).unwrap(),
            AnimatedGradient::default()
        );
    }
}
