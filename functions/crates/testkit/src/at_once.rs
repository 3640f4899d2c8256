use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// What comes of something if it need not wait for time to pass: nothing where it
/// has to. Twins in memory answer at once, so that only a pause makes anybody wait.
pub fn at_once<T>(doing: impl Future<Output = T>) -> Option<T> {
    let mut doing = pin!(doing);
    let woken = Arc::new(Woken::default());
    let waker = Waker::from(Arc::clone(&woken));
    loop {
        if let Poll::Ready(done) = doing.as_mut().poll(&mut Context::from_waker(&waker)) {
            return Some(done);
        }
        if !woken.0.swap(false, Ordering::Relaxed) {
            return None;
        }
    }
}

/// Whether somebody wants to be asked again at once.
#[derive(Default)]
struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
