//! Why a change could not be made.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a change could not be made, and what was changed all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplyError {
    /// What was being done and to what, completing "cannot …".
    pub doing: String,
    /// Why it failed.
    pub why: String,
    /// What the reader can do.
    pub hint: Option<String>,
    /// What was changed before that.
    pub changed: Vec<PathBuf>,
}

impl ApplyError {
    pub(super) fn new(doing: &str, path: &Path, why: impl Into<String>) -> Self {
        Self {
            doing: format!("{doing} {}", path.display()),
            why: why.into(),
            hint: None,
            changed: Vec::new(),
        }
    }

    pub(super) fn io(doing: &str, path: &Path, error: &io::Error) -> Self {
        let known = Self::new(doing, path, said(error));
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                known.hint("make room and do it again; nothing is half written")
            }
            _ => known,
        }
    }

    pub(super) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for ApplyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: cannot {}: {}", self.doing, self.why)?;
        for path in &self.changed {
            write!(f, "\nchanged before that: {}", path.display())?;
        }
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for ApplyError {}

/// An error of the system in few words.
fn said(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
    match error.kind() {
        Kind::PermissionDenied => "permission denied".into(),
        Kind::NotFound => "there is no such file or directory".into(),
        Kind::StorageFull => "the disk is full".into(),
        Kind::QuotaExceeded => "the disk quota is used up".into(),
        Kind::ReadOnlyFilesystem => "the file system is read-only".into(),
        _ => error.to_string(),
    }
}
