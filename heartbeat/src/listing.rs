//! The names in one directory of a store: which jobs are there, and with which
//! files. Nothing is opened here.

use std::collections::{HashMap, HashSet};
use std::ffi::CStr;
use std::io;
use std::os::fd::OwnedFd;
use std::path::PathBuf;

use rustix::fs::{AtFlags, Dir, FileType, Stat, fstat, statat};
use rustix::time::{ClockId, clock_gettime};

use crate::read::not_regular;
use crate::{FileKind, Finding, JobName, Place};

/// What a file is, when it is no regular one.
pub(crate) type Odd = Option<&'static str>;

/// One job in a listing: where its name lies, which of its files are there,
/// which of them are no regular files.
pub(crate) struct Listed {
    start: u32,
    len: u8,
    pub(crate) present: [bool; 4],
    pub(crate) odd: [Odd; 4],
}

impl Listed {
    /// The job's name; `names` is the listing's.
    pub(crate) fn name<'a>(&self, names: &'a str) -> &'a str {
        let start = self.start as usize;
        &names[start..start + usize::from(self.len)]
    }
}

/// All that the names in a directory tell.
#[derive(Default)]
pub(crate) struct Listing {
    /// The names of the jobs, one after the other.
    pub(crate) names: String,
    pub(crate) jobs: Vec<Listed>,
    /// Subdirectories, sorted.
    pub(crate) directories: Vec<String>,
    /// Where beats may lie that are not seen, and why not.
    pub(crate) blind: Vec<(PathBuf, &'static str)>,
}

impl Listing {
    fn push(&mut self, name: &str, present: [bool; 4], odd: [Odd; 4]) -> io::Result<()> {
        let full = |_| io::Error::from(io::ErrorKind::FileTooLarge);
        self.jobs.push(Listed {
            start: u32::try_from(self.names.len()).map_err(full)?,
            len: u8::try_from(name.len()).map_err(full)?,
            present,
            odd,
        });
        self.names.push_str(name);
        Ok(())
    }
}

/// A job's files, in the order of the arrays here.
pub(crate) const KINDS: [FileKind; 4] = [
    FileKind::Last,
    FileKind::Fail,
    FileKind::Run,
    FileKind::Skip,
];

/// How often a directory is listed that changes under the reader's hands: three
/// times, or until this many names were read, but no more than twelve times. The
/// shorter a listing, the more of it a single change is.
const LISTINGS: std::ops::Range<usize> = 3..12;
const NAMES: usize = 50_000;

/// So many misnamed files of a directory are told one by one: whoever may write
/// there may make a million.
const MISNAMED_TOLD: usize = 20;

/// Lists a directory. While it changes, some file systems leave out a name that is
/// replaced just then, or tell it twice (seen on btrfs and tmpfs): such a directory
/// is listed again, and what any listing told counts.
///
/// `is_store`: whether directories in it may be places of users. What a user's own links
/// lead to is never looked at: it may be a file system that does not answer.
pub(crate) fn list(
    dir: &OwnedFd,
    place: &Place,
    is_store: bool,
    findings: &mut Vec<Finding>,
) -> io::Result<Listing> {
    let mut found = Found {
        is_store,
        ..Found::default()
    };
    let mut times = 0;
    loop {
        let before = fstat(dir)?;
        found.add(dir, place)?;
        times += 1;
        let quiet = is_quiet(changed(&before), changed(&fstat(dir)?), now());
        if may_hold_doubles(times, quiet) {
            found.forget_doubles();
        }
        if is_enough(times, quiet, found.names) {
            break;
        }
    }
    attach(&mut found.listing, found.others)?;
    found.misnamed.sort_unstable();
    let left = found.misnamed.len().saturating_sub(MISNAMED_TOLD);
    let told = found.misnamed.into_iter().take(MISNAMED_TOLD);
    findings.extend(told.map(|path| Finding {
        path,
        what: "is not named after a job: letters, digits, \".\", \"_\" and \"-\", at most 100; it is not watched".into(),
        blind: false,
    }));
    findings.extend((left > 0).then(|| Finding {
        path: place.dir.clone(),
        what: format!("holds {left} more that are not named after a job; they are not watched"),
        blind: false,
    }));
    // `lost+found` belongs to a file system, not to a user.
    found
        .listing
        .directories
        .retain(|name| name != "lost+found");
    found.listing.directories.sort_unstable();
    Ok(found.listing)
}

/// Whether a name may have been told twice after so many listings.
const fn may_hold_doubles(times: usize, quiet: bool) -> bool {
    times > 1 || !quiet
}

/// Whether the directory need not be listed again.
const fn is_enough(times: usize, quiet: bool, names: usize) -> bool {
    quiet || times >= LISTINGS.end || (times >= LISTINGS.start && names > NAMES)
}

/// Whether nothing changed between two looks at a directory, nor so shortly before that
/// the clock of the file system, which ticks every few milliseconds, could not tell. All
/// in nanoseconds.
fn is_quiet(before: i128, after: i128, now: i128) -> bool {
    const TICKS: i128 = 20_000_000;
    before == after && !(0..TICKS).contains(&(now - after))
}

fn changed(stat: &Stat) -> i128 {
    nanoseconds(stat.st_mtime, stat.st_mtime_nsec)
}

fn now() -> i128 {
    let now = clock_gettime(ClockId::RealtimeCoarse);
    nanoseconds(now.tv_sec, now.tv_nsec as u64)
}

fn nanoseconds(seconds: i64, nanoseconds: u64) -> i128 {
    i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds)
}

