use std::collections::BTreeMap;

use crate::{
    AccountId, AccountSettings, Actor, AgreedTerms, Basis, BrokenLedger, Change, Chosen, Digest,
    EmailAddress, Entry, LedgerCheck, Person, Scope, Setting, Topic,
};

fn made(role: Actor, scope: Scope, setting: &Topic, to: bool, terms: Option<AgreedTerms>) -> Entry {
    Entry {
        account: AccountId::parse("amber").unwrap(),
        number: 1,
        at: "2026-01-05T10:00:00Z".parse().unwrap(),
        by: Some(EmailAddress::parse("ana@amber.example").unwrap()),
        role,
        scope,
        changes: vec![Change { setting: setting.clone(), from: !to, to }],
        terms,
        reason: None,
        prev: Digest::default(),
    }
}

fn kept(of: &str, on: bool, entry: u64, terms: Option<AgreedTerms>) -> Chosen {
    Chosen { on, basis: Basis { account: AccountId::parse(of).unwrap(), entry }, terms }
}

#[test]
fn settings_that_the_ledger_has_not_made_are_found() {
    let topic = Topic::training_on(&crate::ContentClass::parse("chat").unwrap());
    let other = Topic::from(Setting::SelfServiceRequests);
    let terms = |text: &str| {
        let version = crate::TermsVersion::parse("2026-11").unwrap();
        Some(AgreedTerms { version, sha256: Digest::of(text) })
    };
    let mut check = LedgerCheck::new(AccountId::parse("amber").unwrap());
    check.take(1, &made(Actor::Owner, Scope::Account, &topic, true, terms("one")).seal()).unwrap();
    let settings = |chosen: &[(&Topic, Chosen)]| AccountSettings {
        version: 1,
        chosen: chosen.iter().map(|(topic, chosen)| ((*topic).clone(), chosen.clone())).collect(),
    };
    let right = kept("amber", true, 1, terms("one"));
    assert_eq!(check.agree(&settings(&[(&topic, right.clone())])), Ok(()));
    for (in_force, found) in [
        (settings(&[(&topic, kept("amber", false, 1, terms("one")))]), &topic),
        (settings(&[(&topic, kept("amber", true, 2, terms("one")))]), &topic),
        (settings(&[(&topic, kept("amber", true, 1, terms("two")))]), &topic),
        (settings(&[(&topic, kept("birch", true, 1, terms("one")))]), &topic),
        (settings(&[]), &topic),
        (settings(&[(&topic, right), (&other, kept("amber", true, 1, None))]), &other),
    ] {
        assert_eq!(check.agree(&in_force), Err(BrokenLedger::OtherSetting(found.clone())));
    }
}

#[test]
fn a_members_choice_that_the_ledger_has_not_made_is_found() {
    let topic = Topic::from(Setting::AiTrainingOptOut);
    let ana = EmailAddress::parse("ana@amber.example").unwrap();
    let mut check = LedgerCheck::new(AccountId::parse("amber").unwrap());
    check.take(1, &made(Actor::Member, Scope::Member, &topic, true, None).seal()).unwrap();
    assert_eq!(check.members(), [&ana].into());
    let people = |chosen: &[Chosen]| -> BTreeMap<EmailAddress, Person> {
        let chosen = chosen.iter().map(|chosen| (topic.clone(), chosen.clone())).collect();
        let settings = crate::MemberSettings { version: 1, chosen };
        [(ana.clone(), Person { account: None, settings })].into()
    };
    assert_eq!(check.agree_with_members(&people(&[kept("amber", true, 1, None)])), Ok(()));
    assert_eq!(check.agree_with_members(&people(&[kept("birch", false, 9, None)])), Ok(()));
    for wrong in [people(&[kept("amber", false, 1, None)]), people(&[]), BTreeMap::new()] {
        assert_eq!(check.agree_with_members(&wrong), Err(BrokenLedger::OtherChoice(1)));
    }
}
