//! The tree that is looked at: this machine's own `/`, or an image below a folder
//! (`--root`). Links inside an image are followed inside it, never out of it.
//!
//! Reading never blocks and never follows what it should not: a FIFO, a device or a
//! directory where a file should be is told, not opened.

use std::cell::RefCell;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use hashbrown::HashMap;
use rustix::fs::{Mode, OFlags, open};

/// The most that is read of one file. Nothing that a person writes is longer.
pub const MAX_BYTES: u64 = 16 << 20;

/// As many links as the kernel follows.
const MAX_LINKS: usize = 40;

/// A tree of files with `/` at its top.
#[derive(Debug)]
pub struct Root {
    dir: PathBuf,
    image: bool,
    /// Folders of an image, as they were called and as they are without links.
    real: RefCell<HashMap<PathBuf, PathBuf>>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sort {
    /// A regular file.
    File,
    /// A directory.
    Dir,
    /// A symbolic link.
    Link,
    /// A FIFO, socket or device.
    Special,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meta {
    /// What it is.
    pub sort: Sort,
    /// Its permission bits.
    pub mode: u32,
    /// Id of its owner.
    pub uid: u32,
    /// How many names it has.
    pub links: u64,
    /// Its size in bytes.
    pub len: u64,
}

impl Meta {
    fn of(meta: &std::fs::Metadata) -> Self {
        let sort = meta.file_type();
        Self {
            sort: if sort.is_file() {
                Sort::File
            } else if sort.is_dir() {
                Sort::Dir
            } else if sort.is_symlink() {
                Sort::Link
            } else {
                Sort::Special
            },
            mode: meta.mode() & 0o7777,
            uid: meta.uid(),
            links: meta.nlink(),
            len: meta.len(),
        }
    }

    /// Whether root could run it.
    #[must_use]
    pub fn executable(&self) -> bool {
        self.sort == Sort::File && self.mode & 0o111 != 0
    }
}

/// Why a file was not read.
#[derive(Debug)]
pub enum Fault {
    /// There is none.
    Missing,
    /// It is no regular file.
    NotAFile(Sort),
    /// It is longer than [`MAX_BYTES`].
    TooLong(u64),
    /// The system said no.
    Io(io::Error),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("there is no such file"),
            Self::NotAFile(Sort::Dir) => f.write_str("it is a directory"),
            Self::NotAFile(Sort::Link) => f.write_str("it is a link"),
            Self::NotAFile(_) => f.write_str("it is a FIFO, a socket or a device"),
            Self::TooLong(len) => write!(f, "it has {len} bytes, more than {MAX_BYTES}"),
            Self::Io(error) => f.write_str(&crate::error::said(error)),
        }
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing,
            _ => Self::Io(error),
        }
    }
}

impl Root {
    /// This machine's own tree.
    #[must_use]
    pub fn live() -> Self {
        Self {
            dir: "/".into(),
            image: false,
            real: RefCell::default(),
        }
    }

