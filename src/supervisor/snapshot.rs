//! The state as text: a head with version, kind and digest, then the state as JSON.

use sha2::{Digest, Sha256};

use crate::document::{self, Document};
use crate::error::{Invalid, quoted};

const PREFIX: &str = "steadymix-snapshot-";
const VERSION: &str = "steadymix-snapshot-1";

/// The reason why a snapshot cannot be restored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It has another version, or is no snapshot. Text that is no version is not quoted: it may be a secret.
    #[error("not a snapshot of version {VERSION}: it begins with {0}")]
    Version(String),
    /// It is a snapshot of another kind: a group instead of a supervisor, or the reverse.
    #[error("a snapshot of a {found}, but one of a {expected} is needed")]
    Kind {
        /// The kind that is needed.
        expected: &'static str,
        /// The kind that was found.
        found: String,
    },
    /// It was truncated or changed.
    #[error("the snapshot is damaged: {0}")]
    Damaged(String),
}

pub(crate) fn write(kind: &'static str, state: &dyn Document) -> String {
    let state = document::write(state);
    format!("{VERSION} {kind} {}\n{state}", digest(kind, &state))
}

/// Reads a state. `check` covers the rules that the types do not enforce.
pub(crate) fn read<T: Document>(
    kind: &'static str,
    text: &str,
    check: impl FnOnce(&T) -> Result<(), Invalid>,
) -> Result<T, SnapshotError> {
    let (head, state) = text.split_once('\n').unwrap_or((text, ""));
    let mut words = head.split(' ');
    let version = words.next().unwrap_or_default();
    if version != VERSION {
        let is_version = version.starts_with(PREFIX) && version.len() <= PREFIX.len() + 20;
        return Err(SnapshotError::Version(if is_version {
            quoted(version)
        } else {
            "something else".to_owned()
        }));
    }
    let found = words.next().unwrap_or_default();
    if found != kind {
        return Err(SnapshotError::Kind { expected: kind, found: found.chars().take(40).collect() });
    }
    if words.next() != Some(&digest(kind, state)) {
        return Err(SnapshotError::Damaged("its digest does not match".to_owned()));
    }
    // The value itself is left out: it may be a secret.
    let state: T = document::read("state", state).map_err(|Invalid { field, allowed, .. }| {
        SnapshotError::Damaged(format!("{field} must be {allowed}"))
    })?;
    check(&state).map_err(|invalid| SnapshotError::Damaged(invalid.to_string()))?;
    Ok(state)
}

fn digest(kind: &str, state: &str) -> String {
    let hash = Sha256::new().chain_update(kind).chain_update(state).finalize();
    hex::encode(hash.iter().take(16).copied().collect::<Vec<u8>>())
}
