//! Reads the stores and judges every job in them.

use std::collections::HashMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use heartbeat::{Finding, JobFiles, JobName, Place, Scan, place_in_store};
use watch::{
    ClockEvidence, Expected, JobKey, JobState, Notes, Owner, Rules, Sight, Verdict, Witness,
};

use crate::roll::Roll;

/// Name of the checker's own job.
pub const OWN_JOB: &str = "beat-check";

/// What the stores hold, judged.
#[derive(Debug, Default)]
pub struct Gathered {
    /// All jobs but the checker's own, worst first; fresh ones in no order.
    pub states: Vec<JobState>,
    /// What is odd about the stores.
    pub findings: Vec<Finding>,
    /// Stores that could not be read, with the reason.
    pub unseen: Vec<(PathBuf, String)>,
    /// What could be seen.
    pub sight: Sight,
    /// What the beats say about the clock.
    pub evidence: ClockEvidence,
    /// Where the checker leaves its own beat.
    pub own_place: Option<PathBuf>,
}

/// A store, as a pass reads it.
pub trait Store {
    /// Where it is.
    fn path(&self) -> &Path;

    /// Whether another one is the same.
    fn is(&self, other: &Self) -> bool;

    /// The place in it where the user of this pass leaves beats.
    fn own_place(&self) -> Option<PathBuf>;

    /// The files of a job in that place.
    fn read_own(&self, job: &JobName) -> Option<JobFiles>;

    /// Reads it whole; `judge` turns the files of each job into what is kept.
    ///
    /// # Errors
    /// When it cannot be opened or listed.
    fn scan(&self, judge: &Judge<'_>) -> io::Result<Scan<JobState>>;
}

/// Turns the files of a job into its state.
pub type Judge<'a> = dyn Fn(&Place, JobFiles) -> JobState + Sync + 'a;

/// A store is a folder.
impl Store for PathBuf {
    fn path(&self) -> &Path {
        self
    }

    fn is(&self, other: &Self) -> bool {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.into());
        real(self) == real(other)
    }

    fn own_place(&self) -> Option<PathBuf> {
        place_in_store(self, me()).filter(|place| place.is_dir())
    }

    fn read_own(&self, job: &JobName) -> Option<JobFiles> {
        heartbeat::read_one(&self.own_place()?, job).ok()
    }

    fn scan(&self, judge: &Judge<'_>) -> io::Result<Scan<JobState>> {
        heartbeat::scan(self, 0, judge)
    }
}

fn me() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// What the jobs are judged by.
pub struct Measure<'a> {
    /// Name of the host.
    pub host: &'a str,
    /// What holds for all of them.
    pub rules: Rules<'a>,
    /// The jobs that the manifest expects.
    pub expected: &'a [Arc<Expected>],
    /// What the pass before knew.
    pub notes: &'a Notes,
}

/// Reads all stores. A store that cannot be read is no error of the pass: it is
/// said, and the others are read. Expected jobs that left nothing are judged too.
#[must_use]
pub fn gather<S: Store>(stores: &[S], measure: &Measure<'_>) -> Gathered {
    let mut out = Gathered::default();
    let roll = Roll::new(measure);
    for store in distinct(stores) {
        let place = store.own_place();
        out.own_place = out.own_place.take().or(place);
        if let Err(error) = read_store(store, &roll, &mut out) {
            out.sight.blind = true;
            out.unseen.push((store.path().to_owned(), said(&error)));
        }
    }
    out.states.extend(roll.absent(&out.sight));
    out.findings.extend(roll.conflicts());
    order(&mut out.states);
    out
}

/// The clocks as the checker's own last beat knew them.
#[must_use]
pub fn own_witness<S: Store>(stores: &[S]) -> Option<Witness> {
    let job = JobName::new(OWN_JOB).ok()?;
    let files = stores.iter().filter_map(|store| store.read_own(&job));
    let beats = files.flat_map(|files| [files.last, files.fail]).flatten();
    let newest = beats
        .filter_map(|beat| beat.ok())
        .max_by_key(|beat| beat.timestamp)?;
    Some(Witness {
        wall: newest.timestamp,
        boot: newest.boot,
        asleep: None,
    })
}

/// The same store twice is one store.
fn distinct<S: Store>(stores: &[S]) -> Vec<&S> {
    let mut seen: Vec<&S> = Vec::new();
    for store in stores {
        if !seen.iter().any(|other| other.is(store)) {
            seen.push(store);
        }
    }
    seen
}

