//! The faces invoices are set in. Inter, with figures of one width, for Latin; DejaVu Sans for
//! Greek, Cyrillic, Hebrew, Arabic, Armenian and Georgian; Droid Sans Fallback for Chinese, Japanese
//! and Korean. They are embedded, so that every server prints the same bytes; the licences lie
//! beside them. A text is cut into runs of one face each.

use crate::Fault;
use krilla::text::Font;
use skrifa::{
    FontRef, MetadataProvider,
    instance::{LocationRef, Size},
};
use std::cell::OnceCell;

static REGULAR: [&[u8]; 3] = [
    include_bytes!("../fonts/Inter-Regular.ttf"),
    include_bytes!("../fonts/DejaVuSans.ttf"),
    include_bytes!("../fonts/DroidSansFallback.ttf"),
];
static SEMI_BOLD: [&[u8]; 3] = [
    include_bytes!("../fonts/Inter-SemiBold.ttf"),
    include_bytes!("../fonts/DejaVuSans-Bold.ttf"),
    include_bytes!("../fonts/DroidSansFallback.ttf"),
];

/// A face: what krilla embeds, and its widths.
struct Face {
    font: Font,
    data: FontRef<'static>,
}

impl Face {
    fn read(bytes: &'static [u8]) -> Option<Self> {
        Some(Self { font: Font::new(bytes.into(), 0)?, data: FontRef::new(bytes).ok()? })
    }

    fn has(&self, letter: char) -> bool {
        self.data.charmap().map(letter).is_some()
    }

    fn width(&self, text: &str, size: f32) -> f32 {
        let (map, metrics) =
            (self.data.charmap(), self.data.glyph_metrics(Size::new(size), LocationRef::default()));
        text.chars()
            .map(|c| metrics.advance_width(map.map(c).unwrap_or_default()).unwrap_or(0.0))
            .sum()
    }
}

/// The faces of one weight, the usual one first; the others are read when a text needs them.
pub struct Faces {
    first: Face,
    others: [OnceCell<Option<Face>>; 2],
    bytes: [&'static [u8]; 3],
}

impl Faces {
    /// For running text.
    pub fn regular() -> Result<Self, Fault> {
        Self::read(REGULAR)
    }

    /// For titles and sums.
    pub fn semi_bold() -> Result<Self, Fault> {
        Self::read(SEMI_BOLD)
    }

    fn read(bytes: [&'static [u8]; 3]) -> Result<Self, Fault> {
        let first = Face::read(bytes[0])
            .ok_or_else(|| Fault::Internal("an embedded font cannot be read".to_owned()))?;
        Ok(Self { first, others: Default::default(), bytes })
    }

    fn face(&self, index: usize) -> Option<&Face> {
        let Some(other) = index.checked_sub(1) else { return Some(&self.first) };
        self.others[other].get_or_init(|| Face::read(self.bytes[index])).as_ref()
    }

    /// Which face a letter is set in. It stays in the one that the letter before it is in, where
    /// that has it: spaces and figures do not cut a Hebrew name.
    fn choose(&self, letter: char, before: usize) -> usize {
        let has = |index: usize| self.face(index).is_some_and(|f| f.has(letter));
        // Latin is always Inter.
        if letter.is_ascii_alphabetic() {
            return 0;
        }
        [before, 0, 1, 2].into_iter().find(|i| has(*i)).unwrap_or(0)
    }

    fn runs(&self, text: &str) -> Vec<(usize, String)> {
        let mut runs: Vec<(usize, String)> = Vec::new();
        for letter in text.chars() {
            let index = self.choose(letter, runs.last().map_or(0, |r| r.0));
            match runs.last_mut() {
                Some((last, run)) if *last == index => run.push(letter),
                _ => runs.push((index, letter.to_string())),
            }
        }
        runs
    }

    /// A text as runs: the font, the letters and how wide they are at a size, in points.
    pub fn set(&self, text: &str, size: f32) -> Vec<(Font, String, f32)> {
        let set = |(index, run): (usize, String)| {
            let face = self.face(index)?;
            let width = face.width(&run, size);
            Some((face.font.clone(), run, width))
        };
        self.runs(text).into_iter().filter_map(set).collect()
    }

    /// How wide a text is at a size, in points.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let of =
            |(index, run): &(usize, String)| self.face(*index).map_or(0.0, |f| f.width(run, size));
        self.runs(text).iter().map(of).sum()
    }
}
