use crate::RequestId;

/// Where the next page of a list begins: after this request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor(pub RequestId);

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that a list of requests returned")]
pub struct NotACursor;

impl Cursor {
    pub fn parse(text: &str) -> Result<Self, NotACursor> {
        RequestId::parse(text).map(Self).map_err(|_| NotACursor)
    }
}
