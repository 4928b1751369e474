//! Viewers of a simulated broadcast: what Agora's Web SDK would tell each of them, over a network of their own.

mod network;

use std::collections::BTreeMap;

use steadymix::failover::{
    Connection, Event, Failover, FailoverConfig, Kind, Left, MediaState, Output, Reason, Signal, Standby,
    StateReason,
};
use steadymix::time::Millis;

pub(crate) use self::network::Network;
use crate::air::{Air, Publication};
use crate::chance::Chance;
use crate::checks::Check;
use crate::digest::Digest;
use crate::plan::Plan;
use crate::world::World;

/// When the service takes away what sends nothing, and when it says that somebody left who died.
const NO_PACKETS: u64 = 10_000;
const NO_HEARTBEAT: u64 = 20_000;
/// When the SDK calls a picture frozen.
const FROZEN: u64 = 500;
const LOOK: u64 = 1_000;
/// A picture that stands still this long is seen to stand still.
const STALL: u64 = 500;
/// A viewer's connection that is away this long is told to be reconnecting, and what is on it is announced anew.
const RECONNECTS: u64 = 3_000;
/// So long after it the SDK makes up that those who were not announced again have left.
const MADE_UP: u64 = 3_000;
/// No viewer may be without a picture for longer, once there is one to be had: the longest grace, the dwell, a target
/// that does not start, and a refused subscription.
const PATIENCE: u64 = 15_000;

/// Faults go on this long where viewers watch, in minutes: each frame of theirs is simulated.
const WATCHED_MINUTES: u64 = 3;

/// What is on the air in the schedule of this seed.
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

/// What became of a viewer.
#[derive(Debug, Default)]
pub struct Watched {
    /// How often each hard place was reached.
    pub places: BTreeMap<String, u64>,
    /// With a hot standby: the interval of the frames, and how long the picture was frozen after an abrupt death in a
    /// quiet time, both in ms.
    pub outages: Vec<(u64, u64)>,
    /// Every change from one output to another whose first frame came.
    pub(crate) changes: Vec<Replaced>,
    /// From when to when the picture stood still, or there was none, for long enough to be seen.
    pub(crate) stalls: Vec<(u64, u64)>,
    /// The rule that was broken, if one was.
    pub violation: Option<String>,
    /// What happened, if that was to be kept.
    pub trace: Vec<String>,
    /// A digest of everything that the core said.
    pub digest: u64,
}

/// How a viewer is set, and its way to the service.
#[derive(Clone, Debug)]
pub(crate) struct Setup {
    pub(crate) config: FailoverConfig,
    pub(crate) network: Network,
    /// Between two frames of an output, in ms.
    pub(crate) interval: u64,
    /// Whether the SDK tells of every frame, as browsers do, or only of changes, as engines do.
    pub(crate) tells_frames: bool,
}

impl Setup {
    fn of(chance: &mut Chance, ends: u64) -> Self {
        let network = Network::of(chance, ends);
        let standby = chance.one(&[Standby::Hot, Standby::Hot, Standby::Probe, Standby::Cold]);
        let fail_back_ms = chance.percent(10).then_some(Millis::new(20_000));
        let config = FailoverConfig { standby, fail_back_ms, ..FailoverConfig::default() };
        Self { config, network, interval: chance.one(&[66, 66, 33]), tells_frames: true }
    }
}

#[derive(Clone, Copy, Debug)]
enum Happening {
    /// A task publishes, by its number.
    Published(usize),
    /// What the service tells of its end: its tracks are gone, it left.
    Unpublished(usize),
    Left(usize, Left),
    /// It sends a frame, and sound.
    Sends(usize),
    /// That arrives.
    Arrives {
        publication: usize,
        uid: u32,
    },
    /// The SDK looks whether a frame came since that one.
    FrozenYet {
        uid: u32,
        frame: u64,
    },
    Subscribed(u32, Kind),
    Down,
    Up,
    Reconnecting,
    Reconnected {
        since: u64,
    },
    Visible(bool),
    Word(u32),
    Look,
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
    /// After which signal, and when.
    asked_after: [(u64, u64); 2],
    video: bool,
    audio: bool,
    /// Frames that were presented since it was subscribed.
    frames: u64,
    last_frame: u64,
    frozen: bool,
    /// No frame can be shown before.
    keyframe_at: u64,
    video_moved: bool,
    audio_moved: bool,
    lost: bool,
    last_arrival: u64,
    silent_until: u64,
}

