use std::collections::BTreeMap;
use std::time::Instant;

use chrono::{Datelike, Timelike};
use futures::future::try_join_all;
use habeas_archive::{DosTime, Layout, Outline, Part, SegmentIndex, tail};
use habeas_aws::{Bucket, Upload};
use habeas_domain::Request;
use habeas_lambda::TaskError;
use habeas_sources::DataMap;
use habeas_work::{Folder, People};

use crate::{incomplete, report};

/// S3 copies these side by side. A part that is gathered takes less than 10 MiB here.
const PARTS_AT_A_TIME: usize = 4;

const CONTENT_TYPE: &str = "application/zip";

/// What an archive is made of, and where.
pub(crate) struct Assembly<'a> {
    pub archives: &'a Bucket,
    pub folder: &'a Folder,
    pub map: &'a DataMap,
    pub request: &'a Request,
    pub people: &'a People<'a>,
    /// In order of unit and step.
    pub indexes: &'a [SegmentIndex],
}

impl Assembly<'_> {
    /// Assembles the archive as far as the time goes, and gives its size when it
    /// is finished. Parts are the same at every try, so those that are there are
    /// kept. They are looked for `again`, where an invocation before this one may
    /// have made some.
    pub(crate) async fn assemble(
        &self,
        key: &str,
        again: bool,
        deadline: Instant,
    ) -> Result<Option<u64>, TaskError> {
        let sizes: Vec<_> = self.indexes.iter().map(|index| index.bytes).collect();
        let layout = Layout::plan(&sizes).map_err(incomplete)?;
        let last = self.last_part(&layout).await?;
        let bytes = layout.bytes - tail_bytes(&layout, &sizes) + last.len() as u64;
        if again && self.archives.size(key).await? == Some(bytes) {
            return Ok(Some(bytes));
        }
        // The last part alone is small enough to go up in one piece.
        if layout.parts.is_empty() {
            self.archives.put(key, last, CONTENT_TYPE).await?;
            return Ok(Some(bytes));
        }
        let (upload, there) = self.upload(key, again).await?;
        let mut tags = Vec::with_capacity(layout.parts.len() + 1);
        let numbered: Vec<_> = layout.parts.iter().zip(1..).collect();
        let is_there = |part: &Part, number: &i32| {
            let there = there.get(number).filter(|(size, _)| *size == part_bytes(part, &sizes));
            there.map(|(_, tag)| tag)
        };
        let mut worked = false;
        for parts in numbered.chunks(PARTS_AT_A_TIME) {
            // Some parts are always made, so that an archive comes to its end however late it is.
            if worked && Instant::now() >= deadline {
                return Ok(None);
            }
            worked = worked || parts.iter().any(|(part, number)| is_there(part, number).is_none());
            let parts = parts.iter();
            let parts = parts.map(|(part, number)| self.part(&upload, *number, part, is_there(part, number)));
            tags.extend(try_join_all(parts).await?);
        }
        let number = i32::try_from(tags.len() + 1).map_err(incomplete)?;
        tags.push(self.archives.put_part(&upload, number, last).await?);
        self.archives.complete_upload(&upload, tags).await?;
        Ok(Some(bytes))
    }

    /// The archive's upload, and the parts that are there already, by number, with
    /// size and entity tag.
    async fn upload(
        &self,
        key: &str,
        again: bool,
    ) -> Result<(Upload, BTreeMap<i32, (u64, String)>), TaskError> {
        if !again {
            return Ok((self.archives.create_upload(key, CONTENT_TYPE).await?, BTreeMap::new()));
        }
        let upload = self.archives.open_upload(key, CONTENT_TYPE).await?;
        let there = self.archives.parts(&upload).await?;
        Ok((upload, there.into_iter().map(|(number, size, tag)| (number, (size, tag))).collect()))
    }

    /// A part that is there already, or a new one.
    async fn part(
        &self,
        upload: &Upload,
        number: i32,
        part: &Part,
        there: Option<&String>,
    ) -> Result<String, TaskError> {
        match there {
            Some(tag) => Ok(tag.clone()),
            None => self.make_part(upload, number, part).await,
        }
    }

    async fn make_part(&self, upload: &Upload, number: i32, part: &Part) -> Result<String, TaskError> {
        match part {
            Part::Copy { segment, range } => {
                let from = (&self.folder.bucket, self.indexes[*segment].key.as_str());
                Ok(self.archives.copy_part(upload, number, from, range.clone()).await?)
            }
            Part::Gather { segments } => {
                let content = self.gather(segments).await?;
                Ok(self.archives.put_part(upload, number, content).await?)
            }
        }
    }

    /// The last part: segments too small for parts of their own, the manifest,
    /// the page to read it by, and the central directory.
    async fn last_part(&self, layout: &Layout) -> Result<Vec<u8>, TaskError> {
        let plan = report::plan(self.request, self.people, self.map);
        let outline = Outline::new(report::request(self.request), &plan, self.indexes).map_err(incomplete)?;
        let at = self.request.created_at;
        let modified = DosTime::new(at.year(), at.month(), at.day(), at.hour(), at.minute(), at.second());
        let mut last = self.gather(&layout.tail).await?;
        last.extend(tail(outline, layout, self.indexes, modified).map_err(incomplete)?);
        Ok(last)
    }

    async fn gather(&self, segments: &[usize]) -> Result<Vec<u8>, TaskError> {
        let mut content = Vec::new();
        for segment in segments {
            let index = &self.indexes[*segment];
            if index.bytes > 0 {
                let segment = self.folder.object(&index.key).await?;
                if segment.len() as u64 != index.bytes {
                    return Err(incomplete(WrongSize));
                }
                content.extend(segment);
            }
        }
        Ok(content)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("a segment has another size than its index says")]
struct WrongSize;

fn part_bytes(part: &Part, sizes: &[u64]) -> u64 {
    match part {
        Part::Copy { range, .. } => range.end - range.start,
        Part::Gather { segments } => segments.iter().map(|segment| sizes[*segment]).sum(),
    }
}

fn tail_bytes(layout: &Layout, sizes: &[u64]) -> u64 {
    layout.tail.iter().map(|segment| sizes[*segment]).sum()
}
