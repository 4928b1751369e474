//! Parses replies of the service.

use std::borrow::Cow;

use super::event::ServiceReply;
use super::request::Answer;
use crate::json::{Tree, Type, Value};
use crate::lenient::{MAX_TOKEN_BYTES, decoded, integer, task_id, text, word};
use crate::redact::Redactor;
use crate::status::{ServiceStatus, TaskStatus};
use crate::uid::Uid;

/// The body of a reply, parsed leniently: unknown shapes yield nothing, not errors.
#[derive(Default)]
pub(super) struct ReplyBody {
    /// The body is neither empty nor `null` nor a JSON object, or its task id is malformed: a proxy's page, or a
    /// truncated body. It does not count as an answer of the service.
    pub(super) is_unreadable: bool,
    pub(super) token_name: Option<String>,
    pub(super) task_id: Option<String>,
    pub(super) code: Option<i64>,
    pub(super) task_status: Option<TaskStatus>,
    pub(super) service_status: Option<ServiceStatus>,
    pub(super) message: Option<String>,
    pub(super) details: Option<String>,
    pub(super) broadcasters: Option<Vec<Uid>>,
}

impl ReplyBody {
    pub(super) fn has_status(&self) -> bool {
        !self.is_unreadable && (self.task_status.is_some() || self.service_status.is_some())
    }

    pub(super) fn parse(body: &str) -> Self {
        let body = decoded(body.as_bytes());
        let nothing = if body.trim().is_empty() { "null" } else { &body };
        let Some(tree) = Tree::parse_leniently(nothing) else { return Self::unreadable() };
        let json = tree.root();
        if !matches!(json.type_of(), Type::Object | Type::Null) {
            return Self::unreadable();
        }
        let task_id = task_id(json.at("taskId"));
        let transcoder = json.at("services").at("cloudTranscoder");
        let owned = |value, most| text(value, most).map(Cow::into_owned);
        Self {
            is_unreadable: task_id.is_none() && text(json.at("taskId"), usize::MAX).is_some(),
            token_name: owned(json.at("tokenName"), MAX_TOKEN_BYTES),
            task_id: task_id.map(Cow::into_owned),
            code: integer(json.at("code")),
            task_status: word(json.at("status")).map(|status| TaskStatus::parse(&status)),
            service_status: word(transcoder.at("status")).map(|status| ServiceStatus::parse(&status)),
            message: owned(json.at("message"), usize::MAX)
                .or_else(|| owned(transcoder.at("message"), usize::MAX)),
            details: owned(transcoder.at("details"), usize::MAX),
            broadcasters: if json.at("success").boolean() == Some(true) {
                broadcasters(json.at("data"))
            } else {
                None
            },
        }
    }

    fn unreadable() -> Self {
        Self { is_unreadable: true, ..Self::default() }
    }
}

fn broadcasters(data: Value<'_>) -> Option<Vec<Uid>> {
    if data.at("channel_exist").boolean() == Some(false) {
        return Some(Vec::new());
    }
    let uids = data.at("broadcasters").items()?;
    Some(uids.filter_map(integer).filter_map(|uid| Uid::try_from(uid).ok()).collect())
}

/// The redacted reply, for an event.
pub(super) fn service_reply(answer: &Answer, body: &ReplyBody, redactor: &Redactor) -> ServiceReply {
    let Answer::Http { status, request_id, resource_id, .. } = answer else { return ServiceReply::default() };
    let text = |text: &Option<String>| text.as_deref().map(|text| redactor.text(text));
    ServiceReply {
        status: Some(*status),
        code: body.code,
        message: text(&body.message),
        details: text(&body.details),
        stop_reason: None,
        request_id: text(request_id),
        resource_id: text(resource_id),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_body_is_parsed_whatever_its_types() {
        let body = ReplyBody::parse(
            r#"{"taskId":"t","code":"65","status":5,"services":{"cloudTranscoder":{"status":"serviceReady"}},"x":[]}"#,
        );
        assert_eq!(body.task_id.as_deref(), Some("t"));
        assert_eq!(body.code, Some(65));
        assert_eq!(body.task_status, Some(TaskStatus::InProgress));
        assert_eq!(body.service_status, Some(ServiceStatus::ServiceReady));
    }

    #[test]
    fn the_broadcasters_of_a_channel_are_parsed() {
        let uids = |text| ReplyBody::parse(text).broadcasters;
        assert_eq!(
            uids(r#"{"success":true,"data":{"channel_exist":true,"mode":2,"broadcasters":[7,8]}}"#),
            Some(vec![7, 8])
        );
        assert_eq!(uids(r#"{"success":true,"data":{"channel_exist":false}}"#), Some(vec![]));
        assert_eq!(uids(r#"{"success":false,"data":{"channel_exist":false}}"#), None);
        assert_eq!(uids(r#"{"success":true,"data":{"channel_exist":true,"mode":1,"users":[7]}}"#), None);
    }

    #[test]
    fn the_reply_in_an_event_is_redacted() {
        let answer = Answer::Http {
            status: 400,
            retry_after: None,
            date: None,
            request_id: Some("of s3cret-one".to_owned()),
            resource_id: Some("s3cret-one".to_owned()),
            body: String::new(),
        };
        let body = ReplyBody { message: Some("token s3cret-one".to_owned()), ..ReplyBody::default() };
        let reply = service_reply(&answer, &body, &Redactor::new(&["s3cret-one".to_owned()]));
        assert_eq!(reply.request_id.as_deref(), Some("of …"));
        assert_eq!(reply.resource_id.as_deref(), Some("…"));
        assert_eq!(reply.message.as_deref(), Some("token …"));
    }

    #[test]
    fn a_body_that_is_not_an_object_is_unreadable_unless_it_is_empty() {
        for body in ["<html>", "[]", "{\"taskId\":\"..\"}", "\"ok\"", "{\"taskId\":\"t", "nullx"] {
            assert!(ReplyBody::parse(body).is_unreadable, "{body}");
        }
        for body in ["", " \n", "null", "{}", "{\"message\":\"\\ud800\"}"] {
            assert!(!ReplyBody::parse(body).is_unreadable, "{body}");
        }
    }

    #[test]
    fn token_names_and_ids_have_a_maximum_length() {
        let body =
            |name: &str, length| ReplyBody::parse(&format!(r#"{{"{name}":"{}"}}"#, "x".repeat(length)));
        assert!(body("taskId", 256).task_id.is_some() && body("taskId", 257).task_id.is_none());
        assert!(
            body("tokenName", 2_048).token_name.is_some() && body("tokenName", 2_049).token_name.is_none()
        );
    }

    proptest! {
        #[test]
        fn no_body_causes_a_panic(text in "\\PC{0,200}") {
            let _ = ReplyBody::parse(&text);
        }
    }
}
