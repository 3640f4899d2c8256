use std::collections::{BTreeMap, BTreeSet};
use std::io;

use super::{
    CollectionReport, DataTypeReport, FieldList, Format, Manifest, PlannedSource, RequestReport, SearchPlan,
    SubjectReport,
};
use crate::index::SegmentIndex;
use crate::origin::Origin;
use crate::packed::Packed;
use crate::rows::{BETWEEN, CLOSE, FILES_LISTED_MAX, NO_ROWS, OPEN, Rows};

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
    #[error("unit {unit}, segment {number}: the rows of the manifest are not those of the members")]
    Rows { unit: String, number: u32 },
    #[error(
        "unit {unit}, segment {number}: a member would overwrite another one when unpacked \
         (member {member} of it, counted from 1)"
    )]
    SamePath { unit: String, number: u32, member: usize },
}

/// Why an outline does not become a manifest.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    #[error("the manifest cannot be written")]
    Write(#[from] serde_json::Error),
    #[error("the manifest cannot be compressed")]
    Compress(#[from] io::Error),
    #[error("the manifest has other collections than its rows")]
    OtherRows,
}

/// A manifest whose rows are still where the segments' writers have put them.
#[derive(Debug)]
pub struct Outline<'a> {
    /// With those files that the page lists, and the number of the others.
    manifest: Manifest,
    /// Of each collection, in the order of the manifest and of the segments.
    rows: Vec<Vec<&'a Rows>>,
}

impl<'a> Outline<'a> {
    /// Sums over all units and segments, and refuses sums that do not agree: every
    /// source planned for every subject was searched, and everything found
    /// there is in the archive.
    ///
    /// The order of the indexes does not matter.
    pub fn new(
        request: RequestReport,
        plan: &SearchPlan,
        indexes: &'a [SegmentIndex],
    ) -> Result<Self, Mismatch> {
        let mut tally = Tally::expecting(plan);
        let mut indexes: Vec<_> = indexes.iter().collect();
        indexes.sort_by_key(|index| (&index.unit, index.number));
        for index in &indexes {
            tally.count(index)?;
        }
        no_path_twice(&indexes)?;
        let mut data_types: BTreeSet<&str> = request.data_types.iter().map(String::as_str).collect();
        data_types.extend(plan.sources.iter().map(|source| source.data_type.as_str()));
        let (subjects, rows) = tally.settle(plan, &data_types)?;
        let manifest = Manifest {
            format: Format::V1,
            request,
            subjects,
            redacted: field_lists(plan, |source| &source.redacted),
            security_left_out: field_lists(plan, |source| &source.security),
            excluded: plan.excluded.clone(),
            information: plan.information.clone(),
        };
        Ok(Self { manifest, rows })
    }

    /// As far as a page for people shows it.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// The manifest's text with all of its rows: indented, so that it can be read
    /// without a tool, with a line for each file. Where rows go, is found by a text
    /// that is nowhere else: within a value, its quotes would be escaped.
    pub(crate) fn pack(mut self) -> Result<Packed, ManifestError> {
        let data_types = self.manifest.subjects.iter_mut().flat_map(|subject| &mut subject.data_types);
        data_types.flat_map(|data_type| &mut data_type.collections).for_each(|of| of.files.clear());
        let text = serde_json::to_string_pretty(&self.manifest)?;
        let mut pieces = text.split(NO_ROWS);
        let mut plain = pieces.next().unwrap_or_default().to_owned();
        let (mut packed, between) = (Packed::default(), Packed::of(BETWEEN.as_bytes())?);
        for rows in &self.rows {
            let behind = pieces.next().ok_or(ManifestError::OtherRows)?;
            let Some((first, others)) = rows.split_first() else {
                plain.extend([NO_ROWS, behind]);
                continue;
            };
            plain.push_str(OPEN);
            packed.append(&Packed::of(plain.as_bytes())?);
            packed.append(&first.text);
            for rows in others {
                packed.append(&between);
                packed.append(&rows.text);
            }
            plain = [CLOSE, behind].concat();
        }
        if pieces.next().is_some() {
            return Err(ManifestError::OtherRows);
        }
        plain.push('\n');
        packed.append(&Packed::of(plain.as_bytes())?);
        Ok(packed)
    }
}

/// What is known about an origin so far.
#[derive(Default)]
struct Tallied<'a> {
    /// Position of the subject in the plan.
    subject: usize,
    searched: bool,
    records: u64,
    originals: u64,
    written: Vec<&'a Rows>,
}

struct Tally<'a> {
    rows: BTreeMap<Origin, Tallied<'a>>,
}

impl<'a> Tally<'a> {
    fn expecting(plan: &SearchPlan) -> Self {
        let mut rows = BTreeMap::new();
        for (subject, position) in plan.subjects.iter().zip(1..) {
            for PlannedSource { source, data_type, collection, .. } in &plan.sources {
                let (data_type, collection) = (data_type.clone(), collection.clone());
                let origin =
                    Origin { subject: subject.clone(), data_type, collection, source: source.clone() };
                rows.entry(origin).or_insert(Tallied { subject: position, ..Tallied::default() });
            }
        }
        Self { rows }
    }

