//! Time: the only file of the checker that reads a clock, waits or rolls dice.
//!
//! A pass reads [`Clock::now`] once and hands it down. What needs to wait or to
//! measure does it through the trait, so that tests run without waiting.
#![allow(
    clippy::disallowed_methods,
    reason = "this is the file in which the clock is read"
)]

use std::cell::{Cell, RefCell};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use rustix::time::{ClockId, clock_gettime};

/// What the checker may know about time.
pub trait Clock {
    /// The wall clock, UTC. It may jump.
    fn now(&self) -> DateTime<Utc>;

    /// Time since this clock was made, sleep of the machine included. It never
    /// jumps.
    fn elapsed(&self) -> Duration;

    /// How long the machine has been asleep since it booted.
    fn asleep(&self) -> Duration;

    /// Waits.
    fn sleep(&self, duration: Duration);

    /// A number from 0 up to 1, a different one at each call.
    fn jitter(&self) -> f64;
}

/// The clock of the machine.
#[derive(Debug)]
pub struct SystemClock {
    start: Duration,
}

impl SystemClock {
    /// A clock whose [`Clock::elapsed`] begins now.
    #[must_use]
    pub fn start() -> Self {
        Self { start: boot_time() }
    }
}

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }

    fn elapsed(&self) -> Duration {
        boot_time().saturating_sub(self.start)
    }

    fn asleep(&self) -> Duration {
        // The monotonic clock stands still while the machine sleeps.
        boot_time().saturating_sub(time_of(ClockId::Monotonic))
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn jitter(&self) -> f64 {
        // The keys of a RandomState are random and differ from one to the next.
        let bits = RandomState::new().build_hasher().finish() >> 11;
        bits as f64 / (1_u64 << 53) as f64
    }
}

/// CLOCK_BOOTTIME: seconds since boot, time asleep included.
fn boot_time() -> Duration {
    time_of(ClockId::Boottime)
}

fn time_of(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or(0),
        u32::try_from(time.tv_nsec).unwrap_or(0),
    )
}

/// A clock for tests: it stands still, and moves on by as much as is slept.
#[derive(Debug)]
pub struct FakeClock {
    start: DateTime<Utc>,
    elapsed: Cell<Duration>,
    jitter: Cell<f64>,
    slept: RefCell<Vec<Duration>>,
}

impl FakeClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: DateTime<Utc>) -> Self {
        Self {
            start: now,
            elapsed: Cell::new(Duration::ZERO),
            jitter: Cell::new(0.5),
            slept: RefCell::new(Vec::new()),
        }
    }

    /// Moves the clock on.
    pub fn advance(&self, by: Duration) {
        self.elapsed.set(self.elapsed.get().saturating_add(by));
    }

    /// Sets what [`Clock::jitter`] answers from now on (0.5 at first).
    pub fn set_jitter(&self, jitter: f64) {
        self.jitter.set(jitter);
    }

    /// Every sleep so far, in order.
    #[must_use]
    pub fn slept(&self) -> Vec<Duration> {
        self.slept.borrow().clone()
    }
}

impl Clock for FakeClock {
    fn now(&self) -> DateTime<Utc> {
        TimeDelta::from_std(self.elapsed.get())
            .ok()
            .and_then(|passed| self.start.checked_add_signed(passed))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    fn elapsed(&self) -> Duration {
        self.elapsed.get()
    }

    fn asleep(&self) -> Duration {
        Duration::ZERO
    }

    fn sleep(&self, duration: Duration) {
        self.slept.borrow_mut().push(duration);
        self.advance(duration);
    }

    fn jitter(&self) -> f64 {
        self.jitter.get()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fake_clock_moves_by_sleeping() {
        let start = DateTime::parse_from_rfc3339("2026-11-22T02:00:00Z")
            .unwrap()
            .to_utc();
        let clock = FakeClock::at(start);
        clock.sleep(Duration::from_secs(90));
        clock.advance(Duration::from_millis(500));
        assert_eq!(clock.elapsed(), Duration::from_millis(90_500));
        assert_eq!(clock.now() - start, TimeDelta::milliseconds(90_500));
        assert_eq!(clock.slept(), [Duration::from_secs(90)]);
    }

    #[test]
    fn the_machine_clock_moves_forward_and_rolls_within_bounds() {
        let clock = SystemClock::start();
        let rolls: Vec<f64> = (0..64).map(|_| clock.jitter()).collect();
        assert!(rolls.iter().all(|roll| (0.0..1.0).contains(roll)));
        assert!(rolls.iter().any(|roll| *roll != rolls[0]));
        assert!(clock.elapsed() < Duration::from_secs(60));
        let before = clock.elapsed();
        clock.sleep(Duration::from_millis(1));
        assert!(clock.elapsed() > before);
    }
}
