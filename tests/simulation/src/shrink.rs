//! Shrinks a failing schedule until its trace is readable.

use serde_json::json;
use steadymix_emulator::RepeatCreate;

use crate::plan::Plan;
use crate::world::{Run, World};

const MAX_TRIES: usize = 3_000;

/// A smaller plan that violates the same invariant, and its run.
#[must_use]
pub fn shrink(plan: Plan) -> (Plan, Run) {
    let run = World::new(plan.clone()).traced().run();
    let Some(violation) = &run.violation else { return (plan, run) };
    let rule = rule_of(violation);
    let mut smallest = Smallest { rule, plan, run, tries: 0 };
    while smallest.shorten() | smallest.drop_incidents() | smallest.simplify() {}
    (smallest.plan, smallest.run)
}

/// The invariant, without the numbers of this case.
fn rule_of(violation: &str) -> String {
    violation.chars().filter(|char| !char.is_ascii_digit()).take(40).collect()
}

struct Smallest {
    rule: String,
    plan: Plan,
    run: Run,
    tries: usize,
}

impl Smallest {
    fn fails(&mut self, plan: Plan) -> bool {
        self.tries += 1;
        if self.tries > MAX_TRIES {
            return false;
        }
        let run = World::new(plan.clone()).traced().run();
        let same = run.violation.as_ref().is_some_and(|violation| rule_of(violation) == self.rule);
        if same {
            (self.plan, self.run) = (plan, run);
        }
        same
    }

    /// Ends the faults earlier.
    fn shorten(&mut self) -> bool {
        let halves = [self.plan.faults_ms / 2, self.run.took_ms, self.plan.faults_ms * 9 / 10];
        halves.into_iter().any(|faults_ms| {
            faults_ms + 1_000 < self.plan.faults_ms && self.fails(Plan { faults_ms, ..self.plan.clone() })
        })
    }

    /// Drops incidents in ever smaller groups, from half of them to single ones.
    fn drop_incidents(&mut self) -> bool {
        let mut smaller = false;
        let mut size = self.plan.incidents.len().div_ceil(2);
        while size > 0 {
            let mut from = 0;
            while from < self.plan.incidents.len() {
                let mut plan = self.plan.clone();
                plan.incidents.drain(from..(from + size).min(plan.incidents.len()));
                if self.fails(plan) {
                    smaller = true;
                } else {
                    from += size;
                }
            }
            size /= 2;
        }
        smaller
    }

    fn simplify(&mut self) -> bool {
        let simpler: [fn(&mut Plan); 19] = [
            |plan| plan.mishaps.crashes = false,
            |plan| plan.mishaps.storage = false,
            |plan| plan.mishaps.doubles = false,
            |plan| plan.mishaps.tokens = false,
            |plan| plan.mishaps.permits = false,
            |plan| plan.mishaps.misnames = false,
            |plan| plan.shares_quota = false,
            |plan| plan.profile.notifications = None,
            |plan| plan.profile.numeric_status = false,
            |plan| plan.profile.presence_misses_percent = 0,
            |plan| plan.profile.answer_ms = [20, 20],
            |plan| plan.profile.start_up.fails_percent = 0,
            |plan| plan.profile.start_up.hangs_percent = 0,
            |plan| plan.profile.start_up.takes_ms = [1_000, 1_000],
            |plan| plan.profile.repeat_create = RepeatCreate::SameTask200,
            |plan| plan.config["policy"]["jitterPercent"] = 0.into(),
            |plan| plan.config["onAirPolicy"] = "sticky".into(),
            |plan| plan.config["area"] = "north-america".into(),
            |plan| {
                plan.config["lanes"] = json!([plan.config["lanes"][0]]);
                plan.uids.retain(|uid| *uid < 9_100);
            },
        ];
        let mut smaller = false;
        for change in simpler {
            let mut plan = self.plan.clone();
            change(&mut plan);
            if format!("{plan:?}") != format!("{:?}", self.plan) {
                smaller |= self.fails(plan);
            }
        }
        smaller
    }
}