    fn count(&mut self, index: &'a SegmentIndex) -> Result<(), Mismatch> {
        let contents = &index.contents;
        for found in &contents.found {
            let row = self.row(index, &found.origin)?;
            row.searched = true;
            row.records += found.records;
            row.originals += found.files;
        }
        for rows in &contents.rows {
            self.row(index, &rows.origin)?.written.push(rows);
        }
        let bytes: u64 = contents.members.iter().map(|entry| entry.uncompressed).sum();
        let members = (contents.members.len() as u64, bytes);
        let of_rows = contents.rows.iter().map(|rows| (rows.files, rows.bytes));
        if members != of_rows.fold((0, 0), |sum, rows| (sum.0 + rows.0, sum.1 + rows.1)) {
            return Err(Mismatch::Rows { unit: index.unit.clone(), number: index.number });
        }
        Ok(())
    }

    fn row(&mut self, index: &SegmentIndex, origin: &Origin) -> Result<&mut Tallied<'a>, Mismatch> {
        self.rows.get_mut(origin).ok_or_else(|| Mismatch::NotPlanned {
            unit: index.unit.clone(),
            number: index.number,
            origin: origin.source.clone(),
        })
    }

    /// The reports on the subjects, once everything that was found is there, and the
    /// rows of their collections, both in the order of origins.
    fn settle(
        self,
        plan: &SearchPlan,
        data_types: &BTreeSet<&str>,
    ) -> Result<(Vec<SubjectReport>, Vec<Vec<&'a Rows>>), Mismatch> {
        let addresses: BTreeSet<_> = plan.subjects.iter().collect();
        let of_all =
            |address| data_types.iter().map(move |name| ((address, *name), DataTypeReport::of(name)));
        let mut reports: BTreeMap<_, _> = addresses.iter().copied().flat_map(of_all).collect();
        for (origin, row) in &self.rows {
            let report = reports
                .entry((&origin.subject, &origin.data_type))
                .or_insert_with(|| DataTypeReport::of(&origin.data_type));
            report.records += row.records;
            report.files += row.written.iter().map(|rows| rows.files).sum::<u64>();
            report.bytes += row.written.iter().map(|rows| rows.bytes).sum::<u64>();
            report.collections.push(row.settle(origin)?);
        }
        let mut subjects = Vec::new();
        for address in addresses {
            let data_types = data_types.iter().filter_map(|name| reports.remove(&(address, *name)));
            subjects.push(SubjectReport {
                address: address.clone(),
                identifiers: plan.identifiers.get(address).cloned().unwrap_or_default(),
                data_types: data_types.collect(),
            });
        }
        Ok((subjects, self.rows.into_values().map(|row| row.written).collect()))
    }
}

impl DataTypeReport {
    fn of(data_type: &str) -> Self {
        Self { data_type: data_type.to_owned(), records: 0, files: 0, bytes: 0, collections: Vec::new() }
    }
}

impl Tallied<'_> {
    /// The report on a collection, once everything that was found is there.
    fn settle(&self, origin: &Origin) -> Result<CollectionReport, Mismatch> {
        let (source, subject) = (|| origin.source.clone(), self.subject);
        if !self.searched {
            return Err(Mismatch::NotSearched { origin: source(), subject });
        }
        let written = self.written.iter().map(|rows| rows.records).sum();
        if written != self.records {
            return Err(Mismatch::Records { origin: source(), subject, found: self.records, written });
        }
        let written = self.written.iter().map(|rows| rows.originals).sum();
        if written != self.originals {
            return Err(Mismatch::Files { origin: source(), subject, found: self.originals, written });
        }
        let all: u64 = self.written.iter().map(|rows| rows.files).sum();
        let mut listed: Vec<_> = self.written.iter().flat_map(|rows| &rows.listed).collect();
        listed.sort_by(|one, two| one.in_reading_order(two));
        let files: Vec<_> = listed.into_iter().take(FILES_LISTED_MAX).cloned().collect();
        Ok(CollectionReport {
            collection: origin.collection.clone(),
            source: source(),
            records: self.records,
            nothing_held: self.records == 0 && all == 0,
            unlisted: all.saturating_sub(files.len() as u64),
            files,
        })
    }
}

/// Refuses members that would overwrite others when they are unpacked. They come
/// nearly in order, so that sorting them is quicker than hashing.
fn no_path_twice(indexes: &[&SegmentIndex]) -> Result<(), Mismatch> {
    let members =
        indexes.iter().flat_map(|index| index.contents.members.iter().zip(1..).map(move |m| (index, m)));
    let mut paths: Vec<_> =
        members.map(|(index, (entry, member))| (entry.name.folded(), index, member)).collect();
    paths.sort_by(|(one, ..), (two, ..)| one.cmp(two));
    let twice = paths.windows(2).find(|pair| pair[0].0 == pair[1].0);
    twice.map_or(Ok(()), |pair| {
        let (_, index, member) = &pair[1];
        Err(Mismatch::SamePath { unit: index.unit.clone(), number: index.number, member: *member })
    })
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
