//! Prints to people. File names and texts of recordings are untrusted: nothing here lets a control character through to a
//! terminal.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};

use anyhow::Context;

/// Whether a terminal takes `c` for anything but a sign to show: it moves the cursor, changes colours or the order of what is
/// shown, or can't be seen.
fn controls(c: char) -> bool {
    c.is_control()
        || matches!(c,
            // Line and paragraph separators, marks that change the direction of writing, the byte order mark, invisible tags.
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

fn escape(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let escaped = |c: char| controls(c) && !keep(c);
    if !text.contains(escaped) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if escaped(c) {
            safe.extend(c.escape_default());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

/// The text without anything that controls a terminal; ends of lines are kept.
pub(super) fn lines(text: &str) -> Cow<'_, str> {
    escape(text, |c| c == '\n')
}

/// The text as one line, without its end.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    escape(text, |_| false)
}

/// Adds a line to `text`, whatever is in it.
pub(super) fn push_line(text: &mut String, line: &str) {
    // Writing to a string has no way to fail.
    let _ = writeln!(text, "{}", one_line(line));
}

/// Prints to standard error. When nobody can read it there is nobody to tell.
pub(super) fn say(text: &str) {
    let _ = io::stderr().lock().write_all(lines(text).as_bytes());
}

/// Prints a log event, with its level in colour on a terminal. `event` holds nothing that controls one.
pub(super) fn say_event(event: &str) {
    let painted = [(" WARN ", "33"), ("ERROR ", "31")]
        .into_iter()
        .find_map(|(level, colour)| {
            let rest = event.strip_prefix(level)?;
            Some(format!("\u{1b}[{colour}m{level}\u{1b}[0m{rest}\n"))
        });
    let line = match painted {
        Some(painted) if io::stderr().is_terminal() => painted,
        _ => format!("{event}\n"),
    };
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

/// Prints to standard output. A reader that has seen enough is no error.
pub(super) fn print(text: &str) -> anyhow::Result<()> {
    print_exactly(&lines(text))
}

/// Prints to standard output what a program reads: JSON, a script, a manual page.
pub(super) fn print_exactly(text: &str) -> anyhow::Result<()> {
    match io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(error).context("writing to standard output")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn control_sequences_are_shown_and_not_obeyed() {
        assert_eq!(one_line("a\u{1b}[2J\rb\nc\u{9b}1m"), r"a\u{1b}[2J\rb\nc\u{9b}1m");
        assert_eq!(lines("a\u{7}\nb\tc"), "a\\u{7}\nb\\tc");
        assert_eq!(one_line("\u{202e}4pm.evil\u{2066}"), r"\u{202e}4pm.evil\u{2066}");
        for plain in ["/home/\u{e9}l\u{e8}ve/\u{1f600} a.mp4", "", "\\u{1b}"] {
            assert!(
                matches!(one_line(plain), Cow::Borrowed(same) if same == plain),
                "{plain}"
            );
        }
    }

    proptest! {
        #[test]
        fn no_text_gets_a_control_character_through(text in any::<String>()) {
            prop_assert!(!one_line(&text).contains(controls));
            prop_assert!(!lines(&text).contains(|c| c != '\n' && controls(c)));
        }
    }
}
