//! What of a group of keys is shown yet (cap-look.md 14).

/// The part of `text` to show `since` milliseconds after the group began, when its keys were pressed at `offsets`.
///
/// With one key for every character they appear one by one, the first at once. With another number the whole appears
/// with the earliest key, and without keys at once.
pub(crate) fn shown<'a>(text: &'a str, offsets: &[f64], since: f64) -> &'a str {
    if offsets.is_empty() {
        return text;
    }
    let pressed = offsets.iter().filter(|&&offset| offset <= since).count();
    if text.chars().count() == offsets.len() {
        let last = text
            .char_indices()
            .zip(offsets)
            .filter(|(_, offset)| **offset <= since)
            .map(|((at, c), _)| at + c.len_utf8());
        let first = text.chars().next().map_or(0, char::len_utf8);
        return &text[..last.max().unwrap_or(0).max(first)];
    }
    if pressed > 0 { text } else { "" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_appear_with_their_keys() {
        let at = |since| shown("h\u{e4}i", &[100.0, 200.0, 300.0], since);
        assert_eq!(at(0.0), "h", "the first is there at once");
        assert_eq!(at(100.0), "h");
        assert_eq!(at(199.9), "h");
        assert_eq!(at(200.0), "h\u{e4}");
        assert_eq!(at(1e9), "h\u{e4}i");
    }

    #[test]
    fn other_numbers_of_keys_show_all_at_once() {
        assert_eq!(shown("\u{2318}K", &[50.0], 49.0), "");
        assert_eq!(shown("\u{2318}K", &[50.0], 50.0), "\u{2318}K");
        assert_eq!(shown("\u{2318}K", &[], 0.0), "\u{2318}K");
        assert_eq!(shown("", &[], 0.0), "");
        assert_eq!(shown("", &[1.0], 5.0), "");
    }
}
