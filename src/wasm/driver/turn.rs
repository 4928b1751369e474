//! Whether the driver is running, and whether it should end.

use std::cell::Cell;
use std::rc::Rc;

#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum State {
    /// Not running: another driver may continue from the snapshot.
    #[default]
    Idle,
    Driven,
    /// Still running, but should end.
    Interrupted,
    /// Ended for good.
    Disposed,
}

/// The shared state of a driver's loop.
#[derive(Clone, Default)]
pub(super) struct Turns(Rc<Cell<State>>);

impl Turns {
    /// Starts a turn, which lasts until it is dropped.
    pub(super) fn take(&self) -> Turn {
        self.0.set(State::Driven);
        Turn(self.clone())
    }

    /// Asks the current turn to end.
    pub(super) fn interrupt(&self) {
        if self.0.get() == State::Driven {
            self.0.set(State::Interrupted);
        }
    }

    pub(super) fn dispose(&self) {
        self.0.set(State::Disposed);
    }

    /// Whether the turn should end.
    pub(super) fn should_end(&self) -> bool {
        matches!(self.0.get(), State::Interrupted | State::Disposed)
    }

    /// Whether calls and snapshots may leave.
    pub(super) fn is_driven(&self) -> bool {
        matches!(self.0.get(), State::Driven | State::Interrupted)
    }
}

/// While it exists, calls and snapshots may leave.
pub(super) struct Turn(Turns);

impl Drop for Turn {
    fn drop(&mut self) {
        if self.0.0.get() != State::Disposed {
            self.0.0.set(State::Idle);
        }
    }
}
