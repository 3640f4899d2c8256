use std::error::Error;

use habeas_domain::StoreError;

/// Wraps an SDK error: the chain is logged where it is handled, and goes no further.
pub fn unavailable(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

pub(crate) fn corrupt(error: impl Error + Send + Sync + 'static) -> StoreError {
    StoreError::Corrupt(Box::new(error))
}
