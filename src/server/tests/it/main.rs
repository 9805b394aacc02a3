//! The server as a whole against a real PostgreSQL, one binary for all.

mod house;
mod voice;
mod web;
mod worker;
