//! Invariants of the calls of all processes together, and of the events that the operator receives.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use steadymix::status::Call;
use steadymix::supervisor::{Event, EventKind, Request};

use crate::wire;

/// The service's rate limit.
const MAX_CALLS_PER_SECOND: usize = 10;

/// An error is the invariant that is violated.
pub(crate) type Check = Result<(), String>;

/// A request that was sent.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) call: Call,
    pub(crate) path: String,
    pub(crate) instance: Option<String>,
    /// When it was sent, on the monotonic clock of the process's model, in ms.
    pub(crate) mono: u64,
}

#[derive(Clone, Default)]
pub(crate) struct Checks {
    calls: VecDeque<u64>,
    sequence_ids: BTreeMap<String, u64>,
    /// TaskIds and instanceIds that were reported as orphaned.
    pub(crate) orphaned: BTreeSet<String>,
    stopping: bool,
}

impl Checks {
    pub(crate) fn on_send(&mut self, now: u64, request: &Request, processes: usize) -> Check {
        if request.call != Call::Presence {
            while self.calls.front().is_some_and(|at| at + 1_000 <= now) {
                self.calls.pop_front();
            }
            self.calls.push_back(now);
            if self.calls.len() > MAX_CALLS_PER_SECOND * processes {
                return Err(format!("{} calls within one second", self.calls.len()));
            }
        }
        match request.call {
            Call::Acquire | Call::Create if self.stopping => Err(format!("{:?} after stop()", request.call)),
            Call::Update => {
                let sequence_id: u64 =
                    wire::parameter(&request.path, "sequenceId").parse().map_err(|_| "no sequenceId")?;
                match self.sequence_ids.insert(wire::task_id(&request.path), sequence_id) {
                    Some(last) if last >= sequence_id => {
                        Err(format!("sequenceId {sequence_id} after {last}"))
                    }
                    _ => Ok(()),
                }
            }
            _ => Ok(()),
        }
    }

    pub(crate) fn on_event(&mut self, event: &Event, text: &str) -> Check {
        no_secret(text)?;
        if matches!(event.kind, EventKind::Orphaned { .. }) {
            self.orphaned.extend(event.task_id.clone());
            self.orphaned.extend(event.instance_id.clone());
        }
        Ok(())
    }

    pub(crate) fn on_stop(&mut self) {
        self.stopping = true;
    }
}

/// The credentials in base64.
pub(crate) const HEADER: &str = "Y3VzdG9tZXItb2YtdXM6aXRzLXNlY3JldC01Njc4";

/// The credentials, in every form that a driver tells the core to redact.
pub(crate) fn credentials() -> [String; 3] {
    [HEADER, "customer-of-us", "its-secret-5678"].map(str::to_owned)
}

/// Checks that the text contains no credentials, builder token or RTC token, in any encoding.
fn no_secret(text: &str) -> Check {
    let plain = percent_decode(text).to_lowercase();
    let header = HEADER[..16].to_lowercase();
    if ["builder-", "secret", "customer-of", &header].iter().any(|secret| plain.contains(secret)) {
        return Err(format!("a secret in {text}"));
    }
    Ok(())
}

fn percent_decode(text: &str) -> String {
    let mut parts = text.split('%');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                plain.push(char::from(byte));
                plain.push_str(&part[2..]);
            }
            None => {
                plain.push('%');
                plain.push_str(part);
            }
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_found_in_any_encoding() {
        let written: String = HEADER.bytes().map(|byte| format!("%{byte:02X}")).collect();
        for secret in
            [HEADER, &HEADER.to_uppercase(), &written, "ITS-SECRET-5678", "builder-7", "customer-of-us"]
        {
            assert!(no_secret(&format!("100% of {secret}!")).is_err(), "{secret}");
        }
        assert_eq!(no_secret("100% of it %zz %"), Ok(()));
    }
}
