//! Reading a whole store: one result for each job, whatever the others look
//! like. One level of subdirectories, each a user's place; no further.

use std::fmt;
use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::fs::{Mode, fstat, open, openat};
use rustix::io::Errno;

use crate::flags;
use crate::listing::{KINDS, Listed, Listing, Odd, list};
use crate::mounts::{is_served_by_a_program, open_here};
use crate::owners::as_seen_here;
use crate::read::shown_user;
use crate::{Beat, FileKind, JobName, Unreadable, UnreadableKind, read_file, user_id};

/// What was found in one of a job's files.
pub type Slot = Option<Box<Result<Beat, Unreadable>>>;

/// A directory of beats and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The directory.
    pub dir: PathBuf,
    /// The user whose jobs these are.
    pub user: Box<str>,
    /// Their id as files show it here: who must own the beats. `None` where the name
    /// has none.
    pub uid: Option<u32>,
}

/// The files of one job, read.
#[derive(Debug, Clone, PartialEq)]
pub struct JobFiles {
    /// Whose.
    pub job: JobName,
    /// `<job>.last`.
    pub last: Slot,
    /// `<job>.fail`.
    pub fail: Slot,
    /// `<job>.run`.
    pub run: Slot,
    /// `<job>.skip`.
    pub skip: Slot,
}

/// Something in a store that is no beat of any job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Where.
    pub path: PathBuf,
    /// What is wrong, completing "`<path>` …".
    pub what: String,
    /// True when beats may lie there that cannot be seen.
    pub blind: bool,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.path.display(), self.what)
    }
}

/// All that a store holds.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan<T> {
    /// The directories that were read, the store itself first.
    pub places: Vec<Place>,
    /// What `map` made of each job.
    pub jobs: Vec<T>,
    /// What is odd about the store.
    pub findings: Vec<Finding>,
}

/// Reads a store, with up to `threads` threads (0: one for each core); `map` turns the files of each
/// job into what the caller keeps, so that a store of a million beats is never
/// held twice.
///
/// # Errors
/// When the store itself cannot be opened or listed, or the host lacks what it takes to
/// read its files: that says nothing about the jobs.
pub fn scan<T, F>(store: &Path, threads: usize, map: F) -> io::Result<Scan<T>>
where
    T: Send,
    F: Fn(&Place, JobFiles) -> T + Sync,
{
    let root = open(store, flags::DIRECTORY, Mode::empty())?;
    let stat = fstat(&root)?;
    let mut findings = Vec::new();
    findings.extend(open_to_all(store, stat.st_mode));
    let top = Place {
        dir: store.into(),
        user: shown_user(stat.st_uid),
        uid: Some(stat.st_uid),
    };
    let listing = list(&root, &top, true, &mut findings)?;
    let mut scan = Scan {
        places: Vec::with_capacity(1 + listing.directories.len()),
        jobs: Vec::new(),
        findings,
    };
    scan.jobs = read_all(&root, &top, &listing, threads, &map)?;
    for (path, what) in &listing.blind {
        scan.findings.push(Finding {
            path: path.clone(),
            what: (*what).into(),
            blind: true,
        });
    }
    scan.places.push(top);
    for name in &listing.directories {
        let before = scan.jobs.len();
        if let Some((place, jobs)) = subdirectory(
            &root,
            &scan.places[0],
            name,
            threads,
            &map,
            &mut scan.findings,
        ) {
            scan.places.push(place);
            if before == 0 {
                scan.jobs = jobs;
            } else {
                scan.jobs.extend(jobs);
            }
        }
    }
    Ok(scan)
}

/// Reads the files of one job from a directory; for callers that know its name.
///
/// # Errors
/// When the directory cannot be opened, or as [`scan`] when the host lacks something.
pub fn read_one(dir: &Path, job: &JobName) -> io::Result<JobFiles> {
    let dir = open(dir, flags::DIRECTORY, Mode::empty())?;
    let lack = Lack::new();
    let mut reader = Reader::new(&dir, None, &lack);
    let files = reader.job(job.clone(), [true; 4], [None; 4]);
    lack.get().map_or(Ok(files), |errno| Err((*errno).into()))
}

