//! The pivot file: one line per route, one cell per person.

use super::cast::WHO;
use std::collections::BTreeMap;

/// The file, by route.
pub struct Table {
    /// `GET /numbers` and what happens to each of [`WHO`].
    pub rows: BTreeMap<String, Vec<String>>,
}

impl Table {
    /// Reads it; a line that does not fit its heading stops the proof.
    pub fn read(text: &str) -> Self {
        let mut lines = text.lines().filter(|l| !l.is_empty() && !l.starts_with('#'));
        let heading: Vec<&str> = lines.next().unwrap().split('\t').collect();
        assert_eq!(heading[0], "route");
        assert_eq!(heading[1..], WHO, "the columns are the cast");
        let rows = lines.map(|line| {
            let mut cells = line.split('\t').map(str::to_owned);
            let name = cells.next().unwrap();
            let cells: Vec<String> = cells.collect();
            assert_eq!(cells.len(), WHO.len(), "{name}: a cell for everybody");
            (name, cells)
        });
        Self { rows: rows.collect() }
    }

    /// What the table says of one.
    pub fn cell(&self, route: &str, who: &str) -> Option<&str> {
        let column = WHO.iter().position(|w| *w == who)?;
        self.rows.get(route).map(|row| row[column].as_str())
    }

    /// Somebody who may: the tenant's own people first.
    pub fn who_may(&self, route: &str) -> Option<&'static str> {
        let order = ["owner", "super_admin", "manager", "other", "anonymous"];
        order.into_iter().find(|who| self.cell(route, who) == Some("in"))
    }
}
