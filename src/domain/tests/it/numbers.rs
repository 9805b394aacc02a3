//! Tests of `domain::numbers`.
