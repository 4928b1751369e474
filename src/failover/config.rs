//! The settings of a viewer's failover.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

#[cfg(feature = "server")]
use crate::durations::{DAY, SettingRange};
#[cfg(feature = "server")]
use crate::error::Invalid;
use crate::time::Duration;

numbered! {
    /// How much of a backup is subscribed while another output is on screen.
    #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
    #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase"))]
    pub enum Standby {
        /// The backup's video and audio, decoding. Both are billed for each viewer.
        #[default]
        Hot,
        /// The backup's audio only, muted: proves that the backup is alive without a second video on the bill.
        Warm,
        /// Nothing: the backup is subscribed when it is needed.
        Cold,
    }
}

/// Declares [`FailoverConfig`] and everything derived from its list of durations. `src/js/viewer/durations.ts` (the type, docs
/// and checks of TypeScript) is generated from the same list. The number of a duration is its position.
macro_rules! settings {
    ($(
        $(#[doc = $doc:literal])+
        $field:ident: $Type:ty = $name:literal, $([$zero:literal] or)? at least $least:literal $(, default $default:literal)?;
    )+) => {
        /// The settings of a viewer's failover. All times are in ms.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase", default))]
        pub struct FailoverConfig {
            /// How much of a backup is subscribed.
            pub standby: Standby,
            $(
                $(#[doc = $doc])+
                $(#[doc = concat!("Default: ", $default, " ms.")])?
                pub $field: $Type,
            )+
        }

        impl Default for FailoverConfig {
            fn default() -> Self {
                Self { standby: Standby::default(), $($field: default_of!($($default)?),)+ }
            }
        }

        impl FailoverConfig {
            /// The durations, in the order of their numbers.
            #[cfg(feature = "server")]
            pub(crate) const DURATIONS: &[SettingRange] = &[$(SettingRange {
                field: $name,
                least: $least,
                greatest: DAY,
                or_zero: !<[u64]>::is_empty(&[$($zero)?]),
                unit: " ms",
                default: &[$($default)?],
            },)+];
            /// The documentation of each duration, line by line.
            #[cfg(test)]
            pub(crate) const DOCS: &[&[&str]] = &[$(&[$($doc),+],)+];

            /// Checks every duration. (The viewer's module contains no field names, so there TypeScript checks the
            /// durations.)
            ///
            /// # Errors
            /// The first value that is out of range, with its field.
            #[cfg(feature = "server")]
            pub fn check(&self) -> Result<(), Invalid> {
                let given: &[Option<Duration>] = &[$(self.$field.into()),+];
                for (duration, value) in Self::DURATIONS.iter().zip(given) {
                    value.map_or(Ok(()), |value| duration.check(value))?;
                }
                Ok(())
            }

            /// Sets the duration with this number. Returns whether there is one.
            #[cfg(any(all(feature = "viewer", target_arch = "wasm32"), test))]
            pub(crate) fn set_duration(&mut self, number: u8, value: Duration) -> bool {
                let mut numbers = 0..;
                $(
                    if numbers.next() == Some(number) {
                        self.$field = value.into();
                        return true;
                    }
                )+
                false
            }
        }
    };
}

/// A duration without a default is off by default.
macro_rules! default_of {
    () => {
        None
    };
    ($ms:literal) => {
        Duration::from_millis($ms)
    };
}

settings! {
    /// How long an output may stay frozen after the SDK's report (500 ms after the last frame). Where frames are reported, as
    /// in browsers, `frameGapGraceMs` applies as well.
    frozen_grace_ms: Duration = "frozenGraceMs", [0] or at least 100, default 1_000;
    /// Like `frozenGraceMs`, if the SDK reports congestion as the reason.
    congested_grace_ms: Duration = "congestedGraceMs", [0] or at least 100, default 1_500;
    /// Like `frozenGraceMs`, while the viewer's own network is poor.
    poor_network_grace_ms: Duration = "poorNetworkGraceMs", [0] or at least 100, default 3_000;
    /// How long the sender may keep its video muted.
    muted_grace_ms: Duration = "mutedGraceMs", [0] or at least 100, default 2_000;
    /// How long audio may be lost while the backup's audio arrives.
    audio_lost_grace_ms: Duration = "audioLostGraceMs", [0] or at least 100, default 2_000;
    /// How long frames may be missing while those of a hot standby arrive. Never less than four frame intervals, or twice
    /// the longest recent gap.
    frame_gap_grace_ms: Duration = "frameGapGraceMs", [0] or at least 50, default 250;
    /// An output whose second frame has not arrived this long after it was subscribed has failed.
    start_timeout_ms: Duration = "startTimeoutMs", at least 500, default 3_000;
    /// How long an output that did not start or could not be decoded is avoided while there is another one.
    failure_cooldown_ms: Duration = "failureCooldownMs", [0] or at least 500, default 30_000;
    /// How long after a switch only a certain loss causes another switch.
    switch_cooldown_ms: Duration = "switchCooldownMs", [0] or at least 500, default 5_000;
    /// How long after the viewer's own reconnect no decision is made.
    reconnect_grace_ms: Duration = "reconnectGraceMs", [0] or at least 100, default 3_500;
    /// How long all outputs may be unhealthy before that is reported.
    all_down_grace_ms: Duration = "allDownGraceMs", [0] or at least 500, default 10_000;
    /// A switch is reported as a false alarm if the previous output recovers within this time.
    false_alarm_window_ms: Duration = "falseAlarmWindowMs", [0] or at least 100, default 5_000;
    /// How long a more preferred output must be healthy before it is shown again. By default the viewer does not fail back.
    fail_back_delay_ms: Option<Duration> = "failBackDelayMs", [0] or at least 1_000;
}

#[cfg(test)]
mod tests;
