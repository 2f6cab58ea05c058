//! What a run must show to count as a success.

use std::path::PathBuf;
use std::time::Duration;

/// What a run must show, beyond its exit code, to count as a success.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunExpectations {
    /// It prints something.
    pub output: bool,
    /// Its output holds this text.
    pub text: Option<Box<str>>,
    /// It takes at least this long.
    pub min_duration: Option<Duration>,
    /// Files that it leaves.
    pub files: Vec<FileExpectation>,
}

/// A file that a run leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileExpectation {
    /// Where.
    pub path: PathBuf,
    /// It was changed after the run began.
    pub newer: bool,
    /// It holds at least this many bytes.
    pub min_bytes: Option<u64>,
}

impl RunExpectations {
    /// Whether nothing is expected.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names().is_empty()
    }

    /// Names of what is expected, as a beat lists in `expectations` what was
    /// checked.
    #[must_use]
    pub fn names(&self) -> Vec<&'static str> {
        let all = [
            (self.output, "output"),
            (self.text.is_some(), "text"),
            (self.min_duration.is_some(), "min_duration"),
            (!self.files.is_empty(), "file"),
        ];
        all.into_iter()
            .filter_map(|(expected, name)| expected.then_some(name))
            .collect()
    }
}
