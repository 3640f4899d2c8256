//! What is left of people who were deleted, in all that the stack holds.

use std::collections::BTreeSet;

use habeas_local::{Directory, Place, Snapshot, StackState, Trace, USERS};
use serde_json::{Value, json};

use crate::world::{BALTIC_ADMIN, World, journey, learn};

/// They are in the data of the second account and in no other journey: somebody
/// who hosts, speaks, chats and draws, and somebody who only takes part.
const HOST: &str = "kapitaen@baltic.example";
const GUEST: &str = "tide_table@baltic.example";
const ACCOUNT: &str = "baltic";

const SOURCES: [&str; 9] = [
    USERS,
    "meetings-app-meetings",
    "meetings-app-meeting_participants",
    "meetings-app-meeting_transcripts",
    "meetings-app-webinars",
    "meetings-app-webinar_attendees",
    "meetings-app-webinar_transcripts",
    CHAT,
    "meetings-app-whiteboards",
];
const CHAT: &str = "meetings-app-chat_messages";

/// By what somebody is known.
struct Person {
    address: String,
    name: String,
    user: String,
}

/// Why a trace may stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Reason {
    /// What was asked for, of whom and how it ended is kept for 24 months, to be shown.
    Accountability,
    /// Whether somebody is a member is the product's to tell Habeas, and not a deletion's.
    Directory,
    /// The data map retains who is who in the product, as long as the membership lasts.
    Retained,
    /// A message is its sender's, whomever it is to. Only its text may name them.
    OthersMessage,
    /// An archive of somebody else has the records of that person until it expires:
    /// who attended their meetings, and what they wrote.
    OthersArchive,
}

#[test]
fn a_deletion_leaves_no_trace_but_what_is_kept_for_a_reason() {
    journey(async |world| {
        let admin = world.stack.api_as(BALTIC_ADMIN).await.unwrap();
        let before = world.stack.snapshot_sources().await.unwrap();
        let people = known(&world, &before).await;
        let texts: Vec<String> =
            people.iter().flat_map(|p| [p.address.clone(), p.name.clone(), p.user.clone()]).collect();
        they_are_everywhere(&world, &world.stack.traces(&texts).await.unwrap(), &people);

        let body = json!({"kind": "delete", "subjects": [HOST, GUEST], "confirm": true});
        let id = world.file(&admin, &body);
        let request = world.ended(&admin, &id).await;
        assert_eq!(request["status"], "Completed", "{request}");
        let mails = world.mails_about(&id);
        assert_eq!(mails, ["Your data deletion request was received", "Your data deletion is completed"]);

        let after = world.stack.snapshot_sources().await.unwrap();
        let rest = Rest { state: world.stack.state(), id: &id, people: &people, sources: &after };
        let (mut reasons, mut unwanted) = (BTreeSet::new(), Vec::new());
        for trace in world.stack.traces(&texts).await.unwrap() {
            match rest.may_stay(&trace) {
                Some(reason) => {
                    reasons.insert(reason);
                }
                None => unwanted.push(trace.to_string()),
            }
        }
        // No execution, log, mail or queue has a reason: nobody is to be in them.
        assert!(unwanted.is_empty(), "{} traces are left:\n{}", unwanted.len(), unwanted.join("\n"));
        for reason in [Reason::Accountability, Reason::Directory, Reason::Retained] {
            assert!(reasons.contains(&reason), "the scan does not see what is kept: {reason:?}");
        }
        nobody_else_is_touched(&before, &after, &people);
    });
}

/// The people as the product knows them, whom Habeas is told of as members.
async fn known(world: &World, sources: &Snapshot) -> Vec<Person> {
    let directory = Directory::read(&world.data).unwrap();
    let mut people = Vec::new();
    for address in [HOST, GUEST] {
        let member = directory.members.iter().find(|member| member.email == address).unwrap();
        assert_eq!(member.account_id, ACCOUNT);
        learn(&world.stack, "member.upserted", "2026-01-01T00:00:00Z", &json!(member)).await;
        let user = sources.user_of(address).unwrap();
        people.push(Person { address: address.to_owned(), name: member.name.clone(), user });
    }
    people
}

/// What finds nothing afterwards must have found them before.
fn they_are_everywhere(world: &World, traces: &[Trace], people: &[Person]) {
    let [host, guest] = people else { panic!("there are two") };
    let is_in = |wanted: &str, text: &String| {
        let here = |trace: &&Trace| matches!(&trace.place, Place::Row { table, .. } if table == wanted);
        traces.iter().filter(here).any(|trace| trace.text == *text)
    };
    for table in SOURCES {
        assert!(is_in(table, &host.address), "{} is not in {table}", host.address);
    }
    for (table, text) in [(USERS, &guest.user), (USERS, &guest.name), (CHAT, &guest.address)] {
        assert!(is_in(table, text), "{text} is not in {table}");
    }
    let lies_below = |place: &Place, folder: &str| {
        let Place::Object { bucket, key, .. } = place else { return false };
        *bucket == world.stack.state().source_bucket && key.starts_with(folder)
    };
    for (folder, part) in [("backgrounds/", "key"), ("surveys/", "content")] {
        let mut found = traces.iter().filter(|trace| lies_below(&trace.place, folder));
        assert!(found.any(|trace| trace.part == part && trace.text == host.user), "nothing in {folder}");
    }
}

