//! What has come in, and whoever waits for it.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use crate::supervisor::Input;

#[derive(Default)]
pub(super) struct Inbox {
    inputs: RefCell<VecDeque<Input>>,
    /// Something has happened, which nobody has waited for yet.
    is_poked: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Inbox {
    pub(super) fn put(&self, input: Input) {
        self.inputs.borrow_mut().push_back(input);
        self.poke();
    }

    pub(super) fn next(&self) -> Option<Input> {
        self.inputs.borrow_mut().pop_front()
    }

    /// Something has happened: whoever waits is to look.
    pub(super) fn poke(&self) {
        self.is_poked.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Waits until something comes in, or happens.
    pub(super) fn poked(&self) -> impl Future<Output = ()> + Unpin {
        poll_fn(|context| {
            if self.is_poked.replace(false) {
                return Poll::Ready(());
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
    }
}
