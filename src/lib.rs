//! Steadymix keeps an Agora Cloud Transcoding broadcast on air.

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
