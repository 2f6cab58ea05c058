//! Errors at the edge: what was being done, to what, why it failed, what to do.

use std::fmt;
use std::time::Duration;

/// What a failed delivery means for the pass. A type, not a guess from a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// The same call may go through later in this pass; the forge may have said
    /// how long to wait.
    Later(Option<Duration>),
    /// The same call will fail again until somebody changes something.
    Never,
}

/// Why a call to a forge (or another receiver) failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeliveryError {
    /// What was being done, to what: `open an issue in ops/watch at https://…`.
    pub doing: String,
    /// Why it failed, in words and with the status code. Never a secret, never
    /// more than a line of what the other side sent.
    pub why: String,
    /// What the reader can do, where there is something.
    pub hint: Option<String>,
    /// Whether trying again makes sense.
    pub retry: Retry,
    /// True when the other side may have acted although no answer came.
    pub may_have_acted: bool,
    /// The HTTP status, where one was answered.
    pub status: Option<u16>,
}

impl DeliveryError {
    /// A failure that stays until somebody changes something; nothing happened
    /// on the other side.
    pub fn never(doing: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            doing: doing.into(),
            why: why.into(),
            hint: None,
            retry: Retry::Never,
            may_have_acted: false,
            status: None,
        }
    }

    /// A failure that may pass by itself; nothing happened on the other side.
    pub fn later(doing: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            retry: Retry::Later(None),
            ..Self::never(doing, why)
        }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error, and the other side may have acted.
    #[must_use]
    pub fn acted(mut self) -> Self {
        self.may_have_acted = true;
        self
    }
}

impl fmt::Display for DeliveryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot {}: {}", self.doing, self.why)
    }
}

impl std::error::Error for DeliveryError {}
