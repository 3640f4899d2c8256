use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;

use super::usage::{Kind, Usage};

/// What runs by the clock, whether or not anybody asks for anything.
pub(super) const BY_THE_CLOCK: [&str; 3] = ["sweep", "consent", "anchor"];

/// By which name the meter writes down what the state machine calls by itself.
const STATE_MACHINE: &str = "states";

/// A call that the emulator answered, as `infra/bench/meter.py` writes it down.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Call {
    /// A function, the state machine, or whoever has the access key.
    by: String,
    service: String,
    operation: String,
    /// The table or the bucket.
    on: String,
    #[serde(default)]
    read: f64,
    #[serde(default)]
    write: f64,
}

/// What the calls of a request use. `functions` has the name of a function's
/// binary to that of the function.
///
/// Calls of the API count whoever makes them; else only what functions and the
/// state machine call does: the rest is this program, looking on.
pub(super) fn usage_of(calls: &[Call], functions: &BTreeMap<String, String>) -> Usage {
    let of_request: BTreeSet<&str> = functions
        .iter()
        .filter(|(binary, _)| !BY_THE_CLOCK.contains(&binary.as_str()))
        .map(|(_, name)| name.as_str())
        .chain([STATE_MACHINE])
        .collect();
    let mut usage = Usage::default();
    let mut keys = BTreeSet::new();
    for call in calls {
        if call.service == "execute-api" {
            usage.add(Kind::ApiCall, 1.0);
        } else if of_request.contains(call.by.as_str()) {
            call.add_to(&mut usage);
            if call.needs_a_key() {
                keys.insert((&call.by, &call.on));
            }
        }
    }
    // Both services keep a data key for a caller for some minutes: S3 as a bucket
    // key, DynamoDB as the table's. A request is over before they are asked for again.
    usage.add(Kind::KmsCall, keys.len() as f64);
    usage
}

impl Call {
    fn add_to(&self, usage: &mut Usage) {
        match self.service.as_str() {
            "dynamodb" => {
                usage.add(Kind::ReadUnit, self.read);
                usage.add(Kind::WriteUnit, self.write);
            }
            "s3" => {
                if let Some(kind) = s3_class(&self.operation) {
                    usage.add(kind, 1.0);
                }
            }
            "kms" if ["Sign", "GetPublicKey"].contains(&self.operation.as_str()) => {
                usage.add(Kind::KmsEccCall, 1.0);
            }
            "kms" => usage.add(Kind::KmsCall, 1.0),
            "ses" if self.operation.ends_with("/outbound-emails") => usage.add(Kind::Mail, 1.0),
            // Executions are billed by their transitions, and invocations by the log.
            _ => {}
        }
    }

    /// Tables and buckets are encrypted with keys of KMS; names and lists are not.
    fn needs_a_key(&self) -> bool {
        match self.service.as_str() {
            "dynamodb" => true,
            "s3" => !["List", "Head", "Delete", "Abort"].iter().any(|verb| self.operation.starts_with(verb)),
            _ => false,
        }
    }
}

/// By which of its two prices S3 bills an operation; none for those that are free.
fn s3_class(operation: &str) -> Option<Kind> {
    match operation {
        "DeleteObject" | "DeleteObjects" | "AbortMultipartUpload" => None,
        "GetObject" | "HeadObject" | "HeadBucket" => Some(Kind::S3Get),
        // Whatever else there may be is billed as what costs more.
        _ => Some(Kind::S3Put),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINES: &str = r#"
        {"ms": 1, "by": "", "service": "execute-api", "operation": "POST", "on": "", "status": 201, "out": 9}
        {"ms": 2, "by": "habeas-Collect", "service": "dynamodb", "operation": "Query", "on": "chat", "status": 200, "read": 1.5, "write": 0.0}
        {"ms": 3, "by": "habeas-Collect", "service": "dynamodb", "operation": "Query", "on": "chat", "status": 200, "read": 0.5, "write": 0.0}
        {"ms": 4, "by": "states", "service": "dynamodb", "operation": "UpdateItem", "on": "habeas", "status": 200, "read": 0.0, "write": 5.0}
        {"ms": 5, "by": "habeas-Collect", "service": "s3", "operation": "PutObject", "on": "work", "status": 200, "out": 0}
        {"ms": 6, "by": "habeas-Collect", "service": "s3", "operation": "GetObject", "on": "work", "status": 200, "out": 80}
        {"ms": 7, "by": "habeas-Collect", "service": "s3", "operation": "ListObjects", "on": "archives", "status": 200, "out": 80}
        {"ms": 8, "by": "habeas-Collect", "service": "s3", "operation": "DeleteObjects", "on": "work", "status": 200, "out": 80}
        {"ms": 8, "by": "habeas-Collect", "service": "kms", "operation": "GenerateMac", "on": "", "status": 200, "out": 80}
        {"ms": 8, "by": "habeas-Verify", "service": "kms", "operation": "Sign", "on": "", "status": 200, "out": 80}
        {"ms": 9, "by": "habeas-Notify", "service": "ses", "operation": "POST /v2/email/outbound-emails", "on": "", "status": 200, "out": 9}
        {"ms": 9, "by": "habeas-Sweep", "service": "dynamodb", "operation": "Query", "on": "habeas", "status": 200, "read": 9.0, "write": 0.0}
        {"ms": 9, "by": "test", "service": "states", "operation": "DescribeExecution", "on": "", "status": 200, "out": 9}
    "#;

    fn calls() -> Vec<Call> {
        let lines = LINES.lines().filter(|line| !line.trim().is_empty());
        lines.map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    #[test]
    fn what_a_request_calls_is_counted_and_nothing_besides() {
        let names = ["Collect", "Notify", "Sweep", "Verify"].map(|name| (name, format!("habeas-{name}")));
        let functions = names.map(|(binary, name)| (binary.to_lowercase(), name)).into();
        let expected = Usage::default()
            .with(Kind::ApiCall, 1.0)
            .with(Kind::ReadUnit, 2.0)
            .with(Kind::WriteUnit, 5.0)
            .with(Kind::S3Put, 2.0)
            .with(Kind::S3Get, 1.0)
            .with(Kind::Mail, 1.0)
            .with(Kind::KmsCall, 4.0)
            .with(Kind::KmsEccCall, 1.0);
        assert_eq!(usage_of(&calls(), &functions), expected);
    }
}
