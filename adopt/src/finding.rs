//! What is wrong, and what to do about it: a code that stays the same, a sentence, the
//! fix.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use crate::error::shown;

/// Where something is defined.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
