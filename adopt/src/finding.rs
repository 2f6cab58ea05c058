//! What is wrong, and what to do about it: a code that stays the same, a sentence, the
//! fix.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::Arc;

use crate::error::shown;

/// Where something is defined.
#[derive(Debug, Clone)]
pub struct Place {
    /// The file, as it is called inside the tree.
    pub file: Arc<Path>,
    /// The line, from 1.
    pub line: Option<u32>,
}

impl Place {
    /// A whole file.
    #[must_use]
    pub fn file(file: impl Into<Arc<Path>>) -> Self {
        Self {
            file: file.into(),
            line: None,
        }
    }

    /// A line of a file.
    #[must_use]
    pub fn line(file: &Arc<Path>, line: u32) -> Self {
        Self {
            file: Arc::clone(file),
            line: Some(line),
        }
    }
}

// By bytes: paths compared part by part take most of the time of a large host.
impl Place {
    fn key(&self) -> (&[u8], Option<u32>) {
        (self.file.as_os_str().as_bytes(), self.line)
    }
}

impl PartialEq for Place {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Place {}

impl PartialOrd for Place {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Place {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.file))?;
        match self.line {
            Some(line) => write!(f, ":{line}"),
            None => Ok(()),
        }
    }
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// A word that stays the same for this kind of finding.
    pub code: &'static str,
    /// Where.
    pub place: Place,
    /// What is wrong: a sentence.
    pub says: String,
    /// What to do: a sentence.
    pub fix: String,
}

impl Finding {
    /// A finding.
    #[must_use]
    pub fn new(
        code: &'static str,
        place: Place,
        says: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            code,
            place,
            says: says.into(),
            fix: fix.into(),
        }
    }
}
