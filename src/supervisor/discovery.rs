//! Learns about creates from other sources: late replies, notifications, presence.

use super::Outcome;
use super::config::Restart;
use super::event::{EventKind, FailReason, LaunchReason, LearnedBy};
use super::lane::Lane;
use super::launch::Launch;
use super::phase::Phase;
use super::tokens::SentCreate;
use crate::time::{Instant, Now};
use crate::uid::Uid;

/// The create of an unexpected task. Its launch may be over.
pub(super) struct Origin {
    pub(super) uid: Uid,
    pub(super) instance_id: String,
    /// Builder tokens that may have started it.
    pub(super) tokens: Vec<String>,
    /// The earliest time of a call about the task.
    pub(super) due: Instant,
}

impl Lane {
    /// A task id was learned from a reply to a Create (in time or late) or from a notification.
    pub(super) fn learn(
        &mut self,
        now: Now,
        generation: u32,
        task_id: &str,
        create: Option<SentCreate<'_>>,
        ended: bool,
        by: LearnedBy,
    ) {
        if self.launches.create_of(task_id).is_some() {
            return self.create_was_answered(generation, create);
        }
        self.mark_changed();
        let had_none = self.launches.find(generation).is_some_and(|launch| launch.task().is_none());
        if had_none && self.requests.is_for(generation) {
            // The request belongs to another Create. It must not be sent if it still waits for its snapshot, and its
            // answer is not about this task.
            self.requests.cancel();
        }
        let first_check = self.payload.confirm_delays().delay_or_last(0);
        let running = self.should_run();
        let is_current = self.stage.is_current(generation);
        let displaceable = is_current || self.current_is_displaceable();
        let Some(launch) = self.launches.find_mut(generation).filter(|launch| launch.task().is_none()) else {
            return self.adopt_orphan(now, generation, task_id, create, by);
        };
        if let Some(create) = create {
            launch.tokens.started_with(create.token);
            launch.tokens.answered(create);
        }
        let started = by == LearnedBy::Reply && matches!(launch.phase(), Phase::Creating { .. });
        if started && launch.tokens.is_first_create() {
            launch.tokens.first_is_proven();
        }
        if running && !ended && displaceable {
            let due = if started { now.mono + first_check } else { now.mono };
            launch.task_id_learned(task_id.to_owned(), now.mono, due);
            let uid = launch.uid;
            if !is_current {
                self.displace(now);
                self.ring.resume(uid);
                self.stage.launch(generation);
            }
        } else {
            launch.learned_unwanted(task_id.to_owned(), now.mono);
            if is_current {
                if self.config.restart == Restart::Never {
                    self.end(now, Outcome::Failed { reason: FailReason::NotRestarted });
                } else if running {
                    self.schedule(now, LaunchReason::Ended);
                }
            }
        }
        let kind = if started { EventKind::Created } else { EventKind::TaskIdLearned { by } };
        self.emit(now, Some(generation), kind);
    }

    /// A Create is answered with a task that is already known, or known to be gone.
    fn create_was_answered(&mut self, generation: u32, create: Option<SentCreate<'_>>) {
        let is_current = self.stage.is_current(generation);
        // The launch may be over by now.
        let (Some(at), Some(create)) = (self.launches.position(generation), create) else { return };
        let launch = self.launches.at_mut(at);
        launch.create_was_answered(create);
        if launch.task().is_some() {
            return;
        }
        launch.tokens.forget_answered();
        if launch.is_resolved() && !is_current {
            self.forget(at, None);
        }
    }

    /// Whether the current launch, if any, has no known task.
    pub(super) fn current_is_displaceable(&self) -> bool {
        self.current().is_none_or(Launch::is_displaceable)
    }

    /// The current launch gives way to one whose task was found.
    pub(super) fn displace(&mut self, now: Now) {
        let Some(at) = self.current_at() else { return };
        let launch = self.launches.at_mut(at);
        if self.requests.is_for(launch.generation) {
            // A request that still waits for its snapshot must not be sent: it could start a second task.
            self.requests.cancel();
        }
        if launch.may_be_live() {
            launch.displace();
            self.check_presence_soon(now);
        } else {
            self.forget(at, None);
        }
    }

    /// Adopts an unwanted task of a launch that has another one, or is over. The launch's remaining tokens may be
    /// only those of its other task, so the token of the answered Create comes first.
    fn adopt_orphan(
        &mut self,
        now: Now,
        generation: u32,
        task_id: &str,
        create: Option<SentCreate<'_>>,
        by: LearnedBy,
    ) {
        let mut origin = if let Some(launch) = self.launches.find_mut(generation) {
            let origin = Origin {
                uid: launch.uid,
                instance_id: launch.instance_id.clone(),
                tokens: launch.tokens.all().cloned().collect(),
                due: now.mono,
            };
            create.into_iter().for_each(|create| launch.create_was_answered(create));
            origin
        } else if let Some(old) =
            self.launches.retired.iter().rfind(|retired| retired.generation == generation)
        {
            let (uid, instance_id) = (old.uid, old.instance_id.clone());
            Origin { uid, instance_id, tokens: old.tokens.clone(), due: old.due }
        } else {
            return;
        };
        if let Some(create) = create {
            origin.tokens.retain(|other| other != create.token);
            origin.tokens.insert(0, create.token.to_owned());
        }
        let generation = self.launches.next_generation();
        self.ring.hold(origin.uid);
        self.launches.add(Launch::of_unwanted(generation, &origin, task_id.to_owned(), now.mono));
        self.emit(now, Some(generation), EventKind::TaskIdLearned { by });
    }
}