/// What the traces after a deletion are held against.
struct Rest<'a> {
    state: &'a StackState,
    /// Of the deletion, the only request about these people.
    id: &'a str,
    people: &'a [Person],
    sources: &'a Snapshot,
}

impl Rest<'_> {
    fn may_stay(&self, trace: &Trace) -> Option<Reason> {
        match &trace.place {
            Place::Row { table, key } => {
                let parts: Value = serde_json::from_str(key).unwrap();
                let (first, second) = (parts[0].as_str()?, parts[1].as_str());
                match table.as_str() {
                    USERS => self.is_theirs(first).then_some(Reason::Retained),
                    CHAT => self.of_others(key, trace),
                    table if table == self.state.table => self.of_habeas(first, second?, &trace.part),
                    _ => None,
                }
            }
            Place::Object { bucket, .. } => self.of_an_archive(bucket, trace),
            _ => None,
        }
    }

    /// Habeas's own rows, each with the attributes that name its people.
    fn of_habeas(&self, pk: &str, sk: &str, part: &str) -> Option<Reason> {
        let is_about = |address: &str| self.is_theirs(address);
        if pk.strip_prefix("MEMBER#").is_some_and(is_about) {
            return (sk == "PROFILE").then_some(Reason::Directory);
        }
        let of_request = pk.strip_prefix("REQ#") == Some(self.id) && sk == "REQUEST";
        let row_about = pk.strip_prefix(&format!("ACCT#{ACCOUNT}#ABOUT#")).is_some_and(is_about);
        let is_kept = (of_request && ["subjects", "counts"].contains(&part))
            || (row_about && sk == self.id && part == "pk");
        is_kept.then_some(Reason::Accountability)
    }

    /// The generator has people begin a message with the name of whom it is to. It
    /// puts no name into anything else that people write: not into what they say,
    /// not into topics, drawings or comments.
    fn of_others(&self, key: &str, trace: &Trace) -> Option<Reason> {
        let row: Value = serde_json::from_str(self.sources.tables.get(CHAT)?.get(key)?).unwrap();
        let sender = row["sender_email"].as_str()?;
        let person = self.people.iter().find(|person| person.name == trace.text)?;
        let is_to_them = row["text"].as_str()?.starts_with(&format!("{}: ", person.name));
        let is_kept = trace.part == "text" && is_to_them && !self.is_theirs(sender);
        is_kept.then_some(Reason::OthersMessage)
    }

    /// Nobody has had an export of these people, so that every archive is another's.
    fn of_an_archive(&self, bucket: &str, trace: &Trace) -> Option<Reason> {
        let is_archive = bucket == self.state.archive_bucket || bucket == self.state.eea_archive_bucket;
        let of = trace.part.strip_prefix("content of subjects/")?.split('/').next()?;
        // The product's ids stand for them in their own records only.
        let is_id = self.people.iter().any(|person| person.user == trace.text);
        (is_archive && !self.is_theirs(of) && !is_id).then_some(Reason::OthersArchive)
    }

    fn is_theirs(&self, address: &str) -> bool {
        self.people.iter().any(|person| person.address == address)
    }
}

/// What has gone or changed was theirs, and nothing has come.
fn nobody_else_is_touched(before: &Snapshot, after: &Snapshot, people: &[Person]) {
    let changes = before.changes(after);
    assert_eq!(changes.added, Vec::<String>::new());
    let is_theirs = |row: &str| {
        let user = |person: &Person| row.contains(&format!("\"{}\"", person.user));
        people.iter().any(|person| row.contains(&person.address) || user(person))
    };
    let boards = before.tables["meetings-app-whiteboards"].values().filter(|row| is_theirs(row));
    let boards = boards.map(|row| serde_json::from_str::<Value>(row).unwrap());
    let mut files: Vec<String> = boards.map(|board| board["s3_key"].as_str().unwrap().to_owned()).collect();
    files.extend(people.iter().map(|person| format!("backgrounds/{ACCOUNT}/{}/", person.user)));
    for gone in changes.removed.iter().chain(&changes.changed) {
        let (table, key) = gone.split_once(' ').unwrap();
        let was_theirs = match before.tables.get(table) {
            // With old versions of a document goes what only they had still.
            Some(rows) => is_theirs(&rows[key]) || (table == "survey_answers" && key.contains("]@")),
            None => files.iter().any(|file| key.starts_with(file.as_str())),
        };
        assert!(was_theirs, "{gone} was somebody else's");
    }
}
