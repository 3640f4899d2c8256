use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::Outcome;

/// Words of a chat, the frequent ones first.
const WORDS: [&str; 96] = [
    "the",
    "to",
    "a",
    "and",
    "we",
    "of",
    "it",
    "is",
    "in",
    "that",
    "for",
    "I",
    "you",
    "on",
    "not",
    "with",
    "this",
    "so",
    "be",
    "have",
    "are",
    "can",
    "but",
    "at",
    "if",
    "they",
    "was",
    "just",
    "like",
    "what",
    "would",
    "should",
    "think",
    "about",
    "there",
    "one",
    "get",
    "from",
    "do",
    "will",
    "remote",
    "button",
    "meeting",
    "need",
    "time",
    "want",
    "market",
    "user",
    "people",
    "design",
    "could",
    "control",
    "yes",
    "maybe",
    "because",
    "know",
    "make",
    "good",
    "use",
    "really",
    "then",
    "okay",
    "project",
    "agenda",
    "tomorrow",
    "please",
    "thanks",
    "release",
    "budget",
    "review",
    "quarter",
    "Monday",
    "notes",
    "attached",
    "colour",
    "interface",
    "prototype",
    "discuss",
    "next",
    "week",
    "server",
    "kernel",
    "install",
    "driver",
    "package",
    "version",
    "screen",
    "network",
    "password",
    "restart",
    "window",
    "folder",
    "question",
    "committee",
    "member",
    "minister",
];

/// Files of a product's records, the same every time.
pub(crate) fn files(folder: &Path, files: u64, bytes_each: usize) -> Outcome<Value> {
    fs::create_dir_all(folder)?;
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for number in 0..files {
        let mut text = String::with_capacity(bytes_each + 512);
        while text.len() < bytes_each {
            text.push_str(&record(&mut random));
        }
        text.truncate(bytes_each);
        fs::write(folder.join(format!("chat-{number:06}.jsonl")), text)?;
    }
    Ok(json!({"files": files}))
}

/// A message as JSON Lines have it.
fn record(random: &mut Random) -> String {
    let (channel, person) = (random.below(40), random.below(300));
    let (day, minute, second) = (1 + random.below(28), random.below(60), random.below(60));
    let mut text = String::new();
    for _ in 0..4 + random.below(16) {
        // Some words are much more frequent than others, as in any language.
        let word = random.below(WORDS.len() as u64).min(random.below(WORDS.len() as u64));
        text.push_str(WORDS.get(usize::try_from(word).unwrap_or_default()).copied().unwrap_or_default());
        text.push(' ');
    }
    format!(
        "{{\"account_id\":\"amber\",\"channel_id\":\"c-{channel:04}\",\"message_id\":\"{:08}\",\
         \"sender_email\":\"person.{person}@amber.example\",\
         \"sent_at\":\"2026-03-{day:02}T09:{minute:02}:{second:02}.000Z\",\"text\":\"{}\"}}\n",
        random.below(100_000_000),
        text.trim_end(),
    )
}

/// Marsaglia's xorshift.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}
