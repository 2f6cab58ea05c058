//! All jobs of a tree: crontabs, the folders of `run-parts`, anacron, timers. One bad
//! file is a finding and takes nothing else with it.

mod anacron;
mod aside;
mod cron;
mod files;
mod line;
mod parts;
mod spread;
mod timers;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;
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
    /// Room for a key of those.
    key: RefCell<Vec<u8>>,
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
    /// The words for the places of the jobs that tell one from another of its name, each
    /// with the first job that it is for.
    near: RefCell<Vec<(usize, Box<str>)>>,
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
            key: RefCell::default(),
            whole,
            cron: !whole || CRONS.iter().any(|cron| there(cron)),
            anacron: root.runnable(Path::new("/usr/sbin/anacron")),
            systemd,
            run: RefCell::default(),
            named: RefCell::default(),
            found: RefCell::default(),
            near: RefCell::default(),
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
        says: impl Into<Arc<str>>,
        fix: impl Into<Arc<str>>,
    ) {
        self.finding(Finding::new(code, place, says, fix));
    }

    /// Takes a job in. `place` is the word for its place that tells it from another of
    /// its name.
    fn job(&self, job: Job, place: &str) {
        let mut found = self.found.borrow_mut();
        let mut near = self.near.borrow_mut();
        // The jobs of a file come one after the other.
        if near.last().is_none_or(|(_, last)| **last != *place) {
            near.push((found.jobs.len(), place.into()));
        }
        found.jobs.push(job);
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
    let mut found = look.found.take();
    let near = look.near.take();
    let wish = |at: usize| {
        let job = &found.jobs[at];
        Wish {
            user: &job.user,
            name: &job.name,
            firm: job.named,
            weak: job.state != State::Runs,
            line: job.place.line,
        }
    };
    let place = |at: usize| {
        let after = near.partition_point(|(first, _)| *first <= at);
        let near = after.checked_sub(1).and_then(|last| near.get(last));
        near.map_or("", |(_, place)| place)
    };
    let names = crate::names::settle(found.jobs.len(), wish, place);
    for (job, name) in found.jobs.iter_mut().zip(names) {
        if let Some(name) = name {
            job.name = name;
        }
    }
    found
}
