//! Snapshots of a release. Every later release must restore them and continue.

use serde::{Deserialize, Serialize};
use serde_json::json;
use steadymix::redundancy::{GroupConfig, RedundancyGroup};
use steadymix::status::Call;
use steadymix::supervisor::{
    Input, LaneState, LaneStatus, Output, Request, SnapshotError, Supervisor, SupervisorConfig,
};
use steadymix::time::{Duration, WallTime};

use crate::checks::Check;
use crate::incidents;
use crate::service::Service;
use crate::world::BEGINNING;

/// How long the process was down before the restore, in ms: a short restart and a long one.
const DOWNTIMES: [u64; 2] = [5_000, 86_400_000];
/// The latency of an answer, in ms.
const ANSWER_MS: u64 = 50;
/// More polls than this without a request mean that the core spins.
const MAX_POLLS: u32 = 20_000;

/// A persisted state, one line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Kept {
    machine: Machine,
    /// The call that was due next.
    before: String,
    snapshot: String,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Machine {
    Supervisor,
    Group,
}

/// The common interface of [`Supervisor`] and [`RedundancyGroup`].
trait Core: Sized {
    fn poll(&mut self, now: WallTime) -> Output;
    fn handle(&mut self, now: WallTime, input: Input);
    fn snapshot(&self) -> String;
    fn restore(snapshot: &str) -> Result<Self, SnapshotError>;
    fn lanes(&self) -> Vec<LaneStatus>;
}

macro_rules! core {
    ($machine:ty, $lanes:expr) => {
        impl Core for $machine {
            fn poll(&mut self, now: WallTime) -> Output {
                Self::poll(self, now)
            }
            fn handle(&mut self, now: WallTime, input: Input) {
                Self::handle(self, now, input);
            }
            fn snapshot(&self) -> String {
                Self::snapshot(self)
            }
            fn restore(snapshot: &str) -> Result<Self, SnapshotError> {
                Self::restore(snapshot)
            }
            fn lanes(&self) -> Vec<LaneStatus> {
                let lanes: fn(&Self) -> Vec<LaneStatus> = $lanes;
                lanes(self)
            }
        }
    };
}

core!(Supervisor, |supervisor| vec![supervisor.status()]);
core!(RedundancyGroup, |group| group.status().lanes);

/// A core with the minimal service.
struct Driven<C> {
    core: C,
    service: Service,
    now: u64,
}

impl<C: Core> Driven<C> {
    fn wall(&self) -> WallTime {
        WallTime::from_millis(self.now)
    }

    /// Runs until the next call is due, without making it; `None` when the core is done.
    fn next(&mut self) -> Result<Option<Request>, String> {
        for _ in 0..MAX_POLLS {
            let now = self.wall();
            match self.core.poll(now) {
                Output::Send(request) => return Ok(Some(request)),
                Output::Emit(_) => {}
                Output::NeedToken(request) => {
                    let token = format!("rtc-token-of-{}", request.uid);
                    self.core.handle(now, Input::Token(request.id, Ok(Some(token))));
                }
                Output::NeedPermit(request) => self.core.handle(now, Input::Permit(request, Duration::ZERO)),
                Output::Wait { until, .. } => self.now = until.as_millis(),
                Output::Done(_) => return Ok(None),
            }
        }
        Err("the core spins: polling does not end".to_owned())
    }

    fn call(&mut self, request: &Request) -> Check {
        let answer = self.service.perform(self.now, request)?;
        self.now += ANSWER_MS;
        self.core.handle(self.wall(), Input::Answer(request.id, answer));
        Ok(())
    }

    fn runs(&self) -> bool {
        let is_live = |uid: u32| self.service.live().any(|task| task.uid == uid);
        self.core.lanes().iter().all(|lane| lane.state == LaneState::Running && lane.uid.is_some_and(is_live))
    }
}

