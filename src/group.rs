//! The lanes of one broadcast: polls them in turn, within one rate limit, and dispatches inputs to them.
//!
//! A [`Supervisor`](crate::supervisor::Supervisor) is a group of one lane; a
//! [`RedundancyGroup`](crate::redundancy::RedundancyGroup) has several, of which one is on air.

use macro_rules_attribute::apply;

use crate::document::document;
use crate::error::{Invalid, check_count};
use crate::on_air::OnAirChoice;
use crate::quota::QuotaLimits;
use crate::quota::permits::Permits;
use crate::redact::DriverSecrets;
use crate::status::Call;
use crate::supervisor::snapshot::{self, SnapshotError};
use crate::supervisor::{
    FailReason, Input, Lane, LaneUpdate, NewLane, Outcome, Output, PermitRequest, PresenceResult, Request,
    RequestId, Step, Why,
};
use crate::task::{Services, TaskWarning};
use crate::time::{Clock, Instant, Now, WallTime};

#[apply(document)]
#[json(camel)]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Group {
    clock: Clock,
    /// The primary first; at least one.
    lanes: Vec<Lane>,
    permits: Permits,
    /// Which lane viewers should watch; `None` in a supervisor, which has one lane.
    on_air: Option<OnAirChoice>,
    /// The lane that is polled first next time, so all lanes get their turn.
    first: usize,
}

impl Group {
    pub(crate) fn new(
        lanes: impl IntoIterator<Item = NewLane>,
        limits: QuotaLimits,
        on_air: Option<OnAirChoice>,
        now: WallTime,
    ) -> Self {
        let clock = Clock::starting_at(now);
        let now = clock.mono();
        let lanes = (0..).zip(lanes).map(|(number, lane)| Lane::new(number, lane, now)).collect();
        Self { clock, lanes, permits: Permits::new(limits, now), on_air, first: 0 }
    }

    /// The next step.
    pub(crate) fn poll(&mut self, now: WallTime) -> Output {
        let now = self.tick(now);
        for at in 0..self.lanes.len() {
            if let Some(result) = self.lanes.get_mut(at).and_then(|lane| lane.time_out(now)) {
                self.share_presence(now, at, &result);
            }
        }
        // Events of lanes are emitted before their consequence for viewers.
        let event = self.lanes.iter_mut().find_map(Lane::next_event);
        let choose = || self.on_air.as_mut()?.choose(now, &self.lanes);
        if let Some(event) = event.or_else(choose) {
            return Output::Emit(event);
        }
        loop {
            if let Some(output) = self.poll_lanes(now) {
                return output;
            }
        }
    }

    /// Polls the lanes in turn until one has a step. `None` if a later lane released a permit or a turn that an earlier
    /// one waits for: poll again.
    fn poll_lanes(&mut self, now: Now) -> Option<Output> {
        let rolls_out = self.next_to_roll_out(now);
        let mut soonest: Option<(Instant, Why)> = None;
        let mut outcomes = Vec::new();
        let mut is_permit_free = false;
        let (first, count) = (self.first, self.lanes.len());
        for at in (0..count).map(|i| (first + i) % count) {
            let Some(lane) = self.lanes.get_mut(at) else { continue };
            let number = lane.number();
            let held = self.permits.held_by(number);
            let step = lane.poll(now, &mut self.permits, rolls_out == Some(at));
            is_permit_free |= held.is_some() && held != self.permits.held_by(number);
            self.first = at;
            match step {
                Step::Emit(event) => return Some(Output::Emit(event)),
                Step::Send(request) => return Some(self.send(now, at, request)),
                Step::NeedToken(request) => return Some(Output::NeedToken(request)),
                Step::NeedPermit(request) => return Some(Output::NeedPermit(request)),
                Step::Wait { until, why } if soonest.is_none_or(|(soonest, _)| until < soonest) => {
                    soonest = Some((until, why));
                }
                Step::Wait { .. } => {}
                Step::Done(outcome) => outcomes.push(outcome),
            }
        }
        self.first = 0;
        let Some((until, why)) = soonest else { return Some(Output::Done(outcome_of_all(&outcomes))) };
        // A rollout may have ended.
        let is_turn_free = self.next_to_roll_out(now) != rolls_out;
        if is_permit_free || is_turn_free {
            return None;
        }
        let held_until = self.on_air.as_ref().and_then(OnAirChoice::held_until);
        let (until, why) = match held_until.filter(|held| now.mono < *held && *held < until) {
            Some(held) => (held, Why::Confirm),
            None => (until, why),
        };
        Some(Output::Wait { until: self.clock.wall_at(until), why })
    }

