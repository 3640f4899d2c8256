use super::{
    CollectionReport, DataTypeReport, FieldList, FileReport, Format, Manifest, PlannedSource, RequestReport,
    SearchPlan, SubjectReport,
};
use crate::index::{Found, Member, MemberKind, SegmentIndex};
use crate::subject::Subject;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// Why plan, findings and members do not tell the same story. Subjects are
/// named by their position in the plan, from 1, and never by address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    #[error("unit {unit}, segment {number}: source {origin} was not planned for this subject")]
    NotPlanned { unit: String, number: u32, origin: String },
    #[error("source {origin} was planned for subject {subject}, but no index says it was searched")]
    NotSearched { origin: String, subject: usize },
    #[error("source {origin} has {found} records of subject {subject}, but {written} are in the archive")]
    Records { origin: String, subject: usize, found: u64, written: u64 },
    #[error("source {origin} has {found} files of subject {subject}, but {written} are in the archive")]
    Files { origin: String, subject: usize, found: u64, written: u64 },
    #[error(
        "unit {unit}, segment {number}: a member would overwrite another one when unpacked \
         (member {member} of it, counted from 1)"
    )]
    SamePath { unit: String, number: u32, member: usize },
}

impl Manifest {
    /// Sums over all units and segments, and refuses sums that do not agree: every
    /// source planned for every subject was searched, and everything found
    /// there is in the archive.
    ///
    /// The order of the indexes does not matter.
    pub fn build(
        request: RequestReport,
        plan: &SearchPlan,
        indexes: &[SegmentIndex],
    ) -> Result<Self, Mismatch> {
        let mut tally = Tally::expecting(plan);
        for index in indexes {
            tally.count(index)?;
        }
        let mut data_types: BTreeSet<&str> = request.data_types.iter().map(String::as_str).collect();
        data_types.extend(plan.sources.iter().map(|source| source.data_type.as_str()));
        let subjects = subjects(tally, plan, &data_types)?;
        Ok(Self {
            format: Format::V1,
            request,
            subjects,
            redacted: field_lists(plan, |source| &source.redacted),
            security_left_out: field_lists(plan, |source| &source.security),
            excluded: plan.excluded.clone(),
            information: plan.information.clone(),
        })
    }
}

/// One row of the report. Its order is the order of the rows.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Key<'a> {
    subject: &'a Subject,
    data_type: &'a str,
    collection: &'a str,
    source: &'a str,
}

/// What is known about a row so far.
#[derive(Default)]
struct Row {
    /// Position of the subject in the plan.
    subject: usize,
    searched: bool,
    records: u64,
    originals: u64,
    files: Vec<FileReport>,
}

struct Tally<'a> {
    rows: BTreeMap<Key<'a>, Row>,
    paths: HashSet<String>,
}

impl<'a> Tally<'a> {
    fn expecting(plan: &'a SearchPlan) -> Self {
        let mut rows = BTreeMap::new();
        for (subject, position) in plan.subjects.iter().zip(1..) {
            for planned in &plan.sources {
                let key = Key {
                    subject,
                    data_type: &planned.data_type,
                    collection: &planned.collection,
                    source: &planned.source,
                };
                rows.entry(key).or_insert(Row { subject: position, ..Row::default() });
            }
        }
        let paths = HashSet::new();
        Self { rows, paths }
    }

    fn count(&mut self, index: &'a SegmentIndex) -> Result<(), Mismatch> {
        for found in &index.found {
            let row = self.row(index, key_of_found(found))?;
            row.searched = true;
            row.records += found.records;
            row.originals += found.files;
        }
        for (member, position) in index.members.iter().zip(1..) {
            self.row(index, key_of_member(member))?.files.push(FileReport {
                path: member.entry.name.clone(),
                kind: member.kind,
                records: member.entry.records,
                bytes: member.entry.uncompressed,
                sha256: member.entry.sha256.clone(),
            });
            if !self.paths.insert(member.entry.name.as_str().to_lowercase()) {
                return Err(Mismatch::SamePath {
                    unit: index.unit.clone(),
                    number: index.number,
                    member: position,
                });
            }
        }
        Ok(())
    }

