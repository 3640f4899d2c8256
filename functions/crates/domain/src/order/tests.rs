use serde_json::json;

use super::*;

fn parse(body: &serde_json::Value) -> Result<Order, Problem> {
    Order::parse(body.to_string().as_bytes())
}

fn pointers(problem: &Problem) -> Vec<&str> {
    problem.errors.iter().filter_map(|error| error.pointer.as_deref()).collect()
}

#[test]
fn all_data_types_are_meant_where_none_is_named() {
    let order = parse(&json!({"kind": "export", "subjects": ["ana@amber.example"]})).unwrap();
    assert_eq!(order.data_types, DataType::ALL);
}

#[test]
fn people_are_counted_after_removing_duplicates() {
    let same = vec![" Ana@amber.example"; 51];
    let order = parse(&json!({"kind": "export", "subjects": same})).unwrap();
    assert_eq!(order.subjects.len(), 1);
}

#[test]
fn the_fifty_first_person_refuses_the_whole_request() {
    let people = |n: usize| (0..n).map(|i| format!("p{i}@amber.example")).collect::<Vec<_>>();
    assert!(parse(&json!({"kind": "export", "subjects": people(50)})).is_ok());
    let problem = parse(&json!({"kind": "export", "subjects": people(51)})).unwrap_err();
    assert_eq!((problem.status, pointers(&problem)), (422, vec!["/subjects"]));
}

#[test]
fn every_bad_value_is_reported_in_one_answer() {
    let problem = parse(&json!({
        "kind": "export", "subjects": ["ana@amber.example", "nobody", ""], "data_types": [],
        "date_range": {"from": "2026-02-01", "to": "2026-01-31"}, "confirm": true,
    }))
    .unwrap_err();
    assert_eq!(
        pointers(&problem),
        ["/subjects/1", "/subjects/2", "/data_types", "/date_range/to", "/confirm"]
    );
}

#[test]
fn a_body_of_another_shape_is_named_by_its_place() {
    for (body, pointer) in [
        (json!({"kind": "export", "subjects": "ana@amber.example"}), "/subjects"),
        (json!({"kind": "copy", "subjects": []}), "/kind"),
        (json!({"kind": "export", "subjects": ["a@b.example", 7]}), "/subjects/1"),
        (json!({"kind": "export", "subjects": [], "urgent": true}), "/urgent"),
        (
            json!({"kind": "export", "subjects": [], "date_range": {"from": "2026-13-01", "to": "2026-01-01"}}),
            "/date_range/from",
        ),
    ] {
        let problem = parse(&body).unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (400, vec![pointer]), "{body}");
    }
}

#[test]
fn a_body_that_is_no_json_is_malformed() {
    for body in ["", "{", "[]x", "null"] {
        assert_eq!(Order::parse(body.as_bytes()).unwrap_err().status, 400, "{body}");
    }
}

#[test]
fn a_deletion_must_be_confirmed_and_has_no_range() {
    let subjects = ["ana@amber.example"];
    assert!(parse(&json!({"kind": "delete", "subjects": subjects, "confirm": true})).is_ok());
    for confirm in [json!(null), json!(false)] {
        let problem =
            parse(&json!({"kind": "delete", "subjects": subjects, "confirm": confirm})).unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (422, vec!["/confirm"]));
    }
    let range = json!({"from": "2026-01-01", "to": "2026-01-31"});
    let problem =
        parse(&json!({"kind": "delete", "subjects": subjects, "confirm": true, "date_range": range}))
            .unwrap_err();
    assert_eq!(pointers(&problem), ["/date_range"]);
}

