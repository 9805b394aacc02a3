//! Calls: answering them, their records, their rating.
