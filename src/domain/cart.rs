//! Carts and holds: a number is in one cart at a time.
