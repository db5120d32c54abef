//! Key events as an editor makes groups of them (cap-format.md 5.7), put where the clips show them.

use crate::cap::KeyPress;
use crate::cap::config::{KeyTime, KeyboardSegment, KeyboardSettings};
use crate::scene::facts::Facts;
use crate::scene::timeline::Timeline;
use crate::time::SourceTime;

/// Most groups that clips are made to show: clips that repeat a long recording many times would make any number.
pub(crate) const MOST_GROUPS: usize = 10_000;

/// Keys that belong together, in milliseconds after the segment's epoch.
#[derive(Clone, Debug, PartialEq)]
struct Group {
    start: f64,
    end: f64,
    text: String,
    /// What each key added, and when.
    keys: Vec<(String, f64)>,
}

/// The groups of `presses`, by recording segment, in output time, and whether some were left out because there are too many.
pub(crate) fn placed(
    presses: &[&[KeyPress]],
    settings: &KeyboardSettings,
    timeline: &Timeline,
    facts: &Facts,
) -> (Vec<KeyboardSegment>, bool) {
    let groups: Vec<Vec<Group>> = presses.iter().map(|presses| grouped(presses, settings)).collect();
    let mut placed = Vec::new();
    for (index, clip) in timeline.clips().iter().enumerate() {
        let (Some(groups), Some(facts)) = (groups.get(clip.segment), facts.segments.get(clip.segment)) else {
            continue;
        };
        let source = |ms: f64| SourceTime::from_secs(ms / 1000.0 - facts.clock.event_offset);
        for group in groups {
            let span = |from: f64, to: f64| timeline.output_span_in(index, source(from), source(to));
            let Some((start, end)) = span(group.start, group.end) else {
                continue;
            };
            if placed.len() == MOST_GROUPS {
                return (placed, true);
            }
            let start = start.secs();
            let keys = group.keys.iter().map(|(key, at)| KeyTime {
                key: key.clone(),
                // One that the clip does not show any more is there from the start.
                time_offset: match span(*at, group.end) {
                    Some((at, _)) => 1000.0 * (at.secs() - start),
                    None => 0.0,
                },
            });
            placed.push(KeyboardSegment {
                id: format!("kb-{}", placed.len() + 1),
                start,
                end: end.secs(),
                display_text: group.text.clone(),
                keys: keys.collect(),
                fade_duration_override: None,
                position_override: None,
                color_override: None,
                background_color_override: None,
                font_size_override: None,
                uppercase_override: None,
            });
        }
    }
    placed.sort_by(|a, b| a.start.total_cmp(&b.start));
    (placed, false)
}

/// Which modifiers are held.
#[derive(Clone, Copy, Debug, Default)]
struct Held {
    command: bool,
    control: bool,
    alt: bool,
    shift: bool,
}

impl Held {
    /// The switch of a modifier; `None` for any other key.
    fn switch(&mut self, key: &str) -> Option<&mut bool> {
        match key {
            "LMeta" | "RMeta" | "Meta" | "Command" => Some(&mut self.command),
            "LControl" | "RControl" => Some(&mut self.control),
            "LAlt" | "RAlt" => Some(&mut self.alt),
            "LShift" | "RShift" => Some(&mut self.shift),
            _ => None,
        }
    }

    fn prefix(self) -> String {
        let all = [
            (self.command, '\u{2318}'),
            (self.control, '\u{2303}'),
            (self.alt, '\u{2325}'),
            (self.shift, '\u{21e7}'),
        ];
        all.into_iter()
            .filter(|(held, _)| *held)
            .map(|(_, sign)| sign)
            .collect()
    }
}

/// The sign of a key that prints nothing.
fn symbol(key: &str) -> Option<&'static str> {
    Some(match key {
        "Enter" | "Return" => "\u{23ce}",
        "Tab" => "\u{21e5}",
        "Backspace" => "\u{232b}",
        "Delete" => "\u{2326}",
        "Escape" => "\u{238b}",
        "Space" => "\u{2423}",
        "Up" => "\u{2191}",
        "Down" => "\u{2193}",
        "Left" => "\u{2190}",
        "Right" => "\u{2192}",
        "Home" => "\u{21f1}",
        "End" => "\u{21f2}",
        "PageUp" => "\u{21de}",
        "PageDown" => "\u{21df}",
        _ => return None,
    })
}

