//! Pages of lists.

/// Which page of a list is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRequest {
    /// From 1.
    pub page: u32,
    /// Rows on a page, 1 to 200.
    pub size: u32,
}

impl PageRequest {
    /// Brings any wish into bounds: page 1 to 100,000, 1 to 200 rows.
    pub fn new(page: u32, size: u32) -> Self {
        Self { page: page.clamp(1, 100_000), size: size.clamp(1, 200) }
    }

    /// Rows to pass over.
    pub fn offset(self) -> i64 {
        i64::from(self.page - 1) * i64::from(self.size)
    }

    /// Rows to take.
    pub fn limit(self) -> i64 {
        i64::from(self.size)
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::new(1, 25)
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Which page they are.
    pub request: PageRequest,
    /// Rows in all.
    pub total: i64,
}

impl<T> Page<T> {
    /// How many pages there are, at least one.
    pub fn pages(&self) -> u32 {
        let size = i64::from(self.request.size);
        u32::try_from((self.total.max(1) + size - 1) / size).unwrap_or(u32::MAX)
    }

    /// True when another page follows.
    pub fn has_next(&self) -> bool {
        self.request.page < self.pages()
    }
}
