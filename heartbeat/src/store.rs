//! Where the store is: `--dir`, then `HEARTBEAT_DIR`, then the system's store,
//! then the user's own state folder.

use std::env::var_os;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Dir, FileType, Mode, open, statat};

use crate::flags::DIRECTORY;

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
    let me = rustix::process::geteuid().as_raw();
    let place = || place_in_store(Path::new(SYSTEM_STORE), me);
    writer_choice(flag, &|name| var_os(name), &place)
}

/// What the environment says.
type Environment<'a> = dyn Fn(&str) -> Option<OsString> + 'a;

fn writer_choice(
    flag: Option<PathBuf>,
    env: &Environment<'_>,
    place: &dyn Fn() -> Option<PathBuf>,
) -> Option<WriterStore> {
    let found = named(flag, env)
        .or_else(|| Some((place()?, StoreChoice::System)))
        .or_else(|| Some((own_state(env)?, StoreChoice::Own)));
    found.map(|(dir, choice)| WriterStore { dir, choice })
}

/// Finds the stores to read when none is named with `--dir`: the one that
/// `HEARTBEAT_DIR` names, else the system's, and beside it the user's own, which
/// is where `beat` writes for a user without a place in the system's.
#[must_use]
pub fn reader_stores() -> Vec<PathBuf> {
    reader_choice(&|name| var_os(name), &Path::is_dir)
}

fn reader_choice(env: &Environment<'_>, is_dir: &dyn Fn(&Path) -> bool) -> Vec<PathBuf> {
    if let Some((dir, _)) = named(None, env) {
        return vec![dir];
    }
    let own = own_state(env).filter(|dir| is_dir(dir));
    let system = is_dir(Path::new(SYSTEM_STORE)) || own.is_none();
    let system = system.then(|| SYSTEM_STORE.into());
    system.into_iter().chain(own).collect()
}

fn named(flag: Option<PathBuf>, env: &Environment<'_>) -> Option<(PathBuf, StoreChoice)> {
    let from_environment = || {
        let dir = env("HEARTBEAT_DIR").filter(|dir| !dir.is_empty())?;
        Some((dir.into(), StoreChoice::Environment))
    };
    flag.map(|dir| (dir, StoreChoice::Flag))
        .or_else(from_environment)
}

fn own_state(env: &Environment<'_>) -> Option<PathBuf> {
    let set = |name| env(name).filter(|value| Path::new(value).is_absolute());
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
    place_of(store, me, var_os("LOGNAME").as_deref())
}

