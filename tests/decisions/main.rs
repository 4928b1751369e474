//! The decisions of a supervisor, one by one, with scripted answers.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a test fails by panicking, and matches only the cases it needs"
)]

mod commands;
mod creating;
mod every_call;
mod hand;
mod names;
mod presence;
mod replies;
mod tokens;
mod updating;
mod watching;
