//! What is due next in a lane, and when: a call, or a change that only the passing of time brings.

use super::Why;
use super::lane::{Goal, Lane};
use super::launch::Launch;
use super::payload::RtcTokenFor;
use super::phase::Phase;
use crate::quota::Want;
use crate::time::{Duration, Instant, Now};

/// How long a create that nobody can look for is waited for after `stop()`: a late reply or notification.
const STOP_GRACE: Duration = Duration::from_secs(30);

/// Something that is due now or later.
pub(super) struct Due {
    /// On the monotonic clock.
    pub(super) at: Instant,
    pub(super) why: Why,
    pub(super) what: What,
}

pub(super) enum What {
    Change(Change),
    Call(DueCall),
}

/// A change of the lane that needs no call.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// A launch begins, as it was planned.
    Begin,
    /// A launch is planned: there is none, and none is planned.
    Plan,
    /// The current launch would need more builder tokens than are kept: another one takes its place.
    CreateExhausted,
    /// The current launch runs, but was not identified in time: another one takes its place.
    NotIdentified,
    /// What the running task has replaced is deleted.
    DeleteReplaced,
    /// The running task is replaced for a new payload.
    RollOut,
    /// The lane is being ended: what lives is deleted, and what can neither be deleted nor found is given up.
    WindDown,
}

pub(super) enum DueCall {
    /// A call of the launch at this place in the list.
    OfLaunch(usize, LaunchCall),
    Presence,
}

/// A call of one launch.
pub(super) enum LaunchCall {
    RtcToken(RtcTokenFor),
    Acquire,
    /// With this builder token; not to be sent after `expires_at`.
    Create {
        token: String,
        expires_at: Instant,
    },
    Query,
    Update,
    Delete,
}

impl DueCall {
    /// What it needs of the rate limit; none for what is no call to the transcoder.
    pub(super) fn want(&self) -> Option<Want> {
        let Self::OfLaunch(_, call) = self else { return None };
        match call {
            LaunchCall::RtcToken(_) => None,
            LaunchCall::Acquire => Some(Want::AcquireAndCreate),
            LaunchCall::Create { .. } => Some(Want::Create),
            LaunchCall::Query => Some(Want::Query),
            LaunchCall::Update => Some(Want::Update),
            LaunchCall::Delete => Some(Want::Delete),
        }
    }
}

/// Which of the calls that are due is made first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    /// The first Create with a builder token, which is good for 2 s.
    FirstCreate,
    /// What lives on is billed, and holds its uid.
    Delete,
    /// Everything else that brings a task on air, and Updates.
    Launch,
    Query,
    Presence,
}

/// A call that is due now or later.
struct Planned {
    due: Instant,
    priority: Priority,
    why: Why,
    call: DueCall,
}

impl Planned {
    /// Calls that are due come first, the most important one before all; then that which is due first.
    fn order(&self, now: Now) -> (bool, Option<Priority>, Instant) {
        match self.due <= now.mono {
            true => (false, Some(self.priority), self.due),
            false => (true, None, self.due),
        }
    }
}

impl Lane {
    /// What is due next. A change that is due comes before every call. `may_roll_out` says whether a task that runs may be
    /// replaced for a new payload: one lane after the other.
    pub(super) fn due(&mut self, now: Now, may_roll_out: bool) -> Option<Due> {
        let change = self.next_change(now, may_roll_out);
        let change = change.map(|(at, why, change)| Due { at, why, what: What::Change(change) });
        if change.as_ref().is_some_and(|change| change.at <= now.mono) {
            return change;
        }
        let call = self.next_call(now);
        let call = call.map(|Planned { due, why, call, .. }| Due { at: due, why, what: What::Call(call) });
        [call, change].into_iter().flatten().min_by_key(|due| due.at)
    }

    // ---- changes -------------------------------------------------------------------------------------------------

    /// The change that the passing of time brings next.
    fn next_change(&self, now: Now, may_roll_out: bool) -> Option<(Instant, Why, Change)> {
        match (&self.goal, self.launches.current(), &self.relaunch.next) {
            (Goal::End { since, .. }, ..) => self.next_of_end(now, *since),
            (Goal::Run, Some(launch), _) => self.next_of_current(now, launch, may_roll_out),
            (Goal::Run, None, Some(next)) => Some((next.at, Why::CoolDown, Change::Begin)),
            (Goal::Run, None, None) => Some((now.mono, Why::CoolDown, Change::Plan)),
        }
    }

    fn next_of_current(
        &self,
        now: Now,
        launch: &Launch,
        may_roll_out: bool,
    ) -> Option<(Instant, Why, Change)> {
        let is_running = launch.is_running();
        match *launch.phase() {
            // Where nobody looks for its task, going on is better than giving up.
            Phase::Creating { .. } if self.can_look() && launch.tokens.is_full(now.mono) => {
                return Some((now.mono, Why::Launch, Change::CreateExhausted));
            }
            Phase::Unidentified { since, .. } => {
                let limit = self.config.policy.unidentified_ms?;
                return Some((since + limit, Why::Unidentified, Change::NotIdentified));
            }
            Phase::Running { .. } if self.has_replaced() => {
                return Some((now.mono, Why::Delete, Change::DeleteReplaced));
            }
            Phase::Preparing { .. }
            | Phase::Creating { .. }
            | Phase::Unresolved { .. }
            | Phase::Confirming { .. }
            | Phase::Running { .. }
            | Phase::Superseded { .. }
            | Phase::Reconsidered { .. }
            | Phase::Deleting { .. }
            | Phase::AwaitingEnd { .. }
            | Phase::Orphaned { .. } => {}
        }
        // Where it is due already it is another lane's turn, or no uid is free.
        let due = launch.payload.update_due().filter(|_| self.needs_relaunch(launch))?;
        let may_be_now = may_roll_out && is_running && self.ring.next().is_some();
        (due > now.mono || may_be_now).then_some((due, Why::Update, Change::RollOut))
    }

