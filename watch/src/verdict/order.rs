//! How long ago beats were left, and which of two came first: by the boot clock
//! where both know it, so that setting the wall clock changes nothing, else by the
//! wall clock.

use std::cmp::Ordering;
use std::time::Duration;

use heartbeat::Beat;

use super::{Now, TOLERANCE};

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
pub(super) fn newer(a: &Beat, b: &Beat, now: &Now) -> bool {
    by_boot(a, b, now).unwrap_or_else(|| a.timestamp.cmp(&b.timestamp)) == Ordering::Greater
}

/// Whether a failure came before a success for certain, whatever a wall clock
/// said at the time.
pub(super) fn known_older(fail: &Beat, last: &Beat, now: &Now) -> bool {
    by_boot(fail, last, now) == Some(Ordering::Less)
}

/// Whether a run ended in this success: the success came later, and was not that
/// of an earlier run, which went on beside this one.
pub(super) fn ended(run: &Beat, last: &Beat, now: &Now) -> bool {
    let started = last.details.as_ref().and_then(|details| details.started);
    newer(last, run, now) && started.is_none_or(|started| started >= run.timestamp)
}

pub(super) fn same_boot(beat: &Beat, now: &Now) -> bool {
    match (beat.boot, now.boot) {
        (Some(then), Some(boot)) => then.id == boot.id,
        _ => true,
    }
}

/// The age of a beat that does not lie in the future.
pub(super) fn past(beat: Option<&Beat>, now: &Now) -> Option<Duration> {
    match age(beat?, now) {
        Age::Past(age) => Some(age),
        Age::Future(_) => None,
    }
}