fn place_of(store: &Path, me: u32, login: Option<&OsStr>) -> Option<PathBuf> {
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
    // The store itself, which an empty name or a dot leads to, is not ours.
    let inside = |name: &&OsStr| !name.as_bytes().contains(&b'/') && *name != "..";
    if let Some(dir) = login.filter(inside).and_then(mine) {
        return Some(dir);
    }
    let entries = Dir::new(open(store, DIRECTORY, Mode::empty()).ok()?).ok()?;
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
    fn there_is_always_a_store_to_read() {
        let stores = reader_stores();
        assert_ne!(stores, [] as [&Path; 0]);
        assert!(stores.iter().all(|dir| !dir.as_os_str().is_empty()));
    }

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

    /// Needs the rights of root; elsewhere files of a stranger cannot be made.
    #[test]
    fn a_login_name_leads_into_the_store_and_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let store = dir.path().join("store");
        let stranger = rustix::process::geteuid().as_raw() + 4_242;
        std::fs::create_dir_all(store.join("one/below")).unwrap();
        for theirs in ["store/one", "store/one/below", "outside", "."] {
            let path = dir.path().join(theirs);
            std::fs::create_dir_all(&path).unwrap();
            if chown(path, Some(stranger), None).is_err() {
                return;
            }
        }
        let place = |login: &OsStr| place_of(&store, stranger, Some(login));
        let outside = dir.path().join("outside");
        let odd = ["", ".", "..", "one/below", "../outside", "none"];
        for login in odd.map(OsStr::new).into_iter().chain([outside.as_os_str()]) {
            assert_eq!(place(login), Some(store.join("one")), "{login:?}");
        }
        // Of several the one with that name is taken, whatever else is theirs.
        for other in ["two", "three", ".hidden"] {
            std::fs::create_dir(store.join(other)).unwrap();
            chown(store.join(other), Some(stranger), None).unwrap();
        }
        for login in ["one", "two", "three", ".hidden"] {
            assert_eq!(place(OsStr::new(login)), Some(store.join(login)));
        }
        // Without a name a hidden one is not looked at, nor what is no directory.
        for gone in ["one/below", "one", "two", "three"] {
            std::fs::remove_dir(store.join(gone)).unwrap();
        }
        std::fs::write(store.join("file"), "").unwrap();
        chown(store.join("file"), Some(stranger), None).unwrap();
        std::os::unix::fs::symlink(&outside, store.join("link")).unwrap();
        assert_eq!(place_of(&store, stranger, None), None);
        for login in ["file", "link"] {
            assert_eq!(place(OsStr::new(login)), None, "{login}");
        }
        // A store that is no directory belongs to nobody.
        assert_eq!(place_of(&store.join("file"), stranger, None), None);
        assert_eq!(
            place_of(&store.join("file"), 0, None),
            Some(store.join("file"))
        );
    }

    /// An environment with some variables.
    fn env(pairs: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        |name| {
            let mut pairs = pairs.iter();
            let found = pairs.find(|(known, _)| *known == name);
            found.map(|(_, value)| value.into())
        }
    }

    #[test]
    fn where_a_writer_writes() {
        let all = env(&[("HEARTBEAT_DIR", "/e"), ("HOME", "/h")]);
        let own = env(&[
            ("HEARTBEAT_DIR", ""),
            ("XDG_STATE_HOME", "/x"),
            ("HOME", "/h"),
        ]);
        let home = env(&[("XDG_STATE_HOME", "x"), ("HOME", "/h")]);
        let bare = env(&[("HOME", "h")]);
        let system = || Some(PathBuf::from("/s"));
        let none = || None;
        let choice =
            |flag: Option<&str>, env: &Environment<'_>, place: &dyn Fn() -> Option<PathBuf>| {
                let store = writer_choice(flag.map(Into::into), env, place)?;
                Some((
                    store.dir.display().to_string(),
                    store.choice,
                    store.may_create(),
                ))
            };
        let (flag, environment) = (StoreChoice::Flag, StoreChoice::Environment);
        let expected = |dir: &str, choice, create| Some((dir.to_owned(), choice, create));
        assert_eq!(
            choice(Some("/f"), &all, &system),
            expected("/f", flag, false)
        );
        assert_eq!(
            choice(None, &all, &system),
            expected("/e", environment, false)
        );
        assert_eq!(
            choice(None, &own, &system),
            expected("/s", StoreChoice::System, true)
        );
        assert_eq!(
            choice(None, &own, &none),
            expected("/x/heartbeats", StoreChoice::Own, true)
        );
        let state = "/h/.local/state/heartbeats";
        assert_eq!(
            choice(None, &home, &none),
            expected(state, StoreChoice::Own, true)
        );
        assert_eq!(choice(None, &bare, &none), None);
        let asked = writer_store(Some("/f".into())).unwrap();
        assert_eq!((asked.dir, asked.choice), ("/f".into(), flag));
    }

    #[test]
    fn where_a_reader_reads() {
        let home = env(&[("HOME", "/h")]);
        let named = env(&[("HEARTBEAT_DIR", "/e"), ("HOME", "/h")]);
        let own = "/h/.local/state/heartbeats";
        let read = |env: &Environment<'_>, there: &[&str]| -> Vec<String> {
            let is_dir = |path: &Path| there.iter().any(|dir| path == Path::new(dir));
            let stores = reader_choice(env, &is_dir);
            stores.iter().map(|dir| dir.display().to_string()).collect()
        };
        assert_eq!(read(&named, &[SYSTEM_STORE, own]), ["/e"]);
        assert_eq!(read(&home, &[SYSTEM_STORE, own]), [SYSTEM_STORE, own]);
        assert_eq!(read(&home, &[SYSTEM_STORE]), [SYSTEM_STORE]);
        assert_eq!(read(&home, &[own]), [own]);
        assert_eq!(read(&home, &[]), [SYSTEM_STORE]);
    }

    #[test]
    fn only_root_makes_a_missing_store() {
        let dir = tempfile::tempdir().unwrap();
        let missing = dir.path().join("none");
        assert_eq!(place_in_store(&missing, 0), Some(missing.clone()));
        assert_eq!(place_in_store(&missing, 7), None);
    }
}
