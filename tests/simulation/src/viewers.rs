//! Viewers of a simulated broadcast: each has a network of its own, over which it gets the signals of Agora's Web SDK.

mod network;
pub mod phases;
pub(crate) mod random_signals;
mod rules;
mod sdk;
mod switching;

use std::collections::{BTreeMap, BTreeSet};

use steadymix::failover::{Connection, Failover, FailoverConfig, Kind, LeaveReason, Signal, Standby};
use steadymix::time::{Duration, Instant};

pub(crate) use self::network::Network;
use self::phases::Phases;
use crate::air::Air;
use crate::chance::Chance;
use crate::checks::Check;
use crate::diagram::Transition;
use crate::digest::Digest;
use crate::plan::Plan;
use crate::world::World;

/// After this time without packets the service unpublishes an output; without a heartbeat, it reports that the output left.
const NO_PACKETS_TIMEOUT: u64 = 10_000;
const NO_HEARTBEAT_TIMEOUT: u64 = 20_000;
const STATS_INTERVAL: u64 = 1_000;
/// An outage this long makes the SDK reconnect, which announces the outputs again.
const RECONNECT_TIMEOUT: u64 = 3_000;

/// The length of a schedule with viewers, in minutes: each of their frames is simulated.
const WATCHED_MINUTES: u64 = 3;

/// The publications in the schedule of this seed.
///
/// # Errors
/// The rule that the schedule breaks.
pub fn broadcast(seed: u64) -> Result<Air, String> {
    let run = World::new(Plan::schedule(seed, WATCHED_MINUTES)).recorded().run();
    match run.violation {
        Some(violation) => Err(violation),
        None => Ok(run.air.unwrap_or_default().ended(&mut Chance::new(seed))),
    }
}

/// The outcome of a viewer.
#[derive(Debug, Default)]
pub struct Watched {
    /// How often each situation occurred.
    pub places: BTreeMap<String, u64>,
    /// With a hot standby: the frame interval, and how long the picture was frozen after an abrupt death while nothing else
    /// was wrong, both in ms.
    pub outages: Vec<(u64, u64)>,
    /// Every change from one output to another whose first frame arrived.
    pub(crate) changes: Vec<Replaced>,
    /// The intervals with a visible stall or without a picture: from, until.
    pub(crate) stalls: Vec<(u64, u64)>,
    /// The rule that was broken, if any.
    pub violation: Option<String>,
    /// The trace, if it was recorded.
    pub trace: Vec<String>,
    /// A digest of all outputs of the core.
    pub digest: u64,
    /// The transitions between the phases of the outputs, if they were recorded.
    pub(crate) transitions: BTreeSet<Transition>,
}

/// The settings of a viewer, and its network.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) config: FailoverConfig,
    pub(crate) network: Network,
    /// The interval between two frames of an output, in ms.
    pub(crate) interval: u64,
    /// Whether the SDK reports every frame, as in browsers, or only changes of state, as native SDKs do.
    pub(crate) reports_frames: bool,
}

impl Setup {
    fn of(chance: &mut Chance, ends: u64) -> Self {
        let network = Network::of(chance, ends);
        let standby = chance.one(&[Standby::Hot, Standby::Hot, Standby::Warm, Standby::Cold]);
        let fail_back_delay_ms = chance.percent(10).then_some(Duration::from_millis(20_000));
        let config = FailoverConfig { standby, fail_back_delay_ms, ..FailoverConfig::default() };
        Self { config, network, interval: chance.one(&[66, 66, 33]), reports_frames: true }
    }
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    /// A task publishes. The number is the index of the publication.
    Published(usize),
    /// The service reports its end: its tracks were unpublished, it left.
    Unpublished(usize),
    Left(usize, LeaveReason),
    /// It sends a frame and audio.
    Sends(usize),
    /// Both arrive.
    Arrives {
        publication: usize,
        uid: u32,
    },
    /// The SDK checks whether a frame arrived since that one.
    FrozenYet {
        uid: u32,
        frame: u64,
    },
    Subscribed(u32, Kind),
    /// The application ends a subscription on its own.
    Unsubscribes(u32, Kind),
    Down,
    Up,
    Reconnecting,
    Reconnected {
        since: u64,
    },
    Visible(bool),
    OnAir(u32),
    PollStats,
    Wake(u64),
    End,
}

/// An output's tracks, as the SDK has them.
#[derive(Clone, Default)]
struct Tracks {
    /// The publication that is known to the SDK.
    known: Option<usize>,
    published: bool,
    asked: [bool; 2],
    /// The application ended the subscription, and no stats poll has found that yet.
    taken: [bool; 2],
    /// The number of signals, and the time, when it was subscribed.
    asked_after: [(u64, u64); 2],
    video: bool,
    audio: bool,
    /// Frames presented since it was subscribed.
    frames: u64,
    last_frame: u64,
    frozen: bool,
    /// The next keyframe: no frame is presented before.
    keyframe_at: u64,
    video_moved: bool,
    audio_moved: bool,
    lost: bool,
    last_arrival: u64,
    silent_until: u64,
}

