use std::io::Read;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde_json::Value;
use ureq::Agent;
use ureq::http::{Method, Request};

use crate::signed::signed;
use crate::{LocalError, Result};

/// API Gateway gives an integration 30 s; the emulator has 5 s to pass it on.
const REQUEST_SECONDS_MAX: u64 = 35;
/// Archives of a test are downloaded whole; larger ones are a mistake here.
const BODY_BYTES_MAX: u64 = 1 << 30;

/// The deployed HTTP API, as one caller sees it. Calls block.
#[derive(Clone)]
pub struct Api {
    url: String,
    token: Option<String>,
    client: Agent,
}

/// What came back, whatever its status.
#[derive(Debug, Clone)]
pub struct Response {
    pub status: u16,
    /// Names are in lower case.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Api {
    /// The API at `url` for the bearer of `token`, or for nobody.
    pub fn new(url: impl Into<String>, token: Option<String>) -> Self {
        Self { url: url.into(), token, client: plain_client(Duration::from_secs(REQUEST_SECONDS_MAX)) }
    }

    pub fn get(&self, path: &str) -> Result<Response> {
        self.send("GET", path, &[], &[])
    }

    pub fn delete(&self, path: &str) -> Result<Response> {
        self.send("DELETE", path, &[], &[])
    }

    pub fn post(&self, path: &str, body: &Value) -> Result<Response> {
        let json = [("content-type", "application/json")];
        self.send("POST", path, &json, body.to_string().as_bytes())
    }

    /// Calls as a service of the operator does: with a signature and without a token.
    pub fn post_signed(&self, path: &str, body: &Value) -> Result<Response> {
        let body = body.to_string();
        let url = format!("{}{path}", self.url);
        let headers =
            signed("execute-api", "POST", &url, &[("content-type", "application/json")], body.as_bytes())?;
        let mut request = Request::builder().method(Method::POST).uri(url);
        for (name, value) in headers {
            request = request.header(name, value);
        }
        self.run("POST", path, request.body(body.into_bytes()))
    }

    /// Calls an operation of one of AWS's JSON services by hand; the URL is the emulator's.
    pub(crate) fn call(
        &self,
        service: &str,
        content_type: &str,
        target: &str,
        body: &Value,
    ) -> Result<Response> {
        let body = body.to_string();
        let headers = [("content-type", content_type), ("x-amz-target", target)];
        let signed = signed(service, "POST", &format!("{}/", self.url), &headers, body.as_bytes())?;
        let all: Vec<_> = signed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        self.send("POST", "/", &all, body.as_bytes())
    }

    /// Changes settings as of a version that was seen.
    pub fn patch(&self, path: &str, version: u64, body: &Value) -> Result<Response> {
        let version = format!("\"{version}\"");
        let headers = [("content-type", "application/merge-patch+json"), ("if-match", version.as_str())];
        self.send("PATCH", path, &headers, body.to_string().as_bytes())
    }

    /// Any other request, with the caller's token.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Response> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        self.run(method, path, request.body(body.to_vec()))
    }

    /// Fetches a link as a browser would, without the token.
    pub fn fetch(&self, link: &str) -> Result<Response> {
        let request = Request::builder().method(Method::GET).uri(link);
        self.run("GET", "the link", request.body(Vec::new()))
    }

    fn run(
        &self,
        method: &str,
        what: &str,
        request: std::result::Result<Request<Vec<u8>>, ureq::http::Error>,
    ) -> Result<Response> {
        let action = || format!("{method} {what}");
        let request = request.map_err(LocalError::aws(action()))?;
        let reply = self.client.run(request).map_err(LocalError::aws(action()))?;
        let (parts, body) = reply.into_parts();
        let headers = parts.headers.iter().map(|(name, value)| {
            let value = String::from_utf8_lossy(value.as_bytes()).into_owned();
            (name.as_str().to_owned(), value)
        });
        let mut bytes = Vec::new();
        body.into_with_config()
            .limit(BODY_BYTES_MAX)
            .reader()
            .read_to_end(&mut bytes)
            .map_err(LocalError::aws(action()))?;
        Ok(Response { status: parts.status.as_u16(), headers: headers.collect(), body: bytes })
    }
}

impl std::fmt::Debug for Api {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The token is left out: it is as good as a password.
        f.debug_struct("Api").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Response {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json<T: DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let action = format!("read the reply (status {}) as JSON", self.status);
            LocalError::unexpected(action, format!("{error}: {}", self.text()))
        })
    }
}

/// Any status is a reply, and no proxy stands between this machine and itself.
pub(crate) fn plain_client(limit: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .allow_non_standard_methods(true)
        .max_redirects(0)
        .proxy(None)
        .timeout_global(Some(limit))
        .build()
        .into()
}
