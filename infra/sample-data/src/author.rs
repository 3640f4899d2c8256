use crate::chance::Chance;
use crate::tongues::Tongue;

/// One in so many texts carries an oddity, each kind in its turn.
const ODD_EVERY: usize = 23;

/// One in so many texts is not in the account's first tongue.
const FOREIGN_ONE_IN: u32 = 4;

/// What people paste, clients send and parsers stumble over.
const ODDITIES: [&str; 26] = [
    "\u{2028}",
    "\u{2029}",
    "\u{85}",
    "\t",
    "\n",
    "\r\n",
    "\r",
    "\u{b}",
    "\u{c}",
    "\u{1}ACTION waves\u{1}",
    "\u{2}bold\u{2}",
    "\u{3}04red\u{3}",
    "\u{1b}[1m",
    "\u{1f}",
    "\u{7f}",
    "\u{feff}",
    "\u{202e}",
    "👩\u{200d}🔬",
    "e\u{301}",
    "🎉🎉",
    "\\u0041",
    "C:\\new\\table",
    "\"so to speak\"",
    "<script>hello</script>",
    "{\"key\": [1, 2]}",
    "=1+1",
];

const OCCASIONS: [&str; 7] =
    ["Weekly round", "Planning", "Review", "Open questions", "Workshop", "Handover", "Look back"];

/// Writes everybody's sentences.
#[derive(Debug)]
pub(crate) struct Author {
    pub(crate) chance: Chance,
    written: usize,
}

impl Author {
    pub(crate) fn new() -> Self {
        Self { chance: Chance::new(), written: 0 }
    }

    /// As many sentences as are asked for, all in one tongue.
    pub(crate) fn text(&mut self, tongues: &[&'static Tongue], sentences: u32) -> String {
        let tongue = self.tongue(tongues);
        let mut text = String::new();
        for at in 0..sentences {
            if at > 0 {
                text.push_str(tongue.space);
            }
            text.push_str(&tongue.sentence(&mut self.chance));
        }
        self.written += 1;
        if self.written.is_multiple_of(ODD_EVERY) {
            let oddity = ODDITIES[self.written / ODD_EVERY % ODDITIES.len()];
            // After the first word, or at the end of a text without spaces.
            let place = text.find(' ').unwrap_or(text.len());
            text.insert_str(place, oddity);
        }
        text
    }

    pub(crate) fn topic(&mut self, tongues: &[&'static Tongue]) -> String {
        let occasion = self.chance.pick(&OCCASIONS);
        let tongue = self.tongue(tongues);
        format!("{occasion}: {}", self.chance.pick(tongue.subjects))
    }

    pub(crate) fn agenda(&mut self, tongues: &[&'static Tongue]) -> Vec<String> {
        let tongue = self.tongue(tongues);
        (0..self.chance.between(1, 4)).map(|_| tongue.clause(&mut self.chance)).collect()
    }

    fn tongue(&mut self, tongues: &[&'static Tongue]) -> &'static Tongue {
        if self.chance.one_in(FOREIGN_ONE_IN) { self.chance.pick(tongues) } else { tongues[0] }
    }
}
