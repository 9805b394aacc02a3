//! Tests of `domain::billing`.
