//! The format of an instanceId: `{instanceId}-{generation}`, in a group `{instanceId}-{lane}-{generation}`.
//! JavaScript's counterpart is `src/js/instanceId.ts`.

use std::fmt::Display;

use crate::error::{Invalid, quoted};

/// The service accepts 1 to 64 characters.
const MAX_CHARS: usize = 64;
/// `-` and a generation of up to ten digits.
const GENERATION_CHARS: usize = 11;
/// `-` and a lane's number of up to two digits.
const LANE_CHARS: usize = 3;

/// The instanceId of a lane of a group, or of a launch of a lane.
pub(crate) fn of_part(whole: &str, number: impl Display) -> String {
    format!("{whole}-{number}")
}

/// Checks an instanceId: 1 to 64 of `A-Z a-z 0-9 - _`.
///
/// # Errors
/// An [`Invalid`] for `instanceId`.
pub fn check(instance_id: &str) -> Result<(), Invalid> {
    check_word("instanceId", instance_id, MAX_CHARS)
}

/// Checks the `instanceId` of a supervisor's or group's settings: it must leave room for what is appended.
pub(crate) fn check_setting(instance_id: &str, is_of_group: bool) -> Result<(), Invalid> {
    let longest = MAX_CHARS - GENERATION_CHARS - if is_of_group { LANE_CHARS } else { 0 };
    check_word("options.instanceId", instance_id, longest)
}

/// Checks a name that becomes part of a URL: 1 to `longest` of `A-Z a-z 0-9 - _`.
pub(crate) fn check_word(field: &str, word: &str, longest: usize) -> Result<(), Invalid> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if !word.is_empty() && word.len() <= longest && word.bytes().all(allowed) {
        return Ok(());
    }
    Err(Invalid::new(field, quoted(word), format!("1 to {longest} of A-Z a-z 0-9 - _")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_id_has_1_to_64_safe_characters() {
        assert_eq!(check("show-1_A"), Ok(()));
        assert_eq!(check(&"x".repeat(64)), Ok(()));
        for bad in ["", "a b", "ä", "a/b", &"x".repeat(65)] {
            assert_eq!(check(bad).unwrap_err().field, "instanceId", "{bad}");
        }
    }
}
