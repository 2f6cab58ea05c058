//! The checks on single values of an entry. Each says what is allowed.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use heartbeat::JobName;
use toml::Spanned;
use toml::value::Datetime;
use watch::{DEFAULT_MISSES, DEFAULT_USER, FileExpectation, MAX_MISSES, Need, Severity};

use crate::Fault;
use crate::near::nearest;

type Checked<T> = Result<T, Fault>;

/// `vacuum` or `postgres/vacuum`: the user, where one is named, and the job.
pub(crate) fn name(text: &Spanned<String>) -> Checked<(Option<Box<str>>, JobName)> {
    let (owner, job) = match text.get_ref().split_once('/') {
        Some((user, job)) => (Some(user), job),
        None => (None, text.get_ref().as_str()),
    };
    let owner = owner.map(|user| user_name(user, text.span())).transpose()?;
    let job = JobName::new(job).map_err(|error| {
        let near = match &owner {
            Some(user) => format!("{user}/{}", error.suggestion()),
            None => error.suggestion(),
        };
        Fault::at(text.span(), error.to_string()).hint(format!("like {near:?}"))
    })?;
    Ok((owner, job))
}

/// The name of a user: that of a folder in the store.
pub(crate) fn user(text: &Spanned<String>) -> Checked<Box<str>> {
    user_name(text.get_ref(), text.span())
}

fn user_name(text: &str, span: std::ops::Range<usize>) -> Checked<Box<str>> {
    let odd = |c: char| c.is_whitespace() || c.is_control() || c == '/' || c == ':';
    if text.is_empty() || text.len() > 255 || text.starts_with(['.', '-']) || text.contains(odd) {
        let message = format!("{:?} is no name of a user", short(text));
        return Err(Fault::at(span, message).hint("a login, like \"postgres\""));
    }
    Ok(text.into())
}

/// `misses`.
pub(crate) fn misses(number: Option<&Spanned<i64>>) -> Checked<u32> {
    let Some(number) = number else {
        return Ok(DEFAULT_MISSES);
    };
    u32::try_from(*number.get_ref())
        .ok()
        .filter(|misses| (1..=MAX_MISSES).contains(misses))
        .ok_or_else(|| {
            let message = format!("`misses` must be from 1 to {MAX_MISSES}");
            Fault::at(number.span(), message)
                .hint("2 means: silent when two runs in a row did not succeed")
        })
}

/// A text for people: one line.
pub(crate) fn line(key: &str, text: Option<&Spanned<String>>) -> Checked<Option<Box<str>>> {
    let Some(text) = text else { return Ok(None) };
    let value = text.get_ref().trim();
    if value.is_empty() || value.chars().count() > LONGEST_LINE || value.contains(odd) {
        let message = format!("`{key}` must be one line of at most {LONGEST_LINE} characters");
        return Err(Fault::at(text.span(), message));
    }
    Ok(Some(value.into()))
}

/// The longest text for people, in characters.
pub(crate) const LONGEST_LINE: usize = 500;

