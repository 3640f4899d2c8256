use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, SecondsFormat, Utc};
use habeas_domain::{Counts, Digest, RequestId};
use habeas_lambda::{TaskError, names};
use habeas_sources::{Digests, Erased, Source};
use habeas_work::{Ground, HeldTarget, Listed, Outcomes, UnitTask};
use serde::Serialize;
use serde_json::{Value, json};

use crate::Deletion;

/// The version of the receipt's form.
const VERSION: u32 = 1;

const SOFTWARE: &str = concat!("habeas ", env!("CARGO_PKG_VERSION"));

/// What was found and what became of it, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Numbers {
    found: u64,
    erased: u64,
    masked: u64,
    retained: u64,
    /// Under a legal hold.
    held: u64,
    /// Not there any more, or not the person's any more, when its turn came.
    gone: u64,
}

/// What a deletion has come to: by source and person, with what stands for the records.
#[derive(Debug, Default)]
pub(crate) struct Reckoning {
    by_person: BTreeMap<(String, usize), Numbers>,
    digests: BTreeMap<String, Vec<Digest>>,
    /// What legal holds were on.
    pub(crate) held: Vec<HeldTarget>,
}

impl Numbers {
    fn count(&mut self, became: Erased) {
        self.found += 1;
        match became {
            Erased::Deleted => self.erased += 1,
            Erased::Masked => self.masked += 1,
            Erased::Retained => self.retained += 1,
            Erased::Held => self.held += 1,
            Erased::Left => self.gone += 1,
        }
    }

    fn add(&mut self, other: Self) {
        self.found += other.found;
        self.erased += other.erased;
        self.masked += other.masked;
        self.retained += other.retained;
        self.held += other.held;
        self.gone += other.gone;
    }
}

impl Reckoning {
    /// Counts what the inventories list by what was written down of it, one unit
    /// after the other.
    pub(crate) async fn of(ground: &Ground, deletion: &Deletion<'_>) -> Result<Self, TaskError> {
        let mut reckoning = Self::default();
        for unit in deletion.units {
            let outcomes = outcomes(deletion.folder.outcomes_of(&unit.unit).await?);
            for (place, listed) in deletion.folder.listed_of(&unit.unit).await? {
                let became = outcomes.get(&place).ok_or_else(gap)?;
                let task = unit.tasks.get(listed.task).ok_or_else(gap)?;
                ground.source(&task.source)?;
                reckoning.count(task, &listed, *became);
            }
        }
        Ok(reckoning)
    }

    fn count(&mut self, task: &UnitTask, listed: &Listed, became: Erased) {
        self.by_person.entry((task.source.clone(), task.subject)).or_default().count(became);
        if became == Erased::Held {
            let (subject, source) = (task.subject, task.source.clone());
            self.held.push(HeldTarget { subject, source, listed: listed.clone() });
        }
        self.digests.entry(task.source.clone()).or_default().push(listed.digest.clone());
    }

    /// How much is not there any more of each person and data type.
    pub(crate) fn erased_by_person(
        &self,
        ground: &Ground,
        deletion: &Deletion<'_>,
    ) -> Result<Counts, TaskError> {
        let request = deletion.request;
        let none: BTreeMap<_, _> = request.data_types.iter().map(|of| (of.to_string(), 0)).collect();
        let people = request.subjects.iter().map(|email| email.as_str().to_owned());
        let mut counts: Counts = people.map(|email| (email, none.clone())).collect();
        for ((source, subject), numbers) in &self.by_person {
            let email = request.subjects.get(*subject).ok_or_else(gap)?;
            let of = counts.entry(email.as_str().to_owned()).or_default();
            let data_type = ground.source(source)?.data_type.to_string();
            *of.entry(data_type).or_default() += numbers.found - numbers.retained - numbers.held;
        }
        Ok(counts)
    }

    /// The receipt's canonical text (RFC 8785): names in order, no spaces, whole
    /// numbers. Nothing in it is personal data.
    pub(crate) fn receipt(
        &self,
        ground: &Ground,
        deletion: &Deletion<'_>,
        digests: &Digests,
        withdrawn: &BTreeSet<RequestId>,
        now: DateTime<Utc>,
    ) -> String {
        let request = deletion.request;
        let sources: Vec<_> =
            ground.map.of_types(&request.data_types).map(|source| self.of_source(source)).collect();
        let people = request.subjects.iter().enumerate();
        let subjects: Vec<_> = people
            .map(
                |(number, email)| json!({"digest": digests.person(email), "sources": self.of_person(number)}),
            )
            .collect();
        let mut receipt = json!({
            "version": VERSION,
            "software": SOFTWARE,
            "request": request.id,
            "account": request.account,
            "data_types": request.data_types,
            "filed_at": time(request.created_at),
            "verified_at": time(now),
            "head": request.timeline.head(),
            "data_map": ground.map_digest,
            "sources": sources,
            "subjects": subjects,
            "archives_expired": withdrawn,
        });
        if let Some(original) = request.follows {
            receipt["follows"] = json!(original);
        }
        receipt.to_string()
    }

    /// What became of everything in a source. It was read again, so that nothing
    /// of what was to go remains.
    fn of_source(&self, source: &Source) -> Value {
        let mut sum = Numbers::default();
        self.by_person.iter().filter(|((name, _), _)| *name == source.name).for_each(|(_, of)| sum.add(*of));
        let mut told = json!(sum);
        told["name"] = json!(source.name);
        told["data_type"] = json!(source.data_type);
        told["rule"] = json!(source.erase.name());
        told["remaining"] = json!(0);
        told["digest"] = json!(digest_of_all(self.digests.get(&source.name).map_or(&[][..], Vec::as_slice)));
        if let Some(reason) = source.erase.reason() {
            told["reason"] = json!(reason);
        }
        told
    }

    /// What became of what a person had, by source; sources that had nothing are
    /// left out, and numbers that are none.
    fn of_person(&self, subject: usize) -> BTreeMap<&str, BTreeMap<String, Value>> {
        let theirs = self.by_person.iter().filter(|((_, of), _)| *of == subject);
        let told = theirs.map(|((source, _), numbers)| {
            let numbers = json!(numbers);
            let numbers = numbers.as_object().cloned().unwrap_or_default().into_iter();
            (source.as_str(), numbers.filter(|(_, number)| *number != json!(0)).collect())
        });
        told.collect()
    }
}

fn outcomes(steps: Vec<Outcomes>) -> BTreeMap<(u32, usize), Erased> {
    let outcomes = steps.into_iter().flat_map(|step| step.outcomes);
    outcomes.map(|outcome| ((outcome.inventory, outcome.target), outcome.became)).collect()
}

/// One digest for many: of their texts in order, a line each, as `sort | sha256sum` has it.
fn digest_of_all(digests: &[Digest]) -> Digest {
    let mut sorted: Vec<_> = digests.iter().map(Digest::as_str).collect();
    sorted.sort_unstable();
    let lines: String = sorted.into_iter().flat_map(|digest| [digest, "\n"]).collect();
    Digest::of(&lines)
}

fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn gap() -> TaskError {
    TaskError::new(names::INCOMPLETE, "The record of what was erased has gaps.")
}
