use std::collections::BTreeMap;

use serde_json::json;

use crate::author::Author;
use crate::calendar::{HOUR, MINUTE, month, stamp};
use crate::rows::Row;
use crate::sessions::Attendance;
use crate::team::Team;

/// Of those who are asked, one in so many answers.
const ANSWERS_ONE_IN: u32 = 2;

/// Short enough that who leaves the last meeting answers in the last month.
const ANSWER_SECONDS_MAX: u32 = 20 * HOUR;

/// What people thought of meetings: the answers of all accounts, by the month they came in.
#[derive(Debug)]
pub(crate) struct Surveys {
    months: BTreeMap<String, Vec<Answer>>,
    count: usize,
}

#[derive(Debug)]
struct Answer {
    at: u32,
    row: Row,
}

impl Surveys {
    pub(crate) fn new() -> Self {
        Self { months: BTreeMap::new(), count: 0 }
    }

    /// Asks those who were at the account's meetings, in the order of the meetings.
    pub(crate) fn ask(&mut self, team: &Team, attended: &[Attendance], author: &mut Author) {
        for attendance in attended {
            if !author.chance.one_in(ANSWERS_ONE_IN) {
                continue;
            }
            self.count += 1;
            let at = attendance.left + author.chance.between(MINUTE, ANSWER_SECONDS_MAX);
            let row = Row::from([
                ("answer_id", json!(format!("A-{:06}", self.count))),
                ("account_id", json!(team.account.id)),
                ("user_id", json!(team.user_id(attendance.place))),
                ("meeting_id", json!(attendance.session)),
                ("answered_at", json!(stamp(at))),
                ("score", json!(author.chance.between(0, 10))),
                ("comment", json!(author.text(team.account.tongues, 1))),
            ]);
            self.months.entry(month(at)).or_default().push(Answer { at, row });
        }
    }

    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The documents by their places in the folder, which are their keys in the
    /// bucket: each month's answers as they came in, which is not by their ids.
    pub(crate) fn documents(self) -> impl Iterator<Item = (String, Vec<Row>)> {
        self.months.into_iter().map(|(month, mut answers)| {
            answers.sort_by_key(|answer| answer.at);
            let rows = answers.into_iter().map(|answer| answer.row).collect::<Vec<_>>();
            (format!("surveys/{month}.json"), rows)
        })
    }
}
