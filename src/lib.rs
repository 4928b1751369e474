//! Steadymix keeps an Agora Cloud Transcoding broadcast on air.
//!
//! This is the core. Sans-I/O: no network, no clock, no randomness. A [`supervisor::Supervisor`] keeps one output on
//! air, a [`redundancy::RedundancyGroup`] a primary and its backups. The driver that carries out their decisions is
//! compiled for WebAssembly only, and shipped as the npm package `steadymix`. All other public modules can be used
//! alone.

#![forbid(unsafe_code)]

#[cfg(feature = "server")]
mod document;
#[cfg(feature = "server")]
pub mod domain;
#[cfg(feature = "server")]
mod durations;
pub mod error;
pub mod failover;
#[cfg(feature = "server")]
mod group;
#[cfg(feature = "server")]
pub mod instance_id;
#[cfg(feature = "server")]
mod json;
#[cfg(feature = "server")]
mod lenient;
#[cfg(feature = "server")]
pub mod notification;
#[cfg(feature = "server")]
mod on_air;
#[cfg(feature = "server")]
pub mod policy;
#[cfg(feature = "server")]
pub mod quota;
#[cfg(feature = "server")]
mod redact;
#[cfg(feature = "server")]
pub mod redundancy;
#[cfg(feature = "server")]
pub mod retry_after;
#[cfg(feature = "server")]
pub mod status;
#[cfg(feature = "server")]
pub mod supervisor;
#[cfg(feature = "server")]
pub mod task;
#[cfg(feature = "server")]
mod text;
pub mod time;
pub mod uid;
#[cfg(target_arch = "wasm32")]
pub mod wasm;
