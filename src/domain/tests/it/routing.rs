//! Tests of `domain::routing`.
