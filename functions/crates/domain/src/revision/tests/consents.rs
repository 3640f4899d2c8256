use serde_json::json;

use super::{NOW, change, chat, consent, consenting, offer, old, patch, present, standing, switch};
use crate::request::tests::at;
use crate::{
    Actor, Basis, Change, Chosen, Consent, ContentClass, Digest, Revision, Scope, SettingsPatch, Standing,
    Terms, Topic, lapse,
};

fn withdrawal() -> SettingsPatch {
    patch(&json!({"ai_training": {"value": {"chat": false}}}))
}

fn lapse_of(standing: &Standing) -> Option<Revision> {
    lapse(&standing.account, &standing.settings, &standing.head, &present(), at(NOW))
}

#[test]
fn consent_without_a_version_of_the_terms_is_incomplete() {
    let settings =
        json!({"ai_training": {"value": {"chat": true}}, "optional_diagnostic_data": {"value": true}});
    let problem = standing().change_account(&patch(&settings), &offer(&present()), at(NOW)).unwrap_err();
    let pointers: Vec<_> = problem.errors.iter().filter_map(|error| error.pointer.as_deref()).collect();
    assert_eq!((problem.status, pointers), (422, vec!["/settings/ai_training/terms_version"]));
    assert!(problem.errors[0].detail.contains("2026-02-01"), "{}", problem.errors[0].detail);
}

#[test]
fn consent_to_terms_that_have_changed_is_told_so() {
    let problem = standing().change_account(&consent(&old()), &offer(&present()), at(NOW)).unwrap_err();
    assert_eq!((problem.status, problem.uri.as_str()), (409, "urn:habeas:problem:terms-changed"));
    assert!(problem.detail.contains("2026-02-01"), "{}", problem.detail);
}

#[test]
fn withdrawing_takes_no_terms() {
    for patch in [withdrawal(), patch(&json!({"ai_training": null}))] {
        for terms in [old(), present()] {
            let revision = change(&consenting(), &patch, &terms);
            assert_eq!(revision.entry.changes, [switch(Topic::training_on(&chat()), false)]);
            assert_eq!(revision.entry.terms, None);
            let standing = consenting().after(revision);
            for terms in [old(), present()] {
                assert!(matches!(standing.settings.consent(&chat(), &terms), Consent::Withdrawn(_)));
            }
            assert_eq!(lapse_of(&standing), None);
        }
    }
}

#[test]
fn a_new_version_of_the_terms_keeps_nobody_opted_in() {
    let other = patch(&json!({"ai_training": {"value": {"audio": true}, "terms_version": old().version}}));
    let mixed = consenting().after(change(&consenting(), &other, &old()));
    let mixed = mixed.clone().after(change(&mixed, &withdrawal(), &old()));
    let revision = lapse_of(&mixed).unwrap();
    let entry = &revision.entry;
    assert_eq!((entry.number, &entry.prev, entry.at), (11, &mixed.head.hash, at(NOW)));
    assert_eq!((entry.role, entry.scope, &entry.by), (Actor::Operator, Scope::Account, &None));
    let audio = Topic::training_on(&ContentClass::parse("audio").unwrap());
    assert_eq!(entry.changes, [switch(audio.clone(), false)]);
    assert_eq!(entry.terms, Some(present().agreed()));
    assert_eq!((&revision.sealed, &revision.seen, &revision.witness), (&entry.seal(), &mixed.head, &None));

    let lapsed = mixed.clone().after(revision);
    assert_eq!(lapsed.settings.version, mixed.settings.version + 1);
    let basis = Basis { account: mixed.account.id.clone(), entry: 11 };
    let chosen = Chosen { on: false, basis, terms: Some(old().agreed()) };
    assert_eq!(lapsed.settings.chosen[&audio], chosen);
    assert_eq!(lapse_of(&lapsed), None);
    // Terms that come back do not bring the consent back.
    let class = audio.class.unwrap();
    assert_eq!(lapsed.settings.consent(&class, &old()), Consent::Lapsed(&chosen));
}

#[test]
fn a_consent_has_lapsed_whether_that_is_written_down_or_not() {
    let lapsed = consenting().after(lapse_of(&consenting()).unwrap());
    for standing in [consenting(), lapsed] {
        assert!(matches!(standing.settings.consent(&chat(), &present()), Consent::Lapsed(_)));
        let renewal = change(&standing, &consent(&present()), &present());
        // The ledger says what was there: on, as long as the lapse is not in it.
        let topic = Topic::training_on(&chat());
        let from = standing.settings.chosen[&topic].on;
        assert_eq!(renewal.entry.changes, [Change { setting: topic, from, to: true }]);
        assert_eq!(renewal.entry.terms, Some(present().agreed()));
        let renewed = standing.after(renewal);
        assert!(matches!(renewed.settings.consent(&chat(), &present()), Consent::Given(_)));
        assert_eq!(lapse_of(&renewed), None);
    }
}

#[test]
fn a_lapsed_consent_can_be_declined_whether_the_lapse_is_written_down_or_not() {
    let lapsed = consenting().after(lapse_of(&consenting()).unwrap());
    for standing in [consenting(), lapsed] {
        let declined =
            change(&standing, &patch(&json!({"ai_training": {"value": {"chat": false}}})), &present());
        let declined = standing.after(declined);
        for terms in [old(), present()] {
            assert!(matches!(declined.settings.consent(&chat(), &terms), Consent::Withdrawn(_)));
        }
    }
}

#[test]
fn another_text_under_the_same_version_ends_a_consent() {
    let standing = consenting();
    let other = Terms { sha256: Digest::of("Other terms."), ..old() };
    assert!(matches!(standing.settings.consent(&chat(), &old()), Consent::Given(_)));
    assert!(matches!(standing.settings.consent(&chat(), &other), Consent::Lapsed(_)));
}

#[test]
fn a_consent_to_what_the_terms_no_longer_name_can_be_withdrawn() {
    let without_chat = Terms { classes: [ContentClass::parse("audio").unwrap()].into(), ..old() };
    for patch in [patch(&json!({"ai_training": null})), patch(&json!({"ai_training": {"value": null}}))] {
        let withdrawn = change(&consenting(), &patch, &without_chat);
        assert_eq!(withdrawn.entry.changes, [switch(Topic::training_on(&chat()), false)]);
    }
}
