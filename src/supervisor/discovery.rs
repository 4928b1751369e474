//! What others tell of a create: who names its task, and who is in the channel.

use super::Outcome;
use super::answers::{ChannelLook, Seen, VAIN_LOOKS_THAT_PROVE};
use super::config::Restart;
use super::event::{Ending, EventKind, FailReason, IdentifiedBy, LaunchCause, Said, Suspicion};
use super::lane::{Goal, Lane};
use super::launch::{Launch, Origin, Retired};
use super::phase::Phase;
use super::tokens::AnsweredCreate;
use crate::time::{Millis, Now};
use crate::uid::Uid;

impl Lane {
    /// A taskId was learnt: from the reply to a Create (in time or late), or from a notification.
    pub(super) fn learn(
        &mut self,
        now: Now,
        generation: u32,
        task_id: &str,
        create: Option<AnsweredCreate<'_>>,
        ended: bool,
        by: IdentifiedBy,
    ) {
        if self.create_of(task_id).is_some() {
            return self.create_was_answered(generation, create);
        }
        self.mark_changed();
        let had_none = self.launch(generation).is_some_and(|launch| launch.task().is_none());
        if had_none
            && self
                .in_flight
                .as_ref()
                .is_some_and(|in_flight| in_flight.purpose.generation() == Some(generation))
        {
            // It was for another Create, which must not be sent any more should it still be waiting for its snapshot, and
            // what the service says of it is not said of this task.
            self.let_go_of_request();
        }
        let first_look = self.payload.confirm_delays().wait_or_last(0);
        let running = self.goal == Goal::Run;
        let displaceable = self.current == Some(generation) || self.current_is_displaceable();
        let current = self.current;
        let Some(launch) = self.launch_mut(generation).filter(|launch| launch.task().is_none()) else {
            return self.adopt_orphan(now, generation, task_id, create, by);
        };
        if let Some(create) = create {
            launch.tokens.started_with(create.token);
            launch.tokens.answered(create);
        }
        let started = by == IdentifiedBy::Reply && matches!(launch.phase(), Phase::Creating { .. });
        if started && launch.tokens.is_first_create() {
            launch.tokens.first_is_proven();
        }
        if running && !ended && displaceable {
            let due = if started { now.mono.plus(first_look) } else { now.mono };
            launch.identified(task_id.to_owned(), now.mono, due);
            let uid = launch.uid;
            if current != Some(generation) {
                self.displace(now);
                self.ring.resume(uid);
                self.current = Some(generation);
                self.next_launch = None;
            }
        } else {
            launch.identified_unwanted(task_id.to_owned(), now.mono);
            if current == Some(generation) {
                self.current = None;
                if self.config.restart == Restart::Never {
                    self.end(now, Outcome::Failed { reason: FailReason::NotRestarted });
                } else if running {
                    self.schedule(now, LaunchCause::Ended);
                }
            }
        }
        let kind = if started { EventKind::Created } else { EventKind::Identified { by } };
        self.emit(now, Some(generation), kind);
    }

    /// The instanceId of the create that made this task, if it is one that is known, or known to be gone.
    pub(crate) fn create_of(&self, task_id: &str) -> Option<&str> {
        let of_launch = |launch: &&Launch| launch.task_id() == Some(task_id);
        let launch = self.launches.iter().find(of_launch).map(|launch| launch.instance_id.as_str());
        let of_retired = |old: &&Retired| old.gone.as_deref() == Some(task_id);
        launch.or_else(|| self.retired.iter().rfind(of_retired).map(|old| old.instance_id.as_str()))
    }

    /// Whether this task is known to be of another create than that of this launch.
    pub(super) fn is_of_another_create(&self, task_id: &str, generation: u32) -> bool {
        let create = self.create_of(task_id);
        create.is_some() && create != self.instance_id_of(generation)
    }

