use serde_json::json;

use crate::rows::Tables;
use crate::team::Team;

/// Writes down which address has which id.
pub(crate) fn list(team: &Team, tables: &mut Tables) {
    for (place, person) in team.members.iter().enumerate() {
        tables.add(
            "users",
            [
                ("email", json!(person.email)),
                ("account_id", json!(team.account.id)),
                ("user_id", json!(team.user_id(place))),
                ("name", json!(person.name)),
            ],
        );
    }
}
