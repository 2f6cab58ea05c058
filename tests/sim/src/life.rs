//! The life of a job: when it starts, how its runs end, and what it leaves, in the very
//! bytes that `beat` writes.

use std::time::Duration;

use heartbeat::{FileKind, Interval, JobName, NewBeat};

use crate::class::{Style, When, span};
use crate::dice::Dice;
use crate::host::{End, File, Going, Host, Mark, RunMark, slot_of, time};
use crate::tally::Tally;
use crate::timetable::{BEGIN, DAY, Moment, last_before, nth_after};

const SECOND: Moment = 1_000;

/// When a job starts next, in truth, after `at`.
#[must_use]
pub fn next_start(host: &Host, job: usize, at: Moment) -> Option<Moment> {
    let trade = &host.jobs[job].trade;
    match trade.when {
        When::Every(every) => {
            let every = every * SECOND;
            let phase = BEGIN + (trade.salt % every.unsigned_abs()) as i64;
            let past = (at - phase).div_euclid(every);
            Some(phase + (past + 1) * every)
        }
        When::At(timetable) => {
            let runs = timetable.runs();
            nth_after(&runs, host.wall(at), 1).map(|slot| slot - host.offset)
        }
    }
}

/// Whether a start was missed while the host was away.
#[must_use]
pub fn missed(host: &Host, job: usize, at: Moment) -> bool {
    let job = &host.jobs[job];
    let last = match job.trade.when {
        When::Every(every) => {
            let every = every * SECOND;
            let phase = BEGIN + (job.trade.salt % every.unsigned_abs()) as i64;
            Some(phase + (at - phase).div_euclid(every) * every)
        }
        When::At(timetable) => {
            last_before(&timetable.runs(), host.wall(at)).map(|slot| slot - host.offset)
        }
    };
    last.is_some_and(|last| last > job.started)
}

/// What comes of a start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Started {
    /// Nothing.
    No,
    /// It starts so much later.
    Later(Moment),
    /// It runs, and ends at these moments.
    Runs(Moment, Option<Moment>),
}

/// Starts a job.
pub fn start(host: &mut Host, job: usize, at: Moment, tally: &mut Tally) -> Started {
    let now_stamp = host.wall(at);
    let one = &mut host.jobs[job];
    if at < BEGIN + one.trade.starts * DAY || at < one.fate.stopped {
        return Started::No;
    }
    if let Some(late) = one.fate.late.take() {
        tally.happened("late");
        return Started::Later(late);
    }
    one.started = at;
    // Another run is going: cron's next one waits for its lock.
    if one.going.is_some() {
        return Started::No;
    }
    one.number += 1;
    let mut dice = Dice::new(&[one.trade.salt, 17, one.number]);
    let most = (span(one.trade.when) / 20).clamp(2, 900);
    let mut takes = dice.skewed(1, most) * SECOND;
    let mut end = if at < one.fate.fails {
        End::Badly
    } else if at < one.fate.idle {
        End::Idly
    } else {
        End::Well
    };
    if let Some(hang) = one.fate.hang.take() {
        tally.happened("hang");
        takes = hang;
        end = match one.trade.style {
            Style::Wrapped(Some(limit)) if limit * SECOND < hang => {
                takes = limit * SECOND;
                End::Over
            }
            _ => End::Badly,
        };
    } else if std::mem::take(&mut one.fate.killed) {
        tally.happened("killed");
        end = End::Killed;
    }
    let twice = std::mem::take(&mut one.fate.twice);
    if twice {
        tally.happened("twice");
    }
    one.going = Some(Going {
        start: at,
        stamp: now_stamp,
        end,
    });
    let style = one.trade.style;
    if let Style::Wrapped(limit) = style {
        let left = one.files[2].is_some();
        if left {
            // A run before this one left no word of its end: its wrapper was killed.
            leave(host, job, at, FileKind::Fail, Some("killed"), tally);
        }
        leave(host, job, at, FileKind::Run, None, tally);
        let run = &mut host.jobs[job].truth.run;
        if let Some(run) = run {
            run.limit = limit.map(|limit| limit * SECOND);
        }
    }
    Started::Runs(at + takes, twice.then_some(at + takes + 30 * SECOND))
}

