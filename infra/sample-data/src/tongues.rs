use crate::chance::Chance;

/// A language with the little it takes to make sentences: an opener, what is
/// spoken of, what is said of it, and an end.
#[derive(Debug)]
pub(crate) struct Tongue {
    openers: &'static [&'static str],
    pub(crate) subjects: &'static [&'static str],
    doings: &'static [&'static str],
    ends: &'static [&'static str],
    /// What stands between words.
    pub(crate) space: &'static str,
}

impl Tongue {
    pub(crate) fn sentence(&self, chance: &mut Chance) -> String {
        let opener = chance.pick(self.openers);
        let clause = self.clause(chance);
        let end = chance.pick(self.ends);
        [opener, &clause, end].join(self.space)
    }

    pub(crate) fn clause(&self, chance: &mut Chance) -> String {
        [chance.pick(self.subjects), chance.pick(self.doings)].join(self.space)
    }
}

pub(crate) static ENGLISH: Tongue = Tongue {
    openers: &[
        "From my side,",
        "As promised,",
        "To be honest,",
        "One question:",
        "Good news:",
        "For the record,",
        "Well,",
    ],
    subjects: &[
        "the budget",
        "the guest list",
        "the new dome",
        "our timetable",
        "the second draft",
        "the spare key",
        "the night shift",
        "the summer fair",
        "the old mirror",
        "the seed order",
    ],
    doings: &[
        "is ready",
        "needs another look",
        "can wait",
        "was easier than we thought",
        "has to be printed",
        "looks better now",
        "got lost again",
        "should be shared",
    ],
    ends: &[
        "before lunch.",
        "by Thursday.",
        "if nobody minds.",
        "as far as I can see.",
        "this week?",
        "after all.",
        "in any case!",
    ],
    space: " ",
};

pub(crate) static GERMAN: Tongue = Tongue {
    openers: &["Kurz gesagt:", "Eine Frage:", "Gute Nachricht:", "Fürs Protokoll:", "Also,", "Na gut,"],
    subjects: &[
        "der Fahrplan",
        "die Gästeliste",
        "das zweite Deck",
        "der Dienstplan",
        "die Übergabe",
        "das Budget",
        "der Entwurf",
    ],
    doings: &[
        "ist fertig",
        "braucht noch Zeit",
        "hängt am Schwarzen Brett",
        "läuft besser als gedacht",
        "kommt zurück",
        "fehlt noch",
    ],
    ends: &[
        "vor dem Mittag.",
        "bis Donnerstag.",
        "wenn niemand etwas dagegen hat.",
        "wie besprochen.",
        "oder?",
        "größtenteils.",
    ],
    space: " ",
};

pub(crate) static SPANISH: Tongue = Tongue {
    openers: &["Buenos días:", "Una pregunta:", "Por mi parte,", "Bueno,"],
    subjects: &["el informe", "el calendario", "el pedido", "el jardín de atrás", "el turno de mañana"],
    doings: &["está listo", "puede esperar", "necesita otra revisión", "salió bien", "no llegó aún"],
    ends: &["antes de comer.", "esta semana.", "según creo.", "¿verdad?", "por fin!"],
    space: " ",
};

pub(crate) static RUSSIAN: Tongue = Tongue {
    openers: &["Доброе утро:", "Один вопрос:", "С моей стороны:", "Итак,"],
    subjects: &["отчёт", "новый план", "список гостей", "ключ от склада", "черновик"],
    doings: &["уже готов", "может подождать", "снова потерялся", "нужен всем", "выглядит лучше"],
    ends: &["до обеда.", "на этой неделе.", "насколько я вижу.", "верно?"],
    space: " ",
};

pub(crate) static GREEK: Tongue = Tongue {
    openers: &["Καλημέρα:", "Μια ερώτηση:", "Λοιπόν,"],
    subjects: &["το σχέδιο", "το δρομολόγιο", "το έγγραφο", "το κλειδί"],
    doings: &["είναι έτοιμο", "χάθηκε πάλι", "μπορεί να περιμένει", "θέλει διόρθωση"],
    ends: &["ως την Πέμπτη.", "πριν το μεσημέρι.", "νομίζω."],
    space: " ",
};

pub(crate) static ARABIC: Tongue = Tongue {
    openers: &["صباح الخير،", "سؤال واحد:", "حسناً،"],
    subjects: &["التقرير", "الجدول الجديد", "المفتاح", "الموعد"],
    doings: &["جاهز", "يمكن أن ينتظر", "يحتاج إلى مراجعة", "ضاع مرة أخرى"],
    ends: &["هذا الأسبوع.", "قبل الغداء.", "كما أظن."],
    space: " ",
};

pub(crate) static HEBREW: Tongue = Tongue {
    openers: &["בוקר טוב,", "שאלה אחת:", "ובכן,"],
    subjects: &["הדוח", "הגן", "המפתח", "לוח הזמנים"],
    doings: &["מוכן", "יכול לחכות", "נראה טוב יותר", "הלך לאיבוד"],
    ends: &["השבוע.", "לפני הצהריים.", "לדעתי."],
    space: " ",
};

pub(crate) static HINDI: Tongue = Tongue {
    openers: &["नमस्ते,", "एक सवाल:", "मेरी ओर से,"],
    subjects: &["बजट", "नया नक्शा", "अगला काम", "यह मसौदा"],
    doings: &["तैयार है", "रुक सकता है", "फिर से देखना है", "अच्छा लग रहा है"],
    ends: &["इस हफ़्ते।", "दोपहर से पहले।", "शायद।"],
    space: " ",
};

pub(crate) static JAPANESE: Tongue = Tongue {
    openers: &["おはようございます。", "質問ですが、", "ところで、"],
    subjects: &["予算は", "新しい鏡は", "日程表は", "次の議題は"],
    doings: &["もう一度見直します", "来週に回します", "準備ができました", "まだ届いていません"],
    ends: &["。", "ね。", "、よろしくお願いします。"],
    space: "",
};

pub(crate) static CHINESE: Tongue = Tongue {
    openers: &["早上好，", "有个问题：", "说实话，"],
    subjects: &["预算", "新的名单", "第二份草稿", "花园的钥匙"],
    doings: &["已经准备好了", "可以再等等", "还需要修改", "又不见了"],
    ends: &["。", "吧。", "，对吗？"],
    space: "",
};
