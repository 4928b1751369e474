//! How a viewer's failover is set.

#[cfg(feature = "server")]
use serde::{Deserialize, Serialize};

use crate::durations::viewer as durations;
use crate::error::Invalid;
use crate::time::Millis;

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

/// The settings of a viewer's failover. All times are in ms; the defaults are those that broadcast engineering and the
/// SDKs' own thresholds suggest.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "server", derive(Serialize, Deserialize), serde(rename_all = "camelCase", default))]
pub struct FailoverConfig {
    /// What is kept ready.
    pub standby: Standby,
    /// How long an output that the SDK calls frozen (after 500 ms of its own) is waited for: 1000 ms. Where frames are told,
    /// as browsers do, one that provably stands still is left sooner.
    pub frozen_ms: Millis,
    /// The same, when an engine says that congestion is the cause: 1500 ms.
    pub congested_ms: Millis,
    /// The same, when the viewer's own network is bad: 3000 ms.
    pub bad_network_ms: Millis,
    /// How long an output that was muted on purpose is waited for: 2000 ms.
    pub muted_ms: Millis,
    /// How long lost audio is waited for, when the backup's is alive: 2000 ms.
    pub audio_ms: Millis,
    /// With a hot standby that progresses, no frame for this long is enough: 250 ms, and never less than four times the
    /// interval of the frames, or twice the longest gap seen lately.
    pub frame_gap_ms: Millis,
    /// An output that does not show its second frame this long after it was asked for has failed: 3000 ms.
    pub starting_ms: Millis,
    /// How long an output that did not start, or could not be decoded, is not tried again if there is another: 30 s.
    pub penalty_ms: Millis,
    /// How long after a switch only a certain loss is followed by another: 5000 ms.
    pub dwell_ms: Millis,
    /// How long after the viewer's own reconnect nothing is believed: 3500 ms.
    pub settle_ms: Millis,
    /// When both outputs are bad this long, that is reported: 10 s.
    pub both_down_ms: Millis,
    /// How long the preferred output must be healthy before it is shown again; `None` (the default): never, as long as
    /// the one that is shown is healthy.
    pub fail_back_ms: Option<Millis>,
    /// An output that comes back this soon after it was left was left for nothing, which is reported: 5000 ms.
    pub false_alarm_ms: Millis,
}

impl Default for FailoverConfig {
    fn default() -> Self {
        Self {
            standby: Standby::Hot,
            frozen_ms: durations::FROZEN.default(),
            congested_ms: durations::CONGESTED.default(),
            bad_network_ms: durations::BAD_NETWORK.default(),
            muted_ms: durations::MUTED.default(),
            audio_ms: durations::AUDIO.default(),
            frame_gap_ms: durations::FRAME_GAP.default(),
            starting_ms: durations::STARTING.default(),
            penalty_ms: durations::PENALTY.default(),
            dwell_ms: durations::DWELL.default(),
            settle_ms: durations::SETTLE.default(),
            both_down_ms: durations::BOTH_DOWN.default(),
            fail_back_ms: None,
            false_alarm_ms: durations::FALSE_ALARM.default(),
        }
    }
}

impl FailoverConfig {
    /// Checks every duration. (The viewer's module leaves this to TypeScript, which has the names.)
    ///
    /// # Errors
    /// The first value out of its range, by its field.
    pub fn check(&self) -> Result<(), Invalid> {
        let given = [
            (&durations::FROZEN, self.frozen_ms),
            (&durations::CONGESTED, self.congested_ms),
            (&durations::BAD_NETWORK, self.bad_network_ms),
            (&durations::MUTED, self.muted_ms),
            (&durations::AUDIO, self.audio_ms),
            (&durations::FRAME_GAP, self.frame_gap_ms),
            (&durations::STARTING, self.starting_ms),
            (&durations::PENALTY, self.penalty_ms),
            (&durations::DWELL, self.dwell_ms),
            (&durations::SETTLE, self.settle_ms),
            (&durations::BOTH_DOWN, self.both_down_ms),
            (&durations::FALSE_ALARM, self.false_alarm_ms),
        ];
        for (duration, value) in given {
            duration.check(value)?;
        }
        self.fail_back_ms.map_or(Ok(()), |value| durations::FAIL_BACK.check(value))
    }
}
