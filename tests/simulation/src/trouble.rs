//! Carries out the incidents of a schedule.

use steadymix::notification;
use steadymix::supervisor::Input;
use steadymix::task::Services;
use steadymix_emulator::{Command, Effect, Rule, Target};

use crate::checks::Check;
use crate::incidents::{self, Incident};
use crate::world::{BEGINNING, Wanted, World};

const HOUR: i64 = 3_600_000;

/// The shortest time between two migrations of a task. For a task without a known id, the core has only a presence
/// check every ten seconds: a task that is back between two checks and moves again would rightly be considered gone.
const MIGRATION_INTERVAL_MS: u64 = 120_000;

impl World {
    pub(crate) fn incident(&mut self, incident: Incident) -> Check {
        self.note(|| format!("  ! {incident:?}"));
        match incident {
            Incident::Service(command) => self.service_incident(command),
            Incident::Blackout(then, ms) => {
                self.reach("all domains bad");
                let command = Command::AddRule { rule: Rule::new(None, then), for_ms: Some(ms) };
                self.emulator.control(self.now, command);
            }
            Incident::HostsAway(ms) => {
                self.reach("the hosts were away");
                let hosts = |present| Command::Hosts { channel: "studio".to_owned(), present };
                self.emulator.control(self.now, hosts(false));
                let back = (self.now - BEGINNING + ms, Incident::Service(hosts(true)));
                let at = self.plan.incidents.partition_point(|(at, _)| *at <= back.0);
                self.plan.incidents.insert(at, back);
            }
            // After a clock that jumps forward, the process would expect a late Create to be over.
            Incident::ClockSet(by) if by > 0 && self.emulator.has_late_calls() => {}
            Incident::ClockSet(by) => {
                if by.abs() >= HOUR {
                    self.reach(if by > 0 {
                        "clock set forward by an hour"
                    } else {
                        "clock set back by an hour"
                    });
                }
                self.offset += by;
                self.processes.iter_mut().for_each(|process| process.model.on_clock_set(by < 0));
                if let Some(persisted) = &mut self.persisted {
                    persisted.on_clock_set(by < 0);
                }
            }
            Incident::Crash(down_ms) => self.crash(down_ms),
            Incident::TakeOver(lives_on_ms) => self.take_over(lives_on_ms)?,
            Incident::Update => {
                let is_rolled_out = self.chance.percent(40);
                let before = self.wanted.map_or(300, |wanted| wanted.idle_timeout);
                let idle_timeout = if is_rolled_out { self.chance.between(60, 400) } else { before };
                let wanted = Wanted { idle_timeout, bitrate: self.chance.between(500, 5_000) };
                let services = incidents::services(wanted.idle_timeout, wanted.bitrate);
                let services = Services::from_json(&services.to_string()).map_err(|e| e.to_string())?;
                let wall = self.wall();
                if let Some(process) = self.processes.iter_mut().find(|process| process.ends_at.is_none()) {
                    process.model.tick(wall);
                    process.model.on_input();
                    process.group.update(wall, &services).map_err(|invalid| invalid.to_string())?;
                    self.wanted = Some(wanted);
                    // Another update, perhaps before the first one is applied.
                    if self.chance.percent(30) {
                        let soon = self.now - BEGINNING + self.chance.between(10, 15_000);
                        let at = self.plan.incidents.partition_point(|(at, _)| *at <= soon);
                        self.plan.incidents.insert(at, (soon, Incident::Update));
                    }
                }
            }
            Incident::CheckNow => drop(self.handle(Input::CheckNow)),
            Incident::ForeignNotification => {
                let instance_id = self.chance.one(&["other-1", "show-0-77", "show-9-1", "show", "show-0-"]);
                let body = serde_json::json!({
                    "noticeId": "n", "productId": 1, "eventType": 110, "notifyMs": 1,
                    "payload": { "taskId": "foreign", "instanceId": instance_id, "sequence": 1, "sendts": 1, "details": {} },
                });
                if let Ok(notification) = notification::parse(body.to_string().as_bytes()) {
                    self.handle(Input::Notification(notification));
                }
            }
            Incident::RepeatedNotification => {
                if let Some(delivery) = self.last_notification.clone() {
                    self.deliver(&delivery)?;
                }
            }
        }
        Ok(())
    }

    fn service_incident(&mut self, command: Command) {
        if let Command::Fail { target: Target { uid: Some(uid), .. }, .. } = command
            && self.is_running(Some(uid))
        {
            if self.moved.get(&uid).is_some_and(|last| self.now < last + MIGRATION_INTERVAL_MS) {
                return;
            }
            self.moved.insert(uid, self.now);
        }
        let is_live = |uid| self.emulator.tasks().any(|task| task.live && Some(task.uid) == uid);
        match &command {
            Command::Kill { target, .. } if self.is_running(target.uid) => self.reach("death while running"),
            Command::Kill { target, .. } if is_live(target.uid) => self.reach("death during confirmation"),
            Command::Fail { target, .. } if self.is_running(target.uid) => {
                self.reach("the service moves a task");
            }
            Command::AddRule { rule, .. } if matches!(rule.effect, Effect::PerformLate { .. }) => {
                self.reach("create carried out late");
            }
            _ => {}
        }
        if let (Some(air), Command::Kill { target, .. } | Command::Fail { target, .. }) =
            (&mut self.air, &command)
            && let Some(uid) = target.uid
        {
            air.dies(self.now - BEGINNING, uid);
        }
        self.emulator.control(self.now, command);
    }
}
