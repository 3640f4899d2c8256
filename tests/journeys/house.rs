use habeas_local::Api;
use serde_json::{Value, json};

use crate::world::{World, learn};

/// An account of a journey's own, with an owner, an admin and two members.
pub(crate) async fn house(world: &World, id: &str, plan: &str) -> [Api; 4] {
    let account = json!({"account_id": id, "name": id, "plan": plan, "country": "DE"});
    learn(&world.stack, "account.upserted", "2026-01-01T00:00:00Z", &account).await;
    let people = [("owner", "owner"), ("admin", "admin"), ("mia", "member"), ("max", "member")];
    let mut apis = Vec::new();
    for (name, role) in people {
        let email = format!("{name}@{id}.example");
        let member = json!({"account_id": id, "email": email, "name": name, "role": role});
        learn(&world.stack, "member.upserted", "2026-01-01T00:00:00Z", &member).await;
        apis.push(world.stack.api_as(&email).await.unwrap());
    }
    apis.try_into().unwrap()
}

pub(crate) fn settings(api: &Api, whose: &str) -> Value {
    let reply = api.get(&format!("/v1/settings/{whose}")).unwrap();
    assert_eq!(reply.status, 200, "{}", reply.text());
    let shown: Value = reply.json().unwrap();
    assert_eq!(reply.header("etag"), Some(format!("\"{}\"", shown["version"]).as_str()));
    shown
}

pub(crate) fn entries(api: &Api) -> Vec<Value> {
    let (mut entries, mut path) = (Vec::new(), "/v1/settings/ledger?limit=100".to_owned());
    loop {
        let page: Value = api.get(&path).unwrap().json().unwrap();
        entries.extend(page["entries"].as_array().unwrap_or_else(|| panic!("{page}")).iter().cloned());
        let Some(next) = page["next"].as_str() else { return entries };
        path = format!("/v1/settings/ledger?limit=100&cursor={next}");
    }
}
