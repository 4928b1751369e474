//! What a lane does next.

use super::config::LaneConfig;
use super::event::{Event, EventCall};
use super::in_flight::{InFlight, Purpose};
use super::lane::{Goal, Lane};
use super::launch::Launch;
use super::payload::RtcTokenFor;
use super::phase::Phase;
use super::request::{PermitRequest, Request, RequestId, TokenRequest};
use super::rest::{self, Http};
use super::{Outcome, Why};
use crate::quota::Want;
use crate::quota::permits::{Permits, Turn};
use crate::task::Services;
use crate::time::{Millis, Now};
use crate::uid::Uid;

/// What a lane's owner is to do; times are on the monotonic clock.
pub(crate) enum Step {
    Emit(Event),
    Send(Request),
    NeedToken(TokenRequest),
    NeedPermit(PermitRequest),
    Wait { until: Millis, why: Why },
    Done(Outcome),
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
struct Planned<'a> {
    due: Millis,
    priority: Priority,
    why: Why,
    call: PlannedCall<'a>,
}

enum PlannedCall<'a> {
    OfLaunch(&'a mut Launch, LaunchCall),
    Presence,
}

/// A call of one launch.
enum LaunchCall {
    RtcToken(RtcTokenFor),
    Acquire,
    /// With this builder token; not to be sent after `expires_at`.
    Create {
        token: String,
        expires_at: Millis,
    },
    Query,
    Update,
    Delete,
}

