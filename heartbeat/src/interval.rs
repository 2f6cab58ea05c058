//! Intervals: how often a job should succeed.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// The longest interval: 400 days, in seconds.
const MAX_SECONDS: u64 = 34_560_000;

/// How often a job should succeed: whole seconds, 1 to 34,560,000 (400 days).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Interval(NonZeroU32);

impl Interval {
    /// Checks a number of seconds.
    ///
    /// # Errors
    /// When it is 0 or more than 400 days.
    pub fn from_seconds(seconds: u64) -> Result<Self, IntervalError> {
        if seconds > MAX_SECONDS {
            return Err(IntervalError::TooLong);
        }
        u32::try_from(seconds)
            .ok()
            .and_then(NonZeroU32::new)
            .map(Self)
            .ok_or(IntervalError::Zero)
    }

    /// Whole seconds.
    #[must_use]
    pub const fn seconds(self) -> u32 {
        self.0.get()
    }

    /// The same as a duration.
    #[must_use]
    pub const fn duration(self) -> Duration {
        Duration::from_secs(self.0.get() as u64)
    }
}

impl fmt::Debug for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}s", self.0)
    }
}

/// As people write it, exactly: `1d`, `1h30m`, `90s`.
impl fmt::Display for Interval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.seconds();
        for (unit, size) in [("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1)] {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl FromStr for Interval {
    type Err = IntervalError;

    /// Reads `90` (seconds), `90s`, `15m`, `1h30m`, `1d`, `2w`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let duration = read_duration(text)?;
        if duration.subsec_nanos() != 0 {
            return Err(IntervalError::Fraction);
        }
        Self::from_seconds(duration.as_secs())
    }
}

/// Reads a length of time as people write it: `90` (seconds), `90s`, `15m`, `1h30m`,
/// `500ms`, `1d`. More than 400 days are refused.
///
/// # Errors
/// When it is none, negative or too long.
pub fn read_duration(text: &str) -> Result<Duration, IntervalError> {
    let trimmed = text.trim();
    if trimmed.starts_with('-') {
        return Err(IntervalError::Negative);
    }
    let duration = if !trimmed.is_empty() && trimmed.bytes().all(|b| b.is_ascii_digit()) {
        let seconds = trimmed.parse().map_err(|_| IntervalError::TooLong)?;
        Duration::from_secs(seconds)
    } else {
        humantime::parse_duration(trimmed).map_err(|error| match error {
            humantime::DurationError::NumberOverflow => IntervalError::TooLong,
            _ => IntervalError::Unreadable(text.chars().take(40).collect()),
        })?
    };
    if duration.as_secs() > MAX_SECONDS {
        return Err(IntervalError::TooLong);
    }
    Ok(duration)
}

/// Why an interval was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IntervalError {
    /// Nothing that reads as a duration; holds what was given, shortened.
    Unreadable(String),
    /// Zero.
    Zero,
    /// Below zero.
    Negative,
    /// More than 400 days.
    TooLong,
    /// Not whole seconds.
    Fraction,
}

impl fmt::Display for IntervalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(text) => write!(
                f,
                "{text:?} is not a duration; write 90, 90s, 15m, 1h30m, 1d or 2w"
            ),
            Self::Zero => f.write_str("an interval of 0 says nothing; the shortest is 1s"),
            Self::Negative => f.write_str("an interval cannot be negative"),
            Self::TooLong => f.write_str("the longest interval is 400d"),
            Self::Fraction => f.write_str("an interval is whole seconds; the shortest is 1s"),
        }
    }
}

impl std::error::Error for IntervalError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_a_test_that_fails_it_is_shown_in_seconds() {
        let hour = Interval::from_seconds(3_600).unwrap();
        assert_eq!(format!("{hour:?}"), "3600s");
    }

    #[test]
    fn durations_as_people_write_them() {
        for (text, seconds, shown) in [
            ("90", 90, "1m30s"),
            ("90s", 90, "1m30s"),
            ("15m", 900, "15m"),
            ("1h30m", 5_400, "1h30m"),
            ("1h 30m", 5_400, "1h30m"),
            ("1d", 86_400, "1d"),
            ("2w", 1_209_600, "14d"),
            (" 1d ", 86_400, "1d"),
            ("400d", 34_560_000, "400d"),
        ] {
            let interval: Interval = text.parse().unwrap();
            assert_eq!(interval.seconds(), seconds, "{text}");
            assert_eq!(interval.to_string(), shown);
        }
    }

    #[test]
    fn refusals() {
        for (text, message) in [
            ("0", "an interval of 0 says nothing; the shortest is 1s"),
            ("0s", "an interval of 0 says nothing; the shortest is 1s"),
            ("-5m", "an interval cannot be negative"),
            ("10y", "the longest interval is 400d"),
            ("401d", "the longest interval is 400d"),
            ("99999999999999999999999", "the longest interval is 400d"),
            ("99999999999999999999999d", "the longest interval is 400d"),
            ("500ms", "an interval is whole seconds; the shortest is 1s"),
            (
                "soon",
                "\"soon\" is not a duration; write 90, 90s, 15m, 1h30m, 1d or 2w",
            ),
            (
                "",
                "\"\" is not a duration; write 90, 90s, 15m, 1h30m, 1d or 2w",
            ),
            (
                "5 parsecs",
                "\"5 parsecs\" is not a duration; write 90, 90s, 15m, 1h30m, 1d or 2w",
            ),
        ] {
            assert_eq!(
                text.parse::<Interval>().unwrap_err().to_string(),
                message,
                "{text}"
            );
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_shown_reads_back(seconds in 1u64..=MAX_SECONDS) {
            let interval = Interval::from_seconds(seconds).unwrap();
            proptest::prop_assert_eq!(interval.to_string().parse::<Interval>().unwrap(), interval);
        }

        #[test]
        fn no_text_panics(text in ".{0,60}") {
            let _ = text.parse::<Interval>();
        }
    }
}
