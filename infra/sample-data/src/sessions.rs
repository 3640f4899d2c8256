use serde_json::json;

use crate::account::Account;
use crate::author::Author;
use crate::calendar::{DAY, DAYS, HOUR, MINUTE, stamp};
use crate::cast::{BOARD_OWNER, CHATTY, DELETED, HOST, SPARED};
use crate::rows::Tables;
use crate::team::{Person, Team};

/// Meetings and webinars are alike: someone hosts, people attend, and speak.
#[derive(Debug)]
pub(crate) struct Kind {
    letter: char,
    id_field: &'static str,
    sessions: &'static str,
    presences: &'static str,
    utterances: &'static str,
    guests: (u32, u32),
    lines: (u32, u32),
    sentences_max: u32,
    count: fn(&Account) -> usize,
    /// Who come to the one session that is for everybody, if there is one.
    assembly_guests: Option<u32>,
}

pub(crate) static MEETINGS: Kind = Kind {
    letter: 'm',
    id_field: "meeting_id",
    sessions: "meetings",
    presences: "meeting_participants",
    utterances: "meeting_transcripts",
    guests: (2, 7),
    lines: (8, 36),
    sentences_max: 2,
    count: |account| account.meetings,
    assembly_guests: None,
};

pub(crate) static WEBINARS: Kind = Kind {
    letter: 'w',
    id_field: "webinar_id",
    sessions: "webinars",
    presences: "webinar_attendees",
    utterances: "webinar_transcripts",
    guests: (12, 30),
    lines: (20, 50),
    sentences_max: 4,
    count: |account| account.webinars,
    assembly_guests: Some(100),
};

/// The session for everybody is an account's second of its kind.
const ASSEMBLY: usize = 1;

/// Nobody comes later than that, and no session is shorter.
const LATE_SECONDS_MAX: u32 = 5 * MINUTE;

const DEVICES: [&str; 6] = ["ios", "android", "mac", "windows", "linux", "phone"];

/// That a member was at a session.
#[derive(Debug)]
pub(crate) struct Attendance {
    /// The session's id.
    pub(crate) session: String,
    /// The member's place in the team.
    pub(crate) place: usize,
    /// When they left.
    pub(crate) left: u32,
}

struct Presence<'a> {
    place: usize,
    person: &'a Person,
    joined: u32,
    left: u32,
    spoke: bool,
}

struct Session<'a> {
    kind: &'static Kind,
    account: &'static Account,
    id: String,
    start: u32,
    end: u32,
    /// The host comes first.
    present: Vec<Presence<'a>>,
}

/// Holds the account's sessions of a kind, one after the other, and says who was there.
pub(crate) fn hold(
    kind: &'static Kind,
    team: &Team,
    author: &mut Author,
    tables: &mut Tables,
) -> Vec<Attendance> {
    let account = team.account;
    let mut starts: Vec<u32> = (0..(kind.count)(account)).map(|at| start(at, author)).collect();
    starts.sort_unstable();
    let mut attended = Vec::new();
    for (at, start) in starts.into_iter().enumerate() {
        let id = format!("{}-{}-{:03}", kind.letter, account.id, at + 1);
        let present = gather(kind, team, at, start, author);
        let mut session = Session { kind, account, id, start, end: start, present };
        session.speak(author, tables);
        session.leave(author);
        session.record(author, tables);
        attended.extend(session.attended());
    }
    attended
}

/// In working hours, but for a few that run past midnight, and so past the end
/// of a range of days.
fn start(at: usize, author: &mut Author) -> u32 {
    let day = author.chance.below(DAYS) * DAY;
    if at % 9 == 4 {
        return day + DAY - 2 * MINUTE;
    }
    day + author.chance.between(7, 18) * HOUR + author.chance.below(4) * 15 * MINUTE
}

