use serde_json::Value;

use crate::deploy::Deployed;
use crate::{Clients, LocalError, Result};

/// Takes out of bucket policies what refuses callers without TLS.
///
/// The emulator speaks plain HTTP and enforces policies, so that every function
/// would be locked out of its buckets. Everything else a policy says stays.
pub(crate) async fn lift(clients: &Clients, deployed: &Deployed) -> Result<()> {
    for bucket in buckets(deployed) {
        let action = || format!("change the policy of bucket {bucket}");
        let reply = clients.s3.get_bucket_policy().bucket(&bucket).send().await;
        let reply = reply.map_err(LocalError::aws(action()))?;
        let policy = serde_json::from_str(reply.policy().unwrap_or_default())
            .map_err(|error| LocalError::unexpected(action(), error))?;
        let Some(policy) = without_tls(policy) else {
            continue;
        };
        clients
            .s3
            .put_bucket_policy()
            .bucket(&bucket)
            .policy(policy.to_string())
            .send()
            .await
            .map_err(LocalError::aws(action()))?;
    }
    Ok(())
}

/// The buckets that have a policy of their own.
fn buckets(deployed: &Deployed) -> Vec<String> {
    let resources = deployed.template["Resources"].as_object();
    let policies = resources.into_iter().flatten().filter(|(name, resource)| {
        resource["Type"] == "AWS::S3::BucketPolicy" && deployed.resources.contains_key(*name)
    });
    let bucket = |policy: &Value| {
        let bucket = &policy["Properties"]["Bucket"];
        match bucket["Ref"].as_str() {
            Some(name) => deployed.resources.get(name).cloned(),
            None => bucket.as_str().map(str::to_owned),
        }
    };
    policies.filter_map(|(_, policy)| bucket(policy)).collect()
}

/// The changed policy, or none where nothing had to change.
///
/// The statement stays and is turned to refuse TLS, which nobody uses here,
/// because a policy must have a statement.
fn without_tls(mut policy: Value) -> Option<Value> {
    let mut changed = false;
    for statement in policy["Statement"].as_array_mut()? {
        let condition = statement.pointer_mut("/Condition/Bool/aws:SecureTransport");
        if let Some(condition) = condition.filter(|condition| **condition == "false") {
            *condition = "true".into();
            changed = true;
        }
    }
    changed.then_some(policy)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn only_the_refusal_of_plain_http_is_turned() {
        let statement = |tls: &str| {
            json!({"Statement": [
                {"Effect": "Allow", "Action": "s3:GetObject"},
                {"Effect": "Deny", "Action": "s3:*", "Condition": {"Bool": {"aws:SecureTransport": tls}}},
            ]})
        };
        let lifted = without_tls(statement("false")).unwrap();
        assert_eq!(lifted["Statement"][1], statement("true")["Statement"][1]);
        assert_eq!(lifted["Statement"][0], statement("false")["Statement"][0]);
        assert_eq!(without_tls(statement("true")), None);
    }
}