    fn row(&mut self, index: &SegmentIndex, key: Key<'a>) -> Result<&mut Row, Mismatch> {
        self.rows.get_mut(&key).ok_or_else(|| Mismatch::NotPlanned {
            unit: index.unit.clone(),
            number: index.number,
            origin: key.source.to_owned(),
        })
    }
}

fn key_of_found(found: &Found) -> Key<'_> {
    Key {
        subject: &found.subject,
        data_type: &found.data_type,
        collection: &found.collection,
        source: &found.source,
    }
}

fn key_of_member(member: &Member) -> Key<'_> {
    Key {
        subject: &member.subject,
        data_type: &member.data_type,
        collection: &member.collection,
        source: &member.source,
    }
}

impl Row {
    /// The row of the report, once everything that was found is there.
    fn settle(mut self, key: Key<'_>) -> Result<CollectionReport, Mismatch> {
        let (origin, subject) = (key.source.to_owned(), self.subject);
        if !self.searched {
            return Err(Mismatch::NotSearched { origin, subject });
        }
        let written = self.files.iter().map(|file| file.records).sum();
        if written != self.records {
            let found = self.records;
            return Err(Mismatch::Records { origin, subject, found, written });
        }
        let is_original = |file: &&FileReport| file.kind == MemberKind::File;
        let written = self.files.iter().filter(is_original).count() as u64;
        if written != self.originals {
            let found = self.originals;
            return Err(Mismatch::Files { origin, subject, found, written });
        }
        self.files.sort_by(|one, two| (one.kind, &one.path).cmp(&(two.kind, &two.path)));
        Ok(CollectionReport {
            collection: key.collection.to_owned(),
            source: origin,
            records: self.records,
            nothing_held: self.records == 0 && self.files.is_empty(),
            files: self.files,
        })
    }
}

fn subjects<'a>(
    tally: Tally<'a>,
    plan: &'a SearchPlan,
    data_types: &BTreeSet<&'a str>,
) -> Result<Vec<SubjectReport>, Mismatch> {
    let mut collections: BTreeMap<(&Subject, &str), Vec<CollectionReport>> = BTreeMap::new();
    for (key, row) in tally.rows {
        let report = row.settle(key)?;
        collections.entry((key.subject, key.data_type)).or_default().push(report);
    }
    let addresses: BTreeSet<&Subject> = plan.subjects.iter().collect();
    let mut subjects = vec![];
    for address in addresses {
        let of_type = |name| {
            let collections = collections.remove(&(address, name)).unwrap_or_default();
            DataTypeReport::summing(name, collections)
        };
        subjects.push(SubjectReport {
            address: address.clone(),
            identifiers: plan.identifiers.get(address).cloned().unwrap_or_default(),
            data_types: data_types.iter().copied().map(of_type).collect(),
        });
    }
    Ok(subjects)
}

impl DataTypeReport {
    fn summing(data_type: &str, collections: Vec<CollectionReport>) -> Self {
        let files = || collections.iter().flat_map(|collection| &collection.files);
        Self {
            data_type: data_type.to_owned(),
            records: collections.iter().map(|collection| collection.records).sum(),
            files: files().count() as u64,
            bytes: files().map(|file| file.bytes).sum(),
            collections,
        }
    }
}

/// The sources of which the plan names such fields, without doublets.
fn field_lists(plan: &SearchPlan, fields: impl Fn(&PlannedSource) -> &Vec<String>) -> Vec<FieldList> {
    let mut lists: BTreeMap<(&str, &str), BTreeSet<&String>> = BTreeMap::new();
    for source in plan.sources.iter().filter(|source| !fields(source).is_empty()) {
        let list = lists.entry((&source.collection, &source.source)).or_default();
        list.extend(fields(source));
    }
    lists
        .into_iter()
        .map(|((collection, source), fields)| FieldList {
            collection: collection.to_owned(),
            source: source.to_owned(),
            fields: fields.into_iter().cloned().collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests;
