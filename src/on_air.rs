//! Chooses the output that viewers should watch.

use macro_rules_attribute::apply;

use crate::document::document;
use crate::supervisor::{Event, EventKind, Lane};
use crate::time::{Duration, Instant, Now};
use crate::uid::Uid;

/// Which output is on air.
#[apply(document)]
#[json(kebab, serde = both)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OnAirPolicy {
    /// The output on air stays there while it runs.
    #[json(default)]
    Sticky,
    /// The primary, whenever it runs.
    PreferPrimary,
}

/// The output that viewers should watch.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnAir {
    /// The lane's name.
    pub lane: String,
    /// Its channel.
    pub channel: String,
    /// Its output uid.
    pub uid: Uid,
}

/// Chooses the output that viewers should watch.
#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct OnAirChoice {
    policy: OnAirPolicy,
    on_air: Option<(usize, Uid)>,
    /// How long a backup waits for the primary, so viewers need not switch twice within a moment. `None` once an output
    /// was on air.
    start_grace: Option<Duration>,
    /// Since when a backup has been running without the primary.
    first_up: Option<Instant>,
}

impl OnAirChoice {
    pub(crate) fn new(policy: OnAirPolicy, start_grace: Duration) -> Self {
        Self { policy, on_air: None, start_grace: Some(start_grace), first_up: None }
    }

    /// The lane that is on air.
    pub(crate) fn lane(&self) -> Option<usize> {
        self.on_air.map(|(at, _)| at)
    }

    pub(crate) fn on_air(&self, lanes: &[Lane]) -> Option<OnAir> {
        let (at, uid) = self.on_air?;
        let lane = lanes.get(at)?;
        Some(OnAir { lane: lane.name().to_owned(), channel: lane.output_channel().to_owned(), uid })
    }

    /// Delays a backup that would be the first on air. Returns whether it waits for the primary.
    fn wait_for_primary(&mut self, now: Now, lanes: &[Lane], next: Option<(usize, Uid)>) -> bool {
        let is_backup = next.is_some_and(|(at, _)| at > 0) && lanes.first().is_some_and(Lane::should_run);
        if is_backup && self.start_grace.is_some() {
            self.first_up.get_or_insert(now.mono);
        }
        let waits = is_backup && self.held_until().is_some_and(|until| now.mono < until);
        if !waits {
            self.start_grace = None;
        }
        waits
    }

    /// The time until which a running backup waits for the primary.
    pub(crate) fn held_until(&self) -> Option<Instant> {
        Some(self.first_up? + self.start_grace?)
    }

    /// Chooses another output if the one on air no longer runs.
    pub(crate) fn choose(&mut self, now: Now, lanes: &[Lane]) -> Option<Event> {
        let running = |(at, lane): (usize, &Lane)| Some((at, lane.running_uid()?));
        let live = |(at, lane): (usize, &Lane)| Some((at, lane.live_uid()?));
        let first_running = lanes.iter().enumerate().find_map(running);
        let first_up = || lanes.iter().enumerate().find_map(live);
        let current = self.on_air.and_then(|(at, _)| Some((at, lanes.get(at)?)));
        let stays = current.and_then(running);
        // A suspect output is replaced only by one that certainly runs.
        let holds = || current.and_then(live);
        let next = match self.policy {
            OnAirPolicy::Sticky => stays.or(first_running).or_else(holds).or_else(first_up),
            OnAirPolicy::PreferPrimary => first_running.or_else(holds).or_else(first_up),
        };
        if next == self.on_air || self.wait_for_primary(now, lanes, next) {
            return None;
        }
        let from = std::mem::replace(&mut self.on_air, next);
        let name = |at: usize| lanes.get(at).map(|lane| lane.name().to_owned());
        let channel = |at: usize| lanes.get(at).map(|lane| lane.output_channel().to_owned());
        let (from_lane, to_lane) = (from.and_then(|(at, _)| name(at)), next.and_then(|(at, _)| name(at)));
        Some(Event {
            at: now.wall,
            lane: to_lane.clone().or_else(|| from_lane.clone()).unwrap_or_default(),
            generation: None,
            uid: next.map(|(_, uid)| uid),
            task_id: None,
            instance_id: None,
            kind: EventKind::OnAir {
                from_lane,
                to_lane,
                from_uid: from.map(|(_, uid)| uid),
                to_uid: next.map(|(_, uid)| uid),
                from_channel: from.and_then(|(at, _)| channel(at)),
                to_channel: next.and_then(|(at, _)| channel(at)),
            },
        })
    }
}
