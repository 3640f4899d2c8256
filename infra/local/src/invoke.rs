use aws_sdk_lambda::Client;
use aws_sdk_lambda::primitives::Blob;
use aws_sdk_lambda::types::LogType;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::{LocalError, Result};

/// What one call of a function gave.
#[derive(Debug, Clone, PartialEq)]
pub struct Invocation {
    /// The reply, or the error's type and message.
    pub payload: Value,
    /// `Unhandled` where the function failed.
    pub function_error: Option<String>,
    /// The last lines that the function printed.
    pub log_tail: String,
}

pub(crate) async fn invoke(client: &Client, name: &str, payload: &Value) -> Result<Invocation> {
    let action = || format!("invoke function {name}");
    let reply = client
        .invoke()
        .function_name(name)
        .payload(Blob::new(payload.to_string()))
        .log_type(LogType::Tail)
        .send()
        .await
        .map_err(LocalError::aws(action()))?;
    let bytes = reply.payload().map_or(&b"null"[..], Blob::as_ref);
    let payload = serde_json::from_slice(bytes).map_err(|error| LocalError::unexpected(action(), error))?;
    let log = STANDARD
        .decode(reply.log_result().unwrap_or_default())
        .map_err(|error| LocalError::unexpected(action(), error))?;
    Ok(Invocation {
        payload,
        function_error: reply.function_error().map(str::to_owned),
        log_tail: String::from_utf8_lossy(&log).into_owned(),
    })
}
