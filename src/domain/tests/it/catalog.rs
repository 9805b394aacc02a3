//! Tests of `domain::catalog`.