/// A change of the picture, as it really was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Replaced {
    pub(crate) old: u32,
    pub(crate) shown_at: u64,
    last_frame: u64,
    first_frame: Option<u64>,
}

impl Replaced {
    /// How long the picture stood still, in ms.
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
    /// What comes, by its time, and in the order in which it was set should it come together.
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
    /// When a frame of what is shown was last presented.
    picture_at: Option<u64>,
    replaced: Option<Replaced>,
    last_change: Option<u64>,
    /// When there was nothing to complain of.
    content_at: u64,
    watched: Watched,
    digest: Digest,
    traced: bool,
}

impl<'a> Viewer<'a> {
    /// A viewer with a network of its own.
    #[must_use]
    pub fn new(air: &'a Air, seed: u64, traced: bool) -> Self {
        let mut chance = Chance::new(seed);
        let setup = Setup::of(&mut chance, air.ends);
        Self::with(air, setup, chance, traced)
    }

    /// A viewer that is set like this.
    pub(crate) fn with(air: &'a Air, setup: Setup, chance: Chance, traced: bool) -> Self {
        let mut viewer = Self {
            air,
            failover: Failover::new(&air.uids, setup.config.clone(), Millis::ZERO),
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
            content_at: 0,
            watched: Watched::default(),
            digest: Digest::new(),
            traced,
            chance,
        };
        let settings = format!("{:?}", viewer.setup);
        viewer.note(|| settings);
        viewer.plan();
        viewer
    }

    /// It may change over again at once: what the checks must notice.
    #[must_use]
    pub fn without_dwell(mut self) -> Self {
        let config = FailoverConfig { dwell_ms: Millis::ZERO, ..FailoverConfig::default() };
        self.failover = Failover::new(&self.air.uids, config, Millis::ZERO);
        self
    }

