use serde_json::json;

use crate::GenerateError;
use crate::author::Author;
use crate::calendar::{DAY, DAYS, stamp, unix_millis};
use crate::cast::{BOARD_OWNER, DELETED, SPARED};
use crate::drawing::Drawing;
use crate::folder::Upload;
use crate::rows::Tables;
use crate::team::Team;

/// Draws the account's whiteboards.
pub(crate) fn draw(
    team: &Team,
    author: &mut Author,
    tables: &mut Tables,
) -> Result<Vec<Upload>, GenerateError> {
    let active = team.active();
    let mut files = Vec::with_capacity(team.account.boards);
    for at in 0..team.account.boards {
        let owner = match at % 6 {
            0 | 2 | 4 => BOARD_OWNER,
            1 => DELETED,
            3 => SPARED,
            _ => author.chance.pick(&active),
        };
        let created = author.chance.below((DAYS - 10) * DAY);
        let updated = created + author.chance.below(10 * DAY);
        let id = format!("wb-{}", author.chance.hex(8));
        let key = format!("whiteboards/{id}.excalidraw");
        let title = author.topic(team.account.tongues);
        let drawing = Drawing::sketch(&title, unix_millis(updated), team.account.tongues, author);
        let bytes = serde_json::to_vec_pretty(&drawing)?;
        tables.add(
            "whiteboards",
            [
                ("account_id", json!(team.account.id)),
                ("whiteboard_id", json!(id)),
                ("owner_email", json!(team.members[owner].email)),
                ("title", json!(title)),
                ("created_at", json!(stamp(created))),
                ("updated_at", json!(stamp(updated))),
                ("s3_key", json!(key)),
                ("size", json!(bytes.len())),
            ],
        );
        files.push(Upload { key, bytes });
    }
    Ok(files)
}
