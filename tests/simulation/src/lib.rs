//! Runs Steadymix's core against the emulated service in simulated time. Schedules of faults come from seeds; the
//! invariants are checked after every step.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a simulation fails by panicking, and matches only the cases it needs"
)]

mod air;
mod chance;
mod checks;
pub mod diagram;
mod digest;
pub mod figures;
mod fingerprint;
pub mod fleet;
pub mod golden;
mod incidents;
mod model;
mod network;
mod pace;
pub mod places;
mod plan;
mod process;
pub mod releases;
pub mod search;
mod service;
mod shared_quota;
mod shrink;
pub mod sweep;
mod trouble;
mod viewers;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
mod wire;
mod world;

pub use air::Air;
pub use plan::Plan;
pub use shrink::shrink;
pub use viewers::{Viewer, Watched, broadcast, phases};
pub use world::{Run, World};

/// Compiles the Rust code of the guides.
#[cfg(doctest)]
#[doc = include_str!("../../../www/docs/guide/server.md")]
struct Guides;
