//! Reads what the report is about: the stores, judged at one moment, and the
//! checker's record. Decides nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use heartbeat::{
    Finding, SYSTEM_STORE, place_in_store, reader_stores, scan, user_name, writer_store,
};
use watch::{Expectation, JobKey, JobState, Now, Owner, verdict};

use crate::error::said;
use crate::record::{self, Found, Recorded};

/// Everything that was seen.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Name of the host: the checker's, else the machine's own.
    pub host: String,
    /// The moment at which the jobs were judged.
    pub now: Now,
    /// The stores, each with the reason why it could not be read.
    pub stores: Vec<(PathBuf, Option<String>)>,
    /// Every job in them.
    pub states: Vec<JobState>,
    /// What is odd about the stores.
    pub findings: Vec<Finding>,
    /// The checker's record.
    pub recorded: Recorded,
    /// Users in whose name nobody else can speak for the checker: a beat called
    /// `beat-check` of any other user is a job like others.
    pub trusted: Vec<String>,
}

/// Reads the stores that are named, or the one that a reader finds.
#[must_use]
pub fn gather(dirs: &[PathBuf], state_dir: Option<&Path>, now: Now) -> Seen {
    let dirs = match dirs {
        [] => reader_stores(),
        named => distinct(named),
    };
    let recorded = record::read(state_dir, &dirs);
    let host = match &recorded.found {
        Found::Record(record) => record.host.clone(),
        _ => own_host(),
    };
    let me = user_name(rustix::process::geteuid().as_raw());
    let mut seen = Seen {
        trusted: [me, recorded.owner.clone(), Some("heartbeat".into())]
            .into_iter()
            .flatten()
            .collect(),
        host,
        now,
        stores: Vec::with_capacity(dirs.len()),
        states: Vec::new(),
        findings: Vec::new(),
        recorded,
    };
    for dir in dirs {
        let fault = read_store(&dir, &mut seen).err().map(|error| why(&error));
        seen.stores.push((dir, fault));
    }
    seen
}

fn why(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such directory".into(),
        _ => said(error),
    }
}

/// The same store twice is one store.
fn distinct(dirs: &[PathBuf]) -> Vec<PathBuf> {
    let mut real: Vec<PathBuf> = Vec::new();
    let mut out = Vec::new();
    for dir in dirs {
        let path = dir.canonicalize().unwrap_or_else(|_| dir.clone());
        if !real.contains(&path) {
            real.push(path);
            out.push(dir.clone());
        }
    }
    out
}

/// The name of this machine.
#[must_use]
pub fn own_host() -> String {
    let name = rustix::system::uname()
        .nodename()
        .to_string_lossy()
        .into_owned();
    if name.is_empty() {
        "localhost".into()
    } else {
        name
    }
}

fn read_store(dir: &Path, seen: &mut Seen) -> io::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let expectation = Expectation::default();
    let now = seen.now;
    let host = seen.host.as_str();
    let scanned = scan(dir, threads, |place, files| {
        let judged = verdict(&expectation, &files, &now);
        let key = JobKey {
            owner: owner(host, &place.user),
            job: files.job,
        };
        JobState::new(key, judged)
    })?;
    let owner = scanned.places.first().map(|place| place.user.to_string());
    seen.trusted.extend(owner);
    seen.findings.extend(scanned.findings);
    if seen.states.is_empty() {
        seen.states = scanned.jobs;
    } else {
        merge(dir, scanned.jobs, seen);
    }
    Ok(())
}

/// The owner that all jobs of one place share, one for each thread: a count that
/// all threads share would make them wait for each other at every job.
fn owner(host: &str, user: &str) -> Arc<Owner> {
    thread_local! {
        static LAST: RefCell<Option<Arc<Owner>>> = const { RefCell::new(None) };
    }
    LAST.with_borrow_mut(|last| match last {
        Some(owner) if *owner.user == *user && *owner.host == *host => Arc::clone(owner),
        _ => {
            let owner = Arc::new(Owner {
                host: host.into(),
                user: user.into(),
            });
            *last = Some(Arc::clone(&owner));
            owner
        }
    })
}

/// Adds the jobs of one more store. Of one key in two stores the worse verdict
/// counts, so that neither can hide the other's silence.
fn merge(dir: &Path, states: Vec<JobState>, seen: &mut Seen) {
    let known: HashMap<JobKey, usize> = seen
        .states
        .iter()
        .enumerate()
        .map(|(at, state)| (state.key.clone(), at))
        .collect();
    for state in states {
        let Some(&at) = known.get(&state.key) else {
            seen.states.push(state);
            continue;
        };
        seen.findings.push(Finding {
            path: dir.join(format!("{}.last", state.key.job)),
            what: "has the name of a job in another store; the worse of the two is shown".into(),
            blind: false,
        });
        if state.verdict > seen.states[at].verdict {
            seen.states[at] = state;
        }
    }
}

/// Where the reporter leaves its own beat: where `beat` would put it, or in the
/// first store that is named.
#[must_use]
pub fn own_place(dirs: &[PathBuf]) -> Option<PathBuf> {
    match dirs.first() {
        Some(dir) if *dir == Path::new(SYSTEM_STORE) => {
            let me = rustix::process::geteuid().as_raw();
            place_in_store(dir, me).or_else(|| Some(dir.clone()))
        }
        Some(dir) => Some(dir.clone()),
        None => writer_store(None).map(|store| store.dir),
    }
}
