use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::event::seconds;
use crate::{
    AccountId, AccountSettings, AgreedTerms, Basis, Chosen, Digest, EmailAddress, Person, Role, Setting,
    SettingValue, Topic,
};

/// One change of settings, as the ledger of an account keeps it for good.
///
/// Its canonical text is what is stored and hashed: compact JSON (RFC 8259),
/// members in order of name, absent ones left out. `prev` is the hash of the
/// entry before, so that a changed, removed, added or reordered entry is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    pub account: AccountId,
    /// Counted from 1, without gaps.
    pub number: u64,
    #[serde(with = "seconds")]
    pub at: DateTime<Utc>,
    /// Absent where nobody in person did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<EmailAddress>,
    pub role: Actor,
    pub scope: Scope,
    pub changes: Vec<Change>,
    /// The terms that a consent was given to, or that made one lapse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<AgreedTerms>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Empty in the first entry.
    pub prev: Digest,
}

/// What was switched.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "ChangeText", into = "ChangeText")]
pub struct Change {
    pub setting: Topic,
    pub from: bool,
    pub to: bool,
}

/// A change as it is written: with the values that people know.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChangeText {
    setting: Topic,
    from: SettingValue,
    to: SettingValue,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a value of this setting")]
struct NotAValue;

impl From<Change> for ChangeText {
    fn from(Change { setting, from, to }: Change) -> Self {
        Self { from: setting.value(from), to: setting.value(to), setting }
    }
}

impl TryFrom<ChangeText> for Change {
    type Error = NotAValue;

    fn try_from(ChangeText { setting, from, to }: ChangeText) -> Result<Self, NotAValue> {
        let is_one = |value: SettingValue| setting.value(value.is_on()) == value;
        if !(is_one(from) && is_one(to)) {
            return Err(NotAValue);
        }
        Ok(Self { from: from.is_on(), to: to.is_on(), setting })
    }
}

/// In which role somebody made a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Actor {
    Owner,
    Admin,
    Member,
    /// By publishing new terms.
    Operator,
}

/// Whose settings were changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    Account,
    /// Those of the one who did it.
    Member,
}

/// Where a ledger ends.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Of the last entry; 0 before the first.
    pub number: u64,
    pub hash: Digest,
}

/// An entry as it is stored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    pub text: String,
    pub hash: Digest,
}

/// Where an account's ledger ended on a day, as it is kept out of everybody's
/// reach: a chain that was written anew from its beginning does not fit to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anchor {
    pub account: AccountId,
    #[serde(with = "seconds")]
    pub at: DateTime<Utc>,
    pub number: u64,
    pub hash: Digest,
}

impl Anchor {
    #[must_use]
    pub fn head(&self) -> Head {
        Head { number: self.number, hash: self.hash.clone() }
    }
}

/// The first place where a ledger is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BrokenLedger {
    #[error("entry {0} is not the one that was written")]
    Changed(u64),
    #[error("entry {0} is missing, or not in its place")]
    Missing(u64),
    #[error("the ledger ends with entry {found}, but its head is entry {head}")]
    Cut { found: u64, head: u64 },
    #[error("entry {0} is not the one that was anchored")]
    NotAnchored(u64),
    #[error("the setting {0} is not what the ledger says")]
    OtherSetting(Topic),
    #[error("what a member has in force is not what entry {0} says")]
    OtherChoice(u64),
}

impl From<Role> for Actor {
    fn from(role: Role) -> Self {
        match role {
            Role::Owner => Self::Owner,
            Role::Admin => Self::Admin,
            Role::Member => Self::Member,
        }
    }
}

impl Entry {
    #[must_use]
    pub fn seal(&self) -> Sealed {
        // An object of serde_json keeps its members in order of name.
        let text = json!(self).to_string();
        Sealed { hash: Digest::of(&text), text }
    }

    /// Whether it is about the account's consent to AI training.
    #[must_use]
    pub fn is_about_consent(&self) -> bool {
        self.scope == Scope::Account
            && self.changes.iter().any(|change| change.setting.setting == Setting::AiTraining)
    }
}

impl Sealed {
    /// The entry as the API shows it: the text that was hashed, and its hash.
    #[must_use]
    pub fn view(&self) -> Value {
        let mut entry: Value = serde_json::from_str(&self.text).unwrap_or_default();
        entry["hash"] = json!(self.hash);
        entry
    }

    pub fn entry(&self) -> Result<Entry, serde_json::Error> {
        serde_json::from_str(&self.text)
    }
}

