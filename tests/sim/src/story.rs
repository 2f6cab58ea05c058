//! A story from beginning to end: the events of all hosts in order of time.

mod befall;

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::rc::Rc;

use checker::forge::settings;

use crate::bugs::Bug;
use crate::dice::mix;
use crate::host::{Going, Host, SMALL};
use crate::life::{self, Started};
use crate::oracle::Oracle;
use crate::pass::{Luck, Scene, pass};
use crate::script::{Kind, Script};
use crate::server::Server;
use crate::tally::Tally;
use crate::timetable::{BEGIN, DAY, HOUR, MINUTE, Moment};

const FORGE: &str = "[forge]\nkind = \"gitea\"\nurl = \"http://127.0.0.1\"\nrepo = \"ops/watch\"\n";

/// What is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    Fault(usize),
    Boot(usize),
    Wake(usize),
    Right(usize),
    Start(usize, usize, u32),
    End(usize, usize, u32, bool),
    Pass(usize, bool),
}

/// A story as it goes.
struct Story {
    scene: Rc<Scene>,
    script: Script,
    oracle: Oracle,
    due: BinaryHeap<Reverse<(Moment, u64, Due)>>,
    order: u64,
    /// The run that a second one goes beside, by host and job.
    beside: Vec<Vec<Option<Going>>>,
    luck: Vec<Luck>,
    again: Vec<Option<Moment>>,
    /// No more faults.
    quiet: bool,
}

/// Plays a story to its end.
///
/// # Errors
/// When the settings of the forge are refused.
pub fn play(script: &Script, bug: Option<Bug>) -> Result<Tally, String> {
    tell(script, bug, false).map(|(tally, _)| tally)
}

/// The same, and where `aloud` what happened, line by line.
///
/// # Errors
/// As [`play`].
pub fn tell(
    script: &Script,
    bug: Option<Bug>,
    aloud: bool,
) -> Result<(Tally, Vec<String>), String> {
    let class = script.class;
    let cast = class.cast(script.seed);
    let forge = settings(FORGE).map_err(|fault| format!("{fault:?}"))?;
    let hosts = cast
        .into_iter()
        .map(|house| RefCell::new(Host::new(house, BEGIN)));
    let scene = Rc::new(Scene {
        hosts: hosts.collect(),
        server: RefCell::new(Server {
            remembers: script.faults.iter().any(|fault| fault.kind == Kind::Lags),
            ..Server::default()
        }),
        tally: RefCell::default(),
        bug,
        cadence: class.cadence(),
        forge,
        notes: aloud.then(RefCell::default),
    });
    let many = scene.hosts.len();
    let mut story = Story {
        oracle: Oracle::new(&scene),
        script: script.clone(),
        due: BinaryHeap::new(),
        order: 0,
        beside: scene
            .hosts
            .iter()
            .map(|host| vec![None; host.borrow().jobs.len()])
            .collect(),
        luck: vec![Luck::default(); many],
        again: vec![None; many],
        quiet: false,
        scene,
    };
    story.run();
    let Story { scene, oracle, .. } = story;
    let mut tally = std::mem::take(&mut *scene.tally.borrow_mut());
    tally.wrong = oracle.faults;
    *tally.hosts.entry(class).or_default() += script.days * 86_400 * many as i64;
    let notes = scene.notes.as_ref().map(RefCell::take);
    Ok((tally, notes.unwrap_or_default()))
}

impl Story {
    fn push(&mut self, at: Moment, due: Due) {
        self.order += 1;
        self.due.push(Reverse((at, self.order, due)));
    }

    fn run(&mut self) {
        for (at, fault) in self.script.faults.clone().iter().enumerate() {
            self.push(BEGIN + fault.at * 1_000, Due::Fault(at));
        }
        let hosts = self.scene.hosts.len();
        for host in 0..hosts {
            let first = self.next_pass(host, BEGIN);
            self.push(first, Due::Pass(host, true));
            for job in 0..self.jobs(host) {
                self.plan(host, job, BEGIN);
            }
        }
        let end = BEGIN + self.script.days * DAY;
        self.until(end);
        self.calm(end);
        let longest = 2 * self.longest() + 20 * DAY;
        self.until(end + longest);
        self.oracle.end(&self.scene);
    }

