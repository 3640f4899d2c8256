//! Names that every file system can unpack, made from names that anybody chose.

use crate::segment::hex;
use sha2::{Digest, Sha256};

/// File systems take 255 bytes in a component; this leaves room for the number
/// of a rotated member.
const COMPONENT_BYTES_MAX: usize = 200;
/// Digits of the SHA-256 that tells two shortened names apart: 128 bits.
const HASH_DIGITS: usize = 32;
/// A longer ending is not a file's extension, but part of its name.
const EXTENSION_BYTES_MAX: usize = 20;

/// One component of a path. Different names stay different.
///
/// Every byte outside `[A-Za-z0-9._@+-]` is percent-encoded, and so are a
/// leading and a trailing dot and the first letter of a name that Windows
/// reserves for a device. A name of more than 200 bytes is cut and gets a hash
/// in front of its extension, behind a `~`, which no other name contains.
pub fn component(raw: &str) -> String {
    encode(raw, Dots::Inside)
}

/// Where the records of a collection lie: `number` counts from 1, and the
/// first member of a collection carries none.
pub fn collection_path(subject: &str, data_type: &str, collection: &str, number: u32) -> String {
    let folder = folder(subject, data_type);
    // Without dots in it, a collection cannot be named like another one's number.
    let stem = encode(collection, Dots::Nowhere);
    match number {
        0 | 1 => format!("{folder}/{stem}.jsonl"),
        _ => format!("{folder}/{stem}.{number:04}.jsonl"),
    }
}

/// Where an original file lies. `name` is one component: a `/` in it is encoded.
pub fn file_path(subject: &str, data_type: &str, name: &str) -> String {
    format!("{}/files/{}", folder(subject, data_type), component(name))
}

fn folder(subject: &str, data_type: &str) -> String {
    format!("subjects/{}/{}", component(subject), component(data_type))
}

#[derive(Clone, Copy, PartialEq)]
enum Dots {
    Inside,
    Nowhere,
}

fn encode(raw: &str, dots: Dots) -> String {
    let last = raw.len().saturating_sub(1);
    let device = is_device(raw);
    let mut encoded = String::with_capacity(raw.len());
    for (position, byte) in raw.bytes().enumerate() {
        let edge = position == 0 || position == last;
        let plain = match byte {
            b'.' => dots == Dots::Inside && !edge,
            b'_' | b'@' | b'+' | b'-' => true,
            _ => byte.is_ascii_alphanumeric() && !(device && position == 0),
        };
        if plain {
            encoded.push(char::from(byte));
        } else {
            encoded.push('%');
            encoded.push_str(&hex(&[byte]).to_ascii_uppercase());
        }
    }
    match encoded.len() {
        // A lone percent sign is no encoding of anything, so it is free for nothing.
        0 => "%".to_owned(),
        1..=COMPONENT_BYTES_MAX => encoded,
        _ => shorten(&encoded, raw),
    }
}

