use std::collections::BTreeMap;

use habeas_aws::Original;
use habeas_domain::StoreError;

use crate::patience::ask;
use crate::{Address, FileKey, Source, SourceError, Stores};

/// A larger file cannot be read, compressed and written within the quarter of an
/// hour that a function runs.
const FILE_BYTES_MAX: u64 = 24 << 30;

/// A file that is being read, with what is known of it.
#[derive(Debug)]
pub struct OpenFile<'a> {
    pub about: Original,
    pub tags: BTreeMap<String, String>,
    source: &'a Source,
    read: u64,
}

impl OpenFile<'_> {
    /// The next piece of the content; none at its end. A content that ends too
    /// early is an error and no file.
    pub async fn next(&mut self) -> Result<Option<impl AsRef<[u8]> + use<>>, SourceError> {
        let piece = self.about.next().await.map_err(|cause| SourceError::of(&self.source.name, cause))?;
        match &piece {
            Some(piece) => self.read += piece.as_ref().len() as u64,
            None if self.read != self.about.bytes => {
                let cause = StoreError::Unavailable("an object ended before its end".into());
                return Err(SourceError::of(&self.source.name, cause));
            }
            None => {}
        }
        Ok(piece)
    }

    /// The whole content. For files that are not large.
    pub async fn whole(mut self) -> Result<Vec<u8>, SourceError> {
        let mut content = Vec::with_capacity(usize::try_from(self.about.bytes).unwrap_or_default());
        while let Some(piece) = self.next().await? {
            content.extend_from_slice(piece.as_ref());
        }
        Ok(content)
    }
}

impl Stores {
    /// Begins to read a file, or gives nothing where the record points to a file
    /// that is not there.
    pub async fn open<'a>(
        &self,
        source: &'a Source,
        file: &FileKey,
    ) -> Result<Option<OpenFile<'a>>, SourceError> {
        let Address::S3(address) = &source.address else {
            return Err(SourceError::garbage(&source.name, "there are no files"));
        };
        let Some(about) = ask(source, || self.s3.open(address, file)).await? else { return Ok(None) };
        if about.bytes > FILE_BYTES_MAX {
            let limit_gib = FILE_BYTES_MAX >> 30;
            return Err(SourceError::TooLarge { source_name: source.name.clone(), limit_gib });
        }
        let tags = ask(source, || self.s3.tags(address, file)).await?;
        Ok(Some(OpenFile { about, tags, source, read: 0 }))
    }
}
