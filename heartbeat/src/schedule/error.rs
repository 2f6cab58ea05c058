//! Why a schedule was refused, and where in it.

use std::fmt;

/// How much of a text a message shows, in characters.
const SHOWN: usize = 60;

/// Why a schedule was refused: which part of it, and what is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduleError {
    place: &'static str,
    text: Box<str>,
    why: Why,
}

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Why {
    Empty,
    Long,
    Never,
    /// Something that reads as a whole, and is wrong as such.
    Is(&'static str),
    /// A number out of its range.
    Range(u32, u32),
}

impl ScheduleError {
    pub(super) fn new(place: &'static str, text: &str, why: Why) -> Self {
        let text = text.chars().take(SHOWN).collect::<String>().into();
        Self { place, text, why }
    }

    /// Whether the schedule reads well, but there is no day on which it runs.
    #[must_use]
    pub fn never_runs(&self) -> bool {
        self.why == Why::Never
    }
}

impl fmt::Display for ScheduleError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { place, text, why } = self;
        match why {
            Why::Empty => write!(f, "{place} is empty"),
            Why::Long => write!(f, "{place} is longer than 1000 bytes: {text:?} …"),
            Why::Never => write!(f, "{place} {text:?} never runs: there is no such day"),
            Why::Is(what) => write!(f, "{place} {text:?}: {what}"),
            Why::Range(low, high) => write!(f, "{place} {text:?} is not within {low} to {high}"),
        }
    }
}

impl std::error::Error for ScheduleError {}
