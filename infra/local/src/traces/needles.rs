use std::collections::BTreeSet;
use std::io::{self, Read};

use crate::{LocalError, Result};

/// What a reader is looked into at a time.
const WINDOW_BYTES: u64 = 1 << 20;

/// What else stands for a letter in HTML.
const ENTITIES: [(char, &str); 5] =
    [('&', "&amp;"), ('<', "&lt;"), ('>', "&gt;"), ('"', "&quot;"), ('\'', "&apos;")];

/// Texts to look for in bytes: in UTF-8, in whatever case, and also as JSON, URLs
/// and HTML write them.
#[derive(Debug)]
pub(super) struct Needles {
    all: Vec<Needle>,
    /// The bytes that one of them can begin with.
    starts: [bool; 256],
    /// None is written with more bytes.
    bytes_max: usize,
}

/// Each letter with the ways to write it.
#[derive(Debug)]
struct Needle(Vec<BTreeSet<Vec<u8>>>);

impl Needles {
    pub(super) fn new(texts: &[String]) -> Result<Self> {
        if texts.iter().any(|text| text.trim().is_empty()) {
            return Err(LocalError::unexpected("look for traces", "an empty text would be everywhere"));
        }
        let all: Vec<_> = texts.iter().map(|text| Needle(text.chars().map(forms).collect())).collect();
        let mut starts = [false; 256];
        for form in all.iter().filter_map(|needle| needle.0.first()).flatten() {
            for byte in form.iter().take(1) {
                starts[usize::from(*byte)] = true;
            }
        }
        let bytes_max = all.iter().map(Needle::bytes_max).max().unwrap_or_default();
        Ok(Self { all, starts, bytes_max })
    }

    /// The numbers of those that are in the bytes.
    pub(super) fn within(&self, bytes: &[u8]) -> BTreeSet<usize> {
        let mut found = BTreeSet::new();
        // By index: iterators cost too much here where nothing is optimized.
        let mut at = 0;
        while at < bytes.len() {
            if self.starts[usize::from(bytes[at])] {
                let here = self.all.iter().enumerate().filter(|(_, needle)| begins(&bytes[at..], &needle.0));
                found.extend(here.map(|(number, _)| number));
            }
            at += 1;
        }
        found
    }

    /// The same of what is read, a little at a time.
    pub(super) fn within_reader(&self, mut from: impl Read) -> io::Result<BTreeSet<usize>> {
        let (mut found, mut window) = (BTreeSet::new(), Vec::new());
        while from.by_ref().take(WINDOW_BYTES).read_to_end(&mut window)? > 0 {
            found.extend(self.within(&window));
            // What begins at the end of this window goes on in the next one.
            window.drain(..window.len().saturating_sub(self.bytes_max));
        }
        Ok(found)
    }
}

impl Needle {
    fn bytes_max(&self) -> usize {
        self.0.iter().map(|forms| forms.iter().map(Vec::len).max().unwrap_or_default()).sum()
    }
}

fn begins(text: &[u8], letters: &[BTreeSet<Vec<u8>>]) -> bool {
    let Some((first, others)) = letters.split_first() else {
        return true;
    };
    let mut rests = first.iter().filter_map(|form| text.strip_prefix(form.as_slice()));
    rests.any(|rest| begins(rest, others))
}

/// All ways to write a letter.
fn forms(letter: char) -> BTreeSet<Vec<u8>> {
    let cases = [letter.to_string(), letter.to_lowercase().to_string(), letter.to_uppercase().to_string()];
    let mut forms: BTreeSet<String> = cases.iter().cloned().collect();
    // Nobody escapes what is safe everywhere.
    if !letter.is_ascii_alphanumeric() {
        forms.extend(cases.iter().flat_map(|case| escaped(case)));
    }
    forms.into_iter().map(String::into_bytes).collect()
}