/// Windows opens a device by these names whatever the extension.
fn is_device(raw: &str) -> bool {
    let stem = raw.split('.').next().unwrap_or_default();
    let stem = stem.to_ascii_lowercase();
    let numbered =
        |prefix| stem.strip_prefix(prefix).is_some_and(|digit| matches!(digit.as_bytes(), [b'1'..=b'9']));
    matches!(stem.as_str(), "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

fn shorten(encoded: &str, raw: &str) -> String {
    let extension = match encoded.rfind('.') {
        Some(dot) if encoded.len() - dot <= EXTENSION_BYTES_MAX => &encoded[dot..],
        _ => "",
    };
    let room = COMPONENT_BYTES_MAX - 1 - HASH_DIGITS - extension.len();
    let mut kept = &encoded[..room];
    // A percent-encoded byte is kept whole or not at all.
    if let Some(percent) = kept.rfind('%').filter(|percent| percent + 3 > room) {
        kept = &kept[..percent];
    }
    let hash = hex(&Sha256::digest(raw));
    format!("{kept}~{}{extension}", &hash[..HASH_DIGITS])
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn an_ordinary_name_stays_readable() {
        assert_eq!(component("ana.b+x@amber.example"), "ana.b+x@amber.example");
        assert_eq!(component("Q1 plan.png"), "Q1%20plan.png");
        assert_eq!(component("50%"), "50%25");
        assert_eq!(component("a/b\\c:d"), "a%2Fb%5Cc%3Ad");
        assert_eq!(component("ü"), "%C3%BC");
    }

    #[test]
    fn dots_at_the_edges_are_encoded() {
        assert_eq!(component("."), "%2E");
        assert_eq!(component(".."), "%2E%2E");
        assert_eq!(component("..."), "%2E.%2E");
        assert_eq!(component(".profile"), "%2Eprofile");
        assert_eq!(component("end."), "end%2E");
        assert_eq!(component("end "), "end%20");
        assert_eq!(component(""), "%");
    }

    #[test]
    fn windows_devices_are_encoded_by_their_stem_in_any_case() {
        assert_eq!(component("con"), "%63on");
        assert_eq!(component("Nul.tar.gz"), "%4Eul.tar.gz");
        assert_eq!(component("LPT9.txt"), "%4CPT9.txt");
        assert_eq!(component("com0"), "com0");
        assert_eq!(component("com10"), "com10");
        assert_eq!(component("console.txt"), "console.txt");
    }

    #[test]
    fn a_long_name_keeps_its_extension_and_gets_a_hash() {
        let long = component(&format!("{}.whiteboard.json", "ü".repeat(300)));
        assert!(long.len() <= 200 && long.len() > 190);
        assert!(long.ends_with(".json") && long.contains("%BC~"));
        let other = component(&format!("{}.whiteboard.json", "ü".repeat(301)));
        assert_ne!(long, other);
    }

    #[test]
    fn paths_are_those_of_the_interface() {
        let path = |number| collection_path("ana@amber.example", "chat", "chat_messages", number);
        assert_eq!(path(1), "subjects/ana@amber.example/chat/chat_messages.jsonl");
        assert_eq!(path(2), "subjects/ana@amber.example/chat/chat_messages.0002.jsonl");
        assert_eq!(path(12_345), "subjects/ana@amber.example/chat/chat_messages.12345.jsonl");
        assert_eq!(
            file_path("ana@amber.example", "whiteboards", "a/b.png"),
            "subjects/ana@amber.example/whiteboards/files/a%2Fb.png"
        );
    }

    #[test]
    fn a_collection_cannot_pose_as_the_second_member_of_another() {
        assert_ne!(collection_path("a", "chat", "x.0002", 1), collection_path("a", "chat", "x", 2));
    }

    fn names() -> impl Strategy<Value = String> {
        let pieces = prop_oneof![
            Just("."),
            Just(" "),
            Just("%"),
            Just("%2E"),
            Just("con"),
            Just("COM1"),
            Just("/"),
            Just("a"),
            Just("A"),
            Just("ü"),
            Just("~"),
            Just("\\"),
            Just("\u{0}"),
            Just("x.y"),
        ];
        prop_oneof![
            proptest::collection::vec(pieces, 0..5).prop_map(|list| list.concat()),
            "[a-b.%~]{195,203}",
            any::<String>(),
        ]
    }

    proptest! {
        #[test]
        fn different_names_stay_different(one in names(), two in names()) {
            prop_assert_eq!(one == two, component(&one) == component(&two));
        }

        #[test]
        fn a_component_is_safe_everywhere(raw in names()) {
            let safe = component(&raw);
            prop_assert!(!safe.is_empty() && safe.len() <= COMPONENT_BYTES_MAX);
            prop_assert!(safe.bytes().all(
                |b| b.is_ascii_alphanumeric() || b"._@+-%~".contains(&b)));
            prop_assert!(!safe.starts_with('.') && !safe.ends_with('.'));
            prop_assert!(!is_device(&safe));
        }
    }
}
