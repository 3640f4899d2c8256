//! The few words of XML that S3 speaks here.

/// What stands in each element of a name, none of which holds another one of it.
pub(super) fn elements(text: &[u8], name: &str) -> Vec<String> {
    let text = std::str::from_utf8(text).expect("a text");
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let behind = text.split(&open).skip(1);
    behind.map(|rest| rest.split(&close).next().unwrap_or_default().to_owned()).collect()
}

/// What an element says.
pub(super) fn element(text: &str, name: &str) -> Option<String> {
    elements(text.as_bytes(), name).first().map(|escaped| {
        let text = escaped.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
        text.replace("&apos;", "'").replace("&amp;", "&")
    })
}

pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
