//! Steadymix keeps an Agora Cloud Transcoding broadcast on air.
//!
//! This is the core: it only decides. It makes no call, has no clock and no chance of its own, and runs anywhere. A
//! [`supervisor::Supervisor`] keeps one output alive, a [`redundancy::RedundancyGroup`] a primary and its backups; the
//! driver that carries out what they say is compiled for WebAssembly only, and shipped as the npm package `steadymix`.
//! The other modules decide one thing each, and can be used alone.

#![forbid(unsafe_code)]

pub mod domain;
pub mod error;
mod lenient;
pub mod notice;
pub mod policy;
pub mod quota;
pub mod redundancy;
pub mod status;
pub mod supervisor;
pub mod task;
pub mod time;
pub mod uid;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