/// The groups of `presses`, which are in time order.
fn grouped(presses: &[KeyPress], settings: &KeyboardSettings) -> Vec<Group> {
    let mut grouping = Grouping {
        threshold: settings.grouping_threshold_ms.max(0.0),
        linger: 1000.0 * settings.linger_duration.max(0.0),
        done: Vec::new(),
        open: None,
        last: f64::NEG_INFINITY,
    };
    let mut held = Held::default();
    for press in presses {
        let (key, now) = (press.key.as_str(), press.time_ms);
        if let Some(switch) = held.switch(key) {
            *switch = press.down;
            if press.down && settings.show_modifiers {
                grouping.close_at_last();
                grouping.open(now);
                grouping.append(&held.prefix(), now);
            }
            continue;
        }
        if !press.down {
            continue;
        }
        if key == "Space" {
            grouping.space(now);
            continue;
        }
        let sign = symbol(key);
        if sign.is_some() && !settings.show_special_keys {
            continue;
        }
        if (held.command || held.control) && settings.show_modifiers {
            let shown = sign.map_or_else(|| key.to_uppercase(), str::to_owned);
            grouping.alone(format!("{}{shown}", held.prefix()), now);
            continue;
        }
        let erased = key == "Backspace" && grouping.erase(now);
        let printable = (key.chars().count() == 1).then_some(key);
        if let Some(shown) = sign.or(printable).filter(|_| !erased) {
            grouping.key(shown, now);
        }
    }
    grouping.close_at_last();
    grouping.done
}

struct Grouping {
    /// G, ms.
    threshold: f64,
    /// L, ms.
    linger: f64,
    done: Vec<Group>,
    open: Option<Group>,
    /// When the last key was pressed, ms.
    last: f64,
}

impl Grouping {
    fn near(&self, now: f64) -> bool {
        now - self.last <= self.threshold
    }

    fn open(&mut self, now: f64) {
        self.open = Some(Group {
            start: now,
            end: now,
            text: String::new(),
            keys: Vec::new(),
        });
    }

    /// Ends the open group, if it shows anything, at `end`.
    fn close(&mut self, end: f64) {
        if let Some(group) = self.open.take().filter(|group| !group.text.is_empty()) {
            self.done.push(Group { end, ..group });
        }
    }

    fn close_at_last(&mut self) {
        self.close(self.last + self.linger);
    }

    fn append(&mut self, shown: &str, now: f64) {
        if let Some(group) = &mut self.open {
            group.text.push_str(shown);
            group.keys.push((shown.to_owned(), now));
        }
        self.last = now;
    }

    fn key(&mut self, shown: &str, now: f64) {
        if self.open.is_none() || !self.near(now) {
            self.close_at_last();
            self.open(now);
        }
        self.append(shown, now);
    }

    fn space(&mut self, now: f64) {
        let near = self.near(now);
        if near && self.open.is_some() {
            self.close(now + self.linger);
        } else {
            self.close_at_last();
            if !near {
                self.open(now);
                self.append("\u{2423}", now);
                self.close(now + self.linger);
            }
        }
        self.last = now;
    }

    /// Takes back the last character of an open group; false where there is none.
    fn erase(&mut self, now: f64) -> bool {
        let Some(group) = self.open.as_mut().filter(|group| !group.text.is_empty()) else {
            return false;
        };
        group.text.pop();
        group.keys.pop();
        self.last = now;
        true
    }

