//! `POST /v1/decisions`: says whether content may be used, before it is.

use std::collections::BTreeSet;

use habeas_domain::{CacheTimes, Choices, Facts, Problem, Question, StoreError, Terms, decide, of_account};
use habeas_lambda::{Call, Fault, Reply};
use serde_json::json;

/// Room for the most people with the longest addresses.
const BODY_BYTES_MAX: usize = 2 << 20;

/// The ports that deciding takes, and how long an answer may be kept.
#[derive(Debug)]
pub struct Decide<C> {
    pub choices: C,
    pub terms: Terms,
    pub cache: CacheTimes,
}

impl<C: Choices> Decide<C> {
    /// Answers all questions of a call, in their order. Only services may ask:
    /// an answer tells what somebody has chosen.
    pub async fn answer(&self, call: &Call) -> Result<Reply, Fault> {
        if !call.is_signed_by_a_service() {
            let detail =
                "Decisions are for services of the operator, which sign the call with their role (SigV4).";
            return Err(Problem::forbidden("services-only", detail).into());
        }
        call.only_queries(&[])?;
        let questions = Question::parse_all(&call.json(BODY_BYTES_MAX)?, &self.terms)?;
        let facts = self.facts(&questions).await?;
        let decisions: Vec<_> =
            questions.iter().map(|question| decide(question, &facts, &self.terms, self.cache)).collect();
        Ok(Reply::ok(json!({ "decisions": decisions })))
    }

    /// Reads what the answers rest on: of people only where their account has
    /// not decided already.
    async fn facts(&self, questions: &[Question]) -> Result<Facts, StoreError> {
        let accounts: BTreeSet<_> = questions.iter().map(|question| &question.account).collect();
        let mut facts = Facts { accounts: self.choices.of_accounts(&accounts).await?, ..Facts::default() };
        let open = questions.iter().filter(|question| of_account(question, &facts, &self.terms).is_ok());
        let people: BTreeSet<_> = open.flat_map(|question| &question.people).collect();
        if !people.is_empty() {
            facts.people = self.choices.of_people(&people).await?;
        }
        Ok(facts)
    }
}
