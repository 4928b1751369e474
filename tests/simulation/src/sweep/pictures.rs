//! The viewer's side: a broadcast without faults, until the output on screen dies abruptly.

use steadymix::failover::{FailoverConfig, Standby};
use steadymix::time::Duration;

use super::figures::{head, per_hour, percent, ratio, row, spread};
use crate::air::Air;
use crate::chance::Chance;
use crate::viewers::{Network, Replaced, Setup, Viewer, Watched};

const PRIMARY: u32 = 9000;
const BACKUP: u32 = 9100;
/// The viewers of a row, and how long each watches before and after the death, in ms.
const VIEWERS: u64 = 60;
const CALM: u64 = 60_000;
const AFTERWARDS: u64 = 12_000;
/// A later switch was not caused by missing media, but by the service's reports; in ms.
const SOON: u64 = 5_000;

/// The outcome of the viewers of one row. Times are in ms.
#[derive(Default)]
struct Measured {
    calm: u64,
    false_switches: u64,
    /// How long the picture was frozen before the death.
    stalled: u64,
    /// Viewers whose output died, and those of them that switched soon.
    deaths: u64,
    switched: u64,
    frozen: Vec<u64>,
}

impl Measured {
    fn of(setup: &Setup) -> Result<Self, String> {
        let mut measured = Self::default();
        for seed in 1..=VIEWERS {
            let mut chance = Chance::new(seed);
            // Frames, stats polls and death are not in step.
            let death = CALM + chance.between(0, 2_000);
            let air = air(death);
            let watched = Viewer::with(&air, setup.clone(), chance, false).run();
            if let Some(violation) = &watched.violation {
                return Err(format!("viewer {seed}: {violation}"));
            }
            measured.count(&watched, death);
        }
        Ok(measured)
    }

    fn count(&mut self, watched: &Watched, death: u64) {
        self.calm += death;
        let (before, after): (Vec<&Replaced>, Vec<&Replaced>) =
            watched.changes.iter().partition(|change| change.shown_at < death);
        self.false_switches += before.len() as u64;
        let stalls = watched.stalls.iter().filter(|(_, until)| *until < death);
        self.stalled += stalls.map(|(from, until)| until - from).sum::<u64>();
        if before.last().is_some_and(|last| last.old == PRIMARY) {
            // The output that died was not on screen.
            return;
        }
        self.deaths += 1;
        if let Some(change) = after.first() {
            self.switched += u64::from(change.shown_at <= death + SOON);
            self.frozen.extend(change.frozen());
        }
    }

    fn cells(&self, label: &str) -> Vec<String> {
        vec![
            label.to_owned(),
            spread(&self.frozen, |ms| ms.to_string()),
            self.deaths.to_string(),
            percent(self.switched, self.deaths, 0),
            per_hour(self.false_switches, self.calm, 1),
            ratio(self.stalled * 3_600, self.calm, 1),
        ]
    }
}

/// Two outputs: the preferred one is published first, and dies.
fn air(death: u64) -> Air {
    let mut air = Air::of(&[PRIMARY, BACKUP]);
    air.runs(0, &[PRIMARY]);
    air.runs(2_000, &[PRIMARY, BACKUP]);
    air.dies(death, PRIMARY);
    air.runs(death + AFTERWARDS, &[BACKUP]);
    air.closed()
}

type Change = fn(&mut Setup);
type Rows = &'static [(&'static str, Change)];

fn ms(value: u64) -> Duration {
    Duration::from_millis(value)
}

/// Three outages of this length.
fn outages(each: u64) -> Vec<(u64, u64)> {
    [15_000, 30_000, 45_000].map(|from| (from, from + each)).to_vec()
}

