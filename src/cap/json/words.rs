//! The JSON parser's complaints in plain words, for readers who do not know this program's source: no names of its own types,
//! no words of Rust.

/// `message`, the parser's own, in words.
pub(super) fn in_words(message: &str) -> String {
    let message = without_place(message);
    if let Some(rest) = message.strip_prefix("unknown variant ") {
        return match rest.split_once(", expected ") {
            Some((found, expected)) => format!("expected {}, found {found}", one_of(expected)),
            None => format!("{rest} is not a name that stands here"),
        };
    }
    if let Some(rest) = message.strip_prefix("duplicate field ") {
        return format!("the key {rest} stands here twice");
    }
    for kind in ["invalid type: ", "invalid value: ", "invalid length "] {
        let Some(rest) = message.strip_prefix(kind) else {
            continue;
        };
        // The text that was found may itself hold the words, what was expected doesn't.
        let Some((found, wanted)) = rest.rsplit_once(", expected ") else {
            continue;
        };
        let found = match kind {
            "invalid length " => format!("{found} of them"),
            _ => found_in_words(found),
        };
        return format!("expected {}, found {found}", expected(wanted));
    }
    message.to_owned()
}

/// Without the place that the parser adds where it knows it: the path of a fault says more than a column.
fn without_place(message: &str) -> &str {
    let Some((text, place)) = message.rsplit_once(" at line ") else {
        return message;
    };
    let is_place = place.split_once(" column ").is_some_and(|(line, column)| {
        [line, column]
            .iter()
            .all(|n| n.bytes().all(|b| b.is_ascii_digit()))
    });
    if is_place { text } else { message }
}

/// "`a` or `b`" and "one of `a`, `b`, `c`" as they are; a single name and none at all as well.
fn one_of(expected: &str) -> &str {
    match expected {
        "" => "another name",
        expected => expected,
    }
}

fn found_in_words(found: &str) -> String {
    match found {
        "null" | "unit value" | "Option value" => return "null".into(),
        "sequence" => return "an array".into(),
        "map" | "struct variant" | "newtype variant" => return "an object".into(),
        "unit variant" => return "a text".into(),
        _ => {}
    }
    for (kind, word) in [
        ("string ", "the text "),
        ("integer ", "the number "),
        ("floating point ", "the number "),
        ("boolean ", ""),
        ("character ", "the text "),
    ] {
        if let Some(value) = found.strip_prefix(kind) {
            return format!("{word}{}", value.trim_matches('`'));
        }
    }
    found.to_owned()
}

/// What a Rust type takes, in words.
fn expected(wanted: &str) -> String {
    let word = match wanted {
        "f64" | "f32" => "a number",
        "u8" => "a whole number of 0 to 255",
        "u16" => "a whole number of 0 to 65535",
        "u32" => "a whole number of 0 to 4294967295",
        "u64" | "usize" => "a whole number of at least 0",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "a string" | "string" | "str" | "a borrowed string" => "a text",
        "a boolean" | "bool" => "true or false",
        "a sequence" => "an array",
        "a map" => "an object",
        "unit" => "null",
        "string or map" => "a text or an object",
        "variant identifier" | "field identifier" => "a name",
        _ => "",
    };
    if !word.is_empty() {
        return word.into();
    }
    // A type of this program: all of them are objects, and where they may be texts the parser says "string or map".
    for kind in [
        "struct variant ",
        "tuple variant ",
        "internally tagged enum ",
        "struct ",
        "enum ",
        "newtype variant ",
    ] {
        if wanted.starts_with(kind) {
            // "struct X with 2 elements" is how it complains of an array that stands for an object.
            return "an object".into();
        }
    }
    if let Some(length) = wanted.strip_prefix("an array of length ") {
        return format!("an array of {length}");
    }
    if wanted.starts_with("unit variant ") {
        return "a text".into();
    }
    wanted.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_of_this_program_are_not_named() {
        for (message, words) in [
            (
                "invalid type: string \"one\", expected struct VideoTrack",
                "expected an object, found the text \"one\"",
            ),
            (
                "invalid type: integer `-1`, expected u32",
                "expected a whole number of 0 to 4294967295, found the number -1",
            ),
            (
                "invalid type: floating point `1.5`, expected u8",
                "expected a whole number of 0 to 255, found the number 1.5",
            ),
            (
                "invalid type: null, expected f64 at line 1 column 8",
                "expected a number, found null",
            ),
            (
                "invalid type: boolean `true`, expected a string",
                "expected a text, found true",
            ),
            (
                "invalid type: map, expected a sequence",
                "expected an array, found an object",
            ),
            (
                "invalid type: sequence, expected internally tagged enum BackgroundSource",
                "expected an object, found an array",
            ),
            (
                "invalid length 2, expected an array of length 3",
                "expected an array of 3, found 2 of them",
            ),
            (
                "invalid length 1, expected struct Xy with 2 elements",
                "expected an object, found 1 of them",
            ),
            (
                "invalid type: integer `3`, expected string or map",
                "expected a text or an object, found the number 3",
            ),
            (
                "unknown variant `star`, expected `square` or `source`",
                "expected `square` or `source`, found `star`",
            ),
            (
                "unknown variant `star`, expected one of `wide`, `tall`",
                "expected one of `wide`, `tall`, found `star`",
            ),
            ("duplicate field `path`", "the key `path` stands here twice"),
            (
                "invalid type: string \"a, expected b\", expected a boolean",
                "expected true or false, found the text \"a, expected b\"",
            ),
            ("number out of range at line 3 column 5", "number out of range"),
            ("something at line seven", "something at line seven"),
        ] {
            assert_eq!(in_words(message), words);
        }
    }
}