fn subdirectory<T, F>(
    root: &OwnedFd,
    top: &Place,
    name: &str,
    threads: usize,
    map: &F,
    findings: &mut Vec<Finding>,
) -> Option<(Place, Vec<T>)>
where
    T: Send,
    F: Fn(&Place, JobFiles) -> T + Sync,
{
    let place = Place {
        dir: top.dir.join(name),
        user: name.into(),
        uid: user_id(name).map(as_seen_here),
    };
    let mut find = |what: String, blind| {
        findings.push(Finding {
            path: place.dir.clone(),
            what,
            blind,
        });
    };
    let opened = match open_here(root, name, flags::USERS_DIRECTORY) {
        Err(Errno::XDEV) if is_served_by_a_program(root, name) => {
            let what = "is a file system that a program serves, which may not answer; beats in it are not seen";
            find(what.into(), true);
            return None;
        }
        Err(Errno::XDEV) => openat(root, name, flags::USERS_DIRECTORY, Mode::empty()),
        opened => opened,
    };
    let opened = opened.and_then(|dir| fstat(&dir).map(|stat| (dir, stat)));
    let (dir, stat) = match opened {
        Ok(opened) => opened,
        // Gone since it was listed, or no directory on a file system that does
        // not tell in the listing.
        Err(Errno::NOENT | Errno::NOTDIR) => return None,
        Err(errno) => {
            find(
                format!("cannot be opened: {}; beats in it are not seen", why(errno)),
                true,
            );
            return None;
        }
    };
    let mut inner = Vec::new();
    let listing = match list(&dir, &place, false, &mut inner) {
        Ok(listing) => listing,
        Err(error) => {
            find(
                format!("cannot be listed: {error}; beats in it are not seen"),
                true,
            );
            return None;
        }
    };
    if listing.jobs.is_empty() && inner.is_empty() {
        return None;
    }
    if place.user == top.user {
        find(
            format!(
                "is named after {name}, whose beats lie in the store itself; move them there, beats in it are not seen"
            ),
            true,
        );
        return None;
    }
    inner.extend(open_to_all(&place.dir, stat.st_mode));
    match place.uid {
        None => find(
            format!(
                "is named after a user that does not exist, \"{name}\"; a subdirectory of the store is named after the user whose beats lie in it"
            ),
            false,
        ),
        Some(uid) if uid != stat.st_uid => find(
            format!(
                "belongs to {}, but is named after {name}; its beats cannot be trusted",
                shown_user(stat.st_uid)
            ),
            false,
        ),
        Some(_) => {}
    }
    findings.append(&mut inner);
    let mut jobs = match read_all(&dir, &place, &listing, threads, map) {
        Ok(jobs) => jobs,
        Err(error) => {
            let what = format!("cannot be read: {error}; beats in it are not seen");
            findings.push(Finding {
                path: place.dir,
                what,
                blind: true,
            });
            return None;
        }
    };
    jobs.shrink_to_fit();
    Some((place, jobs))
}

fn open_to_all(dir: &Path, mode: u32) -> Option<Finding> {
    (mode & 0o002 != 0).then(|| Finding {
        path: dir.into(),
        what: "can be written by everybody, so anybody can forge or remove a beat; chmod o-w"
            .into(),
        blind: false,
    })
}

fn why(errno: Errno) -> String {
    match errno {
        Errno::ACCESS | Errno::PERM => "permission denied".into(),
        other => io::Error::from(other).to_string(),
    }
}

/// Below this many jobs a second thread costs more than it brings.
const JOBS_PER_THREAD: usize = 512;

/// What the host lacked when a file was to be read, by all threads.
type Lack = OnceLock<Errno>;