    /// Watches to the end, or to the first rule that is broken.
    #[must_use]
    pub fn run(mut self) -> Watched {
        let watched = self.play();
        self.watched.violation = watched.err();
        self.watched.digest = self.digest.value();
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
                self.at(publication.until + NO_PACKETS + lags[1], Happening::Unpublished(at));
                self.at(publication.until + NO_HEARTBEAT + lags[2], Happening::Left(at, Left::TimedOut));
            } else {
                let how = self.chance.one(&[Left::Quit, Left::Quit, Left::BecameAudience]);
                self.at(publication.until + lags[1], Happening::Left(at, how));
            }
        }
        for (from, until) in self.setup.network.outages.clone() {
            self.at(from, Happening::Down);
            self.at(until, Happening::Up);
            if until - from >= RECONNECTS {
                self.at(from + RECONNECTS, Happening::Reconnecting);
                let takes = self.chance.between(100, 800);
                self.at(until + takes, Happening::Reconnected { since: from });
            }
        }
        for (from, until) in self.setup.network.hidden.clone() {
            self.at(from, Happening::Visible(false));
            self.at(until, Happening::Visible(true));
        }
        if self.chance.percent(50) {
            for (at, uid) in &self.air.words {
                let takes = self.chance.between(20, 1_500);
                self.at(at + takes, Happening::Word(*uid));
            }
        }
        self.at(LOOK, Happening::Look);
        self.at(self.air.ends, Happening::End);
    }

    fn at(&mut self, at: u64, happening: Happening) {
        self.number += 1;
        self.coming.insert((at, self.number), happening);
    }

    fn play(&mut self) -> Check {
        self.tell(Signal::Connection(Connection::Connected))?;
        if self.setup.network.bad {
            self.tell(Signal::BadNetwork(true))?;
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
            // What the service tells while the network is down comes when it is up again, or not at all.
            Happening::Published(_)
            | Happening::Unpublished(_)
            | Happening::Left(..)
            | Happening::Word(_)
                if self.setup.network.is_down(self.now) || !self.connected =>
            {
                let again = self.now + 50;
                self.at(again, happening);
                Ok(())
            }
            Happening::Published(at) => self.published(at),
            Happening::Unpublished(at) => self.unpublished(at),
            Happening::Left(at, how) => self.left(at, how),
            Happening::Sends(at) => {
                self.sends(at);
                Ok(())
            }
            Happening::Arrives { publication, uid } => self.arrives(publication, uid),
            Happening::FrozenYet { uid, frame } => self.frozen_yet(uid, frame),
            Happening::Subscribed(uid, kind) => self.subscribed(uid, kind),
            Happening::Down => {
                self.note(|| "! the network is down".to_owned());
                Ok(())
            }
            Happening::Up => {
                self.note(|| "! the network is up".to_owned());
                self.reach("an outage of the viewer's network");
                let length = self.setup.network.outages.iter().find(|(_, until)| *until == self.now);
                let is_long = length.is_some_and(|(from, until)| until - from > 1_000);
                // The decoders have lost the thread.
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
                self.tell(Signal::Connection(Connection::Reconnecting))
            }
            Happening::Reconnected { since } => self.reconnected(since),
            Happening::Visible(visible) => {
                self.note(|| format!("! {}", if visible { "visible" } else { "hidden" }));
                self.reach(if visible { "a page that is seen again" } else { "a hidden page" });
                (self.visible, self.visible_since, self.content_at) = (visible, self.now, self.now);
                for tracks in self.tracks.values_mut() {
                    (tracks.frozen, tracks.last_frame) = (false, self.now);
                }
                self.tell(Signal::Visible(visible))
            }
            Happening::Word(uid) => self.tell(Signal::OnAir(uid)),
            Happening::Look => self.look(),
            Happening::Wake(at) => {
                if at == self.wake {
                    self.drive()?;
                }
                Ok(())
            }
            Happening::End => Ok(()),
        }
    }

    // ---- the SDK -------------------------------------------------------------------------------------------------

    fn uid(&self, publication: usize) -> u32 {
        self.air.publications[publication].uid
    }

    fn tracks(&mut self, uid: u32) -> &mut Tracks {
        self.tracks.entry(uid).or_default()
    }

    fn published(&mut self, at: usize) -> Check {
        let publication = self.air.publications[at];
        if publication.until <= self.now {
            return Ok(());
        }
        let uid = publication.uid;
        if let Some(before) = self.tracks(uid).known {
            // The service has not noticed yet that the one before died: now it does.
            self.left(before, Left::TimedOut)?;
        }
        *self.tracks(uid) = Tracks { known: Some(at), published: true, ..Tracks::default() };
        self.tell(Signal::Joined(uid))?;
        self.tell(Signal::Published(uid, Kind::Audio))?;
        self.tell(Signal::Published(uid, Kind::Video))
    }

    fn unpublished(&mut self, at: usize) -> Check {
        let uid = self.uid(at);
        if self.tracks(uid).known != Some(at) {
            return Ok(());
        }
        *self.tracks(uid) = Tracks { known: Some(at), published: true, ..Tracks::default() };
        self.tell(Signal::Unpublished(uid, Kind::Audio))?;
        self.tracks(uid).published = false;
        self.tell(Signal::Unpublished(uid, Kind::Video))
    }

    fn left(&mut self, at: usize, how: Left) -> Check {
        let uid = self.uid(at);
        if self.tracks(uid).known != Some(at) {
            return Ok(());
        }
        if self.tracks(uid).published {
            self.unpublished(at)?;
        }
        self.tracks(uid).known = None;
        self.tell(Signal::Left(uid, how))
    }

    fn sends(&mut self, at: usize) {
        let publication = self.air.publications[at];
        if self.now >= publication.until {
            return;
        }
        self.at(self.now + self.setup.interval, Happening::Sends(at));
        let may_be_lost = self.chance.percent(self.setup.network.lost_percent);
        let rough = self.setup.network.rough;
        let tracks = self.tracks(publication.uid);
        // Of two in a row, one is sent again in time, unless it is rough.
        tracks.lost = may_be_lost && (rough || !tracks.lost);
        let is_lost = tracks.lost;
        if !publication.flows(self.now) || is_lost {
            return;
        }
        let (often, longest) = self.setup.network.hiccups;
        let jitter = self.chance.between(0, self.setup.network.jitter);
        let hiccup = (self.chance.between(0, 999) < often).then(|| self.chance.between(0, longest));
        let (now, latency) = (self.now, self.setup.network.latency);
        let tracks = self.tracks(publication.uid);
        if let Some(hiccup) = hiccup {
            tracks.silent_until = now + hiccup;
        }
        let arrives = tracks.last_arrival.max(tracks.silent_until.max(now) + latency + jitter);
        tracks.last_arrival = arrives;
        self.at(arrives, Happening::Arrives { publication: at, uid: publication.uid });
    }

    fn arrives(&mut self, publication: usize, uid: u32) -> Check {
        if self.setup.network.is_down(self.now) {
            return Ok(());
        }
        let (now, visible) = (self.now, self.visible);
        let tracks = self.tracks(uid);
        if tracks.known != Some(publication) {
            return Ok(());
        }
        (tracks.audio_moved, tracks.video_moved) = (tracks.audio, tracks.video);
        if !tracks.video || !visible || now < tracks.keyframe_at {
            return Ok(());
        }
        tracks.frames += 1;
        tracks.last_frame = now;
        let frame = tracks.frames;
        let was_frozen = std::mem::replace(&mut tracks.frozen, false);
        self.at(now + FROZEN, Happening::FrozenYet { uid, frame });
        self.seen(uid);
        match frame {
            1 => self.state(uid, MediaState::Starting)?,
            2 => self.state(uid, MediaState::Decoding)?,
            _ if was_frozen => self.state(uid, MediaState::Decoding)?,
            _ => {}
        }
        if self.setup.tells_frames { self.tell(Signal::Frame(uid)) } else { Ok(()) }
    }

    fn frozen_yet(&mut self, uid: u32, frame: u64) -> Check {
        let visible = self.visible;
        let tracks = self.tracks(uid);
        if !visible || !tracks.video || tracks.frames != frame || frame < 2 || tracks.frozen {
            return Ok(());
        }
        tracks.frozen = true;
        let reason = if self.setup.network.congested { StateReason::Congestion } else { StateReason::None };
        self.tell(Signal::State(uid, Kind::Video, MediaState::Frozen, reason))
    }

    fn state(&mut self, uid: u32, state: MediaState) -> Check {
        self.tell(Signal::State(uid, Kind::Video, state, StateReason::None))
    }

    fn subscribed(&mut self, uid: u32, kind: Kind) -> Check {
        let refused = self.chance.percent(self.setup.network.refused_percent);
        if self.setup.network.is_down(self.now) || !self.connected {
            self.at(self.now + 500, Happening::Subscribed(uid, kind));
            return Ok(());
        }
        let keyframe_at = self.now + self.chance.between(0, 200);
        let tracks = self.tracks(uid);
        if !tracks.asked[kind as usize] {
            return Ok(());
        }
        if !tracks.published || refused {
            tracks.asked[kind as usize] = false;
            self.reach("a refused subscription");
            return self.tell(Signal::SubscribeFailed(uid, kind));
        }
        match kind {
            Kind::Video => (tracks.video, tracks.keyframe_at) = (true, keyframe_at),
            Kind::Audio => tracks.audio = true,
        }
        Ok(())
    }

    fn reconnected(&mut self, since: u64) -> Check {
        self.connected = true;
        self.connected_at = self.now;
        self.reach("the viewer's own reconnect");
        self.tell(Signal::Connection(Connection::Connected))?;
        for (at, publication) in self.air.publications.iter().enumerate() {
            let known = self.tracks.get(&publication.uid).is_some_and(|tracks| tracks.known == Some(at));
            if !known {
                continue;
            }
            if publication.until > self.now {
                self.tell(Signal::Joined(publication.uid))?;
                self.tell(Signal::Published(publication.uid, Kind::Audio))?;
                self.tell(Signal::Published(publication.uid, Kind::Video))?;
            } else if publication.until > since {
                self.reach("a leave that the SDK makes up");
                self.at(self.now + MADE_UP, Happening::Left(at, Left::Unknown));
            }
        }
        Ok(())
    }

    fn look(&mut self) -> Check {
        self.at(self.now + LOOK, Happening::Look);
        for uid in self.air.uids.clone() {
            let tracks = self.tracks(uid);
            let video = tracks.video.then(|| std::mem::take(&mut tracks.video_moved));
            let audio = tracks.audio.then(|| std::mem::take(&mut tracks.audio_moved));
            if let Some(moved) = video {
                self.tell(Signal::Progress(uid, Kind::Video, moved))?;
            }
            if let Some(moved) = audio {
                self.tell(Signal::Progress(uid, Kind::Audio, moved))?;
            }
        }
        // What is kept on disk is what is in memory.
        let text = serde_json::to_string(&self.failover).map_err(|error| error.to_string())?;
        self.failover = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        self.picture()
    }

    // ---- the failover --------------------------------------------------------------------------------------------

    fn tell(&mut self, signal: Signal) -> Check {
        let is_worth_a_note = !matches!(signal, Signal::Frame(_) | Signal::Progress(_, _, true));
        if is_worth_a_note {
            self.note(|| format!("< {signal:?}"));
        }
        self.signals += 1;
        self.failover.handle(Millis::new(self.now), signal);
        self.drive()
    }

    fn drive(&mut self) -> Check {
        for _ in 0..100 {
            let output = self.failover.poll(Millis::new(self.now));
            self.digest.debug(&(self.now, &output));
            match output {
                Output::Wait(until) => {
                    if let Some(until) = until.map(Millis::as_u64).filter(|until| *until != self.wake) {
                        if until <= self.now {
                            return Err(format!("a wait until {until} that is over already"));
                        }
                        self.wake = until;
                        self.at(until, Happening::Wake(until));
                    }
                    return self.is_offline_shown();
                }
                Output::Subscribe(uid, kind) => {
                    self.note(|| format!("> {output:?}"));
                    let moment = (self.signals, self.now);
                    let tracks = self.tracks(uid);
                    (tracks.asked[kind as usize], tracks.asked_after[kind as usize]) = (true, moment);
                    let [least, most] = self.setup.network.subscribe;
                    let takes = self.chance.between(least, most);
                    self.at(self.now + takes, Happening::Subscribed(uid, kind));
                }
                Output::Unsubscribe(uid, kind) => {
                    self.note(|| format!("> {output:?}"));
                    let moment = (self.signals, self.now);
                    let tracks = self.tracks(uid);
                    let was_asked = std::mem::take(&mut tracks.asked[kind as usize]);
                    if was_asked && tracks.asked_after[kind as usize] == moment {
                        return Err(format!("{uid} is subscribed and let go of for the same reason"));
                    }
                    match kind {
                        Kind::Video => (tracks.video, tracks.frames, tracks.frozen) = (false, 0, false),
                        Kind::Audio => tracks.audio = false,
                    }
                }
                Output::Show(uid) => self.shows(uid)?,
                Output::Emit(event) => self.on_event(event)?,
            }
        }
        Err("it spins".to_owned())
    }

    fn shows(&mut self, uid: u32) -> Check {
        self.note(|| format!("> show {uid}"));
        if self.visible && self.tracks(uid).frames == 0 {
            return Err(format!("{uid} is shown, but was not seen"));
        }
        let old = self.screen.replace(uid).and_then(|old| Some((old, *self.last_seen.get(&old)?)));
        let first_frame = self.last_seen.get(&uid).copied().filter(|at| *at == self.now);
        let shown_at = self.now;
        self.replaced = old.map(|(old, last_frame)| Replaced { old, shown_at, last_frame, first_frame });
        self.watched.changes.extend(self.replaced.filter(|_| first_frame.is_some()));
        Ok(())
    }

    /// The first frame of what is shown since then.
    fn seen(&mut self, uid: u32) {
        self.last_seen.insert(uid, self.now);
        if self.screen != Some(uid) {
            return;
        }
        if let Some(replaced) = self.replaced.as_mut().filter(|replaced| replaced.first_frame.is_none()) {
            replaced.first_frame = Some(self.now);
            self.watched.changes.push(*replaced);
        }
        let since = self.picture_at.replace(self.now);
        let stall = since.map(|since| (since, self.now)).filter(|(since, now)| now - since > STALL);
        self.watched.stalls.extend(stall);
    }

    fn on_event(&mut self, event: Event) -> Check {
        self.note(|| format!("> {event:?}"));
        let Event::Switched { from, to, reason, switch_ms, outage_ms, .. } = event else {
            match event {
                Event::FailedBack { .. } => {
                    self.reach("failed back");
                    self.last_change = Some(self.now);
                }
                Event::FalseAlarm(_) => self.reach("a false alarm"),
                Event::BothDown => self.reach("both down"),
                Event::Recovered(_) => self.reach("recovered"),
                _ => {}
            }
            return Ok(());
        };
        let decided = self.now - switch_ms.as_u64();
        self.reach(&format!("switched: {reason:?}"));
        let is_soft = matches!(reason, Reason::Frozen | Reason::Dead | Reason::AudioLost);
        let dwell = self.setup.config.dwell_ms.as_u64();
        if let (true, Some(last)) = (is_soft || reason == Reason::OnAir, self.last_change)
            && decided < last + dwell
        {
            return Err(format!("changed again {} ms after the last time", decided - last));
        }
        self.last_change = Some(decided);
        if is_soft && self.flowed_all_along(from, decided) {
            if !self.setup.network.rough {
                return Err(format!("{from} was left, but it flowed all along"));
            }
            self.reach("left for nothing, on a rough network");
        }
        let Some(replaced) = self.replaced.filter(|replaced| replaced.old == from && self.visible) else {
            return Ok(());
        };
        let since_seen = self.visible_since.max(self.connected_at);
        if let Some(truth) = replaced.frozen().filter(|_| replaced.last_frame >= since_seen) {
            if self.setup.tells_frames && outage_ms.as_u64() != truth {
                return Err(format!("an outage of {truth} ms from {from} to {to} was told as {outage_ms}"));
            }
            self.measure(from, truth, reason);
        }
        Ok(())
    }

    /// How fast it is when nothing else is wrong.
    fn measure(&mut self, from: u32, outage: u64, reason: Reason) {
        let quiet_since = self.now.saturating_sub(10_000);
        let is_quiet = self.setup.config.standby == Standby::Hot
            && reason == Reason::Frozen
            && self.visible_since < quiet_since
            && self.setup.network.outages.iter().all(|(_, until)| !(quiet_since..self.now).contains(until))
            && !self.setup.network.is_down(self.now);
        let died = |p: &Publication| p.uid == from && p.died && (quiet_since..self.now).contains(&p.until);
        if is_quiet && self.air.publications.iter().any(died) {
            self.watched.outages.push((self.setup.interval, outage));
        }
    }

    // ---- what must hold ------------------------------------------------------------------------------------------

    /// Whether it sent without a break for the last seconds.
    fn flowed_all_along(&self, uid: u32, until: u64) -> bool {
        let from = until.saturating_sub(3_000);
        let all_along = |p: &&Publication| {
            p.uid == uid
                && p.from <= from
                && until < p.until
                && p.flows(from)
                && p.flows(until)
                && !p.freezes(from, until)
        };
        self.air.publications.iter().find(all_along).is_some()
    }

    /// One that is known to be offline is not shown while another is live.
    fn is_offline_shown(&self) -> Check {
        let settled = self.connected_at == 0 || self.now > self.connected_at + 3_600;
        let Some(shown) = self.screen.filter(|_| self.visible && self.connected && settled) else {
            return Ok(());
        };
        let is_offline = self.tracks.get(&shown).is_none_or(|tracks| !tracks.published);
        let is_live = |(uid, tracks): (&u32, &Tracks)| {
            *uid != shown && tracks.frames > 1 && self.now - tracks.last_frame <= 100
        };
        let live = self.tracks.iter().find(|(uid, tracks)| is_live((uid, tracks)));
        match live.filter(|_| is_offline) {
            Some((live, _)) => Err(format!("{shown} is shown, though it is offline and {live} is live")),
            None => Ok(()),
        }
    }

    /// Nobody looks at a frozen picture for long when there is another to be had.
    fn picture(&mut self) -> Check {
        let now = self.now;
        let flows = |tracks: &Tracks| {
            let publication = tracks.known.and_then(|at| self.air.publications.get(at));
            publication.is_some_and(|publication| publication.flows(now) && publication.flows(now - LOOK))
        };
        let is_away = self.setup.network.is_down(now) || !self.connected || now < self.connected_at + 3_600;
        let is_seen = self.screen.and_then(|uid| self.tracks.get(&uid)).is_some_and(|tracks| {
            if self.visible {
                tracks.video && now - tracks.last_frame < LOOK
            } else {
                tracks.video && flows(tracks)
            }
        });
        if is_away || is_seen || !self.tracks.values().any(flows) {
            self.content_at = now;
        }
        if now > self.content_at + PATIENCE {
            return Err(format!("no picture for {PATIENCE} ms, though there is one to be had"));
        }
        Ok(())
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
