//! Tests of `domain::orders`.

mod journal;