    fn send(&mut self, now: Now, at: usize, request: Request) -> Output {
        if request.call == Call::Presence {
            self.postpone_presence_checks(at, now.mono + request.timeout);
        }
        Output::Send(request)
    }

    /// The lane that may replace its running task for a new payload: one lane at a time, the one on air last.
    fn next_to_roll_out(&self, now: Now) -> Option<usize> {
        if self.lanes.iter().any(Lane::is_rolling_out) {
            return None;
        }
        let on_air = self.on_air.as_ref().and_then(OnAirChoice::lane);
        let wanting = self.lanes.iter().enumerate().filter(|(_, lane)| lane.wants_rollout(now));
        wanting.map(|(at, _)| at).min_by_key(|at| (Some(*at) == on_air, *at))
    }

    /// Shares a lane's presence check with all lanes of the channel.
    fn share_presence(&mut self, now: Now, at: usize, result: &PresenceResult) {
        let channel = self.lanes.get(at).map(|lane| lane.output_channel().to_owned());
        let of_channel = |lane: &&mut Lane| channel.as_deref() == Some(lane.output_channel());
        self.lanes.iter_mut().filter(of_channel).for_each(|lane| lane.apply_presence(now, result));
    }

    /// Call it if the caller's clock was set back when it showed `until`: the time up to then still counts.
    pub(crate) fn elapse(&mut self, until: WallTime) {
        self.tick(until);
    }

    /// After a restore: emits `AlreadyEnded` if the group was over, because no other event will follow.
    pub(crate) fn note_restored(&mut self, now: WallTime) {
        let now = self.tick(now);
        if self.lanes.iter().all(Lane::has_ended) {
            self.lanes.iter_mut().for_each(|lane| lane.note_ended(now));
        }
    }

    /// Handles an input. Returns whether it was about this group.
    pub(crate) fn handle(&mut self, now: WallTime, input: Input) -> bool {
        let now = self.tick(now);
        match input {
            Input::Answer(id, answer) => {
                let at = id.lane() as usize;
                let count = self.lanes.len();
                let (before, rest) = self.lanes.split_at_mut(at.min(count));
                let Some((lane, after)) = rest.split_first_mut() else { return false };
                let is_of_others =
                    |task: &str| before.iter().chain(&*after).any(|other| other.has_started(task));
                if let Some(result) = lane.answer(now, id, &answer, &is_of_others) {
                    self.share_presence(now, at, &result);
                }
                true
            }
            Input::Token(id, token) => {
                let Some(lane) = self.lanes.get_mut(id.lane() as usize) else { return false };
                lane.token(now, id, token);
                true
            }
            Input::Permit(request, wait) => {
                self.permits.answered(now.mono, request.lane, request.call, wait);
                true
            }
            Input::Notification(notification) => {
                // The task id determines the lane, not the instanceId.
                let owner = self.lanes.iter().position(|lane| lane.has_started(&notification.task_id));
                match owner.and_then(|at| self.lanes.get_mut(at)) {
                    Some(lane) => lane.handle_notification(now, &notification),
                    None => self.lanes.iter_mut().any(|lane| lane.handle_notification(now, &notification)),
                }
            }
            Input::CheckNow => {
                let watched = match &self.on_air {
                    Some(on_air) => on_air.lane(),
                    None => Some(0),
                };
                watched
                    .and_then(|at| self.lanes.get_mut(at))
                    .into_iter()
                    .for_each(|lane| lane.check_now(now));
                true
            }
            Input::Stop => {
                self.lanes.iter_mut().for_each(|lane| lane.stop(now));
                true
            }
        }
    }

