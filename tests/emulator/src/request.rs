//! The route of a call.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use crate::fault::CallKind;

/// A known route.
pub(crate) struct Route<'a> {
    pub(crate) kind: CallKind,
    pub(crate) app_id: Cow<'a, str>,
    /// The task id or the channel.
    pub(crate) name: Cow<'a, str>,
    /// The uid of a presence check, if it is about one.
    pub(crate) uid: Option<u32>,
    query: &'a str,
}

impl<'a> Route<'a> {
    /// Routes are case-sensitive.
    pub(crate) fn of(method: &str, path: &'a str) -> Option<Self> {
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let segments: Vec<&str> = path.strip_prefix('/')?.split('/').collect();
        let found = |kind, app_id, name, uid| {
            Some(Route { kind, app_id: decoded(app_id), name: decoded(name), uid, query })
        };
        match (method, segments.as_slice()) {
            ("POST", ["v1", "projects", app, "rtsc", "cloud-transcoder", "builderTokens"]) => {
                found(CallKind::Acquire, app, "", None)
            }
            ("POST", ["v1", "projects", app, "rtsc", "cloud-transcoder", "tasks"]) => {
                found(CallKind::Create, app, "", None)
            }
            ("GET", ["v1", "projects", app, "rtsc", "cloud-transcoder", "tasks", task]) => {
                found(CallKind::Query, app, task, None)
            }
            ("PATCH", ["v1", "projects", app, "rtsc", "cloud-transcoder", "tasks", task]) => {
                found(CallKind::Update, app, task, None)
            }
            ("DELETE", ["v1", "projects", app, "rtsc", "cloud-transcoder", "tasks", task]) => {
                found(CallKind::Delete, app, task, None)
            }
            ("GET", ["dev", "v1", "channel", "user", app, channel, "hosts_only"]) => {
                found(CallKind::Presence, app, channel, None)
            }
            ("GET", ["dev", "v1", "channel", "user", "property", app, uid, channel]) => {
                found(CallKind::Presence, app, channel, Some(uid.parse().ok()?))
            }
            _ => None,
        }
    }

    pub(crate) fn parameter(&self, name: &str) -> Option<Cow<'a, str>> {
        self.query
            .split('&')
            .filter_map(|pair| pair.split_once('='))
            .find(|(key, _)| *key == name)
            .map(|(_, value)| decoded(value))
    }
}

/// Decodes a name: callers may percent-encode any character.
fn decoded(text: &str) -> Cow<'_, str> {
    percent_decode_str(text).decode_utf8_lossy()
}