/// Characters that end a line, hide, or turn the direction of writing.
pub(crate) fn odd(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// `runbook`: an address, or a path on the host.
pub(crate) fn runbook(text: Option<&Spanned<String>>) -> Checked<Option<Box<str>>> {
    let Some(text) = text else { return Ok(None) };
    let value = text.get_ref().as_str();
    let plain = !value.contains(|c: char| odd(c) || "<>\"`".contains(c)) && value.len() <= 2_000;
    let address = ["https://", "http://"]
        .iter()
        .find_map(|scheme| value.strip_prefix(scheme));
    let right = match address {
        Some(rest) => {
            let host = rest.split(['/', '?', '#']).next().unwrap_or_default();
            let spaced = value.contains(char::is_whitespace);
            !host.is_empty() && !host.contains('@') && !spaced
        }
        None => value.starts_with('/') && value.len() > 1,
    };
    if !plain || !right {
        let message = "`runbook` must be an address or an absolute path";
        return Err(Fault::at(text.span(), message).hint(
            "like \"https://wiki.example.org/db-backup\" (no user or password in it) or \"/usr/share/doc/db-backup.md\"",
        ));
    }
    Ok(Some(value.into()))
}

/// `severity`.
pub(crate) fn severity(text: Option<&Spanned<String>>) -> Checked<Severity> {
    let Some(text) = text else {
        return Ok(Severity::default());
    };
    Severity::from_word(text.get_ref()).ok_or_else(|| {
        let words = Severity::ALL.map(|one| format!("{:?}", one.word()));
        let message = format!("there is no severity {:?}", short(text.get_ref()));
        Fault::at(text.span(), message).hint(format!("one of {}", words.join(", ")))
    })
}

/// `labels`: what every forge takes.
pub(crate) fn labels(texts: &[Spanned<String>], faults: &mut Vec<Fault>) -> Vec<Box<str>> {
    const MOST: usize = 20;
    let mut labels: Vec<Box<str>> = Vec::new();
    for text in texts {
        let value = text.get_ref().as_str();
        let wrong = value.is_empty()
            || value.trim() != value
            || value.contains(|c: char| odd(c) || c == ',')
            || value.chars().count() > 50;
        if wrong {
            let message = "a label must be one line of 1 to 50 characters without a comma";
            faults.push(Fault::at(text.span(), message).hint("like \"db\""));
        } else if labels.len() == MOST {
            faults.push(Fault::at(
                text.span(),
                format!("a job has at most {MOST} labels"),
            ));
            break;
        } else if !labels.iter().any(|label| **label == *value) {
            labels.push(value.into());
        }
    }
    labels
}

/// One of `needs`.
pub(crate) fn need(text: &Spanned<String>) -> Checked<Need> {
    if let Some(word) = text.get_ref().strip_prefix('@') {
        if word == "host" {
            return Ok(Need::Host);
        }
        let message = format!("there is no need {:?}", short(text.get_ref()));
        return Err(Fault::at(text.span(), message)
            .hint("\"@host\", or a job as \"vpn\" or \"postgres/vacuum\""));
    }
    let (user, job) = name(text)?;
    let user = user.unwrap_or_else(|| DEFAULT_USER.into());
    Ok(Need::Job { user, job })
}

/// A moment. One without an offset is refused: it would mean another moment on
/// another host.
pub(crate) fn moment(value: &Spanned<Datetime>) -> Checked<DateTime<Utc>> {
    let fault = |message: &str| {
        Fault::at(value.span(), message).hint(
            "write date, time and offset, like 2026-12-01T00:00:00Z or 2026-12-01T02:00:00+02:00",
        )
    };
    let told = value.get_ref();
    match (&told.date, &told.time, &told.offset) {
        (Some(_), Some(_), Some(_)) => DateTime::parse_from_rfc3339(&told.to_string())
            .map(|moment| moment.to_utc())
            .map_err(|_| fault("there is no such moment")),
        (_, _, None) => Err(fault("this date has no time zone")),
        _ => Err(fault("this is no moment")),
    }
}

/// One of `expect.files`: `PATH[,newer][,min=SIZE]`, as `--expect-file` of
/// `beat` has it.
pub(crate) fn file(text: &Spanned<String>) -> Checked<FileExpectation> {
    let fault = |message: String| {
        Fault::at(text.span(), message).hint("like \"/srv/backup/db.dump,newer,min=10M\"")
    };
    let mut path = text.get_ref().as_str();
    let (mut newer, mut min_bytes) = (false, None);
    while let Some((rest, word)) = path.rsplit_once(',') {
        if word == "newer" {
            newer = true;
        } else if let Some(amount) = word.strip_prefix("min=") {
            let bytes = size(amount).ok_or_else(|| {
                fault(format!(
                    "{:?} is no size; write 500, 10K, 10M or 2G",
                    short(amount)
                ))
            })?;
            min_bytes = Some(bytes);
        } else if word.bytes().all(|b| b.is_ascii_lowercase() || b == b'=') {
            return Err(fault(format!(
                "{:?} is neither newer nor min=SIZE",
                short(word)
            )));
        } else {
            break; // A comma in the path itself.
        }
        path = rest;
    }
    if !path.starts_with('/') || path.contains(char::is_control) {
        return Err(fault("a file is told by its absolute path".to_owned()));
    }
    Ok(FileExpectation {
        path: PathBuf::from(path),
        newer,
        min_bytes,
    })
}

/// `10M` is 10 × 1024 × 1024 bytes.
fn size(text: &str) -> Option<u64> {
    let units = [("K", 10), ("M", 20), ("G", 30)];
    let unit = units
        .iter()
        .find_map(|(unit, shift)| Some((text.strip_suffix(unit)?, *shift)));
    let (digits, shift) = unit.unwrap_or((text, 0));
    // `parse` alone would take a plus.
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    let number: u64 = digits.parse().ok().filter(|_| plain)?;
    number.checked_mul(1 << shift)
}

/// The fault of a key that is not known.
pub(crate) fn unknown_key(key: &str, span: std::ops::Range<usize>) -> Fault {
    let message = format!("there is no key `{}`", short(key));
    let fault = Fault::at(span, message);
    let known = crate::KEYS.iter().map(|(key, _)| *key);
    if let Some(near) = nearest(key, known.clone()) {
        return fault.hint(format!("did you mean `{near}`?"));
    }
    match key {
        "interval" | "interval_seconds" => fault.hint("how often it runs is `every`"),
        "cron" | "on_calendar" => {
            fault.hint("when it runs is `schedule`, for cron and OnCalendar alike")
        }
        "tz" | "zone" => fault.hint("did you mean `timezone`?"),
        _ => fault.hint(format!(
            "allowed are {}",
            known.collect::<Vec<_>>().join(", ")
        )),
    }
}

/// The beginning of a text, for messages.
pub(crate) fn short(text: &str) -> String {
    let mut out: String = text.chars().take(60).collect();
    if out.len() < text.len() {
        out.push('…');
    }
    out
}
