//! The server's side: broadcasts whose tasks die. There are no other faults.

use serde_json::{Value, json};
use steadymix_emulator::{
    CallKind, Command, Effect, Emulator, NotificationProfile, Profile, Rule, StartUp, Target, TaskView,
};

use super::figures::{covered, head, per_hour, percent, ratio, row, seconds, spread};
use crate::air::Air;
use crate::chance::Chance;
use crate::incidents::{self, Incident};
use crate::plan::Plan;
use crate::world::{BEGINNING, World};

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
/// The number of broadcasts in a row of the table, and the length of each.
const BROADCASTS: u64 = 4;
const LENGTH: u64 = 12 * HOUR;
/// Measuring and deaths begin after the first launches.
const WARM_UP: u64 = 10 * MINUTE;
/// The shortest and longest time between two deaths of a lane. It exceeds the time of any replacement, and the time in which
/// relaunches delay each other.
const DEATH_INTERVAL: [u64; 2] = [20 * MINUTE, HOUR];
/// Late enough, and early enough to be noticed before the broadcast ends.
const LAST_DEATH: u64 = LENGTH - 30 * MINUTE;

type Lane = (&'static str, [u32; 2]);
const PRIMARY: Lane = ("primary", [9000, 9001]);
const BACKUP: Lane = ("backup", [9100, 9101]);

/// How tasks end.
#[derive(Clone, Copy)]
enum End {
    /// Each death is of one of the next three kinds.
    Mixed,
    /// Query reports the end at once.
    Reported,
    /// Query reports for up to a minute that the task still runs.
    ReportedLate,
    /// Query answers 404 at once.
    Forgotten,
    /// The service moves it: it runs again after 20 to 80 s.
    Migrated,
}

impl End {
    /// The commands that end a lane's task. It runs under one of the lane's uids; which one is unknown in advance.
    fn commands(self, chance: &mut Chance, uids: [u32; 2]) -> [Command; 2] {
        // Both values are drawn for every kind of end, so the deaths come at the same times in every row.
        let (mixed, lag) = (
            chance.one(&[Self::Reported, Self::ReportedLate, Self::Forgotten]),
            chance.between(1_000, MINUTE),
        );
        let end = if matches!(self, Self::Mixed) { mixed } else { self };
        let report_lag_ms = if matches!(end, Self::ReportedLate) { lag } else { 0 };
        let forgotten = matches!(end, Self::Forgotten);
        uids.map(|uid| {
            let target = Target { uid: Some(uid), task_id: None };
            match end {
                Self::Migrated => Command::Fail { target, recovers: true, reason: None },
                _ => Command::Kill { target, report_lag_ms, forgotten, reason: None },
            }
        })
    }
}

#[derive(Clone)]
struct Setting {
    lanes: &'static [Lane],
    config: Value,
    profile: Profile,
    end: End,
    /// A viewer reports each death within a second.
    has_reports: bool,
    /// Percentage of calls that are carried out, but whose answers are lost.
    lost_answers: u8,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            lanes: &[PRIMARY, BACKUP],
            config: json!({
                "appId": "app", "instanceId": "show", "services": incidents::services(300, 2_000), "policy": {},
                "quota": { "callsPerSecond": 8, "pcw": 30 },
            }),
            profile: Profile::default(),
            end: End::Mixed,
            has_reports: false,
            lost_answers: 0,
        }
    }
}

impl Setting {
    fn policy(&mut self, name: &str, value: u64) {
        self.config["policy"][name] = value.into();
    }

    fn notifications(&mut self, lost_percent: u8, late_percent: u8) {
        let secret = "notification-secret".to_owned();
        self.profile.notifications = Some(NotificationProfile {
            secret,
            lost_percent,
            late_percent,
            ..NotificationProfile::default()
        });
    }

    fn starts_within(&mut self, takes_ms: [u64; 2]) {
        self.profile.start_up = StartUp { takes_ms, ..StartUp::default() };
    }

    fn plan(&self, seed: u64) -> Plan {
        let mut chance = Chance::new(seed);
        let lane = |(name, uids): &Lane| json!({ "name": name, "uids": uids });
        let mut config = self.config.clone();
        config["lanes"] = self.lanes.iter().map(lane).collect();
        config["seed"] = seed.into();
        let uids = self.lanes.iter().flat_map(|(_, uids)| *uids).collect();
        let profile = Profile { seed, ..self.profile.clone() };
        Plan::calm(seed, (config, uids), profile, LENGTH, self.incidents(&mut chance))
    }