/// What the listings told so far.
#[derive(Default)]
struct Found {
    is_store: bool,
    /// How many names were read, over all listings.
    names: usize,
    listing: Listing,
    others: Vec<(String, usize, Odd)>,
    misnamed: Vec<PathBuf>,
}

impl Found {
    /// Adds one listing.
    fn add(&mut self, dir: &OwnedFd, place: &Place) -> io::Result<()> {
        for entry in Dir::read_from(dir)? {
            let entry = entry?;
            self.names += 1;
            let name = entry.file_name();
            let raw = name.to_bytes();
            // Temporary files of a write in progress, `.` and `..`.
            if raw.starts_with(b".") {
                continue;
            }
            let kind = entry.file_type();
            let Some((which, stem)) = split(raw) else {
                if self.is_store {
                    self.add_directory(dir, place, name, kind);
                }
                continue;
            };
            let odd = match kind {
                FileType::Unknown => None,
                kind => not_regular(kind),
            };
            let stem = std::str::from_utf8(stem).ok();
            match stem.filter(|stem| JobName::is_valid(stem)) {
                None => self.misnamed.push(shown(place, raw)),
                Some(stem) if which == 0 => {
                    let present = [true, false, false, false];
                    self.listing.push(stem, present, [odd, None, None, None])?;
                }
                Some(stem) => self.others.push((stem.to_owned(), which, odd)),
            }
        }
        Ok(())
    }

    fn add_directory(&mut self, dir: &OwnedFd, place: &Place, name: &CStr, kind: FileType) {
        let raw = name.to_bytes();
        let is_directory = || {
            statat(dir, name, AtFlags::empty())
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory)
        };
        let blind = match (kind, name.to_str()) {
            // No user has such a name, and no terminal should see it.
            (FileType::Directory, Ok(name)) if name.contains(char::is_control) => {
                "is named after no user; beats in it are not seen"
            }
            (FileType::Directory | FileType::Unknown, Ok(name)) => {
                self.listing.directories.push(name.to_owned());
                return;
            }
            (FileType::Directory, Err(_)) => "is named after no user; beats in it are not seen",
            (FileType::Symlink, _) if is_directory() => {
                "is a symbolic link to a directory; links are not followed, beats in it are not seen"
            }
            _ => return,
        };
        self.listing.blind.push((shown(place, raw), blind));
    }

    fn forget_doubles(&mut self) {
        let Listing {
            names,
            jobs,
            directories,
            blind,
        } = &mut self.listing;
        let mut seen = HashSet::with_capacity(jobs.len());
        jobs.retain(|job| seen.insert(job.name(names)));
        directories.sort_unstable();
        directories.dedup();
        blind.sort_unstable();
        blind.dedup();
        let mut seen = HashSet::with_capacity(self.misnamed.len());
        self.misnamed.retain(|path| seen.insert(path.clone()));
    }
}

/// A path for people, with what is not printable made visible.
fn shown(place: &Place, raw: &[u8]) -> PathBuf {
    let name = String::from_utf8_lossy(raw);
    place.dir.join(name.escape_debug().to_string())
}

/// Hands `.fail`, `.run` and `.skip` files to their jobs. Few jobs have one, so the index
/// is made of these and not of all.
fn attach(out: &mut Listing, others: Vec<(String, usize, Odd)>) -> io::Result<()> {
    let mut index: HashMap<String, ([bool; 4], [Odd; 4])> = HashMap::new();
    for (stem, which, odd) in others {
        let (present, odds) = index.entry(stem).or_default();
        present[which] = true;
        odds[which] = odd;
    }
    if index.is_empty() {
        return Ok(());
    }
    for job in &mut out.jobs {
        if let Some((present, odd)) = index.remove(job.name(&out.names)) {
            job.present[1..].copy_from_slice(&present[1..]);
            job.odd[1..].copy_from_slice(&odd[1..]);
        }
    }
    let mut rest: Vec<_> = index.into_iter().collect();
    rest.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    for (stem, (present, odd)) in rest {
        out.push(&stem, present, odd)?;
    }
    Ok(())
}

