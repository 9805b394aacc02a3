//! Tests of `domain::calls`.
