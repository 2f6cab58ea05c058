//! Durations: as the writer and the manifest read them, and as systemd writes them.
//! What is shown reads back, and plain ones are what anybody would work out.

use adopt::systemd::span;
use heartbeat::{Interval, IntervalError, read_duration};

use crate::is_one_line;

const DAY: u64 = 86_400;

/// Reads the bytes as a duration.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else {
        return;
    };
    let length = read_duration(text);
    let interval = text.parse::<Interval>();
    match &length {
        Ok(length) => assert!(length.as_secs() <= 400 * DAY),
        // No interval is what is no duration, and for the same reason.
        Err(why) => assert_eq!(interval.as_ref().unwrap_err(), why),
    }
    match &interval {
        Ok(interval) => {
            assert_eq!(length.unwrap(), interval.duration());
            assert!((1..=400 * DAY).contains(&u64::from(interval.seconds())));
            let shown = interval.to_string();
            assert_eq!(shown.parse().as_ref(), Ok(interval), "{text:?} is {shown}");
        }
        Err(why) => {
            assert!(is_one_line(&why.to_string()), "{why}");
            if let Ok(length) = length {
                let expected = if length.subsec_nanos() != 0 {
                    IntervalError::Fraction
                } else {
                    IntervalError::Zero
                };
                assert_eq!(*why, expected, "{text:?}");
            }
        }
    }
    if let Some(seconds) = plain(text.trim()) {
        let expected = match seconds {
            0 => Err(IntervalError::Zero),
            1..=34_560_000 => Ok(seconds),
            _ => Err(IntervalError::TooLong),
        };
        let read = interval.map(|interval| u64::from(interval.seconds()));
        assert_eq!(read, expected, "{text:?}");
    }
    of_systemd(text);
}

/// Whole numbers with the units that both dialects share, worked out by hand. None
/// for anything else, and for numbers beyond all bounds.
fn plain(text: &str) -> Option<u64> {
    let mut sum = 0_u64;
    let mut number: Option<u64> = None;
    let mut seen = false;
    for byte in text.bytes() {
        let unit = match byte {
            b'0'..=b'9' => {
                let digit = u64::from(byte - b'0');
                let number = number.get_or_insert(0);
                *number = number.checked_mul(10)?.checked_add(digit)?;
                continue;
            }
            b's' => 1,
            b'm' => 60,
            b'h' => 3_600,
            b'd' => DAY,
            b'w' => 7 * DAY,
            _ => return None,
        };
        seen = true;
        sum = sum.checked_add(number.take()?.checked_mul(unit)?)?;
    }
    match (number, seen) {
        (None, true) => Some(sum),
        // A bare number is one of seconds; behind units it is none to us.
        (Some(number), false) => Some(number),
        _ => None,
    }
}

fn of_systemd(text: &str) {
    let Some(length) = span::parse(text) else {
        return;
    };
    if let Some(seconds) = plain(text.trim()) {
        assert_eq!(length.as_secs(), seconds, "{text:?}");
    }
    let said = span::words(length);
    assert!(!said.is_empty() && is_one_line(&said));
    // The words are systemd's own: weeks, days, hours, minutes and seconds.
    if said != "no time" {
        let whole = span::parse(&said.replace(" and ", " "));
        assert_eq!(whole.map(|w| w.as_secs()), Some(length.as_secs()), "{said}");
    }
}
