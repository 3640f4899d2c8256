//! Rows that lead from one id to another, and where they lead in the end.

use std::collections::BTreeSet;

use habeas_sources::{EMAIL, LinkedId};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::record::{ACCOUNTS, AMBER, BIRCH, Records, value};
use crate::tables::World;

/// A table that leads from ids of one name to ids of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rule {
    pub(crate) table: &'static str,
    from: &'static str,
    to: &'static str,
}

pub(crate) const USERS: Rule = Rule { table: "users", from: EMAIL, to: "user_id" };
pub(crate) const ALIASES: Rule = Rule { table: "aliases", from: "user_id", to: EMAIL };
pub(crate) const PARTICIPANTS: Rule = Rule { table: "participants", from: "user_id", to: "participant_id" };
pub(crate) const SEATS: Rule = Rule { table: "seats", from: "participant_id", to: "user_id" };

pub(crate) const RULES: [Rule; 4] = [USERS, ALIASES, PARTICIPANTS, SEATS];

/// An id's name and its value.
pub(crate) type Id = (String, String);

/// A row of such a table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link {
    pub(crate) rule: Rule,
    /// The number of the id that is known.
    pub(crate) has: usize,
    pub(crate) leads_to: To,
    /// One of `ACCOUNTS`.
    pub(crate) account: usize,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum To {
    Id(usize),
    Empty,
    Nothing,
}

impl Link {
    /// In the account amber.
    pub(crate) fn of(rule: Rule, has: usize, leads_to: usize) -> Self {
        Self { rule, has, leads_to: To::Id(leads_to), account: AMBER }
    }

    /// The row as it is stored, in DynamoDB's typed JSON.
    pub(crate) fn row(&self, number: usize) -> Value {
        let mut row = json!({
            "row": {"N": number.to_string()},
            "has": {"S": value(self.rule.from, self.has)},
            "account_id": {"S": ACCOUNTS[self.account]},
        });
        match self.leads_to {
            To::Id(id) => row["leads_to"] = json!({"S": value(self.rule.to, id)}),
            To::Empty => row["leads_to"] = json!({"S": ""}),
            To::Nothing => {}
        }
        row
    }

    /// Which id it leads to from which, where it counts.
    fn ids(&self) -> Option<(Id, Id)> {
        let id = |name: &str, number| (name.to_owned(), value(name, number));
        match self.leads_to {
            To::Id(to) if self.account == AMBER => Some((id(self.rule.from, self.has), id(self.rule.to, to))),
            _ => None,
        }
    }

    /// Whether this is the row by which an id says that it was learnt.
    pub(crate) fn says(&self, linked: &LinkedId) -> bool {
        let from = (linked.from.clone(), linked.from_value.clone());
        let to = (linked.id.clone(), linked.value.clone());
        self.rule.table == linked.table && self.ids() == Some((from, to))
    }
}

/// All ids that Ana's address leads to, and the address.
pub(crate) fn reachable(links: &[Link]) -> BTreeSet<Id> {
    let edges: Vec<_> = links.iter().filter_map(Link::ids).collect();
    let mut reached = BTreeSet::from([(EMAIL.to_owned(), value(EMAIL, 0))]);
    loop {
        let before = reached.len();
        for (from, to) in &edges {
            if reached.contains(from) {
                reached.insert(to.clone());
            }
        }
        if reached.len() == before {
            return reached;
        }
    }
}

/// Tables with these rows.
pub(crate) fn world_of(links: &[Link]) -> World {
    let world = World::with(&Records::new());
    for (number, link) in links.iter().enumerate() {
        world.put_row(link.rule.table, &link.row(number));
    }
    world
}

fn some_link() -> impl Strategy<Value = Link> {
    let rule = prop::sample::select(RULES.to_vec());
    let leads_to = prop_oneof![
        8 => (0..5_usize).prop_map(To::Id),
        1 => Just(To::Empty),
        1 => Just(To::Nothing),
    ];
    let account = prop::sample::select(vec![AMBER, AMBER, AMBER, BIRCH]);
    let fields = (rule, 0..5_usize, leads_to, account);
    fields.prop_map(|(rule, has, leads_to, account)| Link { rule, has, leads_to, account })
}

/// The same rows in two orders. In pages of two they stay within the pages that
/// one id may take.
pub(crate) fn some_links() -> impl Strategy<Value = [Vec<Link>; 2]> {
    let links = prop::collection::vec(some_link(), 0..38);
    let orders = links.prop_flat_map(|links| (Just(links.clone()), Just(links).prop_shuffle()));
    orders.prop_map(|(one, other)| [one, other])
}
