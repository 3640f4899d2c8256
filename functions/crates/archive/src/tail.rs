use crate::directory::central_directory;
use crate::entry::{Entry, Method};
use crate::index::SegmentIndex;
use crate::layout::Layout;
use crate::manifest::{MANIFEST_NAME, ManifestError, Outline};
use crate::member_name::{BadName, MemberName};
use crate::packed::Packed;
use crate::readme::{README_NAME, ReadmeError, readme};
use crate::time::DosTime;
use std::io;

/// What ends the archive, behind the last segment: manifest, offline page and
/// central directory.
///
/// `indexes` are those of the segments the layout was planned for, in the same
/// order. The directory lists the manifest first, then the page, then the
/// members by path.
pub fn tail(
    outline: Outline<'_>,
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
    let page = Packed::of(readme(outline.manifest())?.as_bytes())?;
    let (mut bytes, mut own) = (Vec::new(), Vec::new());
    for (name, text) in [(MANIFEST_NAME, outline.pack()?), (README_NAME, page)] {
        let (data, crc32, uncompressed) = text.end();
        let entry = Entry {
            name: MemberName::new(name)?,
            offset: bytes.len() as u64,
            compressed: data.len() as u64,
            uncompressed,
            crc32,
            method: Method::Deflate,
            modified,
        };
        bytes.extend(entry.local_header());
        bytes.extend(data);
        own.push(entry);
    }
    let placed = indexes.iter().zip(&layout.offsets).flat_map(|(index, start)| {
        index.contents.members.iter().map(move |entry| (entry, start + entry.offset))
    });
    let mut members: Vec<_> = placed.collect();
    members.sort_by(|(one, _), (two, _)| one.name.cmp(&two.name));
    let own = own.iter().map(|entry| (entry, layout.bytes + entry.offset));
    let directory_offset = layout.bytes + bytes.len() as u64;
    bytes.extend(central_directory(own.chain(members), directory_offset));
    Ok(bytes)
}

/// Why the archive cannot be closed.
#[derive(Debug, thiserror::Error)]
pub enum TailError {
    #[error("the layout was planned for other segments than these indexes describe")]
    OtherSegments,
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    #[error("the offline page cannot be written")]
    Readme(#[from] ReadmeError),
    #[error("the offline page cannot be compressed")]
    Compress(#[from] io::Error),
    #[error("manifest and offline page cannot be named so")]
    Name(#[from] BadName),
}

#[cfg(test)]
mod tests;
