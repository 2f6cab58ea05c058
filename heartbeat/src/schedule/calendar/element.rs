//! One element of a list in a calendar expression: a number, a range, a
//! repetition; and seconds, which may have fractions.

use std::ops::BitOr as _;

use super::super::error::{ScheduleError, Why};

/// Microseconds of a second.
const SECOND: u32 = 1_000_000;
/// Microseconds of a minute.
const MINUTE: u32 = 60 * SECOND;
/// More elements than this have no use, and systemd stops at 240.
const MAX_PARTS: usize = 240;

/// Numbers that begin at one, step by step up to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The first.
    pub start: u32,
    /// None comes after this.
    pub stop: u32,
    /// From one to the next; 0 when there is only the first.
    pub step: u32,
}

/// Seconds of a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Seconds {
    /// Whole ones: bit 5 is second 5.
    Whole(u64),
    /// Fractions too: microseconds since the minute began.
    Parts(Box<[Part]>),
}

/// What numbers are for, and their bounds.
pub(super) struct Numbers {
    pub(super) place: &'static str,
    pub(super) low: u32,
    pub(super) high: u32,
}

impl Seconds {
    /// Every second of a minute, or every minute of an hour.
    pub(super) const EVERY: u64 = (1 << 60) - 1;

    pub(super) fn parse(text: &str) -> Result<Self, ScheduleError> {
        if text == "*" {
            return Ok(Self::Whole(Self::EVERY));
        }
        let numbers = Numbers {
            place: "the second",
            low: 0,
            high: MINUTE - 1,
        };
        let mut parts = Vec::new();
        for part in text.split(',') {
            if parts.len() == MAX_PARTS {
                let what = "the list is too long";
                return Err(ScheduleError::new(numbers.place, text, Why::Is(what)));
            }
            parts.push(element(part, &numbers, false)?);
        }
        let whole =
            |part: &Part| part.start.is_multiple_of(SECOND) && part.step.is_multiple_of(SECOND);
        Ok(if parts.iter().all(whole) {
            let values = parts.iter().flat_map(|part| part.values());
            let bits = values.map(|value| 1 << (value / SECOND));
            Self::Whole(bits.fold(0, u64::bitor))
        } else {
            Self::Parts(parts.into())
        })
    }

    /// The first of them that is not before `from`, in microseconds.
    #[must_use]
    pub fn at_or_after(&self, from: u32) -> Option<u32> {
        match self {
            Self::Whole(set) => {
                let from = from.div_ceil(SECOND);
                let rest = set.checked_shr(from).unwrap_or(0);
                (rest != 0).then(|| (from + rest.trailing_zeros()) * SECOND)
            }
            Self::Parts(parts) => parts.iter().filter_map(|part| part.at_or_after(from)).min(),
        }
    }

    /// The last of them that is not after `to`, in microseconds.
    #[must_use]
    pub fn at_or_before(&self, to: u32) -> Option<u32> {
        match self {
            Self::Whole(set) => {
                let to = (to / SECOND).min(59);
                let rest = set & (u64::MAX >> (63 - to));
                (rest != 0).then(|| rest.ilog2() * SECOND)
            }
            Self::Parts(parts) => parts.iter().filter_map(|part| part.at_or_before(to)).max(),
        }
    }
}

impl Part {
    /// Its numbers.
    pub(super) fn values(&self) -> impl Iterator<Item = u32> {
        (self.start..=self.stop).step_by(self.step.max(1) as usize)
    }

    fn at_or_after(&self, from: u32) -> Option<u32> {
        if from <= self.start {
            return Some(self.start);
        }
        let steps = (from - self.start).checked_div(self.step)?;
        let below = self.start + steps * self.step;
        // A step may be longer than all numbers that there are.
        let next = if below < from {
            below.checked_add(self.step)?
        } else {
            below
        };
        (next <= self.stop).then_some(next)
    }

