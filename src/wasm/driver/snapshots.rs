//! Decides when a snapshot is written.

use std::rc::Rc;

use futures_channel::oneshot;
use futures_util::future::{Either, select};

use super::Inner;
use crate::wasm::env::PERSIST_TIMEOUT;

impl Inner {
    pub(super) fn has_changed(&self) -> bool {
        self.env.has_persist() && self.persister.is_behind(self.machine.borrow().group().revision())
    }

    /// Persists the last changes, if any. Returns false if it was interrupted meanwhile.
    pub(super) async fn persist_last(self: &Rc<Self>) -> bool {
        if self.has_changed() {
            // A write in progress may take as long again before it is this one's turn.
            let mut ended = select(self.write_snapshot(), self.env.timer(PERSIST_TIMEOUT));
            while let Either::Right(_) = select(&mut ended, self.inbox.woken()).await {
                if self.turns.should_end() {
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
                    // Dropping the senders reports a failure.
                    if !inner.turns.is_driven() {
                        continue;
                    }
                    let revision = inner.machine.borrow().group().revision();
                    let snapshot = inner.machine.borrow().snapshot();
                    let done = inner.env.persist(&snapshot).await;
                    // A failed write is retried with the next change.
                    inner.persister.has_written(revision);
                    for sender in waiting {
                        // The caller may have given up.
                        let _ = sender.send(done);
                    }
                    inner.inbox.wake();
                }
            });
        }
        written
    }
}
