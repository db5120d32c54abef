//! `--from` and `--to`: which part of the output is made.

use anyhow::bail;
use clap::Args;

use crate::export::Span;

/// Which part of the output is made.
#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct SpanArgs {
    /// Begin at this time of the output: seconds, m:ss or h:mm:ss, with fractions [default: its start]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<f64>,
    /// End at this time of the output [default: its end]
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    to: Option<f64>,
}

impl SpanArgs {
    /// What is asked for.
    pub(super) fn resolve(self) -> anyhow::Result<Span> {
        let span = match (self.from, self.to) {
            (None, None) => Span::Whole,
            (from, to) => Span::Times {
                from: from.unwrap_or(0.0),
                to,
            },
        };
        if let (Some(from), Some(to)) = (self.from, self.to)
            && to <= from
        {
            bail!("--to {to} s must lie behind --from {from} s");
        }
        Ok(span)
    }
}

/// Seconds of `90`, `90.5`, `1:30`, `1:30.5` or `1:02:03.25`.
fn parse_time(text: &str) -> Result<f64, String> {
    let expected = || "expected seconds, m:ss or h:mm:ss, e.g. 90, 90.5, 1:30 or 1:02:03.25".to_owned();
    let fields: Vec<&str> = text.split(':').collect();
    let (last, before) = fields.split_last().ok_or_else(expected)?;
    if before.len() > 2 {
        return Err(expected());
    }
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = last.split_once('.').unwrap_or((last, "0"));
    if !digits(whole) || !digits(fraction) {
        return Err(expected());
    }
    let mut seconds: f64 = last.parse().map_err(|_| expected())?;
    let mut unit = 60.0;
    for (place, field) in before.iter().rev().enumerate() {
        if !digits(field) {
            return Err(expected());
        }
        let count: f64 = field.parse().map_err(|_| expected())?;
        // Only the first field may be as large as it likes.
        if place + 1 < before.len() && count >= 60.0 {
            return Err(expected());
        }
        seconds += count * unit;
        unit *= 60.0;
    }
    if !before.is_empty() && (whole.len() > 2 || whole.parse::<f64>().is_ok_and(|field| field >= 60.0)) {
        return Err(expected());
    }
    if seconds > 1e9 {
        Err(expected())
    } else {
        Ok(seconds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_people_write_them() {
        for (text, seconds) in [
            ("0", 0.0),
            ("90", 90.0),
            ("90.5", 90.5),
            ("1:30", 90.0),
            ("1:30.25", 90.25),
            ("0:05", 5.0),
            ("0:5", 5.0),
            ("90:00", 5400.0),
            ("1:02:03.5", 3723.5),
            ("0:00:00.040", 0.04),
        ] {
            assert_eq!(parse_time(text), Ok(seconds), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_times() {
        for text in [
            "",
            ":",
            "1:",
            ":30",
            "1:60",
            "1:99:00",
            "1:2:3:4",
            "-1",
            "+1",
            "1e3",
            "nan",
            "inf",
            "1,5",
            "5s",
            "1:030",
            "1.",
            ".5",
            "1:-2",
            "99999999999",
        ] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_end_lies_behind_the_start() {
        let of = |from, to| SpanArgs { from, to }.resolve();
        assert_eq!(of(None, None).unwrap(), Span::Whole);
        assert_eq!(
            of(None, Some(2.0)).unwrap(),
            Span::Times {
                from: 0.0,
                to: Some(2.0)
            }
        );
        assert!(of(Some(2.0), Some(2.0)).is_err() && of(Some(3.0), Some(2.0)).is_err());
    }
}
