//! A process that runs the core: it polls, sends, persists and may crash.

use steadymix::redundancy::{GroupConfig, RedundancyGroup};
use steadymix::status::Call;
use steadymix::supervisor::{Event, EventKind, Input, LaneStatus, Output, PermitRequest, Request};
use steadymix::time::{Duration, Instant};

use crate::checks::{Check, credentials};
use crate::model::Model;
use crate::network::Coming;
use crate::world::World;

/// More polls than this at one instant mean that the core spins.
const MAX_POLLS: u32 = 5_000;
/// In bytes. A snapshot must stay bounded after any history.
const MAX_SNAPSHOT_BYTES: usize = 100_000;

/// A process and its reference model.
pub(crate) struct Process {
    pub(crate) number: u32,
    pub(crate) group: RedundancyGroup,
    pub(crate) model: Model,
    /// When it is polled next.
    pub(crate) wake: u64,
    pub(crate) done: bool,
    /// When it ends, if another process has replaced it. It persists nothing until then.
    pub(crate) ends_at: Option<u64>,
    persisted_revision: u64,
}

/// The persisted state, from which a process starts.
pub(crate) struct Persisted {
    group: RedundancyGroup,
    model: Model,
}

impl Persisted {
    pub(crate) fn on_clock_set(&mut self, back: bool) {
        self.model.on_clock_set(back);
    }
}

impl Process {
    fn persisted(&self) -> Persisted {
        Persisted { group: self.group.clone(), model: self.model.clone() }
    }
}

impl World {
    /// Starts a process from the persisted state.
    pub(crate) fn start_process(&mut self) -> Check {
        self.back_at = None;
        let wall = self.wall();
        let (mut group, model) = match &self.persisted {
            None => {
                let config = GroupConfig::from_json(&self.plan.config.to_string())
                    .map_err(|invalid| invalid.to_string())?;
                (RedundancyGroup::new(config, wall), Model::default())
            }
            Some(persisted) => (restored(&persisted.group)?, persisted.model.restored()),
        };
        group.share_quota(self.shared_quota.is_some());
        group.keep_secret(credentials());
        self.number += 1;
        self.processes.push(Process {
            number: self.number as u32,
            persisted_revision: group.revision(),
            group,
            model,
            wake: self.now,
            done: false,
            ends_at: None,
        });
        if self.is_stopping() {
            self.handle(Input::Stop);
        }
        Ok(())
    }

    /// The process that was not replaced: it owns the storage.
    pub(crate) fn owner(&self) -> Option<&Process> {
        self.processes.iter().find(|process| process.ends_at.is_none())
    }

    pub(crate) fn handle(&mut self, input: Input) -> bool {
        let at = self.processes.iter().position(|process| process.ends_at.is_none());
        at.is_some_and(|at| self.hand_in(at, input))
    }

    pub(crate) fn hand_in(&mut self, at: usize, input: Input) -> bool {
        let wall = self.wall();
        self.has_changed = true;
        let process = &mut self.processes[at];
        process.model.tick(wall);
        if matches!(input, Input::CheckNow | Input::Stop) {
            process.model.on_input();
        }
        process.group.handle(wall, input)
    }

    /// Polls every process until it is idle.
    pub(crate) fn drive(&mut self) -> Check {
        for number in self.processes.iter().map(|process| process.number).collect::<Vec<_>>() {
            self.drive_process(number)?;
        }
        Ok(())
    }

    fn drive_process(&mut self, number: u32) -> Check {
        for _ in 0..MAX_POLLS {
            let wall = self.wall();
            // It may crash while it runs.
            let Some(at) = self.processes.iter().position(|process| process.number == number) else {
                return Ok(());
            };
            let process = &mut self.processes[at];
            if self.restored_at_every_step {
                process.group = restored(&process.group)?;
            }
            process.model.tick(wall);
            let output = process.group.poll(wall);
            self.digest_output(at, &output);
            self.has_changed |= !matches!(output, Output::Wait { .. });
            match output {
                Output::Emit(event) => self.on_event(at, &event)?,
                Output::Send(request) => self.on_send(at, request)?,
                Output::NeedToken(request) => {
                    let takes = self.chance.between(1, 300);
                    let token = match self.chance.between(0, 99) {
                        0..3 if self.plan.mishaps.tokens && self.is_faulty() => Err(()),
                        3..20 => Ok(None),
                        _ => Ok(Some(format!("rtc-secret-{}", request.uid))),
                    };
                    self.come(number, takes, Coming::Token { id: request.id, token });
                }
                Output::NeedPermit(request) => self.ask_permit(number, request),
                Output::Wait { until, why } => {
                    if until <= wall {
                        return Err(format!("the wait for {why:?} is already over"));
                    }
                    if until.duration_since(wall) > Duration::from_secs(2 * 3600) {
                        return Err(format!(
                            "the wait for {why:?} is too long: {}",
                            until.duration_since(wall)
                        ));
                    }
                    self.processes[at].wake = until.as_millis().saturating_add_signed(-self.offset);
                    self.persist_changes(at);
                    return Ok(());
                }
                Output::Done(outcome) => {
                    if !self.processes[at].done {
                        self.note(|| format!("done: {outcome:?}"));
                    }
                    self.processes[at].done = true;
                    return Ok(());
                }
            }
        }
        Err("the core spins: polling does not end".to_owned())
    }