fn upload(csv: &str, query: &[(&str, &'static str)]) -> Result<Order, Problem> {
    Order::parse_csv(csv.as_bytes(), |name| {
        query.iter().find(|(known, _)| *known == name).map(|(_, value)| *value)
    })
}

#[test]
fn an_upload_says_the_same_as_json() {
    let json = parse(&json!({
        "kind": "export", "subjects": ["b@amber.example", "a@amber.example"],
        "data_types": ["chat", "meetings"],
        "date_range": {"from": "2026-01-01", "to": "2026-01-31"},
    }));
    let csv = upload(
        "email\r\nb@amber.example\r\na@amber.example\r\n",
        &[("kind", "export"), ("data_types", "chat, meetings"), ("from", "2026-01-01"), ("to", "2026-01-31")],
    );
    let (json, csv) = (json.unwrap(), csv.unwrap());
    assert_eq!(csv.lines.values().copied().collect::<Vec<_>>(), [3, 2]);
    assert_eq!(Order { lines: json.lines.clone(), ..csv }, json);
    let deletion = upload("a@amber.example", &[("kind", "delete"), ("confirm", "true")]).unwrap();
    assert_eq!(deletion.kind, Kind::Delete);
}

#[test]
fn a_bad_query_of_an_upload_is_named() {
    for (query, pointer) in [
        (&[][..], "/kind"),
        (&[("kind", "copy")], "/kind"),
        (&[("kind", "export"), ("data_types", "chat,mail")], "/data_types"),
        (&[("kind", "export"), ("from", "2026-01-01")], "/to"),
        (&[("kind", "export"), ("to", "2026-01-01")], "/from"),
        (&[("kind", "export"), ("from", "yesterday"), ("to", "2026-01-01")], "/from"),
        (&[("kind", "delete"), ("confirm", "yes")], "/confirm"),
    ] {
        let problem = upload("a@amber.example", query).unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (400, vec![pointer]), "{query:?}");
    }
}

#[test]
fn a_bad_query_and_bad_lines_are_reported_together() {
    let problem = upload("nobody\n", &[("kind", "copy"), ("confirm", "yes")]).unwrap_err();
    let places: Vec<_> = problem.errors.iter().map(|error| (error.line, error.pointer.as_deref())).collect();
    assert_eq!(places, [(None, Some("/confirm")), (None, Some("/kind")), (Some(1), None)]);
}

#[test]
fn an_upload_reports_bad_lines_and_bad_values_in_one_answer() {
    let problem = upload("email\nnobody\na@amber.example\n@x\n", &[("kind", "delete")]).unwrap_err();
    let places: Vec<_> = problem.errors.iter().map(|error| (error.line, error.pointer.as_deref())).collect();
    assert_eq!(places, [(Some(2), None), (Some(4), None), (None, Some("/confirm"))]);
}

#[test]
fn a_deletion_names_its_preview_and_an_export_has_none() {
    let digest = Digest::of("any");
    let deletion = |text: &str| {
        parse(
            &json!({"kind": "delete", "subjects": ["a@amber.example"], "confirm": true, "preview_digest": text}),
        )
    };
    assert_eq!(deletion(digest.as_str()).unwrap().preview, Some(digest.clone()));
    assert_eq!(deletion(&digest.as_str().to_uppercase()).unwrap().preview, Some(digest.clone()));
    for text in ["", "latest", &digest.as_str()[1..], &format!("g{}", &digest.as_str()[1..])] {
        let problem = deletion(text).unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (422, vec!["/preview_digest"]), "{text}");
    }
    for text in [digest.as_str(), "latest"] {
        let problem =
            parse(&json!({"kind": "export", "subjects": ["a@amber.example"], "preview_digest": text}))
                .unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (422, vec!["/preview_digest"]));
    }
}

#[test]
fn an_upload_names_the_preview_of_a_deletion_in_its_query() {
    const DIGEST: &str = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";
    let deletion = |digest| {
        let query = [("kind", "delete"), ("confirm", "true"), ("preview_digest", digest)];
        upload("a@amber.example", &query)
    };
    assert_eq!(deletion(DIGEST).unwrap().preview, Some(Digest::parse(DIGEST).unwrap()));
    assert_eq!(pointers(&deletion("latest").unwrap_err()), ["/preview_digest"]);
    let export = upload("a@amber.example", &[("kind", "export"), ("preview_digest", DIGEST)]);
    assert_eq!(pointers(&export.unwrap_err()), ["/preview_digest"]);
}

#[test]
fn what_is_previewed_is_a_deletion_by_the_same_rules() {
    let preview = |body: &serde_json::Value| Order::parse_preview(body.to_string().as_bytes());
    let order = preview(&json!({"subjects": [" B@amber.example", "a@amber.example", "b@amber.example"]}));
    let deletion = parse(
        &json!({"kind": "delete", "subjects": ["a@amber.example", "b@amber.example"], "confirm": true}),
    );
    assert_eq!(order, deletion);
    let chat = preview(&json!({"subjects": ["a@amber.example"], "data_types": ["chat"]})).unwrap();
    assert_eq!(chat.data_types, [DataType::Chat]);
    let people = |n: usize| (0..n).map(|i| format!("p{i}@amber.example")).collect::<Vec<_>>();
    for (body, status, places) in [
        (json!({"subjects": ["nobody", ""]}), 422, vec!["/subjects/0", "/subjects/1"]),
        (json!({"subjects": [], "data_types": []}), 422, vec!["/subjects", "/data_types"]),
        (json!({"subjects": people(51)}), 422, vec!["/subjects"]),
        (json!({"subjects": ["a@amber.example"], "confirm": true}), 400, vec!["/confirm"]),
        (json!({"subjects": ["a@amber.example"], "kind": "delete"}), 400, vec!["/kind"]),
        (json!({"subjects": "a@amber.example"}), 400, vec!["/subjects"]),
    ] {
        let problem = preview(&body).unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (status, places), "{body}");
    }
}

#[test]
fn orders_are_told_apart_by_everything_and_their_matter_by_people_kind_and_range() {
    let base = json!({"kind": "export", "subjects": ["a@amber.example", "b@amber.example"]});
    let with = |name: &str, value: serde_json::Value| {
        let mut body = base.clone();
        body[name] = value;
        parse(&body).unwrap()
    };
    let order = parse(&base).unwrap();
    let same = with("subjects", json!(["B@amber.example", "a@amber.example ", "a@amber.example"]));
    assert_eq!((same.fingerprint(), same.matter()), (order.fingerprint(), order.matter()));
    for (other, same_matter) in [
        (with("data_types", json!(["chat"])), true),
        (with("allow_duplicate", json!(true)), true),
        (Order { preview: Some(Digest::of("any")), ..order.clone() }, true),
        (with("subjects", json!(["a@amber.example"])), false),
        (with("date_range", json!({"from": "2026-01-01", "to": "2026-01-31"})), false),
    ] {
        assert_ne!(other.fingerprint(), order.fingerprint());
        assert_eq!(other.matter() == order.matter(), same_matter);
    }
}
