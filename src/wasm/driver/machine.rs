//! The driven machine: a supervisor or a group.

use wasm_bindgen::JsValue;

use crate::error::Invalid;
use crate::group::Group;
use crate::redundancy::{GroupUpdate, RedundancyGroup};
use crate::supervisor::{LaneUpdate, Supervisor};
use crate::task::{Services, revealed};
use crate::time::WallTime;
use crate::wasm::value;

pub(super) enum Machine {
    Supervisor(Box<Supervisor>),
    Group(Box<RedundancyGroup>),
}

impl Machine {
    pub(super) fn group(&self) -> &Group {
        match self {
            Self::Supervisor(machine) => &machine.0,
            Self::Group(machine) => &machine.0,
        }
    }

    pub(super) fn group_mut(&mut self) -> &mut Group {
        match self {
            Self::Supervisor(machine) => &mut machine.0,
            Self::Group(machine) => &mut machine.0,
        }
    }

    pub(super) fn snapshot(&self) -> String {
        self.group().snapshot()
    }

    /// Sets a new payload, in which redaction marks of the shown payload stand for the values that they hide.
    pub(super) fn update(&mut self, services: &str, now: WallTime) -> Result<Vec<LaneUpdate>, Invalid> {
        let shown_of = self.group().services().cloned();
        let revealed = |json: &str| revealed(json, shown_of.as_ref());
        match self {
            Self::Supervisor(machine) => {
                value::read_with(services, |json| Services::from_json(&revealed(json)?))
                    .and_then(|services| machine.update(now, services))
                    .map(|update| vec![update])
            }
            Self::Group(machine) => {
                value::read_with(services, |json| GroupUpdate::from_json(&revealed(json)?))
                    .and_then(|update| machine.update_with(now, update))
            }
        }
    }

    pub(super) fn status(&self) -> Result<JsValue, JsValue> {
        match self {
            Self::Supervisor(machine) => value::out(&machine.status()),
            Self::Group(machine) => value::out(&machine.status()),
        }
    }
}
