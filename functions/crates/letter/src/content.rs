use askama::Template;
use habeas_aws::Letter;

use crate::Language;

/// What both forms of a mail say. Whoever fills it in keeps addresses out of
/// it, and names other than the recipient's own: mail is read over shoulders,
/// and forwarded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub language: Language,
    /// Also the subject of the mail, hence fixed: nobody can type into it.
    pub heading: &'static str,
    pub greeting: String,
    /// Each on a line of its own. What a person chose goes through
    /// [`one_line`](crate::one_line) before it gets here.
    pub sentences: Vec<String>,
    /// Absent where the recipient has no page to see.
    pub link: Option<Link>,
    pub footer: Vec<String>,
}

/// The page that a mail leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub url: String,
    /// Stands before the URL in plain text, and instead of it in HTML.
    pub text: &'static str,
}

impl Content {
    /// The mail, in plain text and in HTML.
    pub fn letter(&self) -> Result<Letter, askama::Error> {
        Ok(Letter {
            subject: self.heading.to_owned(),
            text: Text { content: self }.render()?,
            html: Html { content: self }.render()?,
        })
    }
}

#[derive(Template)]
#[template(path = "mail.txt", escape = "none")]
struct Text<'a> {
    content: &'a Content,
}

#[derive(Template)]
#[template(path = "mail.html")]
struct Html<'a> {
    content: &'a Content,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content() -> Content {
        Content {
            language: Language::German,
            heading: "Neues",
            greeting: "Guten Tag,".to_owned(),
            sentences: vec!["1 < 2.".to_owned(), "3 > 2.".to_owned()],
            link: Some(Link { url: "https://privacy.example/?a=1&b=2".to_owned(), text: "Zur Seite" }),
            footer: vec!["Darum.".to_owned()],
        }
    }

    #[test]
    fn a_plain_text_has_every_sentence_on_its_line_as_it_is() {
        let letter = content().letter().unwrap();
        assert_eq!(letter.subject, "Neues");
        assert_eq!(
            letter.text,
            "Guten Tag,\n\n1 < 2.\n3 > 2.\n\nZur Seite: https://privacy.example/?a=1&b=2\n\nDarum.\n"
        );
    }

    #[test]
    fn html_names_its_language_and_takes_no_text_for_markup() {
        let html = content().letter().unwrap().html;
        assert!(html.starts_with("<!doctype html>\n<html lang=\"de\">\n"));
        assert!(html.contains("<p>1 &#60; 2.</p>\n<p>3 &#62; 2.</p>\n"));
        assert!(html.contains(r#"<a href="https://privacy.example/?a=1&#38;b=2" "#));
    }

    #[test]
    fn a_mail_without_a_page_has_no_line_for_one() {
        let letter = Content { link: None, ..content() }.letter().unwrap();
        assert_eq!(letter.text, "Guten Tag,\n\n1 < 2.\n3 > 2.\n\nDarum.\n");
        assert!(!letter.html.contains("<a "));
    }
}
