//! A primary and its backups, started together, and the choice of the one that viewers should watch.

use std::ops::RangeInclusive;

use macro_rules_attribute::apply;

use crate::document::{self, JsonText, document};
#[cfg(test)]
use crate::document::{items, length};
use crate::durations::server::START_GRACE;
use crate::error::{Invalid, listed, quoted};
use crate::group::{self, Group, driven};
use crate::instance_id;
use crate::on_air::OnAirChoice;
pub use crate::on_air::{OnAir, OnAirPolicy};
use crate::quota::QuotaLimits;
use crate::supervisor::{
    CheckedOptions, CommonOptions, Input, Lane, LaneStatus, LaneUpdate, NewLane, Output, PermitRequest,
    RequestId, SnapshotError,
};
use crate::task::{self, Services, TaskWarning};
use crate::time::{Duration, WallTime};
use crate::uid::Uid;

/// Settings of one lane of a group.
#[apply(document)]
#[json(camel, unknown = refused)]
pub(crate) struct LaneOptions {
    /// The lane's name: 1 to 32 characters.
    #[limits(length(NAME_CHARS))]
    name: String,
    /// Two or more output uids, not used by another lane of the same output channel.
    #[limits(items(2..))]
    uids: Vec<Uid>,
    /// The lane's own payload. An update for all lanes replaces it, but keeps its output channel.
    #[typed("Services")]
    services: Option<JsonText>,
}

/// Settings of a group.
#[apply(document)]
#[json(camel, unknown = refused)]
pub(crate) struct GroupOptions {
    #[json(flatten)]
    common: CommonOptions,
    /// The lanes, the primary first.
    #[limits(items(LANES))]
    lanes: Vec<LaneOptions>,
    /// Which output is on air. Default `sticky`.
    on_air_policy: Option<OnAirPolicy>,
    /// How long a backup that runs first waits for the primary before it goes on air, in ms. Without this delay,
    /// viewers might have to switch twice within a moment.
    start_grace_ms: Option<Duration>,
}

/// The settings of a group, parsed and checked.
#[derive(Clone, Debug)]
pub struct GroupConfig {
    lanes: Vec<NewLane>,
    limits: QuotaLimits,
    on_air: OnAirPolicy,
    start_grace: Duration,
}

/// The maximum length of a lane's name, in characters.
const NAME_CHARS: RangeInclusive<usize> = 1..=32;
/// How many lanes there may be: an instanceId has room for two digits.
const LANES: RangeInclusive<usize> = 1..=99;

impl GroupConfig {
    /// Parses and checks settings from JSON text.
    ///
    /// # Errors
    /// The first value that is not allowed.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        let settings: GroupOptions = document::read("options", json)?;
        let GroupOptions { common, lanes: settings_of_lanes, on_air_policy, start_grace_ms } = settings;
        let start_grace = start_grace_ms.unwrap_or(START_GRACE.default());
        START_GRACE.check(start_grace).map_err(|invalid| invalid.within("options"))?;
        if !LANES.contains(&settings_of_lanes.len()) {
            let found = format!("{} lanes", settings_of_lanes.len());
            return Err(Invalid::new(
                "options.lanes",
                found,
                format!("an array of {} to {} lanes", LANES.start(), LANES.end()),
            ));
        }
        instance_id::check_setting(&common.instance_id, true)?;
        let checked = CheckedOptions::new(common)?;
        let mut lanes: Vec<NewLane> = Vec::new();
        for (i, settings) in settings_of_lanes.into_iter().enumerate() {
            let field = |name: &str| format!("options.lanes[{i}].{name}");
            let length = settings.name.chars().count();
            if !NAME_CHARS.contains(&length) || lanes.iter().any(|lane| lane.name() == settings.name) {
                let allowed = format!(
                    "{} to {} characters, different from every other lane's name",
                    NAME_CHARS.start(),
                    NAME_CHARS.end()
                );
                return Err(Invalid::new(field("name"), quoted(&settings.name), allowed));
            }
            let instance_id = instance_id::of_part(&checked.instance_id, i);
            let services = settings.services.as_ref();
            let lane =
                checked.lane(settings.name, instance_id, settings.uids, services).map_err(|invalid| {
                    let name = match invalid.field.as_str() {
                        "options.uids" => "uids",
                        // The shared payload belongs to no lane.
                        name if services.is_some() && name.starts_with("services") => name,
                        _ => return invalid,
                    };
                    Invalid { field: field(name), ..invalid }
                })?;
            let in_channel = |other: &&NewLane| other.output_channel() == lane.output_channel();
            let taken = |uid: &&Uid| lanes.iter().filter(in_channel).any(|other| other.uids().contains(uid));
            if let Some(uid) = lane.uids().iter().find(taken) {
                let allowed = "different from the uids of every other lane in the same output channel";
                return Err(Invalid::new(field("uids"), uid, allowed));
            }
            lanes.push(lane);
        }
        let limits = checked.limits(&lanes)?;
        Ok(Self { lanes, limits, on_air: on_air_policy.unwrap_or_default(), start_grace })
    }

    /// Values that are allowed, but probably not intended.
    #[must_use]
    pub fn warnings(&self) -> Vec<TaskWarning> {
        self.lanes.iter().flat_map(NewLane::warnings).collect()
    }
}