    /// The longest time from one run to the next.
    fn longest(&self) -> Moment {
        let spans = self.scene.hosts.iter().map(|host| {
            let host = host.borrow();
            let spans = host
                .jobs
                .iter()
                .map(|job| crate::class::span(job.trade.when));
            spans.max().unwrap_or(0)
        });
        spans.max().unwrap_or(0) * 1_000
    }

    fn until(&mut self, end: Moment) {
        while let Some(Reverse((at, _, due))) = self.due.pop() {
            if at >= end {
                self.push(at, due);
                break;
            }
            self.happen(at, due);
        }
    }

    fn jobs(&self, host: usize) -> usize {
        self.scene.hosts[host].borrow().jobs.len()
    }

    /// The next time of the timer. Many hosts do not knock at the same second.
    fn next_pass(&self, host: usize, at: Moment) -> Moment {
        let every = self.scene.cadence * 1_000;
        let delay = mix(&[self.script.seed, 3, host as u64]) % 60_000;
        let delay = i64::try_from(delay).unwrap_or(0);
        (at - delay).div_euclid(every) * every + every + delay
    }

    /// Plans the next start of a job; what was planned before is off.
    fn plan(&mut self, host: usize, job: usize, at: Moment) {
        let (next, plan) = {
            let mut one = self.scene.hosts[host].borrow_mut();
            one.jobs[job].plan += 1;
            (life::next_start(&one, job, at), one.jobs[job].plan)
        };
        if let Some(next) = next {
            self.push(next.max(at + 1), Due::Start(host, job, plan));
        }
    }

    fn happen(&mut self, at: Moment, due: Due) {
        match due {
            Due::Fault(fault) => {
                let fault = self.script.faults[fault];
                self.befall(at, &fault);
            }
            Due::Boot(host) => self.boot(host, at),
            Due::Wake(host) => self.wake(host, at),
            Due::Right(host) => self.set_clock(host, 0, at),
            Due::Start(host, job, plan) => self.start(host, job, plan, at),
            Due::End(host, job, run, second) => self.end(host, job, run, second, at),
            Due::Pass(host, timer) => {
                if timer {
                    let next = self.next_pass(host, at);
                    self.push(next, Due::Pass(host, true));
                }
                self.pass(host, at);
            }
        }
    }

    fn start(&mut self, host: usize, job: usize, plan: u32, at: Moment) {
        let asleep = {
            let one = self.scene.hosts[host].borrow();
            if !one.up || one.jobs[job].plan != plan {
                return;
            }
            one.asleep.is_some()
        };
        if asleep {
            // Waking plans anew.
            return;
        }
        let started = {
            let mut one = self.scene.hosts[host].borrow_mut();
            let mut tally = self.scene.tally.borrow_mut();
            life::start(&mut one, job, at, &mut tally)
        };
        self.started(host, job, started, at);
        self.plan(host, job, at);
        if let Started::Later(late) = started {
            let plan = self.scene.hosts[host].borrow().jobs[job].plan;
            self.push(at + late, Due::Start(host, job, plan));
        }
    }

    fn started(&mut self, host: usize, job: usize, started: Started, _at: Moment) {
        let Started::Runs(ends, second) = started else {
            return;
        };
        let (run, going) = {
            let mut one = self.scene.hosts[host].borrow_mut();
            one.jobs[job].run += 1;
            (one.jobs[job].run, one.jobs[job].going)
        };
        self.push(ends, Due::End(host, job, run, false));
        if let Some(second) = second {
            self.beside[host][job] = going;
            self.push(second, Due::End(host, job, run, true));
        }
    }

    fn end(&mut self, host: usize, job: usize, run: u32, second: bool, at: Moment) {
        let mut one = self.scene.hosts[host].borrow_mut();
        if one.jobs[job].run != run || !one.up {
            return;
        }
        if one.asleep.is_some() {
            // It goes on where it was when the host wakes.
            drop(one);
            self.push(at + MINUTE, Due::End(host, job, run, second));
            return;
        }
        if second && one.jobs[job].going.is_none() {
            one.jobs[job].going = self.beside[host][job].take();
        }
        life::end(&mut one, job, at, &mut self.scene.tally.borrow_mut());
    }

