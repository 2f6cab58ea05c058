//! One file that is changed: read with care, written beside itself, renamed over
//! itself.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::fs::{
    Gid, Mode, OFlags, Uid, XattrFlags, fchmod, fchown, fgetxattr, flistxattr, fsetxattr, open,
};
use tempfile::{NamedTempFile, TempPath};

use super::{ApplyError, Paths};

/// What temporary files are called: cron and systemd pass over names like that.
const PREFIX: &str = ".beat-adopt-";

/// A file that is there, and is what it should be.
pub(super) struct Target {
    /// Where it really lies.
    pub(super) path: PathBuf,
    pub(super) bytes: Vec<u8>,
    pub(super) mode: u32,
    pub(super) uid: u32,
    pub(super) gid: u32,
    file: File,
    inode: (u64, u64),
}

/// Bytes written beside a file, not yet in its place.
pub(super) struct Ready {
    path: PathBuf,
    file: TempPath,
}

impl Target {
    /// Opens and reads a regular file. A link is followed where cron follows it: when
    /// it and the file are root's, and inside the tree.
    pub(super) fn open(path: &Path, paths: &Paths) -> Result<Self, ApplyError> {
        let cannot = |error: &io::Error| ApplyError::io("read", path, error);
        let refuse = |why: &str| Err(ApplyError::new("change", path, why));
        let named = fs::symlink_metadata(path).map_err(|e| cannot(&e))?;
        let root = fs::canonicalize(&paths.root).map_err(|e| cannot(&e))?;
        let dir = path.parent().unwrap_or(Path::new("."));
        let real = if named.is_symlink() {
            fs::canonicalize(path)
        } else {
            fs::canonicalize(dir).map(|dir| dir.join(path.file_name().unwrap_or_default()))
        };
        let real = real.map_err(|e| cannot(&e))?;
        if !real.starts_with(&root) {
            return refuse("it is a link that leads out of the tree");
        }
        let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = open(&real, flags, Mode::empty()).map_err(io::Error::from);
        let mut file = File::from(file.map_err(|e| cannot(&e))?);
        let meta = file.metadata().map_err(|e| cannot(&e))?;
        if !meta.is_file() {
            return refuse("it is no regular file");
        }
        if meta.nlink() > 1 {
            return refuse("it has more than one name, and the other one would stay as it is");
        }
        if named.is_symlink() && (named.uid() != 0 || meta.uid() != 0) {
            return refuse("it is a link, and not all of it belongs to root");
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(|e| cannot(&e))?;
        Ok(Self {
            path: real,
            bytes,
            mode: meta.mode() & 0o7777,
            uid: meta.uid(),
            gid: meta.gid(),
            inode: (meta.dev(), meta.ino()),
            file,
        })
    }

    /// Writes other bytes beside it, all the way to the disk, with its owner, mode and
    /// extended attributes.
    pub(super) fn prepare(&self, bytes: &[u8]) -> Result<Ready, ApplyError> {
        let file = written(&self.path, bytes, |file| {
            let (uid, gid) = (Uid::from_raw(self.uid), Gid::from_raw(self.gid));
            let now = file.metadata()?;
            if (now.uid(), now.gid()) != (self.uid, self.gid) {
                fchown(file, Some(uid), Some(gid))?;
            }
            copy_attributes(&self.file, file)?;
            fchmod(file, Mode::from_raw_mode(self.mode))?;
            newer(file, &self.file)
        })?;
        Ok(Ready {
            path: self.path.clone(),
            file,
        })
    }

    /// Puts what is ready in its place, if it is still what was read.
    pub(super) fn replace(&self, ready: Ready) -> Result<(), ApplyError> {
        let cannot = |error: &io::Error| ApplyError::io("change", &self.path, error);
        let meta = fs::symlink_metadata(&self.path).map_err(|e| cannot(&e))?;
        let bytes = fs::read(&self.path).map_err(|e| cannot(&e))?;
        if (meta.dev(), meta.ino()) != self.inode || bytes != self.bytes {
            return Err(changed(&self.path));
        }
        let path = ready.path;
        ready.file.persist(&path).map_err(|e| cannot(&e.error))?;
        flush_dir(&path).map_err(|e| cannot(&e))
    }
}

/// Says that a file is not what it was.
pub(super) fn changed(path: &Path) -> ApplyError {
    ApplyError::new(
        "change",
        path,
        "it was changed by somebody else in the meantime",
    )
    .hint("look at it and do it again; nothing was done to it")
}

/// Writes a new file whose name must not be taken.
pub(super) fn create(path: &Path, bytes: &[u8], mode: u32) -> Result<(), ApplyError> {
    let file = written(path, bytes, |file| {
        Ok(fchmod(file, Mode::from_raw_mode(mode))?)
    })?;
    let cannot = |error: &io::Error| ApplyError::io("write", path, error);
    file.persist_noclobber(path).map_err(|e| cannot(&e.error))?;
    flush_dir(path).map_err(|e| cannot(&e))
}

/// Removes a file.
pub(super) fn remove(path: &Path) -> Result<(), ApplyError> {
    let cannot = |error: &io::Error| ApplyError::io("remove", path, error);
    fs::remove_file(path).map_err(|e| cannot(&e))?;
    flush_dir(path).map_err(|e| cannot(&e))
}

/// Removes what a killed run left beside a path. The lock must be held: the files of a run
/// that goes on look the same.
pub(super) fn sweep(path: &Path) {
    let entries = path.parent().and_then(|dir| fs::read_dir(dir).ok());
    for entry in entries.into_iter().flatten().flatten() {
        if entry.file_name().as_bytes().starts_with(PREFIX.as_bytes()) {
            // It is in the way of nothing but of a folder that is to go.
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Bytes on the disk under a name of their own, beside a path.
fn written(
    path: &Path,
    bytes: &[u8],
    dress: impl FnOnce(&File) -> io::Result<()>,
) -> Result<TempPath, ApplyError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let write = || -> io::Result<TempPath> {
        let mut file: NamedTempFile = tempfile::Builder::new().prefix(PREFIX).tempfile_in(dir)?;
        file.write_all(bytes)?;
        dress(file.as_file())?;
        file.as_file().sync_all()?;
        Ok(file.into_temp_path())
    };
    write().map_err(|error| ApplyError::io("write", path, &error))
}

/// Sees to it that a file is newer than another by a whole second: by no less does cron
/// tell that a crontab has changed.
fn newer(file: &File, than: &File) -> io::Result<()> {
    let (old, new) = (than.metadata()?, file.metadata()?);
    if new.mtime() <= old.mtime() {
        file.set_modified(old.modified()? + Duration::from_secs(1))?;
    }
    Ok(())
}

/// Copies what can be copied: some attributes belong to the kernel.
fn copy_attributes(from: impl AsFd, to: impl AsFd) -> io::Result<()> {
    let mut names = vec![0_u8; 64 * 1_024];
    let Ok(length) = flistxattr(&from, &mut names) else {
        // A file system without any.
        return Ok(());
    };
    names.truncate(length);
    for name in names.split(|b| *b == 0).filter(|name| !name.is_empty()) {
        let mut value = vec![0_u8; 64 * 1_024];
        let length = fgetxattr(&from, name, &mut value)?;
        value.truncate(length);
        let set = fsetxattr(&to, name, &value, XattrFlags::empty());
        // What may not be set is the system's own; access lists and labels may.
        if let Err(error) = set
            && (name == b"system.posix_acl_access" || name.starts_with(b"user."))
        {
            return Err(error.into());
        }
    }
    Ok(())
}

/// Makes sure that a name is on the disk.
pub(super) fn flush_dir(path: &Path) -> io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    File::open(dir)?.sync_all()
}
