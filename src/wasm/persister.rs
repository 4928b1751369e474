//! Snapshots, persisted one after the other.

use std::cell::{Cell, RefCell};

use futures_channel::oneshot;

/// Who waits for the next snapshot. While one is being written, all who come wait for one more, which serves them all.
pub(super) struct Persister {
    state: RefCell<State>,
    /// The state's revision that was written last.
    written: Cell<u64>,
}

#[derive(Default)]
struct State {
    busy: bool,
    waiting: Vec<oneshot::Sender<bool>>,
}

impl Persister {
    /// Of a state whose revision need not be written.
    pub(super) fn of(revision: u64) -> Self {
        Self { state: RefCell::default(), written: Cell::new(revision) }
    }

    /// Whether the state has changed since it was written last.
    pub(super) fn is_behind(&self, revision: u64) -> bool {
        self.written.get() != revision
    }

    pub(super) fn has_written(&self, revision: u64) {
        self.written.set(revision);
    }

    /// Joins those who wait for a snapshot of the state as it is now. The flag says that nobody is writing yet: then
    /// the caller has to.
    pub(super) fn join(&self) -> (oneshot::Receiver<bool>, bool) {
        let (sender, receiver) = oneshot::channel();
        let mut state = self.state.borrow_mut();
        state.waiting.push(sender);
        let must_write = !std::mem::replace(&mut state.busy, true);
        (receiver, must_write)
    }

    /// Those whom the next snapshot serves; none when there is nobody, and the writer is done.
    pub(super) fn next(&self) -> Option<Vec<oneshot::Sender<bool>>> {
        let mut state = self.state.borrow_mut();
        state.busy = !state.waiting.is_empty();
        state.busy.then(|| std::mem::take(&mut state.waiting))
    }

    pub(super) fn is_busy(&self) -> bool {
        self.state.borrow().busy
    }
}