    /// Sets the payload of each lane; all or none.
    pub(crate) fn update(
        &mut self,
        now: WallTime,
        payload_of: impl Fn(&Lane) -> Services,
    ) -> Result<Vec<LaneUpdate>, Invalid> {
        let now = self.tick(now);
        let payloads: Vec<Services> = self.lanes.iter().map(payload_of).collect();
        self.lanes.iter().zip(&payloads).try_for_each(|(lane, services)| lane.check_update(services))?;
        self.lanes.iter_mut().zip(payloads).map(|(lane, services)| lane.update(now, services)).collect()
    }

    pub(crate) fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    #[cfg(test)]
    pub(crate) fn permits(&self) -> &Permits {
        &self.permits
    }

    pub(crate) fn clock(&self) -> &Clock {
        &self.clock
    }

    pub(crate) fn on_air(&self) -> Option<&OnAirChoice> {
        self.on_air.as_ref()
    }

    pub(crate) fn warnings(&self) -> Vec<TaskWarning> {
        self.lanes.iter().flat_map(Lane::warnings).collect()
    }

    /// The newest payload that was not refused, if all lanes have the same except for their outputs; the output is
    /// the first lane's.
    pub(crate) fn services(&self) -> Option<&Services> {
        let first = self.lanes.first()?.services();
        let is_same = |lane: &Lane| lane.services().clone().with_output_of(first) == *first;
        self.lanes.iter().all(is_same).then_some(first)
    }

    pub(crate) fn keep_secret(&mut self, secrets: impl IntoIterator<Item = String>) {
        let secrets = DriverSecrets::new(secrets);
        self.lanes.iter_mut().for_each(|lane| lane.keep_secret(secrets.clone()));
    }

    pub(crate) fn most_calls_in_a_second(&self) -> usize {
        self.permits.most_in_any_second()
    }

    pub(crate) fn share_quota(&mut self, shared: bool) {
        self.permits.share(shared);
    }

    pub(crate) fn awaits_permit(&self, request: PermitRequest) -> bool {
        self.permits.awaits(request.lane, request.call)
    }

    pub(crate) fn awaits(&self, id: RequestId) -> bool {
        self.lanes.iter().any(|lane| lane.awaits(id))
    }

    pub(crate) fn revision(&self) -> u64 {
        self.lanes.iter().map(Lane::revision).sum()
    }

    /// The whole state as text.
    pub(crate) fn snapshot(&self) -> String {
        snapshot::write(self.kind(), self)
    }

    /// Restores a group, which continues exactly where the snapshot was taken.
    pub(crate) fn restore(kind: &'static str, text: &str) -> Result<Self, SnapshotError> {
        let mut group = snapshot::read(kind, text, |group: &Self| {
            group.clock.check()?;
            check_count("first", group.first as u64)?;
            group.permits.check()?;
            let lanes = group.lanes.len();
            if kind != group.kind() || lanes == 0 || (group.on_air.is_none() && lanes > 1) {
                return Err(Invalid::new("lanes", lanes, format!("the lanes of a {kind}")));
            }
            (0..).zip(&group.lanes).try_for_each(|(number, lane)| lane.check(number))
        })?;
        group.lanes.iter_mut().for_each(Lane::share_policy);
        Ok(group)
    }

    fn kind(&self) -> &'static str {
        if self.on_air.is_some() { GROUP } else { SUPERVISOR }
    }

    fn tick(&mut self, now: WallTime) -> Now {
        let (now, went_back) = self.clock.tick(now);
        if went_back {
            self.lanes.iter_mut().for_each(Lane::clock_went_back);
        }
        now
    }

    /// One presence check serves all lanes of a channel: the others wait for it.
    fn postpone_presence_checks(&mut self, at: usize, until: Instant) {
        let Some(channel) = self.lanes.get(at).map(|lane| lane.output_channel().to_owned()) else { return };
        for (i, lane) in self.lanes.iter_mut().enumerate() {
            if i != at && lane.output_channel() == channel {
                lane.postpone_presence_check(until);
            }
        }
    }
}

