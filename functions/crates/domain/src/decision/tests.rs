use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::{AgreedTerms, Publication, TermsVersion};

const OLD: &str = "2026-01-01";
const PRESENT: &str = "2026-02-01";
const CACHE: CacheTimes = CacheTimes { allow_seconds: 60, deny_seconds: 600 };
const PEOPLE: [&str; 4] = ["ana", "bob", "cem", "dan"];

fn terms() -> Terms {
    let (version, url) = (version(PRESENT), "https://amber.example/ai-terms".to_owned());
    Publication { version, url, uses: Vec::new() }.of_text("The terms.")
}

fn version(text: &str) -> TermsVersion {
    TermsVersion::parse(text).unwrap()
}

fn account(id: &str) -> AccountId {
    AccountId::parse(id).unwrap()
}

fn class(name: &str) -> ContentClass {
    ContentClass::parse(name).unwrap()
}

fn email(name: &str) -> EmailAddress {
    EmailAddress::parse(&format!("{name}@example.com")).unwrap()
}

fn choice(on: bool, of: &str, entry: u64) -> Chosen {
    Chosen { on, basis: Basis { account: account(of), entry }, terms: None }
}

/// Consent for chats, as entry 1 of amber's ledger has it.
fn agreed(to: &str) -> AgreedTerms {
    AgreedTerms { version: version(to), ..terms().agreed() }
}

fn consent(on: bool, terms: Option<&str>) -> (Topic, Chosen) {
    (Topic::training_on(&class("chat")), Chosen { terms: terms.map(agreed), ..choice(on, "amber", 1) })
}

fn given() -> (Topic, Chosen) {
    consent(true, Some(PRESENT))
}

/// What is known where amber has chosen this.
fn amber(chosen: impl IntoIterator<Item = (Topic, Chosen)>) -> Facts {
    let settings = AccountSettings { version: 1, chosen: chosen.into_iter().collect() };
    Facts { accounts: BTreeMap::from([(account("amber"), settings)]), people: BTreeMap::new() }
}

fn switched(setting: Setting, on: bool) -> Facts {
    amber([(Topic::from(setting), choice(on, "amber", 2))])
}

/// Adds somebody who belongs to an account, or to none.
fn with(mut facts: Facts, name: &str, home: Option<&str>, chosen: &[(Setting, Chosen)]) -> Facts {
    let chosen = chosen.iter().map(|(setting, chosen)| (Topic::from(*setting), chosen.clone())).collect();
    let settings = MemberSettings { version: 1, chosen };
    facts.people.insert(email(name), Person { account: home.map(account), settings });
    facts
}

fn ask(purpose: Purpose, people: &[&str]) -> Question {
    let people = people.iter().map(|name| email(name)).collect();
    Question { purpose, account: account("amber"), content: Some(class("chat")), people }
}

/// The rule that decided, and the entry it rests on.
fn ruled(question: &Question, facts: &Facts) -> (Rule, Option<u64>) {
    let decision = decide(question, facts, &terms(), CACHE);
    (decision.rule, decision.basis.map(|basis| basis.entry))
}

fn training(facts: &Facts, people: &[&str]) -> (Rule, Option<u64>) {
    ruled(&ask(Purpose::AiTraining, people), facts)
}

#[test]
fn an_account_that_is_not_there_allows_nothing() {
    for purpose in [Purpose::AiTraining, Purpose::Personalization, Purpose::Diagnostics] {
        let facts = with(Facts::default(), "ana", Some("amber"), &[]);
        assert_eq!(ruled(&ask(purpose, &["ana"]), &facts), (Rule::AccountUnknown, None), "{purpose:?}");
    }
}

#[test]
fn every_class_is_off_until_somebody_consents() {
    assert_eq!(training(&amber([]), &[]), (Rule::ConsentNeverGiven, None));
    assert_eq!(training(&amber([given()]), &[]), (Rule::ConsentGiven, Some(1)));
    for content in [Some(class("audio")), Some(class("summaries")), None] {
        let question = Question { content, ..ask(Purpose::AiTraining, &[]) };
        assert_eq!(ruled(&question, &amber([given()])), (Rule::ConsentNeverGiven, None));
    }
    let without_chat = Terms { classes: BTreeSet::from([class("audio")]), ..terms() };
    let decision = decide(&ask(Purpose::AiTraining, &[]), &amber([given()]), &without_chat, CACHE);
    assert_eq!(decision.rule, Rule::ConsentNeverGiven);
}

