//! State as text: a version, what it is the state of, a digest, and the state.

use sha2::{Digest, Sha256};

use crate::document::{self, Document};
use crate::error::{Invalid, quoted};

const PREFIX: &str = "steadymix-snapshot-";
const VERSION: &str = "steadymix-snapshot-1";

/// A snapshot that cannot be taken up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SnapshotError {
    /// It does not begin as a snapshot of this version, but so: with another version, or with something else, which is not
    /// named, for it may be anything, secrets too.
    #[error("not a snapshot of version {VERSION}: it begins with {0}")]
    Version(String),
    /// It is the state of something else.
    #[error("a snapshot of a {found}, where one of a {expected} is needed")]
    Kind {
        /// What is needed.
        expected: &'static str,
        /// What it is.
        found: String,
    },
    /// It was cut off or changed.
    #[error("the snapshot is damaged: {0}")]
    Damaged(String),
}

pub(crate) fn write(kind: &'static str, state: &dyn Document) -> String {
    let state = document::write(state);
    format!("{VERSION} {kind} {}\n{state}", digest(kind, &state))
}

/// Reads a state, and checks what its types do not say.
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
    // The value that was found may be a secret.
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
