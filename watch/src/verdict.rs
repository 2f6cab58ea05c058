//! The verdict on one job: a pure function of what is expected, what was seen
//! and one moment.

use std::cmp::Ordering;
use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Datelike, Utc};
use heartbeat::{Beat, BootStamp, FileKind, Interval, JobFiles, Unreadable, UnreadableKind};

/// How far ahead a beat may be before its time is called wrong: clocks of one
/// network differ by that much.
pub(crate) const TOLERANCE: Duration = Duration::from_secs(60);

/// One moment, on both clocks. Read once a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The wall clock.
    pub wall: DateTime<Utc>,
    /// The boot clock, where there is one.
    pub boot: Option<BootStamp>,
}

/// What is expected of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expectation {
    /// How often it should succeed; `None` leaves it to the beat.
    pub interval: Option<Interval>,
    /// After how many intervals without a success it is silent.
    pub misses: u32,
}

impl Default for Expectation {
    fn default() -> Self {
        Self {
            interval: None,
            misses: 2,
        }
    }
}

/// What is to be said of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Verdict {
    /// It succeeded within its interval.
    Fresh,
    /// Expected, no beat yet, still in time.
    Waiting,
    /// Over its interval, at most twice the interval. Shown, not flagged.
    Late,
    /// The time of its beat lies in the future.
    Skewed,
    /// A beat is there and cannot be read, or carries no interval anywhere.
    Unreadable,
    /// Expected, no success ever, and known for more than twice its interval.
    Never,
    /// A run has been going for longer than its time limit allows.
    Hung,
    /// The newest outcome is a failure.
    Failed,
    /// No success for more than twice its interval.
    Silent,
}

impl Verdict {
    /// All of them, best first.
    pub const ALL: [Self; 9] = [
        Self::Fresh,
        Self::Waiting,
        Self::Late,
        Self::Skewed,
        Self::Unreadable,
        Self::Never,
        Self::Hung,
        Self::Failed,
        Self::Silent,
    ];

    /// Whether somebody must look.
    #[must_use]
    pub const fn flagged(self) -> bool {
        !matches!(self, Self::Fresh | Self::Waiting | Self::Late)
    }

    /// The word for it, as in the record and in markers.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Waiting => "waiting",
            Self::Late => "late",
            Self::Skewed => "skewed",
            Self::Unreadable => "unreadable",
            Self::Never => "never",
            Self::Hung => "hung",
            Self::Failed => "failed",
            Self::Silent => "silent",
        }
    }

    /// The verdict that a word names.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|verdict| verdict.word() == word)
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// How long ago something was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Age {
    /// This long ago; a little in the future counts as just now.
    Past(Duration),
    /// Further ahead than clocks differ.
    Future(Duration),
}

/// The age of a beat: by the boot clock where it was left in the running boot,
/// so that setting the wall clock neither hides a silence nor invents one; by
/// the wall clock otherwise.
#[must_use]
pub fn age(beat: &Beat, now: &Now) -> Age {
    if let Some(age) = age_in_this_boot(beat, now) {
        return Age::Past(age);
    }
    let passed = now.wall - beat.timestamp;
    match (passed.to_std(), (-passed).to_std()) {
        (Ok(past), _) => Age::Past(past),
        (_, Ok(ahead)) if ahead > TOLERANCE => Age::Future(ahead),
        _ => Age::Past(Duration::ZERO),
    }
}

/// How long ago by the boot clock, where the beat was left in the running boot.
fn age_in_this_boot(beat: &Beat, now: &Now) -> Option<Duration> {
    let (then, boot) = beat.boot.zip(now.boot)?;
    // A beat from later in this boot than now is no beat of this boot clock.
    let ours = then.id == boot.id && then.uptime <= boot.uptime.saturating_add(TOLERANCE);
    ours.then(|| boot.uptime.saturating_sub(then.uptime))
}

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
    /// The beat lies this far in the future.
    Ahead(Duration),
}