    fn pass(&mut self, host: usize, at: Moment) {
        {
            let one = self.scene.hosts[host].borrow();
            if !one.up || one.asleep.is_some() || at < one.idle {
                return;
            }
        }
        let luck = std::mem::take(&mut self.luck[host]);
        // Whom it meets must be there.
        let meets = luck.meets.filter(|(_, other)| {
            let there = self.scene.hosts[*other].try_borrow();
            there.is_ok_and(|one| one.up && one.asleep.is_none() && at >= one.idle)
        });
        let luck = Luck { meets, ..luck };
        *self
            .scene
            .tally
            .borrow_mut()
            .passes
            .entry(self.script.class)
            .or_default() += 1;
        let report = pass(&self.scene, host, at, luck);
        self.oracle.look(&self.scene, &report, at);
        if let Some(after) = self.again[host].take() {
            self.scene.tally.borrow_mut().happened(Kind::Again.word());
            self.push(at + after, Due::Pass(host, false));
        }
    }

    fn boot(&mut self, host: usize, at: Moment) {
        {
            let mut one = self.scene.hosts[host].borrow_mut();
            if one.up {
                return;
            }
            one.up = true;
            one.boot += 1;
            one.booted = at;
            one.slept = 0;
        }
        let delay =
            i64::try_from(mix(&[self.script.seed, at.unsigned_abs()]) % 90_000).unwrap_or(0);
        // "A pass that was missed while the host was off is made up for at boot."
        self.push(at + 20_000 + delay, Due::Pass(host, false));
        self.plan_all(host, at, MINUTE + 5 * delay);
    }

    fn wake(&mut self, host: usize, at: Moment) {
        {
            let mut one = self.scene.hosts[host].borrow_mut();
            let Some(since) = one.asleep.take() else {
                return;
            };
            if !one.up {
                return;
            }
            one.slept += at - since;
        }
        self.push(at + 2_000, Due::Pass(host, false));
        self.plan_all(host, at, 3_000);
    }

    /// Plans the jobs of a host that is here again. What makes up for a missed run starts
    /// after `delay`.
    fn plan_all(&mut self, host: usize, at: Moment, delay: Moment) {
        for job in 0..self.jobs(host) {
            let late = {
                let one = self.scene.hosts[host].borrow();
                one.jobs[job].trade.persistent && life::missed(&one, job, at)
            };
            self.plan(host, job, at);
            if late {
                let plan = self.scene.hosts[host].borrow().jobs[job].plan;
                self.push(at + delay, Due::Start(host, job, plan));
            }
        }
    }

    fn set_clock(&mut self, host: usize, offset: Moment, at: Moment) {
        {
            let mut one = self.scene.hosts[host].borrow_mut();
            let by = offset - one.offset;
            if by == 0 {
                return;
            }
            one.offset = offset;
            if by.abs() > SMALL {
                one.steps.push(at);
            }
        }
        for job in 0..self.jobs(host) {
            self.plan(host, job, at);
        }
    }

    /// The host goes down; runs end with it.
    fn down(&mut self, host: usize, at: Moment, long: Moment) {
        {
            let mut one = self.scene.hosts[host].borrow_mut();
            if !one.up {
                return;
            }
            one.up = false;
            one.asleep = None;
            for job in &mut one.jobs {
                job.run += 1;
                job.plan += 1;
                job.going = None;
            }
        }
        self.push(at + long, Due::Boot(host));
    }

    /// The quiet time at the end: nothing befalls anybody any more, and every job runs.
    fn calm(&mut self, at: Moment) {
        self.quiet = true;
        self.scene.server.borrow_mut().trouble = Default::default();
        for host in 0..self.scene.hosts.len() {
            self.luck[host] = Luck::default();
            self.again[host] = None;
            {
                let mut one = self.scene.hosts[host].borrow_mut();
                (one.idle, one.blind, one.hidden, one.full, one.faulty) = (0, 0, 0, 0, (0, 0));
                for job in &mut one.jobs {
                    job.fate = Default::default();
                    job.trade.starts = 0;
                    // A failure that cannot be read is nobody's to replace but a person's.
                    for place in 1..4 {
                        if std::mem::take(&mut job.truth.torn[place]) {
                            job.files[place] = None;
                        }
                    }
                }
                if !one.up {
                    drop(one);
                    self.push(at + HOUR, Due::Boot(host));
                }
            }
            self.wake(host, at);
            self.set_clock(host, 0, at);
        }
    }
}