/// A change of the picture, as it was on screen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replaced {
    pub(crate) old: u32,
    pub(crate) shown_at: u64,
    last_frame: u64,
    first_frame: Option<u64>,
}

impl Replaced {
    /// How long the picture was frozen, in ms.
    pub(crate) fn frozen(&self) -> Option<u64> {
        Some(self.first_frame? - self.last_frame)
    }
}

/// A viewer of a broadcast.
pub struct Viewer<'a> {
    air: &'a Air,
    chance: Chance,
    setup: Setup,
    failover: Failover,
    now: u64,
    /// Future happenings by their time; those of the same time in the order in which they were scheduled.
    coming: BTreeMap<(u64, u64), Happening>,
    number: u64,
    signals: u64,
    wake: u64,
    tracks: BTreeMap<u32, Tracks>,
    visible: bool,
    connected: bool,
    connected_at: u64,
    visible_since: u64,
    screen: Option<u32>,
    last_seen: BTreeMap<u32, u64>,
    /// When the output on screen last presented a frame.
    picture_at: Option<u64>,
    replaced: Option<Replaced>,
    last_change: Option<u64>,
    /// The last time at which the picture was right, or no picture was possible.
    picture_right_at: u64,
    watched: Watched,
    digest: Digest,
    traced: bool,
    phases: Option<Phases>,
}

impl<'a> Viewer<'a> {
    /// A viewer with a network of its own.
    #[must_use]
    pub fn new(air: &'a Air, seed: u64, traced: bool) -> Self {
        let mut chance = Chance::new(seed);
        let setup = Setup::of(&mut chance, air.ends);
        Self::with(air, setup, chance, traced)
    }

    /// A viewer with these settings.
    pub(crate) fn with(air: &'a Air, setup: Setup, chance: Chance, traced: bool) -> Self {
        let mut viewer = Self {
            air,
            failover: Failover::new(&air.uids, setup.config.clone(), Instant::ZERO),
            setup,
            now: 0,
            coming: BTreeMap::new(),
            number: 0,
            signals: 0,
            wake: 0,
            tracks: air.uids.iter().map(|uid| (*uid, Tracks::default())).collect(),
            visible: true,
            connected: true,
            connected_at: 0,
            visible_since: 0,
            screen: None,
            last_seen: BTreeMap::new(),
            picture_at: None,
            replaced: None,
            last_change: None,
            picture_right_at: 0,
            watched: Watched::default(),
            digest: Digest::new(),
            traced,
            phases: None,
            chance,
        };
        let settings = format!("{:?}", viewer.setup);
        viewer.note(|| settings);
        viewer.plan();
        viewer
    }

    /// Without a switch cooldown, which the checks must notice.
    #[must_use]
    pub fn without_switch_cooldown(mut self) -> Self {
        let config = FailoverConfig { switch_cooldown_ms: Duration::ZERO, ..FailoverConfig::default() };
        self.failover = Failover::new(&self.air.uids, config, Instant::ZERO);
        self
    }

    /// Records the transitions between the phases of the outputs.
    #[must_use]
    pub(crate) fn with_phases(mut self) -> Self {
        self.phases = Some(Phases::default());
        self
    }

    /// Watches to the end, or until a rule is broken.
    #[must_use]
    pub fn run(mut self) -> Watched {
        let watched = self.play();
        self.watched.violation = watched.err();
        self.watched.digest = self.digest.value();
        self.watched.transitions = self.phases.map(|phases| phases.taken).unwrap_or_default();
        self.watched
    }