/// Which of a job's files a name is, and the name before the ending.
fn split(raw: &[u8]) -> Option<(usize, &[u8])> {
    KINDS.iter().enumerate().find_map(|(which, kind)| {
        raw.strip_suffix(kind.ending().as_bytes())
            .map(|stem| (which, stem))
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::{Mode, OFlags, open};

    use super::*;
    use crate::scan;

    fn findings(store: &tempfile::TempDir) -> Vec<(String, bool)> {
        let root = store.path().display().to_string();
        let scan = scan(store.path(), 1, |_, _| ()).unwrap();
        let shown =
            |finding: &crate::Finding| (finding.to_string().replace(&root, "store"), finding.blind);
        scan.findings.iter().map(shown).collect()
    }

    #[test]
    fn a_directory_is_quiet_when_nothing_changed_for_some_ticks() {
        const MS: i128 = 1_000_000;
        let then = nanoseconds(1_764_000_000, 5);
        assert_eq!(then, 1_764_000_000_000_000_005);
        for (after, now, quiet) in [
            (then, then + 20 * MS, true),
            (then, then + 20 * MS - 1, false),
            (then, then, false),
            // The clock was set back since.
            (then, then - 1, true),
            (then + 1, then + 900 * MS, false),
            (then - 1, then + 900 * MS, false),
        ] {
            assert_eq!(is_quiet(then, after, now), quiet, "{after} {now}");
        }
    }

    /// Both by the clock of the kernel that stamps files.
    #[test]
    fn when_a_directory_changed_and_now() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        let before = now();
        fs::write(&path, "").unwrap();
        let file = open(&path, OFlags::RDONLY, Mode::empty()).unwrap();
        let written = changed(&fstat(&file).unwrap());
        let hour = nanoseconds(3_600, 0);
        assert!(before <= written && written - before < hour);
        let then = fs::File::options().write(true).open(&path).unwrap();
        let at = std::time::UNIX_EPOCH + std::time::Duration::from_nanos(1_764_000_000_123_456_789);
        then.set_modified(at).unwrap();
        let stamped = changed(&fstat(&file).unwrap());
        assert_eq!(stamped, 1_764_000_000_123_456_789);
    }

    #[test]
    fn a_directory_that_changes_is_listed_again_a_few_times() {
        for (times, quiet, names, enough) in [
            (1, true, 5, true),
            (1, false, 5, false),
            (2, false, NAMES + 1, false),
            (3, false, NAMES, false),
            (3, false, NAMES + 1, true),
            (11, false, 5, false),
            (12, false, 5, true),
        ] {
            assert_eq!(is_enough(times, quiet, names), enough, "{times} {names}");
        }
        let doubles = [(1, true), (1, false), (2, true), (2, false)];
        let doubles = doubles.map(|(times, quiet)| may_hold_doubles(times, quiet));
        assert_eq!(doubles, [false, true, true, true]);
    }

    #[test]
    fn what_two_listings_tell_counts_once() {
        let store = tempfile::tempdir().unwrap();
        let place = Place {
            dir: store.path().to_owned(),
            user: "root".into(),
            uid: None,
        };
        for name in ["a.last", "a.fail", "b.run", "no job.last", "c.last"] {
            fs::write(store.path().join(name), "").unwrap();
        }
        let dir = open(store.path(), OFlags::DIRECTORY, Mode::empty()).unwrap();
        let mut found = Found::default();
        for _ in 0..2 {
            found.add(&dir, &place).unwrap();
        }
        // Five files, `.` and `..`.
        assert_eq!((found.names, found.listing.jobs.len()), (14, 4));
        found.forget_doubles();
        assert_eq!((found.listing.jobs.len(), found.misnamed.len()), (2, 1));
        attach(&mut found.listing, found.others).unwrap();
        let Listing { names, jobs, .. } = &found.listing;
        let mut all: Vec<_> = jobs
            .iter()
            .map(|job| (job.name(names), job.present))
            .collect();
        all.sort_unstable();
        let expected = [
            ("a", [true, true, false, false]),
            ("b", [false, false, true, false]),
            ("c", [true, false, false, false]),
        ];
        assert_eq!(all, expected);
    }

    #[test]
    fn of_many_misnamed_files_the_first_are_told_and_the_rest_counted() {
        let store = tempfile::tempdir().unwrap();
        for n in 0..1_000 {
            fs::write(store.path().join(format!("bad {n:04}.last")), "").unwrap();
        }
        let told = findings(&store);
        assert_eq!(told.len(), 21);
        assert!(told[0].0.starts_with("store/bad 0000.last is not named"));
        let rest = "store holds 980 more that are not named after a job; they are not watched";
        assert_eq!(told[20], (rest.to_owned(), false));
    }

    #[test]
    fn a_user_name_holds_nothing_that_a_terminal_obeys() {
        let store = tempfile::tempdir().unwrap();
        let dir = store.path().join("a\nb\u{1b}[31m");
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("x.last"), "").unwrap();
        let what = "store/a\\nb\\u{1b}[31m is named after no user; beats in it are not seen";
        assert_eq!(findings(&store), [(what.to_owned(), true)]);
    }
}
