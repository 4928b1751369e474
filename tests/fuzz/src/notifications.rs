//! Notifications of any shape: signatures, parsing, and effects on a group.

use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::Sha256;
use steadymix::notification::{self, Freshness, Notification, NotificationLog};

use crate::fixtures::GROUPS;
use crate::source::Source;

const SECRET: &[u8] = b"notification-secret";
const MAX_TASKS: usize = 4;

/// The input selects a group and flags; then come a header and bodies, one line each.
///
/// # Panics
/// If an invariant is violated.
pub fn notifications(data: &[u8]) {
    let mut source = Source::new(data);
    let mut driver = GROUPS[source.below(GROUPS.len())].clone();
    let flags = source.byte();
    let header = source.text();
    let bodies = source.rest();
    let mut log = NotificationLog::new(MAX_TASKS);
    for (number, body) in bodies.split('\n').enumerate() {
        if number == 0 {
            signatures(body.as_bytes(), &header);
        }
        let notification = match notification::parse(body.as_bytes()) {
            Ok(notification) => notification,
            Err(error) => {
                assert!(!error.to_string().is_empty());
                continue;
            }
        };
        let copy: Notification =
            serde_json::from_str(&serde_json::to_string(&notification).unwrap()).unwrap();
        assert!(copy == notification, "serializing and parsing changes it");
        remembered(&mut log, &notification);
        let on_air = driver.machine.on_air();
        driver.notification(notification);
        if flags & 1 == 0 {
            driver.settle();
        }
        assert!(driver.machine.on_air() == on_air, "a notification changed what is on air");
    }
    driver.settle();
    driver.assert_settled();
    driver.serve_for(u32::from(flags >> 1 & 7));
}

/// A signature is accepted only if it is genuine and belongs to this body.
fn signatures(body: &[u8], header: &str) {
    let (v1, v2) = (signature::<Hmac<Sha1>>(body), signature::<Hmac<Sha256>>(body));
    let is_genuine = |header: &str, genuine: &str| header.trim().eq_ignore_ascii_case(genuine);
    assert!(notification::verify(SECRET, body, Some(&v1), None).is_ok());
    assert!(notification::verify(SECRET, body, Some(header), Some(&v2)).is_ok());
    assert_eq!(notification::verify(SECRET, body, Some(header), None).is_ok(), is_genuine(header, &v1));
    assert_eq!(notification::verify(SECRET, body, Some(&v1), Some(header)).is_ok(), is_genuine(header, &v2));
    let longer = [body, b" "].concat();
    assert!(notification::verify(SECRET, &longer, Some(&v1), Some(&v2)).is_err());
}

fn signature<M: Mac + KeyInit>(body: &[u8]) -> String {
    let mut mac = <M as KeyInit>::new_from_slice(SECRET).unwrap();
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn remembered(log: &mut NotificationLog, notification: &Notification) {
    log.record(notification);
    assert!(log.record(notification) != Freshness::New, "a duplicate counts as new");
    assert!(log.len() <= MAX_TASKS, "{} tasks are remembered", log.len());
}
