#![expect(clippy::expect_used, reason = "a broken example is a broken test")]

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use habeas_domain::{
    Account, AccountId, AccountSettings, Basis, Chosen, Country, DataType, Digest, EmailAddress, Filing,
    Kind, Member, Offer, Plan, Publication, Request, RequestId, Requestor, Role, Setting, SignedReceipt,
    Slots, Status, Terms, TermsVersion, Timeline, Topic,
};
use habeas_lambda::Call;

#[must_use]
pub fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

#[must_use]
pub fn address(text: &str) -> EmailAddress {
    EmailAddress::parse(text).expect("an address")
}

#[must_use]
pub fn account(id: &str) -> Account {
    Account {
        id: AccountId::parse(id).expect("an id"),
        name: format!("The account {id}"),
        plan: Plan::Enterprise,
        country: Country::parse("US").expect("a country"),
    }
}

/// Settings of an account with one of them on.
#[must_use]
pub fn settings_with(account: &str, setting: Setting) -> AccountSettings {
    let basis = Basis { account: AccountId::parse(account).expect("an id"), entry: 1 };
    let chosen = Chosen { on: true, basis, terms: None };
    AccountSettings { version: 1, chosen: BTreeMap::from([(Topic::from(setting), chosen)]) }
}

/// The terms of AI training that the tests know.
#[must_use]
pub fn terms() -> Terms {
    let version = TermsVersion::parse("2026-11").expect("a version");
    let url = "https://privacy.habeas.example/ai-terms/2026-11".to_owned();
    Publication { version, url, uses: Vec::new() }.of_text("Be kind.")
}

/// What the operator of the tests offers: those terms, and a place in the EEA.
#[must_use]
pub fn offer() -> Offer {
    Offer { terms: terms(), eea: true }
}

#[must_use]
pub fn member(account: &str, email: &str, role: Role) -> Member {
    Member {
        account: AccountId::parse(account).expect("an id"),
        email: address(email),
        name: "Ana Amber".into(),
        role,
    }
}

/// A pending export of Bob's data, filed by Ana, an admin, on 5 January 2026.
#[must_use]
pub fn request() -> Request {
    let filed = at("2026-01-05T10:00:00Z");
    let id = RequestId::parse("019b8d3a-0000-7000-8000-000000000001").expect("an id");
    Request {
        id,
        account: AccountId::parse("amber").expect("an id"),
        kind: Kind::Export,
        status: Status::Pending,
        subjects: vec![address("bob@amber.example")],
        data_types: DataType::ALL.to_vec(),
        date_range: None,
        requestor: Requestor {
            email: address("ana@amber.example"),
            name: "Ana Amber".into(),
            role: Role::Admin,
        },
        preview: None,
        follows: None,
        created_at: filed,
        starts_at: at("2026-01-05T10:05:00Z"),
        due_at: at("2026-02-04T10:00:00Z"),
        ended_at: None,
        failure: None,
        archive: None,
        counts: BTreeMap::new(),
        residency: None,
        alive_at: None,
        tell_since: None,
        timeline: Timeline::begin(id, filed, &address("ana@amber.example")),
    }
}

/// The filing of a request that nothing stands in the way of.
#[must_use]
pub fn filing(request: Request) -> Filing {
    let twin = Digest::of(&request.id.to_string());
    Filing {
        request,
        slots: Slots { answer: None, twin, preview: None },
        fingerprint: Digest::default(),
        seen_twins: vec![],
        open_twins: vec![],
    }
}

/// The receipt of a deletion, with something in place of a signature.
#[must_use]
pub fn signed_receipt() -> SignedReceipt {
    SignedReceipt {
        receipt: format!(r#"{{"account":"amber","request":"{}","version":1}}"#, request().id),
        signature: "c2lnbmF0dXJl".to_owned(),
        key: Digest::of("a public key"),
    }
}

/// A call as API Gateway hands it over, from one of the files under `events/`.
#[must_use]
pub fn call(event: &str) -> Call {
    Call::new(serde_json::from_str(event).expect("an event of API Gateway"))
}
