//! Polls a lane: makes the changes and calls that are due.

use super::due::{Change, Due, DueCall, LaunchCall};
use super::event::{Event, LaunchReason};
use super::in_flight::{InFlight, Purpose};
use super::lane::Lane;
use super::request::{PermitRequest, Request, RequestId, TokenRequest};
use super::rest::{self, Http};
use super::stage::Stage;
use super::{Outcome, Why};
use crate::quota::permits::{Permits, Turn};
use crate::status::Call;
use crate::time::{Duration, Instant, Now, WallTime};
use crate::uid::Uid;

/// The next step for a lane's owner; times are on the monotonic clock.
pub(crate) enum Step {
    Emit(Event),
    Send(Request),
    NeedToken(TokenRequest),
    NeedPermit(PermitRequest),
    Wait { until: Instant, why: Why },
    Done(Outcome),
}

struct Prepared {
    purpose: Purpose,
    call: PreparedCall,
}

enum PreparedCall {
    RtcToken { uid: Uid, channel: String },
    Http { http: Http, send_before: Option<WallTime> },
}

impl Lane {
    /// `may_roll_out`: this lane may replace a running task for a new payload. One lane at a time may.
    pub(crate) fn poll(&mut self, now: Now, permits: &mut Permits, may_roll_out: bool) -> Step {
        loop {
            if let Some(event) = self.next_event() {
                return Step::Emit(event);
            }
            if let Some(in_flight) = &self.requests.in_flight {
                let is_of_application = in_flight.purpose.call() == Call::RtcToken;
                let why = if is_of_application { Why::RtcToken } else { Why::Reply };
                return Step::Wait { until: in_flight.deadline, why };
            }
            match self.due(now, may_roll_out) {
                Due::Change(change) => self.change(now, change),
                Due::Call(call) => return self.ask_and_send(now, permits, call),
                Due::Later { at, why } => {
                    permits.withdraw(self.number);
                    if let (Stage::Ending { outcome, .. }, true) = (self.stage, self.launches.is_empty()) {
                        return Step::Done(outcome);
                    }
                    return Step::Wait { until: at.max(now.mono + Duration::from_millis(1)), why };
                }
            }
        }
    }

    fn change(&mut self, now: Now, change: Change) {
        match change {
            Change::Begin(next) => self.begin(now, next),
            Change::Plan => self.schedule(now, LaunchReason::Ended),
            Change::CreateExhausted(at) => {
                self.launches.at_mut(at).tokens.close();
                self.abandon(now, at, LaunchReason::CreateExhausted);
            }
            Change::ExpireToken(at) => self.launches.at_mut(at).expire_token(now.mono),
            Change::TaskIdNotLearned => self.schedule(now, LaunchReason::TaskIdUnknown),
            Change::DeleteReplaced => self.delete_replaced(now),
            Change::RollOut => self.roll_out(now),
            Change::WindDown { outcome, since } => self.wind_down(now, outcome, since),
        }
    }

    /// Makes a call if the rate limit allows it now.
    fn ask_and_send(&mut self, now: Now, permits: &mut Permits, call: DueCall) -> Step {
        if let Some(call) = call.call() {
            match permits.ask(now.mono, self.number, call) {
                Turn::Now => {}
                Turn::Wait(until) => return Step::Wait { until, why: Why::Quota },
                Turn::Ask => return Step::NeedPermit(PermitRequest { lane: self.number, call }),
            }
        }
        let id = RequestId::new(self.number, self.requests.number());
        let prepared = match call {
            DueCall::OfLaunch(at, call) => self.prepare(now, id, at, call),
            DueCall::Presence => Prepared {
                purpose: Purpose::Presence,
                call: PreparedCall::Http {
                    http: rest::presence(&self.config.app_id, &self.config.output_channel),
                    send_before: None,
                },
            },
        };
        self.send(now, id, prepared)
    }

    /// Composes a call and records in its launch that it is sent.
    fn prepare(&mut self, now: Now, id: RequestId, at: usize, call: LaunchCall) -> Prepared {
        let (config, desired) = (&self.config, self.payload.desired());
        let app_id = config.app_id.as_str();
        let launch = self.launches.at_mut(at);
        let generation = launch.generation;
        let http = |purpose, http| Prepared { purpose, call: PreparedCall::Http { http, send_before: None } };
        match call {
            LaunchCall::RtcToken { of, uid, channel } => {
                let call = PreparedCall::RtcToken { uid, channel };
                Prepared { purpose: Purpose::RtcToken { generation, of }, call }
            }
            LaunchCall::Acquire => {
                let may_have_started = launch.tokens.has_created();
                let services = launch.payload.compose_to_launch(desired, launch.uid, may_have_started);
                let acquire = rest::acquire(app_id, &launch.instance_id, &services);
                http(Purpose::Acquire { generation }, acquire)
            }
            LaunchCall::Create { http, token, expires_at } => {
                launch.create_sent(id, now.mono);
                let send_before = Some(now.wall + expires_at.duration_since(now.mono));
                let call = PreparedCall::Http { http, send_before };
                Prepared { purpose: Purpose::Create { generation, token }, call }
            }
            LaunchCall::Query(task) => {
                launch.query_sent(now.mono);
                http(Purpose::Query { generation }, rest::query(task))
            }
            LaunchCall::Update(task) => {
                let (sequence_id, services) = launch.payload.compose_to_update(desired, launch.uid);
                http(Purpose::Update { generation }, rest::update(task, sequence_id, &services))
            }
            LaunchCall::Delete(task) => http(Purpose::Delete { generation }, rest::delete(task)),
        }
    }

    fn send(&mut self, now: Now, id: RequestId, Prepared { purpose, call }: Prepared) -> Step {
        let timeout = self.config.policy.request_timeout_ms;
        let before = self.domains.current_index();
        let domain = self.domains.domain(now.mono).to_owned();
        self.emit_domain_switch(now, before);
        let step = match call {
            PreparedCall::RtcToken { uid, channel } => {
                Step::NeedToken(TokenRequest { id, uid, channel, timeout })
            }
            PreparedCall::Http { http: Http { method, path, body }, send_before } => {
                let call = purpose.call();
                let persist_first = matches!(call, Call::Create | Call::Update | Call::Delete);
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
        let deadline = now.mono + timeout;
        self.requests.in_flight = Some(InFlight { id, purpose, domain, sent_at: now.mono, deadline });
        step
    }
}
