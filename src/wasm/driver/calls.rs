//! Makes calls of the service and requests to the application.

use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};

use super::Inner;
use crate::status::Call;
use crate::supervisor::{Answer, Input, NoAnswer, PermitRequest, Request, TokenRequest};
use crate::time::{Duration, WallTime};
use crate::wasm::env::PERSIST_TIMEOUT;
use crate::wasm::fetch;

impl Inner {
    pub(super) fn start(self: &Rc<Self>, request: Request) {
        let inner = Rc::clone(self);
        let id = request.id;
        self.in_flight.borrow_mut().push(id);
        self.executor.spawn(async move {
            let answer = inner.carry_out(&request).await;
            inner.in_flight.borrow_mut().retain(|other| *other != id);
            inner.inbox.put(Input::Answer(id, answer));
        });
    }

    async fn carry_out(self: &Rc<Self>, request: &Request) -> Answer {
        if request.persist_first && self.env.has_persist() {
            let is_kept = self.persist_in_time(request).await;
            // A Delete without its snapshot is harmless; a task that is never deleted is not.
            if !is_kept && request.call != Call::Delete {
                return Answer::Nothing(NoAnswer::NotPersisted);
            }
        }
        let permit = request.permit();
        if permit.is_some() && !self.env.has_permit() {
            let most = self.machine.borrow().group().most_calls_in_a_second();
            self.departures.turn(&self.env, most).await;
        }
        let too_late = request.send_before.is_some_and(|latest| self.time_left(latest) == Duration::ZERO);
        if too_late || !self.turns.is_driven() || !self.machine.borrow().group().awaits(request.id) {
            return Answer::Nothing(NoAnswer::NotSent);
        }
        if let Some(permit) = permit {
            self.env.report_permit_used(permit);
        }
        fetch::carry_out(&self.env, request).await
    }

    /// The time until `latest` has passed; zero if the clock fails.
    fn time_left(&self, latest: WallTime) -> Duration {
        self.env.time().map_or(Duration::ZERO, |now| (latest + Duration::from_millis(1)).duration_since(now))
    }

    /// Persists the state with the call in it, for at most half of the call's timeout: a slow `persist` must not look
    /// like a slow network, nor make the call too late.
    async fn persist_in_time(self: &Rc<Self>, request: &Request) -> bool {
        let half = Duration::from_millis(request.timeout.as_millis() / 2).min(PERSIST_TIMEOUT);
        let timeout = request.send_before.map_or(half, |latest| self.time_left(latest).min(half));
        match select(self.write_snapshot(), self.env.timer(timeout)).await {
            Either::Left((written, _)) => written.unwrap_or(false),
            Either::Right(_) => {
                let consequence = match request.call {
                    Call::Delete => "the pending Delete is sent without it",
                    Call::Create
                    | Call::Update
                    | Call::Acquire
                    | Call::Query
                    | Call::Presence
                    | Call::RtcToken => "the pending call is not made",
                };
                self.env.report_slow("persist", timeout, consequence);
                false
            }
        }
    }

    pub(super) fn ask_token(self: &Rc<Self>, request: TokenRequest) {
        let inner = Rc::clone(self);
        self.in_flight.borrow_mut().push(request.id);
        self.executor.spawn(async move {
            let asked = pin!(inner.env.rtc_token(request.uid, &request.channel));
            let token = match select(asked, inner.env.timer(request.timeout)).await {
                Either::Left((token, _)) => token,
                Either::Right(_) => {
                    inner.env.report_slow("rtcToken", request.timeout, "the pending call is not made");
                    Err(())
                }
            };
            inner.in_flight.borrow_mut().retain(|other| *other != request.id);
            inner.inbox.put(Input::Token(request.id, token));
        });
    }

    pub(super) fn ask_permit(self: &Rc<Self>, request: PermitRequest) {
        let inner = Rc::clone(self);
        self.permit_requests.borrow_mut().push(request);
        self.executor.spawn(async move {
            let wait = inner.env.acquire_permit(request).await;
            inner.permit_requests.borrow_mut().retain(|other| *other != request);
            inner.inbox.put(Input::Permit(request, wait));
        });
    }
}