    fn at_or_before(&self, to: u32) -> Option<u32> {
        let to = to.min(self.stop);
        let over = to.checked_sub(self.start)?;
        Some(self.start + over.checked_div(self.step).unwrap_or(0) * self.step)
    }
}

/// Reads `5`, `5..9`, `5/2`, `5..9/2`. Counted from the end, a repetition without
/// an end runs down to 1: `7/1` is the last seven days.
pub(super) fn element(
    text: &str,
    numbers: &Numbers,
    from_end: bool,
) -> Result<Part, ScheduleError> {
    let wrong = |what| Err(ScheduleError::new(numbers.place, text, Why::Is(what)));
    let (range, step) = match text.split_once('/') {
        Some((range, step)) => (range, Some(step)),
        None => (text, None),
    };
    // A look for two dots costs more than one for a dot.
    let dots = range.contains('.').then(|| range.split_once(".."));
    let (first, last) = match dots.flatten() {
        Some((first, last)) => (first, Some(last)),
        None => (range, None),
    };
    let start = bounded(first, text, numbers)?;
    let stop = last.map(|last| bounded(last, text, numbers)).transpose()?;
    let seconds = numbers.high >= SECOND;
    let step = match step.map(|step| number(step, seconds)) {
        None if stop.is_none() => {
            return Ok(Part {
                start,
                stop: start,
                step: 0,
            });
        }
        None if seconds => SECOND,
        None => 1,
        Some(None) => return wrong("the repetition after / is no number"),
        Some(Some(0)) => return wrong("a repetition of 0 leads nowhere"),
        Some(Some(step)) => step,
    };
    let Some(stop) = stop else {
        let room = if from_end {
            start - numbers.low
        } else {
            numbers.high - start
        };
        if step > room {
            return wrong("nothing comes after the first one; leave the repetition out");
        }
        return Ok(if from_end {
            Part {
                start: start - room / step * step,
                stop: start,
                step,
            }
        } else {
            Part {
                start,
                stop: numbers.high,
                step,
            }
        });
    };
    if stop < start {
        return wrong("the range runs backwards");
    }
    if seconds && text == range && start + step > stop {
        return wrong("the range is shorter than a second; write a repetition, as in 0..0.5/0.1");
    }
    Ok(Part { start, stop, step })
}

fn bounded(number_text: &str, text: &str, numbers: &Numbers) -> Result<u32, ScheduleError> {
    let seconds = numbers.high >= SECOND;
    let err = |why| Err(ScheduleError::new(numbers.place, text, why));
    let Some(mut value) = number(number_text, seconds) else {
        return err(Why::Is(if text.is_empty() {
            "an element of the list is missing"
        } else if text.starts_with('*') {
            "* stands alone; write 0/2 for every second one"
        } else {
            "write *, a number, a range as 3..7, a repetition as 0/5, or a list of these"
        }));
    };
    if numbers.low == 1970 && value < 100 {
        value += if value < 70 { 2000 } else { 1900 };
    }
    if (numbers.low..=numbers.high).contains(&value) {
        Ok(value)
    } else if seconds {
        err(Why::Range(0, 59))
    } else {
        err(Why::Range(numbers.low, numbers.high))
    }
}

/// A number, or microseconds of seconds with up to six places, the seventh
/// rounded.
fn number(text: &str, seconds: bool) -> Option<u32> {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) if seconds && digits(fraction) => (whole, fraction),
        Some(_) => return None,
        None => (text, "0"),
    };
    if !digits(whole) {
        return None;
    }
    let whole: u32 = whole.parse().unwrap_or(u32::MAX);
    if !seconds {
        return Some(whole);
    }
    let mut places = fraction.bytes().map(|digit| u32::from(digit - b'0'));
    let micros = (0..6).fold(0, |sum, _| sum * 10 + places.next().unwrap_or(0));
    let up = u32::from(places.next().is_some_and(|digit| digit >= 5));
    Some(whole.saturating_mul(SECOND).saturating_add(micros + up))
}
