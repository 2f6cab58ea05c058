//! Where the report goes: standard output, a file, or a place in a file.
//!
//! A file is replaced whole: a reader sees the old report or the new one. It
//! keeps its mode and, where that is allowed, its owner; a new one is readable
//! by everybody, like the beats.

use std::fs::{self, File, Metadata};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use crate::error::{Error, UNWRITTEN, said, shown};
use crate::inject::{BEGIN, END, inject};

/// How often a file that others change meanwhile is tried.
const TRIES: usize = 3;

/// Prints the report. A reader that has seen enough is no error.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn print(report: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    let written = out.write_all(report.as_bytes()).and_then(|()| out.flush());
    match written {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::new(
            UNWRITTEN,
            "write the report to standard output",
            said(&error),
        )),
        _ => Ok(()),
    }
}

/// Writes the report to a file of its own.
///
/// # Errors
/// When that cannot be done; the old file is then untouched.
pub fn write(path: &Path, report: &str) -> Result<(), Error> {
    let fail = |why: String| {
        let doing = format!("write the report to {}", shown(path));
        Error::new(UNWRITTEN, doing, why)
    };
    let (path, old) = target(path).map_err(|fault| fault.into_error(&fail))?;
    replace(&path, report.as_bytes(), old.as_ref())
        .map_err(|error| fail(said(&error)).hint(hint(&error)))
}

/// Puts the report between the markers of a file.
///
/// # Errors
/// When that cannot be done; the file is then untouched.
pub fn insert(path: &Path, report: &str) -> Result<(), Error> {
    let fail = |why: String| {
        let doing = format!("put the report into {}", shown(path));
        Error::new(UNWRITTEN, doing, why)
    };
    let missing = || {
        fail("there is no such file".into()).hint(format!(
            "make it, with these two lines where the report shall be:\n  {BEGIN}\n  {END}"
        ))
    };
    for _ in 0..TRIES {
        let (real, old) = target(path).map_err(|fault| fault.into_error(&fail))?;
        let old = old.ok_or_else(missing)?;
        let text = fs::read(&real).map_err(|error| fail(said(&error)))?;
        let new = inject(&text, report).map_err(|fault| {
            fail(fault.to_string()).hint(format!(
                "the report goes between these two lines, each exactly once:\n  {BEGIN}\n  {END}"
            ))
        })?;
        if new == text {
            return Ok(());
        }
        // Somebody's edit since it was read must not be lost.
        let now = fs::symlink_metadata(&real).ok();
        if now.as_ref().map(stamp) != Some(stamp(&old)) {
            continue;
        }
        return replace(&real, &new, Some(&old))
            .map_err(|error| fail(said(&error)).hint(hint(&error)));
    }
    Err(fail("others keep changing it".into()).hint("try again"))
}

/// What tells one state of a file from another.
fn stamp(file: &Metadata) -> (u64, u64, i64, i64) {
    (file.ino(), file.len(), file.mtime(), file.mtime_nsec())
}

/// Why a path is no place for a report.
enum TargetFault {
    NoDirectory(PathBuf),
    NotADirectory(PathBuf),
    NotAFile(&'static str),
    Io(io::Error),
}

impl TargetFault {
    fn into_error(self, fail: &dyn Fn(String) -> Error) -> Error {
        match self {
            Self::NoDirectory(dir) => fail(format!("there is no directory {}", shown(&dir)))
                .hint(format!("make it: mkdir -p {}", shown(&dir))),
            Self::NotADirectory(dir) => fail(format!("{} is not a directory", shown(&dir))),
            Self::NotAFile(what) => fail(format!("it is {what}")).hint(
                "name a regular file, or a new one; the report is printed when none is named",
            ),
            Self::Io(error) => fail(said(&error)),
        }
    }
}

/// The file that a path means, links followed, and what is known of it.
fn target(path: &Path) -> Result<(PathBuf, Option<Metadata>), TargetFault> {
    let metadata = match fs::symlink_metadata(path) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let dir = parent(path);
            return match fs::metadata(&dir) {
                Ok(found) if found.is_dir() => Ok((path.into(), None)),
                Ok(_) => Err(TargetFault::NotADirectory(dir)),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Err(TargetFault::NoDirectory(dir))
                }
                Err(error) => Err(TargetFault::Io(error)),
            };
        }
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => {
            return Err(TargetFault::NotADirectory(parent(path)));
        }
        Err(error) => return Err(TargetFault::Io(error)),
    };
    if metadata.is_symlink() {
        let real = match path.canonicalize() {
            Ok(real) => real,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(TargetFault::NotAFile("a link that leads nowhere"));
            }
            Err(error) => return Err(TargetFault::Io(error)),
        };
        let metadata = fs::symlink_metadata(&real).map_err(TargetFault::Io)?;
        return regular(&metadata).map(|()| (real, Some(metadata)));
    }
    regular(&metadata).map(|()| (path.into(), Some(metadata)))
}

fn regular(metadata: &Metadata) -> Result<(), TargetFault> {
    match metadata.file_type() {
        kind if kind.is_file() => Ok(()),
        kind if kind.is_dir() => Err(TargetFault::NotAFile("a directory")),
        _ => Err(TargetFault::NotAFile("a pipe, socket or device")),
    }
}

fn parent(path: &Path) -> PathBuf {
    match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.into(),
        _ => ".".into(),
    }
}

fn replace(path: &Path, content: &[u8], old: Option<&Metadata>) -> io::Result<()> {
    let dir = parent(path);
    let mut file = tempfile::Builder::new()
        .prefix(".night-watch.")
        .tempfile_in(&dir)?;
    let mode = old.map_or(0o644, |old| old.mode() & 0o777);
    if let Some(old) = old {
        let new = file.as_file().metadata()?;
        if (new.uid(), new.gid()) != (old.uid(), old.gid()) {
            // Only root may give a file away; to others the mode must do.
            let _ = fchown(file.as_file(), Some(old.uid()), Some(old.gid()));
        }
    }
    file.as_file()
        .set_permissions(fs::Permissions::from_mode(mode))?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    // The report is there; that it survives a power cut is all that is missing.
    let _ = File::open(&dir).and_then(|dir| dir.sync_all());
    Ok(())
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "the report is written beside the file and renamed, so its directory must be writable"
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "the old report is still there, whole"
        }
        _ => "the old report, if there was one, is untouched",
    }
}
