//! The limits of calls hold in every run of the tests, not only in the bench.

use habeas_bench::handlers;

#[tokio::test]
async fn no_handler_makes_more_calls_than_it_may() {
    for cost in handlers(2, 1_200).await {
        assert!(cost.is_within_limit(), "{}: {:?}", cost.handler, cost.calls);
    }
}
