//! All jobs of a tree: crontabs, the folders of `run-parts`, anacron, timers. One bad
//! file is a finding and takes nothing else with it.

mod anacron;
mod aside;
mod cron;
mod files;
mod line;
mod parts;
mod timers;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use heartbeat::JobName;

use crate::beats::Scripts;
use crate::finding::{Finding, Place};
use crate::job::{Job, State};
use crate::names::Wish;
use crate::root::Root;
use crate::shell::{Look as _, Program};
use crate::sight::{Seen, Sight};
use crate::systemd::ask::Told;
use crate::times::Times;
use crate::users::Users;

/// Why jobs of crontabs do not run where there is no cron.
pub const NO_CRON: &str = "no cron is installed";

/// Fewer files are not worth a thread.
const FEW: usize = 64;

/// What is asked for.
#[derive(Debug, Default)]
pub struct Ask {
    /// Only the crontab and the timers of this user, who is not root.
    pub alone: Option<Alone>,
    /// What the running systemd says of the system's timers.
    pub system: Option<Told>,
    /// Whether timers fire here: a systemd runs, or could in the image.
    pub systemd: bool,
}

/// A user who sees their own jobs only.
#[derive(Debug, Default)]
pub struct Alone {
    /// Their name.
    pub user: String,
    /// Their crontab, where they have one.
    pub crontab: Option<Vec<u8>>,
    /// What their own systemd says of their timers.
    pub timers: Option<Told>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The jobs, in the order of their places.
    pub jobs: Vec<Job>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// What could not be seen, in words.
    pub unseen: Vec<String>,
}

/// What all of the search shares.
pub struct Look<'a> {
    /// The tree.
    pub root: &'a Root,
    /// Its users.
    pub users: &'a Users,
    /// Its clock.
    pub times: &'a Times,
    scripts: Scripts,
    seen: Seen,
    /// Lines that were studied, by user, settings and command.
    lines: RefCell<HashMap<Box<[u8]>, Rc<line::Known>>>,
    /// Whether the tree has programs, and not settings only.
    whole: bool,
    /// Whether a cron daemon is there.
    cron: bool,
    /// Whether anacron is there, which then runs the daily, weekly and monthly scripts.
    anacron: bool,
    systemd: bool,
    /// Folders whose scripts something runs.
    run: RefCell<BTreeSet<PathBuf>>,
    /// Users by name, each once.
    named: RefCell<HashMap<Box<str>, Arc<str>>>,
    found: RefCell<Found>,
    wishes: RefCell<Vec<Wish>>,
}

/// Programs that run crontabs.
const CRONS: [&str; 6] = [
    "/usr/sbin/cron",
    "/usr/sbin/crond",
    "/usr/sbin/cronie",
    "/usr/sbin/bcron-start",
    "/usr/lib/systemd/system-generators/systemd-crontab-generator",
    "/usr/sbin/fcron",
];

impl<'a> Look<'a> {
    fn new(root: &'a Root, users: &'a Users, times: &'a Times, systemd: bool) -> Self {
        let there = |path: &str| root.stat(Path::new(path)).is_ok();
        // A tree of settings only says nothing of programs.
        let whole = there("/usr/sbin");
        Self {
            root,
            users,
            times,
            scripts: Scripts::default(),
            seen: Seen::default(),
            lines: RefCell::default(),
            whole,
            cron: !whole || CRONS.iter().any(|cron| there(cron)),
            anacron: root.runnable(Path::new("/usr/sbin/anacron")),
            systemd,
            run: RefCell::default(),
            named: RefCell::default(),
            found: RefCell::default(),
            wishes: RefCell::default(),
        }
    }

