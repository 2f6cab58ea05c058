//! Spans of time as systemd writes them (`systemd.time(7)`): `15min`, `1h 30s`, `1w`,
//! a bare number of seconds; and how they are said.

use std::time::Duration;

/// Each unit's names and its length in microseconds. A month is 30.44 days and a year
/// 365.25, as in systemd.
const UNITS: [(&[&str], u64); 10] = [
    (&["us", "usec", "µs", "μs"], 1),
    (&["ms", "msec"], 1_000),
    (&["s", "sec", "second", "seconds", ""], SECOND),
    (&["m", "min", "minute", "minutes"], 60 * SECOND),
    (&["h", "hr", "hour", "hours"], 3_600 * SECOND),
    (&["d", "day", "days"], 86_400 * SECOND),
    (&["w", "week", "weeks"], 604_800 * SECOND),
    (&["M", "month", "months"], 2_629_800 * SECOND),
    (&["y", "year", "years"], 31_557_600 * SECOND),
    (&["ns", "nsec"], 0),
];

const SECOND: u64 = 1_000_000;

/// Reads a span. `None` where it is none, or without an end (`infinity`).
#[must_use]
pub fn parse(text: &str) -> Option<Duration> {
    let mut rest = text.trim();
    if rest.is_empty() {
        return None;
    }
    let mut total = 0u64;
    while !rest.is_empty() {
        let digits = rest
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(rest.len());
        let whole: u64 = rest.get(..digits)?.parse().ok()?;
        rest = &rest[digits..];
        let mut part = "";
        if let Some(after) = rest.strip_prefix('.') {
            let digits = after
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(after.len());
            (part, rest) = after.split_at(digits);
        }
        rest = rest.trim_start();
        let letters = rest
            .find(|c: char| !c.is_alphabetic())
            .unwrap_or(rest.len());
        let (unit, after) = rest.split_at(letters);
        let (_, micros) = UNITS.iter().find(|(names, _)| names.contains(&unit))?;
        total = total.checked_add(whole.checked_mul(*micros)?)?;
        let mut worth = *micros;
        for digit in part.bytes() {
            worth /= 10;
            total = total.checked_add(worth * u64::from(digit - b'0'))?;
        }
        rest = after.trim_start();
    }
    Some(Duration::from_micros(total))
}

/// A span for people: `15 minutes`, `1 day and 2 hours`.
#[must_use]
pub fn words(span: Duration) -> String {
    let mut left = span.as_secs();
    let mut said = Vec::new();
    for (length, name) in [
        (604_800, "week"),
        (86_400, "day"),
        (3_600, "hour"),
        (60, "minute"),
        (1, "second"),
    ] {
        let count = left / length;
        left %= length;
        if count > 0 {
            said.push(format!(
                "{count} {name}{}",
                if count == 1 { "" } else { "s" }
            ));
        }
    }
    if said.is_empty() {
        return "no time".into();
    }
    said.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        for (text, seconds) in [
            ("15min", Some(900.0)),
            ("90", Some(90.0)),
            ("1h 30s", Some(3_630.0)),
            ("1d12h", Some(129_600.0)),
            ("0", Some(0.0)),
            ("5 m", Some(300.0)),
            ("1M", Some(2_629_800.0)),
            ("1.5h", Some(5_400.0)),
            ("500ms", Some(0.5)),
            ("infinity", None),
            ("", None),
            ("-5min", None),
            ("5 parsecs", None),
            ("99999999999999999999", None),
            ("99999999999y", None),
        ] {
            let found = parse(text).map(|span| span.as_secs_f64());
            assert_eq!(found, seconds, "{text}");
        }
    }

    #[test]
    fn said() {
        for (seconds, expected) in [
            (0, "no time"),
            (60, "1 minute"),
            (5_400, "1 hour and 30 minutes"),
            (86_400, "1 day"),
            (1_209_600, "2 weeks"),
        ] {
            assert_eq!(words(Duration::from_secs(seconds)), expected);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read(text: String) {
            let _ = parse(&text);
        }
    }
}
