//! What can be had: search over the carriers, prices, coverage.
//!
//! A carrier's catalogue is never copied: search asks every configured carrier at once, gives each
//! a few seconds, prices what they offer and leaves out what somebody holds or has. Answers are
//! kept for minutes, for searching alone: a cart and an order ask the carrier itself.

mod coverage;
mod pattern;
mod prices;
mod search;
mod wish;

pub use coverage::coverage;
pub use pattern::{BadPattern, digits_of, found_in};
pub(crate) use prices::MARK_UP;
pub use prices::{
    ImportError, Imported, Price, RefreshPrices, current_prices, import_prices, price_of,
    refresh_prices,
};
pub(crate) use search::{Answers, search_without};
pub use search::{By, Checked, Found, Hit, Holding, SearchError, Wider, search, wider};
pub use wish::{DISTANCES_KM, Sort, Unread, Wish};
