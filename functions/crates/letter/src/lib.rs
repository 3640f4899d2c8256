//! What every kind of mail shares: its two forms, the languages, and how a
//! text that somebody chose gets into it. Which mails there are, and what they
//! say, is up to the function that sends them.

mod content;
mod language;
mod one_line;

pub use content::{Content, Link};
pub use language::Language;
pub use one_line::one_line;
