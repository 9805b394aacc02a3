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

/// The asking for one page of a list whose rows each carry the count of all (`count(*) over ()`).
/// A page past the end has no row to tell it, so the first row is asked for then, for its count:
///
/// ```ignore
/// let mut paging = Paging::new(request);
/// let (rows, total) = loop {
///     let found = query!(…, paging.limit(), paging.offset()).fetch_all(…).await?;
///     if let Some(settled) = paging.settle(found, |row| row.total) {
///         break settled;
///     }
/// };
/// ```
#[derive(Debug)]
pub struct Paging {
    request: PageRequest,
    past_the_end: bool,
}

impl Paging {
    /// Begins with the page that is wanted.
    pub fn new(request: PageRequest) -> Self {
        Self { request, past_the_end: false }
    }

    /// Rows to take.
    pub fn limit(&self) -> i64 {
        if self.past_the_end { 1 } else { self.request.limit() }
    }

    /// Rows to pass over.
    pub fn offset(&self) -> i64 {
        if self.past_the_end { 0 } else { self.request.offset() }
    }

    /// The page's rows and the count of all; none: ask once more.
    pub fn settle<R>(&mut self, rows: Vec<R>, count: impl Fn(&R) -> i64) -> Option<(Vec<R>, i64)> {
        let total = rows.first().map(count);
        if total.is_none() && self.offset() > 0 {
            self.past_the_end = true;
            return None;
        }
        let rows = if self.past_the_end { Vec::new() } else { rows };
        Some((rows, total.unwrap_or(0)))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks as a list does, of `all` rows.
    fn ask(all: i64, request: PageRequest) -> (Vec<i64>, i64) {
        let mut paging = Paging::new(request);
        loop {
            let found: Vec<i64> =
                (paging.offset()..all.min(paging.offset() + paging.limit())).collect();
            if let Some(settled) = paging.settle(found, |_| all) {
                return settled;
            }
        }
    }

    #[test]
    fn every_page_knows_how_many_rows_there_are() {
        assert_eq!(ask(7, PageRequest::new(1, 5)), (vec![0, 1, 2, 3, 4], 7));
        assert_eq!(ask(7, PageRequest::new(2, 5)), (vec![5, 6], 7));
        assert_eq!(ask(7, PageRequest::new(3, 5)), (vec![], 7), "past the end");
        assert_eq!(ask(0, PageRequest::new(1, 5)), (vec![], 0));
        assert_eq!(ask(0, PageRequest::new(9, 5)), (vec![], 0));
    }
}