/// A new payload for every lane, or one for some of them: `{ lanes: [{ name, services }] }`.
#[derive(Clone, Debug)]
pub enum GroupUpdate {
    /// For all lanes; each keeps its own output channel.
    All(Box<Services>),
    /// For these lanes, by name.
    Lanes(Vec<(String, Services)>),
}

impl GroupUpdate {
    /// Parses and checks an update from JSON text.
    ///
    /// # Errors
    /// The first value that is not allowed.
    pub fn from_json(json: &str) -> Result<Self, Invalid> {
        #[apply(document)]
        #[json(camel, unknown = refused)]
        struct Raw {
            lanes: Vec<OfLane>,
        }
        #[apply(document)]
        #[json(camel, unknown = refused)]
        struct OfLane {
            name: String,
            services: JsonText,
        }

        if !task::is_for_lanes(&document::parse("services", json)?) {
            return Services::from_json(json).map(|services| Self::All(Box::new(services)));
        }
        let Raw { lanes } = document::read("update", json)?;
        if lanes.is_empty() {
            return Err(Invalid::new("update.lanes", "empty", "one or more of the group's lanes"));
        }
        let read = |(at, lane): (usize, OfLane)| {
            let services = Services::from_json(&lane.services.0)
                .map_err(|invalid| invalid.within(&format!("update.lanes[{at}]")))?;
            Ok((lane.name, services))
        };
        lanes.into_iter().enumerate().map(read).collect::<Result<_, _>>().map(Self::Lanes)
    }
}

/// The status of a group, for operators.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupStatus {
    /// The output that viewers should watch.
    #[json(nullable)]
    pub on_air: Option<OnAir>,
    /// The lanes, the primary first.
    pub lanes: Vec<LaneStatus>,
}

/// A primary and its backups with the same inputs, each with its own ring of uids, within one rate limit.
///
/// Driven like a [`Supervisor`](crate::supervisor::Supervisor).
///
/// ```
/// use steadymix::redundancy::{GroupConfig, RedundancyGroup};
/// use steadymix::supervisor::{EventKind, Output};
/// use steadymix::time::WallTime;
///
/// let config = GroupConfig::from_json(r#"{
///     "appId": "app", "instanceId": "show",
///     "lanes": [{ "name": "primary", "uids": [9001, 9002] }, { "name": "backup", "uids": [9101, 9102] }],
///     "services": { "cloudTranscoder": { "serviceType": "cloudTranscoderV2", "config": { "transcoder": {
///         "audioInputs": [{ "rtc": { "rtcChannel": "studio", "rtcUid": 0 } }],
///         "outputs": [{ "rtc": { "rtcChannel": "show" } }]
///     } } } }
/// }"#).unwrap();
/// let now = WallTime::from_millis(1_700_000_000_000);
/// let mut group = RedundancyGroup::new(config, now);
/// let Output::Emit(event) = group.poll(now) else { panic!() };
/// assert!(matches!(event.kind, EventKind::Launching { .. }));
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct RedundancyGroup(pub(crate) Group);

