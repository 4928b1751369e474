//! The hosts in the channels.

use std::collections::BTreeMap;

#[derive(Clone, Debug, Default)]
pub(crate) struct Channels {
    /// When the hosts of a channel left. In channels that are not listed, the hosts are present.
    away_since: BTreeMap<String, u64>,
    /// How often in a row a present uid was missing from a reply, by channel and uid.
    missed: BTreeMap<(String, u32), u8>,
}

/// How often in a row a present host may be missing from a reply.
const MAX_MISSES: u8 = 2;

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

    /// Whether a reply lists a present uid. `miss` asks to leave it out.
    pub(crate) fn shows(&mut self, channel: &str, uid: u32, miss: bool) -> bool {
        let missed = self.missed.entry((channel.to_owned(), uid)).or_default();
        *missed = if miss && *missed < MAX_MISSES { *missed + 1 } else { 0 };
        *missed == 0
    }
}
