//! Sheets of paper: what is written is collected by page, so that every page can say how many
//! there are, and drawn at the end.

use super::face::Faces;
use crate::Fault;
use krilla::{
    Document,
    color::rgb,
    geom::{PathBuilder, Point},
    num::NormalizedF32,
    page::PageSettings,
    paint::{Fill, Stroke},
    text::TextDirection,
};

/// Free space around everything.
const MARGIN: f32 = 50.0;
/// Where the foot line stands above the page's edge.
const FOOT: f32 = 30.0;

/// How heavy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    /// Text.
    Plain,
    /// Titles and sums.
    Bold,
}

/// In which colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ink {
    /// Nearly black.
    Text,
    /// Grey that is still read easily.
    Quiet,
}

impl Ink {
    fn fill(self) -> Fill {
        let colour = match self {
            Self::Text => rgb::Color::new(17, 24, 39),
            Self::Quiet => rgb::Color::new(75, 85, 99),
        };
        Fill {
            paint: colour.into(),
            opacity: NormalizedF32::ONE,
            rule: krilla::paint::FillRule::default(),
        }
    }
}

/// Which edge a text keeps to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Begins at a distance from the left margin.
    Left,
    /// Ends at a distance from the right margin.
    Right,
}

enum Mark {
    Text { x: f32, y: f32, size: f32, weight: Weight, ink: Ink, text: String },
    Rule { y: f32 },
}

/// A stack of pages and the place where the next line goes.
pub struct Sheet {
    width: f32,
    height: f32,
    regular: Faces,
    semi_bold: Faces,
    y: f32,
    pages: Vec<Vec<Mark>>,
    carried: (String, String),
}

impl Sheet {
    /// Letter or A4. What is `carried` stands at the head of every page after the first, left and
    /// right.
    pub fn new(letter: bool, carried: (String, String)) -> Result<Self, Fault> {
        let (width, height) = if letter { (612.0, 792.0) } else { (595.276, 841.89) };
        let (regular, semi_bold) = (Faces::regular()?, Faces::semi_bold()?);
        let (y, pages) = (MARGIN + 12.0, vec![Vec::new()]);
        Ok(Self { width, height, regular, semi_bold, y, pages, carried })
    }

    /// Where the next line goes.
    pub fn cursor(&self) -> f32 {
        self.y
    }

    /// Goes back to a place on the same page.
    pub fn set_cursor(&mut self, y: f32) {
        self.y = y;
    }

    /// Goes down.
    pub fn down(&mut self, by: f32) {
        self.y += by;
    }

    /// Begins another page when less than `height` is left on this one; true when it did.
    pub fn begin_page_unless(&mut self, height: f32) -> bool {
        if self.y + height <= self.height - MARGIN - FOOT {
            return false;
        }
        self.pages.push(Vec::new());
        self.y = MARGIN;
        let (left, right) = self.carried.clone();
        self.text(0.0, Align::Left, 9.0, Weight::Bold, Ink::Text, &left);
        self.text(0.0, Align::Right, 9.0, Weight::Plain, Ink::Quiet, &right);
        self.y += 6.0;
        self.rule();
        self.y += 22.0;
        true
    }

    fn faces(&self, weight: Weight) -> &Faces {
        if weight == Weight::Bold { &self.semi_bold } else { &self.regular }
    }

    fn mark(&mut self, mark: Mark) {
        if let Some(page) = self.pages.last_mut() {
            page.push(mark);
        }
    }

    /// Writes on the current line, `from` points from the edge it keeps to.
    pub fn text(
        &mut self,
        from: f32,
        align: Align,
        size: f32,
        weight: Weight,
        ink: Ink,
        text: &str,
    ) {
        let x = match align {
            Align::Left => MARGIN + from,
            Align::Right => self.width - MARGIN - from - self.faces(weight).width(text, size),
        };
        self.mark(Mark::Text { x, y: self.y, size, weight, ink, text: text.to_owned() });
    }

    /// Draws a line across.
    pub fn rule(&mut self) {
        self.mark(Mark::Rule { y: self.y });
    }

    /// How much room there is between the margins.
    pub fn room(&self) -> f32 {
        self.width - 2.0 * MARGIN
    }

    /// Breaks a text at its spaces into pieces that leave `free` points at the right. A word that is
    /// too long for a line is broken anywhere.
    pub fn wrap(&self, text: &str, size: f32, weight: Weight, free: f32) -> Vec<String> {
        let room = self.width - 2.0 * MARGIN - free;
        let fits = |s: &str| self.faces(weight).width(s, size) <= room;
        let mut pieces: Vec<String> = Vec::new();
        let mut line = String::new();
        // A no-break space holds its words together.
        let ends = |c: char| c.is_whitespace() && c != '\u{a0}';
        for word in text.split(ends).filter(|word| !word.is_empty()) {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if fits(&longer) {
                line = longer;
                continue;
            }
            if !line.is_empty() {
                pieces.push(std::mem::take(&mut line));
            }
            for letter in word.chars() {
                line.push(letter);
                if !fits(&line) {
                    line.pop();
                    pieces.push(std::mem::replace(&mut line, letter.to_string()));
                }
            }
        }
        if !line.is_empty() {
            pieces.push(line);
        }
        pieces
    }

    /// Draws everything, with a foot line on each page.
    pub fn print(mut self, document: &mut Document, foot: &str) -> Result<(), Fault> {
        let count = self.pages.len();
        let pages = std::mem::take(&mut self.pages);
        for (index, mut marks) in pages.into_iter().enumerate() {
            self.pages.push(Vec::new());
            self.y = self.height - FOOT;
            self.text(0.0, Align::Left, 8.0, Weight::Plain, Ink::Quiet, foot);
            let number = format!("Page {} of {count}", index + 1);
            self.text(0.0, Align::Right, 8.0, Weight::Plain, Ink::Quiet, &number);
            marks.extend(self.pages.pop().unwrap_or_default());
            self.draw(document, &marks)?;
        }
        Ok(())
    }

    fn draw(&self, document: &mut Document, marks: &[Mark]) -> Result<(), Fault> {
        let settings = PageSettings::from_wh(self.width, self.height)
            .ok_or_else(|| Fault::Internal("a page without size".to_owned()))?;
        let mut page = document.start_page_with(settings);
        let mut surface = page.surface();
        for mark in marks {
            match mark {
                Mark::Text { x, y, size, weight, ink, text } => {
                    surface.set_stroke(None);
                    surface.set_fill(Some(ink.fill()));
                    let mut x = *x;
                    for (font, run, width) in self.faces(*weight).set(text, *size) {
                        let at = Point::from_xy(x, *y);
                        surface.draw_text(at, font, *size, &run, false, TextDirection::Auto);
                        x += width;
                    }
                }
                Mark::Rule { y } => {
                    let mut line = PathBuilder::new();
                    line.move_to(MARGIN, *y);
                    line.line_to(self.width - MARGIN, *y);
                    if let Some(path) = line.finish() {
                        surface.set_fill(None);
                        let grey = rgb::Color::new(209, 213, 219);
                        surface.set_stroke(Some(Stroke {
                            paint: grey.into(),
                            width: 0.75,
                            ..Stroke::default()
                        }));
                        surface.draw_path(&path);
                    }
                }
            }
        }
        surface.finish();
        page.finish();
        Ok(())
    }
}
