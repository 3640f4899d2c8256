use habeas_domain::{Action, EmailAddress, Member, Order, Participants, StoreError, may, unknown};

/// Those an order is about who are known: the members among them, and to
/// administrators the participants too.
pub async fn known_people(
    participants: &impl Participants,
    order: &Order,
    member: &Member,
    members: Vec<EmailAddress>,
) -> Result<Vec<EmailAddress>, StoreError> {
    let mut known = members;
    let others: Vec<_> = unknown(order, &known).cloned().collect();
    if may(member.role, Action::FileForList).is_ok() && !others.is_empty() {
        known.extend(participants.found(&member.account, &others).await?);
    }
    Ok(known)
}
