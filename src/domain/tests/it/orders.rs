//! Tests of `domain::orders`.
