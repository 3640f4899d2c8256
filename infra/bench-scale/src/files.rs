use std::io::{self, Write};

/// The bucket of the source, as the data map has it.
pub(crate) const BUCKET: &str = "source";

/// What the keys of the person's files begin with.
const FOLDER: &str = "files/amber/ana@amber.example/";

/// Keys end with the number of their file, in always as many digits.
const DIGITS: usize = 10;

/// Content is noise, which does not become smaller. Deflate looks back 32 KiB, so
/// the same noise may come again later than that.
const NOISE_BYTES: usize = 2 << 20;
const PIECE_BYTES: usize = 1 << 20;

/// How far apart in the noise two pieces begin: an odd number, so that a million
/// files begin at different places.
const STRIDE_BYTES: usize = 4_099;

/// A person's files, which lie nowhere: what one holds is made up whenever it is
/// read, and is the same every time.
#[derive(Debug)]
pub(crate) struct Files {
    count: u64,
    bytes_each: u64,
    first_bytes: Option<u64>,
    noise: Vec<u8>,
}

impl Files {
    pub(crate) fn new(count: u64, bytes_each: u64, first_bytes: Option<u64>) -> Self {
        Self { count, bytes_each, first_bytes, noise: noise() }
    }

    /// The number of the file with a key; none where there is no such file.
    pub(crate) fn find(&self, key: &str) -> Option<u64> {
        number(key).filter(|number| *number < self.count)
    }

    pub(crate) fn bytes(&self, number: u64) -> u64 {
        self.first_bytes.filter(|_| number == 0).unwrap_or(self.bytes_each)
    }

    /// A page of the listing behind a key, in the words of ListObjectsV2.
    pub(crate) fn listing(&self, after: Option<&str>, most: u64) -> String {
        let first = after.and_then(number).map_or(0, |number| number + 1);
        let end = first.saturating_add(most).min(self.count);
        let mut page = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\
             <ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <IsTruncated>{}</IsTruncated>",
            end < self.count
        );
        for number in first..end {
            page.push_str(&format!(
                "<Contents><Key>{FOLDER}{number:0DIGITS$}</Key><Size>{}</Size>\
                 <LastModified>2026-01-05T10:00:00.000Z</LastModified></Contents>",
                self.bytes(number)
            ));
        }
        page.push_str("</ListBucketResult>");
        page
    }

    /// Writes what a file holds.
    pub(crate) fn write(&self, number: u64, to: &mut impl Write) -> io::Result<()> {
        let mut left = self.bytes(number);
        let mut at = usize::try_from(number).unwrap_or_default().wrapping_mul(STRIDE_BYTES) % PIECE_BYTES;
        while left > 0 {
            let bytes = usize::try_from(left).map_or(PIECE_BYTES, |left| left.min(PIECE_BYTES));
            to.write_all(&self.noise[at..at + bytes])?;
            left -= bytes as u64;
            at = (at + STRIDE_BYTES) % PIECE_BYTES;
        }
        Ok(())
    }
}

fn number(key: &str) -> Option<u64> {
    key.get(key.len().checked_sub(DIGITS)?..)?.parse().ok()
}

/// Marsaglia's xorshift.
fn noise() -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut noise = Vec::with_capacity(NOISE_BYTES);
    while noise.len() < NOISE_BYTES {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        noise.extend_from_slice(&state.to_le_bytes());
    }
    noise
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_listing_goes_on_behind_the_last_key_of_the_page_before() {
        let files = Files::new(3, 7, Some(9));
        let page = files.listing(None, 2);
        assert!(page.contains("<IsTruncated>true"), "{page}");
        assert!(
            page.contains("0000000000</Key><Size>9") && page.contains("0000000001</Key><Size>7"),
            "{page}"
        );
        let rest = files.listing(Some("files%2Famber%2Fana%40amber.example%2F0000000001"), 2);
        assert!(rest.contains("<IsTruncated>false") && rest.contains("0000000002</Key>"), "{rest}");
        assert!(!rest.contains("0000000001</Key>"), "{rest}");
    }

    #[test]
    fn a_file_has_the_bytes_that_the_listing_says_and_the_same_every_time() {
        let files = Files::new(2, 100, Some(3 * PIECE_BYTES as u64 + 5));
        let content = |number| {
            let mut content = Vec::new();
            files.write(number, &mut content).unwrap();
            content
        };
        assert_eq!(content(0).len(), 3 * PIECE_BYTES + 5);
        assert_eq!((content(1).len(), content(1) == content(1)), (100, true));
        assert_ne!(content(0)[..100], content(1)[..]);
        assert_eq!((files.find("x/0000000001"), files.find("x/0000000002")), (Some(1), None));
    }
}
