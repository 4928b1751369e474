//! The service's REST interface: the method, path and body of each call.

use std::fmt::{self, Write};

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// A call as it is sent, without the domain and the customer's credentials.
pub(super) struct Http {
    pub(super) method: &'static str,
    /// Path and query. Carries the builder token.
    pub(super) path: String,
    /// JSON.
    pub(super) body: Option<String>,
}

/// An Update replaces the whole configuration of the transcoder.
const UPDATE_MASK: &str = "services.cloudTranscoder.config";

/// In all calls, `services` is the payload as JSON text.
pub(super) fn acquire(app_id: &str, instance_id: &str, services: &str) -> Http {
    Http {
        method: "POST",
        path: project(app_id, format_args!("builderTokens")),
        body: Some(format!(r#"{{"instanceId":"{instance_id}","services":{services}}}"#)),
    }
}

pub(super) fn create(app_id: &str, builder_token: &str, services: &str) -> Http {
    Http {
        method: "POST",
        path: project(app_id, format_args!("tasks?builderToken={}", encoded(builder_token))),
        body: Some(with_services(services)),
    }
}

/// The path of a task, with the builder token that calls about it carry.
pub(super) struct TaskPath(String);

impl TaskPath {
    pub(super) fn new(app_id: &str, task_id: &str, builder_token: &str) -> Self {
        let (task_id, builder_token) = (encoded(task_id), encoded(builder_token));
        Self(project(app_id, format_args!("tasks/{task_id}?builderToken={builder_token}")))
    }
}

pub(super) fn query(TaskPath(path): TaskPath) -> Http {
    Http { method: "GET", path, body: None }
}

pub(super) fn update(TaskPath(task): TaskPath, sequence_id: u32, services: &str) -> Http {
    Http {
        method: "PATCH",
        path: format!("{task}&sequenceId={sequence_id}&updateMask={UPDATE_MASK}"),
        body: Some(with_services(services)),
    }
}

pub(super) fn delete(TaskPath(path): TaskPath) -> Http {
    Http { method: "DELETE", path, body: None }
}

/// Lists the broadcasters of a channel: a call of another service, with a rate limit of its own.
pub(super) fn presence(app_id: &str, channel: &str) -> Http {
    Http {
        method: "GET",
        path: format!("/dev/v1/channel/user/{}/{}/hosts_only", encoded(app_id), encoded(channel)),
        body: None,
    }
}

/// A path below a project's Cloud Transcoding.
fn project(app_id: &str, of: fmt::Arguments<'_>) -> String {
    // Enough for the ids and tokens that the service uses.
    let mut path = String::with_capacity(160);
    // Writing to a string cannot fail.
    let _ = write!(path, "/v1/projects/{}/rtsc/cloud-transcoder/{of}", encoded(app_id));
    path
}

fn with_services(services: &str) -> String {
    format!(r#"{{"services":{services}}}"#)
}

/// Everything but the unreserved characters of a URL.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

fn encoded(text: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(text, ENCODED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_call_is_sent_as_the_service_documents_it() {
        let sent = |http: Http| format!("{} {} {}", http.method, http.path, http.body.unwrap_or_default());
        let base = "/v1/projects/app/rtsc/cloud-transcoder";
        assert_eq!(
            sent(acquire("app", "show-1", r#"{"x":1}"#)),
            format!(r#"POST {base}/builderTokens {{"instanceId":"show-1","services":{{"x":1}}}}"#)
        );
        assert_eq!(
            sent(create("app", "b", "{}")),
            format!(r#"POST {base}/tasks?builderToken=b {{"services":{{}}}}"#)
        );
        let task = || TaskPath::new("app", "t", "b");
        assert_eq!(sent(query(task())), format!("GET {base}/tasks/t?builderToken=b "));
        assert_eq!(
            sent(update(task(), 7, "{}")),
            format!(
                r#"PATCH {base}/tasks/t?builderToken=b&sequenceId=7&updateMask=services.cloudTranscoder.config {{"services":{{}}}}"#
            )
        );
        assert_eq!(sent(delete(task())), format!("DELETE {base}/tasks/t?builderToken=b "));
        assert_eq!(sent(presence("app", "show")), "GET /dev/v1/channel/user/app/show/hosts_only ");
    }

    #[test]
    fn names_are_encoded_in_paths() {
        let odd = "a/b?c=d&e%.~-_é";
        let encoded = "a%2Fb%3Fc%3Dd%26e%25.~-_%C3%A9";
        let base = format!("/v1/projects/{encoded}/rtsc/cloud-transcoder");
        assert_eq!(
            query(TaskPath::new(odd, odd, odd)).path,
            format!("{base}/tasks/{encoded}?builderToken={encoded}")
        );
        assert_eq!(create(odd, odd, "").path, format!("{base}/tasks?builderToken={encoded}"));
        assert_eq!(acquire(odd, "", "").path, format!("{base}/builderTokens"));
        assert_eq!(presence(odd, odd).path, format!("/dev/v1/channel/user/{encoded}/{encoded}/hosts_only"));
    }
}
