//! The time and the user of a job. A field is read as cron reads it, which lets more
//! pass than people write: what follows a number that stands is not looked at.

use super::{Malformed, Span, When, is_blank};

/// Names of a field and its bounds, with the names its numbers have.
struct Field {
    name: &'static str,
    low: u32,
    high: u32,
    names: &'static [&'static str],
}

const FIELDS: [Field; 5] = [
    Field {
        name: "minute",
        low: 0,
        high: 59,
        names: &[],
    },
    Field {
        name: "hour",
        low: 0,
        high: 23,
        names: &[],
    },
    Field {
        name: "day of the month",
        low: 1,
        high: 31,
        names: &[],
    },
    Field {
        name: "month",
        low: 1,
        high: 12,
        names: &[
            "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
        ],
    },
    Field {
        name: "day of the week",
        low: 0,
        high: 7,
        names: &["sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun"],
    },
];

/// The words after `@`.
const KEYWORDS: [&[u8]; 8] = [
    b"@reboot",
    b"@yearly",
    b"@annually",
    b"@monthly",
    b"@weekly",
    b"@daily",
    b"@midnight",
    b"@hourly",
];

/// A place within a line, whose end of line is left out.
pub(super) struct Cursor<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    pub(super) end: usize,
}

impl Cursor<'_> {
    pub(super) fn peek(&self) -> Option<u8> {
        if self.at < self.end {
            self.bytes.get(self.at).copied()
        } else {
            None
        }
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(is_blank) {
            self.at += 1;
        }
    }

    /// The word that begins here.
    fn word(&mut self) -> Span {
        let start = self.at;
        while self.peek().is_some_and(|b| !is_blank(b)) {
            self.at += 1;
        }
        start..self.at
    }

    fn shown(&self, span: Span) -> String {
        String::from_utf8_lossy(self.bytes.get(span).unwrap_or_default()).into_owned()
    }

    /// When the job runs.
    pub(super) fn when(&mut self) -> Result<When, Malformed> {
        if self.peek() == Some(b'@') {
            let word = self.word();
            let known = self.bytes.get(word.clone());
            return if known.is_some_and(|word| KEYWORDS.contains(&word)) {
                Ok(When::Keyword(word))
            } else {
                Err(Malformed::Keyword(self.shown(word)))
            };
        }
        let mut spans = [0..0, 0..0, 0..0, 0..0, 0..0];
        for (field, place) in FIELDS.iter().zip(&mut spans) {
            if self.peek().is_none() {
                return Err(Malformed::Missing(field.name));
            }
            let span = self.word();
            let text = self.bytes.get(span.clone()).unwrap_or_default();
            if !field.takes(text) {
                return Err(Malformed::Field(field.name, self.shown(span)));
            }
            *place = span;
            self.skip_blanks();
        }
        Ok(When::Fields(spans))
    }

    /// The user, and the one blank after it.
    pub(super) fn user(&mut self) -> Result<Span, Malformed> {
        if self.peek().is_none() {
            return Err(Malformed::Missing("user"));
        }
        let user = self.word();
        if self.peek().is_none() {
            return Err(Malformed::Missing("command"));
        }
        self.at += 1;
        Ok(user)
    }
}

impl Field {
    /// Whether cron takes a text for this field.
    fn takes(&self, mut text: &[u8]) -> bool {
        loop {
            let Some(rest) = self.range(text) else {
                return false;
            };
            match rest.split_first() {
                Some((b',', rest)) => text = rest,
                // Cron skips what is left.
                _ => return true,
            }
        }
    }

    /// Reads one range and returns what is after it.
    fn range<'a>(&self, text: &'a [u8]) -> Option<&'a [u8]> {
        let bounds = self.low..=self.high;
        let rest = if let Some(rest) = text.strip_prefix(b"*") {
            rest
        } else {
            let (from, rest) = self.number(text)?;
            let Some(rest) = rest.strip_prefix(b"-") else {
                // A step without a range is none.
                let alone = !rest.starts_with(b"/") && bounds.contains(&from);
                return alone.then_some(rest);
            };
            let (to, rest) = self.number(rest)?;
            if !bounds.contains(&from) || !bounds.contains(&to) {
                return None;
            }
            rest
        };
        let Some(rest) = rest.strip_prefix(b"/") else {
            return Some(rest);
        };
        let (step, rest) = number(rest)?;
        (step > 0).then_some(rest)
    }

    /// A number or a name.
    fn number<'a>(&self, text: &'a [u8]) -> Option<(u32, &'a [u8])> {
        let (word, rest) = alphanumeric(text);
        let named = self.names.iter().zip(self.low..);
        let mut named = named.filter(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word));
        match named.next() {
            Some((_, number)) => Some((number, rest)),
            None => number(text),
        }
    }
}

/// A number in digits.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let (word, rest) = alphanumeric(text);
    if word.is_empty() || !word.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let value = word.iter().fold(0_u32, |sum, digit| {
        sum.saturating_mul(10).saturating_add((digit - b'0').into())
    });
    Some((value, rest))
}

fn alphanumeric(text: &[u8]) -> (&[u8], &[u8]) {
    let length = text
        .iter()
        .position(|b| !b.is_ascii_alphanumeric())
        .unwrap_or(text.len());
    text.split_at(length)
}
