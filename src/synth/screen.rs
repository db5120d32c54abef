//! A desktop with an editor, a page and a terminal, redrawn only where something changed.

use super::canvas::{Area, Canvas, GLYPH, Rgb};
use super::script::{Moment, Script, Window};
use crate::frame::Size;

const CODE: &str = "\
fn export(recording: &Recording, target: &Path) -> Result<Summary> {
    let plan = Plan::new(recording, settings)?;
    let (tx, rx) = bounded(4);
    scope(|s| {
        s.spawn(|| decode(&plan, tx));
        for picture in rx {
            let frame = compose(&plan, picture)?;
            encoder.push(convert(frame)?)?;
        }
        encoder.finish()
    })
}

// One frame late is too late: the ring holds three.
";

const PAGE: [&str; 6] = [
    "Frames are pulled, not pushed: a slow stage makes the others wait.",
    "A picture that did not change is neither drawn nor read back again.",
    "Time is counted in ticks of the stream, and never in frames.",
    "Every queue has a bound, and the bound is written down.",
    "What falls back says so, and says why.",
    "Numbers come with the machine they were measured on.",
];

const OUTPUT: [&str; 5] = [
    "$ cargo test --lib scene",
    "   Compiling capstan v0.1.0",
    "test scene::timeline::cuts ... ok",
    "test scene::zoom::settles ... ok",
    "test result: ok. 42 passed; 0 failed",
];

const INK: Rgb = [36, 41, 51];
const PAPER: Rgb = [250, 250, 248];
const NIGHT: Rgb = [24, 26, 33];
const LIGHT: Rgb = [214, 222, 235];
const GREEN: Rgb = [126, 211, 133];
const ACCENT: Rgb = [92, 124, 250];

/// A made screen.
pub(super) struct Screen {
    canvas: Canvas,
    script: Script,
    shown: Option<Moment>,
    scale: i32,
    /// The whole scrolled page, of which the browser shows a part.
    page: Canvas,
}

impl Screen {
    /// A screen of `size` that plays `script`.
    pub(super) fn new(size: Size, script: Script) -> Self {
        let scale = (size.width.min(size.height) as i32 / 540).max(1);
        let mut screen = Self {
            canvas: Canvas::new(size, [0, 0, 0]),
            script,
            shown: None,
            scale,
            page: Canvas::new(Size::new(1, 1), PAPER),
        };
        screen.page = page(screen.content(Window::Browser), scale);
        screen
    }

    /// The picture.
    pub(super) fn canvas(&mut self) -> &mut Canvas {
        &mut self.canvas
    }

    /// Brings the picture to `seconds`; says whether it changed.
    pub(super) fn advance(&mut self, seconds: f64) -> bool {
        let moment = self.script.moment(seconds);
        let Some(shown) = self.shown.replace(moment) else {
            self.draw_desktop();
            for window in [Window::Terminal, Window::Browser, Window::Editor] {
                self.draw_window(window, &moment);
            }
            self.draw_window(moment.front, &moment);
            return true;
        };
        if shown.front != moment.front {
            self.draw_window(moment.front, &moment);
            return true;
        }
        match moment.front {
            Window::Editor if shown.typed != moment.typed => self.type_on(shown.typed, &moment),
            Window::Browser if self.page_top(&shown) != self.page_top(&moment) => self.draw_page(&moment),
            Window::Terminal if shown.printed != moment.printed => self.draw_output(&moment),
            _ => return false,
        }
        true
    }

    fn frame(&self, window: Window) -> Area {
        let size = self.canvas.size();
        let (width, height) = (f64::from(size.width), f64::from(size.height));
        let (x, y, w, h) = match window {
            Window::Editor => (0.05, 0.10, 0.55, 0.66),
            Window::Browser => (0.40, 0.14, 0.56, 0.70),
            Window::Terminal => (0.16, 0.56, 0.58, 0.38),
        };
        Area::new(
            (x * width) as i32,
            (y * height) as i32,
            (w * width) as i32,
            (h * height) as i32,
        )
    }

    fn bar_height(&self) -> i32 {
        GLYPH * self.scale * 2
    }

    /// A window without its title bar.
    fn content(&self, window: Window) -> Area {
        let frame = self.frame(window);
        let bar = self.bar_height();
        Area::new(frame.x, frame.y + bar, frame.width, frame.height - bar)
    }

    fn text_area(&self, window: Window) -> Area {
        self.content(window).inner(GLYPH * self.scale)
    }

    fn line_height(&self) -> i32 {
        GLYPH * self.scale * 3 / 2
    }

