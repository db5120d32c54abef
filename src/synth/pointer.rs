//! Pointer events and pointer images (cap-format.md 2.6 and 5).

use serde_json::{Value, json};

use super::script::Script;

/// A pointer image: straight-alpha RGBA.
pub(super) struct Art {
    pub width: u32,
    pub height: u32,
    pub pixels: Vec<u8>,
    /// Fraction of the image.
    pub hotspot: (f64, f64),
}

const ARROW: [&str; 19] = [
    "#           ",
    "##          ",
    "#.#         ",
    "#..#        ",
    "#...#       ",
    "#....#      ",
    "#.....#     ",
    "#......#    ",
    "#.......#   ",
    "#........#  ",
    "#.........# ",
    "#......#####",
    "#...#..#    ",
    "#..# #..#   ",
    "#.#  #..#   ",
    "##    #..#  ",
    "#     #..#  ",
    "       ##   ",
    "            ",
];

const BEAM: [&str; 16] = [
    "###.###", "#.....#", "###.###", "  #.#  ", "  #.#  ", "  #.#  ", "  #.#  ", "  #.#  ", "  #.#  ",
    "  #.#  ", "  #.#  ", "  #.#  ", "  #.#  ", "###.###", "#.....#", "###.###",
];

/// The arrow, id "0".
pub(super) fn arrow() -> Art {
    art(&ARROW, (0.0, 0.0))
}

/// The text beam, id "1".
pub(super) fn beam() -> Art {
    art(&BEAM, (0.5, 0.5))
}

/// `#` black, `.` white, blank transparent; every character becomes 2x2 pixels, as on a dense display.
fn art(rows: &[&str], hotspot: (f64, f64)) -> Art {
    const DENSITY: usize = 2;
    let mut pixels = Vec::new();
    for row in rows {
        let line: Vec<u8> = row
            .bytes()
            .flat_map(|byte| {
                let pixel = match byte {
                    b'#' => [0, 0, 0, 255],
                    b'.' => [255, 255, 255, 255],
                    _ => [0, 0, 0, 0],
                };
                [pixel; DENSITY]
            })
            .flatten()
            .collect();
        for _ in 0..DENSITY {
            pixels.extend_from_slice(&line);
        }
    }
    Art {
        width: (rows[0].len() * DENSITY) as u32,
        height: (rows.len() * DENSITY) as u32,
        pixels,
        hotspot,
    }
}

/// `cursor.json` of a segment whose screen begins `display_start` seconds after the epoch and lasts `seconds`: a position
/// about every 16 ms where it changed, and the clicks.
pub(super) fn events(script: &Script, display_start: f64, seconds: f64) -> Value {
    let id = |time: f64| if script.pointer(time).over_text { "1" } else { "0" };
    let mut moves = Vec::new();
    let mut last = None;
    for tick in 0..(seconds * 60.0).ceil() as u64 {
        let time = tick as f64 / 60.0;
        let state = script.pointer(time);
        // Whole thousandths: positions of a pointer are whole pixels, too.
        let place = (
            (state.x * 1000.0).round() / 1000.0,
            (state.y * 1000.0).round() / 1000.0,
        );
        if last.replace((place, state.over_text)) != Some((place, state.over_text)) {
            moves.push(json!({
                "active_modifiers": [], "cursor_id": id(time), "time_ms": milliseconds(time + display_start),
                "x": place.0, "y": place.1,
            }));
        }
    }
    let clicks: Vec<Value> = script
        .buttons(seconds)
        .into_iter()
        .map(|event| {
            json!({
                "active_modifiers": [], "cursor_num": 1, "cursor_id": id(event.seconds),
                "time_ms": milliseconds(event.seconds + display_start), "down": event.down,
            })
        })
        .collect();
    json!({ "clicks": clicks, "moves": moves })
}

/// Milliseconds with three decimals.
fn milliseconds(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::events::PointerEvents;

    #[test]
    fn events_are_in_order_and_parse() {
        let value = events(&Script::new(5.0), 0.2, 5.0);
        let events: PointerEvents = serde_json::from_value(value).unwrap();
        assert!(events.moves.is_sorted_by(|a, b| a.time_ms < b.time_ms));
        assert!(events.clicks.is_sorted_by(|a, b| a.time_ms < b.time_ms));
        assert_eq!(events.moves[0].time_ms, 200.0);
        assert!(events.moves.iter().any(|m| m.cursor_id == "1"));
        assert!(events.clicks.len() >= 4);
        // Rests leave gaps: far fewer samples than 60 a second.
        assert!(events.moves.len() < 280, "{}", events.moves.len());
    }

    #[test]
    fn images_are_whole() {
        for art in [arrow(), beam()] {
            assert_eq!(art.pixels.len(), (art.width * art.height * 4) as usize);
        }
    }
}
