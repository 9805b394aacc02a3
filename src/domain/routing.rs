//! What a number does: drafts, versions, publishing, the plans kept in memory.