impl PlannedCall<'_> {
    /// What it needs of the rate limit; none for what is no call to the transcoder.
    fn want(&self) -> Option<Want> {
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

impl Lane {
    /// `may_roll_out` says whether a task that runs may be replaced for a new payload: one lane after the other.
    pub(crate) fn poll(&mut self, now: Now, permits: &mut Permits, may_roll_out: bool) -> Step {
        loop {
            if let Some(event) = self.next_event() {
                return Step::Emit(event);
            }
            if let Some(in_flight) = &self.in_flight {
                let why = match in_flight.purpose.call() {
                    EventCall::RtcToken => Why::RtcToken,
                    EventCall::Acquire
                    | EventCall::Create
                    | EventCall::Query
                    | EventCall::Update
                    | EventCall::Delete
                    | EventCall::Presence => Why::Reply,
                };
                return Step::Wait { until: in_flight.deadline, why };
            }
            if self.settle(now, may_roll_out) {
                continue;
            }
            if let (Goal::End { outcome, .. }, true) = (&self.goal, self.launches.is_empty()) {
                permits.withdraw(self.number);
                return Step::Done(outcome.clone());
            }
            let settle = self.next_settle(now);
            let look = self.wants_look().then_some(self.next_look);
            let (number, idle) = (self.number, self.config.policy.monitor_interval_ms);
            let planned = plan(&mut self.launches, self.current, look, self.payload.desired(), now);
            let call = match planned {
                Some(call) if call.due <= now.mono => call.call,
                later => {
                    permits.withdraw(number);
                    let call = later.map(|call| (call.due, call.why));
                    let next = [call, settle].into_iter().flatten().min_by_key(|(until, _)| *until);
                    let (until, why) = next.unwrap_or((now.mono.plus(idle), Why::CoolDown));
                    return Step::Wait { until: until.max(now.mono.plus(Millis::new(1))), why };
                }
            };
            if let Some(want) = call.want() {
                match permits.ask(now.mono, number, want) {
                    Turn::Now => {}
                    Turn::Wait(until) => return Step::Wait { until, why: Why::Quota },
                    Turn::Ask => return Step::NeedPermit(PermitRequest { lane: number, want }),
                }
            }
            let prepared = prepare(call, &self.config, self.payload.desired(), now);
            return self.carry_out(now, prepared);
        }
    }

    fn wants_look(&self) -> bool {
        let running = || self.serving().is_some();
        self.config.looks_into_channel()
            && (self.launches.iter().any(Launch::is_watched) || (self.config.always_looks() && running()))
    }

    fn carry_out(&mut self, now: Now, Prepared { purpose, call }: Prepared) -> Step {
        let id = RequestId::new(self.number, self.next_request);
        self.next_request = self.next_request.wrapping_add(1);
        let timeout = self.config.policy.request_timeout_ms;
        let before = self.domains.clone();
        let domain = self.domains.domain(now.mono).to_owned();
        if before != self.domains {
            self.tell_domain_switch(now, &before);
        }
        let step = match call {
            PreparedCall::RtcToken { uid, channel } => {
                Step::NeedToken(TokenRequest { id, uid, channel, timeout })
            }
            PreparedCall::Http { http: Http { method, path, body }, send_before } => {
                let call = purpose.call();
                let persist_first = matches!(call, EventCall::Create | EventCall::Update | EventCall::Delete);
                if persist_first {
                    self.mark_changed();
                }
                let domain = domain.clone();
                Step::Send(Request {
                    id,
                    call,
                    method,
                    domain,
                    path,
                    body,
                    timeout,
                    persist_first,
                    send_before,
                })
            }
        };
        let deadline = now.mono.plus(timeout);
        self.in_flight = Some(InFlight { id, purpose, domain, sent_at: now.mono, deadline });
        step
    }
}

/// Of the calls that are due the most important one, or else the one that is due first.
fn plan<'a>(
    launches: &'a mut [Launch],
    current: Option<u32>,
    look: Option<Millis>,
    desired: &Services,
    now: Now,
) -> Option<Planned<'a>> {
    let order = |due: Millis, priority| match due <= now.mono {
        true => (false, Some(priority), due),
        false => (true, None, due),
    };
    let mut first: Option<Planned<'a>> = None;
    let mut consider = |planned: Planned<'a>| {
        let is_before =
            |first: &Planned<'_>| order(planned.due, planned.priority) < order(first.due, first.priority);
        if first.as_ref().is_none_or(is_before) {
            first = Some(planned);
        }
    };
    for launch in launches {
        let is_current = current == Some(launch.generation);
        let mut calls = calls_of(launch, is_current, desired, now).into_iter().flatten();
        let Some(mut call) = calls.next() else { continue };
        for other in calls {
            if order(other.0, other.1) < order(call.0, call.1) {
                call = other;
            }
        }
        let (due, priority, why, call) = call;
        consider(Planned { due, priority, why, call: PlannedCall::OfLaunch(launch, call) });
    }
    if let Some(due) = look {
        let (priority, why) = (Priority::Presence, Why::Presence);
        consider(Planned { due, priority, why, call: PlannedCall::Presence });
    }
    first
}

/// The calls that a launch is to make, now or later.
fn calls_of(
    launch: &mut Launch,
    is_current: bool,
    desired: &Services,
    now: Now,
) -> [Option<(Millis, Priority, Why, LaunchCall)>; 2] {
    let Some(due) = launch.phase().due() else { return [None, None] };
    let retries = launch.attempts.is_retrying();
    let unless_retrying = |why| if retries { Why::Retry } else { why };
    let query = |why| Some((due, Priority::Query, why, LaunchCall::Query));
    match launch.phase() {
        Phase::Preparing { .. } | Phase::Creating { .. } if is_current => {
            let is_again = retries || launch.attempts.is_preparing_again();
            let why = if is_again { Why::Retry } else { Why::Launch };
            launch.expire_token(now.mono);
            let call = match launch.tokens.next() {
                Some(builder) => {
                    let priority = if builder.is_fresh() { Priority::FirstCreate } else { Priority::Launch };
                    let (token, expires_at) = (builder.name.clone(), builder.expires_at());
                    (due, priority, why, LaunchCall::Create { token, expires_at })
                }
                None => {
                    let token = launch.payload.missing_token(desired).map(LaunchCall::RtcToken);
                    (due, Priority::Launch, why, token.unwrap_or(LaunchCall::Acquire))
                }
            };
            [Some(call), None]
        }
        Phase::Confirming { .. } | Phase::Reconsidered { .. } => [query(unless_retrying(Why::Confirm)), None],
        Phase::Running { .. } => {
            let is_updated = is_current && !launch.payload.needs_relaunch(desired);
            let update = launch.payload.update_due().filter(|_| is_updated).map(|due| {
                let token = launch.payload.missing_token(desired).map(LaunchCall::RtcToken);
                (due, Priority::Launch, Why::Update, token.unwrap_or(LaunchCall::Update))
            });
            [query(unless_retrying(Why::Monitor)), update]
        }
        Phase::AwaitingEnd { .. } => [query(Why::Delete), None],
        Phase::Deleting { .. } | Phase::Orphaned { .. } => {
            [Some((due, Priority::Delete, Why::Delete, LaunchCall::Delete)), None]
        }
        Phase::Preparing { .. }
        | Phase::Creating { .. }
        | Phase::Unresolved { .. }
        | Phase::Unidentified { .. }
        | Phase::Superseded { .. } => [None, None],
    }
}

