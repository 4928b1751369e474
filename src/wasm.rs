//! The exports to JavaScript: on the server, the building blocks and the driver; in the viewer's page, the failover.

#[cfg(feature = "server")]
mod blocks;
#[cfg(feature = "server")]
mod departures;
#[cfg(feature = "server")]
mod driver;
#[cfg(feature = "server")]
mod env;
#[cfg(feature = "server")]
mod error;
#[cfg(feature = "server")]
mod executor;
#[cfg(feature = "server")]
mod fetch;
#[cfg(feature = "server")]
mod persister;
#[cfg(feature = "server")]
mod value;
#[cfg(feature = "viewer")]
mod viewer;

/// 2 KB (brotli) smaller than Rust's own allocator for WebAssembly.
#[cfg(feature = "small-allocator")]
#[global_allocator]
static ALLOCATOR: talc::wasm::WasmDynamicTalc = talc::wasm::new_wasm_dynamic_allocator();

#[cfg(feature = "server")]
pub use blocks::{
    DomainFailover, RetryPolicy, TokenBucket, UidRing, estimate_quota, interpret, parse_notification,
    validate_task, verify_notification,
};
#[cfg(feature = "server")]
pub use driver::Driver;
#[cfg(feature = "server")]
pub use env::SupervisorEnv;
#[cfg(feature = "viewer")]
pub use viewer::Failover;
