//! Steadymix's core against arbitrary bytes: a function for each target, which panics when a rule is broken.
//!
//! `npm run fuzz` calls them from libFuzzer, `cargo test` with the committed corpora. Every secret that goes into a
//! machine is recognisable, and everything that comes out is searched for it: events, statuses, errors, debug text.
//! Snapshots, paths and bodies of requests carry tokens on purpose, and are no outputs in that sense.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a target fails by panicking, and looks only at what it is about"
)]

#[cfg(test)]
mod breaches;
mod configurations;
mod driver;
mod group;
mod machine;
mod material;
mod notifications;
mod replies;
mod secrets;
mod snapshots;
mod source;
mod template;
mod viewer;

pub use configurations::configurations;
pub use group::group;
pub use notifications::notifications;
pub use replies::replies;
pub use snapshots::snapshots;
pub use viewer::viewer;

/// The targets allocate more than they compute.
#[cfg(not(target_arch = "wasm32"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// Every target, by its name.
pub const TARGETS: [(&str, Target); 6] = [
    ("configurations", configurations),
    ("group", group),
    ("notifications", notifications),
    ("replies", replies),
    ("snapshots", snapshots),
    ("viewer", viewer),
];
