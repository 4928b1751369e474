//! Records the transitions of launches, which the simulation compares with the state diagram in `README.md`. Only the
//! feature `transitions` records anything.

use super::phase::Phase;

/// Records a transition; `None` stands for the time before a launch and after it.
#[cfg(not(feature = "transitions"))]
pub(super) fn note(_: Option<&Phase>, _: Option<&Phase>) {}

#[cfg(feature = "transitions")]
pub(super) use self::noted::note;
#[cfg(feature = "transitions")]
pub use self::noted::taken;

#[cfg(feature = "transitions")]
mod noted {
    use std::collections::BTreeSet;
    use std::sync::Mutex;

    use super::Phase;

    type Edge = (&'static str, &'static str);

    static TAKEN: Mutex<BTreeSet<Edge>> = Mutex::new(BTreeSet::new());

    thread_local! {
        /// Seen by this thread: without it, simulating threads would wait for each other's lock.
        static SEEN: std::cell::RefCell<BTreeSet<Edge>> = const { std::cell::RefCell::new(BTreeSet::new()) };
    }

    /// Records a transition; `None` stands for the time before a launch and after it.
    pub(in super::super) fn note(from: Option<&Phase>, to: Option<&Phase>) {
        let edge = (name(from), name(to));
        let is_new = SEEN.with_borrow_mut(|seen| seen.insert(edge));
        if is_new && let Ok(mut taken) = TAKEN.lock() {
            taken.insert(edge);
        }
    }

    /// All transitions of this process, as the diagram names them: `[*]` stands for the time before a launch and
    /// after it.
    #[must_use]
    pub fn taken() -> BTreeSet<Edge> {
        TAKEN.lock().map(|taken| taken.clone()).unwrap_or_default()
    }

    fn name(phase: Option<&Phase>) -> &'static str {
        match phase {
            None => "[*]",
            Some(Phase::Preparing { .. }) => "Preparing",
            Some(Phase::Creating { .. }) => "Creating",
            Some(Phase::Unresolved { .. }) => "Unresolved",
            Some(Phase::TaskIdUnknown { .. }) => "TaskIdUnknown",
            Some(Phase::Confirming { .. }) => "Confirming",
            Some(Phase::Running { .. }) => "Running",
            Some(Phase::Superseded { .. }) => "Superseded",
            Some(Phase::Reconsidered { .. }) => "Reconsidered",
            Some(Phase::Deleting { .. }) => "Deleting",
            Some(Phase::AwaitingEnd { .. }) => "AwaitingEnd",
            Some(Phase::Orphaned { .. }) => "Orphaned",
        }
    }
}