    /// The launch that sent this instanceId: an instanceId is ours only if it is, character for character, one of those.
    /// Several tasks may have come of it; the first of them has its create.
    pub(super) fn generation_of(&self, instance_id: &str) -> Option<u32> {
        let of_launches = self.launches.iter().map(|launch| (launch.generation, &launch.instance_id));
        let of_retired = self.retired.iter().map(|old| (old.generation, &old.instance_id));
        let of_it = of_launches.chain(of_retired).filter(|(_, other)| *other == instance_id);
        of_it.map(|(generation, _)| generation).min()
    }

    fn instance_id_of(&self, generation: u32) -> Option<&str> {
        let launch = self.launch(generation).map(|launch| launch.instance_id.as_str());
        let of_it = |old: &&Retired| old.generation == generation;
        launch.or_else(|| self.retired.iter().rfind(of_it).map(|old| old.instance_id.as_str()))
    }

    /// A Create is answered with a task that is known already, or known to be gone.
    fn create_was_answered(&mut self, generation: u32, create: Option<AnsweredCreate<'_>>) {
        let is_current = self.current == Some(generation);
        // The launch may be over by now.
        let (Some(at), Some(create)) = (self.position(generation), create) else { return };
        let launch = self.at_mut(at);
        launch.create_was_answered(create);
        if launch.task().is_some() {
            return;
        }
        launch.tokens.forget_answered();
        if launch.is_resolved() && !is_current {
            self.forget(at, None);
        }
    }

    /// Whether the current launch, if there is one, has no task that is known.
    pub(super) fn current_is_displaceable(&self) -> bool {
        self.current_launch().is_none_or(Launch::is_displaceable)
    }

    /// The current launch makes way for one whose task was found.
    pub(super) fn displace(&mut self, now: Now) {
        let current = self.current.take();
        let Some(at) = current.and_then(|generation| self.position(generation)) else { return };
        if self.in_flight.as_ref().is_some_and(|in_flight| in_flight.purpose.generation() == current) {
            // Should it still be waiting for its snapshot, it must not be sent any more: it could start a second task.
            self.let_go_of_request();
        }
        let launch = self.at_mut(at);
        if launch.may_be_live() {
            launch.displace();
            self.look_soon(now);
        } else {
            self.forget(at, None);
        }
    }

    /// A task of a launch that has another one, or is over: nobody wants it. The tokens of that launch may be only those of
    /// its other task, so that of the Create that is answered comes before them, and those of Creates that are not.
    fn adopt_orphan(
        &mut self,
        now: Now,
        generation: u32,
        task_id: &str,
        create: Option<AnsweredCreate<'_>>,
        by: IdentifiedBy,
    ) {
        let mut origin = if let Some(launch) = self.launch_mut(generation) {
            let origin = Origin {
                uid: launch.uid,
                instance_id: launch.instance_id.clone(),
                tokens: launch.tokens.all().cloned().collect(),
                due: now.mono,
            };
            create.into_iter().for_each(|create| launch.create_was_answered(create));
            origin
        } else if let Some(old) = self.retired.iter().rfind(|retired| retired.generation == generation) {
            let (uid, instance_id) = (old.uid, old.instance_id.clone());
            Origin { uid, instance_id, tokens: old.tokens.clone(), due: old.due }
        } else {
            return;
        };
        if let Some(create) = create {
            origin.tokens.retain(|other| other != create.token);
            origin.tokens.insert(0, create.token.to_owned());
        }
        self.generation = self.generation.saturating_add(1);
        self.ring.hold(origin.uid);
        self.launches.push(Launch::of_unwanted(self.generation, &origin, task_id.to_owned(), now.mono));
        self.emit(now, Some(self.generation), EventKind::Identified { by });
    }

