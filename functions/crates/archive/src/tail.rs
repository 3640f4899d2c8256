use crate::directory::central_directory;
use crate::entry::{Entry, Method};
use crate::index::SegmentIndex;
use crate::layout::Layout;
use crate::manifest::{MANIFEST_NAME, Outline};
use crate::member_name::{BadName, MemberName};
use crate::readme::{README_NAME, ReadmeError, readme};
use crate::segment::{AddError, SegmentWriter};
use crate::time::DosTime;
use std::io;

/// What ends the archive, behind the last segment: manifest, offline page and
/// central directory.
///
/// `indexes` are those of the segments the layout was planned for, in the same
/// order. The directory lists the manifest first, then the page, then the
/// members by path.
pub fn tail<'a>(
    outline: Outline<'_>,
    layout: &Layout,
    indexes: &'a [SegmentIndex],
    modified: DosTime,
) -> Result<Vec<u8>, TailError> {
    let fits = |(index, offset): (&SegmentIndex, &u64)| offset + index.bytes <= layout.bytes;
    if indexes.len() != layout.offsets.len()
        || !indexes.iter().zip(&layout.offsets).all(fits)
        || indexes.iter().map(|index| index.bytes).sum::<u64>() != layout.bytes
    {
        return Err(TailError::OtherSegments);
    }
    let page = readme(outline.manifest())?;
    let (data, crc32, uncompressed) = outline.pack()?.end();
    let manifest = Entry {
        name: MemberName::new(MANIFEST_NAME)?,
        offset: 0,
        compressed: data.len() as u64,
        uncompressed,
        crc32,
        method: Method::Deflate,
        modified,
    };
    let mut writer = SegmentWriter::quick(modified, manifest.local_bytes());
    let page = writer.add(README_NAME, page.as_bytes(), 0)?.entry;
    let mut bytes = [manifest.local_header(), data, writer.finish()].concat();

    let placed = |(index, start): (&'a SegmentIndex, &u64)| {
        let start = *start;
        index.contents.members.iter().map(move |entry| (entry, start + entry.offset))
    };
    let mut members: Vec<(&Entry, u64)> = indexes.iter().zip(&layout.offsets).flat_map(placed).collect();
    members.sort_by(|(one, _), (two, _)| one.name.cmp(&two.name));
    let own = [&manifest, &page].map(|entry| (entry, layout.bytes + entry.offset));
    let directory_offset = layout.bytes + bytes.len() as u64;
    bytes.extend(central_directory(own.into_iter().chain(members), directory_offset));
    Ok(bytes)
}

/// Why the archive cannot be closed.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    #[error("the layout was planned for other segments than these indexes describe")]
    OtherSegments,
    #[error("the manifest cannot be written")]
    Manifest(#[from] serde_json::Error),
    #[error("the manifest cannot be named so")]
    Name(#[from] BadName),
    #[error("the manifest has other collections than its rows")]
    OtherOutline,
    #[error("the manifest cannot be compressed")]
    Compress(#[from] io::Error),
    #[error("the offline page cannot be written")]
    Readme(#[from] ReadmeError),
    #[error("the offline page cannot be packed")]
    Pack(#[from] AddError),
}

#[cfg(test)]
mod tests;
