//! Notifications of the service, and requests to check a task now.

use std::sync::Arc;

use super::event::IdentifiedBy;
use super::lane::Lane;
use super::launch::Launch;
use crate::notice::{Notice, NoticeKind};
use crate::time::Now;

impl Lane {
    /// A notification: brings the next Query forward, or names a task. Says whether it was about this lane.
    pub(crate) fn notice(&mut self, now: Now, notice: &Notice) -> bool {
        if self.is_a_credential(&notice.task_id) {
            return false;
        }
        let of_task = |launch: &Launch| launch.task_id() == Some(&notice.task_id);
        let at = self.launches.iter().position(of_task);
        if let Some(at) = at {
            if self.is_wanted(self.launches.at(at).generation) {
                self.doubt(now, at, &notice.kind);
            }
            return true;
        }
        if self.launches.create_of(&notice.task_id).is_some() {
            return true;
        }
        let instance_id = notice.instance_id.as_deref();
        let Some(generation) = instance_id.and_then(|id| self.launches.generation_of(id)) else {
            return false;
        };
        let ended = matches!(notice.kind, NoticeKind::Stopped { .. });
        self.learn(now, generation, &notice.task_id, None, ended, IdentifiedBy::Notice);
        true
    }

    /// The service says that a task is not well: Query may learn of it only later than we do.
    fn doubt(&mut self, now: Now, at: usize, kind: &NoticeKind) {
        let until = now.mono + self.config.policy.migration_ms;
        let (is_bad, reason) = match kind {
            NoticeKind::Stopped { reason } => {
                (true, reason.as_deref().map(|reason| self.redactor().text(reason)))
            }
            NoticeKind::Status { state } => (state.as_deref() == Some("failed"), None),
            NoticeKind::Started | NoticeKind::Updated | NoticeKind::Other { .. } => (false, None),
        };
        let policy = Arc::clone(&self.config.policy);
        let launch = self.launches.at_mut(at);
        if is_bad {
            launch.doubt(until, reason);
        }
        launch.check_soon(now, &policy);
    }

    /// Brings the next Query about the current task forward, and about one that runs until that does.
    pub(crate) fn hint(&mut self, now: Now) {
        let outgoing = self.outgoing().map(|launch| launch.generation);
        let current = self.stage.current();
        for launch in self.launches.iter_mut() {
            if [current, outgoing].contains(&Some(launch.generation)) {
                launch.check_soon(now, &self.config.policy);
            }
        }
    }
}
