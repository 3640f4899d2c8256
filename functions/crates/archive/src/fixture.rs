//! An export of two people, small enough to be read, for the tests of this crate.

use std::error::Error;

use crate::{
    DateRange, DosTime, Excluded, Found, Identifier, Information, Listing, MemberKind, Origin, PlannedSource,
    RequestReport, SearchPlan, SegmentIndex, SegmentWriter, collection_path, file_path,
};

pub(crate) const ANA: &str = "ana@amber.example";
pub(crate) const BO: &str = "bo+<script>alert(1)</script>@amber.example";

pub(crate) fn request() -> RequestReport {
    RequestReport {
        id: "01938c5e-0000-7000-8000-000000000001".into(),
        account: "acct-amber".into(),
        kind: "export".into(),
        created_at: "2026-04-01T09:30:00Z".into(),
        date_range: Some(DateRange { from: "2026-01-01".into(), to: "2026-03-31".into() }),
        data_types: ["chat", "whiteboards", "webinars"].map(String::from).to_vec(),
        requestor_role: "admin".into(),
    }
}

pub(crate) fn plan() -> SearchPlan {
    let source = |name: &str, collection: &str, redacted: &[&str], security: &[&str]| PlannedSource {
        source: name.into(),
        data_type: name.into(),
        collection: collection.into(),
        redacted: redacted.iter().map(|field| field.to_string()).collect(),
        security: security.iter().map(|field| field.to_string()).collect(),
    };
    SearchPlan {
        subjects: vec![BO.into(), ANA.into()],
        identifiers: [(
            ANA.into(),
            vec![Identifier {
                id: "user_id".into(),
                value: "u-17".into(),
                from: "email".into(),
                from_value: ANA.into(),
                found_in: "app-users".into(),
            }],
        )]
        .into(),
        sources: vec![
            source("whiteboards", "whiteboards", &[], &["share_passcode"]),
            source("chat", "chat_messages", &["reply_to_name"], &[]),
        ],
        excluded: vec![Excluded {
            what: "Cloud recordings".into(),
            reason: "They have a download page of their own & are <not> copied.".into(),
        }],
        information: Some(information()),
    }
}

fn information() -> Information {
    let list = |text: &str| vec![text.to_owned()];
    Information {
        purposes: list("To hold the meetings you take part in."),
        categories: list("What you write and draw, and when."),
        recipients: list("Amber Ltd and its hosting company."),
        retention: list("Chat for one year."),
        rights: list("You may have your data corrected or erased."),
        complaint: "Your data protection authority.".into(),
        source: "You, and the people who meet you.".into(),
        automated_decisions: "None.".into(),
    }
}

fn origin(subject: &str, source: &str, collection: &str) -> Origin {
    Origin {
        subject: subject.into(),
        data_type: source.into(),
        collection: collection.into(),
        source: source.into(),
    }
}

fn found(subject: &str, source: &str, collection: &str, records: u64, files: u64) -> Found {
    Found { origin: origin(subject, source, collection), records, files }
}

/// A segment's index and its bytes.
pub(crate) type Written = (SegmentIndex, Vec<u8>);

/// Two units, one of them with two segments.
pub(crate) fn segments() -> Result<Vec<Written>, Box<dyn Error>> {
    let chat = |number| collection_path(ANA, "chat", "chat_messages", number);
    let board = collection_path(ANA, "whiteboards", "whiteboards", 1);
    let drawing = file_path(ANA, "whiteboards", "50% <plan>.svg");
    Ok(vec![
        segment(
            ("chat", 1, false),
            &[("chat_messages", &chat(1), b"{\"text\":\"hi\"}\n{\"text\":\"hi\"}\n", 2)],
            vec![found(ANA, "chat", "chat_messages", 2, 0)],
        )?,
        segment(
            ("chat", 2, true),
            &[("chat_messages", &chat(2), b"{\"text\":\"bye\"}\n", 1)],
            vec![found(ANA, "chat", "chat_messages", 1, 0), found(BO, "chat", "chat_messages", 0, 0)],
        )?,
        segment(
            ("whiteboards", 1, true),
            &[("whiteboards", &drawing, b"<svg/>", 0), ("whiteboards", &board, b"{\"id\":1}\n", 1)],
            vec![
                found(ANA, "whiteboards", "whiteboards", 1, 1),
                found(BO, "whiteboards", "whiteboards", 0, 0),
            ],
        )?,
    ])
}

fn segment(
    (unit, number, last): (&str, u32, bool),
    members: &[(&str, &str, &[u8], u64)],
    found: Vec<Found>,
) -> Result<Written, Box<dyn Error>> {
    let mut writer = SegmentWriter::new(DosTime::new(2026, 4, 1, 9, 30, 0));
    let mut listing = Listing::default();
    for (collection, name, content, records) in members {
        let kind = if *records == 0 { MemberKind::File } else { MemberKind::Records };
        listing.add(writer.add(name, content, *records)?, kind, &origin(ANA, unit, collection));
    }
    found.into_iter().for_each(|found| listing.found(found));
    let index = SegmentIndex {
        unit: unit.into(),
        number,
        last,
        key: format!("work/{unit}/{number}"),
        bytes: writer.len(),
        contents: listing.finish()?,
    };
    Ok((index, writer.finish()))
}