/// Ends the run that is going.
pub fn end(host: &mut Host, job: usize, at: Moment, tally: &mut Tally) {
    let Some(going) = host.jobs[job].going else {
        return;
    };
    let style = host.jobs[job].trade.style;
    let wrapped = matches!(style, Style::Wrapped(_));
    let tells = wrapped || style == Style::Told;
    match going.end {
        End::Well => leave(host, job, at, FileKind::Last, None, tally),
        End::Idly if matches!(style, Style::Foreign | Style::Bare) => {}
        End::Idly => leave(host, job, at, FileKind::Skip, Some("nothing new"), tally),
        End::Badly if tells => leave(host, job, at, FileKind::Fail, Some("exit"), tally),
        End::Over => leave(host, job, at, FileKind::Fail, Some("timeout"), tally),
        End::Badly | End::Killed => {}
    }
    let one = &mut host.jobs[job];
    one.going = None;
    if wrapped && going.end != End::Killed {
        one.files[2] = None;
        one.truth.run = None;
        one.truth.torn[2] = false;
    }
}

/// Writes one file of a job, as far as nothing befalls it.
fn leave(
    host: &mut Host,
    job: usize,
    at: Moment,
    kind: FileKind,
    reason: Option<&str>,
    tally: &mut Tally,
) {
    let boot = host.stamp(at);
    let (number, wall, full) = (host.boot, host.wall(at), at < host.full);
    let name = host.house.name.clone();
    let one = &mut host.jobs[job];
    if full {
        return;
    }
    if kind == FileKind::Last && std::mem::take(&mut one.fate.lost) {
        tally.happened("lost");
        return;
    }
    let ahead = if kind == FileKind::Last {
        one.fate.future.take()
    } else {
        None
    };
    if ahead.is_some() {
        tally.happened("future");
    }
    let Ok(file) = JobName::new(&one.trade.name) else {
        return;
    };
    let knows_boot = ahead.is_none() && !matches!(one.trade.style, Style::Foreign | Style::Bare);
    let stamp = wall + ahead.unwrap_or(0);
    let (mut interval, mut text, mut zone) = (None, None, None);
    match one.trade.when {
        When::Every(every) => {
            interval = Interval::from_seconds(u64::try_from(every).unwrap_or(1)).ok();
        }
        When::At(timetable) => {
            text = Some(timetable.text());
            zone = Some(timetable.zone.name());
        }
    }
    let line = match one.trade.style {
        Style::Bare => format!("{}\n", stamp / 1_000),
        Style::Foreign => format!(
            "{{\"v\":1,\"job\":\"{}\",\"timestamp\":{}.{:03},\"interval_seconds\":{}}}\n",
            one.trade.name,
            stamp.div_euclid(1_000),
            stamp.rem_euclid(1_000),
            interval.map_or(1, Interval::seconds)
        ),
        _ => NewBeat {
            interval,
            schedule: text.as_deref(),
            timezone: zone,
            host: Some(&name),
            boot: boot.filter(|_| knows_boot),
            started: one.going.map(|going| time(going.stamp)),
            duration: one
                .going
                .filter(|_| kind != FileKind::Run)
                .map(|going| Duration::from_millis(u64::try_from(at - going.start).unwrap_or(0))),
            reason,
            exit_code: (kind == FileKind::Fail).then_some(3),
            timeout: match (kind, one.trade.style) {
                (FileKind::Run, Style::Wrapped(Some(limit))) => {
                    Some(Duration::from_secs(u64::try_from(limit).unwrap_or(1)))
                }
                _ => None,
            },
            ..NewBeat::new(kind, &file, time(stamp))
        }
        .to_line(),
    };
    let mut bytes = line.into_bytes();
    let place = slot_of(kind);
    let torn = one.fate.torn.take();
    if let Some(torn) = torn {
        tally.happened("torn");
        if one.trade.style == Style::Bare {
            // As a file system may leave it after a crash.
            bytes.fill(0);
        } else {
            let most = bytes.len() as i64 - 3;
            let keep = (bytes.len() as i64 * torn / 1_000).clamp(1, most);
            bytes.truncate(usize::try_from(keep).unwrap_or(1));
        }
    }
    one.number += 1;
    let mark = Mark {
        at,
        stamp: if one.trade.style == Style::Bare {
            stamp / 1_000 * 1_000
        } else {
            stamp
        },
        boot: knows_boot.then_some(number),
        number: one.number,
    };
    one.files[place] = Some(File::new(bytes, wall));
    let truth = &mut one.truth;
    truth.torn[place] = torn.is_some();
    let whole = torn.is_none();
    match kind {
        FileKind::Last => truth.success = whole.then_some(mark),
        FileKind::Fail => truth.failure = whole.then_some(mark),
        FileKind::Skip => truth.skip = whole.then_some(mark),
        FileKind::Run => truth.run = whole.then_some(RunMark { mark, limit: None }),
    }
}