    /// A group of its own in the place of the open one.
    fn alone(&mut self, text: String, now: f64) {
        self.open = None;
        self.done.push(Group {
            start: now,
            end: now + self.linger,
            keys: vec![(text.clone(), now)],
            text,
        });
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scene::error::Checks;
    use crate::scene::fixtures::{clip, facts, timeline};

    fn press(key: &str, time_ms: f64) -> KeyPress {
        KeyPress {
            key: key.into(),
            time_ms,
            down: true,
        }
    }

    fn up(key: &str, time_ms: f64) -> KeyPress {
        KeyPress {
            down: false,
            ..press(key, time_ms)
        }
    }

    /// Text, start and end of each group, ms. G is 500 ms, L 800 ms.
    fn groups(presses: &[KeyPress], change: impl Fn(&mut KeyboardSettings)) -> Vec<(String, f64, f64)> {
        let mut settings = KeyboardSettings::default();
        change(&mut settings);
        let groups = grouped(presses, &settings);
        groups
            .into_iter()
            .map(|group| (group.text, group.start, group.end))
            .collect()
    }

    fn of(presses: &[KeyPress]) -> Vec<(String, f64, f64)> {
        groups(presses, |_| {})
    }

    fn group(text: &str, start: f64, end: f64) -> (String, f64, f64) {
        (text.to_owned(), start, end)
    }

    #[test]
    fn keys_within_the_threshold_are_one_group() {
        let presses = [
            press("h", 0.0),
            up("h", 50.0),
            press("i", 500.0),
            press("x", 1001.0),
        ];
        assert_eq!(
            of(&presses),
            [group("hi", 0.0, 1300.0), group("x", 1001.0, 1801.0)]
        );
    }

    #[test]
    fn a_space_closes_a_word_or_stands_alone() {
        let near = [press("a", 0.0), press("Space", 100.0), press("b", 200.0)];
        assert_eq!(of(&near), [group("a", 0.0, 900.0), group("b", 200.0, 1000.0)]);
        let far = [press("a", 0.0), press("Space", 600.0)];
        assert_eq!(
            of(&far),
            [group("a", 0.0, 800.0), group("\u{2423}", 600.0, 1400.0)]
        );
    }

    #[test]
    fn backspace_takes_back_or_shows_its_sign() {
        let presses = [press("a", 0.0), press("b", 100.0), press("Backspace", 200.0)];
        assert_eq!(of(&presses), [group("a", 0.0, 1000.0)]);
        assert_eq!(of(&[press("Backspace", 0.0)]), [group("\u{232b}", 0.0, 800.0)]);
    }

    #[test]
    fn shortcuts_stand_alone() {
        let presses = [
            press("a", 0.0),
            press("LMeta", 100.0),
            press("LShift", 150.0),
            press("k", 200.0),
            up("LMeta", 300.0),
            up("LShift", 300.0),
            press("b", 400.0),
        ];
        // The group that the modifiers opened is dropped by the shortcut.
        assert_eq!(
            of(&presses),
            [
                group("a", 0.0, 800.0),
                group("\u{2318}", 100.0, 900.0),
                group("\u{2318}\u{21e7}K", 200.0, 1000.0),
                group("b", 400.0, 1200.0)
            ]
        );
    }

    #[test]
    fn modifiers_and_special_keys_may_be_hidden() {
        let presses = [press("LControl", 0.0), press("c", 100.0), press("Enter", 200.0)];
        let plain = groups(&presses, |settings| {
            settings.show_modifiers = false;
            settings.show_special_keys = false;
        });
        assert_eq!(plain, [group("c", 100.0, 900.0)]);
        assert!(of(&[press("F5", 0.0), press("CapsLock", 10.0)]).is_empty());
    }

    /// A clip from 1 s on at double speed: what began before is there from its start, everything else takes half the time. The
    /// events' zero lies 0.2 s before that of the clip.
    #[test]
    fn groups_follow_the_clips() {
        let mut facts = facts(&[10.0]);
        facts.segments[0].clock.event_offset = 0.2;
        let list = timeline(vec![clip(0, 1.0, 3.0, 2.0)]);
        let timeline = Timeline::new(Some(&list), &facts, &mut Checks::default()).unwrap();
        let presses = [press("a", 1000.0), press("b", 1400.0), press("c", 9000.0)];
        let (placed, cut) = placed(&[&presses], &KeyboardSettings::default(), &timeline, &facts);
        assert!(!cut);
        assert_eq!(placed.len(), 1);
        let shown = &placed[0];
        // From source second 0.8 to 2.0: shown from the clip's start for half a second; `b` at source second 1.2.
        assert_eq!((shown.id.as_str(), shown.display_text.as_str()), ("kb-1", "ab"));
        assert!(
            shown.start.abs() < 1e-9 && (shown.end - 0.5).abs() < 1e-9,
            "{shown:?}"
        );
        assert!(shown.keys[0].time_offset.abs() < 1e-9);
        assert!((shown.keys[1].time_offset - 100.0).abs() < 1e-6);
    }
}
