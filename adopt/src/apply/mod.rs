//! Changes that files are to get: shown first, made whole or not at all, and taken back
//! byte for byte.
//!
//! Before the first change a copy of all that is there is kept ([`Paths::state`]). Each
//! file is written anew beside the old one and renamed over it, with its owner, mode
//! and extended attributes, after a last look that it is still what was read.
//!
//! A crontab in the spool is written like any other file, by root: `crontab -u` would
//! put a head of three lines into it. Cron sees the change by the time of the folder.
//! A plain user has only the program `crontab` ([`Edit::OwnCrontab`]).

mod carry;
mod confirm;
mod diff;
mod error;
mod hand;
mod own_crontab;
mod record;
mod target;
#[cfg(test)]
mod tests;
mod undo;

use std::ops::Range;
use std::path::{Path, PathBuf};

pub use confirm::confirm;
pub use diff::unified;
pub use error::ApplyError;
pub use own_crontab::list as own_crontab;
pub use undo::{Selection, Undone, outlook, undo};

use crate::crontab::Crontab;

/// Where things are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paths {
    /// The folder in which copies are kept; made when it is not there.
    pub state: PathBuf,
    /// The folder that is `/`: another one than `/` for an image. No link is followed
    /// out of it.
    pub root: PathBuf,
}

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Edit {
    /// Other bytes in a file that is there.
    Change {
        /// The file, as this process reaches it.
        path: PathBuf,
        /// What is in it.
        old: Vec<u8>,
        /// What is to be in it.
        new: Vec<u8>,
        /// The jobs whose lines change.
        jobs: Vec<JobLines>,
    },
    /// The crontab of the user who runs this, by the program `crontab`.
    OwnCrontab {
        /// What `crontab -l` says.
        old: Vec<u8>,
        /// What it is to say.
        new: Vec<u8>,
        /// The jobs whose lines change.
        jobs: Vec<JobLines>,
    },
    /// A file that is not there.
    NewFile {
        /// Where.
        path: PathBuf,
        /// What is to be in it.
        content: Vec<u8>,
        /// Its permission bits.
        mode: u32,
        /// The job for which it is made.
        job: Option<String>,
    },
    /// A folder that is not there.
    MakeDir {
        /// Where. The folder above it is there, or is made by an edit before this one.
        path: PathBuf,
        /// Ids of its user and group; `None` leaves it to whoever makes it.
        owner: Option<(u32, u32)>,
        /// Its permission bits.
        mode: u32,
        /// The job for which it is made. A folder for several has none, and goes when
        /// all is taken back.
        job: Option<String>,
    },
}

/// Where the line of a job is, before and after.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct JobLines {
    /// The job.
    pub job: String,
    /// Its line in the old bytes.
    pub old: Range<usize>,
    /// Its line in the new bytes.
    pub new: Range<usize>,
}

/// What is to be changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The changes, made in this order.
    pub edits: Vec<Edit>,
}

/// What was changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// Where the copies are. `None` where there was nothing to do.
    pub record: Option<PathBuf>,
    /// The paths, in the order in which they were changed.
    pub changed: Vec<PathBuf>,
}

/// New lines for a crontab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rewrite {
    /// What is to be in it.
    pub new: Vec<u8>,
    /// Where the lines are, before and after.
    pub jobs: Vec<JobLines>,
}

/// The bytes of a crontab with new lines for some jobs: name, number of the line, new
/// line with its end.
#[must_use]
pub fn rewrite(tab: &Crontab<'_>, lines: &[(String, usize, Vec<u8>)]) -> Rewrite {
    let mut rewrite = Rewrite {
        new: Vec::with_capacity(tab.bytes().len()),
        jobs: Vec::new(),
    };
    for line in tab.lines() {
        let start = rewrite.new.len();
        let mut wanted = lines.iter();
        match wanted.find(|(_, number, _)| *number == line.number) {
            None => rewrite.new.extend_from_slice(tab.text(&line.span)),
            Some((job, _, text)) => {
                rewrite.new.extend_from_slice(text);
                rewrite.jobs.push(JobLines {
                    job: job.clone(),
                    old: line.span.clone(),
                    new: start..rewrite.new.len(),
                });
            }
        }
    }
    rewrite
}

impl Edit {
    /// The file or folder that it changes, as it is called for people.
    #[must_use]
    pub fn path(&self) -> &Path {
        match self {
            Self::Change { path, .. } | Self::NewFile { path, .. } | Self::MakeDir { path, .. } => {
                path
            }
            Self::OwnCrontab { .. } => Path::new("your crontab"),
        }
    }

    /// Whether it changes nothing.
    fn is_empty(&self) -> bool {
        match self {
            Self::Change { old, new, .. } | Self::OwnCrontab { old, new, .. } => old == new,
            Self::NewFile { .. } | Self::MakeDir { .. } => false,
        }
    }
}

impl Plan {
    /// All changes for people to read, before they are made.
    #[must_use]
    pub fn diff(&self) -> String {
        self.edits.iter().map(diff::of_edit).collect()
    }

    /// Makes the changes. Making them twice changes nothing more.
    ///
    /// # Errors
    /// When something is not as it was when the plan was made, or cannot be written.
    /// Until all of it is written out beside the old files, nothing is changed; the
    /// error says what was changed after that.
    pub fn carry_out(&self, paths: &Paths) -> Result<Applied, ApplyError> {
        carry::carry_out(self, paths)
    }
}
