//! Presence checks: who is in the output channel.

use macro_rules_attribute::apply;

use super::event::{EndReason, EventKind, ServiceReply, SuspectReason};
use super::in_flight::InFlight;
use super::lane::Lane;
use super::launch::Launch;
use super::reply::{ReplyBody, service_reply};
use super::request::Answer;
use crate::document::document;
use crate::status::Call;
use crate::time::{Duration, Instant, Now};
use crate::uid::Uid;

/// After this many unusable answers in a row, the refusal is reported, and the lane decides as if presence checks
/// were off.
pub(super) const MAX_UNUSABLE_ANSWERS: u32 = 3;

/// The result of a presence check, for every lane with this output channel.
pub(crate) struct PresenceResult {
    pub(super) sent_at: Instant,
    pub(super) outcome: PresenceOutcome,
}

pub(super) enum PresenceOutcome {
    Broadcasters(Vec<Uid>),
    /// The check failed, which proves nothing. `is_unusable`: repeating it is pointless, because the credentials lack
    /// the right, or the channel has another mode.
    Failed {
        retry_after: Duration,
        is_unusable: bool,
    },
}

/// The schedule of presence checks.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct PresenceChecks {
    pub(super) next_at: Instant,
    /// How many checks were made with the current backoff schedule.
    checks: u32,
    /// The `Retry-After` of the last failure.
    not_before: Instant,
    /// Consecutive unusable answers.
    pub(super) unusable_answers: u32,
}

impl PresenceChecks {
    pub(super) fn starting_at(now: Instant) -> Self {
        Self { next_at: now, ..Self::default() }
    }
}

impl Lane {
    pub(super) fn on_presence(
        &mut self,
        now: Now,
        in_flight: &InFlight,
        answer: &Answer,
    ) -> Option<PresenceResult> {
        let (status, reply) = match answer {
            Answer::Http { status, body, .. } => (*status, ReplyBody::parse(body)),
            Answer::Nothing(_) => (0, ReplyBody::default()),
        };
        let is_unusable = matches!(status, 200..=428 | 430..=499);
        let outcome = match reply.broadcasters {
            Some(broadcasters) if status == 200 => PresenceOutcome::Broadcasters(broadcasters),
            Some(_) | None => {
                if is_unusable && self.presence.unusable_answers.saturating_add(1) == MAX_UNUSABLE_ANSWERS {
                    let reply = service_reply(answer, &reply, &self.redactor());
                    self.emit(now, None, EventKind::CallRejected { call: Call::Presence, reply });
                }
                PresenceOutcome::Failed {
                    retry_after: self.retry_after(now, answer).unwrap_or_default(),
                    is_unusable,
                }
            }
        };
        Some(PresenceResult { sent_at: in_flight.sent_at, outcome })
    }

    /// Applies a presence check of this lane or another one.
    pub(crate) fn apply_presence(&mut self, now: Now, result: &PresenceResult) {
        match &result.outcome {
            PresenceOutcome::Broadcasters(broadcasters) => {
                self.presence.unusable_answers = 0;
                self.apply_broadcasters(now, result.sent_at, broadcasters);
            }
            PresenceOutcome::Failed { retry_after, is_unusable } => {
                if *is_unusable {
                    self.presence.unusable_answers =
                        self.presence.unusable_answers.saturating_add(1).min(MAX_UNUSABLE_ANSWERS);
                }
                self.presence.not_before = self.presence.not_before.max(now.mono + *retry_after);
            }
        }
        self.presence.next_at = (now.mono + self.presence_interval()).max(self.presence.not_before);
        self.presence.checks = self.presence.checks.saturating_add(1);
    }

    /// Whether presence checks are on and answered.
    pub(crate) fn can_check_presence(&self) -> bool {
        self.config.checks_presence() && self.presence.unusable_answers < MAX_UNUSABLE_ANSWERS
    }

    /// Applies the list of broadcasters, requested at `sent_at`.
    fn apply_broadcasters(&mut self, now: Now, sent_at: Instant, broadcasters: &[Uid]) {
        self.reopen_retired(now, broadcasters);
        let start_up = self.config.policy.confirm_timeout_ms;
        let enough = self.config.policy.absences_that_prove();
        let mut at = 0;
        while let Some(launch) = self.launches.get_mut(at) {
            let present = broadcasters.contains(&launch.uid);
            // A check that was sent before the last Query was answered is older evidence.
            let is_newer = launch.task().is_some_and(|task| task.seen_running_at <= Some(sent_at));
            if launch.is_running() && !present && is_newer {
                let is_new = launch.suspect(SuspectReason::Absent);
                launch.check_soon(now, &self.config.policy);
                if is_new {
                    let kind =
                        EventKind::Suspect { reason: SuspectReason::Absent, reply: ServiceReply::default() };
                    self.journal.emit(now, self.launches.get(at), kind);
                }
                at += 1;
                continue;
            }
            let is_late_enough = sent_at >= launch.tokens.last_create_at() + start_up;
            let is_found = launch.note_presence(present, is_late_enough);
            if launch.phase().absences().is_some_and(|absences| absences >= enough) {
                self.gone(now, at, EndReason::Absent, ServiceReply::default());
                continue;
            }
            if is_found {
                self.journal.emit(now, self.launches.get(at), EventKind::TaskIdUnknown);
                self.mark_changed();
            }
            at += 1;
        }
    }

    /// A task without a known id was considered gone, but is in the channel: it occupies its uid again.
    fn reopen_retired(&mut self, now: Now, broadcasters: &[Uid]) {
        if self.stage.is_end_announced() {
            return;
        }
        for uid in self.ring.uids().to_vec() {
            if !broadcasters.contains(&uid) || self.launches.iter().any(|launch| launch.uid == uid) {
                continue;
            }
            let Some(old) = self.launches.take_retired(uid) else { continue };
            let generation = old.generation;
            self.ring.hold(uid);
            self.launches.add(Launch::reopened(old, now.mono));
            self.emit(now, Some(generation), EventKind::TaskIdUnknown);
            self.mark_changed();
        }
    }

    /// Another lane checks the same channel, and shares the result by `until`.
    pub(crate) fn postpone_presence_check(&mut self, until: Instant) {
        self.presence.next_at = self.presence.next_at.max(until);
    }

    pub(super) fn presence_interval(&self) -> Duration {
        if self.launches.iter().any(|launch| launch.phase().absences().is_some_and(|absences| absences > 0)) {
            // The next checks decide.
            self.config.policy.presence_delays_ms.delay_or_last(0)
        } else if self.launches.iter().any(Launch::needs_presence) {
            self.config.policy.presence_delays_ms.delay_or_last(self.presence.checks)
        } else {
            self.config.policy.monitor_interval_ms
        }
    }

    /// A create became unresolved: checks restart with the shortest delay.
    pub(super) fn check_presence_soon(&mut self, now: Now) {
        self.presence.checks = 0;
        self.presence.next_at =
            (now.mono + self.config.policy.presence_delays_ms.delay_or_last(0)).max(self.presence.not_before);
    }
}
