use habeas_domain::Problem;
use habeas_lambda::{Fault, Reply};

/// What the caller gets, whether the call was done or not.
#[must_use]
pub fn reply(answered: Result<Reply, Fault>) -> Reply {
    answered.unwrap_or_else(|fault| match fault {
        Fault::Refused(problem) => Reply::problem(&problem),
        Fault::Failed(_) => Reply::problem(&Problem::unavailable()),
    })
}