fn read_all<T, F>(
    dir: &OwnedFd,
    place: &Place,
    listing: &Listing,
    threads: usize,
    map: &F,
) -> io::Result<Vec<T>>
where
    T: Send,
    F: Fn(&Place, JobFiles) -> T + Sync,
{
    let lack = Lack::new();
    let read = |jobs: &[Listed], out: &mut Vec<T>| {
        let mut reader = Reader::new(dir, Some(place), &lack);
        out.extend(jobs.iter().filter_map(|listed| {
            let job = JobName::new(listed.name(&listing.names)).ok()?;
            let files = reader.job(job, listed.present, listed.odd);
            let slots = [&files.last, &files.fail, &files.run, &files.skip];
            let gone = slots.into_iter().all(Option::is_none);
            (!gone).then(|| map(place, files))
        }));
    };
    let jobs = &listing.jobs[..];
    // Small chunks, taken in turn: one slow stretch of a disk does not leave the
    // other threads idle. Each thread keeps its results until all are done.
    let chunks: Vec<&[Listed]> = jobs.chunks(JOBS_PER_THREAD).collect();
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads_for(chunks.len(), threads, cores);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut out = Vec::with_capacity(jobs.len().div_ceil(threads));
        while let Some(chunk) = chunks.get(next.fetch_add(1, Ordering::Relaxed)) {
            read(chunk, &mut out);
        }
        out
    };
    let all = std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for other in others {
            match other.join() {
                Ok(part) => all.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    lack.get().map_or(Ok(all), |errno| Err((*errno).into()))
}

/// How many threads read so many chunks: as many as were named, or as there are cores (0),
/// but each must have work. Asking for the number of cores is not free either.
fn threads_for(chunks: usize, named: usize, cores: impl FnOnce() -> usize) -> usize {
    match (chunks, named) {
        (0 | 1, _) => 1,
        (most, 0) => cores().min(most),
        (most, named) => named.min(most),
    }
}

struct Reader<'a> {
    dir: &'a OwnedFd,
    place: Option<&'a Place>,
    lack: &'a Lack,
    buffer: Vec<u8>,
    file_name: String,
}

impl<'a> Reader<'a> {
    fn new(dir: &'a OwnedFd, place: Option<&'a Place>, lack: &'a Lack) -> Self {
        Self {
            dir,
            place,
            lack,
            buffer: Vec::new(),
            file_name: String::with_capacity(128),
        }
    }

    fn job(&mut self, job: JobName, present: [bool; 4], odd: [Odd; 4]) -> JobFiles {
        let mut slots = [None, None, None, None];
        for (which, slot) in slots.iter_mut().enumerate() {
            if present[which] {
                *slot = self.file(&job, KINDS[which], odd[which]);
            }
        }
        let [last, fail, run, skip] = slots;
        JobFiles {
            job,
            last,
            fail,
            run,
            skip,
        }
    }

    fn file(&mut self, job: &JobName, kind: FileKind, odd: Odd) -> Slot {
        if let Some(what) = odd {
            return Some(Box::new(Err(Unreadable {
                kind: UnreadableKind::NotAFile(what),
                modified: None,
            })));
        }
        self.file_name.clear();
        self.file_name.push_str(job.as_str());
        self.file_name.push_str(kind.ending());
        let owner = self.place.and_then(|place| place.uid);
        let mut read = read_file(self.dir, &self.file_name, job, owner, &mut self.buffer);
        if let (Err(unreadable), Some(place)) = (&mut read, self.place)
            && let UnreadableKind::Owner { expected, .. } = &mut unreadable.kind
        {
            // Several users may share the id that is seen; the place has one name.
            expected.clone_from(&place.user);
        }
        if let Err(unreadable) = &read
            && let UnreadableKind::Io(lacking @ (Errno::MFILE | Errno::NFILE | Errno::NOMEM)) =
                unreadable.kind
        {
            // Nothing is wrong with the file.
            let _ = self.lack.set(lacking);
        }
        read.transpose().map(Box::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_threads_as_there_are_cores_and_chunks() {
        for (chunks, named, cores, threads) in [
            (0, 0, None, 1),
            (1, 0, None, 1),
            (1, 4, None, 1),
            (2, 0, Some(1), 1),
            (2, 0, Some(8), 2),
            (9, 0, Some(8), 8),
            (9, 3, None, 3),
            (2, 3, None, 2),
        ] {
            let told = || cores.expect("the cores are not asked for here");
            assert_eq!(
                threads_for(chunks, named, told),
                threads,
                "{chunks} {named}"
            );
        }
    }
}