#[test]
fn consent_that_was_withdrawn_or_has_lapsed_is_none() {
    assert_eq!(training(&amber([consent(false, None)]), &[]), (Rule::ConsentWithdrawn, Some(1)));
    for on in [true, false] {
        assert_eq!(training(&amber([consent(on, Some(OLD))]), &[]), (Rule::ConsentLapsed, Some(1)), "{on}");
    }
}

#[test]
fn an_opt_out_wins_wherever_it_was_made_and_wherever_the_person_is_now() {
    for home in [Some("amber"), Some("birch"), None] {
        let opt_out = [(Setting::AiTrainingOptOut, choice(true, "birch", 3))];
        let facts = with(amber([given()]), "bob", home, &opt_out);
        let taken_back = [(Setting::AiTrainingOptOut, choice(false, "amber", 4))];
        let facts = with(facts, "ana", Some("amber"), &taken_back);
        assert_eq!(training(&facts, &["ana", "bob"]), (Rule::PersonOptedOut, None), "{home:?}");
        assert_eq!(training(&facts, &["ana"]), (Rule::ConsentGiven, Some(1)));
    }
}

#[test]
fn nobody_consents_for_people_of_other_accounts() {
    let facts = with(with(amber([given()]), "bob", Some("birch"), &[]), "cem", None, &[]);
    for name in ["bob", "cem", "somebody"] {
        assert_eq!(training(&facts, &[name]), (Rule::PersonUnknown, None), "{name}");
    }
}

#[test]
fn the_account_is_asked_before_its_people() {
    let opt_out = [(Setting::AiTrainingOptOut, choice(true, "amber", 3))];
    let facts = with(amber([consent(false, None)]), "ana", Some("amber"), &opt_out);
    assert_eq!(training(&facts, &["ana"]), (Rule::ConsentWithdrawn, Some(1)));
}

#[test]
fn personalization_for_nobody_in_person_is_the_accounts_own() {
    let question = ask(Purpose::Personalization, &[]);
    for (on, rule) in [(true, Rule::SettingOn), (false, Rule::AccountOff)] {
        let facts = switched(Setting::PersonalizedAccountExperiences, on);
        assert_eq!(ruled(&question, &facts), (rule, Some(2)));
    }
    let facts = switched(Setting::PersonalizedUserExperiences, true);
    assert_eq!(ruled(&question, &facts), (Rule::AccountOff, None));
}

#[test]
fn what_people_choose_takes_the_account_and_everybody() {
    for (purpose, gate, own) in [
        (Purpose::Personalization, Setting::PersonalizedUserExperiences, Setting::PersonalizedExperiences),
        (Purpose::Diagnostics, Setting::OptionalDiagnosticData, Setting::OptionalDiagnosticData),
    ] {
        let question = ask(purpose, &["ana"]);
        let ana = |facts, chosen: &[Chosen]| {
            let chosen: Vec<_> = chosen.iter().map(|chosen| (own, chosen.clone())).collect();
            ruled(&question, &with(facts, "ana", Some("amber"), &chosen))
        };
        let (on, off) = (switched(gate, true), switched(gate, false));
        assert_eq!(ana(on.clone(), &[choice(true, "amber", 3)]), (Rule::SettingOn, Some(2)));
        assert_eq!(ana(on.clone(), &[choice(false, "amber", 3)]), (Rule::PersonOff, Some(3)));
        assert_eq!(ana(on.clone(), &[choice(true, "birch", 3)]), (Rule::PersonOff, None));
        assert_eq!(ana(on.clone(), &[]), (Rule::PersonOff, None));
        assert_eq!(ana(off, &[choice(true, "amber", 3)]), (Rule::AccountOff, Some(2)));
        assert_eq!(ruled(&question, &on), (Rule::PersonUnknown, None));
    }
}

fn parse(questions: &Value) -> Result<Vec<Question>, Problem> {
    Question::parse_all(json!({"questions": questions}).to_string().as_bytes(), &terms())
}

