//! Runs a job, from its start to the record of its end.
//!
//! The job must not notice: it inherits everything as `beat` found it, starts
//! whether or not a beat can be written, and its end is the end of `beat`.

use std::ffi::OsString;
use std::os::fd::RawFd;
use std::time::Duration;

use nix::errno::Errno;
use nix::unistd::Pid;

use crate::args::{Overlap, Run, Target};
use crate::capture::{Capture, Stream};
use crate::clock::ticks;
use crate::diary::Diary;
use crate::hand_over::hand_over;
use crate::limit::Limit;
use crate::message::{complain, exit};
use crate::overlap::Turn;
use crate::signals::{self, Change, End, Held};
use crate::spawn::{Start, why};
use crate::terminal::Terminal;

/// With which code a run ends that ran into its time limit, as with timeout(1).
const TIMED_OUT: u8 = 124;

/// How long output that comes after the job is waited for, before it is handed over.
const LATE: Duration = Duration::from_millis(100);

/// How often is asked what nothing tells.
const OFTEN: Duration = Duration::from_millis(20);

/// Runs the command and returns the code to exit with.
pub(crate) fn run(target: &Target, run: &Run) -> u8 {
    let mut diary = Diary::new(target, run);
    let mut lock = None;
    if run.overlap != Overlap::Allow {
        match diary.turn() {
            Some(Turn::Taken(_)) => return exit::OK,
            Some(Turn::Go(held)) => lock = held,
            None => {}
        }
        diary.begin();
    }
    let held = Held::hold();
    let (mut capture, ends) = Capture::open(run);
    let descriptors: Vec<(RawFd, RawFd)> = ends.pairs().collect();
    let start = Start {
        mask: held.before(),
        own_group: run.timeout.is_some(),
        descriptors: &descriptors,
        closed: &[],
        variables: &[
            ("HEARTBEAT_JOB", target.job.as_str()),
            ("HEARTBEAT_RUN_ID", &diary.run_id),
        ],
    };
    let job = start.start(&run.command);
    drop(ends);
    let code = match job {
        Ok(job) => {
            let (end, timed_out, failed) = attend(job, run, &held, &mut capture, &mut diary);
            finish(run, failed, capture, &held);
            if timed_out { TIMED_OUT } else { end.code() }
        }
        Err(errno) => {
            let name = run
                .command
                .first()
                .map(OsString::as_os_str)
                .unwrap_or_default();
            complain(&format!(
                "beat: cannot start {name:?}: {}\n",
                why(name, errno)
            ));
            let code = if errno == Errno::ENOENT { 127 } else { 126 };
            diary.not_started(code);
            code
        }
    };
    diary.close();
    drop(lock);
    code
}

/// Stays with the job until it has ended and what it put out has gone on. Returns how it
/// ended, whether its time was up, and whether it failed.
fn attend(
    job: Pid,
    run: &Run,
    held: &Held,
    capture: &mut Capture,
    diary: &mut Diary<'_>,
) -> (End, bool, bool) {
    let own_group = run.timeout.is_some();
    let terminal = own_group.then(|| Terminal::give(job)).flatten();
    let now = ticks();
    let mut limit = Limit::new(run, job, now);
    let mut pulse = run.pulse.map(|pulse| now.saturating_add(pulse));
    diary.running(job);
    let mut end = None;
    let mut late = None;
    loop {
        if end.is_none() {
            match signals::ask(job, terminal.is_some()) {
                Change::None => {}
                Change::Stopped => {
                    if let Some(terminal) = &terminal {
                        terminal.stopped();
                    }
                }
                Change::Ended(how) => {
                    end = Some((how, crate::clock::now()));
                    // A killed program may have left its children with it.
                    if let Some(terminal) = &terminal {
                        terminal.take_back();
                    }
                }
            }
        }
        let now = ticks();
        limit.due(now, end.is_some());
        let lingers = end.is_some() && limit.lingers();
        if end.is_some() {
            capture.sweep();
            let over = capture.is_over();
            let given_up = capture.is_dry() && now >= *late.get_or_insert(now.saturating_add(LATE));
            if (over || given_up) && !lingers {
                break;
            }
        } else if let Some(next) = pulse.as_mut().filter(|next| now >= **next) {
            diary.pulse();
            *next = now.saturating_add(run.pulse.unwrap_or(OFTEN));
        }
        let often = lingers || held.watched().is_none();
        let times = [
            limit.next().filter(|_| end.is_none() || lingers),
            pulse.filter(|_| end.is_none()),
            late,
            often.then(|| now.saturating_add(OFTEN)),
        ];
        let next = times.into_iter().flatten().min();
        let timeout = next.map(|next| next.saturating_sub(now));
        if capture.wait(held.watched(), timeout)
            && let Some(came) = held.take()
        {
            // After the job it is for us: what is left is handed over.
            if end.is_some() && came.is_told() {
                break;
            }
            came.hand_on(job, own_group);
        }
    }
    let (end, at) = end.unwrap_or_else(|| (End::Untold(Errno::ECHILD), crate::clock::now()));
    capture.read_files(run);
    let failed = diary.ended(end, limit.hit(), at, capture);
    (end, limit.hit(), failed)
}

/// Puts out what was put aside, and hands over what may still come.
fn finish(run: &Run, failed: bool, capture: Capture, held: &Held) {
    if failed && run.quiet {
        held.let_go();
        capture.print();
    }
    let rests = capture.into_streams().into_iter().filter_map(Stream::rest);
    for rest in rests {
        hand_over(&rest, failed || !run.quiet || !rest.aside, held.before());
    }
}
