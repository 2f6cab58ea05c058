//! Durations and counts in words, the same everywhere people read them.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Whether a character may not stand in a text of one line as others wrote it: it is
/// obeyed by terminals, ends a line, or turns the direction of writing, so that what
/// stands there is not what is seen.
#[must_use]
pub fn is_odd(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || c.is_control()
}

/// A span of time in its two largest units: `3 d 4 h`, `12 min`, `45 s`.
#[must_use]
pub fn span(duration: Duration) -> Span {
    Span(duration.as_secs())
}

/// See [`span`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span(u64);

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")];
        let at = UNITS
            .iter()
            .position(|(size, _)| self.0 >= *size)
            .unwrap_or(3);
        let (size, unit) = UNITS[at];
        let (whole, rest) = (self.0 / size, self.0 % size);
        // Past a hundred days, hours are noise.
        let second = UNITS.get(at + 1).filter(|_| whole < 100);
        let Some((small, small_unit)) = second else {
            return write!(f, "{whole} {unit}");
        };
        let part = rest / small;
        if part == 0 || (at == 2 && whole >= 10) {
            // `12 min`, not `12 min 7 s`.
            return write!(f, "{whole} {unit}");
        }
        write!(f, "{whole} {unit} {part} {small_unit}")
    }
}

/// Age over interval for people, one decimal. Rounded away from the limits at 1
/// and 2, so that what is over a limit looks so: `1.0` is not late, `2.1` is
/// silent.
#[must_use]
pub fn ratio(ratio: f64) -> String {
    let tenths = ratio * 10.0;
    let tenths = if ratio > 2.0 || (ratio > 1.0 && ratio < 1.1) {
        tenths.ceil()
    } else {
        tenths.floor()
    };
    format!("{:.1}", tenths / 10.0)
}

/// A moment for people: `2026-11-22 02:00:07 UTC`.
#[must_use]
pub fn moment(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// A count with its noun: `1 job`, `2 jobs`.
#[must_use]
pub fn count(n: u64, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (90, "1 min 30 s"),
            (725, "12 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (5_400, "1 h 30 min"),
            (86_400, "1 d"),
            (277_200, "3 d 5 h"),
            (8_640_000, "100 d"),
            (8_650_000, "100 d"),
        ] {
            assert_eq!(span(Duration::from_secs(seconds)).to_string(), text);
        }
    }

    #[test]
    fn counts() {
        for (many, text) in [(0, "0 runs"), (1, "1 run"), (2, "2 runs")] {
            assert_eq!(count(many, "run", "runs"), text);
        }
    }

    #[test]
    fn ratios_never_look_better_than_they_are() {
        for (value, text) in [
            (0.000_6, "0.0"),
            (0.99, "0.9"),
            (1.0, "1.0"),
            (1.000_1, "1.1"),
            (1.1, "1.1"),
            (1.99, "1.9"),
            (2.0, "2.0"),
            (2.000_1, "2.1"),
            (55.55, "55.6"),
        ] {
            assert_eq!(ratio(value), text);
        }
    }
}
