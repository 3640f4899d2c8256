use std::collections::BTreeMap;
use std::time::Duration;

use chrono::TimeDelta;
use habeas_domain::{
    AccountId, DataType, EmailAddress, Guards, Order, Previewed, Requests, Role, Slots, StoreError,
};
use habeas_lambda::{Call, Reply};
use habeas_sources::SourceError;
use habeas_testkit::{Draft, Memory, account, address, at, call, events, member, reply};
use preview::{COUNTED_WITHIN, Census, Counted, Counts, PreviewDeletion};
use serde_json::{Value, json};

const EVERYTHING: &str = include_str!("../../../events/preview/everything.json");
const SOME_TYPES: &str = include_str!("../../../events/preview/some-types.json");
const NOW: &str = "2026-01-05T10:00:00Z";

/// Sources that hold as many records of a person as the address has letters, and
/// twelve meetings that stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sources {
    Answer,
    DoNotAnswer,
    DoNotFit,
    TakeForever,
}

impl Census for Sources {
    async fn count(
        &self,
        _: &AccountId,
        people: &[EmailAddress],
        types: &[DataType],
    ) -> Result<Counts, SourceError> {
        let source_name = "chat_messages".to_owned();
        match self {
            Self::Answer => {}
            Self::DoNotAnswer => {
                let cause = StoreError::Unavailable("no answer".into());
                return Err(SourceError::Unavailable { source_name, cause });
            }
            Self::DoNotFit => {
                let what = "`account_id` is missing".to_owned();
                return Err(SourceError::Garbage { source_name, what });
            }
            Self::TakeForever => std::future::pending().await,
        }
        let retained = Some("§ 147 AO".to_owned());
        let of = |person: &EmailAddress| {
            let letters = person.as_str().len() as u64;
            [
                (DataType::Meetings, "meetings", "retain", retained.clone(), 12),
                (DataType::Chat, "chat_messages", "delete", None, letters),
                (DataType::Whiteboards, "whiteboards", "mask", None, 0),
            ]
            .into_iter()
            .filter(|(data_type, ..)| types.contains(data_type))
            .map(|(data_type, source, rule, reason, count)| {
                (source.to_owned(), Counted { data_type, rule, reason, count })
            })
            .collect::<BTreeMap<_, _>>()
        };
        Ok(people.iter().map(|person| (person.clone(), of(person))).collect())
    }
}

/// Ana, an admin, and Bob, a member, of amber; Eve, a member of birch.
fn people() -> Memory {
    Memory::default()
        .with_member(member("amber", "ana@amber.example", Role::Admin), account("amber"))
        .with_member(member("amber", "bob@amber.example", Role::Member), account("amber"))
        .with_member(member("birch", "eve@birch.example", Role::Member), account("birch"))
}

async fn answer(memory: &Memory, call: &Call) -> Reply {
    answer_of(memory, Sources::Answer, call, COUNTED_WITHIN).await
}

async fn answer_of(memory: &Memory, census: Sources, call: &Call, within: Duration) -> Reply {
    let preview = PreviewDeletion {
        directory: memory.clone(),
        participants: memory.clone(),
        census,
        previews: memory.clone(),
        within,
    };
    reply(preview.answer(call, at(NOW)).await)
}

/// Answers a call that has to be refused and has to leave nothing behind.
async fn refusal(call: Call) -> (u16, Value) {
    let memory = people();
    let reply = answer(&memory, &call).await;
    assert!(reply.status() >= 400, "{reply:?}");
    assert_eq!(memory.previews(), [], "nothing is kept");
    (reply.status(), reply.body().clone())
}

fn about(body: &Value) -> Draft {
    Draft::of(EVERYTHING).body(body.to_string())
}

#[tokio::test]
async fn every_event_is_previewed_or_refused_as_its_name_says() {
    for event in events("preview") {
        let memory = people();
        let status = answer(&memory, &call(&event.text)).await.status();
        assert_eq!(status != 200, event.is_rejected(), "{} was answered with {status}", event.case);
        assert_eq!(memory.previews().is_empty(), event.is_rejected(), "{}", event.case);
    }
}

#[tokio::test]
async fn a_preview_shows_what_each_source_holds_of_each_person_and_what_becomes_of_it() {
    let memory = people();
    let reply = answer(&memory, &call(EVERYTHING)).await;
    let [kept] = &memory.previews()[..] else { panic!("one preview is kept") };
    assert_eq!(
        reply,
        Reply::ok(json!({
            "digest": kept.digest,
            "counted_at": "2026-01-05T10:00:00Z",
            "valid_until": "2026-01-06T10:00:00Z",
            "data_types": ["meetings", "webinars", "chat", "whiteboards"],
            "people": {"bob@amber.example": {
                "chat_messages": {"data_type": "chat", "rule": "delete", "count": 17},
                "meetings": {"data_type": "meetings", "rule": "retain", "reason": "§ 147 AO", "count": 12},
                "whiteboards": {"data_type": "whiteboards", "rule": "mask", "count": 0},
            }},
            "totals": {"chat_messages": 17, "meetings": 12, "whiteboards": 0},
        }))
    );
}

