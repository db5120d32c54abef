//! Takes places and names out of texts before they are kept: baselines are published.

use std::path::Path;

use serde_json::Value;

/// Replaces texts by others.
#[derive(Clone, Debug, Default)]
pub(super) struct Scrub {
    /// What is replaced by what, the longest first.
    rules: Vec<(String, String)>,
}

impl Scrub {
    /// Knows this user's home and name, and the folder for temporary files.
    pub(super) fn of_user() -> Self {
        let mut scrub = Self::default();
        if let Some(home) = std::env::home_dir() {
            scrub.add(&home, "~");
        }
        scrub.add(&std::env::temp_dir(), "<temporary>");
        for variable in ["USER", "LOGNAME", "USERNAME"] {
            // A name as short as "c" would take letters out of everything.
            match std::env::var(variable) {
                Ok(name) if name.len() >= 3 => {
                    scrub.add_text(&format!("/{name}/"), "/<user>/");
                }
                _ => {}
            }
        }
        scrub
    }

    /// Also replaces `path`, as given and as resolved, by `by`.
    pub(super) fn add(&mut self, path: &Path, by: &str) {
        for path in [Some(path.to_owned()), path.canonicalize().ok()]
            .into_iter()
            .flatten()
        {
            // The root folder and relative paths like "." are in every text.
            if path.is_absolute() && path.components().count() > 1 {
                self.add_text(&path.to_string_lossy(), by);
            }
        }
    }

    fn add_text(&mut self, text: &str, by: &str) {
        if !self.rules.iter().any(|(known, _)| known == text) {
            self.rules.push((text.to_owned(), by.to_owned()));
            self.rules.sort_by_key(|(text, _)| std::cmp::Reverse(text.len()));
        }
    }

    /// The text without what must not be kept.
    pub(super) fn text(&self, text: &str) -> String {
        self.rules
            .iter()
            .fold(text.to_owned(), |text, (what, by)| text.replace(what, by))
    }

    /// Scrubs every text in `value`; a text that is an absolute path as a whole keeps only its last part.
    pub(super) fn json(&self, value: &mut Value) {
        match value {
            Value::String(text) => {
                let path = Path::new(text.as_str());
                *text = match path.file_name() {
                    Some(name) if path.is_absolute() && !text.contains(char::is_whitespace) => {
                        name.to_string_lossy().into_owned()
                    }
                    _ => self.text(text),
                };
            }
            Value::Array(values) => values.iter_mut().for_each(|value| self.json(value)),
            Value::Object(fields) => fields.values_mut().for_each(|value| self.json(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn places_and_names_go() {
        let mut scrub = Scrub::default();
        scrub.add(Path::new("/home/ada"), "~");
        scrub.add(Path::new("/home/ada/Movies/demo.cap"), "demo.cap");
        scrub.add_text("/ada/", "/<user>/");
        let mut value = json!({
            "path": "/home/ada/out.mp4",
            "warnings": ["can't read /home/ada/Movies/demo.cap/content/cursor.json: no such file", "/media/ada/x y: gone"],
            "codec": "h264", "n": 3
        });
        scrub.json(&mut value);
        let expected = json!({
            "path": "out.mp4",
            "warnings": ["can't read demo.cap/content/cursor.json: no such file", "/media/<user>/x y: gone"],
            "codec": "h264", "n": 3
        });
        assert_eq!(value, expected);
    }

    #[test]
    fn the_root_folder_is_no_rule() {
        let mut scrub = Scrub::default();
        scrub.add(Path::new("/"), "~");
        scrub.add(Path::new("."), "~");
        assert_eq!(scrub.text("a/b ."), "a/b .");
    }
}
