//! What a lane does next.

use super::event::{Event, EventCall};
use super::lane::{Goal, InFlight, Lane, Purpose};
use super::launch::{CREATE_WINDOW, Launch, Phase, RtcToken, TOKEN_LIFETIME};
use super::request::{PermitRequest, Request, RequestId, TokenRequest, encoded};
use super::{Outcome, Why};
use crate::quota::Want;
use crate::quota::permits::{Permits, Turn};
use crate::time::{Millis, Now};

/// What a lane's owner is to do; times are on the monotonic clock.
pub(crate) enum Step {
    Emit(Event),
    Send(Request),
    NeedToken(TokenRequest),
    NeedPermit(PermitRequest),
    Wait { until: Millis, why: Why },
    Done(Outcome),
}

/// A call that will be due.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Planned {
    due: Millis,
    rank: u8,
    purpose: Purpose,
    generation: Option<u32>,
    why: Why,
}

impl Purpose {
    /// What it needs of the rate limit; none for what is no call to the transcoder.
    fn want(self) -> Option<Want> {
        match self {
            Self::InputToken | Self::OutputToken | Self::Presence => None,
            Self::Acquire => Some(Want::AcquireAndCreate),
            Self::Create => Some(Want::Create),
            Self::Query => Some(Want::Query),
            Self::Update => Some(Want::Update),
            Self::Delete => Some(Want::Delete),
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
                let asks_application =
                    matches!(in_flight.purpose, Purpose::InputToken | Purpose::OutputToken);
                let why = if asks_application { Why::RtcToken } else { Why::Reply };
                return Step::Wait { until: in_flight.deadline, why };
            }
            if self.settle(now, may_roll_out) {
                continue;
            }
            if let (Goal::End { outcome, .. }, true) = (&self.goal, self.launches.is_empty()) {
                permits.withdraw(self.number);
                return Step::Done(outcome.clone());
            }
            let planned = self.next_call(now);
            let settle = self.next_settle(now);
            let Some(call) = planned.filter(|call| call.due <= now.mono) else {
                permits.withdraw(self.number);
                let calls = planned.map(|call| (call.due, call.why));
                let (until, why) = [calls, settle]
                    .into_iter()
                    .flatten()
                    .min_by_key(|(until, _)| *until)
                    .unwrap_or((now.mono.plus(self.config.policy.monitor_interval_ms), Why::CoolDown));
                return Step::Wait { until: until.max(now.mono.plus(Millis::new(1))), why };
            };
            if let Some(want) = call.purpose.want() {
                match permits.ask(now.mono, self.number, want) {
                    Turn::Now => {}
                    Turn::Wait(until) => return Step::Wait { until, why: Why::Quota },
                    Turn::Ask => return Step::NeedPermit(PermitRequest { lane: self.number, want }),
                }
            }
            return self.carry_out(now, call);
        }
    }

    /// Of the calls that are due the most important one, or else the one that is due first.
    fn next_call(&mut self, now: Now) -> Option<Planned> {
        let current = self.current;
        let has_input = self.config.input_channel.is_some();
        let mut calls: Vec<Planned> = Vec::with_capacity(4);
        let needs_relaunch = |launch: &&Launch| self.needs_relaunch(launch);
        let relaunched: Vec<u32> =
            self.launches.iter().filter(needs_relaunch).map(|launch| launch.generation).collect();
        for launch in &mut self.launches {
            let generation = Some(launch.generation);
            let plan = |due, rank, purpose, why| Planned { due, rank, purpose, generation, why };
            let retries =
                launch.failures > 0 || launch.not_found > 0 || launch.refusals > 0 || launch.rate_limited > 0;
            let unless_retrying = |why| if retries { Why::Retry } else { why };
            match launch.phase {
                Phase::Preparing | Phase::Creating if generation == current => {
                    let first = launch.usable_builder(now.mono).map(|builder| builder.creates == 0);
                    let why = if retries || launch.acquire_failures > 0 { Why::Retry } else { Why::Launch };
                    calls.push(match first {
                        Some(true) => plan(launch.due, 0, Purpose::Create, why),
                        Some(false) => plan(launch.due, 2, Purpose::Create, why),
                        None => {
                            plan(launch.due, 2, missing(launch, has_input).unwrap_or(Purpose::Acquire), why)
                        }
                    });
                }
                Phase::Confirming | Phase::Reconsidered => {
                    calls.push(plan(launch.due, 3, Purpose::Query, unless_retrying(Why::Confirm)))
                }
                Phase::Running => {
                    calls.push(plan(launch.due, 3, Purpose::Query, unless_retrying(Why::Monitor)));
                    let is_updated = generation == current && !relaunched.contains(&launch.generation);
                    if let Some(due) = launch.update_due.filter(|_| is_updated) {
                        let purpose = missing(launch, has_input).unwrap_or(Purpose::Update);
                        calls.push(plan(due, 2, purpose, Why::Update));
                    }
                }
                Phase::AwaitingEnd => calls.push(plan(launch.due, 3, Purpose::Query, Why::Delete)),
                Phase::Deleting | Phase::LeftBehind => {
                    calls.push(plan(launch.due, 1, Purpose::Delete, Why::Delete));
                }
                Phase::Preparing
                | Phase::Creating
                | Phase::Unresolved
                | Phase::Unidentified
                | Phase::Superseded => {}
            }
        }
        if self.wants_look() {
            let (due, purpose) = (self.next_look, Purpose::Presence);
            calls.push(Planned { due, rank: 4, purpose, generation: None, why: Why::Presence });
        }
        let due = calls.iter().filter(|call| call.due <= now.mono).min_by_key(|call| (call.rank, call.due));
        due.or_else(|| calls.iter().min_by_key(|call| call.due)).copied()
    }

    fn wants_look(&self) -> bool {
        let running = || self.serving().is_some();
        self.config.looks_into_channel()
            && (self.launches.iter().any(Launch::is_watched) || (self.config.always_looks() && running()))
    }

    fn carry_out(&mut self, now: Now, call: Planned) -> Step {
        let id = RequestId::new(self.number, self.next_request);
        self.next_request = self.next_request.wrapping_add(1);
        let timeout = self.config.policy.request_timeout_ms;
        let before = self.domains.clone();
        let domain = self.domains.domain(now.mono).to_owned();
        if before != self.domains {
            self.tell_domain_switch(now, &before);
        }
        let base = format!("/v1/projects/{}/rtsc/cloud-transcoder", encoded(&self.config.app_id));
        let mut request = Request {
            id,
            call: EventCall::Presence,
            method: "GET",
            domain: domain.clone(),
            path: String::new(),
            body: None,
            timeout,
            persist_first: false,
            send_before: None,
        };
        let mut token = None;
        let config = &self.config;
        let launch =
            call.generation.and_then(|g| self.launches.iter_mut().find(|launch| launch.generation == g));
        match (call.purpose, launch) {
            (Purpose::Presence, _) | (_, None) => {
                let (app_id, channel) = (encoded(&config.app_id), encoded(&config.output_channel));
                request.path = format!("/dev/v1/channel/user/{app_id}/{channel}/hosts_only");
            }
            (Purpose::InputToken | Purpose::OutputToken, Some(launch)) => {
                let input = call.purpose == Purpose::InputToken;
                let channel = if input {
                    config.input_channel.clone().unwrap_or_default()
                } else {
                    config.output_channel.clone()
                };
                let uid = if input { 0 } else { launch.uid };
                self.in_flight = Some(InFlight {
                    id,
                    purpose: call.purpose,
                    generation: call.generation,
                    token: None,
                    domain,
                    sent_at: now.mono,
                    deadline: now.mono.plus(timeout),
                });
                return Step::NeedToken(TokenRequest { id, uid, channel, timeout });
            }
            (Purpose::Acquire, Some(launch)) => {
                if launch.services.is_none() {
                    // Its task may have been started with the one or the other, unless no Create was carried out.
                    launch.outdated = None;
                    launch.update_due = launch.update_due.filter(|_| launch.creates > 0);
                }
                let services = config.compose(launch);
                request.call = EventCall::Acquire;
                request.method = "POST";
                request.path = format!("{base}/builderTokens");
                request.body =
                    Some(format!(r#"{{"instanceId":"{}","services":{services}}}"#, launch.instance_id));
                launch.services = Some(services);
            }
            (Purpose::Create, Some(launch)) => {
                launch.create_leaves(now.mono);
                launch.phase = Phase::Creating;
                let builder = launch.builder.as_ref();
                let name = builder.map(|builder| builder.name.clone()).unwrap_or_default();
                let first = call.rank == 0;
                let limit = if first { CREATE_WINDOW } else { TOKEN_LIFETIME };
                let age = builder.map_or(limit, |builder| now.mono.minus(builder.acquired_at));
                request.call = EventCall::Create;
                request.method = "POST";
                request.path = format!("{base}/tasks?builderToken={}", encoded(&name));
                request.body =
                    Some(format!(r#"{{"services":{}}}"#, launch.services.as_deref().unwrap_or("{}")));
                request.persist_first = true;
                request.send_before = Some(now.wall.plus(limit.minus(age)));
                token = Some(name);
            }
            (Purpose::Query, Some(launch)) => {
                launch.last_query_at = Some(now.mono);
                launch.hinted = false;
                request.call = EventCall::Query;
                request.path = launch.task_path(&base);
            }
            (Purpose::Update, Some(launch)) => {
                let services = config.compose(launch);
                let sequence_id = launch.next_sequence_id;
                launch.next_sequence_id = launch.next_sequence_id.saturating_add(1);
                let mask = "services.cloudTranscoder.config";
                request.call = EventCall::Update;
                request.method = "PATCH";
                request.path =
                    format!("{}&sequenceId={sequence_id}&updateMask={mask}", launch.task_path(&base));
                request.body = Some(format!(r#"{{"services":{services}}}"#));
                request.persist_first = true;
                launch.services = Some(services);
            }
            (Purpose::Delete, Some(launch)) => {
                request.call = EventCall::Delete;
                request.method = "DELETE";
                request.path = launch.task_path(&base);
                request.persist_first = true;
            }
        }
        self.in_flight = Some(InFlight {
            id,
            purpose: call.purpose,
            generation: call.generation,
            token,
            domain,
            sent_at: now.mono,
            deadline: now.mono.plus(timeout),
        });
        if request.persist_first {
            self.mark_changed();
        }
        Step::Send(request)
    }
}

/// The RTC token that the payload still wants.
fn missing(launch: &Launch, has_input: bool) -> Option<Purpose> {
    if launch.services.is_some() {
        return None;
    }
    if has_input && launch.input_token == RtcToken::NotAsked {
        return Some(Purpose::InputToken);
    }
    (launch.output_token == RtcToken::NotAsked).then_some(Purpose::OutputToken)
}
