use crate::author::Author;
use crate::cast::{BOARD_OWNER, DELETED, HOST, SPARED};
use crate::folder::Upload;
use crate::team::Team;

/// Of those who are not in the cast, one in so many has a background.
const PAINTS_ONE_IN: u32 = 12;

/// What people call files, and what keys and paths have to be written with care for.
const NAMES: [&str; 4] = ["shelves.svg", "sea & sky.svg", "office +1.svg", "50% grey.svg"];

const COLORS: [&str; 4] = ["#e7f5ff", "#1864ab", "#2b8a3e", "#f08c00"];

/// Paints what some of the account's members have behind them in meetings.
pub(crate) fn paint(team: &Team, author: &mut Author) -> Vec<Upload> {
    let mut uploads = Vec::new();
    for place in team.active() {
        let first = author.chance.below(NAMES.len() as u32) as usize;
        for at in 0..count(place, author) {
            let name = NAMES[(first + at) % NAMES.len()];
            let key = format!("backgrounds/{}/{}/{name}", team.account.id, team.user_id(place));
            uploads.push(Upload { key, bytes: picture(author).into_bytes() });
        }
    }
    uploads
}

/// No more than there are names.
fn count(place: usize, author: &mut Author) -> usize {
    match place {
        HOST | DELETED => 2,
        BOARD_OWNER | SPARED => 1,
        _ if author.chance.one_in(PAINTS_ONE_IN) => 1,
        _ => 0,
    }
}

/// A wall with a spot on it.
fn picture(author: &mut Author) -> String {
    let chance = &mut author.chance;
    let (wall, spot) = (chance.pick(&COLORS), chance.pick(&COLORS));
    let (x, y, radius) = (chance.below(1_920), chance.below(1_080), chance.between(80, 400));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 1920 1080\">\
         <rect width=\"1920\" height=\"1080\" fill=\"{wall}\"/>\
         <circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{spot}\"/></svg>\n"
    )
}
