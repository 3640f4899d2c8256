use crate::tongues::{
    ARABIC, CHINESE, ENGLISH, GERMAN, GREEK, HEBREW, HINDI, JAPANESE, RUSSIAN, SPANISH, Tongue,
};

/// A customer of the meetings product, and how much happens there.
#[derive(Debug)]
pub(crate) struct Account {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    pub(crate) plan: &'static str,
    pub(crate) country: &'static str,
    /// The number of the first member's user id; the others count on from it.
    pub(crate) first_user: usize,
    /// The first is spoken most.
    pub(crate) tongues: &'static [&'static Tongue],
    /// Members beside the owner and the admin.
    pub(crate) members: usize,
    pub(crate) meetings: usize,
    pub(crate) webinars: usize,
    pub(crate) boards: usize,
    /// Messages of the member who writes most.
    pub(crate) messages_of_one: u32,
}

/// The account the demo is played in comes first.
pub(crate) static ACCOUNTS: [Account; 3] = [
    Account {
        id: "aurora",
        name: "Aurora Observatory",
        plan: "enterprise",
        country: "US",
        first_user: 1,
        tongues: &[&ENGLISH, &SPANISH, &JAPANESE, &ARABIC, &HINDI, &CHINESE],
        members: 120,
        meetings: 64,
        webinars: 6,
        boards: 16,
        messages_of_one: 2_100,
    },
    Account {
        id: "baltic",
        name: "Baltic Ferry Office",
        plan: "business",
        country: "DE",
        first_user: 1_001,
        tongues: &[&GERMAN, &ENGLISH, &RUSSIAN, &GREEK],
        members: 90,
        meetings: 36,
        webinars: 7,
        boards: 8,
        messages_of_one: 160,
    },
    Account {
        id: "coral",
        name: "Coral Gardeners' Club",
        plan: "free",
        country: "US",
        first_user: 2_001,
        tongues: &[&ENGLISH, &HEBREW, &SPANISH, &CHINESE, &RUSSIAN],
        members: 110,
        meetings: 14,
        webinars: 2,
        boards: 6,
        messages_of_one: 320,
    },
];
