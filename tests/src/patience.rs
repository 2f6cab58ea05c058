//! Waiting for a condition, with an end to it. No test sleeps for a fixed time.

use std::thread::sleep;
use std::time::{Duration, Instant};

/// Asks again and again until there is an answer, then returns it.
///
/// # Panics
/// When there is none in time; says what was awaited.
#[allow(
    clippy::disallowed_methods,
    reason = "waiting for other processes is what this file is for"
)]
pub fn eventually<T>(what: &str, within: Duration, mut ask: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(
            start.elapsed() < within,
            "after {within:?} still not: {what}"
        );
        sleep(Duration::from_millis(50));
    }
}
