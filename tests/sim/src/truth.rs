//! What is true of a job at a moment, by the story itself: whether it must be told,
//! and whether it may be. It knows no verdict of the product; it rests on what the
//! README promises, and where it asks for less than that, it says which sentence lets
//! it.

use crate::class::{Style, When, span};
use crate::entries::{Entry, entry, every};
use crate::host::{Host, Mark, SMALL, slot_of};
use crate::timetable::{HOUR, MINUTE, Moment, last_before, nth_after};
use heartbeat::FileKind;

const SECOND: Moment = 1_000;
/// "the beat lies more than a minute in the future"
const AHEAD: Moment = 60 * SECOND;

/// What is true of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truth {
    /// It needs an issue, whatever the clocks say.
    pub must: bool,
    /// An issue about it tells no lie.
    pub may: bool,
    /// Why.
    pub why: &'static str,
    /// Why it is not asked for although it has been silent for too long.
    pub excuse: Option<&'static str>,
}

impl Truth {
    const fn sure(why: &'static str) -> Self {
        Self {
            must: true,
            may: true,
            why,
            excuse: None,
        }
    }

    const fn perhaps(why: &'static str, excuse: &'static str) -> Self {
        Self {
            must: false,
            may: true,
            why,
            excuse: Some(excuse),
        }
    }

    const WELL: Self = Self {
        must: false,
        may: false,
        why: "well",
        excuse: None,
    };
}

/// A time in which the host was away, in truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Away {
    /// The last pass before it.
    pub from: Moment,
    /// When it was there again.
    pub to: Moment,
}

/// What earlier passes knew, as far as the README lets a later one rest on it.
#[derive(Debug, Clone, Copy)]
pub struct Before<'a> {
    /// For how long the job has been known without a success: the host's time up
    /// between passes.
    pub known: Option<Moment>,
    /// Since when it has been expected, in truth.
    pub expected: Moment,
    /// When the host was away.
    pub away: &'a [Away],
}

/// How long ago: in truth, and by the clock that the README says counts. "Within one
/// boot, ages come from the boot clock"; across boots there is only the wall clock.
fn ages(host: &Host, mark: &Mark, at: Moment) -> (Moment, Moment) {
    let age = at - mark.at;
    let here = mark.boot == Some(host.boot);
    (
        age,
        if here {
            age
        } else {
            host.wall(at) - mark.stamp
        },
    )
}

/// How far ahead of the clock a job's last success lies, if it does.
#[must_use]
pub fn ahead(host: &Host, job: usize, at: Moment) -> Option<bool> {
    let success = host.jobs[job].truth.success.as_ref()?;
    Some(ages(host, success, at).1 < -AHEAD)
}

/// Whether runs of a schedule since then are told by a clock that is wrong, or was when
/// the sign was left.
fn astray(host: &Host, age: Moment, seen: Moment) -> bool {
    host.wrong() || (seen - age).abs() > SMALL
}

/// Whether one sign is newer than another: in truth, and by what a reader can know.
/// "By the boot clocks, else by the wall clock" is all that the files tell.
fn newer(host: &Host, a: Option<&Mark>, b: Option<&Mark>) -> (bool, bool) {
    let (Some(a), Some(b)) = (a, b) else {
        return (a.is_some(), a.is_some());
    };
    let truly = a.at > b.at;
    let here = |mark: &Mark| mark.boot == Some(host.boot);
    let known = a.boot.is_some() && b.boot.is_some();
    let told = known && (a.boot == b.boot || here(a) != here(b));
    if told {
        return (truly, truly);
    }
    if (a.stamp - b.stamp).abs() <= SMALL {
        return (truly, !truly);
    }
    (truly, a.stamp > b.stamp)
}

/// What is true of a job now.
#[must_use]
pub fn of(host: &Host, job: usize, at: Moment, before: &Before<'_>) -> Truth {
    let one = &host.jobs[job];
    let truth = &one.truth;
    let file = |kind| one.files[slot_of(kind)].is_some();
    if truth.torn.iter().any(|torn| *torn) || file(FileKind::Last) && at < one.fate.denied {
        return Truth::sure("unreadable");
    }
    let behind = |mark: &Option<Mark>| mark.is_some_and(|mark| ages(host, &mark, at).1 < -AHEAD);
    if behind(&truth.success) {
        return Truth::sure("future");
    }
    if behind(&truth.failure) || behind(&truth.skip) {
        return Truth::perhaps("future", "a failure of the future: a clock was wrong");
    }
    let over = |sign: &Option<Mark>| newer(host, truth.failure.as_ref(), sign.as_ref());
    let (success, skip) = (over(&truth.success), over(&truth.skip));
    let truly = success.0 && skip.0;
    let seen = success.1 && skip.1;
    if truly && seen {
        return Truth::sure("failed");
    }
    let mut found = not_failed(host, job, at, before);
    if (truly || seen) && !found.must {
        found = Truth::perhaps("failed", "two signs, and a clock was wrong at one of them");
    }
    if found.must && entry(host, job, at) == Entry::Doubtful {
        // "Any other job with a fault is in doubt"; what its beat says still counts,
        // and where that says nothing, nothing is asked.
        let carries = one.trade.style != Style::Bare;
        if !carries {
            return Truth::perhaps(found.why, "its entry is in doubt");
        }
    }
    found
}

