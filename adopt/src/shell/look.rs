//! What the lint asks of the file system, so that tests need none and an image
//! answers as a running system does.

use std::path::{Path, PathBuf};

/// What is known of a program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Program {
    /// A program for the machine, or a script that names its interpreter; the job's
    /// user may run it.
    Runs,
    /// Text that the user may run and that names no interpreter: each shell runs it
    /// in its own way.
    Text,
    /// There, and the job's user may not run it.
    NotExecutable,
    /// A directory.
    Directory,
    /// Not there.
    Missing,
    /// Nobody knows: it cannot be looked at.
    Unknown,
}

/// Looks at files as the job would see them, with the rights of its user.
pub trait Look {
    /// What lies at an absolute path. Links are followed.
    fn program(&self, path: &Path) -> Program;

    /// Whether there is such a folder. `None` where that cannot be seen.
    fn is_dir(&self, path: &Path) -> Option<bool>;

    /// The path with all links followed. `None` where there is none.
    fn resolved(&self, path: &Path) -> Option<PathBuf>;
}

/// Sees nothing: nothing that depends on files is found.
#[derive(Debug, Clone, Copy, Default)]
pub struct Blind;

impl Look for Blind {
    fn program(&self, _: &Path) -> Program {
        Program::Unknown
    }

    fn is_dir(&self, _: &Path) -> Option<bool> {
        None
    }

    fn resolved(&self, _: &Path) -> Option<PathBuf> {
        None
    }
}
