//! What is due next in a lane, and when: a call, or a time-driven change.

use super::lane::Lane;
use super::launch::Launch;
use super::payload::{MissingToken, RtcTokenFor};
use super::phase::{Phase, Task};
use super::rest::{self, Http, TaskPath};
use super::stage::{NextLaunch, Stage};
use super::{Outcome, Why};
use crate::quota::LimitedCall;
use crate::time::{Duration, Instant, Now};
use crate::uid::Uid;

/// How long `stop()` waits for a late reply or notification of a create if presence checks cannot resolve it.
const STOP_GRACE: Duration = Duration::from_secs(30);

pub(super) enum Due {
    Change(Change),
    Call(DueCall),
    /// Nothing is due before this time.
    Later {
        at: Instant,
        why: Why,
    },
}

/// A time-driven change of the lane, without a call.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// The planned launch starts.
    Begin(NextLaunch),
    /// There is neither a launch nor a plan: plan one.
    Plan,
    /// The current launch, at this index, needs more builder tokens than are kept: it is replaced.
    CreateExhausted(usize),
    /// The builder token of the launch at this index has expired: it is dropped.
    ExpireToken(usize),
    /// The id of the current launch's task was not learned in time: it is replaced.
    TaskIdNotLearned,
    /// The tasks that the running one has replaced are deleted.
    DeleteReplaced,
    /// The running task is replaced for a new payload.
    RollOut,
    /// The lane is ending: tasks are deleted; those that can be neither deleted nor identified are given up.
    WindDown { outcome: Outcome, since: Instant },
}

pub(super) enum DueCall {
    /// A call of the launch at this index.
    OfLaunch(usize, LaunchCall),
    Presence,
}

/// A call of one launch, with all that it needs.
pub(super) enum LaunchCall {
    RtcToken {
        of: RtcTokenFor,
        uid: Uid,
        channel: String,
    },
    Acquire,
    /// Carries this builder token; not sent after `expires_at`.
    Create {
        http: Http,
        token: String,
        expires_at: Instant,
    },
    Query(TaskPath),
    Update(TaskPath),
    Delete(TaskPath),
}

impl DueCall {
    /// The call as the rate limit counts it; none for a call without a limit.
    pub(super) fn call(&self) -> Option<LimitedCall> {
        let Self::OfLaunch(_, call) = self else { return None };
        match call {
            LaunchCall::RtcToken { .. } => None,
            LaunchCall::Acquire => Some(LimitedCall::AcquireAndCreate),
            LaunchCall::Create { .. } => Some(LimitedCall::Create),
            LaunchCall::Query(_) => Some(LimitedCall::Query),
            LaunchCall::Update(_) => Some(LimitedCall::Update),
            LaunchCall::Delete(_) => Some(LimitedCall::Delete),
        }
    }
}

/// The order of due calls, most urgent first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Priority {
    /// The first Create with a builder token, which must leave within 2 s.
    FirstCreate,
    /// A live task is billed and occupies its uid.
    Delete,
    /// All other calls that start or update a task.
    Launch,
    Query,
    Presence,
}

/// A call that is due now or later.
struct Planned {
    due: Instant,
    priority: Priority,
    why: Why,
    /// None before it is due.
    call: Option<DueCall>,
}

impl Planned {
    /// Due calls come first, by priority; then the earliest of the others.
    fn order(&self, now: Now) -> (bool, Option<Priority>, Instant) {
        match self.due <= now.mono {
            true => (false, Some(self.priority), self.due),
            false => (true, None, self.due),
        }
    }
}

impl Lane {
    /// What is due now, or when something will be. Due changes come before calls. `may_roll_out`: this lane may
    /// replace a running task for a new payload. One lane at a time may.
    pub(super) fn due(&self, now: Now, may_roll_out: bool) -> Due {
        let change = self.next_change(now, may_roll_out);
        if let Some((at, _, change)) = change
            && at <= now.mono
        {
            return Due::Change(change);
        }
        let call_at = match self.next_call(now) {
            Some(Planned { call: Some(call), .. }) => return Due::Call(call),
            Some(Planned { due, why, .. }) => Some((due, why)),
            None => None,
        };
        let change_at = change.map(|(at, why, _)| (at, why));
        let next = [call_at, change_at].into_iter().flatten().min_by_key(|(at, _)| *at);
        let (at, why) = next.unwrap_or((now.mono + self.config.policy.monitor_interval_ms, Why::CoolDown));
        Due::Later { at, why }
    }

