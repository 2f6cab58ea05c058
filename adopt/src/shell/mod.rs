//! Command lines as a POSIX shell reads them, well enough to find things with
//! certainty or not at all: what is not understood is [`Unsure`], never a guess.
//!
//! Pure, but for what is asked through [`Look`].

mod beats;
mod lint;
mod lists;
mod look;
mod missing;
mod names;
mod pace;
mod percent;
mod programs;
mod quote;
mod redirects;
mod status;
mod tree;
mod words;

#[cfg(test)]
mod lint_tests;
#[cfg(test)]
mod tests;

pub use beats::{BeatCall, Form, beats_in, speaks_of_beat};
pub use lint::{CODES, Context, Lint, Study, lint, study};
pub use look::{Blind, Look, Program};
pub use names::{is_builtin, is_keyword};
pub use quote::{is_plain, quote};
pub use tree::{AndOr, Command, List, Op, Pipeline, Redirect, Simple, Word};

use std::ops::Range;

/// A place in the text: bytes from, and up to but without.
pub type Span = Range<usize>;

/// Which shell reads the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// `sh`, `dash`: what POSIX says.
    Posix,
    /// `bash`.
    Bash,
}

impl Dialect {
    /// The dialect of a shell by its path. `None` where it is none that is known.
    #[must_use]
    pub fn of(shell: &[u8]) -> Option<Self> {
        match tree::base(shell) {
            b"sh" | b"dash" => Some(Self::Posix),
            b"bash" => Some(Self::Bash),
            _ => None,
        }
    }
}

/// A line that is not understood with certainty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsure {
    /// What is there that is not understood.
    pub why: &'static str,
}

/// Reads a command line, as the shell is given it.
///
/// # Errors
/// When it has something that is not read here (loops, functions, here-documents), or
/// that no shell takes.
pub fn read(text: &[u8], dialect: Dialect) -> Result<List, Unsure> {
    lists::Reader::new(text, dialect).whole()
}
