use serde_json::json;

use crate::author::Author;
use crate::calendar::{DAY, DAYS, stamp_millis};
use crate::cast::{BOARD_OWNER, CHATTY, DELETED, HOST, SPARED};
use crate::rows::Tables;
use crate::team::Team;

const CHANNELS: [&str; 6] = ["general", "help", "planning", "ideas", "swap", "night"];

/// Channel, second of the year, millisecond, and the sender's place: in this
/// order messages are numbered.
type Message = (usize, u32, u32, usize);

/// Writes the account's chat.
pub(crate) fn talk(team: &Team, author: &mut Author, tables: &mut Tables) {
    let mut messages: Vec<Message> = Vec::new();
    for place in team.active() {
        for _ in 0..count(team, place, author) {
            let channel = author.chance.below(CHANNELS.len() as u32) as usize;
            messages.push((channel, author.chance.below(DAYS * DAY), author.chance.below(1_000), place));
        }
    }
    messages.sort_unstable();
    let mut numbers = [0_u32; CHANNELS.len()];
    for (channel, second, milli, place) in messages {
        let number = numbers[channel];
        numbers[channel] += 1;
        tables.add(
            "chat_messages",
            [
                ("account_id", json!(team.account.id)),
                ("channel_id", json!(format!("{}-{}", team.account.id, CHANNELS[channel]))),
                ("message_id", json!(format!("{number:06}"))),
                ("sender_email", json!(team.members[place].email)),
                ("sent_at", json!(stamp_millis(second, milli))),
                ("text", json!(text(team, author))),
            ],
        );
    }
}

/// One writes most, a few much, and half of the others a single message.
fn count(team: &Team, place: usize, author: &mut Author) -> u32 {
    match place {
        CHATTY => team.account.messages_of_one,
        DELETED => 75,
        SPARED => 45,
        HOST => 20,
        BOARD_OWNER => 8,
        _ if author.chance.one_in(2) => 1,
        _ => author.chance.between(2, 28),
    }
}

/// Now and then a message is to someone, whose name it then bears.
fn text(team: &Team, author: &mut Author) -> String {
    let to = author.chance.below(team.members.len() as u32) as usize;
    let named = author.chance.one_in(5);
    let sentences = if author.chance.one_in(3) { 2 } else { 1 };
    let text = author.text(team.account.tongues, sentences);
    if named { format!("{}: {text}", team.members[to].name) } else { text }
}