    /// The tree below a folder.
    #[must_use]
    pub fn image(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            image: true,
            real: RefCell::default(),
        }
    }

    /// The same tree for another thread.
    #[must_use]
    pub fn again(&self) -> Self {
        Self {
            dir: self.dir.clone(),
            image: self.image,
            real: RefCell::default(),
        }
    }

    /// Whether it is an image, of which no running system can be asked.
    #[must_use]
    pub fn is_image(&self) -> bool {
        self.image
    }

    /// The folder that is its `/`.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// A path of the tree as this process sees it. Links are not followed.
    #[must_use]
    pub fn outside(&self, inside: &Path) -> PathBuf {
        if !self.image {
            return inside.to_owned();
        }
        let mut path = self.dir.clone();
        for part in inside.components() {
            match part {
                Component::Normal(name) => path.push(name),
                Component::ParentDir if path != self.dir => {
                    path.pop();
                }
                _ => {}
            }
        }
        path
    }

    /// The path that is reached when all links are followed, inside the tree. Its last
    /// part need not exist.
    ///
    /// # Errors
    /// When links run in a circle or a folder on the way cannot be looked at.
    pub fn resolve(&self, inside: &Path) -> io::Result<PathBuf> {
        let mut rest: Vec<OsString> = parts(inside);
        let mut done = PathBuf::from("/");
        let mut links = 0;
        while let Some(name) = rest.pop() {
            if name == ".." {
                done.pop();
                continue;
            }
            let next = done.join(&name);
            match std::fs::read_link(self.outside(&next)) {
                Ok(target) => {
                    links += 1;
                    if links > MAX_LINKS {
                        return Err(io::Error::other("its links run in a circle"));
                    }
                    if target.is_absolute() {
                        done = "/".into();
                    }
                    rest.extend(parts(&target));
                }
                Err(error) => match error.kind() {
                    // No link, or nothing there: it stands for itself.
                    io::ErrorKind::InvalidInput | io::ErrorKind::NotFound => done = next,
                    _ => return Err(error),
                },
            }
        }
        Ok(done)
    }

    /// What lies at a path, the last link not followed.
    ///
    /// # Errors
    /// As the system says.
    pub fn look(&self, inside: &Path) -> io::Result<Meta> {
        std::fs::symlink_metadata(self.beside(inside)?).map(|meta| Meta::of(&meta))
    }

    /// A path as this process sees it, all links but the last followed.
    fn beside(&self, inside: &Path) -> io::Result<PathBuf> {
        match (self.image, inside.parent(), inside.file_name()) {
            (true, Some(dir), Some(name)) => {
                if let Some(real) = self.real.borrow().get(dir) {
                    return Ok(real.join(name));
                }
                let real = self.outside(&self.resolve(dir)?);
                let path = real.join(name);
                self.real.borrow_mut().insert(dir.to_owned(), real);
                Ok(path)
            }
            _ => Ok(self.outside(inside)),
        }
    }

    /// What a path leads to.
    ///
    /// # Errors
    /// As the system says.
    pub fn stat(&self, inside: &Path) -> io::Result<Meta> {
        if !self.image {
            return std::fs::metadata(inside).map(|meta| Meta::of(&meta));
        }
        let meta = std::fs::symlink_metadata(self.beside(inside)?)?;
        if meta.is_symlink() {
            let real = self.outside(&self.resolve(inside)?);
            return std::fs::symlink_metadata(real).map(|meta| Meta::of(&meta));
        }
        Ok(Meta::of(&meta))
    }

    /// Where a link points, as it is written.
    #[must_use]
    pub fn link(&self, inside: &Path) -> Option<PathBuf> {
        let dir = self.resolve(inside.parent()?).ok()?;
        std::fs::read_link(self.outside(&dir.join(inside.file_name()?))).ok()
    }

    /// Reads a regular file, links followed.
    ///
    /// # Errors
    /// Says what it is instead, or why it could not be read.
    pub fn read(&self, inside: &Path) -> Result<(Vec<u8>, Meta), Fault> {
        self.read_seen(inside, &self.look(inside)?)
    }

    /// The same of what was just looked at: to open a device may do something.
    ///
    /// # Errors
    /// Says what it is instead, or why it could not be read.
    pub fn read_seen(&self, inside: &Path, seen: &Meta) -> Result<(Vec<u8>, Meta), Fault> {
        if seen.sort != Sort::Link {
            return read_file(&self.beside(inside)?, seen.sort);
        }
        let path = if self.image {
            self.outside(&self.resolve(inside)?)
        } else {
            inside.to_owned()
        };
        let sort = Meta::of(&std::fs::metadata(&path)?).sort;
        read_file(&path, sort)
    }

    /// The names in a folder, sorted by their bytes as `run-parts` sorts them.
    ///
    /// # Errors
    /// As the system says.
    pub fn list(&self, inside: &Path) -> io::Result<Vec<OsString>> {
        let path = self.outside(&if self.image {
            self.resolve(inside)?
        } else {
            inside.to_owned()
        });
        let mut names = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort_unstable();
        Ok(names)
    }

    /// Whether a path leads to something that root could run.
    #[must_use]
    pub fn runnable(&self, inside: &Path) -> bool {
        self.stat(inside).is_ok_and(|meta| meta.executable())
    }
}

