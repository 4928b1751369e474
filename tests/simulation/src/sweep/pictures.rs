//! The viewer's side: a healthy broadcast, until the watched output dies without leaving the channel.

use steadymix::failover::{FailoverConfig, Standby};
use steadymix::time::Duration;

use super::figures::{head, per_hour, percent, ratio, row, spread};
use crate::air::Air;
use crate::chance::Chance;
use crate::viewers::{Network, Replaced, Setup, Viewer, Watched};

const PRIMARY: u32 = 9000;
const BACKUP: u32 = 9100;
/// The number of viewers in a row of the table.
const VIEWERS: u64 = 60;
/// How long each watches before the death, in ms.
const CALM: u64 = 60_000;
/// How long each watches after the death, in ms.
const AFTERWARDS: u64 = 12_000;
/// A later switch was not caused by the frozen picture, in ms.
const SOON: u64 = 5_000;

/// The results of the viewers of one setting. Times are in ms.
#[derive(Default)]
struct Measured {
    calm: u64,
    false_switches: u64,
    /// How long the picture was frozen before the death.
    stalled: u64,
    /// Viewers whose output died.
    deaths: u64,
    /// The viewers of these that switched soon.
    switched: u64,
    frozen: Vec<u64>,
}

impl Measured {
    fn of(setup: &Setup) -> Result<Self, String> {
        let mut measured = Self::default();
        for seed in 1..=VIEWERS {
            let mut chance = Chance::new(seed);
            // A random offset keeps deaths out of step with frames and stats polls.
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
            // This viewer watches the other output.
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

/// Two outputs. The preferred one starts first and dies.
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

/// Three times in which the viewer receives nothing.
fn outages(each: u64) -> Vec<(u64, u64)> {
    [15_000, 30_000, 45_000].map(|from| (from, from + each)).to_vec()
}

/// Settings that are varied for every standby.
const NETWORKS: Rows = &[
    ("the defaults, 15 frames a second", |_| ()),
    ("30 frames a second", |setup| setup.interval = 33),
    ("no frame lost", |setup| setup.network.lost_percent = 0),
    ("5 % of frames lost", |setup| setup.network.lost_percent = 5),
    ("10 % of frames lost", |setup| setup.network.lost_percent = 10),
    ("no jitter", |setup| setup.network.jitter = 0),
    ("jitter up to 100 ms", |setup| setup.network.jitter = 100),
    ("jitter up to 300 ms", |setup| setup.network.jitter = 300),
    ("hiccups up to 80 ms", |setup| setup.network.hiccups = (5, 80)),
    ("hiccups up to 300 ms", |setup| setup.network.hiccups = (5, 300)),
    ("hiccups up to 1500 ms", |setup| setup.network.hiccups = (5, 1_500)),
    ("three outages of 400 ms", |setup| setup.network.outages = outages(400)),
    ("three outages of 2.5 s", |setup| setup.network.outages = outages(2_500)),
    ("subscribing takes up to 1 s", |setup| setup.network.subscribe = [30, 1_000]),
    ("downlink reported as bad", |setup| setup.network.bad = true),
    ("downlink reported as bad, `badNetworkMs` 1000", |setup| {
        setup.network.bad = true;
        setup.config.bad_network_ms = ms(1_000);
    }),
    ("no frame reports", |setup| setup.reports_frames = false),
    ("no frame reports, `frozenMs` 250", |setup| {
        setup.reports_frames = false;
        setup.config.frozen_ms = ms(250);
    }),
    ("no frame reports, freezes are reported as congestion", |setup| {
        setup.reports_frames = false;
        setup.network.congested = true;
    }),
    ("no frame reports, freezes are reported as congestion, `congestedMs` 500", |setup| {
        setup.reports_frames = false;
        setup.network.congested = true;
        setup.config.congested_ms = ms(500);
    }),
];

const HOT: Rows = &[
    ("`frameGapMs` 100", |setup| setup.config.frame_gap_ms = ms(100)),
    ("`frameGapMs` 100, 30 frames a second", |setup| {
        setup.config.frame_gap_ms = ms(100);
        setup.interval = 33;
    }),
    ("`frameGapMs` 500", |setup| setup.config.frame_gap_ms = ms(500)),
    ("`frameGapMs` 500, hiccups up to 300 ms", |setup| {
        setup.config.frame_gap_ms = ms(500);
        setup.network.hiccups = (5, 300);
    }),
    ("`frameGapMs` 1000", |setup| setup.config.frame_gap_ms = ms(1_000)),
    ("`dwellMs` 0, hiccups up to 300 ms", |setup| {
        setup.config.dwell_ms = ms(0);
        setup.network.hiccups = (5, 300);
    }),
    ("`dwellMs` 30000, hiccups up to 300 ms", |setup| {
        setup.config.dwell_ms = ms(30_000);
        setup.network.hiccups = (5, 300);
    }),
];

const PROBE_AND_COLD: Rows = &[("`frozenMs` 2000", |setup| setup.config.frozen_ms = ms(2_000))];

const STANDBYS: [(&str, Standby, Rows); 3] = [
    ("hot", Standby::Hot, HOT),
    ("probe", Standby::Probe, PROBE_AND_COLD),
    ("cold", Standby::Cold, PROBE_AND_COLD),
];

const COLUMNS: [&str; 6] =
    ["setting", "frozen, ms", "deaths", "switched within 5 s, %", "false switches / h", "frozen / h, s"];

const HEAD: &str = "\
## The viewer's side

Each row is the result of sixty viewers. They watch a healthy broadcast for a minute, then the preferred output dies without
leaving the channel.

- By default 1 % of the frames are lost, and the others are up to 20 ms late.
- A hiccup stops one output; it begins with one frame in 200. In an outage, the viewer receives nothing.
- Without frame reports, as in native engines, the SDK reports only changes of state.
- Frozen is the time from the last frame of the old output to the first frame of the new one.
- Deaths counts the viewers that watched the output that died.
- False switches and frozen / h are from before the death. Frozen / h counts pictures that are frozen for over 500 ms.
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
