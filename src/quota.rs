//! The rate limit of an App ID, shared by all its supervisors, and whether a plan fits it.

pub(crate) mod bucket;
mod by_lane;
mod estimate;
mod limits;
pub(crate) mod permits;

pub use self::bucket::{LaneNumber, LimitedCall, Permit, TokenBucket};
pub use self::estimate::{QuotaEstimate, QuotaEstimateOptions, TasksBySize};
pub(crate) use self::limits::GivenLimits;
pub use self::limits::{OutputSize, QuotaLimits, documented_pcw};
