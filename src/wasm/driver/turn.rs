//! Who drives, and whether that is to end.

use std::cell::Cell;
use std::rc::Rc;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Nobody drives: somebody else may go on with the snapshot.
    #[default]
    Idle,
    Driven,
    /// It is still driven, but that is to end.
    Interrupted,
    /// For good.
    Disposed,
}

/// Whether the driver is driven.
#[derive(Clone, Default)]
pub(super) struct Turns(Rc<Cell<State>>);

impl Turns {
    /// From now on it is driven, until the turn is dropped.
    pub(super) fn take(&self) -> Turn {
        self.0.set(State::Driven);
        Turn(self.clone())
    }

    /// The turn that is under way is to end.
    pub(super) fn interrupt(&self) {
        if self.0.get() == State::Driven {
            self.0.set(State::Interrupted);
        }
    }

    pub(super) fn dispose(&self) {
        self.0.set(State::Disposed);
    }

    /// Whether it is to end.
    pub(super) fn is_let_go(&self) -> bool {
        matches!(self.0.get(), State::Interrupted | State::Disposed)
    }

    /// Whether calls and snapshots may leave.
    pub(super) fn is_driven(&self) -> bool {
        matches!(self.0.get(), State::Driven | State::Interrupted)
    }
}

/// While it lasts, calls and snapshots leave.
pub(super) struct Turn(Turns);

impl Drop for Turn {
    fn drop(&mut self) {
        if self.0.0.get() != State::Disposed {
            self.0.0.set(State::Idle);
        }
    }
}
