//! Whether the clock can be believed at all. When it plainly cannot, a pass
//! opens and closes nothing and says so.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::verdict::TOLERANCE;
use crate::{Cause, JobState, Verdict, words};

/// How far ahead the newest beat must be for the clock to be called wrong.
const DAY: Duration = Duration::from_secs(86_400);

/// What the beats say about the clock. A beat whose age rests on the boot clock
/// is never ahead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ClockEvidence {
    /// Jobs whose beats could be read.
    pub beats: usize,
    /// Of these, how many lie in the future.
    pub ahead: usize,
    /// Of the jobs, how many are those of the owner of the store, the checker's own left
    /// out. Where there are any, they alone bear witness: other users may leave as many
    /// beats as they like.
    pub trusted: usize,
    /// Beats of others, and of these how many lie in the future.
    pub others: (usize, usize),
    /// How far the beat furthest ahead lies in the future, of those that the
    /// owner of the store wrote: no other user may stop the watch.
    pub furthest: Option<Duration>,
    /// The checker's own last beat: whether it lies in the past, as it must.
    pub own_in_past: Option<bool>,
}

/// Why the clock cannot be believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockFault {
    /// More than half of all beats lie in the future.
    Most {
        /// How many do.
        ahead: usize,
        /// Of how many.
        beats: usize,
    },
    /// The newest beat is more than a day ahead.
    Furthest(Duration),
}

impl fmt::Display for ClockFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Most { ahead, beats } => {
                write!(f, "{ahead} of {beats} beats lie in the future")
            }
            Self::Furthest(by) => {
                write!(
                    f,
                    "the newest beat is {} ahead of the clock",
                    words::span(*by)
                )
            }
        }
    }
}

impl ClockEvidence {
    /// Takes one job into account; `trusted` when the owner of the store wrote
    /// its beats.
    pub fn add(&mut self, state: &JobState, trusted: bool) {
        let (beats, ahead) = (self.beats, self.ahead);
        self.count(state, trusted);
        if trusted {
            self.trusted += self.beats - beats;
        } else {
            self.others.0 += self.beats - beats;
            self.others.1 += self.ahead - ahead;
        }
    }

    fn count(&mut self, state: &JobState, trusted: bool) {
        let readable = state.verdict != Verdict::Unreadable
            || matches!(state.cause(), Some(Cause::NoInterval));
        if !readable {
            return;
        }
        self.beats += 1;
        if let Some(Cause::Ahead(ahead)) = state.cause() {
            self.ahead += 1;
            if trusted {
                self.furthest = self.furthest.max(Some(*ahead));
            }
        }
    }

    /// Takes the checker's own job into account. Its beat is a witness by the
    /// wall clock alone: by the boot clock it never lies in the future, so it
    /// could not tell that the wall clock was set back since.
    pub fn add_own(&mut self, own: &JobState, wall: DateTime<Utc>) {
        self.count(own, true);
        let Some(left) = own.last_success else {
            return;
        };
        let ahead = (left - wall).to_std().unwrap_or_default();
        self.own_in_past = Some(ahead <= TOLERANCE);
        if ahead > TOLERANCE {
            self.furthest = self.furthest.max(Some(ahead));
        }
    }

    /// What is wrong with the clock, if anything plainly is.
    ///
    /// A beat of the checker itself that lies in the past is a witness for the
    /// clock: it has not been set back since the last pass, so what lies in the
    /// future are bad beats, and each is flagged as that.
    #[must_use]
    pub fn fault(&self) -> Option<ClockFault> {
        if self.own_in_past == Some(true) {
            return None;
        }
        let (not_asked, of_them_ahead) = match self.trusted {
            0 => (0, 0),
            _ => self.others,
        };
        let (ahead, beats) = (self.ahead - of_them_ahead, self.beats - not_asked);
        if ahead * 2 > beats {
            return Some(ClockFault::Most { ahead, beats });
        }
        self.furthest
            .filter(|ahead| *ahead > DAY)
            .map(ClockFault::Furthest)
    }
}

#[cfg(test)]
mod tests;