/// The names of a path, the last one first.
fn parts(path: &Path) -> Vec<OsString> {
    let names = path.components().rev().filter_map(|part| match part {
        Component::Normal(name) => Some(name.to_owned()),
        Component::ParentDir => Some("..".into()),
        _ => None,
    });
    names.collect()
}

/// Reads one regular file whose path needs no more care, and of which it is known what
/// it is.
fn read_file(path: &Path, sort: Sort) -> Result<(Vec<u8>, Meta), Fault> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    if sort != Sort::File {
        return Err(Fault::NotAFile(sort));
    }
    let file = File::from(open(path, flags, Mode::empty()).map_err(io::Error::from)?);
    let meta = Meta::of(&file.metadata()?);
    if meta.sort != Sort::File {
        return Err(Fault::NotAFile(meta.sort));
    }
    if meta.len > MAX_BYTES {
        return Err(Fault::TooLong(meta.len));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(meta.len).unwrap_or(0) + 1);
    file.take(MAX_BYTES).read_to_end(&mut bytes)?;
    Ok((bytes, meta))
}

/// A path from bytes that were read somewhere.
#[must_use]
pub fn path_of(bytes: &[u8]) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes.to_vec()))
}

/// A name as text, where it is text.
#[must_use]
pub fn text_of(name: &OsStr) -> Option<&str> {
    std::str::from_utf8(name.as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    fn tree() -> (tempfile::TempDir, Root) {
        let dir = tempfile::tempdir().unwrap();
        let root = Root::image(dir.path());
        fs::create_dir_all(dir.path().join("usr/lib")).unwrap();
        fs::create_dir_all(dir.path().join("etc")).unwrap();
        (dir, root)
    }

    #[test]
    fn links_stay_inside() {
        let (dir, root) = tree();
        fs::write(dir.path().join("usr/lib/x"), "inside").unwrap();
        symlink("usr/lib", dir.path().join("lib")).unwrap();
        symlink("/lib/x", dir.path().join("etc/x")).unwrap();
        symlink("../../../../../lib/x", dir.path().join("etc/up")).unwrap();
        for link in ["/etc/x", "/etc/up", "/lib/x", "/etc/../lib/./x"] {
            assert_eq!(
                root.resolve(Path::new(link)).unwrap(),
                Path::new("/usr/lib/x"),
                "{link}"
            );
            assert_eq!(root.read(Path::new(link)).unwrap().0, b"inside", "{link}");
        }
        assert_eq!(root.link(Path::new("/etc/x")).unwrap(), Path::new("/lib/x"));
        assert_eq!(root.look(Path::new("/etc/x")).unwrap().sort, Sort::Link);
    }

    #[test]
    fn a_circle_ends() {
        let (dir, root) = tree();
        symlink("/etc/b", dir.path().join("etc/a")).unwrap();
        symlink("/etc/a", dir.path().join("etc/b")).unwrap();
        let error = root.read(Path::new("/etc/a")).unwrap_err();
        assert_eq!(error.to_string(), "its links run in a circle");
    }

    #[test]
    fn what_is_no_file_is_told_and_never_waited_for() {
        let (dir, root) = tree();
        rustix::fs::mkfifoat(
            rustix::fs::CWD,
            dir.path().join("etc/fifo"),
            Mode::from_raw_mode(0o644),
        )
        .unwrap();
        for (path, said) in [
            ("/etc/fifo", "it is a FIFO, a socket or a device"),
            ("/etc", "it is a directory"),
            ("/etc/none", "there is no such file"),
        ] {
            assert_eq!(root.read(Path::new(path)).unwrap_err().to_string(), said);
        }
    }
}
