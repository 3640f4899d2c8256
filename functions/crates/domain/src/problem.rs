use serde::Serialize;
use serde_json::Value;

use crate::RequestId;

/// A refusal in the form of RFC 9457, written for the person who reads it.
///
/// The slug is public API: clients may branch on it, so it never changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    pub uri: String,
    pub title: &'static str,
    pub status: u16,
    pub detail: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// The path of the request that is in the way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<str>>,
    /// What is there instead of what was expected. Boxed: refusals travel a lot, and few have it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub present: Option<Box<Value>>,
}

/// One of several things that are wrong, by JSON pointer (RFC 6901) or by the
/// line of an upload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
    /// Counted from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    pub detail: String,
}

impl FieldError {
    #[must_use]
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: Some(pointer.into()), line: None, detail: detail.into() }
    }

    #[must_use]
    pub fn in_line(line: u64, detail: impl Into<String>) -> Self {
        Self { pointer: None, line: Some(line), detail: detail.into() }
    }
}

impl Problem {
    #[must_use]
    pub fn new(status: u16, slug: &str, title: &'static str, detail: impl Into<String>) -> Self {
        let uri = format!("urn:habeas:problem:{slug}");
        Self { uri, title, status, detail: detail.into(), errors: Vec::new(), request: None, present: None }
    }

    #[must_use]
    pub fn with(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    /// The answer for an id that does not exist and for one of another account alike.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(
            404,
            "not-found",
            "Not found",
            "There is no such thing here. Check the id, and the account you are signed in to.",
        )
    }

    #[must_use]
    pub fn malformed(detail: impl Into<String>) -> Self {
        Self::new(400, "malformed", "Malformed request", detail)
    }

    #[must_use]
    pub fn invalid(errors: Vec<FieldError>) -> Self {
        let detail = "Some values are not acceptable; nothing was changed. \
                      Correct what `errors` names and send the request again.";
        Self::new(422, "invalid", "Invalid values", detail).with(errors)
    }

    #[must_use]
    pub fn forbidden(slug: &str, detail: impl Into<String>) -> Self {
        Self::new(403, slug, "Not allowed", detail)
    }

    /// The same work is under way already.
    #[must_use]
    pub fn duplicate(of: RequestId) -> Self {
        let detail = "The same people, kind and range are in a request that has not ended. \
                      Look at `request`, or send `allow_duplicate` to file another one.";
        let request = Some(format!("/v1/requests/{of}").into());
        Self { request, ..Self::new(409, "duplicate", "Already requested", detail) }
    }

    /// Nobody has seen what this deletion would erase.
    #[must_use]
    pub fn preview_outdated() -> Self {
        let detail = "`preview_digest` is of no preview that is still valid for these people and data types; \
                      nothing was filed. Preview the deletion again, look at the counts, and send the new digest.";
        Self::new(409, "preview-outdated", "Preview outdated", detail)
    }

    /// There is more to count than anybody waits for.
    #[must_use]
    pub fn preview_too_large() -> Self {
        let detail = "Counting took longer than an answer may take. Preview fewer people or data types at a \
                      time; the deletion itself has no such limit.";
        Self::new(422, "preview-too-large", "Too large to preview", detail)
    }

    /// An idempotency key stands for one order.
    #[must_use]
    pub fn key_reused() -> Self {
        let detail = "This Idempotency-Key was used for another order within the last 24 hours. \
                      Repeat that order unchanged, or send this one with a new key.";
        Self::new(422, "idempotency-key-reused", "Idempotency key reused", detail)
    }

    /// Somebody else changed it first.
    #[must_use]
    pub fn stale(present: Value) -> Self {
        let detail = "This was changed since you have read it; `present` is how it is now. \
                      Look at it, and send the change again with its version in If-Match.";
        Self { present: Some(Box::new(present)), ..Self::new(412, "stale", "Changed meanwhile", detail) }
    }

    /// Nobody overwrites what they have not seen (RFC 6585).
    #[must_use]
    pub fn version_required() -> Self {
        let detail = "Send the ETag of the settings that you have read in an If-Match header, such as \"3\".";
        Self::new(428, "version-required", "Version required", detail)
    }

    /// A signed-in person whom the directory does not know.
    #[must_use]
    pub fn unknown_member() -> Self {
        Self::forbidden(
            "unknown-member",
            "You are signed in, but belong to no account here. Ask your account administrator.",
        )
    }

    /// Too many others are changing the same.
    #[must_use]
    pub fn busy() -> Self {
        let detail = "Others are changing settings of the same account just now; nothing was changed. \
                      Send the change again in a second.";
        Self::new(503, "busy", "Busy", detail)
    }

    /// A data source failed, for the reason given. What it holds is not left out silently.
    #[must_use]
    pub fn source_unavailable(reason: &dyn std::fmt::Display) -> Self {
        let detail = format!(
            "{reason} Nothing was counted. Try again in a moment; if it stays so, the operator has to see to it."
        );
        Self::new(503, "unavailable", "Temporarily unavailable", detail)
    }

    /// Something of ours failed; what exactly is in the log and not in the reply.
    #[must_use]
    pub fn unavailable() -> Self {
        Self::new(
            503,
            "unavailable",
            "Temporarily unavailable",
            "The call could not be handled just now. Try again in a moment, after a look at your requests.",
        )
    }
}
