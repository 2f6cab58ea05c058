//! Why a line is left alone.

use std::fmt;

/// Why a line is left alone. Each is shown as one sentence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// `@reboot`, and nobody said how often.
    Reboot,
    /// A schedule that cron takes and `beat` does not; what is wrong with it.
    Schedule(String),
    /// A shell that is not known; its path.
    Shell(String),
    /// A setting that works on each start of a shell; its name.
    Setting(String),
    /// It leaves a beat already; of which job, where that is certain.
    Beats(Option<String>),
    /// It may leave a beat, in a way that is not understood.
    SpeaksOfBeat,
    /// There is no command.
    Empty,
    /// Something goes on in the background.
    Background,
    /// It asks for something that `beat` changes; the words.
    Asks(&'static str),
    /// An option has a newline or a NUL in it.
    NewlineInOption,
    /// The new line would be none that cron takes; why.
    NoLine(String),
    /// The new line was read again and did not say the same.
    Unproved,
}

impl Refusal {
    /// A word that stays the same for this kind.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Reboot => "reboot",
            Self::Schedule(_) => "schedule",
            Self::Shell(_) => "shell",
            Self::Setting(_) => "shell-setting",
            Self::Beats(_) => "beats-already",
            Self::SpeaksOfBeat => "speaks-of-beat",
            Self::Empty => "empty",
            Self::Background => "background",
            Self::Asks(_) => "looks-outside",
            Self::NewlineInOption => "newline-in-option",
            Self::NoLine(_) => "too-long",
            Self::Unproved => "unproved",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reboot => f.write_str(
                "It runs at each start of the host; how often that should be is not known.",
            ),
            Self::Schedule(why) => write!(f, "Its schedule is not understood: {why}."),
            Self::Shell(shell) => write!(
                f,
                "Its shell is {shell:?}; only lines for sh, dash and bash can be wrapped."
            ),
            Self::Setting(name) => write!(
                f,
                "{name} is set above it, which would work twice, in a second shell too."
            ),
            Self::Beats(Some(job)) => write!(f, "It leaves a beat already, as {job}."),
            Self::Beats(None) => f.write_str("It leaves a beat already."),
            Self::SpeaksOfBeat => {
                f.write_str("It seems to leave a beat already, in a way that is not understood.")
            }
            Self::Empty => f.write_str("It has no command."),
            Self::Background => f.write_str(
                "Something of it goes on in the background when its shell has ended, so a beat \
                 would say nothing about it.",
            ),
            Self::Asks(what) => write!(f, "It uses {what}, which would not be the same."),
            Self::NewlineInOption => {
                f.write_str("An option for beat has a newline in it, and a crontab can hold none.")
            }
            Self::NoLine(why) => write!(f, "With beat before it, cron would not take it: {why}."),
            Self::Unproved => {
                f.write_str("It could not be proved that the new line does the same.")
            }
        }
    }
}