/// The verdict on one job with what led to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Judgement {
    /// What is to be said.
    pub verdict: Verdict,
    /// Time since the last success (or since the first start, where there was
    /// none yet).
    pub age: Option<Duration>,
    /// How often it should succeed.
    pub interval: Option<Interval>,
    /// When it last succeeded, as the beat says.
    pub last_success: Option<DateTime<Utc>>,
    /// Since when this has been so, as far as it can be told in a way that stays
    /// the same from pass to pass: the last success, else when an unreadable
    /// file was written. `None` where each new beat would move it, because the
    /// job may be alive: a beat from the future or without an interval.
    pub since: Option<DateTime<Utc>>,
    /// What stands behind it.
    pub cause: Option<Cause>,
}

/// Judges one job.
///
/// The first that holds decides: a file that cannot be read, a time in the
/// future, a failure that is newer than the last success, a run over its limit,
/// and then the age of the last success. At exactly twice the interval a job is
/// not silent yet.
#[must_use]
pub fn verdict(expectation: &Expectation, files: &JobFiles, now: &Now) -> Judgement {
    let (last, fail, run) = match (open(&files.last), open(&files.fail), open(&files.run)) {
        (Ok(last), Ok(fail), Ok(run)) => (last, fail, run),
        (Err(fault), _, _) => return unreadable(FileKind::Last, fault, None),
        (last, Err(fault), _) => return unreadable(FileKind::Fail, fault, last.ok().flatten()),
        (last, _, Err(fault)) => return unreadable(FileKind::Run, fault, last.ok().flatten()),
    };
    let carried = || {
        [last, fail, run]
            .into_iter()
            .flatten()
            .find_map(|b| b.interval)
    };
    let interval = expectation.interval.or_else(carried);
    // What a later success has put right is no failure, and its end no run.
    let fail = fail.filter(|fail| last.is_none_or(|last| !known_older(fail, last, now)));
    let run = run.filter(|run| last.is_none_or(|last| !ended(run, last, now)));
    let last_success = last.map(|beat| beat.timestamp);
    let judged = |verdict, age, cause| Judgement {
        verdict,
        age,
        interval,
        last_success,
        since: match cause {
            Some(Cause::Ahead(_) | Cause::NoInterval) => None,
            _ => last_success.filter(|at| tellable(*at)),
        },
        cause,
    };
    let age_of = |beat: Option<&Beat>| beat.map(|beat| age(beat, now));
    let ahead = [age_of(last), age_of(fail)]
        .into_iter()
        .find_map(|age| match age {
            Some(Age::Future(ahead)) => Some(ahead),
            _ => None,
        });
    if let Some(ahead) = ahead {
        return judged(Verdict::Skewed, None, Some(Cause::Ahead(ahead)));
    }
    let past = |beat| match age_of(beat) {
        Some(Age::Past(age)) => Some(age),
        _ => None,
    };
    let last_age = past(last);
    if let Some(fail) = fail.filter(|fail| last.is_none_or(|last| newer(fail, last, now))) {
        return judged(Verdict::Failed, last_age, Some(failure(fail)));
    }
    let going = run.zip(past(run));
    let run_cause = going.map(|(beat, going)| Cause::Run {
        started: beat.timestamp,
        going,
        limit: beat.details.as_ref().and_then(|d| d.timeout),
        pid: beat.details.as_ref().and_then(|d| d.pid),
    });
    if let Some((beat, going)) = going
        && over_limit(beat, going, last_age, now)
    {
        return judged(Verdict::Hung, last_age, run_cause);
    }
    let Some(interval) = interval else {
        return judged(Verdict::Unreadable, last_age, Some(Cause::NoInterval));
    };
    let limit = interval.duration() * expectation.misses.max(1);
    match (last_age, going) {
        (Some(age), _) if age <= interval.duration() => judged(Verdict::Fresh, Some(age), None),
        (Some(age), _) if age <= limit => judged(Verdict::Late, Some(age), None),
        (Some(age), _) => {
            let going = run.is_some_and(|run| same_boot(run, now));
            judged(Verdict::Silent, Some(age), run_cause.filter(|_| going))
        }
        // Never a success, but a first run has started.
        (None, Some((_, age))) if age <= limit => judged(Verdict::Waiting, Some(age), run_cause),
        (None, Some((beat, age))) if same_boot(beat, now) => {
            judged(Verdict::Hung, Some(age), run_cause)
        }
        (None, Some((_, age))) => judged(Verdict::Never, Some(age), run_cause),
        (None, None) => {
            let ahead = match age_of(run) {
                Some(Age::Future(ahead)) => Some(Cause::Ahead(ahead)),
                _ => None,
            };
            match ahead {
                Some(cause) => judged(Verdict::Skewed, None, Some(cause)),
                None => judged(Verdict::Waiting, None, None),
            }
        }
    }
}

