use serde_json::{Value, json};

/// What the indexes of lists carry: everything but the timeline.
const LISTED: [&str; 14] = [
    "kind",
    "status",
    "subjects",
    "data_types",
    "date_range",
    "requestor",
    "follows",
    "created_at",
    "starts_at",
    "due_at",
    "ended_at",
    "failure",
    "archive",
    "counts",
];

/// The table of `infra/template.yaml`; a test holds the two together.
pub(crate) fn create_table(name: &str) -> Value {
    let texts = ["pk", "sk", "account", "requestor_pk", "id", "queue", "queue_at", "administers", "email"];
    let definitions = texts.map(|name| json!({"AttributeName": name, "AttributeType": "S"}));
    let with_account: Vec<_> = [&["account"][..], &LISTED].concat();
    json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "AttributeDefinitions": definitions,
        "KeySchema": keys("pk", "sk"),
        "GlobalSecondaryIndexes": [
            index("by-account", "account", "id", json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": LISTED})),
            index(
                "by-requestor", "requestor_pk", "id",
                json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": with_account}),
            ),
            index("by-queue", "queue", "queue_at", json!({"ProjectionType": "ALL"})),
            index(
                "by-administrator", "administers", "email",
                json!({"ProjectionType": "INCLUDE", "NonKeyAttributes": ["account_id", "name", "role"]}),
            ),
        ],
    })
}

fn index(name: &str, hash: &str, range: &str, projection: Value) -> Value {
    json!({"IndexName": name, "KeySchema": keys(hash, range), "Projection": projection})
}

fn keys(hash: &str, range: &str) -> Value {
    json!([
        {"AttributeName": hash, "KeyType": "HASH"},
        {"AttributeName": range, "KeyType": "RANGE"},
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_template_has_the_same_keys_indexes_and_attributes() {
        let template = include_str!("../../../../infra/template.yaml");
        let table = template.split("TimeToLiveSpecification").next().unwrap();
        let table = table.split("  Table:\n").nth(1).unwrap();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let created = create_table("any");
        let mut expected = Vec::new();
        let key = |keys: &Value, expected: &mut Vec<String>| {
            for key in keys.as_array().unwrap() {
                let (name, kind) = (text(&key["AttributeName"]), text(&key["KeyType"]));
                expected.push(format!("{{ AttributeName: {name}, KeyType: {kind} }}"));
            }
        };
        for definition in created["AttributeDefinitions"].as_array().unwrap() {
            let name = text(&definition["AttributeName"]);
            expected.push(format!("{{ AttributeName: {name}, AttributeType: S }}"));
        }
        key(&created["KeySchema"], &mut expected);
        for index in created["GlobalSecondaryIndexes"].as_array().unwrap() {
            expected.push(format!("IndexName: {}", text(&index["IndexName"])));
            key(&index["KeySchema"], &mut expected);
            if let Some(listed) = index["Projection"]["NonKeyAttributes"].as_array() {
                let listed: Vec<_> = listed.iter().map(text).collect();
                expected.push(format!("NonKeyAttributes: [{}]", listed.join(", ")));
            }
        }
        let lines = table.lines().map(|line| line.trim().trim_start_matches("- "));
        let marked = |line: &&str| {
            ["{ AttributeName", "IndexName", "NonKeyAttributes"].iter().any(|mark| line.starts_with(mark))
        };
        assert_eq!(lines.filter(marked).collect::<Vec<_>>(), expected);
    }
}
