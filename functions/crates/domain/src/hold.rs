use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::seconds;
use crate::object::Object;
use crate::order::pointer;
use crate::{AccountId, EmailAddress, FieldError, HoldId, Member, Problem, RequestId, Requestor};

/// The most holds that an account has at a time: each deletion compares what it
/// erases with all of them.
pub const HOLDS_MAX: usize = 200;

/// The most fields that the records of an account are held by: every write of a
/// deletion names them all, and DynamoDB takes 4 KB of conditions.
pub const HELD_FIELDS_MAX: usize = 20;

/// The longest name of a field that records are held by.
pub const HELD_FIELD_BYTES_MAX: usize = 255;

/// The longest value that records are held by.
const HELD_VALUE_BYTES_MAX: usize = 1_024;

/// A sentence or two for who asks why something was not erased.
const REASON_CHARS_MAX: usize = 500;

/// The number of a case, or the name of a file.
const REFERENCE_CHARS_MAX: usize = 200;

/// What a hold keeps from being erased.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "on", rename_all = "snake_case")]
pub enum HoldOn {
    /// Everything of everybody.
    Account,
    /// Everything of one person.
    Subject { subject: EmailAddress },
    /// The records of a source of the data map whose field has this value,
    /// whosever they are.
    Records { source: String, field: String, value: String },
}

impl HoldOn {
    /// The field that records are held by, and whose it is.
    fn field(&self) -> Option<(&str, &str)> {
        match self {
            Self::Records { source, field, .. } => Some((source, field)),
            Self::Account | Self::Subject { .. } => None,
        }
    }
}

/// Values of fields may be personal data.
impl fmt::Debug for HoldOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account => f.write_str("Account"),
            Self::Subject { .. } => f.write_str("Subject(<redacted>)"),
            Self::Records { source, field, .. } => write!(f, "Records({source}.{field} <redacted>)"),
        }
    }
}

/// A legal hold: what it is on is not erased until it is released.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hold {
    pub id: HoldId,
    pub account: AccountId,
    #[serde(flatten)]
    pub on: HoldOn,
    pub reason: String,
    pub reference: String,
    pub placed_by: Requestor,
    #[serde(with = "seconds")]
    pub placed_at: DateTime<Utc>,
}

/// A hold that is no longer, for whoever looks into it later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Released {
    #[serde(flatten)]
    pub hold: Hold,
    pub released_by: Requestor,
    #[serde(with = "seconds")]
    pub released_at: DateTime<Utc>,
}

/// What a client wants to hold, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HoldOrder {
    pub on: HoldOn,
    pub reason: String,
    pub reference: String,
}

#[derive(Deserialize)]
#[serde(tag = "on", rename_all = "snake_case", deny_unknown_fields)]
enum Body {
    Account { reason: String, reference: String },
    Subject { subject: String, reason: String, reference: String },
    Records { source: String, field: String, value: String, reason: String, reference: String },
}

impl HoldOrder {
    /// Reads the body of `POST /v1/holds`. What is no JSON of the right shape is
    /// a 400; values that are not acceptable are a 422 that lists all of them.
    /// `wrong` says what is wrong with a source and a field: the map knows.
    pub fn parse(json: &[u8], wrong: impl FnOnce(&str, &str) -> Vec<FieldError>) -> Result<Self, Problem> {
        let mut reader = serde_json::Deserializer::from_slice(json);
        let Object(body): Object<Body> = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
            let pointer = pointer(error.path());
            let detail = error.inner().to_string();
            Problem::malformed(format!("The body is not a hold: {detail}."))
                .with(vec![FieldError::new(pointer, detail)])
        })?;
        reader.end().map_err(|error| Problem::malformed(format!("The body is not a hold: {error}.")))?;
        let mut errors = Vec::new();
        let (on, reason, reference) = match body {
            Body::Account { reason, reference } => (Some(HoldOn::Account), reason, reference),
            Body::Subject { subject, reason, reference } => {
                let subject = EmailAddress::parse(&subject)
                    .map_err(|error| errors.push(FieldError::new("/subject", error.to_string())));
                (subject.ok().map(|subject| HoldOn::Subject { subject }), reason, reference)
            }
            Body::Records { source, field, value, reason, reference } => {
                errors.extend(wrong(&source, &field));
                if !(1..=HELD_VALUE_BYTES_MAX).contains(&value.len()) {
                    let detail = format!("a value is a text of 1 to {HELD_VALUE_BYTES_MAX} bytes");
                    errors.push(FieldError::new("/value", detail));
                }
                (Some(HoldOn::Records { source, field, value }), reason, reference)
            }
        };
        let reason = one_line("/reason", &reason, REASON_CHARS_MAX, &mut errors);
        let reference = one_line("/reference", &reference, REFERENCE_CHARS_MAX, &mut errors);
        match on {
            Some(on) if errors.is_empty() => Ok(Self { on, reason, reference }),
            _ => Err(Problem::invalid(errors)),
        }
    }
}