    // ---- changes -------------------------------------------------------------------------------------------------

    /// The next time-driven change.
    fn next_change(&self, now: Now, may_roll_out: bool) -> Option<(Instant, Why, Change)> {
        match self.stage {
            Stage::Launched { generation } => {
                let at = self.launches.position(generation)?;
                self.next_of_current(now, at, may_roll_out)
            }
            Stage::Planned { next } => Some((next.at, Why::CoolDown, Change::Begin(next))),
            Stage::Unplanned => Some((now.mono, Why::CoolDown, Change::Plan)),
            Stage::Ending { outcome, since, .. } => {
                let at = self.next_of_end(now, since)?;
                Some((at, Why::Stopping, Change::WindDown { outcome, since }))
            }
        }
    }

    fn next_of_current(&self, now: Now, at: usize, may_roll_out: bool) -> Option<(Instant, Why, Change)> {
        let launch = self.launches.at(at);
        let is_running = launch.is_running();
        match *launch.phase() {
            // Without presence checks nothing would find its task: continuing beats giving up.
            Phase::Creating { .. } if self.can_check_presence() && launch.tokens.is_full(now.mono) => {
                return Some((now.mono, Why::Launch, Change::CreateExhausted(at)));
            }
            Phase::Preparing { .. } | Phase::Creating { .. } if launch.tokens.has_expired(now.mono) => {
                return Some((now.mono, Why::Launch, Change::ExpireToken(at)));
            }
            Phase::TaskIdUnknown { since, .. } => {
                let limit = self.config.policy.task_id_unknown_grace_ms?;
                return Some((since + limit, Why::TaskIdUnknown, Change::TaskIdNotLearned));
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
        // A rollout that is due may wait for the rollout of another lane, or for a free uid.
        let due = launch.payload.update_due().filter(|_| self.needs_relaunch(launch))?;
        let may_be_now = may_roll_out && is_running && self.ring.next().is_some();
        (due > now.mono || may_be_now).then_some((due, Why::Update, Change::RollOut))
    }

    /// Whether the running task has replaced another one.
    fn has_replaced(&self) -> bool {
        self.outgoing().is_some() || self.launches.iter().any(Launch::is_given_up)
    }

    /// The next time-driven step of an end that began at `since`.
    fn next_of_end(&self, now: Now, since: Instant) -> Option<Instant> {
        if self.launches.is_empty() {
            let is_to_be_announced = self.requests.in_flight.is_none() && !self.stage.is_end_announced();
            return is_to_be_announced.then_some(now.mono);
        }
        if self.launches.iter().any(Launch::needs_wind_down) {
            return Some(now.mono);
        }
        self.launches.iter().filter_map(|launch| self.given_up_at(launch, since)).min()
    }

    /// When a launch is given up after an end at `since`. A known task is not given up before Delete has failed more
    /// than once, however late it is.
    pub(super) fn given_up_at(&self, launch: &Launch, since: Instant) -> Option<Instant> {
        let stop_at = since + self.config.policy.stop_timeout_ms;
        match launch.task() {
            Some(_) => launch.is_hard_to_delete().then_some(stop_at),
            None if self.can_check_presence() => Some(stop_at),
            None => Some((since + STOP_GRACE).min(stop_at)),
        }
    }

    // ---- calls ---------------------------------------------------------------------------------------------------

    /// The most urgent due call, or else the earliest.
    fn next_call(&self, now: Now) -> Option<Planned> {
        let mut next: Option<Planned> = None;
        let mut consider = |planned: Planned| {
            if next.as_ref().is_none_or(|next| planned.order(now) < next.order(now)) {
                next = Some(planned);
            }
        };
        for at in 0..self.launches.len() {
            self.calls_of(now, at).into_iter().flatten().for_each(&mut consider);
        }
        if self.wants_presence_check() {
            let (due, priority, why) = (self.presence.next_at, Priority::Presence, Why::Presence);
            consider(Planned { due, priority, why, call: (due <= now.mono).then_some(DueCall::Presence) });
        }
        next
    }

    /// The calls of a launch, due now or later.
    fn calls_of(&self, now: Now, at: usize) -> [Option<Planned>; 2] {
        let launch = self.launches.at(at);
        let is_current = self.stage.is_current(launch.generation);
        let plan = |due: Instant, priority, why, call: &dyn Fn() -> LaunchCall| {
            let call = (due <= now.mono).then(|| DueCall::OfLaunch(at, call()));
            Some(Planned { due, priority, why, call })
        };
        let path = |task: &Task| TaskPath::new(&self.config.app_id, &task.id, launch.tokens.first());
        let query = |due, why, task| plan(due, Priority::Query, why, &|| LaunchCall::Query(path(task)));
        let unless_retrying = |why| if launch.attempts.is_retrying() { Why::Retry } else { why };
        match launch.phase() {
            Phase::Preparing { due } | Phase::Creating { due, .. } if is_current => {
                let is_again = launch.attempts.is_retrying() || launch.attempts.is_preparing_again();
                let why = if is_again { Why::Retry } else { Why::Launch };
                let call = match (launch.tokens.next(), launch.payload.composed()) {
                    (Some(builder), Some(services)) => {
                        let priority =
                            if builder.is_fresh() { Priority::FirstCreate } else { Priority::Launch };
                        plan(*due, priority, why, &|| LaunchCall::Create {
                            http: rest::create(&self.config.app_id, &builder.name, services),
                            token: builder.name.clone(),
                            expires_at: builder.expires_at(),
                        })
                    }
                    _ => plan(*due, Priority::Launch, why, &|| {
                        self.missing_token(launch).unwrap_or(LaunchCall::Acquire)
                    }),
                };
                [call, None]
            }
            Phase::Confirming { task, due, .. } | Phase::Reconsidered { task, due } => {
                [query(*due, unless_retrying(Why::Confirm), task), None]
            }
            Phase::Running { task, due, .. } => {
                let is_updated = is_current && !self.needs_relaunch(launch);
                let update = launch.payload.update_due().filter(|_| is_updated).and_then(|due| {
                    plan(due, Priority::Launch, Why::Update, &|| {
                        let update = || LaunchCall::Update(path(task));
                        self.missing_token(launch).unwrap_or_else(update)
                    })
                });
                [query(*due, unless_retrying(Why::Monitor), task), update]
            }
            Phase::AwaitingEnd { task, due, .. } => [query(*due, Why::Delete, task), None],
            Phase::Deleting { task, due, .. } | Phase::Orphaned { task, due, .. } => {
                [plan(*due, Priority::Delete, Why::Delete, &|| LaunchCall::Delete(path(task))), None]
            }
            Phase::Preparing { .. }
            | Phase::Creating { .. }
            | Phase::Unresolved { .. }
            | Phase::TaskIdUnknown { .. }
            | Phase::Superseded { .. } => [None, None],
        }
    }

    /// The request for an RTC token that this launch's payload needs.
    fn missing_token(&self, launch: &Launch) -> Option<LaunchCall> {
        Some(match launch.payload.missing_token(self.payload.desired())? {
            // The service picks the uid with which it subscribes to the inputs.
            MissingToken::OfInputs { channel } => {
                LaunchCall::RtcToken { of: RtcTokenFor::Inputs, uid: 0, channel: channel.to_owned() }
            }
            MissingToken::OfOutput => LaunchCall::RtcToken {
                of: RtcTokenFor::Output,
                uid: launch.uid,
                channel: self.config.output_channel.clone(),
            },
        })
    }

    fn wants_presence_check(&self) -> bool {
        let running = || self.serving().is_some();
        self.config.checks_presence()
            && (self.launches.iter().any(Launch::needs_presence)
                || (self.config.always_checks_presence() && running()))
    }

    /// Whether the lane's payload needs a new task instead of this launch's.
    pub(super) fn needs_relaunch(&self, launch: &Launch) -> bool {
        launch.payload.needs_relaunch(self.payload.desired())
    }
}
