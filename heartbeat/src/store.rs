//! Where the store is: `--dir`, then `HEARTBEAT_DIR`, then the system's store,
//! then the user's own state folder.

use std::env::var_os;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, OFlags, open, statat};

/// The system's store: root's beats in it, other users' in subdirectories named
/// after them and owned by them.
pub const SYSTEM_STORE: &str = "/var/lib/heartbeats";

/// What made a store the one that is used; for error messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreChoice {
    /// Named with `--dir`.
    Flag,
    /// Named by `HEARTBEAT_DIR`.
    Environment,
    /// The system's store, or the user's subdirectory of it.
    System,
    /// The user's own state folder.
    Own,
}

/// Where a program of this user writes its beats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WriterStore {
    /// The directory.
    pub dir: PathBuf,
    /// Why this one.
    pub choice: StoreChoice,
}

impl WriterStore {
    /// Whether a missing directory may be made: one that was named must exist,
    /// because a typing error must not make a second store.
    #[must_use]
    pub fn may_create(&self) -> bool {
        matches!(self.choice, StoreChoice::System | StoreChoice::Own)
    }
}

/// Finds the store to write to. `None` when there is no system's store for this
/// user and neither `XDG_STATE_HOME` nor `HOME` is set.
///
/// Who the user is is told by ownership: a statically linked program has no name
/// service to ask.
#[must_use]
pub fn writer_store(flag: Option<PathBuf>) -> Option<WriterStore> {
    if let Some((dir, choice)) = named(flag) {
        return Some(WriterStore { dir, choice });
    }
    let me = rustix::process::geteuid().as_raw();
    if let Some(dir) = place_in_store(Path::new(SYSTEM_STORE), me) {
        let choice = StoreChoice::System;
        return Some(WriterStore { dir, choice });
    }
    own_state().map(|dir| WriterStore {
        dir,
        choice: StoreChoice::Own,
    })
}

/// Finds the stores to read when none is named with `--dir`: the one that
/// `HEARTBEAT_DIR` names, else the system's, and beside it the user's own, which
/// is where `beat` writes for a user without a place in the system's.
#[must_use]
pub fn reader_stores() -> Vec<PathBuf> {
    if let Some((dir, _)) = named(None) {
        return vec![dir];
    }
    let system = Path::new(SYSTEM_STORE).is_dir();
    let own = own_state().filter(|dir| dir.is_dir());
    let system = (system || own.is_none()).then(|| SYSTEM_STORE.into());
    system.into_iter().chain(own).collect()
}

fn named(flag: Option<PathBuf>) -> Option<(PathBuf, StoreChoice)> {
    let from_environment = || {
        let dir = var_os("HEARTBEAT_DIR").filter(|dir| !dir.is_empty())?;
        Some((dir.into(), StoreChoice::Environment))
    };
    flag.map(|dir| (dir, StoreChoice::Flag))
        .or_else(from_environment)
}

fn own_state() -> Option<PathBuf> {
    let set = |name| var_os(name).filter(|value| Path::new(value).is_absolute());
    if let Some(state) = set("XDG_STATE_HOME") {
        return Some(Path::new(&state).join("heartbeats"));
    }
    set("HOME").map(|home| Path::new(&home).join(".local/state/heartbeats"))
}

/// Where a user's beats lie in a store: the store itself for its owner, else the
/// subdirectory that is theirs, if there is one. A missing store is root's to
/// make.
#[must_use]
pub fn place_in_store(store: &Path, me: u32) -> Option<PathBuf> {
    match kind_and_owner(store, AtFlags::empty()) {
        Some((true, owner)) if owner == me => return Some(store.into()),
        Some((true, _)) => {}
        _ => return (me == 0).then(|| store.into()),
    }
    let mine = |name: &OsStr| {
        let dir = store.join(name);
        // A reader follows no link here, so neither does the writer.
        (kind_and_owner(&dir, AtFlags::SYMLINK_NOFOLLOW) == Some((true, me))).then_some(dir)
    };
    let plain = |name: &OsStr| !name.is_empty() && !name.as_bytes().contains(&b'/') && name != "..";
    if let Some(dir) = var_os("LOGNAME")
        .filter(|name| plain(name) && name != ".")
        .and_then(|name| mine(&name))
    {
        return Some(dir);
    }
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let entries = Dir::new(open(store, flags, Mode::empty()).ok()?).ok()?;
    entries
        .filter_map(Result::ok)
        .filter(|entry| {
            matches!(entry.file_type(), FileType::Directory | FileType::Unknown)
                && !entry.file_name().to_bytes().starts_with(b".")
        })
        .find_map(|entry| mine(OsStr::from_bytes(entry.file_name().to_bytes())))
}

fn kind_and_owner(path: &Path, flags: AtFlags) -> Option<(bool, u32)> {
    let stat = statat(CWD, path, flags).ok()?;
    let directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
    Some((directory, stat.st_uid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::chown;

    #[test]
    fn the_owner_of_the_store_writes_into_it() {
        let dir = tempfile::tempdir().unwrap();
        let me = rustix::process::geteuid().as_raw();
        assert_eq!(place_in_store(dir.path(), me), Some(dir.path().into()));
    }

    #[test]
    fn another_user_writes_only_into_what_is_theirs() {
        let dir = tempfile::tempdir().unwrap();
        let stranger = rustix::process::geteuid().as_raw() + 4_242;
        assert_eq!(place_in_store(dir.path(), stranger), None);
        std::fs::create_dir(dir.path().join("theirs")).unwrap();
        assert_eq!(place_in_store(dir.path(), stranger), None);
        if chown(dir.path().join("theirs"), Some(stranger), None).is_ok() {
            assert_eq!(
                place_in_store(dir.path(), stranger),
                Some(dir.path().join("theirs"))
            );
        }
    }

    #[test]
    fn only_root_makes_a_missing_store() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("none");
        assert_eq!(place_in_store(&missing, 0), Some(missing.clone()));
        assert_eq!(place_in_store(&missing, 7), None);
    }
}
