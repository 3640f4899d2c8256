use std::io::{self, Write};

use base64::engine::general_purpose::STANDARD;
use crc32fast::Hasher;
use flate2::Compression;
use flate2::write::DeflateEncoder;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// RFC 1951, 3.2.6: a last block, of which the fixed codes say at once that it ends.
const LAST_BLOCK: [u8; 2] = [3, 0];

/// Compressed text that can be laid behind other such text: it ends with a whole
/// byte, is not the end of its stream, and refers to nothing in front of it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
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
        let mut encoder = DeflateEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text)?;
        // What `flush` leaves is whole; the end, which would follow, is cut off.
        encoder.flush()?;
        let whole = encoder.get_ref().len();
        let mut deflate = encoder.finish()?;
        deflate.truncate(whole);
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

fn to_base64<S: Serializer>(bytes: &[u8], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&base64::display::Base64Display::new(bytes, &STANDARD))
}

fn from_base64<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
    let text = std::borrow::Cow::<str>::deserialize(deserializer)?;
    base64::Engine::decode(&STANDARD, text.as_bytes()).map_err(serde::de::Error::custom)
}

#[cfg(test)]
mod tests {
    use std::error::Error;
    use std::io::Read;

    use proptest::prelude::*;

    use super::*;

    fn unpacked(deflate: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        flate2::read::DeflateDecoder::new(deflate).read_to_end(&mut text)?;
        Ok(text)
    }

    #[test]
    fn nothing_at_all_is_a_stream_too() -> Result<(), Box<dyn Error>> {
        let (deflate, crc32, bytes) = Packed::default().end();
        assert_eq!((unpacked(&deflate)?, crc32, bytes), (Vec::new(), 0, 0));
        Ok(())
    }

    #[test]
    fn what_is_packed_survives_its_index() -> Result<(), Box<dyn Error>> {
        let packed = Packed::of(b"so it is, so it is")?;
        let json = serde_json::to_string(&packed)?;
        assert_eq!(serde_json::from_str::<Packed>(&json)?, packed);
        assert!(serde_json::from_str::<Packed>(r#"{"deflate": "?", "crc32": 0, "bytes": 0}"#).is_err());
        Ok(())
    }

    proptest! {
        #[test]
        fn texts_packed_apart_are_one_stream_together(
            texts in prop::collection::vec(prop::collection::vec(0u8..4, 0..5_000), 0..8),
        ) {
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
