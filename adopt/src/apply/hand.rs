//! The hand that takes changes back; or that only says what it would do, and keeps in
//! mind what a file would be then: an older change to it is looked at as it would lie
//! after the newer ones are gone.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::diff::unified;
use super::record::{Kept, What, path_of};
use super::target::{Target, remove};
use super::{ApplyError, Paths, own_crontab};

/// Whether something is done, or only thought of.
pub(super) enum Hand {
    Acts,
    Thinks(Outlook),
}

/// What would be.
#[derive(Default)]
pub(super) struct Outlook {
    /// What each file is and what it would be; `None` where it would be gone.
    files: BTreeMap<PathBuf, (Vec<u8>, Option<Vec<u8>>)>,
    /// Folders that would be gone.
    folders: BTreeSet<PathBuf>,
}

/// What is to be changed back: a file, one's own crontab, or what one of them would be.
pub(super) enum Place {
    File(Target),
    Own(Vec<u8>),
    Thought(Vec<u8>),
}

impl Place {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::File(target) => &target.bytes,
            Self::Own(bytes) | Self::Thought(bytes) => bytes,
        }
    }
}

impl Hand {
    /// A hand that does nothing.
    pub(super) fn thinking() -> Self {
        Self::Thinks(Outlook::default())
    }

    pub(super) const fn acts(&self) -> bool {
        matches!(self, Self::Acts)
    }

    /// What it would do, as a difference for people to read.
    pub(super) fn told(&self) -> String {
        let Self::Thinks(outlook) = self else {
            return String::new();
        };
        let files = outlook.files.iter();
        let mut text: String = files
            .map(|(path, (is, would_be))| unified(path, Some(is), would_be.as_deref()))
            .collect();
        for path in outlook.folders.iter().rev() {
            let _ = writeln!(text, "folder removed: {}", crate::error::shown(path));
        }
        text
    }

    fn thought(&self, path: &Path) -> Option<&Option<Vec<u8>>> {
        match self {
            Self::Acts => None,
            Self::Thinks(outlook) => outlook.files.get(path).map(|(_, would_be)| would_be),
        }
    }

    fn think(&mut self, path: &Path, is: &[u8], would_be: Option<&[u8]>) -> bool {
        let Self::Thinks(outlook) = self else {
            return false;
        };
        let files = outlook.files.entry(path.to_owned());
        files.or_insert_with(|| (is.to_owned(), None)).1 = would_be.map(<[u8]>::to_owned);
        true
    }

    /// What a file is that was changed; `None` where there is none.
    pub(super) fn open(&self, kept: &Kept, paths: &Paths) -> Result<Option<Place>, ApplyError> {
        let path = path_of(kept);
        if let Some(thought) = self.thought(path) {
            return Ok(thought.clone().map(Place::Thought));
        }
        if kept.what == What::OwnCrontab {
            return own_crontab::list().map(|bytes| Some(Place::Own(bytes)));
        }
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => Target::open(path, paths).map(|target| Some(Place::File(target))),
        }
    }

    /// Puts other bytes into its place.
    pub(super) fn replace(
        &mut self,
        kept: &Kept,
        place: &Place,
        bytes: &[u8],
    ) -> Result<(), ApplyError> {
        if self.think(path_of(kept), place.bytes(), Some(bytes)) {
            return Ok(());
        }
        match place {
            Place::File(target) => target.replace(target.prepare(bytes)?),
            Place::Own(_) => own_crontab::replace(bytes),
            Place::Thought(_) => Ok(()),
        }
    }

    /// Whether there is something of that name, and what is in it where it is a file.
    pub(super) fn look(&self, path: &Path) -> Result<Option<Option<Vec<u8>>>, ApplyError> {
        if let Some(thought) = self.thought(path) {
            return Ok(thought.clone().map(Some));
        }
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(ApplyError::io("look at", path, &error)),
            Ok(meta) if meta.is_file() => Ok(Some(fs::read(path).ok())),
            Ok(_) => Ok(Some(None)),
        }
    }

    /// Removes a file with this in it.
    pub(super) fn remove(&mut self, path: &Path, content: &[u8]) -> Result<(), ApplyError> {
        if self.think(path, content, None) {
            return Ok(());
        }
        remove(path)
    }

    /// Removes a folder, if it is empty.
    ///
    /// # Errors
    /// As the system says.
    pub(super) fn remove_dir(&mut self, path: &Path) -> io::Result<()> {
        let Self::Thinks(outlook) = self else {
            return fs::remove_dir(path);
        };
        if outlook.folders.contains(path) {
            return Err(io::ErrorKind::NotFound.into());
        }
        for entry in fs::read_dir(path)? {
            let inside = entry?.path();
            let gone = outlook.files.get(&inside).is_some_and(|(_, b)| b.is_none());
            if !gone && !outlook.folders.contains(&inside) {
                return Err(io::ErrorKind::DirectoryNotEmpty.into());
            }
        }
        outlook.folders.insert(path.to_owned());
        Ok(())
    }
}