fn not_failed(host: &Host, job: usize, at: Moment, before: &Before<'_>) -> Truth {
    let one = &host.jobs[job];
    let truth = &one.truth;
    if let Some(run) = truth.run
        && let Some(limit) = run.limit
        && run.mark.boot == Some(host.boot)
        && at - run.mark.at > limit
    {
        // "a run goes on for longer than it may"
        let heard = truth
            .success
            .is_some_and(|success| success.at >= run.mark.at);
        if !heard {
            return if at - run.mark.at > limit + SECOND {
                Truth::sure("hung")
            } else {
                Truth::perhaps("hung", "within a second of its limit")
            };
        }
    }
    if one.trade.style == Style::Bare && entry(host, job, at) != Entry::Good {
        return match (truth.success.is_some(), entry(host, job, at)) {
            (true, Entry::Missing) => Truth::sure("no interval"),
            (true, _) => Truth::perhaps("no interval", "its entry is in doubt"),
            (false, _) => Truth::WELL,
        };
    }
    let sign = match (truth.success, truth.skip) {
        (Some(a), Some(b)) => Some(if b.at > a.at { b } else { a }),
        (a, b) => a.or(b),
    };
    match sign {
        Some(sign) => heard_of(host, job, at, &sign, before),
        None => unborn(host, job, at, before),
    }
}

/// A job of which something was heard.
fn heard_of(host: &Host, job: usize, at: Moment, sign: &Mark, before: &Before<'_>) -> Truth {
    let one = &host.jobs[job];
    let (age, seen) = ages(host, sign, at);
    let silence = match one.trade.when {
        When::Every(seconds) => {
            // "more than two intervals ago"; by an entry, more than so many and grace.
            let (interval, limit) = limit(host, job, seconds, at);
            Silence {
                must: age > limit && seen > limit,
                may: age > limit || seen > limit,
                deadline: at - age + limit,
                span: interval,
                doubt: (age > limit && seen <= limit).then_some(
                    "across a restart the clock was set back: the README knows no other clock",
                ),
            }
        }
        When::At(timetable) => {
            let runs = timetable.runs();
            let since = host.wall(at) - seen;
            scheduled(host, job, at, age, since, &runs)
        }
    };
    let told = silence.truth("silent", at, before.away);
    if told.may {
        return told;
    }
    // Alive by a sign that is no success: "has found nothing to do for more than ten
    // intervals".
    let Some(success) = one.truth.success.filter(|_| one.truth.skip.is_some()) else {
        let skips = one.truth.skip.is_some();
        return if skips {
            Truth::perhaps("idle", "no success of it is known")
        } else {
            Truth::WELL
        };
    };
    if one.truth.skip.is_some_and(|skip| skip.at < success.at) {
        return Truth::WELL;
    }
    let (age, seen) = ages(host, &success, at);
    let (must, may) = match one.trade.when {
        When::Every(seconds) => {
            let ten = every(host, job, seconds, at) * 10 * SECOND;
            (age > ten && seen > ten, age > ten || seen > ten)
        }
        When::At(timetable) => {
            let eleventh = nth_after(&timetable.runs(), host.wall(at) - seen, 11);
            let may = eleventh.is_some_and(|run| run <= host.wall(at) + SMALL);
            let sure = eleventh.is_some_and(|run| run <= host.wall(at) - SMALL);
            let astray = astray(host, age, seen);
            (sure && !astray, may || astray)
        }
    };
    match (must, may) {
        (true, _) => Truth::sure("idle"),
        (_, true) => Truth::perhaps("idle", "a schedule, and the clock was set"),
        _ => Truth::WELL,
    }
}

