//! What is wrong with a recording: every finding with its file and JSON path, collected rather than thrown one by one.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use super::json::Issue;

/// Findings kept of each severity; a damaged file of millions of entries must not fill the memory with complaints.
const MAX_KEPT: usize = 100;

/// Whether a finding prevents the export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// The recording can't be exported.
    Error,
    /// Exported, with the stated consequence.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Problem {
    /// Whether it prevents the export.
    pub severity: Severity,
    /// The file it was found in, relative to the recording (absolute for a file outside it).
    #[serde(serialize_with = "crate::lossy::path::serialize")]
    #[schemars(with = "PathBuf")]
    pub file: PathBuf,
    /// Where in the file, such as `segments[1].display.path`; `None` when the file as a whole is meant.
    pub json_path: Option<String>,
    /// What was found, what was expected, and what follows from it. Holds no control characters.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: ", printable(&self.file.to_string_lossy()))?;
        if let Some(path) = &self.json_path {
            write!(f, "{path}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// Why a recording could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum CapError {
    /// The path could not be looked at.
    #[error("cannot open the recording {}; give the path of a `.cap` folder", printable(&path.to_string_lossy()))]
    Unreachable {
        /// As given.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// The path is no folder.
    #[error("{} is not a folder; give the path of the `.cap` folder itself", printable(&path.to_string_lossy()))]
    NotAFolder {
        /// As given.
        path: PathBuf,
    },
    /// What it holds prevents an export.
    #[error("cannot export the recording {}: {}", printable(&path.to_string_lossy()), summary(problems))]
    Invalid {
        /// As given.
        path: PathBuf,
        /// Everything found: errors first, the first one found leading, then warnings. Never without an error.
        problems: Vec<Problem>,
    },
}

impl CapError {
    /// Everything found in the recording; empty when it could not be looked into.
    pub fn problems(&self) -> &[Problem] {
        match self {
            Self::Unreachable { .. } | Self::NotAFolder { .. } => &[],
            Self::Invalid { problems, .. } => problems,
        }
    }
}

fn summary(problems: &[Problem]) -> String {
    let mut errors = problems.iter().filter(|p| p.severity == Severity::Error);
    let first = errors.next().map(Problem::to_string).unwrap_or_default();
    match errors.count() {
        0 => first,
        1 => format!("{first} (and 1 more error; `capstan inspect` lists both)"),
        more => format!("{first} (and {more} more errors; `capstan inspect` lists them)"),
    }
}

/// Text of a recording made safe for a terminal: control characters are shown as escapes.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut safe, c| {
            if c.is_control() {
                safe.extend(c.escape_default());
            } else {
                safe.push(c);
            }
            safe
        })
}

/// Findings while a recording is opened.
#[derive(Debug, Default)]
pub(super) struct Problems {
    errors: Vec<Problem>,
    warnings: Vec<Problem>,
    left_out: usize,
    /// Whether warnings are printed when they are absorbed, not when they are noted.
    held_back: bool,
}

impl Problems {
    /// Notes what prevents the export. An empty `json_path` means the file as a whole.
    pub(super) fn error(&mut self, file: impl AsRef<Path>, json_path: &str, message: impl AsRef<str>) {
        self.push(Severity::Error, file.as_ref(), json_path, message.as_ref());
    }

    /// Notes what is odd, with its consequence. An empty `json_path` means the file as a whole.
    pub(super) fn warn(&mut self, file: impl AsRef<Path>, json_path: &str, message: impl AsRef<str>) {
        self.push(Severity::Warning, file.as_ref(), json_path, message.as_ref());
    }

    /// Notes as errors what a JSON parser complained of.
    pub(super) fn issues(&mut self, file: impl AsRef<Path>, issues: &[Issue]) {
        for issue in issues {
            self.error(&file, &issue.path, &issue.message);
        }
    }

    /// Whether anything prevents the export.
    pub(super) fn has_errors(&self) -> bool {
        !self.errors.is_empty()
    }

    /// Errors so far.
    pub(super) fn error_count(&self) -> usize {
        self.errors.len()
    }

