use crate::manifest::{DataTypeReport, FileReport, Information, Manifest, MemberKind};
use askama::Template;

/// The name of the page in the archive.
pub const README_NAME: &str = "README.html";

/// The page a person can read offline: an outlined manifest's numbers in words. It
/// runs no script and loads nothing.
pub(crate) fn readme(manifest: &Manifest) -> Result<String, ReadmeError> {
    Ok(Page { manifest }.render()?)
}

#[derive(Debug, thiserror::Error)]
#[error("README.html cannot be rendered")]
pub struct ReadmeError(#[from] askama::Error);

#[derive(Template)]
#[template(path = "readme.html")]
struct Page<'a> {
    manifest: &'a Manifest,
}

impl Page<'_> {
    fn is_original(&self, file: &FileReport) -> bool {
        file.kind == MemberKind::File
    }

    fn is_empty(&self, data_type: &DataTypeReport) -> bool {
        data_type.records == 0 && data_type.files == 0
    }

    /// The lists of Art. 15(1), each under a heading people understand.
    fn lists<'a>(&self, information: &'a Information) -> [(&'static str, &'a [String]); 5] {
        [
            ("Why the data is processed", &information.purposes),
            ("Which categories of data are processed", &information.categories),
            ("Who receives the data", &information.recipients),
            ("How long the data is kept", &information.retention),
            ("Your rights", &information.rights),
        ]
    }

    fn texts<'a>(&self, information: &'a Information) -> [(&'static str, &'a str); 3] {
        [
            ("Where you can complain", &information.complaint),
            ("Where the data comes from", &information.source),
            ("Automated decisions", &information.automated_decisions),
        ]
    }

    /// The number with its noun: 1 record, 2 records.
    fn count(&self, value: u64, noun: &str) -> String {
        let plural = if value == 1 { "" } else { "s" };
        format!("{} {noun}{plural}", self.number(value))
    }

    /// With a separator between thousands: 1,234,567.
    fn number(&self, value: u64) -> String {
        let digits = value.to_string();
        let mut grouped = String::new();
        for (position, digit) in digits.chars().enumerate() {
            if position > 0 && (digits.len() - position).is_multiple_of(3) {
                grouped.push(',');
            }
            grouped.push(digit);
        }
        grouped
    }

    /// The path as a relative link. Paths have percent signs of their own,
    /// which a browser would decode if they were not encoded once more.
    fn link(&self, path: &str) -> String {
        let mut link = String::with_capacity(path.len());
        for byte in path.bytes() {
            if byte.is_ascii_alphanumeric() || b"/._~@+-".contains(&byte) {
                link.push(char::from(byte));
            } else {
                link.push_str(&format!("%{byte:02X}"));
            }
        }
        link
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::{plan, request, segments};
    use crate::manifest::Outline;
    use std::error::Error;

    type Checked = Result<(), Box<dyn Error>>;

    fn manifest() -> Result<Manifest, Box<dyn Error>> {
        let indexes: Vec<_> = segments()?.into_iter().map(|(index, _)| index).collect();
        Ok(Outline::new(request(), &plan(), &indexes)?.manifest().clone())
    }

    #[test]
    fn the_page_is_the_one_people_were_promised() -> Checked {
        insta::assert_snapshot!(readme(&manifest()?)?);
        Ok(())
    }

    #[test]
    fn hostile_text_stays_text() -> Checked {
        let mut manifest = manifest()?;
        let hostile = "\"'><img src=x onerror=alert(1)>";
        manifest.request.id = hostile.into();
        manifest.request.account = hostile.into();
        manifest.excluded[0].what = hostile.into();
        manifest.redacted[0].fields[0] = hostile.into();
        manifest.subjects[0].data_types[0].collections[0].source = hostile.into();
        let page = readme(&manifest)?;
        assert!(!page.contains("<script") && !page.contains("<img"));
        Ok(())
    }

    #[test]
    fn the_page_loads_nothing_from_anywhere() -> Checked {
        let page = readme(&manifest()?)?;
        assert!(!page.contains("http:") && !page.contains("https:") && !page.contains("src="));
        assert!(page.contains("default-src 'none'"));
        Ok(())
    }

    #[test]
    fn a_link_leads_to_the_file_whose_name_has_percent_signs() -> Checked {
        let manifest = manifest()?;
        let link = Page { manifest: &manifest }.link("subjects/a%20b/x.jsonl");
        assert_eq!(link, "subjects/a%2520b/x.jsonl");
        Ok(())
    }

    #[test]
    fn files_past_the_limit_are_counted_and_not_dropped_silently() -> Checked {
        let mut manifest = manifest()?;
        manifest.subjects[0].data_types[0].collections[0].unlisted = 1_234;
        assert!(readme(&manifest)?.contains("and 1,234 more files"));
        Ok(())
    }

    #[test]
    fn numbers_are_grouped() -> Checked {
        let manifest = manifest()?;
        let page = Page { manifest: &manifest };
        let numbers = [0, 999, 1_000, 1_234_567].map(|value| page.number(value));
        assert_eq!(numbers, ["0", "999", "1,000", "1,234,567"]);
        Ok(())
    }
}
