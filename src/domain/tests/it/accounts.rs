//! Tests of `domain::accounts`.
