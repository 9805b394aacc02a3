//! What can be had: search over the carriers, prices, coverage.
//!
//! A carrier's catalogue is never copied: search asks every configured carrier at once, gives each
//! a few seconds, prices what they offer and leaves out what somebody holds or has.

mod pattern;
mod prices;
mod search;
mod wish;

pub use pattern::{BadPattern, digits_of, found_in};
pub use prices::{Price, RefreshPrices, current_prices, price_of, refresh_prices};
pub use search::{Found, Hit, SearchError, Wider, coverage, search, wider};
pub use wish::{DISTANCES_KM, Sort, Unread, Wish};