    fn ask_permit(&mut self, number: u32, request: PermitRequest) {
        let now = Instant::from_millis(self.now);
        let Some(quota) = &mut self.shared_quota else { return };
        let wait = quota.ask(now, request);
        if self.plan.mishaps.permits && self.is_faulty() && self.chance.percent(1) {
            self.reach("a permit that got lost");
            return;
        }
        if wait > Duration::ZERO {
            self.reach("no permit yet from the shared limit");
        }
        let takes = self.chance.between(1, 60);
        self.come(number, takes, Coming::Permit { request, wait });
    }

    fn on_event(&mut self, at: usize, event: &Event) -> Check {
        let text = serde_json::to_string(event).map_err(|error| error.to_string())?;
        self.note(|| format!("    {text}"));
        self.digest.text(&text);
        if let Some(air) = &mut self.air {
            air.on_event(self.now - crate::world::BEGINNING, event);
        }
        // An event may be older than the restart of its process.
        let happened = event.at.as_millis().saturating_add_signed(-self.offset).min(self.now);
        self.checks.on_event(event, &text)?;
        let process = &mut self.processes[at];
        let is_known = process.model.on_event(happened, event);
        if process.ends_at.is_none() {
            is_known?;
        }
        if let (EventKind::Retrying { call, attempt, .. }, Some(instance)) = (&event.kind, &event.instance_id)
        {
            self.failures.insert((instance.clone(), *call), *attempt);
        }
        let generation_of = |lane: &LaneStatus| (lane.name == event.lane).then_some(lane.generation);
        if event.kind == EventKind::Recovered
            && self.processes[at].group.status().lanes.iter().find_map(generation_of) > event.generation
        {
            self.reach("a task that was given up is taken back");
        }
        if let (EventKind::Updated { .. }, Some(task)) = (&event.kind, &event.task_id) {
            self.refused_updates.remove(task);
        }
        if let EventKind::CallRejected { call, .. } = &event.kind {
            if let (Call::Update, Some(task)) = (call, &event.task_id) {
                self.refused_updates.insert(task.clone());
            }
            if *call == Call::Create {
                self.reach("create refused");
            }
            // The payload may be the reason for the refusal.
            if matches!(call, Call::Acquire | Call::Create | Call::Update) {
                self.wanted = None;
            }
        }
        Ok(())
    }

    pub(crate) fn persist_changes(&mut self, at: usize) {
        let process = &mut self.processes[at];
        if process.ends_at.is_none() && process.group.revision() != process.persisted_revision {
            process.persisted_revision = process.group.revision();
            self.persisted = Some(process.persisted());
        }
    }

    fn on_send(&mut self, at: usize, request: Request) -> Check {
        let process = &mut self.processes[at];
        let number = process.number;
        process.model.on_hand_out(&request);
        if request.persist_first {
            let mishaps = self.plan.mishaps.clone();
            let refused = self.processes[at].ends_at.is_some();
            let faulty = self.is_faulty();
            if refused || (faulty && mishaps.storage && self.chance.percent(1)) {
                self.reach(if refused {
                    "a snapshot of a process that was replaced"
                } else {
                    "a snapshot that could not be persisted"
                });
                self.not_sent(at, &request, 1);
                return Ok(());
            }
            self.persisted = Some(self.processes[at].persisted());
            if faulty && mishaps.storage && self.chance.percent(2) {
                let takes = self.chance.between(10, 4_000);
                self.come(number, takes, Coming::Persisted(request));
                return Ok(());
            }
            if faulty && mishaps.crashes && self.chance.percent(1) {
                self.crash(1_000);
                return Ok(());
            }
        }
        self.send(at, request)
    }

    /// All processes die. One restarts after `down_ms`.
    pub(crate) fn crash(&mut self, down_ms: u64) {
        let Some(owner) = self.owner() else { return };
        for lane in owner.group.status().lanes {
            self.reach(&format!("restored while {}", lane.state));
        }
        self.note(|| format!("  ! the process dies, and is back after {down_ms} ms"));
        self.processes.clear();
        self.coming.clear();
        // The last payload may not have been persisted.
        self.wanted = None;
        self.back_at = Some(self.now + down_ms);
    }

    /// Starts a second process from the same snapshot while the first one runs on for `lives_on_ms`.
    pub(crate) fn take_over(&mut self, lives_on_ms: u64) -> Check {
        if self.persisted.is_none() || self.processes.len() != 1 {
            return Ok(());
        }
        let ends_at = self.now + lives_on_ms;
        self.processes.iter_mut().for_each(|process| process.ends_at = Some(ends_at));
        self.overlapped_until = ends_at + 1_000;
        self.reach("a second process from the same snapshot");
        self.start_process()
    }

    /// Ends the processes that were replaced and whose time is over.
    pub(crate) fn end_replaced(&mut self, now: u64) {
        let ends = |process: &Process| process.ends_at.is_some_and(|at| at <= now);
        let ended: Vec<u32> = self.processes.iter().filter(|p| ends(p)).map(|p| p.number).collect();
        self.processes.retain(|process| !ended.contains(&process.number));
        self.coming.retain(|coming| !ended.contains(&coming.process));
    }
}

/// The group, restored from its own snapshot.
fn restored(group: &RedundancyGroup) -> Result<RedundancyGroup, String> {
    let text = group.snapshot();
    if text.len() > MAX_SNAPSHOT_BYTES {
        return Err(format!("the snapshot has {} bytes", text.len()));
    }
    let mut restored = RedundancyGroup::restore(&text).map_err(|error| error.to_string())?;
    restored.keep_secret(credentials());
    if restored != *group {
        return Err("the restored group differs from the original".to_owned());
    }
    Ok(restored)
}
