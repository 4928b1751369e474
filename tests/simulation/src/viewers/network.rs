//! A viewer's network, with its faults.

use crate::chance::Chance;

/// A viewer's network. All times are in ms.
#[derive(Clone, Debug)]
pub(crate) struct Network {
    /// So rough that a healthy output may seem dead.
    pub(crate) rough: bool,
    /// The SDK reports freezes with congestion as the reason.
    pub(crate) congested: bool,
    /// The SDK always reports a poor downlink.
    pub(crate) poor: bool,
    pub(crate) latency: u64,
    pub(crate) jitter: u64,
    pub(crate) lost_percent: u64,
    /// Stalls of one output: how many begin in a thousand frames, and the longest.
    pub(crate) stalls: (u64, u64),
    pub(crate) signal: [u64; 2],
    pub(crate) subscribe: [u64; 2],
    pub(crate) refused_percent: u64,
    /// Times in which nothing arrives.
    pub(crate) outages: Vec<(u64, u64)>,
    pub(crate) hidden: Vec<(u64, u64)>,
    /// How often the application ends a subscription on its own.
    pub(crate) unsubscribes: u64,
}

impl Network {
    pub(crate) fn of(chance: &mut Chance, ends: u64) -> Self {
        let mut times = |most: u64, lengths: &[u64]| -> Vec<(u64, u64)> {
            let mut begins: Vec<u64> =
                (0..chance.between(0, most)).map(|_| chance.between(0, ends)).collect();
            begins.sort_unstable();
            let mut list: Vec<(u64, u64)> = Vec::new();
            for from in begins {
                if list.last().is_none_or(|(_, until)| from > until + 10_000) {
                    list.push((from, from + chance.one(lengths)));
                }
            }
            list
        };
        let outages = times(4, &[200, 400, 900, 1_800, 2_900, 6_000, 14_000, 25_000]);
        let hidden = times(2, &[3_000, 20_000, 60_000]);
        let rough = chance.percent(25);
        Self {
            rough,
            congested: false,
            poor: false,
            latency: chance.between(10, 150),
            jitter: if rough { 90 } else { chance.one(&[5, 20, 40]) },
            lost_percent: if rough { 10 } else { chance.one(&[0, 1, 3]) },
            stalls: if rough { (5, 700) } else { (chance.one(&[0, 2]), 80) },
            signal: chance.one(&[[10, 80], [40, 400]]),
            subscribe: chance.one(&[[30, 120], [100, 600]]),
            refused_percent: chance.one(&[0, 0, 10]),
            outages,
            hidden: if chance.percent(30) { hidden } else { Vec::new() },
            unsubscribes: if chance.percent(20) { chance.between(1, 4) } else { 0 },
        }
    }

    /// A steady network: only the configured faults occur.
    pub(crate) fn steady() -> Self {
        Self {
            rough: true,
            congested: false,
            poor: false,
            latency: 50,
            jitter: 20,
            lost_percent: 1,
            stalls: (0, 0),
            signal: [10, 80],
            subscribe: [30, 120],
            refused_percent: 0,
            outages: Vec::new(),
            hidden: Vec::new(),
            unsubscribes: 0,
        }
    }

    pub(crate) fn is_down(&self, at: u64) -> bool {
        self.outages.iter().any(|(from, until)| (*from..*until).contains(&at))
    }
}
