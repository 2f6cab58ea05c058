//! A run that has started and has not ended: whether it hangs.

use std::time::Duration;

use heartbeat::Beat;

use super::order::same_boot;
use super::{Cause, Now};

/// A run that has not ended.
pub(super) struct Going<'a> {
    pub(super) beat: &'a Beat,
    /// Since it started.
    pub(super) going: Duration,
    limit: Option<Duration>,
    /// How often it says that it is at work, and how long ago it last did.
    pub(super) pulse: Option<(Duration, Duration)>,
}

impl<'a> Going<'a> {
    pub(super) fn new(beat: &'a Beat, heard: Duration) -> Self {
        let details = beat.details.as_deref();
        let started = details.and_then(|details| details.started);
        let before = started.and_then(|started| (beat.timestamp - started).to_std().ok());
        Self {
            beat,
            going: heard.saturating_add(before.unwrap_or_default()),
            limit: details.and_then(|details| details.timeout),
            pulse: details
                .and_then(|details| details.pulse)
                .map(|every| (every, heard)),
        }
    }

    /// Whether it is over its limit with nothing heard since, or says no more that
    /// it is at work. One from before a restart of the host has ended with it.
    pub(super) fn hangs(&self, last_age: Option<Duration>, now: &Now) -> bool {
        let over = self.limit.and_then(|limit| self.going.checked_sub(limit));
        let over = over.filter(|over| !over.is_zero());
        let over_limit = over.is_some_and(|over| last_age.is_none_or(|age| age > over));
        let quiet = self.pulse.is_some_and(|(every, heard)| {
            heard > every.saturating_mul(2) && last_age.is_none_or(|age| age >= heard)
        });
        (over_limit || quiet) && same_boot(self.beat, now)
    }

    pub(super) fn cause(&self) -> Cause {
        let details = self.beat.details.as_deref();
        let started = details.and_then(|details| details.started);
        Cause::Run {
            started: started.unwrap_or(self.beat.timestamp),
            going: self.going,
            limit: self.limit,
            pid: details.and_then(|details| details.pid),
            pulse: self.pulse.map(|(_, heard)| heard),
        }
    }
}
