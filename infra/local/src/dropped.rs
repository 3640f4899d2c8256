use aws_sdk_dynamodb::types::TimeToLiveSpecification;
use aws_sdk_s3::types::{
    AbortIncompleteMultipartUpload, BucketLifecycleConfiguration, DefaultRetention, ExpirationStatus,
    LifecycleExpiration, LifecycleRule, LifecycleRuleFilter, NoncurrentVersionExpiration,
    ObjectLockConfiguration, ObjectLockEnabled, ObjectLockRetentionMode, ObjectLockRule,
    ServerSideEncryption, ServerSideEncryptionByDefault, ServerSideEncryptionConfiguration,
    ServerSideEncryptionRule,
};
use serde_json::{Map, Value};

use crate::deploy::Deployed;
use crate::{Clients, LocalError, Result};

/// Applies by API what the emulator's CloudFormation leaves out of a template:
/// expiry of tables, lifecycle, encryption and locks of buckets.
pub(crate) async fn apply(clients: &Clients, deployed: &Deployed) -> Result<()> {
    let resources = deployed.template["Resources"].as_object();
    for (name, resource) in resources.into_iter().flatten() {
        let Some(physical) = deployed.resources.get(name) else {
            continue;
        };
        let properties = resolved(&resource["Properties"], deployed);
        match resource["Type"].as_str() {
            Some("AWS::DynamoDB::Table") => table(clients, physical, &properties).await?,
            Some("AWS::S3::Bucket") => {
                lifecycle(clients, name, physical, &properties).await?;
                encryption(clients, physical, &properties).await?;
                object_lock(clients, physical, &properties).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

async fn table(clients: &Clients, table: &str, properties: &Value) -> Result<()> {
    let wanted = &properties["TimeToLiveSpecification"];
    let Some(attribute) = wanted["AttributeName"].as_str() else {
        return Ok(());
    };
    let action = || format!("set the expiry of table {table}");
    let described = clients
        .dynamodb
        .describe_time_to_live()
        .table_name(table)
        .send()
        .await
        .map_err(LocalError::aws(action()))?;
    // DynamoDB refuses to be told what it has been told before.
    let found = described.time_to_live_description();
    if found.and_then(|ttl| ttl.attribute_name()) == Some(attribute) {
        return Ok(());
    }
    let specification = TimeToLiveSpecification::builder()
        .attribute_name(attribute)
        .enabled(truth(&wanted["Enabled"]))
        .build()
        .map_err(LocalError::aws(action()))?;
    clients
        .dynamodb
        .update_time_to_live()
        .table_name(table)
        .time_to_live_specification(specification)
        .send()
        .await
        .map_err(LocalError::aws(action()))?;
    Ok(())
}

async fn lifecycle(clients: &Clients, name: &str, bucket: &str, properties: &Value) -> Result<()> {
    let Some(rules) = properties["LifecycleConfiguration"]["Rules"].as_array() else {
        return Ok(());
    };
    let rules = rules
        .iter()
        .filter_map(Value::as_object)
        .map(|wanted| rule(name, wanted))
        .collect::<Result<Vec<_>>>()?;
    let action = || format!("set the lifecycle of bucket {bucket}");
    let configuration = BucketLifecycleConfiguration::builder()
        .set_rules(Some(rules))
        .build()
        .map_err(LocalError::aws(action()))?;
    clients
        .s3
        .put_bucket_lifecycle_configuration()
        .bucket(bucket)
        .lifecycle_configuration(configuration)
        .send()
        .await
        .map_err(LocalError::aws(action()))?;
    Ok(())
}

fn rule(resource: &str, wanted: &Map<String, Value>) -> Result<LifecycleRule> {
    let mut rule = LifecycleRule::builder();
    let mut expiration: Option<LifecycleExpiration> = None;
    let mut prefix = "";
    for (property, value) in wanted {
        match property.as_str() {
            "Id" => rule = rule.id(value.as_str().unwrap_or_default()),
            "Status" => rule = rule.status(value.as_str().unwrap_or_default().into()),
            "Prefix" => prefix = value.as_str().unwrap_or_default(),
            "ExpirationInDays" => {
                let days = LifecycleExpiration::builder().set_days(days(value));
                expiration = Some(days.build());
            }
            "ExpiredObjectDeleteMarker" => {
                let marker = LifecycleExpiration::builder();
                let marker = marker.expired_object_delete_marker(truth(value)).build();
                expiration = expiration.or(Some(marker));
            }
            "NoncurrentVersionExpiration" => {
                let noncurrent = NoncurrentVersionExpiration::builder()
                    .set_noncurrent_days(days(&value["NoncurrentDays"]))
                    .set_newer_noncurrent_versions(days(&value["NewerNoncurrentVersions"]));
                rule = rule.noncurrent_version_expiration(noncurrent.build());
            }
            "AbortIncompleteMultipartUpload" => {
                let abort = AbortIncompleteMultipartUpload::builder()
                    .set_days_after_initiation(days(&value["DaysAfterInitiation"]));
                rule = rule.abort_incomplete_multipart_upload(abort.build());
            }
            other => {
                return Err(LocalError::NotApplied {
                    resource: resource.to_owned(),
                    property: format!("LifecycleConfiguration.Rules.{other}"),
                });
            }
        }
    }
    if !wanted.contains_key("Status") {
        rule = rule.status(ExpirationStatus::Enabled);
    }
    rule.set_expiration(expiration)
        .filter(LifecycleRuleFilter::builder().prefix(prefix).build())
        .build()
        .map_err(LocalError::aws(format!("read the lifecycle of {resource}")))
}

async fn encryption(clients: &Clients, bucket: &str, properties: &Value) -> Result<()> {
    let wanted = &properties["BucketEncryption"]["ServerSideEncryptionConfiguration"];
    let Some(rules) = wanted.as_array() else {
        return Ok(());
    };
    let action = || format!("set the encryption of bucket {bucket}");
    let mut configuration = ServerSideEncryptionConfiguration::builder();
    for rule in rules {
        let default = &rule["ServerSideEncryptionByDefault"];
        let algorithm = default["SSEAlgorithm"].as_str().unwrap_or("AES256");
        let by_default = ServerSideEncryptionByDefault::builder()
            .sse_algorithm(ServerSideEncryption::from(algorithm))
            .set_kms_master_key_id(default["KMSMasterKeyID"].as_str().map(str::to_owned))
            .build()
            .map_err(LocalError::aws(action()))?;
        let rule = ServerSideEncryptionRule::builder()
            .apply_server_side_encryption_by_default(by_default)
            .bucket_key_enabled(truth(&rule["BucketKeyEnabled"]));
        configuration = configuration.rules(rule.build());
    }
    let configuration = configuration.build().map_err(LocalError::aws(action()))?;
    clients
        .s3
        .put_bucket_encryption()
        .bucket(bucket)
        .server_side_encryption_configuration(configuration)
        .send()
        .await
        .map_err(LocalError::aws(action()))?;
    Ok(())
}

async fn object_lock(clients: &Clients, bucket: &str, properties: &Value) -> Result<()> {
    let retention = &properties["ObjectLockConfiguration"]["Rule"]["DefaultRetention"];
    let Some(mode) = retention["Mode"].as_str() else {
        return Ok(());
    };
    let retention = DefaultRetention::builder()
        .mode(ObjectLockRetentionMode::from(mode))
        .set_days(days(&retention["Days"]))
        .build();
    let configuration = ObjectLockConfiguration::builder()
        .object_lock_enabled(ObjectLockEnabled::Enabled)
        .rule(ObjectLockRule::builder().default_retention(retention).build())
        .build();
    clients
        .s3
        .put_object_lock_configuration()
        .bucket(bucket)
        .object_lock_configuration(configuration)
        .send()
        .await
        .map_err(LocalError::aws(format!("lock bucket {bucket}")))?;
    Ok(())
}

/// The properties this file reads, with references to parameters and resources
/// replaced by what they stand for. Other functions stay and are not read.
fn resolved(value: &Value, deployed: &Deployed) -> Value {
    match value {
        Value::Object(fields) => referred(fields, deployed).unwrap_or_else(|| {
            let each = |(name, value): (&String, &Value)| (name.clone(), resolved(value, deployed));
            Value::Object(fields.iter().map(each).collect())
        }),
        Value::Array(values) => values.iter().map(|v| resolved(v, deployed)).collect(),
        plain => plain.clone(),
    }
}

fn referred(fields: &Map<String, Value>, deployed: &Deployed) -> Option<Value> {
    if let Some(name) = fields.get("Ref") {
        return reference(name.as_str()?, deployed);
    }
    // Every name of a key serves where its ARN is wanted.
    let path = fields.get("Fn::GetAtt")?;
    let name = path[0].as_str().or(path.as_str())?;
    reference(name.split('.').next()?, deployed)
}

fn reference(name: &str, deployed: &Deployed) -> Option<Value> {
    let found = deployed.parameters.get(name).or(deployed.resources.get(name));
    found.map(|text| Value::from(text.as_str()))
}

/// A parameter is text whatever its type.
fn days(value: &Value) -> Option<i32> {
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok())?;
    i32::try_from(number).ok()
}

fn truth(value: &Value) -> bool {
    value.as_bool().unwrap_or(value.as_str() == Some("true"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(value: &Value) -> &Map<String, Value> {
        value.as_object().unwrap()
    }

    #[test]
    fn a_rule_of_the_template_becomes_a_rule_of_s3() {
        let wanted = json!({
            "Id": "expire", "Status": "Enabled", "Prefix": "work/", "ExpirationInDays": "91",
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 2},
        });
        let rule = rule("Archive", object(&wanted)).unwrap();
        assert_eq!(rule.expiration().and_then(LifecycleExpiration::days), Some(91));
        assert_eq!(rule.filter().and_then(LifecycleRuleFilter::prefix), Some("work/"));
        assert_eq!(rule.status(), &ExpirationStatus::Enabled);
    }

    #[test]
    fn a_property_that_nobody_applies_is_an_error_not_silence() {
        let wanted = json!({"Status": "Enabled", "Transitions": []});
        let error = rule("Archive", object(&wanted)).unwrap_err().to_string();
        assert!(error.contains("Archive.LifecycleConfiguration.Rules.Transitions"));
    }
}
