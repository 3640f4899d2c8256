/// A text on one line of at most `chars_max` characters. Whoever chose it can
/// neither add lines to a plain-text mail nor change how the rest of its line
/// reads.
#[must_use]
pub fn one_line(text: &str, chars_max: usize) -> String {
    let words: Vec<_> = text.split(is_gap).filter(|word| !word.is_empty()).collect();
    let line = words.join(" ");
    if line.chars().count() <= chars_max {
        return line;
    }
    line.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect()
}

/// White space has the line separators in it; the last two ranges turn the
/// direction of what follows (Unicode Bidirectional Algorithm, 2.1 to 2.4).
fn is_gap(c: char) -> bool {
    c.is_whitespace() || c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_breaks_or_turns_a_line_becomes_a_space() {
        for (text, line) in [
            ("Ana Amber", "Ana Amber"),
            ("  Ana \t Amber\n", "Ana Amber"),
            ("Ana\r\nBcc: x@y.example", "Ana Bcc: x@y.example"),
            ("Ana\u{85}a\u{2028}b\u{2029}c\u{b}d\u{c}e\0f\u{1b}g", "Ana a b c d e f g"),
            ("Ana\u{202e}rebmA\u{2066}", "Ana rebmA"),
            ("Zoë O’Neil-Müller 山田", "Zoë O’Neil-Müller 山田"),
            ("\r\n", ""),
        ] {
            assert_eq!(one_line(text, 100), line, "{text:?}");
        }
    }

    #[test]
    fn a_text_that_is_too_long_ends_with_an_ellipsis() {
        assert_eq!(one_line("äöüß", 4), "äöüß");
        assert_eq!(one_line("äöüßx", 4), "äöü…");
        assert_eq!(one_line(&"x ".repeat(10_000), 100).chars().count(), 100);
    }
}
