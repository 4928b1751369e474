//! Fuzz targets for Steadymix's core. Each is a function that takes arbitrary bytes and panics if an invariant is violated.
//!
//! `npm run fuzz` calls them from libFuzzer, `cargo test` with the committed corpora. Every secret that goes into the core is
//! recognisable. Events, statuses, errors and debug text are searched for secrets; snapshots and requests are not, because
//! they contain tokens on purpose.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a target fails by panicking, and matches only the cases it needs"
)]

#[cfg(test)]
mod breaches;
mod configurations;
mod driver;
mod fixtures;
mod group;
mod machine;
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

/// The targets spend most of their time on allocations.
#[cfg(not(target_arch = "wasm32"))]
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Accepts any bytes.
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
