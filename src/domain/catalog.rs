//! What can be had: search over the carriers, prices, coverage.
