//! Steadymix keeps an Agora Cloud Transcoding broadcast on air.

#![forbid(unsafe_code)]

pub mod domain;
pub mod error;
pub mod policy;
pub mod quota;
pub mod status;
pub mod time;
pub mod uid;
