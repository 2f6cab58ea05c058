//! The folder on disk: scanning, locking, atomic writing and moving of files.
//!
//! Every change is one atomic replacement or one rename, made under a lock and
//! flushed, so that a crash leaves each issue exactly once and in one piece.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustix::fs::OFlags;

use super::page::{Page, name_of};
use crate::clock::Clock;
use crate::forge::State;
use crate::http::one_line;

/// A longer file is no issue of ours, however long its story.
const MAX_BYTES: u64 = 16 * 1024 * 1024;

/// How long to wait for another checker to be done.
const LOCK_WAIT: Duration = Duration::from_secs(10);

/// Temporary files of ours begin so.
const TEMPORARY: &str = ".heartbeat-";

/// One issue and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) path: PathBuf,
    pub(super) folder: State,
    pub(super) page: Page,
    /// When the file was last written or moved.
    pub(super) touched: Option<DateTime<Utc>>,
}

impl Found {
    /// The state that people see.
    pub(super) fn state(&self) -> State {
        self.page.state_in(self.folder)
    }
}

/// What a look through both folders brought.
#[derive(Debug, Default)]
pub(super) struct Scan {
    /// The issues, by number, then open folder first.
    pub(super) found: Vec<Found>,
    /// A file that is no issue may have been one of ours.
    pub(super) hidden: bool,
    /// Files that are left alone, and why.
    pub(super) warnings: Vec<String>,
    /// The highest number in any name or file.
    pub(super) highest: u64,
}

/// Holds the lock while it lives.
#[derive(Debug)]
pub(super) struct Guard {
    _file: File,
}

/// Where a file of this state lies.
pub(super) fn folder_of(root: &Path, state: State) -> PathBuf {
    root.join(name_of(state))
}

/// Waits for the lock. To read (`exclusive` false) nothing is made: where there
/// is no lock file, nobody has ever written.
pub(super) fn lock(root: &Path, exclusive: bool, clock: &dyn Clock) -> io::Result<Option<Guard>> {
    let path = root.join("lock");
    let file = if exclusive {
        for state in [State::Open, State::Closed] {
            fs::create_dir_all(folder_of(root, state))?;
        }
        heartbeat::lock_file(&path)?
    } else {
        match File::open(&path) {
            Ok(file) => file,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => return Ok(None),
            // Another user looks: each change is one rename, so that what they see is whole.
            Err(fault) if fault.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            Err(fault) => return Err(fault),
        }
    };
    let end = clock.elapsed().saturating_add(LOCK_WAIT);
    loop {
        let tried = if exclusive {
            file.try_lock()
        } else {
            file.try_lock_shared()
        };
        match tried {
            Ok(()) => return Ok(Some(Guard { _file: file })),
            Err(fs::TryLockError::Error(fault)) => return Err(fault),
            Err(fs::TryLockError::WouldBlock) if clock.elapsed() >= end => {
                let why = "another checker holds the lock";
                return Err(io::Error::new(io::ErrorKind::WouldBlock, why));
            }
            Err(fs::TryLockError::WouldBlock) => clock.sleep(Duration::from_millis(20)),
        }
    }
}

/// Looks through both folders. Folders that are not there are empty.
///
/// # Errors
/// When a folder cannot be listed.
pub(super) fn scan(root: &Path) -> io::Result<Scan> {
    let mut scan = Scan::default();
    for state in [State::Open, State::Closed] {
        let folder = folder_of(root, state);
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => continue,
            Err(fault) => return Err(fault),
        };
        for entry in entries {
            look_at(&mut scan, &entry?.path(), state);
        }
    }
    // Of two with the same number the open one comes first.
    scan.found.sort_by_key(|found| {
        let closed = found.state() == State::Closed;
        (found.page.number, closed, found.path.clone())
    });
    let mut last = None;
    let mut warnings = Vec::new();
    scan.found.retain(|found| {
        let twice = last == Some(found.page.number);
        last = Some(found.page.number);
        if twice {
            let path = shown(&found.path);
            warnings.push(format!(
                "{path} has the same number as another file and is left alone"
            ));
        }
        !twice
    });
    scan.warnings.append(&mut warnings);
    scan.warnings.sort();
    Ok(scan)
}

/// Looks at one entry of a folder.
fn look_at(scan: &mut Scan, path: &Path, folder: State) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // Editors' backups and temporary files.
    if name.starts_with('.') || name.ends_with('~') {
        return;
    }
    let numbered = number_of(&name);
    scan.highest = scan.highest.max(numbered.unwrap_or(0));
    let mut leave = |why: &str, hides: bool| {
        let path = shown(path);
        let consequence = if hides {
            "; nothing is opened until it is repaired or removed"
        } else {
            ""
        };
        scan.hidden |= hides;
        scan.warnings
            .push(format!("{path} is left alone: {why}{consequence}"));
    };
    if !name.ends_with(".md") {
        return leave("its name does not end in .md", false);
    }
    let (text, touched) = match read(path) {
        Ok(read) => read,
        // Gone since the folder was listed: a person deleted it.
        Err(fault) if fault.kind() == io::ErrorKind::NotFound => return,
        Err(fault) => return leave(&fault.to_string(), numbered.is_some()),
    };
    match Page::parse(&text) {
        Ok(page) => {
            scan.highest = scan.highest.max(page.number);
            scan.found.push(Found {
                path: path.to_owned(),
                folder,
                page,
                touched,
            });
        }
        Err(why) => {
            // Without our marker it would not be known as ours in any case.
            let hides = text.contains("heartbeat-checker")
                || (text.trim().is_empty() && numbered.is_some());
            leave(why, hides);
        }
    }
}

