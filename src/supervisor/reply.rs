//! What a reply of the service says.

use serde_json::Value;

use super::event::Said;
use super::request::Answer;
use crate::lenient::{self, MAX_TOKEN_BYTES, integer, task_id, text, word};
use crate::redact::Redactor;
use crate::status::{ServiceStatus, TaskStatus};
use crate::uid::Uid;

/// What the body of a reply says, as far as it can be made out. Unknown shapes are nothing, not errors.
#[derive(Default)]
pub(super) struct ReplyBody {
    /// There is something, but neither a JSON object nor `null`, or it names a task by what can be no id: the page of a proxy,
    /// or a body that was cut off. It is not the service that has answered, or not all of what it said.
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
    /// Whether it has any status.
    pub(super) fn says_how_it_is(&self) -> bool {
        !self.is_unreadable && (self.task_status.is_some() || self.service_status.is_some())
    }

    pub(super) fn parse(body: &str) -> Self {
        let json = if body.trim().is_empty() { Some(Value::Null) } else { lenient::json(body.as_bytes()) };
        let Some(json) = json.filter(|json| json.is_object() || json.is_null()) else {
            return Self { is_unreadable: true, ..Self::default() };
        };
        let status = word(json.get("status"));
        let service = word(lenient::at(&json, &["services", "cloudTranscoder", "status"]));
        let in_channel = json.get("success") == Some(&Value::Bool(true));
        let task_id = task_id(json.get("taskId"));
        let said = |field: &str| text(json.get(field), usize::MAX).filter(|text| !text.is_empty());
        let transcoder = lenient::at(&json, &["services", "cloudTranscoder"]);
        let of_transcoder = |field: &str| {
            let value = transcoder.and_then(|transcoder| transcoder.get(field));
            text(value, usize::MAX).filter(|text| !text.is_empty())
        };
        Self {
            is_unreadable: task_id.is_none() && text(json.get("taskId"), usize::MAX).is_some(),
            token_name: text(json.get("tokenName"), MAX_TOKEN_BYTES),
            task_id,
            code: integer(json.get("code")),
            task_status: status.map(|status| TaskStatus::parse(&status)),
            service_status: service.map(|status| ServiceStatus::parse(&status)),
            message: said("message").or_else(|| of_transcoder("message")),
            details: of_transcoder("details"),
            broadcasters: json.get("data").filter(|_| in_channel).and_then(broadcasters),
        }
    }
}

fn broadcasters(data: &Value) -> Option<Vec<Uid>> {
    if data.get("channel_exist") == Some(&Value::Bool(false)) {
        return Some(Vec::new());
    }
    let uids = data.get("broadcasters")?.as_array()?;
    let uids = uids.iter().filter_map(|uid| integer(Some(uid)));
    Some(uids.filter_map(|uid| Uid::try_from(uid).ok()).collect())
}

/// What the service said, for an event.
pub(super) fn said(answer: &Answer, body: &ReplyBody, redactor: &Redactor) -> Said {
    let Answer::Http { status, request_id, resource_id, .. } = answer else { return Said::default() };
    let text = |text: &Option<String>| text.as_deref().map(|text| redactor.text(text));
    Said {
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
    fn a_body_is_read_whatever_its_types() {
        let body = ReplyBody::parse(
            r#"{"taskId":"t","code":"65","status":5,"services":{"cloudTranscoder":{"status":"serviceReady"}},"x":[]}"#,
        );
        assert_eq!(body.task_id.as_deref(), Some("t"));
        assert_eq!(body.code, Some(65));
        assert_eq!(body.task_status, Some(TaskStatus::InProgress));
        assert_eq!(body.service_status, Some(ServiceStatus::ServiceReady));
    }

    #[test]
    fn who_is_in_the_channel() {
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
    fn what_the_service_said_is_redacted() {
        let answer = Answer::Http {
            status: 400,
            retry_after: None,
            date: None,
            request_id: Some("of s3cret-one".to_owned()),
            resource_id: Some("s3cret-one".to_owned()),
            body: String::new(),
        };
        let body = ReplyBody { message: Some("token s3cret-one".to_owned()), ..ReplyBody::default() };
        let told = said(&answer, &body, &Redactor::new(&["s3cret-one".to_owned()]));
        assert_eq!(told.request_id.as_deref(), Some("of …"));
        assert_eq!(told.resource_id.as_deref(), Some("…"));
        assert_eq!(told.message.as_deref(), Some("token …"));
    }

    #[test]
    fn a_body_that_is_no_object_is_unreadable_unless_it_is_empty() {
        for body in ["<html>", "[]", "{\"taskId\":\"..\"}", "\"ok\"", "{\"taskId\":\"t", "nullx"] {
            assert!(ReplyBody::parse(body).is_unreadable, "{body}");
        }
        for body in ["", " \n", "null", "{}", "{\"message\":\"\\ud800\"}"] {
            assert!(!ReplyBody::parse(body).is_unreadable, "{body}");
        }
    }

    #[test]
    fn names_and_ids_have_bounds() {
        let body =
            |name: &str, length| ReplyBody::parse(&format!(r#"{{"{name}":"{}"}}"#, "x".repeat(length)));
        assert!(body("taskId", 256).task_id.is_some() && body("taskId", 257).task_id.is_none());
        assert!(
            body("tokenName", 2_048).token_name.is_some() && body("tokenName", 2_049).token_name.is_none()
        );
    }

    proptest! {
        #[test]
        fn no_body_is_too_odd(text in "\\PC{0,200}") {
            let _ = ReplyBody::parse(&text);
        }
    }
}
