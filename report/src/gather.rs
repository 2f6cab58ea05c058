//! Reads what the report is about: the expected jobs, the stores, judged at one
//! moment, and what the checker and `beat-adopt` left. Decides nothing.

use std::cell::RefCell;
use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use heartbeat::{
    Finding, SYSTEM_STORE, place_in_store, reader_stores, scan, user_name, writer_store,
};
use manifest::{FileError, Manifest, Settings, host_zone};
use watch::{
    Expectation, JobKey, JobState, KnownTimetables, Now, Outages, Owner, Rules, Zone, conflict,
    verdict,
};

use crate::coverage;
use crate::error::said;
use crate::outages;
use crate::record::{self, Recorded};

/// Where to look.
#[derive(Debug, Clone, Copy)]
pub struct Places<'a> {
    /// Stores that are named.
    pub dirs: &'a [PathBuf],
    /// Where the checker keeps its record, when that is named.
    pub state_dir: Option<&'a Path>,
    /// What the checker's config says.
    pub settings: &'a Settings,
    /// The record of `beat-adopt`, when it is named.
    pub coverage: Option<&'a Path>,
}

/// Everything that was seen.
#[derive(Debug, Clone)]
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
    /// Whose the stores are. In root's store every user has a place; in any other
    /// lie its owner's beats alone.
    pub owners: Vec<String>,
    /// The expected jobs.
    pub manifest: Manifest,
    /// Why the config could not be read.
    pub config_fault: Option<FileError>,
    /// Whether the time zone of the host is not known, so that UTC was taken.
    pub zone_unknown: bool,
    /// What `beat-adopt` left.
    pub coverage: coverage::Read,
}

/// Reads the stores that are named, or the one that a reader finds.
#[must_use]
pub fn gather(places: &Places<'_>, now: Now) -> Seen {
    let settings = places.settings;
    let dirs = match places.dirs {
        [] => reader_stores(),
        named => distinct(named),
    };
    let state_dir = places.state_dir.or(settings.state_dir.as_deref());
    let recorded = record::read(state_dir, &dirs);
    let record = recorded.found.record();
    let host = match (record, settings.host.as_ref()) {
        (Some(record), _) => record.host.clone(),
        (None, Some(named)) => named.clone(),
        (None, None) => own_host(),
    };
    let zone = host_zone(Path::new("/"));
    let timetables = KnownTimetables::new(zone.unwrap_or_else(Zone::utc));
    let outages = Outages::new(outages::known(record));
    let me = user_name(rustix::process::geteuid().as_raw());
    let mut seen = Seen {
        trusted: [me, recorded.owner.clone(), Some("heartbeat".into())]
            .into_iter()
            .flatten()
            .collect(),
        owners: Vec::new(),
        host,
        now,
        stores: Vec::with_capacity(dirs.len()),
        states: Vec::new(),
        findings: Vec::new(),
        recorded,
        manifest: settings.manifest(),
        config_fault: settings.fault.clone(),
        zone_unknown: zone.is_none(),
        coverage: coverage::read(places.coverage),
    };
    let rules = Rules {
        now,
        timetables: &timetables,
        outages: &outages,
        catch_up: settings.catch_up,
    };
    for dir in dirs {
        let fault = read_store(&dir, &rules, &mut seen).err();
        seen.stores.push((dir, fault.map(|error| why(&error))));
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

fn read_store(dir: &Path, rules: &Rules<'_>, seen: &mut Seen) -> io::Result<()> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let manifest = &seen.manifest;
    let host = seen.host.as_str();
    let conflicts: Mutex<Vec<Finding>> = Mutex::default();
    let scanned = scan(dir, threads, |place, files| {
        let expected = manifest.get(&place.user, &files.job).map(Arc::clone);
        if let Some(expected) = &expected
            && let Some(what) = conflict(expected, &files)
        {
            let mut all = conflicts.lock().unwrap_or_else(PoisonError::into_inner);
            all.push(Finding {
                path: PathBuf::from(expected.place.to_string()),
                what,
                blind: false,
            });
        }
        let expectation = Expectation {
            expected,
            ..Expectation::default()
        };
        let judged = verdict(&expectation, &files, rules);
        let key = JobKey {
            owner: owner(host, &place.user),
            job: files.job,
        };
        JobState::new(key, judged).expected(expectation.expected)
    })?;
    let owner = scanned.places.first().map(|place| place.user.to_string());
    seen.trusted.extend(owner.clone());
    seen.owners.extend(owner);
    seen.findings.extend(scanned.findings);
    let conflicts = conflicts.into_inner();
    seen.findings
        .extend(conflicts.unwrap_or_else(PoisonError::into_inner));
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