/// A call that is about to be made.
struct Prepared {
    purpose: Purpose,
    call: PreparedCall,
}

enum PreparedCall {
    RtcToken { uid: Uid, channel: String },
    Http { http: Http, send_before: Option<Millis> },
}

/// Composes a call, and notes in its launch that it leaves.
fn prepare(call: PlannedCall<'_>, config: &LaneConfig, desired: &Services, now: Now) -> Prepared {
    let app_id = config.app_id.as_str();
    let http = |purpose, http| Prepared { purpose, call: PreparedCall::Http { http, send_before: None } };
    let (launch, call) = match call {
        PlannedCall::OfLaunch(launch, call) => (launch, call),
        PlannedCall::Presence => {
            return http(Purpose::Presence, rest::presence(app_id, &config.output_channel));
        }
    };
    let generation = launch.generation;
    match call {
        LaunchCall::RtcToken(of) => {
            let (uid, channel) = match of {
                // The service picks the uid that it subscribes to the inputs with.
                RtcTokenFor::Inputs => (0, desired.input_channel().unwrap_or_default()),
                RtcTokenFor::Output => (launch.uid, config.output_channel.as_str()),
            };
            let call = PreparedCall::RtcToken { uid, channel: channel.to_owned() };
            Prepared { purpose: Purpose::RtcToken { generation, of }, call }
        }
        LaunchCall::Acquire => {
            let may_have_started = launch.tokens.has_created();
            let services = launch.payload.compose_to_launch(desired, launch.uid, may_have_started);
            let acquire = rest::acquire(app_id, &launch.instance_id, &services);
            http(Purpose::Acquire { generation }, acquire)
        }
        LaunchCall::Create { token, expires_at } => {
            launch.create_leaves(now.mono);
            let create = rest::create(app_id, &token, launch.payload.composed().unwrap_or("{}"));
            let send_before = Some(now.wall.plus(expires_at.minus(now.mono)));
            let call = PreparedCall::Http { http: create, send_before };
            Prepared { purpose: Purpose::Create { generation, token }, call }
        }
        LaunchCall::Query => {
            if let Some(task) = launch.task_mut() {
                task.last_query_at = Some(now.mono);
                task.is_check_requested = false;
            }
            let (task_id, token) = (launch.task_id().unwrap_or_default(), launch.tokens.first());
            http(Purpose::Query { generation }, rest::query(app_id, task_id, token))
        }
        LaunchCall::Update => {
            let (sequence_id, services) = launch.payload.compose_to_update(desired, launch.uid);
            let (task_id, token) = (launch.task_id().unwrap_or_default(), launch.tokens.first());
            let update = rest::update(app_id, task_id, token, sequence_id, &services);
            http(Purpose::Update { generation }, update)
        }
        LaunchCall::Delete => {
            let (task_id, token) = (launch.task_id().unwrap_or_default(), launch.tokens.first());
            http(Purpose::Delete { generation }, rest::delete(app_id, task_id, token))
        }
    }
}