    /// Does something for each of many files, by all cores where there are many; what is
    /// found is put together in the order of the files.
    fn spread(&self, files: &[OsString], each: impl Fn(&Look<'_>, &OsStr) + Sync) {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        if files.len() < FEW || cores == 1 {
            files.iter().for_each(|file| each(self, file));
            return;
        }
        let (now, zone, systemd) = (self.times.now(), self.times.zone(), self.systemd);
        let parts = files.chunks(files.len().div_ceil(cores));
        let found: Vec<_> = std::thread::scope(|scope| {
            let each = &each;
            let started: Vec<_> = parts
                .map(|part| {
                    let root = self.root.again();
                    scope.spawn(move || {
                        let users = Users::of(&root);
                        let times = Times::new(now, zone);
                        let look = Look::new(&root, &users, &times, systemd);
                        part.iter().for_each(|file| each(&look, file));
                        (look.found.take(), look.wishes.take(), look.run.take())
                    })
                })
                .collect();
            started.into_iter().map(|thread| thread.join()).collect()
        });
        for part in found {
            match part {
                Ok((mut found, mut wishes, mut run)) => {
                    let mut all = self.found.borrow_mut();
                    all.jobs.append(&mut found.jobs);
                    all.findings.append(&mut found.findings);
                    all.unseen.append(&mut found.unseen);
                    self.wishes.borrow_mut().append(&mut wishes);
                    self.run.borrow_mut().append(&mut run);
                }
                // A fault of this program: said, so that no job seems to be seen.
                Err(_) => self.unseen("a part of the crontabs: the search failed".into()),
            }
        }
    }

    fn user(&self, name: &str) -> Arc<str> {
        if let Some(user) = self.named.borrow().get(name) {
            return Arc::clone(user);
        }
        let user: Arc<str> = name.into();
        let mut named = self.named.borrow_mut();
        named.insert(name.into(), Arc::clone(&user));
        user
    }

    fn finding(&self, finding: Finding) {
        self.found.borrow_mut().findings.push(finding);
    }

    fn unseen(&self, what: String) {
        self.found.borrow_mut().unseen.push(what);
    }

    fn wrong(
        &self,
        code: &'static str,
        place: Place,
        says: impl Into<String>,
        fix: impl Into<String>,
    ) {
        self.finding(Finding::new(code, place, says, fix));
    }

    /// Takes a job in. `place` is the word for its place that tells it from another of
    /// its name.
    fn job(&self, job: Job, place: &str) {
        let mut wishes = self.wishes.borrow_mut();
        // The jobs of a file come one after the other.
        let place = match wishes.last() {
            Some(last) if *last.place == *place => Arc::clone(&last.place),
            _ => place.into(),
        };
        wishes.push(Wish {
            user: Arc::clone(&job.user),
            name: job.name.clone(),
            firm: job.named,
            weak: job.state != State::Runs,
            place,
            line: job.place.line,
        });
        self.found.borrow_mut().jobs.push(job);
    }

    /// The beat that the program of a command leaves, where it is a script that can be
    /// looked into.
    fn script_beat(&self, command: &str) -> Option<JobName> {
        let first = command.split_whitespace().next()?;
        if !first.starts_with('/') {
            return None;
        }
        let path = Path::new(first);
        // Looked at already, by the lint.
        let program = Sight::new(self.root, None, &self.seen).program(path);
        matches!(program, Program::Runs | Program::Text)
            .then(|| self.scripts.beat(self.root, path))?
    }
}

/// Finds all jobs of a tree.
#[must_use]
pub fn find(root: &Root, users: &Users, times: &Times, ask: &Ask) -> Found {
    let look = Look::new(root, users, times, ask.systemd);
    if let Some(alone) = &ask.alone {
        cron::own(&look, &alone.user, alone.crontab.as_deref());
        timers::user(&look, &alone.user, alone.timers.as_ref());
    } else {
        cron::crontab(&look, Path::new("/etc/crontab"));
        cron::folder(&look, Path::new("/etc/cron.d"));
        cron::spool(&look, Path::new("/var/spool/cron/crontabs"));
        anacron::table(&look, Path::new("/etc/anacrontab"));
        parts::orphans(&look);
        timers::system(&look, ask.system.as_ref());
        timers::users(&look);
    }
    let names = crate::names::settle(&look.wishes.take());
    let mut found = look.found.take();
    for (job, name) in found.jobs.iter_mut().zip(names) {
        job.name = name;
    }
    found
}
