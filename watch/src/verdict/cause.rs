//! What stands behind a verdict.

use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::{Beat, FileKind, UnreadableKind};

use crate::Outage;

/// What stands behind a verdict, beyond age and interval.
#[derive(Debug, Clone, PartialEq)]
pub enum Cause {
    /// The newest outcome is this failure.
    Failure {
        /// When it failed.
        at: DateTime<Utc>,
        /// The run's exit code.
        exit_code: Option<i64>,
        /// The signal that ended it.
        signal: Option<Box<str>>,
        /// Why it counts as failed.
        reason: Option<Box<str>>,
        /// How long the run took.
        duration: Option<Duration>,
        /// The end of its output.
        output_tail: Option<Box<str>>,
    },
    /// A run started and has not ended.
    Run {
        /// When it started.
        started: DateTime<Utc>,
        /// How long it has been going, as far as the clocks tell.
        going: Duration,
        /// Its time limit.
        limit: Option<Duration>,
        /// The process.
        pid: Option<u64>,
        /// How long ago it last said that it is at work, where it says so.
        pulse: Option<Duration>,
    },
    /// One of the files cannot be read.
    Unreadable {
        /// Which file.
        file: FileKind,
        /// Why.
        why: UnreadableKind,
    },
    /// No file says how often the job should succeed.
    NoInterval,
    /// The schedule that the beat carries makes no sense; holds why.
    Schedule(Box<str>),
    /// It has found nothing to do for this long.
    Idle {
        /// Since the last success, or since it is known.
        since: Duration,
        /// Why it had nothing to do the last time.
        reason: Option<Box<str>>,
    },
    /// It missed runs in an outage, and may still catch up.
    CatchingUp {
        /// The outage.
        outage: Outage,
        /// Until then.
        until: DateTime<Utc>,
    },
    /// The beat lies this far in the future.
    Ahead(Duration),
}

/// The cause that a failure's file tells of.
pub(super) fn failure(fail: &Beat) -> Cause {
    let details = fail.details.as_deref().cloned().unwrap_or_default();
    Cause::Failure {
        at: fail.timestamp,
        exit_code: details.exit_code,
        signal: details.signal,
        reason: details.reason,
        duration: details.duration,
        output_tail: details.output_tail,
    }
}
