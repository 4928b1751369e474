//! Notifications of the service: signature, parsing, duplicates.

use std::borrow::Cow;
use std::collections::VecDeque;

use hmac::{Hmac, KeyInit, Mac};
use macro_rules_attribute::apply;
use sha1::Sha1;
use sha2::Sha256;

use crate::document::document;
use crate::json::{Tree, Type};
use crate::lenient::{MAX_ID_BYTES, decoded, integer, task_id, text, word};
use crate::time::WallTime;

/// The maximum size of a body, in bytes. Most have a few KB, but some contain the task's whole payload as escaped JSON
/// text in addition to its inputs and outputs: four times a payload of 256 KiB.
pub const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The scene of a transcoding task's notifications.
const SCENE: &str = "rtsc/cloud-transcoder";

/// Why a signature is invalid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureError {
    /// The configured secret is empty: anybody could sign.
    #[error("the secret is empty; it must be the secret of the notification settings")]
    NoSecret,
    /// The headers `Agora-Signature-V2` and `Agora-Signature` are missing.
    #[error("no signature: the header Agora-Signature-V2 (or Agora-Signature) is missing")]
    Missing,
    /// It was signed with another secret, or the body was changed.
    #[error("the signature does not match the body")]
    Mismatch,
}

/// Verifies the signature of a notification over the raw bytes of its body, in constant time.
///
/// `v2` is the header `Agora-Signature-V2` (HMAC-SHA256). If it is missing, `v1`, the header `Agora-Signature`
/// (HMAC-SHA1), is verified. Both are hexadecimal.
///
/// ```
/// use steadymix::notification::{SignatureError, verify};
///
/// let forged = verify(b"secret", b"{}", None, Some("00"));
/// assert_eq!(forged, Err(SignatureError::Mismatch));
/// ```
///
/// # Errors
/// A missing or invalid signature.
pub fn verify(
    secret: &[u8],
    raw_body: &[u8],
    v1: Option<&str>,
    v2: Option<&str>,
) -> Result<(), SignatureError> {
    if secret.is_empty() {
        return Err(SignatureError::NoSecret);
    }
    let decoded = |header: &str| hex::decode(header.trim()).map_err(|_| SignatureError::Mismatch);
    match (v2, v1) {
        (Some(header), _) => verify_with::<Hmac<Sha256>>(secret, raw_body, &decoded(header)?),
        (None, Some(header)) => verify_with::<Hmac<Sha1>>(secret, raw_body, &decoded(header)?),
        (None, None) => Err(SignatureError::Missing),
    }
}

fn verify_with<M: Mac + KeyInit>(secret: &[u8], body: &[u8], signature: &[u8]) -> Result<(), SignatureError> {
    let mut mac = <M as KeyInit>::new_from_slice(secret).map_err(|_| SignatureError::NoSecret)?;
    mac.update(body);
    mac.verify_slice(signature).map_err(|_| SignatureError::Mismatch)
}

/// A notification.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// The id of the notification.
    #[json(nullable)]
    pub notice_id: Option<String>,
    /// The task's id.
    pub task_id: String,
    /// The instanceId of the task's create, if the service sends it.
    #[json(nullable)]
    pub instance_id: Option<String>,
    /// What happened.
    #[json(flatten)]
    pub kind: NotificationKind,
    /// The sequence number among the notifications of the task.
    #[json(nullable)]
    pub sequence: Option<i64>,
    /// When it was created, in ms since the epoch. (The time of sending changes with every resend and is left out.)
    #[json(nullable)]
    pub sent_at: Option<WallTime>,
}

impl Notification {
    /// What identifies it among those of its task.
    fn event(&self) -> (NotificationKind, Option<i64>) {
        (self.kind.clone(), self.sequence)
    }

    fn stops(&self) -> bool {
        matches!(self.kind, NotificationKind::Stopped { .. })
    }
}

