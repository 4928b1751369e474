//! The format of an instanceId: `{instanceId}-{generation}`, in a group `{instanceId}-{lane}-{generation}`.
//! JavaScript's counterpart is `src/js/instanceId.ts`.

use std::fmt::Display;

use crate::error::Invalid;
use crate::task::check_word;

/// The service takes 1 to 64 characters.
pub(crate) const LONGEST: usize = 64;
/// `-` and a generation of up to ten digits.
const GENERATION_CHARS: usize = 11;
/// `-` and a lane's number of up to two digits.
const LANE_CHARS: usize = 3;

/// The instanceId of a lane of a group, or of a launch of a lane.
pub(crate) fn of_part(whole: &str, number: impl Display) -> String {
    format!("{whole}-{number}")
}

/// Checks the `instanceId` of a supervisor's or a group's settings: there must be room for what is added to it.
pub(crate) fn check(instance_id: &str, is_of_group: bool) -> Result<(), Invalid> {
    let longest = LONGEST - GENERATION_CHARS - if is_of_group { LANE_CHARS } else { 0 };
    check_word("config.instanceId", instance_id, longest)
}