driven!(RedundancyGroup, group::GROUP);

impl RedundancyGroup {
    /// A group that starts at `now`.
    #[must_use]
    pub fn new(config: GroupConfig, now: WallTime) -> Self {
        let on_air = OnAirChoice::new(config.on_air, config.start_grace);
        Self(Group::new(config.lanes, config.limits, Some(on_air), now))
    }

    /// Sets a new payload for all lanes or, on an error, for none, as
    /// [`Supervisor::update`](crate::supervisor::Supervisor::update) does. Each lane keeps the channel and the RTC
    /// token of its own output; the payload may name any lane's channel. Rollouts go lane by lane, the one on air
    /// last.
    ///
    /// # Errors
    /// A payload that does not fit one of the lanes, or whose output is in no lane's channel.
    pub fn update(&mut self, now: WallTime, services: &Services) -> Result<Vec<LaneUpdate>, Invalid> {
        let named = services.rtc_outputs().next().map(|rtc| rtc.rtc_channel.as_str());
        let is_named = |lane: &Lane| Some(lane.output_channel()) == named;
        let names_a_lane = self.0.lanes().iter().any(is_named);
        self.0.update(now, |lane| match names_a_lane && !is_named(lane) {
            true => services.clone().with_output_of(lane.services()),
            false => services.clone(),
        })
    }

    /// Sets a new payload for all lanes, as [`update`](Self::update) does, or one for each of some lanes; on an
    /// error, for none.
    ///
    /// # Errors
    /// As [`update`](Self::update); an unknown lane, or one that is named twice.
    pub fn update_with(&mut self, now: WallTime, update: GroupUpdate) -> Result<Vec<LaneUpdate>, Invalid> {
        match update {
            GroupUpdate::All(services) => self.update(now, &services),
            GroupUpdate::Lanes(lanes) => self.update_lanes(now, &lanes),
        }
    }

    fn update_lanes(
        &mut self,
        now: WallTime,
        payloads: &[(String, Services)],
    ) -> Result<Vec<LaneUpdate>, Invalid> {
        let names = || self.0.lanes().iter().map(Lane::name);
        let is_wrong = |(at, (name, _)): &(usize, &(String, Services))| {
            let is_twice = payloads.iter().take(*at).any(|(other, _)| other == name);
            is_twice || !names().any(|of| of == name)
        };
        if let Some((at, (name, _))) = payloads.iter().enumerate().find(is_wrong) {
            let allowed = format!("one of {}, each once", listed(names().map(quoted)));
            return Err(Invalid::new(format!("update.lanes[{at}].name"), quoted(name), allowed));
        }
        self.0.update(now, |lane| {
            let given = payloads.iter().find(|(name, _)| name == lane.name());
            given.map_or_else(|| lane.services().clone(), |(_, services)| services.clone())
        })
    }

    /// The newest payload that was not refused, secrets included, if all lanes have the same except for their
    /// outputs; the output is the first lane's.
    #[must_use]
    pub fn services(&self) -> Option<&Services> {
        self.0.services()
    }

    /// The output that viewers should watch.
    #[must_use]
    pub fn on_air(&self) -> Option<OnAir> {
        self.0.on_air()?.on_air(self.0.lanes())
    }

    /// The status, for operators.
    #[must_use]
    pub fn status(&self) -> GroupStatus {
        GroupStatus {
            on_air: self.on_air(),
            lanes: self.0.lanes().iter().map(|lane| lane.status(self.0.clock())).collect(),
        }
    }
}

#[cfg(test)]
mod tests;