/// What happened to the task.
#[apply(document)]
#[json(camel, tag = type, serde = both)]
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NotificationKind {
    /// 110: it started.
    Started,
    /// 111: it stopped.
    Stopped {
        /// The service's reason.
        #[json(nullable)]
        reason: Option<String>,
    },
    /// 112: its state.
    Status {
        /// `connecting`, `running`, `failed`, or any other value, unchanged.
        #[json(nullable)]
        state: Option<String>,
    },
    /// 113: it was updated.
    Updated,
    /// Anything else.
    Other {
        /// `eventType`.
        event_type: i64,
    },
}

/// Why a body is not a notification of a transcoding task.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NotificationError {
    /// Larger than [`MAX_BODY_BYTES`].
    #[error("the body has {0} bytes; at most {MAX_BODY_BYTES} are read")]
    TooLarge(usize),
    /// Not a JSON object.
    #[error("the body is not a JSON object")]
    NotJson,
    /// A field is missing, has another type, or is not a valid id.
    #[error("{0} is missing, of the wrong type, or longer than {MAX_ID_BYTES} bytes")]
    Missing(&'static str),
    /// It is about another product of Agora, or a test of its console.
    #[error("the notification is not about a transcoding task")]
    Foreign,
}

/// Parses the body of a notification. Numbers may be strings, and some characters invalid UTF-8. Unknown events and
/// states are kept; long ones are truncated.
///
/// # Errors
/// A body that is not a notification of a transcoding task.
pub fn parse(raw_body: &[u8]) -> Result<Notification, NotificationError> {
    if raw_body.len() > MAX_BODY_BYTES {
        return Err(NotificationError::TooLarge(raw_body.len()));
    }
    let body = decoded(raw_body);
    let tree = Tree::parse_leniently(&body).ok_or(NotificationError::NotJson)?;
    let json = tree.root();
    if json.type_of() != Type::Object {
        return Err(NotificationError::NotJson);
    }
    // One URL may receive notifications of several products, and tests of the console. The scene and the task's id
    // identify ours; other products use the same event numbers.
    let payload = json.at("payload");
    let is_of_task = word(payload.at("serviceScene")).is_none_or(|scene| scene == SCENE);
    let names_a_task = !payload.at("taskId").is_null() && !payload.at("taskId").is_string("");
    if !is_of_task || !names_a_task {
        return Err(NotificationError::Foreign);
    }
    let task_id = task_id(payload.at("taskId")).ok_or(NotificationError::Missing("taskId"))?;
    let detail = |field: &str| word(payload.at("details").at(field)).map(Cow::into_owned);
    let kind = match integer(json.at("eventType")).ok_or(NotificationError::Missing("eventType"))? {
        110 => NotificationKind::Started,
        111 => NotificationKind::Stopped { reason: detail("stopReason") },
        112 => NotificationKind::Status { state: detail("state") },
        113 => NotificationKind::Updated,
        event_type => NotificationKind::Other { event_type },
    };
    let sent_at =
        integer(payload.at("sendts")).and_then(|ms| u64::try_from(ms).ok()).map(WallTime::from_millis);
    Ok(Notification {
        notice_id: text(json.at("noticeId"), MAX_ID_BYTES).map(Cow::into_owned),
        task_id: task_id.into_owned(),
        instance_id: text(payload.at("instanceId"), MAX_ID_BYTES).map(Cow::into_owned),
        kind,
        sequence: integer(payload.at("sequence")),
        sent_at,
    })
}

/// Whether a notification is new.
#[apply(document)]
#[json(camel, serde = both)]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Freshness {
    /// It is new.
    New,
    /// It was received before: resent, or sent over the redundant channel.
    Duplicate,
    /// It is outdated: its task has stopped, or a later one was received.
    Stale,
}

/// The remembered notifications of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Seen {
    task_id: String,
    events: VecDeque<(NotificationKind, Option<i64>)>,
    latest: Option<i64>,
    stopped: bool,
}

/// How many events of a task are remembered.
const EVENTS_PER_TASK: usize = 32;

/// Remembers the notifications of the latest tasks by task and event: `noticeId` and the time of sending change with
/// a resend. Bounded: the oldest task is forgotten first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotificationLog {
    capacity: usize,
    /// The oldest task comes first.
    tasks: VecDeque<Seen>,
}

