/// Places in a team: each account has its own people for these parts.
pub(crate) const HOST: usize = 0;
pub(crate) const CHATTY: usize = 1;
pub(crate) const BOARD_OWNER: usize = 2;
pub(crate) const DELETED: usize = 3;
pub(crate) const SPARED: usize = 4;
pub(crate) const MEMBER: usize = 5;

/// The account the demo is played in.
pub(crate) const STAGE: &str = "aurora";

/// Local part and name of the people on stage, in the order of their places.
pub(crate) const PLAYERS: [(&str, &str); 6] = [
    ("marta.lindqvist", "Marta Lindqvist"),
    ("pip.quill", "pip|quill[afk]"),
    ("dario.fontana", "Dario Fontana"),
    ("noor.haddad", "Noor Haddad · نور"),
    ("tomas.vrba", "Tomáš Vrba"),
    ("abel.ashgrove", "Abel Ashgrove"),
];

/// The people a demo plays with, as addresses, all of account `aurora`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cast {
    /// The account's admin, who appears in no data.
    pub admin: String,
    /// To be exported: a frequent host, a chatty person, and an owner of many whiteboards.
    pub exported: [String; 3],
    /// To be deleted: hosts, attends, speaks, chats and owns whiteboards.
    pub deleted: String,
    /// Like `deleted`, for a deletion that is revoked in time.
    pub spared: String,
    /// A member without rights over others, the first of the account in `members.csv`.
    pub member: String,
}

/// Who is who in a demo.
#[must_use]
pub fn cast() -> Cast {
    let at = |place: usize| address(PLAYERS[place].0, STAGE);
    Cast {
        admin: address("admin", STAGE),
        exported: [at(HOST), at(CHATTY), at(BOARD_OWNER)],
        deleted: at(DELETED),
        spared: at(SPARED),
        member: at(MEMBER),
    }
}

/// Domains under `.example` belong to nobody (RFC 2606).
pub(crate) fn address(local: &str, account: &str) -> String {
    format!("{local}@{account}.example")
}
