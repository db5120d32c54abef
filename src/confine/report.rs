//! What the walls keep out, and what they don't.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the kernel refuses a confined process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Confinement {
    /// What is refused from here on.
    pub refused: Vec<Guard>,
    /// What is not, or not wholly, and why.
    pub missing: Vec<Missing>,
    /// The wall around files.
    pub landlock: Wall,
    /// The wall around system calls.
    pub seccomp: Wall,
}

/// Something that a confined process has no business with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// Reading and writing files elsewhere.
    Files,
    /// The network, and sockets of other programs.
    Network,
    /// Starting programs.
    Programs,
    /// Looking into other processes and signalling them.
    Processes,
}

impl Guard {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Files, Self::Network, Self::Programs, Self::Processes];

    /// In words.
    pub const fn describe(self) -> &'static str {
        match self {
            Self::Files => "files elsewhere",
            Self::Network => "the network",
            Self::Programs => "other programs",
            Self::Processes => "other processes",
        }
    }
}

/// A gap in the walls.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// What is not kept out, or not wholly.
    pub guard: Guard,
    /// Why.
    pub why: String,
}

/// One of the walls, as the kernel says that it stands.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Wall {
    /// Whether it stands, and was seen to hold.
    pub stands: bool,
    /// Version of Landlock's interface that is in force.
    pub abi: Option<i32>,
    /// How it was seen to hold, or why it doesn't.
    pub detail: String,
}

impl Wall {
    /// One that is not there.
    pub(super) fn absent(why: impl Into<String>) -> Self {
        Self {
            stands: false,
            abi: None,
            detail: why.into(),
        }
    }

    fn has_abi(&self, abi: i32) -> bool {
        self.stands && self.abi.is_some_and(|found| found >= abi)
    }
}

/// Landlock's version from which on files can't be emptied.
const TRUNCATION: i32 = 3;
/// From which on TCP is refused.
const TCP: i32 = 4;
/// From which on signals are kept inside.
const SIGNALS: i32 = 6;

impl Confinement {
    /// What these two walls come to. `alone` says whether there was no other thread that they don't stand around.
    pub(super) fn of(landlock: Wall, seccomp: Wall, alone: bool) -> Self {
        let mut missing = Vec::new();
        let mut gap = |guard, why: String| missing.push(Missing { guard, why });
        if !alone {
            for guard in Guard::ALL {
                gap(
                    guard,
                    "threads that were there before the walls are outside of them".to_owned(),
                );
            }
        }
        if !landlock.stands {
            gap(Guard::Files, format!("no Landlock: {}", landlock.detail));
        } else if !landlock.has_abi(TRUNCATION) {
            gap(
                Guard::Files,
                "Linux before 6.2 does not refuse to empty (truncate) those that the user may write to"
                    .to_owned(),
            );
        }
        if !seccomp.stands {
            let why = |rest: &str| format!("no seccomp filter: {}; {rest}", seccomp.detail);
            gap(
                Guard::Network,
                why(if landlock.has_abi(TCP) {
                    "TCP is refused, UDP and sockets of other programs are not"
                } else {
                    "nothing of it is refused"
                }),
            );
            gap(
                Guard::Programs,
                why(if landlock.stands {
                    "programs on a disk are refused, those made in memory are not"
                } else {
                    "none is refused"
                }),
            );
            gap(
                Guard::Processes,
                why(if landlock.has_abi(SIGNALS) {
                    "signals and looking into them are refused, other calls are not"
                } else {
                    "signals are not refused"
                }),
            );
        }
        let refused = Guard::ALL
            .into_iter()
            .filter(|guard| missing.iter().all(|missing| missing.guard != *guard))
            .collect();
        Self {
            refused,
            missing,
            landlock,
            seccomp,
        }
    }

    /// With one more gap.
    #[cfg(target_os = "linux")]
    pub(super) fn without(mut self, guard: Guard, why: String) -> Self {
        self.refused.retain(|refused| *refused != guard);
        self.missing.push(Missing { guard, why });
        self
    }

    /// What is refused and by what, in one line.
    pub fn describe(&self) -> String {
        if self.refused.is_empty() {
            return "the kernel refuses nothing".to_owned();
        }
        let refused: Vec<&str> = self.refused.iter().map(|guard| guard.describe()).collect();
        let landlock = self.landlock.abi.map(|abi| format!("Landlock {abi}"));
        let seccomp = self.seccomp.stands.then(|| "seccomp".to_owned());
        let by: Vec<String> = landlock.into_iter().chain(seccomp).collect();
        format!("the kernel refuses {} ({})", refused.join(", "), by.join(" and "))
    }

    /// What is not kept out, a sentence each, for people.
    pub fn warnings(&self) -> Vec<String> {
        self.missing
            .iter()
            .map(|missing| {
                format!(
                    "--confined: the kernel does not keep this process from {}: {}; the program's own checks of paths hold all the same",
                    missing.guard.describe(),
                    missing.why
                )
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn landlock(abi: i32) -> Wall {
        Wall {
            stands: true,
            abi: Some(abi),
            detail: String::new(),
        }
    }

    fn seccomp() -> Wall {
        Wall {
            stands: true,
            abi: None,
            detail: String::new(),
        }
    }

    #[test]
    fn both_walls_refuse_everything() {
        let whole = Confinement::of(landlock(7), seccomp(), true);
        assert_eq!(whole.refused, Guard::ALL);
        assert!(whole.missing.is_empty() && whole.warnings().is_empty());
    }

    #[test]
    fn a_gap_is_never_told_as_refused() {
        use Guard::{Files, Network, Processes, Programs};
        let absent = || Wall::absent("absent here");
        for (found, refused) in [
            (
                Confinement::of(absent(), seccomp(), true),
                vec![Network, Programs, Processes],
            ),
            (
                Confinement::of(landlock(2), seccomp(), true),
                vec![Network, Programs, Processes],
            ),
            (Confinement::of(landlock(3), seccomp(), true), Guard::ALL.to_vec()),
            (Confinement::of(landlock(7), absent(), true), vec![Files]),
            (Confinement::of(absent(), absent(), true), vec![]),
            (Confinement::of(landlock(7), seccomp(), false), vec![]),
        ] {
            assert_eq!(found.refused, refused, "{found:?}");
            assert_eq!(found.warnings().len(), found.missing.len());
        }
        let bare = Confinement::of(absent(), absent(), true);
        assert!(
            bare.warnings()
                .iter()
                .all(|warning| warning.contains("absent here"))
        );
        // TCP came with the fourth version.
        let network = |abi| {
            Confinement::of(landlock(abi), absent(), true).missing[0]
                .why
                .clone()
        };
        assert!(network(4).contains("TCP is refused") && !network(3).contains("TCP is refused"));
    }
}
