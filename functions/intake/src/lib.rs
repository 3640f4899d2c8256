//! `POST /v1/requests`: files a request and starts its workflow.

use habeas_domain::{
    Account, Directory, Executions, Member, Order, Request, Requests, Role, Stamp, StoreError, Waits,
    file_request, member_view, request_view,
};
use habeas_lambda::{Call, Fault, Reply, chain, signed_in};

/// The ports that filing takes, and how long requests wait.
#[derive(Debug)]
pub struct Intake<D, R, E> {
    pub directory: D,
    pub requests: R,
    pub executions: E,
    pub waits: Waits,
}

impl<D: Directory, R: Requests, E: Executions> Intake<D, R, E> {
    /// Files the request of a call. Everything is checked before anything is written.
    pub async fn answer(&self, call: &Call, stamp: Stamp) -> Result<Reply, Fault> {
        let (member, account) = signed_in(&self.directory, call).await?;
        let order = Order::parse(&call.json_body()?)?;
        self.file(order, &member, &account, stamp).await
    }

    /// A write whose answer was lost is repeated by the SDK and then finds
    /// itself: the id is new, so what lies there under it is ours.
    async fn store(&self, request: &Request) -> Result<(), StoreError> {
        match self.requests.file(request).await {
            Err(StoreError::Conflict) => match self.requests.get(&request.account, request.id).await? {
                Some(stored) if stored == *request => Ok(()),
                _ => Err(StoreError::Conflict),
            },
            stored => stored,
        }
    }

    async fn file(
        &self,
        order: Order,
        member: &Member,
        account: &Account,
        stamp: Stamp,
    ) -> Result<Reply, Fault> {
        let known = self.directory.members_of(&account.id, &order.subjects).await?;
        let request = file_request(order, member, account, &known, self.waits, stamp)?;
        self.store(&request).await?;
        // The request is filed from here on. Where the start fails, the sweep
        // repeats it: the person is told the truth, which is that it is filed.
        if let Err(fault) = self.executions.start(&request).await {
            tracing::error!(request = %request.id, error = chain(&fault), "workflow not started; the sweep will");
        }
        let view = match member.role {
            Role::Owner | Role::Admin => request_view(&request, stamp.at),
            Role::Member => member_view(&request, stamp.at),
        };
        Ok(Reply::created(format!("/v1/requests/{}", request.id), view))
    }
}
