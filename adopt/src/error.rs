//! Errors at the edge: what was being done, to which path, why it failed, what to do;
//! and the exit codes.

use std::fmt;
use std::io;
use std::path::Path;

use watch::words::is_odd;

/// All jobs leave a beat and nothing is wrong.
pub const WELL: u8 = 0;
/// A job leaves no beat, or something is wrong.
pub const LACKING: u8 = 1;
/// Bad usage; nothing was read.
pub const USAGE: u8 = 2;
/// Something could not be read; the output says what.
pub const BLIND: u8 = 3;
/// A change or a record could not be written; what was there before is untouched.
pub const UNWRITTEN: u8 = 4;

/// Each code with its meaning, for the help, the man page and the README.
pub const TABLE: [(u8, &str); 5] = [
    (WELL, "every job leaves a beat, and nothing is wrong"),
    (LACKING, "a job leaves no beat, or something is wrong"),
    (USAGE, "bad usage; nothing was read"),
    (BLIND, "something could not be read; the output says what"),
    (
        UNWRITTEN,
        "a change or a record could not be written; the old one is untouched",
    ),
];

/// Why the work could not be done.
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
pub fn said(error: &io::Error) -> String {
    use io::ErrorKind as Kind;
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

/// Text for a terminal: control characters, and those that turn the direction of writing,
/// cannot reach it.
#[must_use]
pub fn plain(text: &str) -> String {
    if text.chars().any(is_odd) {
        text.escape_debug().to_string()
    } else {
        text.to_owned()
    }
}

/// A path for a message: control characters cannot reach the terminal.
#[must_use]
pub fn shown(path: &Path) -> String {
    plain(&path.to_string_lossy())
}
