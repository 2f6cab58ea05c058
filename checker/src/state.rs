//! The checker's state folder: the lock that keeps passes apart, and the record
//! of the last pass. Nothing that the forge can tell is remembered here.

use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

use watch::{Notes, PassRecord};

/// Name of the record of the last pass.
pub const RECORD: &str = "last-pass.json";

/// Name of the notes from one pass to the next.
const NOTES: &str = "notes.json";

/// Where the state is when neither flag, config nor systemd says.
const SYSTEM_STATE: &str = "/var/lib/beat-check";

/// Finds the state folder: the flag, the config, systemd's `STATE_DIRECTORY`,
/// the system's when this user may write to it, else the user's own.
#[must_use]
pub fn state_dir(named: Option<&Path>, env: &dyn Fn(&str) -> Option<PathBuf>) -> Option<PathBuf> {
    if let Some(dir) = named {
        return Some(dir.into());
    }
    let absolute = |name| env(name).filter(|path| path.is_absolute());
    if let Some(dir) = absolute("STATE_DIRECTORY") {
        return Some(dir);
    }
    let system = Path::new(SYSTEM_STATE);
    let writable = rustix::fs::access(system, rustix::fs::Access::WRITE_OK).is_ok();
    if writable && system.is_dir() {
        return Some(system.into());
    }
    let own = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    own.map(|own| own.join("beat-check"))
}

/// Whose the state folder is, when it is another user's and this is root, who could
/// use it all the same.
#[must_use]
pub fn others(dir: &Path) -> Option<String> {
    use std::os::unix::fs::MetadataExt;
    let owner = fs::metadata(dir).ok()?.uid();
    let me = rustix::process::geteuid().as_raw();
    let name = || heartbeat::user_name(owner).unwrap_or_else(|| format!("user {owner}"));
    (me == 0 && owner != 0).then(name)
}

/// Keeps other passes out while it lives.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

/// Why there is no lock.
#[derive(Debug)]
pub enum LockError {
    /// Another pass holds it.
    Busy,
    /// The state folder cannot be used.
    Io(io::Error),
}

impl Lock {
    /// Takes the lock, making the folder if it is missing. The kernel gives it
    /// back when the process ends, however it ends.
    ///
    /// # Errors
    /// When another pass is running, or the folder cannot be used.
    pub fn take(dir: &Path) -> Result<Self, LockError> {
        let file = open_lock(dir).map_err(LockError::Io)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => Err(LockError::Busy),
            Err(TryLockError::Error(error)) => Err(LockError::Io(error)),
        }
    }
}

/// Opens the lock, made if it is missing. One that cannot be written, because the
/// disk is read-only or another user made it, locks as well: a forge elsewhere can
/// still be told.
fn open_lock(dir: &Path) -> io::Result<File> {
    let path = dir.join("lock");
    let made = fs::create_dir_all(dir).and_then(|()| heartbeat::lock_file(&path));
    made.or_else(|fault| File::open(&path).map_err(|_| fault))
}

/// Replaces the record of the last pass.
///
/// # Errors
/// When it cannot be written; the old one is still there then.
pub fn write_record(dir: &Path, record: &PassRecord) -> Result<(), heartbeat::WriteError> {
    let mut text = serde_json::to_string(record).unwrap_or_default();
    text.push('\n');
    heartbeat::replace_file(dir, RECORD, text.as_bytes(), false)
}

/// Reads the notes of the pass before; none are there before the first one.
///
/// # Errors
/// Says why they cannot be read. A pass goes on without them: a job that never ran
/// is then flagged later.
pub fn read_notes(dir: &Path) -> Result<Notes, String> {
    match fs::read_to_string(dir.join(NOTES)) {
        Ok(text) => Notes::from_json(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Notes::default()),
        Err(error) => Err(crate::gather::said(&error)),
    }
}

/// Replaces the notes.
///
/// # Errors
/// When they cannot be written; the old ones are still there then.
pub fn write_notes(dir: &Path, notes: &Notes) -> Result<(), heartbeat::WriteError> {
    heartbeat::replace_file(dir, NOTES, notes.to_json().as_bytes(), false)
}