type Opened<'a> = Result<Option<&'a Beat>, &'a Unreadable>;

fn open(slot: &Option<Box<Result<Beat, Unreadable>>>) -> Opened<'_> {
    slot.as_deref().map(Result::as_ref).transpose()
}

fn unreadable(file: FileKind, fault: &Unreadable, last: Option<&Beat>) -> Judgement {
    let last_success = last.map(|beat| beat.timestamp);
    Judgement {
        verdict: Verdict::Unreadable,
        age: None,
        interval: last.and_then(|beat| beat.interval),
        last_success,
        since: fault.modified.filter(|at| tellable(*at)),
        cause: Some(Cause::Unreadable {
            file,
            why: fault.kind.clone(),
        }),
    }
}

/// Which of two beats came first, where boot clocks tell: both of one boot, or
/// one of the running boot and the other of another, which ended before.
fn by_boot(a: &Beat, b: &Beat, now: &Now) -> Option<Ordering> {
    let (a_boot, b_boot) = a.boot.zip(b.boot)?;
    if a_boot.id == b_boot.id {
        return Some(a_boot.uptime.cmp(&b_boot.uptime));
    }
    let running = |beat| age_in_this_boot(beat, now).is_some();
    match (running(a), running(b)) {
        (true, false) => Some(Ordering::Greater),
        (false, true) => Some(Ordering::Less),
        _ => None,
    }
}

/// Whether `a` happened after `b`: by the boot clocks, else by the wall clock.
fn newer(a: &Beat, b: &Beat, now: &Now) -> bool {
    by_boot(a, b, now).unwrap_or_else(|| a.timestamp.cmp(&b.timestamp)) == Ordering::Greater
}

/// Whether a failure came before a success for certain, whatever a wall clock
/// said at the time.
fn known_older(fail: &Beat, last: &Beat, now: &Now) -> bool {
    by_boot(fail, last, now) == Some(Ordering::Less)
}

/// Whether a run ended in this success: the success came later, and was not that
/// of an earlier run, which went on beside this one.
fn ended(run: &Beat, last: &Beat, now: &Now) -> bool {
    let started = last.details.as_ref().and_then(|details| details.started);
    newer(last, run, now) && started.is_none_or(|started| started >= run.timestamp)
}

/// Years that RFC 3339 can name: what a marker could not carry would look like
/// another silence at each pass.
pub(crate) fn tellable(time: DateTime<Utc>) -> bool {
    (0..=9_999).contains(&time.year())
}

fn same_boot(beat: &Beat, now: &Now) -> bool {
    match (beat.boot, now.boot) {
        (Some(then), Some(boot)) => then.id == boot.id,
        _ => true,
    }
}

/// A run is over its limit when nothing was heard since the limit passed. One
/// from before a restart of the host has ended with it.
fn over_limit(run: &Beat, going: Duration, last_age: Option<Duration>, now: &Now) -> bool {
    let limit = run.details.as_ref().and_then(|details| details.timeout);
    let Some(over) = limit.and_then(|limit| going.checked_sub(limit)) else {
        return false;
    };
    !over.is_zero() && same_boot(run, now) && last_age.is_none_or(|age| age > over)
}

fn failure(fail: &Beat) -> Cause {
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

#[cfg(test)]
mod tests;
