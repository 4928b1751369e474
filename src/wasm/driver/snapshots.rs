//! When a snapshot is written.

use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, select};

use super::Inner;
use crate::wasm::env::PERSIST_TIMEOUT;

impl Inner {
    pub(super) fn has_changed(&self) -> bool {
        self.env.has_persist() && self.persister.is_behind(self.machine.borrow().group().revision())
    }

    /// Persists what has changed last, if anything has; false when it was let go of meanwhile.
    pub(super) async fn persist_last(self: &Rc<Self>) -> bool {
        if self.has_changed() {
            // One that is being written already may take as long before it is this one's turn.
            let mut ended = select(self.write_snapshot(), self.env.timer(PERSIST_TIMEOUT));
            while let Either::Right(_) = select(&mut ended, self.inbox.poked()).await {
                if self.turns.is_let_go() {
                    return false;
                }
            }
        }
        true
    }

    pub(super) fn write_snapshot(self: &Rc<Self>) -> oneshot::Receiver<bool> {
        let (written, must_write) = self.persister.join();
        if must_write {
            let inner = Rc::clone(self);
            self.executor.spawn(async move {
                while let Some(waiting) = inner.persister.next() {
                    // Whoever waits learns that nothing was written.
                    if !inner.turns.is_driven() {
                        continue;
                    }
                    let revision = inner.machine.borrow().group().revision();
                    let snapshot = inner.machine.borrow().snapshot();
                    let done = inner.env.persist(&snapshot).await;
                    // One that failed is tried again with the next change.
                    inner.persister.has_written(revision);
                    for sender in waiting {
                        // Whoever gave up waiting need not know.
                        let _ = sender.send(done);
                    }
                    inner.inbox.poke();
                }
            });
        }
        written
    }
}
