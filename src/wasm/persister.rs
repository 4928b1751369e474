//! Persists snapshots one after the other.

use std::cell::{Cell, RefCell};

use futures_channel::oneshot;

/// Callers that wait for the next snapshot. While one is being written, all new callers share the one after it.
pub(super) struct Persister {
    state: RefCell<State>,
    /// The revision that was written last.
    written: Cell<u64>,
}

#[derive(Default)]
struct State {
    busy: bool,
    waiting: Vec<oneshot::Sender<bool>>,
}

impl Persister {
    /// For a state whose current revision need not be written.
    pub(super) fn of(revision: u64) -> Self {
        Self { state: RefCell::default(), written: Cell::new(revision) }
    }

    /// Whether the state has changed since it was last written.
    pub(super) fn is_behind(&self, revision: u64) -> bool {
        self.written.get() != revision
    }

    pub(super) fn has_written(&self, revision: u64) {
        self.written.set(revision);
    }

    /// Waits for a snapshot of the current state. The flag is set if no write is in progress: the caller must start
    /// one.
    pub(super) fn join(&self) -> (oneshot::Receiver<bool>, bool) {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state.borrow_mut();
        state.waiting.push(sender);
        let must_write = !std::mem::replace(&mut state.busy, true);
        (receiver, must_write)
    }

    /// The callers that the next snapshot serves; `None` ends the writing.
    pub(super) fn next(&self) -> Option<Vec<oneshot::Sender<bool>>> {
        let mut state = self.state.borrow_mut();
        state.busy = !state.waiting.is_empty();
        state.busy.then(|| std::mem::take(&mut state.waiting))
    }

    pub(super) fn is_busy(&self) -> bool {
        self.state.borrow().busy
    }
}
