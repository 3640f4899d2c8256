use crate::{LocalError, Result, Stack};

use super::{Place, Search};

/// Looks into what is known of everybody who can sign in.
pub(super) async fn look(stack: &Stack, search: &mut Search<'_>) -> Result<()> {
    let users = stack.clients().cognito.list_users().user_pool_id(&stack.state().user_pool_id);
    let mut users = users.into_paginator().items().send();
    while let Some(user) = users.next().await {
        let user = user.map_err(LocalError::aws("list the users"))?;
        let place = Place::User { name: user.username().unwrap_or_default().to_owned() };
        search.look(&place, "name", user.username().unwrap_or_default());
        for attribute in user.attributes() {
            search.look(&place, attribute.name(), attribute.value().unwrap_or_default());
        }
    }
    Ok(())
}