impl NotificationLog {
    /// A log of the latest `capacity` tasks (at least one).
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self { capacity: capacity.max(1), tasks: VecDeque::new() }
    }

    /// How many tasks are remembered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.tasks.len()
    }

    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.tasks.is_empty()
    }

    /// Whether a notification is new. Does not record it.
    #[must_use]
    pub fn freshness(&self, notification: &Notification) -> Freshness {
        let known = self.tasks.iter().find(|seen| seen.task_id == notification.task_id);
        let Some(seen) = known else { return Freshness::New };
        if seen.events.contains(&notification.event()) {
            return Freshness::Duplicate;
        }
        let sequence = notification.sequence;
        let overtaken =
            seen.stopped || matches!((sequence, seen.latest), (Some(mine), Some(latest)) if mine < latest);
        // A stop is new, however late it arrives.
        if overtaken && (seen.stopped || !notification.stops()) { Freshness::Stale } else { Freshness::New }
    }

    /// Records a notification, and returns whether it was new.
    pub fn record(&mut self, notification: &Notification) -> Freshness {
        let freshness = self.freshness(notification);
        if freshness == Freshness::Duplicate {
            return freshness;
        }
        if !self.tasks.iter().any(|seen| seen.task_id == notification.task_id) {
            if self.tasks.len() >= self.capacity {
                self.tasks.pop_front();
            }
            self.tasks.push_back(Seen { task_id: notification.task_id.clone(), ..Seen::default() });
        }
        if let Some(seen) = self.tasks.iter_mut().find(|seen| seen.task_id == notification.task_id) {
            seen.events.push_back(notification.event());
            if seen.events.len() > EVENTS_PER_TASK {
                seen.events.pop_front();
            }
            seen.latest = seen.latest.max(notification.sequence);
            seen.stopped |= notification.stops();
        }
        freshness
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    const BODY: &[u8] = br#"{"eventType":10,"noticeId":"4eb720f0-8da7-11e9-a43e53f411c2761f","notifyMs":1560408533119,"payload":{"a":"1","b":2},"productId":1}"#;
    const V1: &str = "92ea60c5249b641f80de046d11e1cb2d15f1d1b2";
    const V2: &str = "6ba85d7c1122f6c51143cce7765f06c601c0fbd691987f4510e45b943b2639e8";

    fn body(event_type: i64, task: &str, sequence: i64) -> Vec<u8> {
        json!({
            "noticeId": "n", "productId": 1, "eventType": event_type, "notifyMs": 1,
            "payload": {
                "taskId": task, "instanceId": "show-1", "sequence": sequence, "sendts": 1_700_000_000_000u64,
                "serviceScene": SCENE, "details": { "stopReason": "idle", "state": "running" },
            },
        })
        .to_string()
        .into_bytes()
    }

    fn notification(event_type: i64, task: &str, sequence: i64) -> Notification {
        parse(&body(event_type, task, sequence)).unwrap()
    }

    #[test]
    fn valid_signatures_are_accepted() {
        assert_eq!(verify(b"secret", BODY, Some(V1), Some(V2)), Ok(()));
        assert_eq!(verify(b"secret", BODY, Some(V1), None), Ok(()));
        assert_eq!(verify(b"secret", BODY, None, Some(&V2.to_uppercase())), Ok(()));
    }

    #[test]
    fn invalid_signatures_are_refused() {
        let mut tampered = BODY.to_vec();
        tampered[20] ^= 1;
        let wrong = Err(SignatureError::Mismatch);
        assert_eq!(verify(b"secret", &tampered, Some(V1), Some(V2)), wrong);
        assert_eq!(verify(b"Secret", BODY, Some(V1), Some(V2)), wrong);
        assert_eq!(
            verify(b"secret", BODY, Some(V1), Some(&V2[..62])),
            wrong,
            "a valid V1 does not make up for an invalid V2"
        );
        assert_eq!(verify(b"secret", BODY, Some(V1), Some("")), wrong);
        assert_eq!(verify(b"secret", BODY, Some(V2), None), wrong);
        assert_eq!(verify(b"secret", BODY, Some("é"), None), wrong);
        assert_eq!(verify(b"secret", BODY, None, None), Err(SignatureError::Missing));
        assert_eq!(verify(b"", BODY, Some(V1), Some(V2)), Err(SignatureError::NoSecret));
    }

    #[test]
    fn the_four_events_are_read() {
        let started = notification(110, "t", 3);
        assert_eq!(started.kind, NotificationKind::Started);
        assert_eq!(
            (started.task_id.as_str(), started.instance_id.as_deref(), started.sequence),
            ("t", Some("show-1"), Some(3))
        );
        assert_eq!(started.sent_at, Some(WallTime::from_millis(1_700_000_000_000)));
        assert_eq!(
            notification(111, "t", 4).kind,
            NotificationKind::Stopped { reason: Some("idle".to_owned()) }
        );
        assert_eq!(
            notification(112, "t", 5).kind,
            NotificationKind::Status { state: Some("running".to_owned()) }
        );
        assert_eq!(notification(113, "t", 6).kind, NotificationKind::Updated);
        assert_eq!(notification(199, "t", 7).kind, NotificationKind::Other { event_type: 199 });
        let copy: Notification = serde_json::from_str(&serde_json::to_string(&started).unwrap()).unwrap();
        assert_eq!(copy, started);
    }

    #[test]
    fn invalid_notifications_are_refused_with_the_reason() {
        for body in [&b"{"[..], b"[]", b"\"text\"", b"", b"\xff"] {
            assert_eq!(parse(body), Err(NotificationError::NotJson));
        }
        assert_eq!(
            parse(br#"{"eventType":"x","payload":{"taskId":"t"}}"#),
            Err(NotificationError::Missing("eventType"))
        );
        assert_eq!(
            parse(&vec![b' '; MAX_BODY_BYTES + 1]),
            Err(NotificationError::TooLarge(MAX_BODY_BYTES + 1))
        );
    }

    #[test]
    fn invalid_characters_affect_nothing_else_and_strings_have_a_maximum_length() {
        let with = |field: &str, value: &str| {
            let text = String::from_utf8(body(111, "t", 1)).unwrap();
            parse(text.replacen(field, &format!("{field}{value}"), 1).as_bytes())
        };
        let stopped = |reason: String| Ok(NotificationKind::Stopped { reason: Some(reason) });
        let kind = |value: &str| with("idle", value).map(|notification| notification.kind);
        assert_eq!(kind("\\ud800"), stopped("idle\u{fffd}".to_owned()));
        assert_eq!(kind("\n"), stopped("idle ".to_owned()));
        assert_eq!(kind(&"e".repeat(5_000)), stopped(format!("idl{}", "e".repeat(1_021))));
        let mut bytes = body(111, "t", 1);
        let at = bytes.windows(4).position(|window| window == b"idle").unwrap();
        bytes[at] = 0xFF;
        assert_eq!(parse(&bytes).map(|notification| notification.kind), stopped("\u{fffd}dle".to_owned()));
        let with_id = |more: usize| with("\"taskId\":\"t", &"x".repeat(more));
        assert!(with_id(255).is_ok());
        assert!(matches!(with_id(256), Err(NotificationError::Missing(_))));
        assert_eq!(parse(&body(110, "..", 1)), Err(NotificationError::Missing("taskId")));
    }

    #[test]
    fn notifications_of_other_products_are_foreign() {
        let others = [
            // The test of the console.
            r#"{"eventType":10,"noticeId":"n","notifyMs":1,"payload":{"a":"1","b":2},"productId":1}"#,
            // A channel's notification with the event number of a task's.
            r#"{"eventType":111,"noticeId":"n","notifyMs":1,"payload":{"channelName":"show","uid":12},"productId":1}"#,
            r#"{"eventType":31,"payload":{"serviceScene":"cloud_recording","taskId":"t"},"productId":3}"#,
            r#"{"eventType":110,"payload":{"taskId":""}}"#,
            r#"{"eventType":110,"payload":[]}"#,
            r#"{"eventType":110,"payload":null}"#,
            "{}",
        ];
        for other in others {
            assert_eq!(parse(other.as_bytes()), Err(NotificationError::Foreign), "{other}");
        }
    }

    #[test]
    fn the_instance_id_is_optional() {
        let notification = parse(br#"{"eventType":"110","payload":{"taskId":1}}"#).unwrap();
        let (task_id, instance_id, kind) =
            (notification.task_id, notification.instance_id, notification.kind);
        assert_eq!((task_id.as_str(), instance_id, kind), ("1", None, NotificationKind::Started));
    }

    #[test]
    fn a_body_may_have_1_mib() {
        let mut longest = body(110, "t", 1);
        longest.resize(1_048_576, b' ');
        assert_eq!(parse(&longest), Ok(notification(110, "t", 1)));
        longest.push(b' ');
        assert_eq!(parse(&longest), Err(NotificationError::TooLarge(1_048_577)));
    }

    #[test]
    fn the_last_tasks_and_their_last_events_are_remembered() {
        let mut log = NotificationLog::new(2);
        assert!(log.is_empty());
        for task in ["a", "b"] {
            assert_eq!(log.record(&notification(110, task, 0)), Freshness::New);
        }
        assert_eq!((log.is_empty(), log.len()), (false, 2));
        assert_eq!(log.record(&notification(110, "a", 0)), Freshness::Duplicate);
        for sequence in 1..EVENTS_PER_TASK as i64 {
            assert_eq!(log.record(&notification(112, "a", sequence)), Freshness::New);
        }
        assert_eq!(log.record(&notification(110, "a", 0)), Freshness::Duplicate, "32 are remembered");
        for sequence in EVENTS_PER_TASK as i64..2 * EVENTS_PER_TASK as i64 {
            assert_eq!(log.record(&notification(112, "a", sequence)), Freshness::New);
        }
        assert_eq!(log.tasks[0].events.len(), EVENTS_PER_TASK);
        assert_eq!(
            log.record(&notification(110, "a", 0)),
            Freshness::Stale,
            "no longer a duplicate, but stale"
        );

        assert_eq!(log.record(&notification(110, "c", 0)), Freshness::New);
        assert_eq!(log.record(&notification(110, "b", 0)), Freshness::Duplicate);
        assert_eq!(log.record(&notification(110, "a", 0)), Freshness::New, "it was forgotten");
    }

    #[test]
    fn duplicates_and_stale_notifications_are_distinguished() {
        let mut log = NotificationLog::new(4);
        assert_eq!(log.record(&notification(110, "t", 1)), Freshness::New);
        assert_eq!(log.record(&notification(110, "t", 1)), Freshness::Duplicate);
        assert_eq!(log.record(&notification(112, "t", 3)), Freshness::New);
        assert_eq!(log.record(&notification(112, "t", 2)), Freshness::Stale);
        assert_eq!(
            log.record(&notification(112, "t", 4)),
            Freshness::New,
            "the same state with a later sequence number is no duplicate"
        );
        assert_eq!(
            log.record(&notification(113, "t", 4)),
            Freshness::New,
            "another event with the same sequence number"
        );
        assert_eq!(
            log.record(&notification(111, "t", 0)),
            Freshness::New,
            "a stop is new even if a later notification was received before"
        );
        assert_eq!(log.record(&notification(110, "t", 9)), Freshness::Stale, "a stopped task is not revived");
        assert_eq!(log.record(&notification(110, "u", 1)), Freshness::New);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), header in "\\PC{0,80}") {
            let _ = parse(&bytes);
            prop_assert!(verify(b"secret", &bytes, Some(&header), None).is_err());
        }

        #[test]
        fn the_log_is_bounded_and_reports_nothing_as_new_twice(
            events in prop::collection::vec((110i64..114, 0usize..6, 0i64..5), 0..200),
        ) {
            let mut log = NotificationLog::new(3);
            for (event_type, task, sequence) in events {
                let notification = notification(event_type, &task.to_string(), sequence);
                let _ = log.record(&notification);
                prop_assert_ne!(log.record(&notification), Freshness::New);
                prop_assert!(log.len() <= 3);
            }
        }
    }
}
