use serde_json::json;

use super::*;
use crate::{
    Account, AccountId, AccountSettings, Action, Basis, Chosen, Country, Plan, Publication, Role, may,
};

const TERMS_VERSION: &str = "/settings/ai_training/terms_version";

type Wanted = Result<BTreeMap<Topic, bool>, Problem>;

fn terms() -> Terms {
    let (version, uses) = (TermsVersion::parse("2026-01-01").unwrap(), vec![class("summaries")]);
    Publication { version, url: "https://amber.example/ai-terms".into(), uses }.of_text("The terms.")
}

fn class(name: &str) -> ContentClass {
    ContentClass::parse(name).unwrap()
}

fn parse(body: &Value) -> Result<SettingsPatch, Problem> {
    SettingsPatch::parse(body.to_string().as_bytes())
}

fn of_plan(plan: Plan, settings: &Value) -> Wanted {
    let (id, country) = (AccountId::parse("amber").unwrap(), Country::parse("US").unwrap());
    let account = Account { id, name: "Amber".into(), plan, country };
    let may_change = |setting| may(Role::Owner, Action::ChangeAccountSetting(setting, &account));
    parse(&json!({"settings": settings})).unwrap().wanted(&terms(), may_change)
}

fn of_account(settings: &Value) -> Wanted {
    of_plan(Plan::Enterprise, settings)
}

/// What a member wants whose account has these on.
fn of_member(on: &[Setting], settings: &Value) -> Wanted {
    let basis = Basis { account: AccountId::parse("amber").unwrap(), entry: 1 };
    let chosen =
        |setting: &Setting| (Topic::from(*setting), Chosen { on: true, basis: basis.clone(), terms: None });
    let of_account = AccountSettings { version: 1, chosen: on.iter().map(chosen).collect() };
    let may_change = |setting| may(Role::Member, Action::ChangeOwnSetting(setting, &of_account));
    parse(&json!({"settings": settings})).unwrap().wanted(&terms(), may_change)
}

fn pointers(problem: &Problem) -> Vec<&str> {
    problem.errors.iter().filter_map(|error| error.pointer.as_deref()).collect()
}

fn details(problem: &Problem) -> Vec<&str> {
    problem.errors.iter().map(|error| error.detail.as_str()).collect()
}

#[test]
fn a_body_that_is_no_merge_patch_is_malformed() {
    for body in [
        "",
        "{",
        "null",
        "true",
        "[]",
        "{}",
        r#"{"settings": null}"#,
        r#"{"settings": []}"#,
        r#"{"settings": {}, "role": "owner"}"#,
        r#"{"settings": {}, "version": 3}"#,
        r#"{"settings": {}, "reason": 5}"#,
        r#"{"settings": {}, "settings": {}}"#,
        r#"{"settings": {}} {}"#,
    ] {
        let problem = SettingsPatch::parse(body.as_bytes()).unwrap_err();
        assert_eq!((problem.status, problem.uri.as_str()), (400, "urn:habeas:problem:malformed"), "{body}");
    }
    assert_eq!(SettingsPatch::parse(b"{\"settings\": {\"\xff\": {}}}").unwrap_err().status, 400);
}

#[test]
fn a_value_of_another_type_is_pointed_at() {
    for (settings, pointer) in [
        (json!({"optional_diagnostic_data": true}), "/settings/optional_diagnostic_data"),
        (json!({"optional_diagnostic_data": {"value": "on"}}), "/settings/optional_diagnostic_data/value"),
        (json!({"optional_diagnostic_data": {"value": {}}}), "/settings/optional_diagnostic_data/value"),
        (json!({"optional_diagnostic_data": {"on": true}}), "/settings/optional_diagnostic_data/on"),
        (json!({"required_diagnostic_data": {"value": 1}}), "/settings/required_diagnostic_data/value"),
        (
            json!({"self_service_requests": {"value": true, "terms_version": "1"}}),
            "/settings/self_service_requests/terms_version",
        ),
        (json!({"ai_training": []}), "/settings/ai_training"),
        (json!({"ai_training": {"value": true}}), "/settings/ai_training/value"),
        (json!({"ai_training": {"value": {"chat": "yes"}}}), "/settings/ai_training/value/chat"),
        (json!({"ai_training": {"chat": true}}), "/settings/ai_training/chat"),
    ] {
        let problem = of_account(&settings).unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (422, vec![pointer]), "{settings}");
    }
}

