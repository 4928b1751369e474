//! How a viewer's failover is set.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use super::signal::numbered;
use crate::durations::{DAY, Duration};
#[cfg(feature = "server")]
use crate::error::Invalid;
use crate::time::Millis;

numbered! {
    /// What is kept ready besides the output that is shown.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
    pub enum Standby {
        /// The backup's video and audio, subscribed and decoding. Each viewer is billed for both.
        #[default]
        Hot,
        /// The backup's audio only, silent: proves that it lives, without a second video on the bill.
        Probe,
        /// Nothing: the backup is subscribed when it is needed.
        Cold,
    }
}
