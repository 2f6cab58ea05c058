//! Schedules as cron and systemd write them: the grammar only. What is read here
//! is small and needs no time zone; when a schedule runs is the business of the
//! `watch` crate.

mod calendar;
mod cron;
mod days;
mod error;

use std::fmt;

pub use calendar::{Calendar, Part, Seconds, Years};
pub use cron::Cron;
pub use days::{date_of, day_of, days_in_month, days_of_month, weekday, weekdays_of};
pub use error::ScheduleError;

use error::Why;

/// The longest text of a schedule, in bytes.
const MAX_TEXT: usize = 1_000;

/// When a job runs: its text as it was given, and what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    rule: Rule,
}

/// What a schedule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rule {
    /// `@reboot`: at each start of the host, and at no time of the clock.
    Reboot,
    /// The five fields of cron, or one of its shorthands.
    Cron(Cron),
    /// An `OnCalendar=` of systemd.
    Calendar(Calendar),
}

/// Whose dialect a schedule is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ScheduleKind {
    /// Debian's cron.
    Cron,
    /// systemd's `OnCalendar=`.
    OnCalendar,
}

impl Schedule {
    /// Reads either dialect: a text that starts with `@`, or has five or more
    /// fields, is cron's, any other is an `OnCalendar=`.
    ///
    /// # Errors
    /// When it is neither, or never runs.
    pub fn parse(text: &str) -> Result<Self, ScheduleError> {
        let text = checked(text)?;
        // No calendar expression has more than four parts.
        if text.starts_with('@') || cron::fields(text).nth(4).is_some() {
            Self::cron(text)
        } else {
            Self::on_calendar(text)
        }
    }

    /// Reads a schedule of Debian's cron: `0 9 * * 1-5`, `@daily`.
    ///
    /// # Errors
    /// When cron would refuse it, or it never runs.
    pub fn cron(text: &str) -> Result<Self, ScheduleError> {
        let text = checked(text)?;
        let rule = if text == "@reboot" {
            Rule::Reboot
        } else {
            Rule::Cron(Cron::parse(text)?)
        };
        Ok(Self {
            text: text.to_owned(),
            rule,
        })
    }

    /// Reads an `OnCalendar=` of systemd: `Mon..Fri 09:00`, `*-*-1 04:00 UTC`.
    ///
    /// # Errors
    /// When systemd would refuse it, or it never runs. Whether there is such a
    /// time zone is not looked at.
    pub fn on_calendar(text: &str) -> Result<Self, ScheduleError> {
        let text = checked(text)?;
        Ok(Self {
            rule: Rule::Calendar(Calendar::parse(text)?),
            text: text.to_owned(),
        })
    }

    /// The text as it was given, without blanks around it.
    #[must_use]
    pub fn as_text(&self) -> &str {
        &self.text
    }

    /// What it says.
    #[must_use]
    pub const fn rule(&self) -> &Rule {
        &self.rule
    }

    /// Whose dialect it is written in.
    #[must_use]
    pub const fn kind(&self) -> ScheduleKind {
        match self.rule {
            Rule::Reboot | Rule::Cron(_) => ScheduleKind::Cron,
            Rule::Calendar(_) => ScheduleKind::OnCalendar,
        }
    }

    /// The time zone that the text itself ends with. It wins over any other.
    #[must_use]
    pub fn own_zone(&self) -> Option<&str> {
        match &self.rule {
            Rule::Calendar(calendar) => calendar.zone_in(&self.text),
            _ => None,
        }
    }
}

/// As it was given.
impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn checked(text: &str) -> Result<&str, ScheduleError> {
    let text = text.trim();
    let why = if text.is_empty() {
        Why::Empty
    } else if text.len() > MAX_TEXT {
        Why::Long
    } else if text.bytes().any(|byte| byte < b' ' && byte != b'\t') {
        Why::Is("it has a control character in it")
    } else {
        return Ok(text);
    };
    Err(ScheduleError::new("the schedule", text, why))
}
