//! What befalls hosts, jobs and the forge when the time of a fault has come.

use crate::host::SMALL;
use crate::people;
use crate::script::{Fault, Kind};
use crate::server::About;
use crate::timetable::{MINUTE, Moment};

use super::{Due, Story};

impl Story {
    pub(super) fn befall(&mut self, at: Moment, fault: &Fault) {
        if self.quiet {
            return;
        }
        let word = fault.kind.word();
        let long = fault.long * 1_000;
        let until = at + long;
        let host = fault.host % self.scene.hosts.len();
        let mut job = fault.job % self.jobs(host);
        if fault.kind == Kind::Removed && fault.much % 2 == 0 {
            // Whoever clears up takes what an issue tells of.
            job = self.told(host).unwrap_or(job);
        }
        let counts = self.befall_host(at, fault, host, long)
            || self.befall_job(fault, host, job, until)
            || self.befall_forge(fault, until)
            || people::befall(&self.scene, &mut self.oracle, fault, at);
        self.scene.note(at, || {
            format!(
                "{word} host={host} job={job} long={} much={}",
                fault.long, fault.much
            )
        });
        if counts {
            self.scene.tally.borrow_mut().happened(word);
        }
    }

    /// A job of a host that an open issue is about.
    fn told(&self, host: usize) -> Option<usize> {
        let one = self.scene.hosts[host].borrow();
        let server = self.scene.server.borrow();
        let mut open = server.open.iter().map(|at| &server.issues[*at].about);
        open.find_map(|about| match about {
            About::Job(name, _, job) if *name == one.house.name => one
                .jobs
                .iter()
                .position(|one| one.trade.name == *job && !one.trade.expected),
            _ => None,
        })
    }

    /// True when it has happened at once.
    fn befall_host(&mut self, at: Moment, fault: &Fault, host: usize, long: Moment) -> bool {
        let until = at + long;
        let much = fault.much * 1_000;
        let (up, offset) = {
            let one = self.scene.hosts[host].borrow();
            (one.up && one.asleep.is_none(), one.offset)
        };
        match fault.kind {
            Kind::Reboot | Kind::Off => {
                self.down(host, at, long);
                return up;
            }
            Kind::Sleep if up => {
                self.scene.hosts[host].borrow_mut().asleep = Some(at);
                self.push(until, Due::Wake(host));
                return true;
            }
            Kind::Seconds if offset.abs() <= SMALL => self.set_clock(host, much, at),
            Kind::Hours | Kind::Years if up && much != 0 => {
                self.set_clock(host, much, at);
                self.push(until, Due::Right(host));
            }
            Kind::Epoch if up => {
                self.down(host, at, MINUTE);
                let back = at + MINUTE;
                self.set_clock(host, -back, at);
                self.push(back + long, Due::Right(host));
            }
            Kind::Cut => self.luck[host].dies = Some(fault.much),
            Kind::Twin => self.luck[host].meets = Some((fault.much, host)),
            Kind::Meets => {
                let other = (host + 1) % self.scene.hosts.len();
                self.luck[host].meets = Some((fault.much, other));
            }
            Kind::Again => self.again[host] = Some(long),
            _ => return self.befall_store(at, fault, host, until),
        }
        matches!(
            fault.kind,
            Kind::Seconds | Kind::Hours | Kind::Years | Kind::Epoch
        )
    }

    fn befall_store(&mut self, _at: Moment, fault: &Fault, host: usize, until: Moment) -> bool {
        let mut one = self.scene.hosts[host].borrow_mut();
        match fault.kind {
            Kind::Skipped => one.idle = one.idle.max(until),
            Kind::Blind => one.blind = one.blind.max(until),
            Kind::Hidden => one.hidden = one.hidden.max(until),
            Kind::Full => one.full = one.full.max(until),
            Kind::Faulty => one.faulty = (until, fault.job),
            Kind::NoNotes => {
                one.notes = None;
                drop(one);
                self.oracle.notes_lost(host);
            }
            _ => return false,
        }
        true
    }

    fn befall_job(&mut self, fault: &Fault, host: usize, job: usize, until: Moment) -> bool {
        let long = fault.long * 1_000;
        let mut one = self.scene.hosts[host].borrow_mut();
        let one = &mut one.jobs[job];
        let fate = &mut one.fate;
        match fault.kind {
            Kind::Stop => fate.stopped = fate.stopped.max(until),
            Kind::Fail => fate.fails = fate.fails.max(until),
            Kind::Idle => fate.idle = fate.idle.max(until),
            Kind::Denied => fate.denied = fate.denied.max(until),
            Kind::Mute => fate.muted = fate.muted.max(until),
            Kind::Pause => fate.paused = fate.paused.max(until),
            Kind::Dropped => fate.dropped = fate.dropped.max(until),
            Kind::Changed => (fate.changed, fate.change) = (until, fault.much),
            Kind::Removed => {
                one.files = [const { None }; 4];
                one.truth = Default::default();
            }
            Kind::Hang => fate.hang = Some(long),
            Kind::Killed => fate.killed = true,
            Kind::Late => fate.late = Some(long),
            Kind::Twice => fate.twice = true,
            Kind::Torn => fate.torn = Some(fault.much),
            Kind::Lost => fate.lost = true,
            Kind::Future => fate.future = Some(fault.much * 1_000),
            _ => return false,
        }
        // What waits for the next run is counted when it comes.
        !matches!(
            fault.kind,
            Kind::Hang
                | Kind::Killed
                | Kind::Late
                | Kind::Twice
                | Kind::Torn
                | Kind::Lost
                | Kind::Future
        )
    }

    fn befall_forge(&mut self, fault: &Fault, until: Moment) -> bool {
        let mut server = self.scene.server.borrow_mut();
        let trouble = &mut server.trouble;
        match fault.kind {
            Kind::Down => trouble.down = trouble.down.max(until),
            Kind::Flaky => trouble.flaky = (until, fault.much),
            Kind::Limited => trouble.limited = trouble.limited.max(until),
            Kind::Lags => trouble.lags = (until, fault.much),
            Kind::Pages => trouble.pages = (until, fault.much),
            Kind::Moving => {
                trouble.moving = (until, fault.much);
                trouble.pages = (until, fault.much);
            }
            Kind::Mum => trouble.mum += fault.much,
            Kind::Repeat => trouble.repeat = true,
            _ => return false,
        }
        false
    }
}
