//! Tests of `domain::cart`.
