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

/// Looks in a row that were answered in vain after which the operator is told, and lanes decide as without looks.
pub(super) const VAIN_LOOKS_THAT_PROVE: u32 = 3;

/// What a look into a channel came to, for every lane that publishes into it.
pub(crate) struct ChannelLook {
    pub(super) sent_at: Instant,
    pub(super) seen: Seen,
}

pub(super) enum Seen {
    Broadcasters(Vec<Uid>),
    /// It failed, which proves nothing. How long the service asks to wait, and whether it is of use to look again: not with
    /// credentials that are not good for it, nor where the channel is of another mode.
    Nothing {
        retry_after: Duration,
        in_vain: bool,
    },
}

/// When presence is checked.
#[apply(document)]
#[json(camel)]
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct PresenceChecks {
    pub(super) next_at: Instant,
    /// How many there were at this pace.
    checks: u32,
    /// The service has asked for none before.
    not_before: Instant,
    /// How many in a row were answered with nothing that can be used.
    pub(super) in_vain: u32,
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
    ) -> Option<ChannelLook> {
        let (status, reply) = match answer {
            Answer::Http { status, body, .. } => (*status, ReplyBody::parse(body)),
            Answer::Nothing(_) => (0, ReplyBody::default()),
        };
        let in_vain = matches!(status, 200..=428 | 430..=499);
        let seen = match reply.broadcasters {
            Some(broadcasters) if status == 200 => Seen::Broadcasters(broadcasters),
            Some(_) | None => {
                if in_vain && self.presence.in_vain.saturating_add(1) == VAIN_LOOKS_THAT_PROVE {
                    let reply = service_reply(answer, &reply, &self.redactor());
                    self.emit(now, None, EventKind::CallRejected { call: Call::Presence, reply });
                }
                Seen::Nothing { retry_after: self.retry_after(now, answer).unwrap_or_default(), in_vain }
            }
        };
        Some(ChannelLook { sent_at: in_flight.sent_at, seen })
    }

    /// A look into the channel, by this lane or another one.
    pub(crate) fn look(&mut self, now: Now, look: &ChannelLook) {
        match &look.seen {
            Seen::Broadcasters(broadcasters) => {
                self.presence.in_vain = 0;
                self.see(now, look.sent_at, broadcasters);
            }
            Seen::Nothing { retry_after, in_vain } => {
                if *in_vain {
                    self.presence.in_vain =
                        self.presence.in_vain.saturating_add(1).min(VAIN_LOOKS_THAT_PROVE);
                }
                self.presence.not_before = self.presence.not_before.max(now.mono + *retry_after);
            }
        }
        self.presence.next_at = (now.mono + self.look_interval()).max(self.presence.not_before);
        self.presence.checks = self.presence.checks.saturating_add(1);
    }

    /// Whether looks into the channel can tell what is there.
    pub(crate) fn can_look(&self) -> bool {
        self.config.looks_into_channel() && self.presence.in_vain < VAIN_LOOKS_THAT_PROVE
    }

    /// Who is in the channel, by a look that was sent at `sent_at`.
    fn see(&mut self, now: Now, sent_at: Instant, broadcasters: &[Uid]) {
        self.welcome_back(now, broadcasters);
        let start_up = self.config.policy.confirm_timeout_ms;
        let enough = self.config.policy.absences_that_prove();
        let mut at = 0;
        while let Some(launch) = self.launches.get_mut(at) {
            let present = broadcasters.contains(&launch.uid);
            // A look that left before the last Query was answered says less than that.
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
            let is_found = launch.seen(present, is_late_enough);
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

    /// A task that nobody had named was taken for gone, and is there after all: it holds its uid again.
    fn welcome_back(&mut self, now: Now, broadcasters: &[Uid]) {
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
            self.launches.add(Launch::found_again(old, now.mono));
            self.emit(now, Some(generation), EventKind::TaskIdUnknown);
            self.mark_changed();
        }
    }

    /// Another lane looks into the same channel, and will share what it sees by `until`.
    pub(crate) fn leave_look_to_another(&mut self, until: Instant) {
        self.presence.next_at = self.presence.next_at.max(until);
    }

    pub(super) fn look_interval(&self) -> Duration {
        if self.launches.iter().any(|launch| launch.phase().absences().is_some_and(|absences| absences > 0)) {
            // It will soon be known.
            self.config.policy.presence_delays_ms.wait_or_last(0)
        } else if self.launches.iter().any(Launch::is_watched) {
            self.config.policy.presence_delays_ms.wait_or_last(self.presence.checks)
        } else {
            self.config.policy.monitor_interval_ms
        }
    }

    /// Something became watched: looks begin again at their quickest pace.
    pub(super) fn look_soon(&mut self, now: Now) {
        self.presence.checks = 0;
        self.presence.next_at =
            (now.mono + self.config.policy.presence_delays_ms.wait_or_last(0)).max(self.presence.not_before);
    }
}
