//! Times in which no issue is opened for a job.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::Runs;

/// A time in which no issue is opened for a job.
#[derive(Debug, Clone, PartialEq)]
pub struct MuteWindow {
    /// When.
    pub when: MuteTime,
    /// Why, for people.
    pub reason: Option<Box<str>>,
}

/// When a window is open.
#[derive(Debug, Clone, PartialEq)]
pub enum MuteTime {
    /// Again and again: opens at the times of a schedule, for so long.
    Recurring {
        /// When it opens.
        opens: Arc<Runs>,
        /// How long it stays open, at least a minute.
        length: Duration,
    },
    /// Once.
    Once {
        /// The first moment.
        from: DateTime<Utc>,
        /// The first moment after it.
        until: DateTime<Utc>,
    },
}

impl MuteWindow {
    /// What holds at `now`, where the window is open then.
    #[must_use]
    pub fn at(&self, now: DateTime<Utc>) -> Option<Muted> {
        let until = match &self.when {
            MuteTime::Once { from, until } => (*from <= now).then_some(*until)?,
            // The one that opened last closes last: all are of one length.
            MuteTime::Recurring { opens, length } => {
                let length = TimeDelta::from_std(*length).ok()?;
                opens.last_before(now)?.checked_add_signed(length)?
            }
        };
        (now < until).then(|| Muted {
            until,
            reason: self.reason.clone(),
            paused: false,
        })
    }
}

/// That a job is muted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Muted {
    /// The first moment at which it is not, as far as this window goes.
    pub until: DateTime<Utc>,
    /// Why, for people.
    pub reason: Option<Box<str>>,
    /// True when `paused_until` says so, false when a window does.
    pub paused: bool,
}