fn one_line(pointer: &str, text: &str, chars_max: usize, errors: &mut Vec<FieldError>) -> String {
    let text = text.trim();
    let is_plain = |c: char| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}');
    if !(1..=chars_max).contains(&text.chars().count()) || !text.chars().all(is_plain) {
        errors.push(FieldError::new(pointer, format!("it is one line of 1 to {chars_max} characters")));
    }
    text.to_owned()
}

impl Hold {
    #[must_use]
    pub fn place(order: HoldOrder, id: HoldId, by: &Member, at: DateTime<Utc>) -> Self {
        Self {
            id,
            account: by.account.clone(),
            on: order.on,
            reason: order.reason,
            reference: order.reference,
            placed_by: person(by),
            placed_at: at,
        }
    }

    #[must_use]
    pub fn release(self, by: &Member, at: DateTime<Utc>) -> Released {
        Released { hold: self, released_by: person(by), released_at: at }
    }

    /// The hold as owners and admins see it.
    #[must_use]
    pub fn view(&self) -> Value {
        without_account(json!(self))
    }
}

impl Released {
    /// The hold as owners and admins see it.
    #[must_use]
    pub fn view(&self) -> Value {
        without_account(json!(self))
    }
}

/// Whoever sees it is of the account.
fn without_account(mut view: Value) -> Value {
    if let Some(members) = view.as_object_mut() {
        members.remove("account");
    }
    view
}

fn person(member: &Member) -> Requestor {
    Requestor { email: member.email.clone(), name: member.name.clone(), role: member.role }
}

/// What an account holds, as of one moment, and which deletions are erasing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoldBook {
    /// Goes up with each hold that is placed or released, and with each note of
    /// what was held: whoever writes says which version they have seen.
    pub version: u64,
    /// Oldest first.
    pub holds: Vec<Hold>,
    /// The deletions that are erasing, with the version that each goes by.
    pub erasing: BTreeMap<RequestId, u64>,
}

impl HoldBook {
    #[must_use]
    pub fn hold(&self, id: HoldId) -> Option<&Hold> {
        self.holds.iter().find(|hold| hold.id == id)
    }

    #[must_use]
    pub fn is_full(&self) -> bool {
        self.holds.len() >= HOLDS_MAX
    }

    /// Whether a hold would be on one field too many.
    #[must_use]
    pub fn has_no_field_for(&self, on: &HoldOn) -> bool {
        let fields: BTreeSet<_> = self.holds.iter().filter_map(|hold| hold.on.field()).collect();
        on.field().is_some_and(|field| fields.len() >= HELD_FIELDS_MAX && !fields.contains(&field))
    }

    /// The oldest hold on everything of a person, or of their account.
    #[must_use]
    pub fn covers_person(&self, email: &EmailAddress) -> Option<HoldId> {
        let covers = |hold: &&Hold| match &hold.on {
            HoldOn::Account => true,
            HoldOn::Subject { subject } => subject == email,
            HoldOn::Records { .. } => false,
        };
        self.holds.iter().find(covers).map(|hold| hold.id)
    }

    /// Which records are held whosever they are: by hold, source, field and value.
    pub fn record_filters(&self) -> impl Iterator<Item = (HoldId, &str, &str, &str)> {
        self.holds.iter().filter_map(|hold| match &hold.on {
            HoldOn::Records { source, field, value } => {
                Some((hold.id, source.as_str(), field.as_str(), value.as_str()))
            }
            HoldOn::Account | HoldOn::Subject { .. } => None,
        })
    }

    /// Whether one of these holds has been released since.
    #[must_use]
    pub fn lacks_any(&self, holds: &BTreeSet<HoldId>) -> bool {
        holds.iter().any(|id| self.hold(*id).is_none())
    }
}

/// The note of what a deletion did not erase, because it was held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldNote {
    pub account: AccountId,
    pub request: RequestId,
    /// Those that held something of it.
    pub holds: BTreeSet<HoldId>,
    /// How many records were held.
    pub count: u64,
    /// In how many pieces what was held is listed.
    pub chunks: u32,
    /// The request that erases it after a release.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<RequestId>,
}

impl HeldNote {
    /// Whether the release of a hold is to have this erased. What a follow-up
    /// has been filed for, that one erases, or notes anew.
    #[must_use]
    pub fn waits_for(&self, hold: HoldId) -> bool {
        self.holds.contains(&hold) && self.follow_up.is_none()
    }
}

#[cfg(test)]
mod tests;
