//! `POST /v1/requests`: files a request and starts its workflow.

use habeas_domain::{
    Action, Directory, EmailAddress, Executions, Filing, House, IdempotencyKey, Member, Order, Participants,
    Problem, Request, RequestId, Requests, Slots, Stamp, StoreError, Waits, all_known, file_request, may,
    may_file, view,
};
use habeas_lambda::{Body, Call, Fault, Reply, caller, chain, known_people};

/// How often an order is looked at again because another one was filed meanwhile.
const ATTEMPTS_MAX: u32 = 5;

/// The ports that filing takes, and how long requests wait.
#[derive(Debug)]
pub struct Intake<D, P, R, E> {
    pub directory: D,
    pub participants: P,
    pub requests: R,
    pub executions: E,
    pub waits: Waits,
}

impl<D: Directory, P: Participants, R: Requests, E: Executions> Intake<D, P, R, E> {
    /// Files the request of a call. Everything is checked before anything is
    /// written: in two reads, and in one write that takes all or nothing.
    pub async fn answer(&self, call: &Call, stamp: Stamp) -> Result<Reply, Fault> {
        let caller = caller(call)?;
        let order = order(call);
        let people = order.as_ref().map_or(&[][..], |(order, _)| &order.subjects);
        // Whoever is nobody here is told so first, whatever they send.
        let asked = self.directory.member_and(&caller, people).await?;
        let (member, known) = asked.ok_or_else(Problem::unknown_member)?;
        let (order, is_upload) = order?;
        let key = call.header("idempotency-key").map(|key| IdempotencyKey::parse(&key)).transpose()?;
        if is_upload {
            may(member.role, Action::FileForList).map_err(Problem::from)?;
        }
        self.file(order, key, &member, known, stamp).await
    }

    /// Whoever files the same at the same moment may be first. Then it is looked
    /// at again what the answer is now.
    async fn file(
        &self,
        order: Order,
        key: Option<IdempotencyKey>,
        member: &Member,
        known: Vec<EmailAddress>,
        stamp: Stamp,
    ) -> Result<Reply, Fault> {
        let slots = Slots::of(&order, member, key.as_ref());
        let mut everybody = None;
        for _ in 0..ATTEMPTS_MAX {
            let guards = self.requests.guards(&member.account, &slots).await?;
            if let Some(first) = guards.earlier(&order, stamp.at)? {
                return self.repeat(member, first).await;
            }
            let account = guards.account.as_ref().ok_or_else(Problem::unknown_member)?;
            may_file(&order, member, House { account, settings: &guards.settings })?;
            let previewed = guards.previewed(&order, stamp.at)?;
            let open_twins = self.requests.open_among(&member.account, &guards.twins).await?;
            if let Some(twin) = open_twins.last().filter(|_| !order.allow_duplicate) {
                return Err(Problem::duplicate(*twin).into());
            }
            if everybody.is_none() {
                everybody = Some(known_people(&self.participants, &order, member, known.clone()).await?);
            }
            all_known(&order, everybody.as_deref().unwrap_or_default())?;
            let filing = Filing {
                fingerprint: order.fingerprint(),
                request: file_request(order.clone(), previewed, member, self.waits, stamp),
                slots: slots.clone(),
                seen_twins: guards.twins,
                open_twins,
            };
            match self.requests.file(&filing).await {
                Ok(()) => return Ok(self.start(&filing.request, member).await),
                Err(StoreError::Conflict) => {}
                Err(fault) => return Err(fault.into()),
            }
        }
        Err(StoreError::Conflict.into())
    }

    /// The answer that the first submit got, however the request stands now.
    async fn repeat(&self, member: &Member, first: RequestId) -> Result<Reply, Fault> {
        let found = self.requests.get(&member.account, first).await?;
        let request = found.ok_or(StoreError::Conflict)?.as_filed();
        let then = Member { role: request.requestor.role, ..member.clone() };
        Ok(created(&request, &then))
    }

    /// The request is filed from here on. Where the start fails, the sweep
    /// repeats it: the person is told the truth, which is that it is filed.
    async fn start(&self, request: &Request, member: &Member) -> Reply {
        if let Err(fault) = self.executions.start(request).await {
            tracing::error!(request = %request.id, error = chain(&fault), "workflow not started; the sweep will");
        }
        created(request, member)
    }
}

fn order(call: &Call) -> Result<(Order, bool), Problem> {
    match call.body()? {
        Body::Json(json) => {
            call.only_queries(&[])?;
            Ok((Order::parse(&json)?, false))
        }
        Body::Csv(csv) => {
            call.only_queries(&Order::CSV_QUERIES)?;
            Ok((Order::parse_csv(&csv, |name| call.query(name))?, true))
        }
    }
}

fn created(request: &Request, member: &Member) -> Reply {
    Reply::created(format!("/v1/requests/{}", request.id), view(request, member, request.created_at))
}