/// The number in a name like `0001-db_backup-is-silent.md`.
fn number_of(name: &str) -> Option<u64> {
    let (digits, _) = name.split_once('-')?;
    (digits.len() >= 4).then(|| digits.parse().ok()).flatten()
}

/// Reads a regular file, without following a link and without blocking.
fn read(path: &Path) -> io::Result<(String, Option<DateTime<Utc>>)> {
    let other = |why: &str| io::Error::new(io::ErrorKind::InvalidData, why.to_owned());
    let flags = OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let file = File::options()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
        .map_err(|fault| {
            if fault.raw_os_error() == Some(rustix::io::Errno::LOOP.raw_os_error()) {
                other("it is a link")
            } else {
                fault
            }
        })?;
    let meta = file.metadata()?;
    if !meta.is_file() {
        return Err(other("it is no regular file"));
    }
    let mut text = String::new();
    file.take(MAX_BYTES + 1)
        .read_to_string(&mut text)
        .map_err(|fault| match fault.kind() {
            io::ErrorKind::InvalidData => other("it is no text"),
            _ => fault,
        })?;
    if text.len() as u64 > MAX_BYTES {
        return Err(other("it is larger than 16 MiB"));
    }
    let seconds = meta.mtime().max(meta.ctime());
    Ok((text, DateTime::from_timestamp(seconds, 0)))
}

/// Opens a new file with the next free number, which `fill` turns into a text.
/// The lock must be held.
pub(super) fn create(
    root: &Path,
    scan: &Scan,
    slug: &str,
    fill: &dyn Fn(u64) -> Page,
) -> io::Result<Found> {
    // A number is not given twice, also after its file was deleted.
    let last = root.join("last-number");
    let noted = fs::read_to_string(&last).ok();
    let noted: u64 = noted.and_then(|text| text.trim().parse().ok()).unwrap_or(0);
    let number = scan.highest.max(noted).saturating_add(1);
    replace(root, &last, &format!("{number}\n"))?;
    let page = fill(number);
    let folder = folder_of(root, State::Open);
    let path = folder.join(format!("{number:04}-{slug}.md"));
    let file = temporary(root, &page.render())?;
    file.persist_noclobber(&path).map_err(|fault| fault.error)?;
    flush(&folder)?;
    Ok(Found {
        path,
        folder: State::Open,
        page,
        touched: None,
    })
}

/// Writes a changed issue and moves it to the folder of its state. The lock
/// must be held. After a crash at any point the file is there once, and
/// [`Page::state_in`] sees the old state or the new one.
pub(super) fn save(root: &Path, found: &Found, changed: Page) -> io::Result<()> {
    let state = changed.state;
    let settled = |page: Page| Page {
        settled: Some(state),
        ..page
    };
    if found.folder == state {
        return replace(root, &found.path, &settled(changed).render());
    }
    let target = folder_of(root, state).join(found.path.file_name().unwrap_or_default());
    if target.symlink_metadata().is_ok() {
        let why = format!("{} is in the way", shown(&target));
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
    }
    // Says already that the state is new, for whoever reads before the move.
    let from = match state {
        State::Open => State::Closed,
        State::Closed => State::Open,
    };
    let moving = Page {
        settled: Some(from),
        ..changed.clone()
    };
    replace(root, &found.path, &moving.render())?;
    fs::rename(&found.path, &target)?;
    flush(&folder_of(root, state))?;
    flush(&folder_of(root, from))?;
    replace(root, &target, &settled(changed).render())
}

/// Removes what a crash left behind. The lock must be held.
pub(super) fn sweep(root: &Path) {
    let Ok(entries) = fs::read_dir(root) else {
        return;
    };
    for entry in entries.flatten() {
        if entry.file_name().to_string_lossy().starts_with(TEMPORARY) {
            // It is in nobody's way if this fails.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Puts `text` in the place of `path`, whole or not at all.
fn replace(root: &Path, path: &Path, text: &str) -> io::Result<()> {
    let file = temporary(root, text)?;
    file.persist(path).map_err(|fault| fault.error)?;
    flush(path.parent().unwrap_or(root))
}

/// A flushed file that everybody may read, not yet in place.
fn temporary(root: &Path, text: &str) -> io::Result<tempfile::NamedTempFile> {
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY)
        .tempfile_in(root)?;
    file.write_all(text.as_bytes())?;
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(0o644))?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn flush(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// A path for people.
pub(super) fn shown(path: &Path) -> String {
    one_line(&path.to_string_lossy())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_like_ours_have_a_number() {
        let cases = [
            ("0001-a.md", Some(1)),
            ("12345-a.md", Some(12345)),
            ("1-a.md", None),
            ("0001.md", None),
            ("notes-0001.md", None),
            ("99999999999999999999999-a.md", None),
        ];
        for (name, number) in cases {
            assert_eq!(number_of(name), number, "{name}");
        }
    }
}
