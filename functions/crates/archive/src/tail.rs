use crate::directory::central_directory;
use crate::entry::Entry;
use crate::index::{Member, SegmentIndex};
use crate::layout::Layout;
use crate::manifest::{MANIFEST_NAME, Manifest};
use crate::readme::{README_NAME, ReadmeError, readme};
use crate::segment::{AddError, SegmentWriter};
use crate::time::DosTime;

/// What ends the archive, behind the last segment: manifest, offline page and
/// central directory.
///
/// `indexes` are those of the segments the layout was planned for, in the same
/// order. The directory lists the manifest first, then the page, then the
/// members by path.
pub fn tail(
    manifest: &Manifest,
    layout: &Layout,
    indexes: &[SegmentIndex],
    modified: DosTime,
) -> Result<Vec<u8>, TailError> {
    let fits = |(index, offset): (&SegmentIndex, &u64)| offset + index.bytes <= layout.bytes;
    if indexes.len() != layout.offsets.len()
        || !indexes.iter().zip(&layout.offsets).all(fits)
        || indexes.iter().map(|index| index.bytes).sum::<u64>() != layout.bytes
    {
        return Err(TailError::OtherSegments);
    }
    let mut writer = SegmentWriter::quick(modified);
    writer.add(MANIFEST_NAME, &manifest.to_json()?, 0)?;
    writer.add(README_NAME, readme(manifest)?.as_bytes(), 0)?;
    let own = writer.finish();

    let mut members: Vec<(&Entry, u64)> = indexes
        .iter()
        .zip(&layout.offsets)
        .flat_map(|(index, start)| index.members.iter().map(move |m| placed(m, *start)))
        .collect();
    members.sort_by(|(one, _), (two, _)| one.name.cmp(&two.name));
    let first = own.entries.iter().map(|e| (e, layout.bytes + e.offset));

    let directory_offset = layout.bytes + own.bytes.len() as u64;
    let directory = central_directory(first.chain(members), directory_offset);
    let mut bytes = own.bytes;
    bytes.extend_from_slice(&directory);
    Ok(bytes)
}

/// Why the archive cannot be closed.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    #[error("the layout was planned for other segments than these indexes describe")]
    OtherSegments,
    #[error("the manifest cannot be written")]
    Manifest(#[from] serde_json::Error),
    #[error("the offline page cannot be written")]
    Readme(#[from] ReadmeError),
    #[error("manifest and offline page cannot be packed")]
    Pack(#[from] AddError),
}

fn placed(member: &Member, start: u64) -> (&Entry, u64) {
    (&member.entry, start + member.entry.offset)
}

#[cfg(test)]
mod tests;