/// Goes through a ledger from its first entry on.
#[derive(Debug, Clone)]
pub struct LedgerCheck {
    account: AccountId,
    head: Head,
    /// How each of the account's settings was left, and on what terms.
    settings: BTreeMap<Topic, Chosen>,
    /// How each choice of a member was left, and by which entry.
    members: BTreeMap<EmailAddress, BTreeMap<Topic, (bool, u64)>>,
}

impl LedgerCheck {
    #[must_use]
    pub fn new(account: AccountId) -> Self {
        Self { account, head: Head::default(), settings: BTreeMap::new(), members: BTreeMap::new() }
    }

    /// Takes the next entry, stored under `number`.
    pub fn take(&mut self, number: u64, sealed: &Sealed) -> Result<Entry, BrokenLedger> {
        let expected = self.head.number + 1;
        if number != expected {
            return Err(BrokenLedger::Missing(expected));
        }
        let entry = sealed.entry().map_err(|_| BrokenLedger::Changed(expected))?;
        let is_as_written = Digest::of(&sealed.text) == sealed.hash
            && entry.seal() == *sealed
            && entry.account == self.account
            && entry.number == expected
            && entry.prev == self.head.hash;
        if !is_as_written {
            return Err(BrokenLedger::Changed(expected));
        }
        self.head = Head { number, hash: sealed.hash.clone() };
        self.remember(&entry);
        Ok(entry)
    }

    /// The last entry taken so far.
    #[must_use]
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Compares with a head that was kept elsewhere for the last entry taken.
    pub fn compare(&self, anchored: &Head) -> Result<(), BrokenLedger> {
        if *anchored == self.head { Ok(()) } else { Err(BrokenLedger::NotAnchored(anchored.number)) }
    }

    /// Compares with the settings in force: they are what the entries made of them.
    pub fn agree(&self, settings: &AccountSettings) -> Result<(), BrokenLedger> {
        let topics = settings.chosen.keys().chain(self.settings.keys());
        match topics.into_iter().find(|topic| settings.chosen.get(topic) != self.settings.get(topic)) {
            Some(topic) => Err(BrokenLedger::OtherSetting(topic.clone())),
            None => Ok(()),
        }
    }

    /// The members who have chosen something in this account.
    #[must_use]
    pub fn members(&self) -> BTreeSet<&EmailAddress> {
        self.members.keys().collect()
    }

    /// Compares with what members have in force. Somebody may have chosen anew in
    /// another account since; that is for its ledger to prove.
    pub fn agree_with_members(&self, people: &BTreeMap<EmailAddress, Person>) -> Result<(), BrokenLedger> {
        for (email, topics) in &self.members {
            let chosen = people.get(email).map(|person| &person.settings.chosen);
            for (topic, (on, entry)) in topics {
                let is_so = chosen.and_then(|chosen| chosen.get(topic)).is_some_and(|chosen| {
                    chosen.basis.account != self.account || (chosen.on, chosen.basis.entry) == (*on, *entry)
                });
                if !is_so {
                    return Err(BrokenLedger::OtherChoice(*entry));
                }
            }
        }
        Ok(())
    }

    fn remember(&mut self, entry: &Entry) {
        for change in &entry.changes {
            let topic = change.setting.clone();
            match (&entry.by, entry.scope) {
                (Some(by), Scope::Member) => {
                    self.members.entry(by.clone()).or_default().insert(topic, (change.to, entry.number));
                }
                (None, Scope::Member) => {}
                (_, Scope::Account) => {
                    let before = self.settings.get(&topic).and_then(|before| before.terms.clone());
                    let terms = match entry.role {
                        // What has lapsed was agreed to once.
                        Actor::Operator => before,
                        _ => entry.terms.clone().filter(|_| topic.class.is_some() && change.to),
                    };
                    let basis = Basis { account: entry.account.clone(), entry: entry.number };
                    self.settings.insert(topic, Chosen { on: change.to, basis, terms });
                }
            }
        }
    }

    /// Says that there is no other entry.
    pub fn finish(self, head: &Head) -> Result<Head, BrokenLedger> {
        if *head == self.head {
            Ok(self.head)
        } else if head.number == self.head.number {
            Err(BrokenLedger::Changed(head.number))
        } else {
            Err(BrokenLedger::Cut { found: self.head.number, head: head.number })
        }
    }
}

#[cfg(test)]
mod tests;