    fn plan(&mut self) {
        for (at, publication) in self.air.publications.iter().enumerate() {
            let [least, most] = self.setup.network.signal;
            let lags = [(); 3].map(|()| self.chance.between(least, most));
            let phase = self.chance.between(0, self.setup.interval);
            self.at(publication.from + lags[0], Happening::Published(at));
            self.at(publication.from + phase, Happening::Sends(at));
            if publication.died {
                self.at(publication.until + NO_PACKETS_TIMEOUT + lags[1], Happening::Unpublished(at));
                self.at(
                    publication.until + NO_HEARTBEAT_TIMEOUT + lags[2],
                    Happening::Left(at, LeaveReason::TimedOut),
                );
            } else {
                let reason =
                    self.chance.one(&[LeaveReason::Quit, LeaveReason::Quit, LeaveReason::BecameAudience]);
                self.at(publication.until + lags[1], Happening::Left(at, reason));
            }
        }
        for (from, until) in self.setup.network.outages.clone() {
            self.at(from, Happening::Down);
            self.at(until, Happening::Up);
            if until - from >= RECONNECT_TIMEOUT {
                self.at(from + RECONNECT_TIMEOUT, Happening::Reconnecting);
                let takes = self.chance.between(100, 800);
                self.at(until + takes, Happening::Reconnected { since: from });
            }
        }
        for (from, until) in self.setup.network.hidden.clone() {
            self.at(from, Happening::Visible(false));
            self.at(until, Happening::Visible(true));
        }
        if self.chance.percent(50) {
            for (at, uid) in &self.air.updates {
                let takes = self.chance.between(20, 1_500);
                self.at(at + takes, Happening::OnAir(*uid));
            }
        }
        for _ in 0..self.setup.network.unsubscribes {
            let at = self.chance.between(0, self.air.ends);
            let uid = self.chance.one(&self.air.uids);
            let kind = self.chance.one(&[Kind::Video, Kind::Video, Kind::Audio]);
            self.at(at, Happening::Unsubscribes(uid, kind));
        }
        self.at(STATS_INTERVAL, Happening::PollStats);
        self.at(self.air.ends, Happening::End);
    }

    fn at(&mut self, at: u64, happening: Happening) {
        self.number += 1;
        self.coming.insert((at, self.number), happening);
    }

    fn play(&mut self) -> Check {
        self.report(Signal::Connection(Connection::Connected))?;
        if self.setup.network.poor {
            self.report(Signal::Network(true))?;
        }
        while let Some(((at, _), happening)) = self.coming.pop_first() {
            self.now = at;
            if matches!(happening, Happening::End) {
                return Ok(());
            }
            self.happen(happening)?;
        }
        Ok(())
    }

    fn happen(&mut self, happening: Happening) -> Check {
        match happening {
            // Without a network the service's reports are delayed.
            Happening::Published(_)
            | Happening::Unpublished(_)
            | Happening::Left(..)
            | Happening::OnAir(_)
                if self.setup.network.is_down(self.now) || !self.connected =>
            {
                let again = self.now + 50;
                self.at(again, happening);
                Ok(())
            }
            Happening::Published(at) => self.published(at),
            Happening::Unpublished(at) => self.unpublished(at),
            Happening::Left(at, reason) => self.left(at, reason),
            Happening::Sends(at) => {
                self.sends(at);
                Ok(())
            }
            Happening::Arrives { publication, uid } => self.arrives(publication, uid),
            Happening::FrozenYet { uid, frame } => self.frozen_yet(uid, frame),
            Happening::Subscribed(uid, kind) => self.subscribed(uid, kind),
            Happening::Unsubscribes(uid, kind) => self.unsubscribes(uid, kind),
            Happening::Down => {
                self.note(|| "! the network is down".to_owned());
                Ok(())
            }
            Happening::Up => {
                self.note(|| "! the network is up".to_owned());
                self.reach("an outage of the viewer's network");
                let length = self.setup.network.outages.iter().find(|(_, until)| *until == self.now);
                let is_long = length.is_some_and(|(from, until)| until - from > 1_000);
                // The decoders need a keyframe.
                let takes: Vec<u64> = self.tracks.iter().map(|_| self.chance.between(50, 900)).collect();
                for (tracks, takes) in self.tracks.values_mut().zip(takes) {
                    if is_long {
                        tracks.keyframe_at = self.now + takes;
                    }
                }
                Ok(())
            }
            Happening::Reconnecting => {
                self.connected = false;
                self.report(Signal::Connection(Connection::Reconnecting))
            }
            Happening::Reconnected { since } => self.reconnected(since),
            Happening::Visible(visible) => {
                self.note(|| format!("! {}", if visible { "visible" } else { "hidden" }));
                self.reach(if visible { "a page that is visible again" } else { "a hidden page" });
                (self.visible, self.visible_since, self.picture_right_at) = (visible, self.now, self.now);
                for tracks in self.tracks.values_mut() {
                    (tracks.frozen, tracks.last_frame) = (false, self.now);
                }
                self.report(Signal::Visible(visible))
            }
            Happening::OnAir(uid) => self.report(Signal::OnAir(uid)),
            Happening::PollStats => self.poll_stats(),
            Happening::Wake(at) => {
                if at == self.wake {
                    self.drive()?;
                }
                Ok(())
            }
            Happening::End => Ok(()),
        }
    }

    fn reach(&mut self, place: &str) {
        match self.watched.places.get_mut(place) {
            Some(times) => *times += 1,
            None => drop(self.watched.places.insert(place.to_owned(), 1)),
        }
    }

    fn note(&mut self, line: impl FnOnce() -> String) {
        if self.traced {
            self.watched.trace.push(format!("{:>9.3} {}", self.now as f64 / 1000.0, line()));
        }
    }
}