#[tokio::test]
async fn a_preview_is_of_the_chosen_data_types_and_of_each_person_once() {
    let reply = answer(&people(), &call(SOME_TYPES)).await;
    assert_eq!(reply.body()["data_types"], json!(["chat", "whiteboards"]));
    assert_eq!(reply.body()["totals"], json!({"chat_messages": 34, "whiteboards": 0}));
    let people: Vec<_> = reply.body()["people"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(people, ["ana@amber.example", "bob@amber.example"]);
}

#[tokio::test]
async fn a_deletion_of_the_same_finds_the_preview_by_its_digest() {
    let memory = people();
    let reply = answer(&memory, &call(SOME_TYPES)).await;
    let body = json!({
        "kind": "delete", "subjects": ["ana@amber.example", "bob@amber.example"], "confirm": true,
        "data_types": ["whiteboards", "chat"], "preview_digest": reply.body()["digest"],
    });
    let order = Order::parse(body.to_string().as_bytes()).unwrap();
    let ana = member("amber", "ana@amber.example", Role::Admin);
    let found = async |of: &str| {
        let slots = Slots::of(&order, &ana, None);
        let guards: Guards = memory.guards(&account(of).id, &slots).await.unwrap();
        guards.previewed(&order, at(NOW) + TimeDelta::hours(1))
    };
    let [kept] = &memory.previews()[..] else { panic!("one preview is kept") };
    assert_eq!(found("amber").await, Ok(Some(Previewed::from(kept))));
    assert_eq!(found("birch").await.unwrap_err().status, 409);
}

#[tokio::test]
async fn who_may_not_file_a_deletion_previews_none() {
    let (status, problem) = refusal(Draft::of(EVERYTHING).by("bob@amber.example").call()).await;
    let slug = "urn:habeas:problem:deletion-needs-administrator";
    assert_eq!((status, &problem["type"]), (403, &json!(slug)));
    for stranger in [
        Draft::of(EVERYTHING).by("nobody@amber.example"),
        Draft::of(EVERYTHING).claim("email_verified", "false"),
        Draft::of(EVERYTHING).by("nobody@amber.example").body("{"),
    ] {
        let (status, problem) = refusal(stranger.call()).await;
        assert_eq!((status, &problem["type"]), (403, &json!("urn:habeas:problem:unknown-member")));
    }
}

#[tokio::test]
async fn bad_people_are_refused_all_in_one_answer() {
    let many: Vec<_> = (0..51).map(|n| format!("p{n}@amber.example")).collect();
    for (body, status, pointers) in [
        (json!({"subjects": ["nobody", "ana@amber.example", ""]}), 422, vec!["/subjects/0", "/subjects/2"]),
        (json!({"subjects": many}), 422, vec!["/subjects"]),
        (json!({"subjects": [], "data_types": []}), 422, vec!["/subjects", "/data_types"]),
        (json!({"subjects": ["ana@amber.example"], "data_types": ["mail"]}), 400, vec!["/data_types/0"]),
        (json!({"data_types": ["chat"]}), 400, vec![""]),
    ] {
        let (answered, problem) = refusal(about(&body).call()).await;
        let errors = problem["errors"].as_array().unwrap().iter();
        let named: Vec<_> = errors.map(|error| error["pointer"].as_str().unwrap()).collect();
        assert_eq!((answered, named), (status, pointers), "{body}");
    }
}

#[tokio::test]
async fn a_body_that_is_no_json_or_too_large_is_refused() {
    let csv = Draft::of(EVERYTHING).header("content-type", "text/csv").body("bob@amber.example");
    assert_eq!(refusal(csv.call()).await.0, 415);
    let padded = json!({"subjects": ["bob@amber.example"]}).to_string() + &" ".repeat(64 << 10);
    assert_eq!(refusal(Draft::of(EVERYTHING).body(padded).call()).await.0, 413);
}

#[tokio::test]
async fn a_person_of_another_account_is_refused_like_one_that_does_not_exist() {
    let of = |subject: &str| about(&json!({"subjects": ["bob@amber.example", subject]})).call();
    let (status, problem) = refusal(of("eve@birch.example")).await;
    let (_, nobody) = refusal(of("nil@birch.example")).await;
    assert_eq!(status, 422);
    assert_eq!(problem.to_string().replace("eve@", "nil@"), nobody.to_string());
}

#[tokio::test]
async fn a_participant_without_a_login_is_previewed() {
    let guest = address("guest@elsewhere.example");
    let call = about(&json!({"subjects": ["guest@elsewhere.example"]}));
    let here = people().with_participant("amber", &guest);
    assert_eq!(answer(&here, &call.clone().call()).await.status(), 200);
    let elsewhere = people().with_participant("birch", &guest);
    assert_eq!(answer(&elsewhere, &call.call()).await.status(), 422);
}

#[tokio::test]
async fn a_source_that_fails_is_named_and_nothing_is_kept() {
    for (sources, reason) in [
        (Sources::DoNotAnswer, "The data source `chat_messages` did not answer."),
        (Sources::DoNotFit, "The data source `chat_messages` gave an answer that does not fit the data map"),
    ] {
        let memory = people();
        let reply = answer_of(&memory, sources, &call(EVERYTHING), COUNTED_WITHIN).await;
        let slug = "urn:habeas:problem:unavailable";
        assert_eq!((reply.status(), &reply.body()["type"]), (503, &json!(slug)), "{sources:?}");
        assert!(reply.body()["detail"].as_str().unwrap().starts_with(reason), "{reply:?}");
        assert_eq!(memory.previews(), []);
    }
}

#[tokio::test]
async fn what_takes_too_long_to_count_is_too_large_for_a_preview() {
    let memory = people();
    let reply = answer_of(&memory, Sources::TakeForever, &call(EVERYTHING), Duration::ZERO).await;
    let slug = "urn:habeas:problem:preview-too-large";
    assert_eq!((reply.status(), &reply.body()["type"]), (422, &json!(slug)));
    assert_eq!(memory.previews(), []);
}