    /// A look into the channel, by this lane or another one.
    pub(crate) fn look(&mut self, now: Now, look: &ChannelLook) {
        match &look.seen {
            Seen::Broadcasters(broadcasters) => {
                self.vain_looks = 0;
                self.see(now, look.sent_at, broadcasters);
            }
            Seen::Nothing { retry_after, in_vain } => {
                if *in_vain {
                    self.vain_looks = self.vain_looks.saturating_add(1).min(VAIN_LOOKS_THAT_PROVE);
                }
                self.no_look_before = self.no_look_before.max(now.mono.plus(*retry_after));
            }
        }
        self.next_look = now.mono.plus(self.look_interval()).max(self.no_look_before);
        self.looks = self.looks.saturating_add(1);
    }

    /// Whether looks into the channel can tell what is there.
    pub(crate) fn can_look(&self) -> bool {
        self.config.looks_into_channel() && self.vain_looks < VAIN_LOOKS_THAT_PROVE
    }

    /// Who is in the channel, by a look that was sent at `sent_at`.
    fn see(&mut self, now: Now, sent_at: Millis, broadcasters: &[Uid]) {
        self.welcome_back(now, broadcasters);
        let start_up = self.config.policy.confirm_deadline_ms;
        let enough = self.config.policy.absences_that_prove();
        let mut at = 0;
        while let Some(launch) = self.launches.get_mut(at) {
            let present = broadcasters.contains(&launch.uid);
            // A look that left before the last Query was answered says less than that.
            let is_newer = launch.task().is_some_and(|task| task.seen_running_at <= Some(sent_at));
            if launch.is_running() && !present && is_newer {
                let is_new = launch.suspect(Suspicion::Absent);
                launch.check_soon(now, &self.config.policy);
                if is_new {
                    let kind = EventKind::Suspect { reason: Suspicion::Absent, said: Said::default() };
                    self.journal.emit(now, self.launches.get(at), kind);
                }
                at += 1;
                continue;
            }
            let is_late_enough = sent_at >= launch.tokens.last_create_at().plus(start_up);
            let is_found = launch.seen(present, is_late_enough);
            if launch.phase().absences().is_some_and(|absences| absences >= enough) {
                self.gone(now, at, Ending::Absent, Said::default());
                continue;
            }
            if is_found {
                self.journal.emit(now, self.launches.get(at), EventKind::Unidentified);
                self.mark_changed();
            }
            at += 1;
        }
    }

    /// A task that nobody had named was taken for gone, and is there after all: it holds its uid again.
    fn welcome_back(&mut self, now: Now, broadcasters: &[Uid]) {
        if self.announced_end {
            return;
        }
        for uid in self.ring.uids().to_vec() {
            if !broadcasters.contains(&uid) || self.launches.iter().any(|launch| launch.uid == uid) {
                continue;
            }
            let Some(at) = self.retired.iter().rposition(|old| old.uid == uid) else { continue };
            let Some(old) = self.retired.remove(at) else { continue };
            if old.gone.is_some() {
                self.retired.insert(at, old);
                continue;
            }
            let generation = old.generation;
            self.ring.hold(uid);
            self.launches.push(Launch::found_again(old, now.mono));
            self.emit(now, Some(generation), EventKind::Unidentified);
            self.mark_changed();
        }
    }

    /// Another lane looks into the same channel, and will share what it sees by `until`.
    pub(crate) fn leave_look_to_another(&mut self, until: Millis) {
        self.next_look = self.next_look.max(until);
    }

    pub(super) fn look_interval(&self) -> Millis {
        if self.launches.iter().any(|launch| launch.phase().absences().is_some_and(|absences| absences > 0)) {
            // It will soon be known.
            self.config.policy.presence_ms.wait_or_last(0)
        } else if self.launches.iter().any(Launch::is_watched) {
            self.config.policy.presence_ms.wait_or_last(self.looks)
        } else {
            self.config.policy.monitor_interval_ms
        }
    }

    /// Something became watched: looks begin again at their quickest pace.
    pub(super) fn look_soon(&mut self, now: Now) {
        self.looks = 0;
        self.next_look =
            now.mono.plus(self.config.policy.presence_ms.wait_or_last(0)).max(self.no_look_before);
    }
}