fn gather<'a>(kind: &Kind, team: &'a Team, at: usize, start: u32, author: &mut Author) -> Vec<Presence<'a>> {
    let active = team.active();
    let host = match at % 10 {
        0 | 3 | 6 | 8 => HOST,
        1 => DELETED,
        4 => SPARED,
        _ => author.chance.pick(&active),
    };
    let mut places = vec![host];
    for star in [HOST, CHATTY, BOARD_OWNER, DELETED, SPARED] {
        if author.chance.one_in(4) {
            places.push(star);
        }
    }
    let guests = author.chance.between(kind.guests.0, kind.guests.1);
    let guests = kind.assembly_guests.filter(|_| at == ASSEMBLY).unwrap_or(guests);
    for _ in 0..guests {
        places.push(author.chance.pick(&active));
    }
    let mut present: Vec<Presence> = Vec::with_capacity(places.len());
    for place in places {
        let person = &team.members[place];
        // Nobody attends twice: a presence is known by its session and address.
        if present.iter().all(|other| other.person.email != person.email) {
            let late = if present.is_empty() { 0 } else { author.chance.below(LATE_SECONDS_MAX) };
            let joined = start + late;
            present.push(Presence { place, person, joined, left: joined, spoke: false });
        }
    }
    present
}

impl Session<'_> {
    fn speak(&mut self, author: &mut Author, tables: &mut Tables) {
        let mut at = self.start;
        for line in 0..author.chance.between(self.kind.lines.0, self.kind.lines.1) {
            let drawn = author.chance.below(self.present.len() as u32) as usize;
            // The host, who is there from the start, speaks for those who are not.
            let host_speaks = line == 0 || author.chance.one_in(4) || self.present[drawn].joined > at;
            let speaker = &mut self.present[if host_speaks { 0 } else { drawn }];
            speaker.spoke = true;
            let sentences = author.chance.between(1, self.kind.sentences_max);
            tables.add(
                self.kind.utterances,
                [
                    ("account_id", json!(self.account.id)),
                    (self.kind.id_field, json!(self.id)),
                    ("line", json!(line)),
                    ("speaker_email", json!(speaker.person.email)),
                    ("at", json!(stamp(at))),
                    ("text", json!(author.text(self.account.tongues, sentences))),
                ],
            );
            at += author.chance.between(6, 60);
        }
        self.end = at.max(self.start + LATE_SECONDS_MAX);
    }

    /// Some of those who said nothing do not stay to the end.
    fn leave(&mut self, author: &mut Author) {
        for presence in &mut self.present {
            let early = !presence.spoke && author.chance.one_in(3);
            presence.left = if early { author.chance.between(presence.joined, self.end) } else { self.end };
        }
    }

    fn attended(&self) -> impl Iterator<Item = Attendance> {
        self.present.iter().map(|presence| Attendance {
            session: self.id.clone(),
            place: presence.place,
            left: presence.left,
        })
    }

    fn record(&self, author: &mut Author, tables: &mut Tables) {
        for presence in &self.present {
            tables.add(
                self.kind.presences,
                [
                    ("account_id", json!(self.account.id)),
                    (self.kind.id_field, json!(self.id)),
                    ("email", json!(presence.person.email)),
                    ("name", json!(presence.person.name)),
                    ("joined_at", json!(stamp(presence.joined))),
                    ("left_at", json!(stamp(presence.left))),
                    ("ip_address", json!(ip_address(author))),
                    ("device", json!(author.chance.pick(&DEVICES))),
                ],
            );
        }
        let key: String = (0..4).map(|_| author.chance.hex(16)).collect();
        tables.add(
            self.kind.sessions,
            [
                ("account_id", json!(self.account.id)),
                (self.kind.id_field, json!(self.id)),
                ("host_email", json!(self.present[0].person.email)),
                ("topic", json!(author.topic(self.account.tongues))),
                ("agenda", json!(author.agenda(self.account.tongues))),
                ("started_at", json!(stamp(self.start))),
                ("ended_at", json!(stamp(self.end))),
                ("passcode", json!(author.chance.hex(6))),
                ("encryption_key", json!(key)),
            ],
        );
    }
}

/// Of the ranges kept for documents (RFC 5737 and RFC 3849).
fn ip_address(author: &mut Author) -> String {
    let host = author.chance.between(1, 254);
    match author.chance.below(3) {
        0 => format!("198.51.100.{host}"),
        1 => format!("203.0.113.{host}"),
        _ => format!("2001:db8::{host:x}"),
    }
}
