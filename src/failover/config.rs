//! How a viewer's failover is set.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

#[cfg(feature = "server")]
use crate::durations::{DAY, SettingRange};
#[cfg(feature = "server")]
use crate::error::Invalid;
use crate::time::Duration;

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

/// Declares [`FailoverConfig`], and everything that depends on which durations it has. `src/js/viewer/durations.ts`, which has
/// TypeScript's type, documentation and checks of them, is generated from the same list. A duration's number is its place.
macro_rules! settings {
    ($(
        $(#[doc = $doc:literal])+
        $field:ident: $Type:ty = $name:literal, $([$zero:literal] or)? at least $least:literal $(, default $default:literal)?;
    )+) => {
        /// The settings of a viewer's failover. All times are in ms; the defaults are those that broadcast engineering and the
        /// SDKs' own thresholds suggest.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase", default))]
        pub struct FailoverConfig {
            /// What is kept ready.
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
            /// What each of them is, line by line.
            #[cfg(test)]
            pub(crate) const DOCS: &[&[&str]] = &[$(&[$($doc),+],)+];

            /// Checks every duration. (The viewer's module leaves this to TypeScript, which has the names.)
            ///
            /// # Errors
            /// The first value out of its range, by its field.
            #[cfg(feature = "server")]
            pub fn check(&self) -> Result<(), Invalid> {
                let given: &[Option<Duration>] = &[$(self.$field.into()),+];
                for (duration, value) in Self::DURATIONS.iter().zip(given) {
                    value.map_or(Ok(()), |value| duration.check(value))?;
                }
                Ok(())
            }

            /// Sets the duration with that number. Whether there is one.
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
    /// How long an output that the SDK calls frozen (after 500 ms of its own) is waited for. Where frames are reported, as
    /// in browsers, one that provably stands still is left sooner.
    frozen_ms: Duration = "frozenMs", [0] or at least 100, default 1_000;
    /// The same, when an engine says that congestion is the cause.
    congested_ms: Duration = "congestedMs", [0] or at least 100, default 1_500;
    /// The same, when the viewer's own network is bad.
    bad_network_ms: Duration = "badNetworkMs", [0] or at least 100, default 3_000;
    /// How long an output that was muted on purpose is waited for.
    muted_ms: Duration = "mutedMs", [0] or at least 100, default 2_000;
    /// How long lost audio is waited for, when the backup's is alive.
    audio_ms: Duration = "audioMs", [0] or at least 100, default 2_000;
    /// With a hot standby that progresses, no frame for this long is enough to change over; but never less than four times
    /// the interval of the frames, or twice the longest gap seen lately.
    frame_gap_ms: Duration = "frameGapMs", [0] or at least 50, default 250;
    /// An output that does not show its second frame this long after it was subscribed has failed.
    starting_ms: Duration = "startingMs", at least 500, default 3_000;
    /// How long an output that did not start, or could not be decoded, is not tried again if there is another.
    penalty_ms: Duration = "penaltyMs", [0] or at least 500, default 30_000;
    /// How long after a switch only a certain loss is followed by another.
    dwell_ms: Duration = "dwellMs", [0] or at least 500, default 5_000;
    /// How long after the viewer's own reconnect nothing is believed.
    settle_ms: Duration = "settleMs", [0] or at least 100, default 3_500;
    /// When no output is well for this long, that is reported.
    both_down_ms: Duration = "bothDownMs", [0] or at least 500, default 10_000;
    /// An output that flows again this soon after it was left was a false positive, which is reported.
    false_alarm_ms: Duration = "falseAlarmMs", [0] or at least 100, default 5_000;
    /// How long the preferred output must be healthy before it is shown again. Off by default: never, as long as the one
    /// that is shown is healthy.
    fail_back_ms: Option<Duration> = "failBackMs", [0] or at least 1_000;
}

#[cfg(test)]
mod tests;
