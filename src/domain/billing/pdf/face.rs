//! The two faces invoices are set in: Inter (SIL Open Font License, see `fonts/OFL.txt`), cut to
//! Latin and the currency signs, with figures of one width.

use crate::Fault;
use krilla::text::Font;
use skrifa::{
    FontRef, MetadataProvider,
    instance::{LocationRef, Size},
};

static REGULAR: &[u8] = include_bytes!("../fonts/Inter-Regular.ttf");
static SEMI_BOLD: &[u8] = include_bytes!("../fonts/Inter-SemiBold.ttf");

/// A face: what krilla embeds, and its widths.
pub struct Face {
    /// For drawing.
    pub font: Font,
    data: FontRef<'static>,
}

impl Face {
    /// For running text.
    pub fn regular() -> Result<Self, Fault> {
        Self::read(REGULAR)
    }

    /// For titles and sums.
    pub fn semi_bold() -> Result<Self, Fault> {
        Self::read(SEMI_BOLD)
    }

    fn read(bytes: &'static [u8]) -> Result<Self, Fault> {
        let bad = || Fault::Internal("an embedded font cannot be read".to_owned());
        Ok(Self {
            font: Font::new(bytes.into(), 0).ok_or_else(bad)?,
            data: FontRef::new(bytes).map_err(|_| bad())?,
        })
    }

    /// How wide a text is at a size, in points.
    pub fn width(&self, text: &str, size: f32) -> f32 {
        let (map, metrics) =
            (self.data.charmap(), self.data.glyph_metrics(Size::new(size), LocationRef::default()));
        text.chars()
            .map(|c| metrics.advance_width(map.map(c).unwrap_or_default()).unwrap_or(0.0))
            .sum()
    }
}