/// Why a folder cannot be used, in words.
pub(crate) fn said(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".into(),
        io::ErrorKind::NotFound => "there is no such directory".into(),
        io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
            "it is not a directory".into()
        }
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only".into(),
        io::ErrorKind::StorageFull => "the disk is full".into(),
        _ => error.to_string(),
    }
}

fn read_store<S: Store>(store: &S, roll: &Roll<'_>, out: &mut Gathered) -> io::Result<()> {
    let owners = Owners::new(roll.measure.host);
    let scanned = store.scan(&|place, files| {
        let key = JobKey {
            owner: owners.get(&place.user),
            job: files.job.clone(),
        };
        roll.judge(key, &files)
    })?;
    let store = store.path();
    for finding in scanned.findings.iter().filter(|finding| finding.blind) {
        let user = finding.path.file_name().map(|name| name.to_string_lossy());
        out.sight.blind_users.extend(user.map(Into::into));
    }
    out.findings.extend(scanned.findings);
    let owner = scanned.places.first().map(|place| place.user.clone());
    let own_user = own_user(store, out.own_place.as_deref(), &scanned.places);
    let mut states = scanned.jobs;
    let own = states.iter().position(|state| {
        state.key.job.as_str() == OWN_JOB && Some(state.key.user()) == own_user.as_deref()
    });
    if let Some(own) = own {
        let own = states.swap_remove(own);
        out.evidence.add_own(&own, roll.measure.rules.now.wall);
    }
    for state in &states {
        let trusted = owner.as_deref() == Some(state.key.user());
        out.evidence.add(state, trusted);
    }
    merge(store, states, out);
    Ok(())
}

/// The user whose place the checker's own beat lies in.
fn own_user(
    store: &Path,
    own_place: Option<&Path>,
    places: &[heartbeat::Place],
) -> Option<Box<str>> {
    let own = own_place.filter(|own| own.starts_with(store))?;
    let place = places.iter().find(|place| place.dir == own)?;
    Some(place.user.clone())
}

/// Adds the jobs of one more store. One key in two stores is told, and the worse
/// verdict counts, so that neither can hide the other's silence.
fn merge(store: &Path, states: Vec<JobState>, out: &mut Gathered) {
    if out.states.is_empty() {
        out.states = states;
        return;
    }
    let mut known: HashMap<JobKey, usize> = HashMap::new();
    for (at, state) in out.states.iter().enumerate() {
        known.insert(state.key.clone(), at);
    }
    for state in states {
        let Some(&at) = known.get(&state.key) else {
            out.states.push(state);
            continue;
        };
        out.findings.push(Finding {
            path: store.join(format!("{}.last", state.key.job)),
            what: format!(
                "has the name of a job in another store; the worse of the two is shown as {}: give one another name",
                state.key.shown()
            ),
            blind: false,
        });
        if state.verdict > out.states[at].verdict {
            out.states[at] = state;
        }
    }
}

/// Jobs that are not fresh first, worst first. Fresh ones are left as they come:
/// there may be a million, and most readers never list them.
fn order(states: &mut Vec<JobState>) {
    let mut fresh = 0;
    let mut end = states.len();
    // Moves the fresh ones to the end.
    while fresh < end {
        if states[fresh].verdict == Verdict::Fresh {
            end -= 1;
            states.swap(fresh, end);
        } else {
            fresh += 1;
        }
    }
    let mut rest = states.split_off(end);
    watch::worst_first(states);
    states.append(&mut rest);
}

/// One shared owner for all jobs of a user.
struct Owners {
    host: Box<str>,
    known: std::sync::RwLock<HashMap<Box<str>, Arc<Owner>>>,
}

impl Owners {
    fn new(host: &str) -> Self {
        Self {
            host: host.into(),
            known: std::sync::RwLock::default(),
        }
    }

    fn get(&self, user: &str) -> Arc<Owner> {
        let known = self.known.read().unwrap_or_else(|e| e.into_inner());
        if let Some(owner) = known.get(user) {
            return Arc::clone(owner);
        }
        drop(known);
        let owner = Owner {
            host: self.host.clone(),
            user: user.into(),
        };
        let mut known = self.known.write().unwrap_or_else(|e| e.into_inner());
        Arc::clone(known.entry(user.into()).or_insert_with(|| Arc::new(owner)))
    }
}
