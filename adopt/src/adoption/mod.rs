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

use crate::apply::{self, Edit, JobLines};
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
    /// Folders that must be there.
    pub folders: BTreeMap<PathBuf, Folder>,
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
    /// The jobs that it is for, each with its line before and after.
    pub jobs: Vec<JobLines>,
}

/// A folder that is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    /// User and group; `None` leaves it to who makes it.
    pub owner: Option<(u32, u32)>,
    /// The job that alone needs it.
    pub job: Option<JobName>,
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
    /// It leaves a beat already, so nothing is amiss.
    pub leaves_one: bool,
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
    /// The crontab of the user who asks, where that is not root: then only that can be
    /// changed.
    pub own: Option<&'a [u8]>,
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
            (Shape::Line | Shape::Anacron, _) => {
                lines.entry(&job.place.file).or_default().push(job);
            }
            (Shape::Script(path), _) => script::script(ground, &mut plan, job, path),
            (Shape::Unit(_), Kind::UserTimer) => plan.leave(
                job,
                "It is a timer of a user, for whose units there is no beat@.service. Put \
                 ExecStartPost=beat NAME --every INTERVAL into its service.",
            ),
            (Shape::Unit(started), _) => unit::unit(ground, &mut plan, job, started),
        }
    }
    for (file, jobs) in lines {
        if jobs.iter().all(|job| job.shape == Shape::Anacron) {
            cron::anacrontab(ground, &mut plan, file, &jobs);
        } else {
            cron::crontab(ground, &mut plan, &seen, file, &jobs);
        }
    }
    plan
}

impl Plan {
    fn leave(&mut self, job: &Job, why: impl Into<String>) {
        self.left.push(Left {
            job: job.name.clone(),
            place: job.place.clone(),
            why: why.into(),
            leaves_one: job.beat.is_some(),
        });
    }

    /// A job will leave a beat: its place in the store, its entry in the manifest.
    fn took(&mut self, ground: &Ground<'_>, job: &Job, delay: u64) {
        self.done.push((job.name.clone(), job.place.clone()));
        // Neither is this user's to make.
        if ground.own.is_some() {
            return;
        }
        let store = Path::new(heartbeat::SYSTEM_STORE);
        self.folder(ground, store, None, None);
        if &*job.user != "root" {
            let owner = ground.users.ids(&job.user);
            self.folder(ground, &store.join(&*job.user), owner, None);
        }
        entry::write(ground, self, job, delay);
    }

    /// Sees to it that a folder is there, and those above it.
    fn folder(
        &mut self,
        ground: &Ground<'_>,
        path: &Path,
        owner: Option<(u32, u32)>,
        job: Option<&JobName>,
    ) {
        if self.folders.contains_key(path) || ground.root.stat(path).is_ok() {
            return;
        }
        if let Some(above) = path.parent() {
            self.folder(ground, above, None, job);
        }
        let job = job.cloned();
        self.folders.insert(path.to_owned(), Folder { owner, job });
    }

    /// Takes in a file that is not there.
    fn new_file(&mut self, ground: &Ground<'_>, path: &Path, text: String, job: &JobName) {
        if let Some(above) = path.parent() {
            let own = above.extension().is_some_and(|ending| ending == "d");
            let manifest = above == Path::new(manifest::DEFAULT_DIR);
            self.folder(ground, above, None, (own && !manifest).then_some(job));
        }
        let change = Change {
            old: None,
            jobs: vec![JobLines {
                job: job.to_string(),
                old: 0..0,
                new: 0..text.len(),
            }],
            new: text.into_bytes(),
        };
        self.files.insert(path.to_owned(), change);
    }

    /// The changes as they are made: folders, then new files, then what is there.
    #[must_use]
    pub fn edits(&self, root: &Root) -> apply::Plan {
        let mut edits = Vec::new();
        for (path, folder) in &self.folders {
            edits.push(Edit::MakeDir {
                path: root.outside(path),
                owner: folder.owner,
                mode: 0o755,
                job: folder.job.as_ref().map(ToString::to_string),
            });
        }
        for (path, change) in &self.files {
            let path = root.outside(path);
            let new = change.new.clone();
            let jobs = change.jobs.clone();
            match &change.old {
                None => edits.push(Edit::NewFile {
                    path,
                    content: new,
                    mode: 0o644,
                    job: jobs.first().map(|job| job.job.clone()),
                }),
                Some(old) if path == Path::new(OWN) => edits.push(Edit::OwnCrontab {
                    old: old.clone(),
                    new,
                    jobs,
                }),
                Some(old) => edits.push(Edit::Change {
                    path,
                    old: old.clone(),
                    new,
                    jobs,
                }),
            }
        }
        edits.sort_by_key(|edit| match edit {
            Edit::MakeDir { .. } => 0,
            Edit::NewFile { .. } => 1,
            Edit::Change { .. } | Edit::OwnCrontab { .. } => 2,
        });
        apply::Plan { edits }
    }
}

/// What stands for the file of a crontab that is seen by `crontab -l`.
pub const OWN: &str = "crontab";

/// How often a job should succeed: its longest wait, and the delay that a timer adds.
fn interval(job: &Job, delay: u64) -> Option<Interval> {
    let gap = job.when.gap()?.as_secs().checked_add(delay)?;
    Interval::from_seconds(gap).ok()
}
