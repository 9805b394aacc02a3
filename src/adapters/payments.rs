//! Payment processors. One folder each; none knows the others.

pub mod test_card;