    fn draw_desktop(&mut self) {
        let size = self.canvas.size();
        let all = Area::new(0, 0, size.width as i32, size.height as i32);
        self.canvas.gradient(all, [44, 62, 104], [122, 90, 138]);
        let bar = Area::new(0, 0, all.width, self.bar_height());
        self.canvas.fill(bar, [28, 30, 38]);
        let (scale, half) = (self.scale, GLYPH * self.scale / 2);
        self.canvas
            .text(half, half, scale, LIGHT, "Desktop   File   Edit   View");
    }

    fn draw_window(&mut self, window: Window, moment: &Moment) {
        let frame = self.frame(window);
        let (bar, scale) = (self.bar_height(), self.scale);
        let (title, title_color, background) = match window {
            Window::Editor => ("export.rs - editor", [226, 228, 234], PAPER),
            Window::Browser => ("How a frame travels", [214, 219, 232], PAPER),
            Window::Terminal => ("terminal", [52, 56, 68], NIGHT),
        };
        self.canvas.fill(frame.inner(-scale), [16, 18, 24]);
        self.canvas.fill(frame, background);
        self.canvas
            .fill(Area::new(frame.x, frame.y, frame.width, bar), title_color);
        for (index, color) in [[255, 95, 87], [254, 188, 46], [40, 200, 64]]
            .into_iter()
            .enumerate()
        {
            let left = frame.x + bar / 2 + index as i32 * bar * 3 / 4;
            self.canvas
                .ellipse(Area::new(left, frame.y + bar / 4, bar / 2, bar / 2), color);
        }
        let title_ink = if window == Window::Terminal { LIGHT } else { INK };
        self.canvas
            .text(frame.x + bar * 4, frame.y + bar / 4, scale, title_ink, title);
        match window {
            Window::Editor => self.draw_code(moment.typed),
            Window::Browser => self.draw_page(moment),
            Window::Terminal => self.draw_output(moment),
        }
    }

    fn type_on(&mut self, before: usize, moment: &Moment) {
        if line_of(before) != line_of(moment.typed) {
            self.draw_code(moment.typed);
            return;
        }
        // Still the same line: only it is drawn again, caret included.
        let area = self.text_area(Window::Editor);
        let row = self.visible_rows(area).min(line_of(moment.typed) + 1) - 1;
        let y = area.y + row as i32 * self.line_height();
        self.canvas
            .fill(Area::new(area.x, y, area.width, self.line_height()), PAPER);
        let line = typed_lines(moment.typed).pop().unwrap_or_default();
        self.draw_code_line(area, y, line_of(moment.typed), &line, true);
    }

    fn draw_code(&mut self, typed: usize) {
        let area = self.text_area(Window::Editor);
        self.canvas.fill(area, PAPER);
        let lines = typed_lines(typed);
        let first = lines.len().saturating_sub(self.visible_rows(area));
        for (row, line) in lines[first..].iter().enumerate() {
            let y = area.y + row as i32 * self.line_height();
            self.draw_code_line(area, y, first + row, line, first + row + 1 == lines.len());
        }
    }

    fn draw_code_line(&mut self, area: Area, y: i32, number: usize, line: &str, caret: bool) {
        let (scale, ink) = (
            self.scale,
            if line.trim_start().starts_with("//") {
                [106, 128, 90]
            } else {
                INK
            },
        );
        // Six columns for the number, one for the caret.
        let columns = (area.width / (GLYPH * scale) - 7).max(0) as usize;
        let shown: String = line.chars().take(columns).collect();
        let number = format!("{:>4}  ", number + 1);
        let x = self.canvas.text(area.x, y, scale, [160, 166, 178], &number);
        let end = self.canvas.text(x, y, scale, ink, &shown);
        if caret {
            self.canvas
                .fill(Area::new(end, y, scale.max(2), GLYPH * scale), ACCENT);
        }
    }

    fn page_top(&self, moment: &Moment) -> i32 {
        let hidden = self.page.size().height as i32 - self.content(Window::Browser).height;
        (moment.scroll * f64::from(hidden.max(0))).round() as i32
    }

    fn draw_page(&mut self, moment: &Moment) {
        let content = self.content(Window::Browser);
        let part = Area::new(0, self.page_top(moment), content.width, content.height);
        self.canvas.blit(&self.page, part, content.x, content.y);
    }

