//! The first answer to a state-changing request, replayed to its repeats.
