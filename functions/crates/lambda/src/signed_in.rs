use habeas_domain::{Account, Directory, Member, Problem};

use crate::{Call, Fault};

/// The member and account behind a call. Role and account come from the
/// directory, never from the token or the body.
pub async fn signed_in(directory: &impl Directory, call: &Call) -> Result<(Member, Account), Fault> {
    let caller = call.caller().ok_or_else(Problem::unknown_member)?;
    let found = directory.member(&caller).await?;
    Ok(found.ok_or_else(Problem::unknown_member)?)
}
