//! When calls leave.

use std::cell::RefCell;
use std::collections::VecDeque;

use super::env::SupervisorEnv;
use crate::quota::bucket::COUNTS_FOR;
use crate::time::{Clock, Duration, Instant, WallTime};

/// Keeps calls apart that got their permits one after the other, but would leave together: those that had to wait for the
/// same snapshot, or for a busy process.
#[derive(Default)]
pub(super) struct Departures(RefCell<(Clock, VecDeque<Instant>)>);

impl Departures {
    /// Waits until a call may leave, if at most so many may in a second.
    pub(super) async fn turn(&self, env: &SupervisorEnv, most: usize) {
        // Without the time nothing is sent anyhow.
        while let Some(wait) = env.time().ok().and_then(|now| self.depart(now, most)) {
            env.timer(wait).await;
        }
    }

    /// Notes that a call leaves, or says how long it has to wait.
    fn depart(&self, now: WallTime, most: usize) -> Option<Duration> {
        let (clock, left) = &mut *self.0.borrow_mut();
        let now = clock.instant(now);
        while left.front().is_some_and(|at| now.duration_since(*at) > COUNTS_FOR) {
            left.pop_front();
        }
        if let Some(oldest) = left.front().filter(|_| left.len() >= most) {
            return Some((*oldest + COUNTS_FOR + Duration::from_millis(1)).duration_since(now));
        }
        left.push_back(now);
        None
    }
}
