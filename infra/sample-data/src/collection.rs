use serde_json::Value;

/// One JSON Lines file, and how its records belong to people.
#[derive(Debug)]
pub(crate) struct Collection {
    /// The stem of the file.
    pub(crate) name: &'static str,
    pub(crate) data_type: &'static str,
    /// Bears the address of the person a record is of.
    pub(crate) person: &'static str,
    /// Bears the time that a range is held against.
    pub(crate) time: &'static str,
    /// Together they tell a record from all others.
    id: &'static [&'static str],
    /// Records of a session belong to its host as well.
    pub(crate) through: Option<Through>,
}

#[derive(Debug)]
pub(crate) struct Through {
    /// The collection of sessions, whose `person` is the host.
    pub(crate) collection: &'static str,
    /// Bears the session's id.
    pub(crate) field: &'static str,
}

pub(crate) static COLLECTIONS: [Collection; 8] = [
    Collection {
        name: "meetings",
        data_type: "meetings",
        person: "host_email",
        time: "started_at",
        id: &["meeting_id"],
        through: None,
    },
    Collection {
        name: "meeting_participants",
        data_type: "meetings",
        person: "email",
        time: "joined_at",
        id: &["meeting_id", "email"],
        through: Some(Through { collection: "meetings", field: "meeting_id" }),
    },
    Collection {
        name: "meeting_transcripts",
        data_type: "meetings",
        person: "speaker_email",
        time: "at",
        id: &["meeting_id", "line"],
        through: None,
    },
    Collection {
        name: "webinars",
        data_type: "webinars",
        person: "host_email",
        time: "started_at",
        id: &["webinar_id"],
        through: None,
    },
    Collection {
        name: "webinar_attendees",
        data_type: "webinars",
        person: "email",
        time: "joined_at",
        id: &["webinar_id", "email"],
        through: Some(Through { collection: "webinars", field: "webinar_id" }),
    },
    Collection {
        name: "webinar_transcripts",
        data_type: "webinars",
        person: "speaker_email",
        time: "at",
        id: &["webinar_id", "line"],
        through: None,
    },
    Collection {
        name: "chat_messages",
        data_type: "chat",
        person: "sender_email",
        time: "sent_at",
        id: &["channel_id", "message_id"],
        through: None,
    },
    Collection {
        name: "whiteboards",
        data_type: "whiteboards",
        person: "owner_email",
        time: "created_at",
        id: &["whiteboard_id"],
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
