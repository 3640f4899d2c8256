use serde::Serialize;

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
}

/// One of several things that are wrong, by JSON pointer (RFC 6901).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldError {
    pub pointer: String,
    pub detail: String,
}

impl FieldError {
    #[must_use]
    pub fn new(pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), detail: detail.into() }
    }
}

impl Problem {
    #[must_use]
    pub fn new(status: u16, slug: &str, title: &'static str, detail: impl Into<String>) -> Self {
        let uri = format!("urn:habeas:problem:{slug}");
        Self { uri, title, status, detail: detail.into(), errors: Vec::new() }
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
        let detail = "Some values are not acceptable; nothing was filed. \
                      Correct what `errors` names and send the request again.";
        Self::new(422, "invalid", "Invalid values", detail).with(errors)
    }

    #[must_use]
    pub fn forbidden(slug: &str, detail: impl Into<String>) -> Self {
        Self::new(403, slug, "Not allowed", detail)
    }

    /// A signed-in person whom the directory does not know.
    #[must_use]
    pub fn unknown_member() -> Self {
        Self::forbidden(
            "unknown-member",
            "You are signed in, but belong to no account here. Ask your account administrator.",
        )
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
