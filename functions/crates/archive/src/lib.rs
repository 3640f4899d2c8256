//! ZIP archives that are assembled rather than streamed: bytes in, bytes out.
//!
//! Collectors write members as complete ZIP entries into *segments*
//! ([`SegmentWriter`]) and describe them in an *index* ([`SegmentIndex`]). The
//! packager reads the indexes only: it checks that nothing is missing
//! ([`complete`]), sums up what was found ([`Outline::new`]), plans how S3
//! lays the segments end to end ([`Layout::plan`]) and ends the archive with
//! the manifest, a page to read offline and the central directory ([`tail`]).
//! The manifest's rows are in the indexes as they will be in the archive,
//! compressed: the packager lays them together as S3 does the segments.
//!
//! Nothing here knows AWS, a clock or a file system, and the same input always
//! gives the same bytes. Terms are those of PKWARE's APPNOTE.
//!
//! ```
//! use habeas_archive::{
//!     DosTime, Found, Layout, Listing, MemberKind, Origin, Outline, PlannedSource,
//!     RequestReport, SearchPlan, SegmentIndex, SegmentWriter, collection_path, complete, tail,
//! };
//!
//! // A collector, for each segment of its work unit.
//! let modified = DosTime::new(2026, 4, 1, 9, 30, 0);
//! let mut segment = SegmentWriter::new(modified);
//! let path = collection_path("ana@amber.example", "chat", "chat_messages", 1);
//! let member = segment.add(&path, b"{\"text\":\"hi\"}\n", 1)?;
//! let origin = Origin {
//!     subject: "ana@amber.example".into(),
//!     data_type: "chat".into(),
//!     collection: "chat_messages".into(),
//!     source: "chat".into(),
//! };
//! let mut listing = Listing::default();
//! listing.add(member, MemberKind::Records, &origin);
//! listing.found(Found { origin, records: 1, files: 0 });
//! let segment = segment.finish();
//! let index = SegmentIndex {
//!     unit: "chat-0001".into(),
//!     number: 1,
//!     last: true,
//!     key: "work/r1/chat-0001/1.seg".into(),
//!     bytes: segment.len() as u64,
//!     contents: listing.finish()?,
//! };
//!
//! // The packager, with the indexes of all units.
//! let indexes = [index];
//! complete(&indexes, &["chat-0001".into()])?;
//! let plan = SearchPlan {
//!     subjects: vec!["ana@amber.example".into()],
//!     sources: vec![PlannedSource {
//!         source: "chat".into(),
//!         data_type: "chat".into(),
//!         collection: "chat_messages".into(),
//!         redacted: vec![],
//!         security: vec![],
//!     }],
//!     identifiers: [].into(),
//!     excluded: vec![],
//!     information: None,
//! };
//! let request = RequestReport {
//!     id: "r1".into(),
//!     account: "amber".into(),
//!     kind: "export".into(),
//!     created_at: "2026-04-01T09:30:00Z".into(),
//!     date_range: None,
//!     data_types: vec!["chat".into()],
//!     requestor_role: "owner".into(),
//! };
//! let outline = Outline::new(request, &plan, &indexes)?;
//! let layout = Layout::plan(&indexes.each_ref().map(|index| index.bytes))?;
//!
//! // All of it fits into the last part: the small segments, then the tail.
//! assert!(layout.parts.is_empty());
//! let mut archive = segment;
//! archive.extend(tail(outline, &layout, &indexes, modified)?);
//! assert_eq!(archive[..4], *b"PK\x03\x04");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod complete;
mod directory;
mod entry;
#[cfg(test)]
mod fixture;
mod index;
mod layout;
mod manifest;
mod member_name;
mod name;
mod origin;
mod packed;
mod readme;
mod record;
mod rows;
mod segment;
mod streamed;
mod subject;
mod tail;
mod time;

pub use complete::{Incomplete, complete};
pub use directory::central_directory;
pub use entry::{Entry, Member, Method};
pub use index::{Contents, Found, SegmentIndex};
pub use layout::{Layout, PART_BYTES_MAX, PART_BYTES_MIN, PARTS_MAX, Part, TooManyParts};
pub use manifest::{
    CollectionReport, DataTypeReport, DateRange, Excluded, FieldList, FileReport, Format, Identifier,
    Information, MANIFEST_NAME, Manifest, ManifestError, MemberKind, Mismatch, Outline, PlannedSource,
    RequestReport, SearchPlan, SubjectReport,
};
pub use member_name::{BadName, MemberName};
pub use name::{collection_path, component, file_path};
pub use origin::Origin;
pub use packed::Packed;
pub use readme::{README_NAME, ReadmeError};
pub use rows::{Listing, Rows};
pub use segment::{AddError, SegmentWriter};
pub use streamed::{StreamError, StreamedMember};
pub use subject::Subject;
pub use tail::{TailError, tail};
pub use time::DosTime;