#[test]
fn an_unknown_setting_is_pointed_at() {
    for (name, pointer) in [
        ("data", "/settings/data"),
        ("Ai_training", "/settings/Ai_training"),
        ("ai_training.chat", "/settings/ai_training.chat"),
        ("a/b~c", "/settings/a~1b~0c"),
        ("", "/settings/"),
    ] {
        let problem = of_account(&json!({name: {"value": true}})).unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (422, vec![pointer]));
    }
}

#[test]
fn what_is_not_there_for_somebody_is_told_like_what_does_not_exist() {
    let text = |wanted: Wanted| details(&wanted.unwrap_err()).join("\n");
    let unknown = text(of_account(&json!({"no_such_setting": {"value": true}})));
    for name in ["personalized_experiences", "ai_training_opt_out"] {
        assert_eq!(text(of_account(&json!({name: {"value": true}}))), unknown, "{name}");
    }
    for name in [
        "required_diagnostic_data",
        "personalized_account_experiences",
        "self_service_requests",
        "ai_training",
    ] {
        assert_eq!(text(of_member(&Setting::OF_ACCOUNT, &json!({name: {"value": true}}))), unknown, "{name}");
    }
    for plan in [Plan::Free, Plan::Pro] {
        assert_eq!(text(of_plan(plan, &json!({"self_service_requests": {"value": "?"}}))), unknown);
    }
}

#[test]
fn null_takes_back_what_was_chosen() {
    let off = |setting| BTreeMap::from([(Topic::from(setting), false)]);
    for taken_back in [json!(null), json!({"value": null})] {
        let wanted = of_account(&json!({"optional_diagnostic_data": taken_back}));
        assert_eq!(wanted, Ok(off(Setting::OptionalDiagnosticData)));
        let wanted = of_member(&[], &json!({"ai_training_opt_out": taken_back}));
        assert_eq!(wanted, Ok(off(Setting::AiTrainingOptOut)));
        let wanted = of_account(&json!({"ai_training": taken_back}));
        let every_class: BTreeMap<_, _> =
            terms().classes.iter().map(|class| (Topic::training_on(class), false)).collect();
        assert_eq!(wanted, Ok(every_class));
    }
    let wanted = of_account(&json!({"ai_training": {"value": {"chat": null}}}));
    assert_eq!(wanted, Ok(BTreeMap::from([(Topic::training_on(&class("chat")), false)])));
}

#[test]
fn an_empty_object_changes_nothing() {
    for settings in [
        json!({}),
        json!({"optional_diagnostic_data": {}}),
        json!({"required_diagnostic_data": {}}),
        json!({"ai_training": {}, "self_service_requests": {}}),
        json!({"ai_training": {"value": {}}}),
    ] {
        assert_eq!(of_account(&settings), Ok(BTreeMap::new()), "{settings}");
    }
}

#[test]
fn an_unknown_class_lists_the_classes_there_are() {
    for name in ["email", "Chat", ""] {
        let problem = of_account(&json!({"ai_training": {"value": {name: true}}})).unwrap_err();
        let known = "the classes of content are audio, chat, summaries, transcripts, video, whiteboards";
        assert_eq!((problem.status, details(&problem)), (422, vec![known]));
    }
}