fn pointers(problem: &Problem) -> Vec<&str> {
    problem.errors.iter().filter_map(|error| error.pointer.as_deref()).collect()
}

#[test]
fn a_call_asks_one_to_a_hundred_questions() {
    for (count, is_fine) in [(0, false), (1, true), (100, true), (101, false)] {
        let asked = parse(&json!(vec![
            json!({"purpose": "personalization", "account": "amber", "people": []});
            count
        ]));
        assert_eq!(asked.as_ref().is_ok_and(|questions| questions.len() == count), is_fine, "{count}");
        assert!(asked.err().is_none_or(|problem| pointers(&problem) == ["/questions"]));
    }
}

#[test]
fn a_question_of_another_shape_is_malformed() {
    for question in [
        json!("diagnostics"),
        json!({"purpose": "advertising", "account": "amber", "people": []}),
        json!({"account": "amber", "people": []}),
        json!(["ai_training", "amber", "chat", []]),
        json!({"purpose": "diagnostics", "people": []}),
        json!({"purpose": "ai_training", "account": "amber", "content": "chat"}),
        json!({"purpose": "diagnostics", "account": "amber", "people": "ana@example.com"}),
        json!({"purpose": "diagnostics", "account": "amber", "people": [], "urgent": true}),
    ] {
        assert_eq!(parse(&json!([question])).unwrap_err().status, 400, "{question}");
    }
    assert_eq!(Question::parse_all(b"{", &terms()).unwrap_err().status, 400);
}

#[test]
fn everything_wrong_with_the_questions_is_told_at_once() {
    let problem = parse(&json!([
        {"purpose": "ai_training", "account": "amber", "content": "email", "people": ["a@b.example", "b"]},
        {"purpose": "ai_training", "account": "amber", "content": "chat", "people": []},
        {"purpose": "ai_training", "account": "a b", "people": []},
        {"purpose": "diagnostics", "account": "amber", "people": []},
    ]))
    .unwrap_err();
    let expected = [
        "/questions/0/content",
        "/questions/0/people/1",
        "/questions/2/account",
        "/questions/2/content",
        "/questions/3/people",
    ];
    assert_eq!((problem.status, pointers(&problem)), (422, expected.to_vec()));
    assert!(problem.errors[0].detail.ends_with("audio, chat, transcripts, video, whiteboards"));
}

#[test]
fn of_many_mistakes_the_first_hundred_are_named() {
    let nobody = vec![""; 10_000];
    let question = json!({"purpose": "diagnostics", "account": "amber", "people": nobody});
    assert_eq!(parse(&json!([question])).unwrap_err().errors.len(), ERRORS_MAX + 1);
}

#[test]
fn people_are_counted_once() {
    let asked = |people: &[String]| {
        let question = json!({"purpose": "personalization", "account": "amber", "people": people});
        parse(&json!([question, question]))
    };
    let same = asked(&["Ana@Example.com ".to_owned(), "ana@example.com".to_owned()]).unwrap();
    assert_eq!(same[0].people, BTreeSet::from([email("ana")]));
    let mut people: Vec<_> = (0..PEOPLE_MAX).map(|n| format!("p{n}@example.com")).collect();
    assert!(asked(&people).is_ok());
    people.push("ana@example.com".to_owned());
    assert_eq!(pointers(&asked(&people).unwrap_err()), ["/questions"]);
}

/// What an account or a person has chosen, of these settings, in the ledger of amber or of birch.
fn choices(settings: Vec<Setting>) -> impl Strategy<Value = BTreeMap<Topic, Chosen>> {
    let of = prop::sample::select(vec!["amber", "amber", "birch"]);
    let agreed = prop::sample::select(vec![OLD, PRESENT, PRESENT]);
    let one = (prop::sample::select(settings), prop::bool::weighted(0.8), of, agreed, any::<bool>());
    let one = one.prop_map(|(setting, on, of, agreed, has_lapsed)| match setting {
        // Terms stay when a consent lapses, and go when it is withdrawn.
        Setting::AiTraining => consent(on, (on || has_lapsed).then_some(agreed)),
        setting => (Topic::from(setting), choice(on, of, 2)),
    });
    prop::collection::vec(one, 0..10).prop_map(|choices| choices.into_iter().collect())
}

