//! Inputs, and the task that waits for them.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Poll, Waker};

use crate::supervisor::Input;

#[derive(Default)]
pub(super) struct Inbox {
    inputs: RefCell<VecDeque<Input>>,
    /// A wake-up came while no task was waiting.
    has_woken: Cell<bool>,
    waker: RefCell<Option<Waker>>,
}

impl Inbox {
    pub(super) fn put(&self, input: Input) {
        self.inputs.borrow_mut().push_back(input);
        self.wake();
    }

    pub(super) fn next(&self) -> Option<Input> {
        self.inputs.borrow_mut().pop_front()
    }

    /// Wakes the waiting task.
    pub(super) fn wake(&self) {
        self.has_woken.set(true);
        if let Some(waker) = self.waker.borrow_mut().take() {
            waker.wake();
        }
    }

    /// Waits for an input or a wake-up.
    pub(super) fn woken(&self) -> impl Future<Output = ()> + Unpin {
        poll_fn(|context| {
            if self.has_woken.replace(false) {
                return Poll::Ready(());
            }
            *self.waker.borrow_mut() = Some(context.waker().clone());
            Poll::Pending
        })
    }
}
