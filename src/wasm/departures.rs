//! Spaces calls that leave.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::env::SupervisorEnv;
use crate::quota::bucket::CALL_WINDOW;
use crate::time::{Clock, Duration, Instant, WallTime};

/// Calls that waited for the same snapshot, or for a busy process, would leave together although their permits came
/// one after the other.
#[derive(Default)]
pub(super) struct Departures(RefCell<(Clock, VecDeque<Instant>)>);

impl Departures {
    /// Waits until a call may leave: at most `most` per second.
    pub(super) async fn turn(&self, env: &SupervisorEnv, most: usize) {
        // Without a clock nothing is sent.
        while let Some(wait) = env.time().ok().and_then(|now| self.depart(now, most)) {
            env.timer(wait).await;
        }
    }

    /// Records that a call leaves, or returns how long it must wait.
    fn depart(&self, now: WallTime, most: usize) -> Option<Duration> {
        let (clock, left) = &mut *self.0.borrow_mut();
        let now = clock.instant(now);
        while left.front().is_some_and(|at| now.duration_since(*at) > CALL_WINDOW) {
            left.pop_front();
        }
        if let Some(oldest) = left.front().filter(|_| left.len() >= most) {
            return Some((*oldest + CALL_WINDOW + Duration::from_millis(1)).duration_since(now));
        }
        left.push_back(now);
        None
    }
}