fn escaped(text: &str) -> Vec<String> {
    let by_byte = |write: &dyn Fn(u8) -> String| text.bytes().map(write).collect::<String>();
    let by_unit = |write: &dyn Fn(u16) -> String| text.encode_utf16().map(write).collect::<String>();
    let by_letter = |write: &dyn Fn(u32) -> String| text.chars().map(|c| write(c.into())).collect::<String>();
    let mut forms = vec![
        by_unit(&|unit| format!("\\u{unit:04x}")),
        by_unit(&|unit| format!("\\u{unit:04X}")),
        by_byte(&|byte| format!("%{byte:02x}")),
        by_byte(&|byte| format!("%{byte:02X}")),
        by_letter(&|point| format!("&#{point};")),
        by_letter(&|point| format!("&#x{point:x};")),
        by_letter(&|point| format!("&#x{point:X};")),
    ];
    // Without the quotation marks around it: `\"`, `\\`, `\n`.
    let json = serde_json::Value::from(text).to_string();
    forms.push(json[1..json.len() - 1].to_owned());
    forms.extend(match text {
        " " => Some("+".to_owned()),
        "/" => Some("\\/".to_owned()),
        _ => None,
    });
    let entity = ENTITIES.iter().find(|(letter, _)| text.chars().eq([*letter]));
    forms.extend(entity.map(|(_, entity)| (*entity).to_owned()));
    forms
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needles(texts: &[&str]) -> Needles {
        Needles::new(&texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>()).unwrap()
    }

    #[test]
    fn a_text_is_found_in_whatever_case_it_is_written() {
        let needles = needles(&["kapitaen@baltic.example", "Käpt’n ⚓", "Νίκος Κ."]);
        for (text, number) in
            [("to: Kapitaen@Baltic.EXAMPLE.", 0), ("KÄPT’N ⚓: hello", 1), ("käpt’n ⚓", 1), ("ΝΊΚΟΣ κ.", 2)]
        {
            assert_eq!(needles.within(text.as_bytes()), BTreeSet::from([number]), "{text}");
        }
        assert!(needles.within("kapitaen@baltic.exampl Käpt'n".as_bytes()).is_empty());
    }

    #[test]
    fn a_text_is_found_as_json_urls_and_html_write_it() {
        let needles = needles(&["Käpt’n \"⚓\"@a/b", "a&b\\😀", "o'malley"]);
        for (text, number) in [
            (r#"{"a":"K\u00e4pt\u2019n \"\u2693\"@a\/b"}"#, 0),
            (r#"K\u00C4PT’n "⚓"\u0040a/b"#, 0),
            ("?q=k%C3%A4pt%e2%80%99n+%22%E2%9A%93%22%40a%2Fb", 0),
            ("K&#228;pt&#8217;n &quot;&#x2693;&quot;@a/b", 0),
            (r"A&amp;B\\\ud83d\ude00", 1),
            (r"a&b\😀", 1),
            ("O&#39;Malley", 2),
        ] {
            assert_eq!(needles.within(text.as_bytes()), BTreeSet::from([number]), "{text}");
        }
    }

    #[test]
    fn bytes_that_are_no_text_hide_nothing() {
        let needles = needles(&["éa"]);
        for around in [&[0xC3_u8][..], &[0xE3, 0x80], &[0xFF, 0x00]] {
            let bytes = [around, "Éa".as_bytes(), around].concat();
            assert_eq!(needles.within(&bytes).len(), 1, "{around:?}");
        }
    }

    #[test]
    fn what_lies_across_two_windows_is_found() {
        let needles = needles(&["ana@a.example", "ben@a.example"]);
        for before in [0, 1, 7, 12, 13] {
            let mut bytes = vec![b'.'; WINDOW_BYTES as usize - before];
            bytes.extend(b"ana@a.example");
            bytes.extend(vec![b'.'; WINDOW_BYTES as usize]);
            assert_eq!(needles.within_reader(bytes.as_slice()).unwrap(), BTreeSet::from([0]), "{before}");
        }
    }

    #[test]
    fn an_empty_text_is_refused() {
        assert!(Needles::new(&["a".to_owned(), " ".to_owned()]).is_err());
    }
}
