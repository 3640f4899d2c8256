use std::pin::Pin;

use aws_lambda_events::apigw::{ApiGatewayV2httpRequest, ApiGatewayV2httpResponse};
use aws_lambda_events::http::{HeaderMap, HeaderName, HeaderValue, header};
use habeas_domain::{Problem, StoreError};
use lambda_runtime::{LambdaEvent, service_fn};
use serde_json::Value;

use crate::{Call, StartError, chain};

/// An answer to a call.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    status: u16,
    content_type: &'static str,
    headers: Vec<(HeaderName, String)>,
    body: Content,
}

#[derive(Debug, Clone, PartialEq)]
enum Content {
    Json(Value),
    Text(String),
    Nothing,
}

/// Why a call was not done: a refusal that the caller understands, or a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    #[error("{}", .0.detail)]
    Refused(Problem),
    #[error("a port failed")]
    Failed(#[from] StoreError),
}

impl From<Problem> for Fault {
    fn from(problem: Problem) -> Self {
        Self::Refused(problem)
    }
}

impl Reply {
    #[must_use]
    pub fn ok(body: Value) -> Self {
        Self { status: 200, content_type: "application/json", headers: Vec::new(), body: Content::Json(body) }
    }

    #[must_use]
    pub fn created(location: String, body: Value) -> Self {
        Self { status: 201, ..Self::ok(body) }.with(header::LOCATION, location)
    }

    /// It is so already.
    #[must_use]
    pub fn unchanged() -> Self {
        Self { status: 204, body: Content::Nothing, ..Self::ok(Value::Null) }
    }

    /// The version of what is shown, which a change is made on the condition of.
    #[must_use]
    pub fn with_version(self, version: u64) -> Self {
        self.with(header::ETAG, format!("\"{version}\""))
    }

    #[must_use]
    pub fn with_retry_after(self, seconds: u32) -> Self {
        self.with(header::RETRY_AFTER, seconds.to_string())
    }

    /// A table that a browser saves under `file_name`.
    #[must_use]
    pub fn csv(table: String, file_name: &str) -> Self {
        let reply = Self {
            content_type: "text/csv; charset=utf-8",
            body: Content::Text(table),
            ..Self::ok(Value::Null)
        };
        reply.with(header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file_name}\""))
    }

    /// A document that is JSON already.
    #[must_use]
    pub fn document(json: &str) -> Self {
        Self { body: Content::Text(json.to_owned()), ..Self::ok(Value::Null) }
    }

    /// What is nobody's secret, and may be kept on the way for so long.
    #[must_use]
    pub fn public(text: String, content_type: &'static str, seconds: u32) -> Self {
        let reply = Self { content_type, body: Content::Text(text), ..Self::ok(Value::Null) };
        reply.with(header::CACHE_CONTROL, format!("public, max-age={seconds}"))
    }

    /// Where the list goes on (RFC 8288).
    #[must_use]
    pub fn with_next(self, path: &str) -> Self {
        let is_plain = |byte: u8| byte.is_ascii_graphic() && !b"<>\"".contains(&byte);
        let path: String = path
            .bytes()
            .map(|byte| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") })
            .collect();
        self.with(header::LINK, format!("<{path}>; rel=\"next\""))
    }

    #[must_use]
    pub fn problem(problem: &Problem) -> Self {
        let body = serde_json::to_value(problem).unwrap_or_default();
        Self { status: problem.status, content_type: "application/problem+json", ..Self::ok(body) }
    }

    fn with(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The body, where it is JSON.
    #[must_use]
    pub fn body(&self) -> &Value {
        match &self.body {
            Content::Json(body) => body,
            Content::Text(_) | Content::Nothing => &Value::Null,
        }
    }

    /// The body as it is sent.
    #[must_use]
    pub fn text(&self) -> String {
        match &self.body {
            Content::Json(body) => body.to_string(),
            Content::Text(text) => text.clone(),
            Content::Nothing => String::new(),
        }
    }

    #[must_use]
    pub fn header(&self, name: &HeaderName) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn into_event(self) -> ApiGatewayV2httpResponse {
        let mut headers = HeaderMap::new();
        if self.body != Content::Nothing {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(self.content_type));
        }
        // Answers hold personal data and links: nothing on the way keeps them,
        // unless a header of their own says otherwise.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers
            .insert(HeaderName::from_static("x-content-type-options"), HeaderValue::from_static("nosniff"));
        for (name, value) in &self.headers {
            // None of ours has a character that a header cannot carry.
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.insert(name, value);
            }
        }
        let mut event = ApiGatewayV2httpResponse::default();
        event.status_code = i64::from(self.status);
        event.headers = headers;
        event.body = Some(self.text().into());
        event
    }
}

/// Runs a function that answers calls of the HTTP API.
pub async fn serve_http<H>(handler: H) -> Result<(), StartError>
where
    H: AsyncFn(Call) -> Result<Reply, Fault>,
{
    let handler = &handler;
    lambda_runtime::run(service_fn(|event: LambdaEvent<ApiGatewayV2httpRequest>| async move {
        // Boxed, or the compiler would lay out the whole stack of clients as one type.
        let answered: Pin<Box<dyn Future<Output = _>>> = Box::pin(handler(Call::new(event.payload)));
        let reply = answered.await.unwrap_or_else(|fault| answer(&fault));
        Ok::<_, StartError>(reply.into_event())
    }))
    .await
}

fn answer(fault: &Fault) -> Reply {
    match fault {
        Fault::Refused(problem) => Reply::problem(problem),
        Fault::Failed(_) => {
            tracing::error!(error = chain(fault), "call failed");
            Reply::problem(&Problem::unavailable())
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_what_is_nobodys_secret_is_kept_on_the_way() {
        let cached = |reply: Reply| {
            let headers = reply.into_event().headers;
            let told: Vec<_> = headers.get_all(header::CACHE_CONTROL).into_iter().collect();
            assert_eq!(told.len(), 1);
            told[0].to_str().unwrap().to_owned()
        };
        assert_eq!(cached(Reply::ok(json!({}))), "no-store");
        assert_eq!(cached(Reply::problem(&Problem::unavailable())), "no-store");
        assert_eq!(cached(Reply::public("key".into(), "application/x-pem-file", 60)), "public, max-age=60");
    }
}
