//! Who is in the channels.

use std::collections::BTreeMap;

/// The hosts of the channels, and how often a uid was not shown in a row.
#[derive(Clone, Debug, Default)]
pub(crate) struct Channels {
    /// Since when a channel's hosts are away; they are there unless it says so.
    away_since: BTreeMap<String, u64>,
    missed: BTreeMap<(String, u32), u8>,
}

/// So often a host that is there may be missing from the list, in a row.
const MOST_MISSES: u8 = 2;

impl Channels {
    pub(crate) fn set_hosts(&mut self, channel: &str, present: bool, now: u64) {
        if present {
            self.away_since.remove(channel);
        } else {
            self.away_since.entry(channel.to_owned()).or_insert(now);
        }
    }

    pub(crate) fn away_since(&self, channel: &str) -> Option<u64> {
        self.away_since.get(channel).copied()
    }

    /// Whether a uid that is there is shown, when chance says `miss`.
    pub(crate) fn shows(&mut self, channel: &str, uid: u32, miss: bool) -> bool {
        let missed = self.missed.entry((channel.to_owned(), uid)).or_default();
        *missed = if miss && *missed < MOST_MISSES { *missed + 1 } else { 0 };
        *missed == 0
    }
}
