use std::fmt;

use habeas_domain::AccountId;

/// What stands for the account in a template.
const ACCOUNT: &str = "account";

/// With what the keys of a person's objects begin: `backgrounds/{account}/{user_id}/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrefixTemplate {
    text: String,
    parts: Vec<Piece>,
    id: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Account,
    Id,
}

impl PrefixTemplate {
    /// Reads a template, or says what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let (mut parts, mut id, mut rest) = (Vec::new(), None, text);
        while let Some((before, from)) = rest.split_once('{') {
            let (name, behind) = from.split_once('}').ok_or("a `{` without its `}`")?;
            if before.contains('}') {
                return Err("a `}` without its `{`");
            }
            if !before.is_empty() {
                parts.push(Piece::Text(before.to_owned()));
            }
            if !behind.starts_with('/') {
                return Err("a `/` stands behind every placeholder: the id 1 would also find what is of 10");
            }
            if name == ACCOUNT {
                parts.push(Piece::Account);
            } else if id.replace(name.to_owned()).is_some() {
                return Err("one id is the most that a prefix has");
            } else {
                parts.push(Piece::Id);
            }
            rest = behind;
        }
        if rest.contains('}') {
            return Err("a `}` without its `{`");
        }
        if !rest.is_empty() {
            parts.push(Piece::Text(rest.to_owned()));
        }
        let id = id.ok_or("a prefix has an id of the person, such as `{email}` or one of `[[identity]]`")?;
        if matches!(parts.last(), Some(Piece::Text(text)) if !text.ends_with('/')) {
            return Err("a prefix ends with `/`");
        }
        Ok(Self { text: text.to_owned(), parts, id })
    }

    /// Which id of the person it has.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    pub(crate) fn names_account(&self) -> bool {
        self.parts.contains(&Piece::Account)
    }

    /// The prefix of a person's objects; none where an id could lead elsewhere.
    pub(crate) fn of(&self, account: &AccountId, id: &str) -> Option<String> {
        let is_safe = |part: &str| !part.is_empty() && !part.contains('/');
        let fits = is_safe(id) && (!self.names_account() || is_safe(account.as_str()));
        let parts = self.parts.iter().map(|part| match part {
            Piece::Text(text) => text.as_str(),
            Piece::Account => account.as_str(),
            Piece::Id => id,
        });
        fits.then(|| parts.collect())
    }
}

/// As the data map has it.
impl fmt::Display for PrefixTemplate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use habeas_testkit::account;

    use super::*;

    #[test]
    fn a_prefix_has_the_account_and_an_id() {
        let template = PrefixTemplate::parse("files/{account}/{user_id}/original/").unwrap();
        let amber = account("amber").id;
        assert_eq!(template.id(), "user_id");
        assert_eq!(template.of(&amber, "u-1").as_deref(), Some("files/amber/u-1/original/"));
    }

    #[test]
    fn an_id_that_would_lead_elsewhere_has_no_prefix() {
        let template = PrefixTemplate::parse("files/{user_id}/").unwrap();
        for id in ["", "a/b", "/"] {
            assert_eq!(template.of(&account("amber").id, id), None, "{id}");
        }
    }

    #[test]
    fn a_template_that_could_find_what_is_others_is_refused() {
        for (text, why) in [
            ("files/", "an id of the person"),
            ("files/{account}/", "an id of the person"),
            ("files/{user_id}", "stands behind every placeholder"),
            ("files/{user_id}-x/", "stands behind every placeholder"),
            ("files/{user_id}/x", "ends with `/`"),
            ("files/{user_id/", "without its `}`"),
            ("files/user_id}/", "without its `{`"),
            ("{email}/{user_id}/", "one id is the most"),
        ] {
            let refused = PrefixTemplate::parse(text).unwrap_err();
            assert!(refused.contains(why), "{text}: {refused}");
        }
    }
}