#[test]
fn everything_wrong_is_told_at_once_and_before_what_is_not_allowed() {
    let problem = of_account(&json!({
        "ai_training": {"value": {"a/b": true, "chat": 1, "video": true}},
        "no_such_setting": {"value": true},
        "optional_diagnostic_data": {"value": 0, "since": "today"},
        "personalized_user_experiences": {"value": true},
        "required_diagnostic_data": {"value": false},
    }))
    .unwrap_err();
    let expected = [
        "/settings/ai_training/value/a~1b",
        "/settings/ai_training/value/chat",
        "/settings/no_such_setting",
        "/settings/optional_diagnostic_data/since",
        "/settings/optional_diagnostic_data/value",
    ];
    assert_eq!((problem.status, pointers(&problem)), (422, expected.to_vec()));
}

#[test]
fn a_reason_is_one_line_of_five_hundred_characters() {
    let reason = |text: &str| parse(&json!({"settings": {}, "reason": text})).map(|patch| patch.reason);
    assert_eq!(reason(" asked \"to\"\n"), Ok(Some("asked \"to\"".to_owned())));
    assert_eq!(reason(" \n "), Ok(None));
    let longest = "ü".repeat(500);
    assert_eq!(reason(&longest), Ok(Some(longest.clone())));
    let too_long = "ü".repeat(501);
    for text in [
        too_long.as_str(),
        "two\nlines",
        "a\u{0}b",
        "a\tb",
        "a\u{7f}b",
        "a\u{85}b",
        "a\u{2028}b",
        "a\u{2029}b",
    ] {
        let problem = reason(text).unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (422, vec!["/reason"]), "{text:?}");
    }
}

#[test]
fn a_version_of_the_terms_is_a_text() {
    let with = |version: Value| parse(&json!({"settings": {"ai_training": {"terms_version": version}}}));
    let version = TermsVersion::parse("2026-01-01").unwrap();
    assert_eq!(with(json!("2026-01-01")).unwrap().terms_version, Some(version));
    assert_eq!(with(json!(null)).unwrap().terms_version, None);
    for bad in [json!(20_260_101), json!(true), json!(["1"]), json!({}), json!(""), json!("1 2")] {
        let problem = with(bad.clone()).unwrap_err();
        assert_eq!((problem.status, pointers(&problem)), (422, vec![TERMS_VERSION]), "{bad}");
    }
    let body = json!({"settings": {"ai_training": {"terms_version": 1}}, "reason": "a\u{0}b"});
    assert_eq!(pointers(&parse(&body).unwrap_err()), ["/reason", TERMS_VERSION]);
}

#[test]
fn required_diagnostic_data_stays_on() {
    let off = json!({"required_diagnostic_data": {"value": false}, "optional_diagnostic_data": null});
    let problem = of_account(&off).unwrap_err();
    assert_eq!((problem.status, problem.uri.as_str()), (403, "urn:habeas:problem:required-diagnostic-data"));
    assert_eq!(pointers(&problem), ["/settings/required_diagnostic_data"]);
    for on in [json!({"value": true}), json!({"value": null}), json!(null)] {
        let wanted = of_account(&json!({"required_diagnostic_data": on}));
        assert_eq!(wanted, Ok(BTreeMap::from([(Topic::from(Setting::RequiredDiagnosticData), true)])));
    }
}

#[test]
fn everything_that_is_not_allowed_is_told_at_once() {
    let settings = json!({
        "ai_training_opt_out": {"value": true},
        "optional_diagnostic_data": {"value": true},
        "personalized_experiences": {"value": false},
    });
    let problem = of_member(&[], &settings).unwrap_err();
    assert_eq!((problem.status, problem.uri.as_str()), (403, "urn:habeas:problem:off-for-account"));
    let off = ["/settings/optional_diagnostic_data", "/settings/personalized_experiences"];
    assert_eq!(pointers(&problem), off);
    let gates = [Setting::OptionalDiagnosticData, Setting::PersonalizedUserExperiences];
    assert_eq!(of_member(&gates, &settings).map(|wanted| wanted.len()), Ok(3));
}
