//! Steadymix keeps an Agora Cloud Transcoding broadcast on air.

#![forbid(unsafe_code)]

pub mod time;
