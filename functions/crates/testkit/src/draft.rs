#![expect(clippy::expect_used, reason = "a broken example is a broken test")]

use habeas_lambda::Call;
use serde_json::{Value, json};

use crate::build::call;

/// A call like one of the files under `events/`, with parts of it changed.
#[derive(Debug, Clone)]
pub struct Draft {
    event: Value,
}

impl Draft {
    #[must_use]
    pub fn of(event: &str) -> Self {
        Self { event: serde_json::from_str(event).expect("an event of API Gateway") }
    }

    /// Somebody else calls.
    #[must_use]
    pub fn by(self, email: &str) -> Self {
        self.claim("email", email)
    }

    /// The verified token says something else.
    #[must_use]
    pub fn claim(mut self, name: &str, value: &str) -> Self {
        self.event["requestContext"]["authorizer"]["jwt"]["claims"][name] = json!(value);
        self
    }

    #[must_use]
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.event["headers"][name] = json!(value);
        self
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.event["body"] = json!(body.into());
        self
    }

    /// The path names another request.
    #[must_use]
    pub fn request(mut self, id: &str) -> Self {
        self.event["pathParameters"] = json!({ "id": id });
        self
    }

    /// These query parameters and no others.
    #[must_use]
    pub fn query(mut self, parameters: &[(&str, &str)]) -> Self {
        self.event["queryStringParameters"] =
            parameters.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let raw: Vec<_> = parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
        self.event["rawQueryString"] = json!(raw.join("&"));
        self
    }

    #[must_use]
    pub fn call(self) -> Call {
        call(&self.event.to_string())
    }
}