    fn incidents(&self, chance: &mut Chance) -> Vec<(u64, Incident)> {
        let mut list = Vec::new();
        if self.lost_answers > 0 {
            let all = Rule::new(None, Effect::PerformAndLose);
            let rule = Rule { chance_percent: Some(self.lost_answers), ..all };
            list.push((0, Incident::Service(Command::AddRule { rule, for_ms: None })));
        }
        for (_, uids) in self.lanes {
            let mut at = WARM_UP + chance.between(0, DEATH_INTERVAL[1]);
            while at <= LAST_DEATH {
                list.extend(self.end.commands(chance, *uids).map(|command| (at, Incident::Service(command))));
                let check = (at + chance.between(0, 1_000), Incident::CheckNow);
                list.extend(self.has_reports.then_some(check));
                at += chance.between(DEATH_INTERVAL[0], DEATH_INTERVAL[1]);
            }
        }
        list.sort_by_key(|(at, _)| *at);
        list
    }
}

/// The results of the broadcasts of one setting. Times are in ms.
#[derive(Default)]
struct Measured {
    took: u64,
    /// The measured time of all lanes together.
    lanes: u64,
    /// The part of it in which the lane's own output was live.
    lanes_live: u64,
    watched: u64,
    any_live: u64,
    deaths: u64,
    /// From each death until the lane's output was live again.
    back: Vec<u64>,
    /// From each death until the server confirmed the replacement.
    confirmed: Vec<u64>,
    transcoder_calls: u64,
    presence_calls: u64,
    replacements: u64,
    /// How long two tasks of a lane lived at the same time.
    doubled: u64,
}

impl Measured {
    fn of(setting: &Setting) -> Result<Self, String> {
        let mut measured = Self::default();
        for seed in 1..=BROADCASTS {
            let run = World::new(setting.plan(seed)).recorded().run();
            if let Some(violation) = run.violation {
                return Err(format!("broadcast {seed}: {violation}"));
            }
            measured.took += run.took_ms;
            measured.count(&run.service, setting.lanes.len() as u64);
            let air = run.air.unwrap_or_default().closed();
            measured.watched += LENGTH - WARM_UP;
            measured.any_live += covered(live(&air, |_| true));
            for (_, uids) in setting.lanes {
                measured.lane(&air, uids);
                let tasks = run.service.tasks().filter(|task| uids.contains(&task.uid));
                measured.doubled += doubled(tasks, run.took_ms);
            }
        }
        Ok(measured)
    }

    fn count(&mut self, service: &Emulator, lanes: u64) {
        for (kind, count) in &service.stats().calls {
            match kind {
                CallKind::Presence => self.presence_calls += count,
                _ => self.transcoder_calls += count,
            }
        }
        self.replacements += service.tasks().count() as u64 - lanes;
    }

    fn lane(&mut self, air: &Air, uids: &[u32]) {
        self.lanes += LENGTH - WARM_UP;
        self.lanes_live += covered(live(air, |uid| uids.contains(&uid)));
        let own = || air.publications.iter().filter(|publication| uids.contains(&publication.uid));
        for death in own().filter(|publication| publication.died).map(|publication| publication.until) {
            self.deaths += 1;
            let Some(back) =
                own().filter(|other| other.until > death).map(|other| other.from.max(death)).min()
            else {
                continue;
            };
            self.back.push(back - death);
            // A task that was migrated may be back before a Query: then nothing is confirmed.
            let next_death =
                own().filter(|other| other.died && other.until > death).map(|other| other.until).min();
            let confirmation = air
                .confirmations
                .iter()
                .find(|(at, uid)| *at >= back && uids.contains(uid))
                .map(|(at, _)| *at);
            let confirmation = confirmation.filter(|at| next_death.is_none_or(|next| *at < next));
            self.confirmed.extend(confirmation.map(|at| at - death));
        }
    }

    fn cells(&self, label: &str) -> Vec<String> {
        vec![
            label.to_owned(),
            percent(self.lanes_live, self.lanes, 3),
            percent(self.any_live, self.watched, 3),
            spread(&self.back, seconds),
            spread(&self.confirmed, seconds),
            per_hour(self.transcoder_calls, self.took, 1),
            per_hour(self.presence_calls, self.took, 1),
            self.deaths.to_string(),
            ratio(self.replacements, self.deaths, 2),
            ratio(self.doubled, HOUR, 3),
        ]
    }
}

/// When these outputs were live during the measured time.
fn live(air: &Air, is_meant: impl Fn(u32) -> bool) -> Vec<(u64, u64)> {
    let meant = air.publications.iter().filter(|publication| is_meant(publication.uid));
    meant.map(|publication| (publication.from.max(WARM_UP), publication.until.min(LENGTH))).collect()
}

