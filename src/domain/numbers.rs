//! Numbers a tenant has: list, change, suspend, release.
