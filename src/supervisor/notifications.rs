//! Notifications of the service, and requests to check the task now.

use std::sync::Arc;

use super::event::LearnedBy;
use super::lane::Lane;
use super::launch::Launch;
use crate::notification::{Notification, NotificationKind};
use crate::time::Now;

impl Lane {
    /// Uses a notification: brings the next Query forward, or learns a task id. Returns whether it was about this
    /// lane.
    pub(crate) fn handle_notification(&mut self, now: Now, notification: &Notification) -> bool {
        if self.is_a_credential(&notification.task_id) {
            return false;
        }
        let of_task = |launch: &Launch| launch.task_id() == Some(&notification.task_id);
        let at = self.launches.iter().position(of_task);
        if let Some(at) = at {
            if self.is_wanted(self.launches.at(at).generation) {
                self.doubt(now, at, &notification.kind);
            }
            return true;
        }
        if self.launches.create_of(&notification.task_id).is_some() {
            return true;
        }
        let instance_id = notification.instance_id.as_deref();
        let Some(generation) = instance_id.and_then(|id| self.launches.generation_of(id)) else {
            return false;
        };
        let ended = matches!(notification.kind, NotificationKind::Stopped { .. });
        self.learn(now, generation, &notification.task_id, None, ended, LearnedBy::Notification);
        true
    }

    /// The service reports trouble with a task. Query may still answer that it runs: its data lags behind.
    fn doubt(&mut self, now: Now, at: usize, kind: &NotificationKind) {
        let until = now.mono + self.config.policy.migration_grace_ms;
        let (is_bad, reason) = match kind {
            NotificationKind::Stopped { reason } => {
                (true, reason.as_deref().map(|reason| self.redactor().text(reason)))
            }
            NotificationKind::Status { state } => (state.as_deref() == Some("failed"), None),
            NotificationKind::Started | NotificationKind::Updated | NotificationKind::Other { .. } => {
                (false, None)
            }
        };
        let policy = Arc::clone(&self.config.policy);
        let launch = self.launches.at_mut(at);
        if is_bad {
            launch.doubt(until, reason);
        }
        launch.check_soon(now, &policy);
    }

    /// Brings the next Query of the current and of the outgoing task forward.
    pub(crate) fn check_now(&mut self, now: Now) {
        let outgoing = self.outgoing().map(|launch| launch.generation);
        let current = self.stage.current();
        for launch in self.launches.iter_mut() {
            if [current, outgoing].contains(&Some(launch.generation)) {
                launch.check_soon(now, &self.config.policy);
            }
        }
    }
}