/// How many misses and how much grace are in force.
fn terms(host: &Host, job: usize, at: Moment) -> (i64, Option<Moment>) {
    let trade = &host.jobs[job].trade;
    if entry(host, job, at) == Entry::Good {
        let grace = trade.grace.map(|grace| grace * SECOND);
        (trade.misses.unwrap_or(2), grace)
    } else {
        (2, None)
    }
}

/// The interval in force, and after how long without a sign the job is silent.
fn limit(host: &Host, job: usize, seconds: i64, at: Moment) -> (Moment, Moment) {
    let (misses, grace) = terms(host, job, at);
    let interval = every(host, job, seconds, at) * SECOND;
    (interval, interval * misses + grace.unwrap_or(0))
}

/// A silence, before it is asked whether the host was away.
struct Silence {
    must: bool,
    may: bool,
    /// From when on, in truth.
    deadline: Moment,
    /// How far apart runs are.
    span: Moment,
    doubt: Option<&'static str>,
}

impl Silence {
    fn truth(&self, why: &'static str, at: Moment, away: &[Away]) -> Truth {
        if !self.may {
            return Truth::WELL;
        }
        if !self.must {
            return Truth {
                must: false,
                may: true,
                why,
                excuse: self.doubt,
            };
        }
        // "When the host was off or asleep, jobs get time to catch up before they are
        // flagged: as long as their interval, at least half an hour, at most two hours"
        let wait = self.span.clamp(30 * MINUTE, 2 * HOUR) + SMALL;
        let catches_up = away.iter().any(|away| {
            let in_it = self.deadline >= away.from - SMALL && self.deadline <= away.to + wait;
            in_it && at <= away.to + wait
        });
        if catches_up {
            return Truth::perhaps(why, "it may catch up after an outage");
        }
        Truth::sure(why)
    }
}

/// A job with a schedule: "two scheduled runs have passed since the last success. A run
/// has passed when its time has come and as long again has gone by as it took the last
/// time, a minute at least".
fn scheduled(
    host: &Host,
    job: usize,
    at: Moment,
    age: Moment,
    since: Moment,
    runs: &[Moment],
) -> Silence {
    let (misses, grace) = terms(host, job, at);
    let now = host.wall(at);
    let misses = usize::try_from(misses).unwrap_or(2);
    let decides = nth_after(runs, since, misses);
    let long = span(host.jobs[job].trade.when) * SECOND;
    let slot = last_before(runs, since);
    let gap = slot
        .zip(nth_after(runs, since, 1))
        .map_or(long, |(slot, next)| next - slot);
    // One that came long after its time was made by hand, and tells nothing.
    let took = slot.map_or(0, |slot| since - slot);
    let took = if took <= gap / 4 + SMALL { took } else { 0 };
    let grace = grace.unwrap_or_else(|| took.clamp(MINUTE, 6 * HOUR));
    let stepped = astray(host, age, host.wall(at) - since);
    let deadline = decides.unwrap_or(Moment::MAX / 2);
    let due = now > deadline + grace + SMALL;
    Silence {
        must: due && !stepped,
        // By a clock that was set, runs may seem to have passed that have not.
        may: now + SMALL > deadline || stepped,
        deadline: deadline + grace - host.offset,
        span: long,
        doubt: if stepped {
            Some("a schedule, and the clock was set: runs are told by the clock on the wall")
        } else if now <= deadline + grace + SMALL && now > deadline {
            Some("the run that decides may still be going")
        } else {
            None
        },
    }
}

/// A job that never succeeded: "expected, no success ever, and known for more than two
/// intervals".
fn unborn(host: &Host, job: usize, at: Moment, before: &Before<'_>) -> Truth {
    let one = &host.jobs[job];
    let expected = entry(host, job, at) == Entry::Good;
    if one.truth.run.is_some() {
        return Truth::perhaps("never", "a first run has started");
    }
    if !expected {
        return Truth::WELL;
    }
    let known = before.known.unwrap_or(0);
    let truly = at - before.expected;
    let silence = match one.trade.when {
        When::Every(seconds) => {
            let (interval, limit) = limit(host, job, seconds, at);
            Silence {
                must: known > limit + SECOND,
                may: truly + SMALL > limit,
                deadline: at - known + limit,
                span: interval,
                doubt: Some("it has not been known for long enough"),
            }
        }
        When::At(timetable) => {
            let runs = timetable.runs();
            let by_known = scheduled(host, job, at, known, host.wall(at) - known, &runs);
            let truly = scheduled(host, job, at, truly, host.wall(at) - truly, &runs);
            Silence {
                may: truly.may || by_known.may,
                ..by_known
            }
        }
    };
    silence.truth("never", at, before.away)
}
