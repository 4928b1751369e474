//! Finds another task than the one that a call or notification is about.

use crate::fault::Other;
use crate::task::Task;

/// The subject of a call or notification.
pub(crate) struct About<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) instance_id: &'a str,
    /// The index of the task, if it exists.
    pub(crate) own: Option<usize>,
}

impl About<'_> {
    /// The index of the other task; `None` if there is none, or if it is foreign.
    pub(crate) fn other(&self, which: Other, tasks: &[Task]) -> Option<usize> {
        let is_meant = |task: &Task| match which {
            Other::Ended => !task.is_live(),
            Other::Live => task.is_live(),
            Other::Foreign => false,
        };
        let others = tasks
            .iter()
            .enumerate()
            .filter(|(at, task)| is_meant(task) && task.app_id == self.app_id && self.own != Some(*at));
        let likeness = |task: &Task| {
            task.instance_id.bytes().zip(self.instance_id.bytes()).take_while(|(a, b)| a == b).count()
        };
        others.max_by_key(|(at, task)| (likeness(task), *at)).map(|(at, _)| at)
    }

    pub(crate) fn has_other(&self, which: Other, tasks: &[Task]) -> bool {
        which == Other::Foreign || self.other(which, tasks).is_some()
    }
}