/// The rows of every standby.
const NETWORKS: Rows = &[
    ("the defaults, 15 frames a second", |_| ()),
    ("30 frames a second", |setup| setup.interval = 33),
    ("no frame lost", |setup| setup.network.lost_percent = 0),
    ("5 % of frames lost", |setup| setup.network.lost_percent = 5),
    ("10 % of frames lost", |setup| setup.network.lost_percent = 10),
    ("no jitter", |setup| setup.network.jitter = 0),
    ("jitter up to 100 ms", |setup| setup.network.jitter = 100),
    ("jitter up to 300 ms", |setup| setup.network.jitter = 300),
    ("stalls up to 80 ms", |setup| setup.network.stalls = (5, 80)),
    ("stalls up to 300 ms", |setup| setup.network.stalls = (5, 300)),
    ("stalls up to 1500 ms", |setup| setup.network.stalls = (5, 1_500)),
    ("three outages of 400 ms", |setup| setup.network.outages = outages(400)),
    ("three outages of 2.5 s", |setup| setup.network.outages = outages(2_500)),
    ("subscribing takes up to 1 s", |setup| setup.network.subscribe = [30, 1_000]),
    ("downlink reported as poor", |setup| setup.network.poor = true),
    ("downlink reported as poor, `poorNetworkGraceMs` 1000", |setup| {
        setup.network.poor = true;
        setup.config.poor_network_grace_ms = ms(1_000);
    }),
    ("no frames reported", |setup| setup.reports_frames = false),
    ("no frames reported, `frozenGraceMs` 250", |setup| {
        setup.reports_frames = false;
        setup.config.frozen_grace_ms = ms(250);
    }),
    ("no frames reported, freezes reported as congestion", |setup| {
        setup.reports_frames = false;
        setup.network.congested = true;
    }),
    ("no frames reported, freezes reported as congestion, `congestedGraceMs` 500", |setup| {
        setup.reports_frames = false;
        setup.network.congested = true;
        setup.config.congested_grace_ms = ms(500);
    }),
];

const HOT: Rows = &[
    ("`frameGapGraceMs` 100", |setup| setup.config.frame_gap_grace_ms = ms(100)),
    ("`frameGapGraceMs` 100, 30 frames a second", |setup| {
        setup.config.frame_gap_grace_ms = ms(100);
        setup.interval = 33;
    }),
    ("`frameGapGraceMs` 500", |setup| setup.config.frame_gap_grace_ms = ms(500)),
    ("`frameGapGraceMs` 500, stalls up to 300 ms", |setup| {
        setup.config.frame_gap_grace_ms = ms(500);
        setup.network.stalls = (5, 300);
    }),
    ("`frameGapGraceMs` 1000", |setup| setup.config.frame_gap_grace_ms = ms(1_000)),
    ("`switchCooldownMs` 0, stalls up to 300 ms", |setup| {
        setup.config.switch_cooldown_ms = ms(0);
        setup.network.stalls = (5, 300);
    }),
    ("`switchCooldownMs` 30000, stalls up to 300 ms", |setup| {
        setup.config.switch_cooldown_ms = ms(30_000);
        setup.network.stalls = (5, 300);
    }),
];

const WARM_AND_COLD: Rows = &[("`frozenGraceMs` 2000", |setup| setup.config.frozen_grace_ms = ms(2_000))];

const STANDBYS: [(&str, Standby, Rows); 3] = [
    ("hot", Standby::Hot, HOT),
    ("warm", Standby::Warm, WARM_AND_COLD),
    ("cold", Standby::Cold, WARM_AND_COLD),
];

const COLUMNS: [&str; 6] = [
    "setting",
    "frozen, ms",
    "deaths",
    "switched within 5 s, %",
    "false switches / h",
    "frozen before / h, s",
];

const HEAD: &str = "\
## The viewer's side

Sixty viewers in each row watch for a minute without faults except those of their networks. Then the preferred output dies
abruptly. By default 1 % of the frames is lost, and the others are up to 20 ms late. A stall affects one output and begins with
one frame in 200; an outage affects all outputs. Native SDKs report no frames, only changes of state. Frozen is the time from
the last frame to the first one of the other output. Deaths are those of an output on screen. False switches, and freezes of
more than 500 ms, are those before the death.
";

/// The tables, one for each standby.
pub(super) fn tables() -> Result<String, String> {
    let mut text = HEAD.to_owned();
    for (name, standby, own) in STANDBYS {
        text.push_str(&format!("\n### `standby` {name}\n\n{}", head(&COLUMNS)));
        for (label, change) in NETWORKS.iter().chain(own) {
            let config = FailoverConfig { standby, ..FailoverConfig::default() };
            let mut setup = Setup { config, network: Network::steady(), interval: 66, reports_frames: true };
            change(&mut setup);
            let measured =
                Measured::of(&setup).map_err(|violation| format!("{name}, {label}: {violation}"))?;
            text.push_str(&row(&measured.cells(label)));
        }
    }
    Ok(text)
}
