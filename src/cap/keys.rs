//! `keyboard.bin` and `keyboard.json` of a segment: which keys were pressed when (cap-format.md 5.6).

use serde::Deserialize;

use super::MAX_SECONDS;
use super::json;
use super::paths::Root;
use super::problem::Problems;

/// What a file of the current form begins with.
const MAGIC: &[u8] = b"CPKB01";
/// Longest name of a key, bytes: the names that recorders write are far shorter.
const LONGEST_NAME: usize = 64;

/// A key that went down or up.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyPress {
    /// Its name: a printable one in lower case, any other in words.
    pub key: String,
    /// Milliseconds after the segment's epoch.
    pub time_ms: f64,
    /// Whether it went down.
    pub down: bool,
}

#[derive(Deserialize)]
struct Presses {
    #[serde(default)]
    presses: Vec<KeyPress>,
}

/// The events in the file `stored`, in time order; empty, with a warning, where they can't be read.
pub(super) fn load(root: &Root, stored: &str, problems: &mut Problems) -> Vec<KeyPress> {
    let mut fail = |message: String| {
        problems.warn(
            stored,
            "",
            format!("{message}; no keys are drawn in this segment"),
        );
        Vec::new()
    };
    let path = match root.file(stored) {
        Ok(path) => path,
        Err(fault) => return fail(fault.to_string()),
    };
    let bytes = match json::read(&path, json::EVENTS_LIMIT) {
        Ok(bytes) => bytes,
        Err(fault) => return fail(fault.to_string()),
    };
    let binary = match bytes.strip_prefix(MAGIC) {
        Some(payload) => Payload(payload).presses(),
        // Without its beginning the file may still hold the same, or be of the older form.
        None => Payload(&bytes).presses().or_else(|| {
            let old = json::parse::<Presses>(&bytes).ok()?;
            Some(old.presses)
        }),
    };
    let Some(mut presses) = binary else {
        return fail("neither key events in the form of keyboard.bin nor of keyboard.json".to_owned());
    };
    let before = presses.len();
    presses.retain(|press| {
        let seconds = press.time_ms / 1000.0;
        seconds.abs() <= MAX_SECONDS && press.key.len() <= LONGEST_NAME && !press.key.is_empty()
    });
    if presses.len() < before {
        let gone = before - presses.len();
        let message = format!("{gone} of {before} events have impossible times or names and are left out");
        problems.warn(stored, "", message);
    }
    presses.sort_by(|a, b| a.time_ms.total_cmp(&b.time_ms));
    presses
}

/// The rest of a record in bincode 2's standard configuration.
struct Payload<'a>(&'a [u8]);

impl<'a> Payload<'a> {
    /// The whole record: a count and as many presses. `None` where it is something else.
    fn presses(mut self) -> Option<Vec<KeyPress>> {
        let count = usize::try_from(self.number()?).ok()?;
        // Each takes eleven bytes at least: no memory is taken for a count that the file can't hold.
        if count > self.0.len() / 11 {
            return None;
        }
        let presses = (0..count).map(|_| self.press()).collect::<Option<Vec<_>>>()?;
        self.0.is_empty().then_some(presses)
    }

    fn press(&mut self) -> Option<KeyPress> {
        let key = self.text()?;
        self.text()?;
        let time_ms = f64::from_le_bytes(self.bytes(8)?.try_into().ok()?);
        let down = match self.bytes(1)? {
            [0] => false,
            [1] => true,
            _ => return None,
        };
        Some(KeyPress { key, time_ms, down })
    }

    fn text(&mut self) -> Option<String> {
        let length = usize::try_from(self.number()?).ok()?;
        let bytes = self.bytes(length)?;
        String::from_utf8(bytes.to_vec()).ok()
    }

    /// An integer of variable length.
    fn number(&mut self) -> Option<u64> {
        let [first] = *self.bytes(1)? else { return None };
        let wide = match first {
            0..=250 => return Some(u64::from(first)),
            251 => 2,
            252 => 4,
            253 => 8,
            _ => return None,
        };
        let mut number = [0; 8];
        number[..wide].copy_from_slice(self.bytes(wide)?);
        Some(u64::from_le_bytes(number))
    }

    fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cap::problem::Problem;

    fn loaded(bytes: &[u8]) -> (Vec<KeyPress>, Vec<Problem>) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("keyboard.bin"), bytes).unwrap();
        let root = Root::open(folder.path()).unwrap();
        let mut problems = Problems::default();
        let presses = load(&root, "keyboard.bin", &mut problems);
        (presses, problems.into_all())
    }

    /// cap-format.md 5.6: one press of `a` at 1.0 ms.
    const EXAMPLE: [u8; 14] = [1, 1, 0x61, 1, 0x41, 0, 0, 0, 0, 0, 0, 0xF0, 0x3F, 1];

    fn with_magic(payload: &[u8]) -> Vec<u8> {
        [MAGIC, payload].concat()
    }

    #[test]
    fn the_example_with_and_without_its_beginning() {
        let a = KeyPress {
            key: "a".into(),
            time_ms: 1.0,
            down: true,
        };
        for bytes in [with_magic(&EXAMPLE), EXAMPLE.to_vec()] {
            assert_eq!(loaded(&bytes), (vec![a.clone()], vec![]));
        }
    }

    #[test]
    fn the_older_form() {
        let text = r#"{"presses":[{"key":"b","keyCode":"B","timeMs":812.0,"down":false},
            {"key":"a","keyCode":"A","timeMs":12.5,"down":true}]}"#;
        let (presses, problems) = loaded(text.as_bytes());
        assert!(problems.is_empty());
        let times: Vec<_> = presses
            .iter()
            .map(|press| (press.key.as_str(), press.time_ms, press.down))
            .collect();
        assert_eq!(times, [("a", 12.5, true), ("b", 812.0, false)]);
    }

    #[test]
    fn lengths_of_every_width() {
        for (bytes, number) in [
            (&[250][..], Some(250)),
            (&[251, 0x34, 0x12], Some(0x1234)),
            (&[252, 1, 0, 0, 0x80], Some(0x8000_0001)),
            (&[253, 1, 0, 0, 0, 0, 0, 0, 0x80], Some(0x8000_0000_0000_0001)),
            (&[251, 1], None),
            (&[254, 0, 0, 0, 0], None),
            (&[], None),
        ] {
            assert_eq!(Payload(bytes).number(), number, "{bytes:?}");
        }
    }

    #[test]
    fn what_is_torn_absurd_or_something_else_is_told() {
        let mut nan = with_magic(&EXAMPLE);
        nan[11..19].copy_from_slice(&f64::NAN.to_le_bytes());
        let cut = with_magic(&EXAMPLE[..9]);
        let more = with_magic(&[&EXAMPLE[..], &[7]].concat());
        // A count of 2^63 without anything behind it.
        let huge = with_magic(&[253, 0, 0, 0, 0, 0, 0, 0, 0x80]);
        for bytes in [nan, cut, more, huge, b"no keys".to_vec()] {
            let (presses, problems) = loaded(&bytes);
            assert!(presses.is_empty(), "{bytes:?}");
            assert_eq!(problems.len(), 1, "{problems:?}");
        }
    }
}