/// How long more than one task of a lane lived, in ms.
fn doubled<'a>(tasks: impl Iterator<Item = TaskView<'a>>, took: u64) -> u64 {
    let lives: Vec<_> =
        tasks.map(|task| (task.created_ms, task.ended_ms.unwrap_or(BEGINNING + took))).collect();
    let together: u64 = lives.iter().map(|(from, until)| until - from).sum();
    together - covered(lives)
}

type Change = fn(&mut Setting);

const ROWS: [(&str, Change); 31] = [
    ("the defaults, a pair of lanes", |_| ()),
    ("one lane", |setting| setting.lanes = &[PRIMARY]),
    ("`monitorIntervalMs` 10 s", |setting| setting.policy("monitorIntervalMs", 10_000)),
    ("`monitorIntervalMs` 30 s", |setting| setting.policy("monitorIntervalMs", 30_000)),
    ("`monitorIntervalMs` 60 s", |setting| setting.policy("monitorIntervalMs", 60_000)),
    ("`monitorIntervalMs` 300 s", |setting| setting.policy("monitorIntervalMs", 300_000)),
    ("notifications", |setting| setting.notifications(0, 0)),
    ("notifications, half of them up to 20 s late", |setting| setting.notifications(0, 50)),
    ("notifications, 30 % of them lost", |setting| setting.notifications(30, 0)),
    ("viewers' reports", |setting| setting.has_reports = true),
    ("notifications and viewers' reports", |setting| {
        setting.notifications(0, 0);
        setting.has_reports = true;
    }),
    ("`presence` always", |setting| setting.config["presence"] = "always".into()),
    ("`restart` always", |setting| setting.config["restart"] = "always".into()),
    ("`jitterPercent` 20", |setting| setting.policy("jitterPercent", 20)),
    ("`jitterPercent` 100", |setting| setting.policy("jitterPercent", 100)),
    ("tasks start within 0.5 to 1 s", |setting| setting.starts_within([500, 1_000])),
    ("tasks start within 5 to 20 s", |setting| setting.starts_within([5_000, 20_000])),
    ("tasks start within 20 to 80 s", |setting| setting.starts_within([20_000, 80_000])),
    ("answers take 0.1 to 3 s", |setting| setting.profile.answer_ms = [100, 3_000]),
    ("1 % of the answers lost", |setting| setting.lost_answers = 1),
    ("10 % of the answers lost", |setting| setting.lost_answers = 10),
    ("end reported at once", |setting| setting.end = End::Reported),
    ("end reported at once, notifications", |setting| {
        setting.end = End::Reported;
        setting.notifications(0, 0);
    }),
    ("end reported late", |setting| setting.end = End::ReportedLate),
    ("end reported late, notifications", |setting| {
        setting.end = End::ReportedLate;
        setting.notifications(0, 0);
    }),
    ("followed by 404", |setting| setting.end = End::Forgotten),
    ("followed by 404, notifications", |setting| {
        setting.end = End::Forgotten;
        setting.notifications(0, 0);
    }),
    ("migrated, `migration` relaunch", |setting| setting.end = End::Migrated),
    ("migrated, `migration` relaunch, notifications", |setting| {
        setting.end = End::Migrated;
        setting.notifications(0, 0);
    }),
    ("migrated, `migration` wait", |setting| {
        setting.end = End::Migrated;
        setting.config["migration"] = "wait".into();
    }),
    ("migrated, `migration` wait, notifications", |setting| {
        setting.end = End::Migrated;
        setting.config["migration"] = "wait".into();
        setting.notifications(0, 0);
    }),
];

const COLUMNS: [&str; 10] = [
    "setting",
    "a lane live, %",
    "any lane live, %",
    "death → live, s",
    "death → confirmed, s",
    "calls / h",
    "presence checks / h",
    "deaths",
    "tasks / death",
    "two tasks at once, h",
];

const HEAD: &str = "\
## The server's side

Each row is the result of four broadcasts of 12 hours. Each lane loses its task every 20 to 60 minutes.

- By default there are neither notifications nor viewers' reports. After a third of the deaths, Query reports the end at once;
  after a third, up to 60 s late; after a third, it answers 404.
- A task that is migrated runs again after 20 to 80 s. If it is back before the next Query, nothing is confirmed.
- Calls are those of all lanes to the transcoding service; presence checks are counted separately.
- Two tasks at once: how long two tasks of one lane ran at the same time.
";

/// The table.
pub(super) fn table() -> Result<String, String> {
    let mut text = format!("{HEAD}\n{}", head(&COLUMNS));
    for (label, change) in ROWS {
        let mut setting = Setting::default();
        change(&mut setting);
        let measured = Measured::of(&setting).map_err(|violation| format!("{label}: {violation}"))?;
        text.push_str(&row(&measured.cells(label)));
    }
    Ok(text)
}
