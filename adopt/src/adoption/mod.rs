//! What would make jobs leave a beat: for each job what fits it, file by file. Decides
//! what each file should hold; changes nothing. What cannot be done with certainty is
//! left alone, and named.
//!
//! | job | what fits it |
//! |---|---|
//! | a line of a crontab, of the anacrontab | the line, wrapped |
//! | a script of `run-parts` that no package owns | one line after its first, which starts it again under `beat` |
//! | a timer's service | a drop-in with `OnSuccess=` and `OnFailure=` |
//!
//! A script that a package owns is left alone: it is a file of settings to dpkg, which
//! would ask about the change at each upgrade, and the line that runs its folder runs
//! the others too.

mod cron;
mod entry;
mod script;
mod unit;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use heartbeat::{Interval, JobName};
use manifest::Manifest;

use crate::coverage::lacks;
use crate::finding::Place;
use crate::job::{Job, Kind, Shape};
use crate::root::Root;
use crate::sight::Seen;
use crate::users::Users;

/// What is to be done.
#[derive(Debug, Default)]
pub struct Plan {
    /// Files as they should be, by path inside the tree.
    pub files: BTreeMap<PathBuf, Change>,
    /// Folders that must be there, each with its owner's name.
    pub folders: BTreeMap<PathBuf, String>,
    /// Jobs that will leave a beat.
    pub done: Vec<(JobName, Place)>,
    /// Jobs that are left alone, and why.
    pub left: Vec<Left>,
    /// What is good to know, or to do afterwards.
    pub notes: BTreeSet<String>,
}

/// A file as it is and as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// Its bytes now; `None` where there is none.
    pub old: Option<Vec<u8>>,
    /// Its bytes afterwards.
    pub new: Vec<u8>,
    /// The jobs that it is for.
    pub jobs: Vec<JobName>,
}

/// A job that is left alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    /// Which.
    pub job: JobName,
    /// Where.
    pub place: Place,
    /// Why: a sentence.
    pub why: String,
}

/// What a plan is made from.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The tree.
    pub root: &'a Root,
    /// Its users.
    pub users: &'a Users,
    /// The expected jobs.
    pub manifest: &'a Manifest,
    /// Where `beat` is installed.
    pub beat: &'a Path,
}

/// Which jobs are meant: those named, by `NAME` or `USER/NAME`, or all that run and
/// leave no beat.
///
/// # Errors
/// The names that are no job's.
pub fn chosen<'a>(jobs: &'a [Job], named: &[String]) -> Result<Vec<&'a Job>, Vec<String>> {
    if named.is_empty() {
        return Ok(jobs.iter().filter(|job| lacks(job)).collect());
    }
    let is = |job: &Job, name: &str| {
        name == job.name.as_str()
            || name
                .split_once('/')
                .is_some_and(|(user, name)| user == &*job.user && name == job.name.as_str())
    };
    let unknown: Vec<String> = named
        .iter()
        .filter(|name| !jobs.iter().any(|job| is(job, name)))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        return Err(unknown);
    }
    let meant = jobs
        .iter()
        .filter(|job| named.iter().any(|name| is(job, name)));
    Ok(meant.collect())
}

/// Makes the plan.
#[must_use]
pub fn plan(ground: &Ground<'_>, jobs: &[&Job]) -> Plan {
    let mut plan = Plan::default();
    let seen = Seen::default();
    let mut lines: BTreeMap<&Path, Vec<&Job>> = BTreeMap::new();
    for job in jobs {
        if job.beat.is_some() {
            plan.leave(job, "It leaves a beat already.");
            continue;
        }
        match (&job.shape, job.kind) {
            (Shape::Line, _) => lines.entry(&job.place.file).or_default().push(job),
            (Shape::Anacron, _) => cron::anacron(ground, &mut plan, job),
            (Shape::Script(path), _) => script::script(ground, &mut plan, job, path),
            (Shape::Unit { .. }, Kind::UserTimer) => plan.leave(
                job,
                "It is a timer of a user, for whose units there is no beat@.service. Put \
                 ExecStartPost=beat NAME --every INTERVAL into its service.",
            ),
            (
                Shape::Unit {
                    service,
                    there,
                    delay,
                },
                _,
            ) => {
                unit::unit(ground, &mut plan, job, service, *there, *delay);
            }
        }
    }
    for (file, jobs) in lines {
        cron::crontab(ground, &mut plan, &seen, file, &jobs);
    }
    plan
}

impl Plan {
    fn leave(&mut self, job: &Job, why: impl Into<String>) {
        self.left.push(Left {
            job: job.name.clone(),
            place: job.place.clone(),
            why: why.into(),
        });
    }

    /// A job will leave a beat: its place in the store, its entry in the manifest.
    fn took(&mut self, ground: &Ground<'_>, job: &Job, delay: u64) {
        let store = Path::new(heartbeat::SYSTEM_STORE);
        if ground.root.stat(store).is_err() {
            self.folders.insert(store.to_owned(), "root".into());
        }
        if &*job.user != "root" {
            let own = store.join(&*job.user);
            if ground.root.stat(&own).is_err() {
                self.folders.insert(own, job.user.to_string());
            }
        }
        entry::write(ground, self, job, delay);
        self.done.push((job.name.clone(), job.place.clone()));
    }

    /// Takes a new or changed file in.
    fn change(&mut self, path: &Path, old: Option<Vec<u8>>, new: Vec<u8>, job: &JobName) {
        let change = self.files.entry(path.to_owned()).or_insert_with(|| Change {
            old,
            new: Vec::new(),
            jobs: Vec::new(),
        });
        change.new = new;
        change.jobs.push(job.clone());
    }

    /// A file as this plan leaves it so far.
    fn bytes(&self, ground: &Ground<'_>, path: &Path) -> Option<Vec<u8>> {
        match self.files.get(path) {
            Some(change) => Some(change.new.clone()),
            None => ground.root.read(path).ok().map(|(bytes, _)| bytes),
        }
    }
}

/// How often a job should succeed: its longest wait, and the delay that a timer adds.
fn interval(job: &Job, delay: u64) -> Option<Interval> {
    let gap = job.when.gap()?.as_secs().checked_add(delay)?;
    Interval::from_seconds(gap).ok()
}
