use std::fmt;
use std::io::{self, Write};

use base64::Engine;
use base64::display::Base64Display;
use base64::engine::general_purpose::STANDARD;
use crc32fast::Hasher;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Of zlib. Level 1 has fixed codes alone, by which a SHA-256 in hexadecimal takes
/// twice what it has to.
const LEVEL: u32 = 2;

/// RFC 1951, 3.2.6: a last block, of which the fixed codes say at once that it ends.
const LAST_BLOCK: [u8; 2] = [3, 0];

/// Compressed text that can be laid behind other such text: it ends with a whole
/// byte, is not the end of its stream, and refers to nothing in front of it.
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Packed {
    #[serde(serialize_with = "to_base64", deserialize_with = "from_base64")]
    deflate: Vec<u8>,
    /// Of the text, as its length is.
    crc32: u32,
    bytes: u64,
}

impl Packed {
    pub(crate) fn of(text: &[u8]) -> io::Result<Self> {
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::new(LEVEL));
        encoder.write_all(text)?;
        let deflate = encoder.flush_finish()?;
        Ok(Self { deflate, crc32: crc32fast::hash(text), bytes: text.len() as u64 })
    }

    /// Lays another text behind this one.
    pub(crate) fn append(&mut self, behind: &Self) {
        let mut crc32 = Hasher::new_with_initial_len(self.crc32, self.bytes);
        crc32.combine(&Hasher::new_with_initial_len(behind.crc32, behind.bytes));
        self.crc32 = crc32.finalize();
        self.bytes += behind.bytes;
        self.deflate.extend_from_slice(&behind.deflate);
    }

    /// Ends the stream: its data, and the text's CRC-32 and length.
    pub(crate) fn end(mut self) -> (Vec<u8>, u32, u64) {
        self.deflate.extend(LAST_BLOCK);
        (self.deflate, self.crc32, self.bytes)
    }
}

/// The text is personal data.
impl fmt::Debug for Packed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Packed").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&Base64Display::new(bytes, &STANDARD))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    STANDARD.decode(String::deserialize(deserializer)?).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    type Checked = Result<(), Box<dyn std::error::Error>>;

    fn unpacked(deflate: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        flate2::read::DeflateDecoder::new(deflate).read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn nothing_at_all_is_a_stream_too() -> Checked {
        let (deflate, crc32, bytes) = Packed::default().end();
        assert_eq!((unpacked(&deflate)?, crc32, bytes), (Vec::new(), 0, 0));
        Ok(())
    }

    #[test]
    fn what_is_packed_survives_its_index() -> Checked {
        let packed = Packed::of(b"so it is, so it is")?;
        let json = serde_json::to_string(&packed)?;
        assert_eq!(serde_json::from_str::<Packed>(&json)?, packed);
        assert!(serde_json::from_str::<Packed>(r#"{"deflate": "?", "crc32": 0, "bytes": 0}"#).is_err());
        Ok(())
    }

    #[test]
    fn a_text_is_not_printed() -> Checked {
        assert_eq!(format!("{:?}", Packed::of(b"ana")?), "Packed { bytes: 3, .. }");
        Ok(())
    }

    /// Up to several times what the encoder gives out at once, and what it looks back.
    fn text() -> impl Strategy<Value = Vec<u8>> {
        prop_oneof![prop::collection::vec(0u8..4, 0..5_000), prop::collection::vec(any::<u8>(), 0..150_000),]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn texts_packed_apart_are_one_stream_together(texts in prop::collection::vec(text(), 0..8)) {
            let mut all = Packed::default();
            for text in &texts {
                all.append(&Packed::of(text)?);
            }
            let (deflate, crc32, bytes) = all.end();
            let text = texts.concat();
            prop_assert_eq!(crc32, crc32fast::hash(&text));
            prop_assert_eq!(bytes, text.len() as u64);
            prop_assert!(unpacked(&deflate)? == text);
        }
    }
}
