//! Another task than the one that a call or a notification is about.

use crate::fault::Other;
use crate::task::Task;

/// What a call or a notification is about.
pub(crate) struct About<'a> {
    pub(crate) app_id: &'a str,
    pub(crate) instance_id: &'a str,
    /// The task itself, if it is there.
    pub(crate) own: Option<usize>,
}

impl About<'_> {
    /// Where the other task is; `None`: there is none, or it is somebody else's.
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

    /// Whether there is such a task.
    pub(crate) fn has_other(&self, which: Other, tasks: &[Task]) -> bool {
        which == Other::Foreign || self.other(which, tasks).is_some()
    }
}