/// A whole life: start, death of the task, replacement under the other uid, stop. A snapshot is kept before each call.
fn life(core: impl Core, machine: Machine) -> Result<Vec<Kept>, String> {
    let mut driven = Driven { core, service: Service::default(), now: BEGINNING };
    let mut kept = Vec::new();
    let mut has_died = false;
    while let Some(request) = driven.next()? {
        let snapshot = driven.core.snapshot();
        kept.push(Kept { machine, before: format!("{:?}", request.call), snapshot });
        driven.call(&request)?;
        if driven.runs() && request.call == Call::Query {
            match has_died {
                false => driven.service.kill(),
                true => driven.core.handle(driven.wall(), Input::Stop),
            }
            has_died = true;
        }
    }
    Ok(kept)
}

/// The snapshots of this build, one line each.
///
/// # Errors
/// If the core does not run as expected.
pub fn lines() -> Result<String, String> {
    let limits = json!({ "callsPerSecond": 7, "burst": 2, "pcw": 30 });
    let config = json!({
        "appId": "app", "instanceId": "show", "services": incidents::services(300, 2_000),
        "uids": [9000, 9001], "quota": limits,
    });
    let config = SupervisorConfig::from_json(&config.to_string()).map_err(|invalid| invalid.to_string())?;
    let mut kept = life(Supervisor::new(config, WallTime::from_millis(BEGINNING)), Machine::Supervisor)?;
    let config = json!({
        "appId": "app", "instanceId": "show", "services": incidents::services(300, 2_000),
        "quota": { "callsPerSecond": 8, "pcw": 30 },
        "lanes": [{ "name": "primary", "uids": [9000, 9001] }, { "name": "backup", "uids": [9100, 9101] }],
    });
    let config = GroupConfig::from_json(&config.to_string()).map_err(|invalid| invalid.to_string())?;
    kept.extend(life(RedundancyGroup::new(config, WallTime::from_millis(BEGINNING)), Machine::Group)?);
    let lines: Result<Vec<String>, _> = kept.iter().map(serde_json::to_string).collect();
    lines.map(|lines| lines.join("\n") + "\n").map_err(|error| error.to_string())
}

/// Restores each of these snapshots. The core must replace its lost tasks, run again, and stop on request. Returns the number
/// of snapshots.
///
/// # Errors
/// The line that fails, and why.
pub fn restore_all(lines: &str) -> Result<usize, String> {
    for (number, line) in (1..).zip(lines.lines()) {
        let at = |problem: String| format!("line {number}: {problem}");
        let kept: Kept = serde_json::from_str(line).map_err(|error| at(error.to_string()))?;
        for downtime in DOWNTIMES {
            match kept.machine {
                Machine::Supervisor => resume::<Supervisor>(&kept.snapshot, downtime),
                Machine::Group => resume::<RedundancyGroup>(&kept.snapshot, downtime),
            }
            .map_err(|problem| at(format!("{downtime} ms after {} was due: {problem}", kept.before)))?;
        }
    }
    Ok(lines.lines().count())
}

fn resume<C: Core>(snapshot: &str, downtime: u64) -> Check {
    const RECOVERY: u64 = 3_600_000;
    let core = C::restore(snapshot).map_err(|error| error.to_string())?;
    let now = BEGINNING + downtime;
    let mut driven = Driven { core, service: Service::forgetful(), now };
    while !driven.runs() && driven.now < now + RECOVERY {
        match driven.next()? {
            Some(request) => driven.call(&request)?,
            // The snapshot was taken after stop().
            None => return Ok(()),
        }
    }
    if !driven.runs() {
        return Err("it does not run again within an hour".to_owned());
    }
    driven.core.handle(driven.wall(), Input::Stop);
    while let Some(request) = driven.next()? {
        driven.call(&request)?;
    }
    match driven.service.live().next() {
        Some(task) => Err(format!("{} still lives after stop()", task.id)),
        None => Ok(()),
    }
}
