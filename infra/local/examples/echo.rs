//! The smallest function: a Lambda runtime that answers every event with the
//! event, used by the test of the local stack in place of a real function.

use std::env;
use std::error::Error;

use serde_json::{Value, json};

fn main() -> Result<(), Box<dyn Error>> {
    let host = env::var("AWS_LAMBDA_RUNTIME_API")?;
    let base = format!("http://{host}/2018-06-01/runtime/invocation");
    // The wait for the next event has no end of its own.
    let client: ureq::Agent = ureq::Agent::config_builder().proxy(None).build().into();
    loop {
        let mut reply = client.get(format!("{base}/next")).call()?;
        let id = reply.headers()["lambda-runtime-aws-request-id"].to_str()?.to_owned();
        let event: Value = reply.body_mut().read_json()?;
        write_line(&json!({"level": "INFO", "message": "echo"}))?;
        let answer = match event.get("requestContext") {
            Some(_) => json!({
                "statusCode": 418,
                "headers": {"content-type": "application/problem+json", "x-echo": "yes"},
                "body": json!({
                    "event": event,
                    "endpoint": env::var("AWS_ENDPOINT_URL").ok(),
                    "proxy": env::var("HTTPS_PROXY").ok(),
                    "bundle": env::var("SSL_CERT_FILE").ok(),
                }).to_string(),
            }),
            None => event,
        };
        client.post(format!("{base}/{id}/response")).send_json(answer)?;
    }
}

fn write_line(line: &Value) -> std::io::Result<()> {
    use std::io::Write;
    writeln!(std::io::stdout(), "{line}")
}