    /// The warnings alone, once nothing prevents the export.
    pub(super) fn into_warnings(mut self) -> Vec<Problem> {
        self.say_left_out();
        self.warnings
    }

    /// Everything, errors first.
    pub(super) fn into_all(mut self) -> Vec<Problem> {
        self.say_left_out();
        self.errors.append(&mut self.warnings);
        self.errors
    }

    fn say_left_out(&mut self) {
        if self.left_out > 0 {
            let problem = Problem {
                severity: Severity::Warning,
                file: PathBuf::from("."),
                json_path: None,
                message: format!("{} more problems are not listed", self.left_out),
            };
            tracing::warn!("{problem}");
            self.warnings.push(problem);
            self.left_out = 0;
        }
    }

    /// Takes over what was found elsewhere. An error at a place that no export reads, as `unneeded` says, becomes a warning
    /// that ends in what it says.
    pub(super) fn absorb(&mut self, other: Findings, unneeded: impl Fn(&str) -> Option<String>) {
        let Findings(other) = other;
        for problem in other.errors {
            let place = problem.json_path.as_deref().unwrap_or_default();
            match unneeded(place) {
                Some(why) => self.warn(&problem.file, place, format!("{}; {why}", problem.message)),
                None => self.error(&problem.file, place, &problem.message),
            }
        }
        for problem in other.warnings {
            let place = problem.json_path.as_deref().unwrap_or_default();
            self.warn(&problem.file, place, &problem.message);
        }
        self.left_out += other.left_out;
    }

    fn push(&mut self, severity: Severity, file: &Path, json_path: &str, message: &str) {
        let kept = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        if kept.len() >= MAX_KEPT {
            self.left_out += 1;
            return;
        }
        let problem = Problem {
            severity,
            file: file.to_path_buf(),
            json_path: (!json_path.is_empty()).then(|| printable(json_path)),
            message: printable(message),
        };
        // What is not kept is not printed either.
        if severity == Severity::Warning && !self.held_back {
            tracing::warn!("{problem}");
        }
        kept.push(problem);
    }
}

/// Findings of one part of a recording, whose weight is known only later: see [`Problems::absorb`]. Not printed before.
pub(super) struct Findings(Problems);

impl Findings {
    /// What `look` finds, and what it returns.
    pub(super) fn of<T>(look: impl FnOnce(&mut Problems) -> T) -> (T, Self) {
        let mut problems = Problems {
            held_back: true,
            ..Problems::default()
        };
        let value = look(&mut problems);
        (value, Self(problems))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_leads_with_the_first_error_and_counts_the_rest() {
        let mut problems = Problems::default();
        problems.warn("a.json", "", "odd");
        problems.error("b.json", "x[1].y", "first");
        problems.error("b.json", "", "second");
        let error = CapError::Invalid {
            path: "in.cap".into(),
            problems: problems.into_all(),
        };
        assert_eq!(
            error.to_string(),
            "cannot export the recording in.cap: b.json: x[1].y: first (and 1 more error; `capstan inspect` lists both)"
        );
        let order: Vec<_> = error.problems().iter().map(|p| p.message.as_str()).collect();
        assert_eq!(order, ["first", "second", "odd"]);
    }

    #[test]
    fn control_characters_never_reach_a_terminal() {
        let mut problems = Problems::default();
        problems.error("a.json", "k\u{1b}[2J", "found \u{7}");
        let shown = problems.into_all()[0].to_string();
        assert!(!shown.contains(char::is_control), "{shown:?}");
    }

    #[test]
    fn a_flood_of_warnings_is_counted_not_kept() {
        let mut problems = Problems::default();
        for _ in 0..1000 {
            problems.warn("a.json", "", "odd");
        }
        problems.error("a.json", "", "bad");
        let all = problems.into_all();
        assert_eq!(all.len(), 1 + MAX_KEPT + 1);
        assert_eq!(all[0].severity, Severity::Error);
        assert_eq!(all[MAX_KEPT + 1].message, "900 more problems are not listed");
    }
}
