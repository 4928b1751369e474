//! What JavaScript sees: the building blocks, and the one driver.

mod blocks;
mod driver;
mod error;
mod fetch;
mod host;
mod persister;
mod value;

pub use blocks::{
    DomainLadder, RetryPolicy, UidRing, estimate_quota, interpret, parse_notice, validate_task, verify_notice,
};
pub use driver::Driver;
