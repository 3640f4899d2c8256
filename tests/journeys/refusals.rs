use habeas_sample_data::cast;
use serde_json::{Value, json};

use crate::world::{BALTIC, BALTIC_ADMIN, journey, learn, problem};

#[test]
fn a_wrong_or_missing_token_gets_nowhere() {
    journey(async |world| {
        let before = world.traces().await;
        for token in [None, Some("nonsense".to_owned()), Some("a.b.c".to_owned())] {
            let api = world.stack.api(token);
            let body = json!({"kind": "export", "subjects": [cast().exported[0]]});
            assert_eq!(api.post("/v1/requests", &body).unwrap().status, 401);
            assert_eq!(api.get("/v1/requests").unwrap().status, 401);
        }
        assert_eq!(world.traces().await, before);
    });
}

#[test]
fn bad_input_is_named_and_leaves_no_trace() {
    journey(async |world| {
        let admin = world.admin().await;
        let one = &cast().exported[0];
        let many: Vec<_> = (0..51).map(|n| format!("p{n}@aurora.example")).collect();
        let backwards = json!({"from": "2026-03-01", "to": "2026-02-01"});
        let before = world.traces().await;
        for (body, status, pointer) in [
            (json!({"kind": "export", "subjects": [one], "soon": true}), 400, "/soon"),
            (json!({"kind": "export", "subjects": one}), 400, "/subjects"),
            (json!({"kind": "copy", "subjects": [one]}), 400, "/kind"),
            (json!({"kind": "export", "subjects": [one, "nobody"]}), 422, "/subjects/1"),
            (json!({"kind": "export", "subjects": []}), 422, "/subjects"),
            (json!({"kind": "export", "subjects": many}), 422, "/subjects"),
            (json!({"kind": "export", "subjects": [one], "date_range": backwards}), 422, "/date_range/to"),
            (json!({"kind": "delete", "subjects": [one]}), 422, "/confirm"),
            (json!({"kind": "delete", "subjects": [one], "confirm": false}), 422, "/confirm"),
            (json!({"kind": "export", "subjects": [BALTIC[0]]}), 422, "/subjects"),
            (json!({"kind": "export", "subjects": ["stranger@aurora.example"]}), 422, "/subjects"),
        ] {
            let reply = admin.post("/v1/requests", &body).unwrap();
            let (got, _, pointers) = problem(&reply);
            assert_eq!((got, pointers), (status, vec![pointer.to_owned()]), "{body}");
        }
        let json_type = [("content-type", "application/json")];
        let cut = admin.send("POST", "/v1/requests", &json_type, b"{\"kind\": \"exp").unwrap();
        assert_eq!(problem(&cut).0, 400);
        let text = admin.send("POST", "/v1/requests", &[("content-type", "text/plain")], b"{}").unwrap();
        assert_eq!(problem(&text).0, 415);
        assert_eq!(world.traces().await, before);
    });
}

#[test]
fn a_member_files_nothing_for_others_and_no_deletion() {
    journey(async |world| {
        let me = cast().member;
        let api = world.stack.api_as(&me).await.unwrap();
        let before = world.traces().await;
        for (body, slug) in [
            (json!({"kind": "export", "subjects": [cast().exported[0]]}), "others-need-administrator"),
            (json!({"kind": "delete", "subjects": [me], "confirm": true}), "deletion-needs-administrator"),
            (json!({"kind": "export", "subjects": [me]}), "self-service-off"),
        ] {
            let (status, kind, _) = problem(&api.post("/v1/requests", &body).unwrap());
            assert_eq!((status, kind.as_str()), (403, slug), "{body}");
        }
        assert_eq!(world.traces().await, before);
    });
}

#[test]
fn somebody_whom_no_account_knows_is_told_so() {
    journey(async |world| {
        let api = world.stack.api_as("stranger@aurora.example").await.unwrap();
        for reply in [api.get("/v1/requests").unwrap(), api.post("/v1/requests", &json!({})).unwrap()] {
            let (status, kind, _) = problem(&reply);
            assert_eq!((status, kind.as_str()), (403, "unknown-member"));
        }
    });
}

#[test]
fn a_removed_member_is_locked_out_whatever_comes_late() {
    journey(async |world| {
        let member = json!({
            "account_id": "aurora", "email": "leaver@aurora.example", "name": "Lea Ver", "role": "admin",
        });
        let removed = json!({"email": "leaver@aurora.example"});
        let api = world.stack.api_as("leaver@aurora.example").await.unwrap();
        learn(&world.stack, "member.upserted", "2026-02-01T00:00:00Z", &member).await;
        assert_eq!(api.get("/v1/requests").unwrap().status, 200);
        learn(&world.stack, "member.removed", "2026-02-03T00:00:00Z", &removed).await;
        assert_eq!(api.get("/v1/requests").unwrap().status, 403);
        learn(&world.stack, "member.upserted", "2026-02-02T00:00:00Z", &member).await;
        assert_eq!(api.get("/v1/requests").unwrap().status, 403);
    });
}

#[test]
fn a_request_of_another_account_answers_like_one_that_does_not_exist() {
    journey(async |world| {
        let admin = world.admin().await;
        let id = world.file(&admin, &json!({"kind": "delete", "subjects": [cast().spared], "confirm": true}));
        let other = world.stack.api_as(BALTIC_ADMIN).await.unwrap();
        let never = "01980000-0000-7000-8000-000000000000";
        for (method, path) in [("GET", ""), ("POST", "/revoke"), ("POST", "/download")] {
            let answer = |id: &str| {
                let reply = other.send(method, &format!("/v1/requests/{id}{path}"), &[], b"").unwrap();
                (reply.status, reply.body)
            };
            assert_eq!(answer(&id).0, 404);
            assert_eq!(answer(&id), answer(never), "{method} {path}");
            assert_eq!(answer(&id), answer("no-id-at-all"), "{method} {path}");
        }
        let page: Value = other.get("/v1/requests").unwrap().json().unwrap();
        assert!(page["requests"].as_array().unwrap().iter().all(|request| request["id"] != json!(id)));
        let revoked = admin.post(&format!("/v1/requests/{id}/revoke"), &json!({})).unwrap();
        assert_eq!(revoked.status, 200, "{}", revoked.text());
    });
}
