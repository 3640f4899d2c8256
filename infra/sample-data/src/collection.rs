use serde_json::Value;

/// Records of one kind, and how they belong to people.
#[derive(Debug)]
pub(crate) struct Collection {
    /// As archives call it.
    pub(crate) name: &'static str,
    pub(crate) data_type: &'static str,
    pub(crate) kept: Kept,
    pub(crate) owner: Owner,
    pub(crate) time: Time,
    /// Together they tell a record from all others.
    id: &'static [&'static str],
    /// Records of a session belong to its host as well.
    pub(crate) through: Option<Through>,
}

/// Where the records lie in a folder.
#[derive(Debug)]
pub(crate) enum Kept {
    /// In a file of JSON Lines by the name of the collection.
    Lines,
    /// The same, and there may be none.
    LinesIfAny,
    /// In the JSON documents below this folder, each a list.
    Documents(&'static str),
    /// They are the files `<folder>/<account>/<user>/…` themselves, with their `key`.
    Files(&'static str),
}

/// The field that says whom a record is of.
#[derive(Debug)]
pub(crate) enum Owner {
    Address(&'static str),
    /// By the id that `users` has for the address.
    User(&'static str),
}

/// What a range of days is held against.
#[derive(Debug)]
pub(crate) enum Time {
    Field(&'static str),
    /// The record is of every day.
    Always,
    /// When the folder was loaded: after all that is in it.
    Loading,
}

#[derive(Debug)]
pub(crate) struct Through {
    /// The collection of sessions, whose owner is the host.
    pub(crate) collection: &'static str,
    /// Bears the session's id.
    pub(crate) field: &'static str,
}

pub(crate) static COLLECTIONS: [Collection; 11] = [
    Collection {
        name: "meetings",
        data_type: "meetings",
        kept: Kept::Lines,
        owner: Owner::Address("host_email"),
        time: Time::Field("started_at"),
        id: &["meeting_id"],
        through: None,
    },
    Collection {
        name: "meeting_participants",
        data_type: "meetings",
        kept: Kept::Lines,
        owner: Owner::Address("email"),
        time: Time::Field("joined_at"),
        id: &["meeting_id", "email"],
        through: Some(Through { collection: "meetings", field: "meeting_id" }),
    },
    Collection {
        name: "meeting_transcripts",
        data_type: "meetings",
        kept: Kept::Lines,
        owner: Owner::Address("speaker_email"),
        time: Time::Field("at"),
        id: &["meeting_id", "line"],
        through: None,
    },
    Collection {
        name: "webinars",
        data_type: "webinars",
        kept: Kept::Lines,
        owner: Owner::Address("host_email"),
        time: Time::Field("started_at"),
        id: &["webinar_id"],
        through: None,
    },
    Collection {
        name: "webinar_attendees",
        data_type: "webinars",
        kept: Kept::Lines,
        owner: Owner::Address("email"),
        time: Time::Field("joined_at"),
        id: &["webinar_id", "email"],
        through: Some(Through { collection: "webinars", field: "webinar_id" }),
    },
    Collection {
        name: "webinar_transcripts",
        data_type: "webinars",
        kept: Kept::Lines,
        owner: Owner::Address("speaker_email"),
        time: Time::Field("at"),
        id: &["webinar_id", "line"],
        through: None,
    },
    Collection {
        name: "chat_messages",
        data_type: "chat",
        kept: Kept::Lines,
        owner: Owner::Address("sender_email"),
        time: Time::Field("sent_at"),
        id: &["channel_id", "message_id"],
        through: None,
    },
    Collection {
        name: "whiteboards",
        data_type: "whiteboards",
        kept: Kept::Lines,
        owner: Owner::Address("owner_email"),
        time: Time::Field("created_at"),
        id: &["whiteboard_id"],
        through: None,
    },
    Collection {
        name: "users",
        data_type: "meetings",
        kept: Kept::LinesIfAny,
        owner: Owner::Address("email"),
        time: Time::Always,
        id: &["email"],
        through: None,
    },
    Collection {
        name: "survey_answers",
        data_type: "meetings",
        kept: Kept::Documents("surveys"),
        owner: Owner::User("user_id"),
        time: Time::Field("answered_at"),
        id: &["answer_id"],
        through: None,
    },
    Collection {
        name: "backgrounds",
        data_type: "meetings",
        kept: Kept::Files("backgrounds"),
        owner: Owner::User("user_id"),
        time: Time::Loading,
        id: &["key"],
        through: None,
    },
];

impl Collection {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        COLLECTIONS.iter().find(|collection| collection.name == name)
    }

    pub(crate) fn id(&self, record: &Value) -> Option<String> {
        let parts: Option<Vec<String>> = self.id.iter().map(|field| part(record.get(field)?)).collect();
        Some(parts?.join("/"))
    }
}

fn part(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// What tells a record from all others of its collection, such as `m-aurora-001/17`.
///
/// `None` when there is no such collection, or the record lacks a field of its id.
#[must_use]
pub fn record_id(collection: &str, record: &Value) -> Option<String> {
    Collection::named(collection)?.id(record)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn ids_join_their_fields_with_slashes() {
        let line = json!({"meeting_id": "m-1", "line": 17, "text": "x"});
        assert_eq!(record_id("meeting_transcripts", &line).as_deref(), Some("m-1/17"));
        assert_eq!(record_id("meetings", &line).as_deref(), Some("m-1"));
        let file = json!({"key": "backgrounds/a/u-1/sea & sky.svg", "bytes": 9});
        assert_eq!(record_id("backgrounds", &file).as_deref(), Some("backgrounds/a/u-1/sea & sky.svg"));
        let message = json!({"channel_id": "a-general", "message_id": "000017"});
        assert_eq!(record_id("chat_messages", &message).as_deref(), Some("a-general/000017"));
    }

    #[test]
    fn a_record_without_its_key_has_no_id() {
        assert_eq!(record_id("meeting_participants", &json!({"meeting_id": "m-1"})), None);
        assert_eq!(record_id("meetings", &json!({"meeting_id": null})), None);
        assert_eq!(record_id("recordings", &json!({"meeting_id": "m-1"})), None);
    }
}
