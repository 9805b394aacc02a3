//! Carriers. One folder each; none knows the others.

pub mod local;