    fn draw_output(&mut self, moment: &Moment) {
        let area = self.text_area(Window::Terminal);
        self.canvas.fill(area, NIGHT);
        let rows = self.visible_rows(area);
        let total = moment.printed + 1;
        let first = total.saturating_sub(rows);
        let columns = (area.width / (GLYPH * self.scale)).max(0) as usize;
        for (row, index) in (first..total).enumerate() {
            let line: String = OUTPUT[index % OUTPUT.len()].chars().take(columns).collect();
            let color = if line.starts_with('$') { GREEN } else { LIGHT };
            let y = area.y + row as i32 * self.line_height();
            self.canvas.text(area.x, y, self.scale, color, &line);
        }
    }

    fn visible_rows(&self, area: Area) -> usize {
        (area.height / self.line_height()).max(1) as usize
    }
}

/// Lines that stand in the editor after `typed` characters, on top of the file as it was opened.
fn typed_lines(typed: usize) -> Vec<String> {
    let text: String = CODE.chars().chain(CODE.chars().cycle().take(typed)).collect();
    text.split('\n').map(str::to_owned).collect()
}

/// Index of the line that is being typed on.
fn line_of(typed: usize) -> usize {
    let per_text = CODE.matches('\n').count();
    let length = CODE.chars().count();
    let rest = CODE.chars().take(typed % length).filter(|&c| c == '\n').count();
    per_text + typed / length * per_text + rest
}

/// A page of headings, paragraphs and pictures, three times as high as the window that shows it.
fn page(window: Area, scale: i32) -> Canvas {
    let size = Size::new(window.width.max(1) as u32, (window.height * 3).max(1) as u32);
    let mut page = Canvas::new(size, PAPER);
    let (margin, line) = (GLYPH * scale * 2, GLYPH * scale * 3 / 2);
    let columns = ((window.width - 2 * margin) / (GLYPH * scale)).max(1) as usize;
    let mut y = margin;
    for section in 0.. {
        if y >= size.height as i32 {
            break;
        }
        page.text(margin, y, scale * 2, ACCENT, &format!("{}. Section", section + 1));
        y += line * 2;
        if section % 2 == 1 {
            let picture = Area::new(margin, y, window.width - 2 * margin, line * 6);
            page.gradient(picture, [240, 178, 122], [130, 88, 159]);
            page.ellipse(picture.inner(line), [247, 220, 111]);
            y += line * 7;
        }
        for paragraph in 0..4 {
            let words = PAGE[(section + paragraph) % PAGE.len()];
            for text in wrap(words, columns) {
                page.text(margin, y, scale, INK, &text);
                y += line;
            }
        }
        y += line;
    }
    page
}

fn wrap(words: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words.split(' ') {
        let last = lines.len() - 1;
        if !lines[last].is_empty() && lines[last].len() + 1 + word.len() > columns {
            lines.push(word.to_owned());
        } else {
            if !lines[last].is_empty() {
                lines[last].push(' ');
            }
            lines[last].push_str(word);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_number_agrees_with_the_lines() {
        for typed in [0, 1, 68, 69, 70, 400, 900, 5000] {
            assert_eq!(typed_lines(typed).len() - 1, line_of(typed), "{typed} characters");
        }
    }

    /// A screen that is brought forward step by step looks like one drawn afresh, except for windows that were raised over
    /// one another; so compare within one window's turn.
    #[test]
    fn drawing_only_what_changed_gives_the_whole_picture() {
        let script = Script::new(16.0);
        for (start, end) in [(0.0, 5.9), (16.0, 21.0)] {
            let mut stepped = Screen::new(Size::new(480, 360), script);
            let mut time = start;
            while time < end {
                stepped.advance(time);
                time += 1.0 / 30.0;
            }
            stepped.advance(end);
            let mut fresh = Screen::new(Size::new(480, 360), script);
            fresh.advance(end);
            assert!(
                stepped.canvas().view().data == fresh.canvas().view().data,
                "{start} to {end}"
            );
        }
    }

    #[test]
    fn it_says_when_nothing_changed() {
        let mut screen = Screen::new(Size::new(320, 240), Script::new(16.0));
        assert!(screen.advance(0.0));
        assert!(!screen.advance(0.1));
        assert!(screen.advance(0.5));
        assert!(!screen.advance(4.5) || !screen.advance(5.0));
        assert!(screen.advance(6.0));
    }

    #[test]
    fn tiny_and_portrait_screens_are_drawn() {
        for size in [Size::new(2, 2), Size::new(33, 17), Size::new(360, 640)] {
            let mut screen = Screen::new(size, Script::new(4.0));
            for tick in 0..120 {
                screen.advance(f64::from(tick) / 30.0);
            }
        }
    }
}
