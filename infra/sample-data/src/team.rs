use std::collections::BTreeSet;

use crate::account::Account;
use crate::author::Author;
use crate::cast::{PLAYERS, STAGE, address};
use crate::names::{FIRST, LAST, NICKNAMES};

/// One in so many members never turns up anywhere.
const QUIET_EVERY: usize = 12;

#[derive(Debug)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: &'static str,
}

/// The people of an account.
#[derive(Debug)]
pub(crate) struct Team {
    pub(crate) account: &'static Account,
    /// Appear in no data.
    staff: [Person; 2],
    /// The first places are those of `cast`.
    pub(crate) members: Vec<Person>,
}

impl Team {
    pub(crate) fn gather(account: &'static Account, author: &mut Author) -> Self {
        let staff = [("owner", "Owner"), ("admin", "Admin")].map(|(role, name)| Person {
            email: address(role, account.id),
            name: name.to_owned(),
            role,
        });
        let mut taken = BTreeSet::new();
        let mut members = Vec::with_capacity(account.members);
        let players = PLAYERS.iter().filter(|_| account.id == STAGE);
        let nicknames = NICKNAMES.iter().filter(|(home, ..)| *home == account.id);
        let known = players.copied().chain(nicknames.map(|(_, local, name)| (*local, *name)));
        for (local, name) in known {
            taken.insert(local.to_owned());
            members.push(member(account, local, name));
        }
        while members.len() < account.members {
            let (first, last) = (author.chance.pick(&FIRST), author.chance.pick(&LAST));
            let local = format!("{}.{}", first.0, last.0);
            if taken.insert(local.clone()) {
                members.push(member(account, &local, &format!("{} {}", first.1, last.1)));
            }
        }
        Self { account, staff, members }
    }

    pub(crate) fn everyone(&self) -> impl Iterator<Item = &Person> {
        self.staff.iter().chain(&self.members)
    }

    /// The member's id of the product, by which some of its parts know people.
    ///
    /// Some begin as others do, on purpose: `u-1` has nothing of what `u-10` has.
    pub(crate) fn user_id(&self, place: usize) -> String {
        format!("u-{}", self.account.first_user + place)
    }

    /// Places of those who turn up.
    pub(crate) fn active(&self) -> Vec<usize> {
        (0..self.members.len()).filter(|place| place % QUIET_EVERY != QUIET_EVERY - 1).collect()
    }
}

fn member(account: &Account, local: &str, name: &str) -> Person {
    Person { email: address(local, account.id), name: name.to_owned(), role: "member" }
}
