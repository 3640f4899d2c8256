use habeas_domain::{Directory, EmailAddress, Member, Problem, Request, Requests};

use crate::{Call, Fault};

/// The address behind a call, by the verified token.
pub fn caller(call: &Call) -> Result<EmailAddress, Problem> {
    call.caller().ok_or_else(Problem::unknown_member)
}

/// The member behind a call. Role and account come from the directory, never
/// from the token or the body.
pub async fn signed_in(directory: &impl Directory, call: &Call) -> Result<Member, Fault> {
    let found = directory.member(&caller(call)?).await?;
    Ok(found.ok_or_else(Problem::unknown_member)?)
}

/// The member behind a call and the request that its path names. A request
/// that the member may not see is like one that does not exist.
pub async fn signed_in_for(requests: &impl Requests, call: &Call) -> Result<(Member, Request), Fault> {
    let caller = caller(call)?;
    let id = call.request_id();
    let asked = match id {
        Ok(id) => requests.member_and_request(&caller, id).await?,
        // Whoever is nobody here is told so first, whatever they ask for.
        Err(_) => requests.member_and_request(&caller, habeas_domain::RequestId::LAST).await?,
    };
    let (member, request) = asked.ok_or_else(Problem::unknown_member)?;
    id?;
    let request = request.filter(|request| request.is_visible_to(&member)).ok_or_else(Problem::not_found)?;
    Ok((member, request))
}