/// The kind of a snapshot.
pub(crate) const SUPERVISOR: &str = "supervisor";
/// The kind of a snapshot.
pub(crate) const GROUP: &str = "group";

/// The outcome of a group: failed only if all lanes failed.
fn outcome_of_all(outcomes: &[Outcome]) -> Outcome {
    let failed = |outcome: &Outcome| match outcome {
        Outcome::Failed { reason } => Some(*reason),
        Outcome::Stopped | Outcome::Ended => None,
    };
    let reasons: Vec<FailReason> = outcomes.iter().filter_map(failed).collect();
    match reasons.first() {
        Some(reason) if reasons.len() == outcomes.len() => Outcome::Failed { reason: *reason },
        _ if outcomes.contains(&Outcome::Stopped) => Outcome::Stopped,
        _ => Outcome::Ended,
    }
}

/// The methods that supervisors and groups share.
macro_rules! driven {
    ($machine:ident, $kind:expr) => {
        impl serde::Serialize for $machine {
            /// The whole state.
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::document::Serializable(&self.0).serialize(serializer)
            }
        }

        impl $machine {
            /// The next step. It may change after every [`handle`](Self::handle), and at the time of a `Wait`.
            #[must_use]
            pub fn poll(&mut self, now: WallTime) -> Output {
                self.0.poll(now)
            }

            /// Handles an input. Returns whether it was about this instance.
            pub fn handle(&mut self, now: WallTime, input: Input) -> bool {
                self.0.handle(now, input)
            }

            /// Call it if the caller's clock was set back when it showed `until`: the time up to then still counts.
            pub fn elapse(&mut self, until: WallTime) {
                self.0.elapse(until);
            }

            /// Call it after a restore: emits `AlreadyEnded` if the broadcast was over, because no other event will
            /// follow.
            pub fn note_restored(&mut self, now: WallTime) {
                self.0.note_restored(now);
            }

            /// Values in the payloads of the next launches that are allowed, but probably not intended.
            #[must_use]
            pub fn warnings(&self) -> Vec<TaskWarning> {
                self.0.warnings()
            }

            /// The maximum number of calls in any second, unless the App ID's rate limit is shared.
            #[must_use]
            pub fn most_calls_in_a_second(&self) -> usize {
                self.0.most_calls_in_a_second()
            }

            /// Whether the App ID's rate limit is shared among processes. If so, an [`Output::NeedPermit`] precedes
            /// each call; otherwise the limits of `quota` apply.
            pub fn share_quota(&mut self, shared: bool) {
                self.0.share_quota(shared);
            }

            /// Secrets that only the driver knows, such as the customer's secret and the `Authorization` header. They
            /// are redacted wherever the service or a proxy repeats them. Snapshots do not contain them: call this
            /// after [`restore`](Self::restore), too. A string of fewer than 6 characters, or of fewer than 16
            /// that are all letters, may be a common word and is not redacted.
            pub fn keep_secret(&mut self, secrets: impl IntoIterator<Item = String>) {
                self.0.keep_secret(secrets);
            }

            /// Whether the answer to this request for a permit is still awaited.
            #[must_use]
            pub fn awaits_permit(&self, request: PermitRequest) -> bool {
                self.0.awaits_permit(request)
            }

            /// Whether the answer to this request is still awaited. Check it before sending a request that had to
            /// wait for its snapshot.
            #[must_use]
            pub fn awaits(&self, id: RequestId) -> bool {
                self.0.awaits(id)
            }

            /// Grows with every change that must be persisted, except those that a request persists first.
            #[must_use]
            pub fn revision(&self) -> u64 {
                self.0.revision()
            }

            /// The whole state as text. It contains tokens: store it as you store credentials.
            pub fn snapshot(&self) -> String {
                self.0.snapshot()
            }

            /// Restores an instance, which continues exactly where the snapshot was taken.
            ///
            /// # Errors
            /// A snapshot of another kind or version, or a damaged one.
            pub fn restore(snapshot: &str) -> Result<Self, SnapshotError> {
                Group::restore($kind, snapshot).map(Self)
            }
        }
    };
}
pub(crate) use driven;
