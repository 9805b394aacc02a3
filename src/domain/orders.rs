//! Orders and the saga that fulfils them.