    /// Whether there is a task that the running one has replaced.
    fn has_replaced(&self) -> bool {
        self.outgoing().is_some() || self.launches.iter().any(Launch::is_given_up)
    }

    fn next_of_end(&self, now: Now, since: Instant) -> Option<(Instant, Why, Change)> {
        let change = |at| (at, Why::Stopping, Change::WindDown);
        if self.launches.is_empty() {
            return (self.requests.in_flight.is_none() && !self.goal.is_announced())
                .then_some(change(now.mono));
        }
        if self.launches.iter().any(Launch::is_to_wind_down) {
            return Some(change(now.mono));
        }
        self.launches.iter().filter_map(|launch| self.given_up_at(launch, since)).min().map(change)
    }

    /// When a launch is given up after an end at `since`: not before it was tried to delete its task, however much time has
    /// passed by itself.
    pub(super) fn given_up_at(&self, launch: &Launch, since: Instant) -> Option<Instant> {
        let stop_at = since + self.config.policy.stop_deadline_ms;
        match launch.task() {
            Some(_) => launch.is_hard_to_delete().then_some(stop_at),
            None if self.can_look() => Some(stop_at),
            None => Some((since + STOP_GRACE).min(stop_at)),
        }
    }

    // ---- calls ---------------------------------------------------------------------------------------------------

    /// Of the calls that are due the most important one, or else the one that is due first.
    fn next_call(&mut self, now: Now) -> Option<Planned> {
        let has_look = self.wants_look();
        let mut next: Option<Planned> = None;
        let mut consider = |planned: Planned| {
            if next.as_ref().is_none_or(|next| planned.order(now) < next.order(now)) {
                next = Some(planned);
            }
        };
        for at in 0..self.launches.len() {
            self.calls_of(now, at).into_iter().flatten().for_each(&mut consider);
        }
        if has_look {
            let (due, priority, why) = (self.presence.next_at, Priority::Presence, Why::Presence);
            consider(Planned { due, priority, why, call: DueCall::Presence });
        }
        next
    }

    /// The calls that a launch is to make, now or later.
    fn calls_of(&mut self, now: Now, at: usize) -> [Option<Planned>; 2] {
        let is_current = self.launches.current == Some(self.launches.at(at).generation);
        if is_current && self.launches.at(at).is_creating() {
            self.launches.at_mut(at).expire_token(now.mono);
        }
        let launch = self.launches.at(at);
        let Some(due) = launch.phase().due() else { return [None, None] };
        let plan = |due, priority, why, call| {
            Some(Planned { due, priority, why, call: DueCall::OfLaunch(at, call) })
        };
        let missing_token = || launch.payload.missing_token(self.payload.desired()).map(LaunchCall::RtcToken);
        let unless_retrying = |why| if launch.attempts.is_retrying() { Why::Retry } else { why };
        let query = |why| plan(due, Priority::Query, why, LaunchCall::Query);
        match launch.phase() {
            _ if is_current && launch.is_creating() => {
                let is_again = launch.attempts.is_retrying() || launch.attempts.is_preparing_again();
                let why = if is_again { Why::Retry } else { Why::Launch };
                let (priority, call) = match launch.tokens.next() {
                    Some(builder) => {
                        let call = LaunchCall::Create {
                            token: builder.name.clone(),
                            expires_at: builder.expires_at(),
                        };
                        (if builder.is_fresh() { Priority::FirstCreate } else { Priority::Launch }, call)
                    }
                    None => (Priority::Launch, missing_token().unwrap_or(LaunchCall::Acquire)),
                };
                [plan(due, priority, why, call), None]
            }
            Phase::Confirming { .. } | Phase::Reconsidered { .. } => {
                [query(unless_retrying(Why::Confirm)), None]
            }
            Phase::Running { .. } => {
                let is_updated = is_current && !self.needs_relaunch(launch);
                let update = launch.payload.update_due().filter(|_| is_updated).and_then(|due| {
                    let call = missing_token().unwrap_or(LaunchCall::Update);
                    plan(due, Priority::Launch, Why::Update, call)
                });
                [query(unless_retrying(Why::Monitor)), update]
            }
            Phase::AwaitingEnd { .. } => [query(Why::Delete), None],
            Phase::Deleting { .. } | Phase::Orphaned { .. } => {
                [plan(due, Priority::Delete, Why::Delete, LaunchCall::Delete), None]
            }
            Phase::Preparing { .. }
            | Phase::Creating { .. }
            | Phase::Unresolved { .. }
            | Phase::Unidentified { .. }
            | Phase::Superseded { .. } => [None, None],
        }
    }

    fn wants_look(&self) -> bool {
        let running = || self.serving().is_some();
        self.config.looks_into_channel()
            && (self.launches.iter().any(Launch::is_watched) || (self.config.always_looks() && running()))
    }

    /// Whether the lane's payload needs another task than that of this launch.
    pub(super) fn needs_relaunch(&self, launch: &Launch) -> bool {
        launch.payload.needs_relaunch(self.payload.desired())
    }
}
