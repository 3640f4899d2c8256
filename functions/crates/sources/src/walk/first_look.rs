use std::time::Duration;

use super::Walk;
use crate::connector::PAGE_RECORDS;
use crate::{Address, Find, Pace, SourceError};

/// Of most people the first record says whose they are; the same address in
/// another account is rare.
const FIRST_LOOK_RECORDS: i32 = 10;
const LOOK_PAGES_MAX: usize = 100;

/// Somebody waits for the answer to their request.
const FIRST_LOOK_WITHIN: Duration = Duration::from_secs(5);

impl Walk<'_> {
    /// Whether the source holds a record of the subject's own. It is not asked
    /// where that would be to read a whole table, or to wait for a function.
    pub async fn is_known(&self) -> Result<bool, SourceError> {
        let mut rules = self.source.find.iter().filter(|find| !self.source.scans(find));
        let own = rules.find_map(|find| match find {
            Find::Subject { subject_field, id, index } => Some((subject_field, id, index.as_deref())),
            Find::Through { .. } | Find::Prefix { .. } => None,
        });
        let (Some((field, id, index)), Address::DynamoDb(_)) = (own, &self.source.address) else {
            return Ok(false);
        };
        let pace = Pace { answer_within: self.pace.answer_within.min(FIRST_LOOK_WITHIN), ..self.pace };
        let walk = Walk { pace, ..*self };
        for id in self.subject.ids(id) {
            let (mut after, mut limit) = (None, FIRST_LOOK_RECORDS);
            for pages in 0.. {
                if pages == LOOK_PAGES_MAX {
                    let what = "too many records of one person in other accounts";
                    return Err(SourceError::garbage(&self.source.name, what));
                }
                let records = walk.by_id(self.source, (field, id), index, after.as_ref(), limit).await?;
                for item in &records.items {
                    if self.is_accounts(self.source, item)? {
                        return Ok(true);
                    }
                }
                let Some(last) = records.last else { break };
                (after, limit) = (Some(last), PAGE_RECORDS);
            }
        }
        Ok(false)
    }
}
