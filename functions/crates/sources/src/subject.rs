use std::fmt;

use habeas_domain::{AccountId, DateRange, EmailAddress};
use serde::{Deserialize, Serialize};

use crate::map::EMAIL;

/// Whose records are looked for, in which account, of which days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subject {
    pub email: EmailAddress,
    /// What else stands for the person in the sources.
    pub ids: Vec<LinkedId>,
    /// Only records of this account are the account's to export or erase.
    pub account: AccountId,
    pub range: Option<DateRange>,
}

/// An id of a person, and what it was learnt from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkedId {
    /// What the data map calls it.
    pub id: String,
    pub value: String,
    /// The id that led to it, and the table that has both.
    pub from: String,
    pub from_value: String,
    pub table: String,
}

impl Subject {
    /// A person of whom nothing but the address is known.
    #[must_use]
    pub fn new(email: EmailAddress, account: AccountId, range: Option<DateRange>) -> Self {
        Self { email, ids: Vec::new(), account, range }
    }

    /// All that stands for the person under a name of the data map. Positions
    /// in it stay the same throughout a request.
    #[must_use]
    pub fn ids(&self, id: &str) -> Vec<&str> {
        let linked = self.ids.iter().filter(|linked| linked.id == id).map(|linked| linked.value.as_str());
        (id == EMAIL).then(|| self.email.as_str()).into_iter().chain(linked).collect()
    }
}

impl fmt::Debug for LinkedId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LinkedId").field("id", &self.id).field("from", &self.from).finish_non_exhaustive()
    }
}
