use serde_json::json;

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
    size: fn(&Team) -> usize,
}

pub(crate) static MEETINGS: Kind = Kind {
    letter: 'm',
    id_field: "meeting_id",
    sessions: "meetings",
    presences: "meeting_participants",
    utterances: "meeting_transcripts",
    guests: (2, 7),
    lines: (8, 40),
    sentences_max: 3,
    size: |team| team.account.meetings,
};

pub(crate) static WEBINARS: Kind = Kind {
    letter: 'w',
    id_field: "webinar_id",
    sessions: "webinars",
    presences: "webinar_attendees",
    utterances: "webinar_transcripts",
    guests: (12, 30),
    lines: (20, 50),
    sentences_max: 5,
    size: |team| team.account.webinars,
};

/// The second session of each kind is one for everybody.
const ASSEMBLY: usize = 1;
const ASSEMBLY_GUESTS: u32 = 100;

const DEVICES: [&str; 6] = ["ios", "android", "mac", "windows", "linux", "phone"];

struct Presence<'a> {
    person: &'a Person,
    joined: u32,
    left: u32,
    spoke: bool,
}

/// Holds the account's sessions of a kind, one after the other.
pub(crate) fn hold(kind: &Kind, team: &Team, author: &mut Author, tables: &mut Tables) {
    let count = (kind.size)(team);
    let mut starts: Vec<u32> = (0..count).map(|at| start(at, author)).collect();
    starts.sort_unstable();
    for (at, start) in starts.into_iter().enumerate() {
        let id = format!("{}-{}-{:03}", kind.letter, team.account.id, at + 1);
        let mut present = gather(kind, team, at, start, author);
        let end = speak(kind, team, &id, start, &mut present, author, tables);
        write(kind, team, &id, start, end, &present, author, tables);
    }
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
        _ => *author.chance.pick(&active),
    };
    let mut places = vec![host];
    let often = [HOST, CHATTY, BOARD_OWNER, DELETED, SPARED].into_iter().filter(|_| author.chance.one_in(4));
    places.extend(often.collect::<Vec<_>>());
    let guests = match at {
        ASSEMBLY if kind.letter == 'w' => ASSEMBLY_GUESTS,
        _ => author.chance.between(kind.guests.0, kind.guests.1),
    };
    places.extend((0..guests).map(|_| *author.chance.pick(&active)).collect::<Vec<_>>());
    let mut present: Vec<Presence> = Vec::with_capacity(places.len());
    for place in places {
        let person = &team.members[place];
        // Nobody attends twice: a presence is known by its session and address.
        if present.iter().all(|other| other.person.email != person.email) {
            let late = if present.is_empty() { 0 } else { author.chance.below(5 * MINUTE) };
            present.push(Presence { person, joined: start + late, left: 0, spoke: false });
        }
    }
    present
}

/// Says what is said, notes who spoke and left when, and returns the end.
fn speak(
    kind: &Kind,
    team: &Team,
    id: &str,
    start: u32,
    present: &mut [Presence],
    author: &mut Author,
    tables: &mut Tables,
) -> u32 {
    let mut at = start;
    for line in 0..author.chance.between(kind.lines.0, kind.lines.1) {
        let drawn = author.chance.below(present.len() as u32) as usize;
        // The host, who is there from the start, speaks for those who are not.
        let host_speaks = line == 0 || author.chance.one_in(4) || present[drawn].joined > at;
        let speaker = &mut present[if host_speaks { 0 } else { drawn }];
        speaker.spoke = true;
        let sentences = author.chance.between(1, kind.sentences_max);
        tables.add(
            kind.utterances,
            [
                ("account_id", json!(team.account.id)),
                (kind.id_field, json!(id)),
                ("line", json!(line)),
                ("speaker_email", json!(speaker.person.email)),
                ("at", json!(stamp(at))),
                ("text", json!(author.text(team.account.tongues, sentences))),
            ],
        );
        at += author.chance.between(6, 60);
    }
    let end = at.max(start + 5 * MINUTE);
    for presence in present {
        let early = !presence.spoke && author.chance.one_in(3);
        presence.left = if early { author.chance.between(presence.joined, end) } else { end };
    }
    end
}

#[expect(clippy::too_many_arguments, reason = "a session is told once, here")]
fn write(
    kind: &Kind,
    team: &Team,
    id: &str,
    start: u32,
    end: u32,
    present: &[Presence],
    author: &mut Author,
    tables: &mut Tables,
) {
    for presence in present {
        tables.add(
            kind.presences,
            [
                ("account_id", json!(team.account.id)),
                (kind.id_field, json!(id)),
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
    let host = present.first().map(|host| host.person.email.as_str());
    tables.add(
        kind.sessions,
        [
            ("account_id", json!(team.account.id)),
            (kind.id_field, json!(id)),
            ("host_email", json!(host)),
            ("topic", json!(author.topic(team.account.tongues))),
            ("agenda", json!(author.agenda(team.account.tongues))),
            ("started_at", json!(stamp(start))),
            ("ended_at", json!(stamp(end))),
            ("passcode", json!(author.chance.hex(6))),
            ("encryption_key", json!(key)),
        ],
    );
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
