//! Errors at the edge: what was being done, to which path, why it failed, what
//! to do; and the exit codes.

use std::fmt;
use std::path::Path;

use watch::words::is_odd;

/// The report was written. A flagged job does not change that.
pub const WRITTEN: u8 = 0;
/// Bad usage; nothing was read.
pub const USAGE: u8 = 2;
/// A store could not be read. The report is written and says so.
pub const BLIND: u8 = 3;
/// The report could not be written; what was there before is untouched.
pub const UNWRITTEN: u8 = 4;

/// Each code with its meaning, for the help, the man page and the README.
pub const TABLE: [(u8, &str); 4] = [
    (WRITTEN, "the report was written, whatever it says"),
    (USAGE, "bad usage; nothing was read"),
    (BLIND, "a store could not be read; the report says so"),
    (
        UNWRITTEN,
        "the report could not be written; the old one is untouched",
    ),
];

/// Why the reporter could not do its work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    /// The exit code it leads to.
    pub code: u8,
    /// What was being done and to what, completing "cannot …".
    pub doing: String,
    /// Why it failed.
    pub why: String,
    /// What the reader can do.
    pub hint: Option<String>,
}

impl Error {
    /// An error without a hint.
    pub fn new(code: u8, doing: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            code,
            doing: doing.into(),
            why: why.into(),
            hint: None,
        }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: cannot {}: {}", self.doing, self.why)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

/// An error of the system in few words.
#[must_use]
pub fn said(error: &std::io::Error) -> String {
    use std::io::ErrorKind as Kind;
    match error.kind() {
        Kind::PermissionDenied => "permission denied".into(),
        Kind::NotFound => "there is no such file or directory".into(),
        Kind::NotADirectory => "it is not a directory".into(),
        Kind::IsADirectory => "it is a directory".into(),
        Kind::StorageFull => "the disk is full".into(),
        Kind::QuotaExceeded => "the disk quota is used up".into(),
        Kind::ReadOnlyFilesystem => "the file system is read-only".into(),
        _ => error.to_string(),
    }
}

/// A path for a message: control characters cannot reach the terminal.
#[must_use]
pub fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    if text.chars().any(is_odd) {
        text.escape_debug().to_string()
    } else {
        text.into_owned()
    }
}