/// Two accounts and four people, some of whom are not known, or belong nowhere.
fn world() -> impl Strategy<Value = Facts> {
    let own =
        vec![Setting::AiTrainingOptOut, Setting::PersonalizedExperiences, Setting::OptionalDiagnosticData];
    let home = prop::sample::select(vec![Some("amber"), Some("amber"), Some("amber"), Some("birch"), None]);
    let person = (home, choices(own)).prop_map(|(home, chosen)| Person {
        account: home.map(account),
        settings: MemberSettings { version: 1, chosen },
    });
    let firm =
        choices(Setting::OF_ACCOUNT.to_vec()).prop_map(|chosen| AccountSettings { version: 1, chosen });
    let firms = prop::array::uniform2(prop::option::weighted(0.9, firm));
    let people = prop::array::uniform4(prop::option::weighted(0.9, person));
    (firms, people).prop_map(|(firms, people)| {
        let firms = ["amber", "birch"].map(account).into_iter().zip(firms);
        let people = PEOPLE.map(email).into_iter().zip(people);
        Facts {
            accounts: firms.filter_map(|(id, firm)| Some((id, firm?))).collect(),
            people: people.filter_map(|(email, person)| Some((email, person?))).collect(),
        }
    })
}

/// The rules, read plainly.
fn is_allowed(question: &Question, facts: &Facts) -> bool {
    let here = &question.account;
    let has_on = |topic: Topic, terms: Option<&str>| {
        let chosen = facts.accounts.get(here).and_then(|settings| settings.chosen.get(&topic));
        chosen.is_some_and(|chosen| chosen.on && chosen.terms == terms.map(agreed))
    };
    let all_agree = |setting: Setting, agrees: fn(Option<&Chosen>, &AccountId) -> bool| {
        question.people.iter().all(|email| {
            let person = facts.people.get(email).filter(|person| person.account.as_ref() == Some(here));
            person.is_some_and(|person| agrees(person.settings.chosen.get(&Topic::from(setting)), here))
        })
    };
    let on_here = |chosen: Option<&Chosen>, here: &AccountId| {
        chosen.is_some_and(|chosen| chosen.on && chosen.basis.account == *here)
    };
    let (gate, own) = match question.purpose {
        Purpose::AiTraining => {
            let no_opt_out = |chosen: Option<&Chosen>, _: &AccountId| chosen.is_none_or(|chosen| !chosen.on);
            return has_on(Topic::training_on(&class("chat")), Some(PRESENT))
                && all_agree(Setting::AiTrainingOptOut, no_opt_out);
        }
        Purpose::Personalization if question.people.is_empty() => {
            return has_on(Setting::PersonalizedAccountExperiences.into(), None);
        }
        Purpose::Personalization => (Setting::PersonalizedUserExperiences, Setting::PersonalizedExperiences),
        Purpose::Diagnostics => (Setting::OptionalDiagnosticData, Setting::OptionalDiagnosticData),
    };
    has_on(gate.into(), None) && all_agree(own, on_here)
}

proptest! {
    #[test]
    fn a_decision_is_what_a_plain_reading_of_the_rules_gives(
        facts in world(), of in prop::sample::select(vec!["amber", "amber", "birch"]),
        people in prop::sample::subsequence(PEOPLE.to_vec(), 0..4),
    ) {
        for purpose in [Purpose::AiTraining, Purpose::Personalization, Purpose::Diagnostics] {
            let question = Question { account: account(of), ..ask(purpose, &people) };
            let is_allowed = is_allowed(&question, &facts);
            let answer = decide(&question, &facts, &terms(), CACHE);
            let Decision { decision, rule, basis, cache_seconds } = answer;
            prop_assert_eq!(decision == Verdict::Allow, is_allowed, "{:?}", rule);
            prop_assert_eq!(matches!(rule, Rule::ConsentGiven | Rule::SettingOn), is_allowed);
            prop_assert_eq!(cache_seconds, if is_allowed { 60 } else { 600 });
            prop_assert!(basis.is_none_or(|basis| basis.account == question.account));
        }
    }
}
