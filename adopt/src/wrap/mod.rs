//! Makes a cron line leave a beat: `exec beat NAME --cron '…' -- "$SHELL" -c '…'`
//! around its command. The new line does exactly what the old one did. Where that is
//! not certain, the line is left alone, and the reason is said.
//!
//! Pure, but for what is asked through [`Look`].

mod command;
mod refusal;
#[cfg(test)]
mod tests;

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use heartbeat::{Interval, JobName, Schedule};

use crate::crontab::{Crontab, JobLine, Kind, Line, unescape};
use crate::shell::{Look, quote};

pub use refusal::Refusal;

/// What a line is to leave.
#[derive(Debug, Clone, Copy)]
pub struct Adoption<'a> {
    /// The program `beat`, as the line should call it. See [`beat_for`].
    pub beat: &'a Path,
    /// The name of the job.
    pub job: &'a JobName,
    /// How often it should succeed.
    pub pace: Pace<'a>,
    /// More options of `beat`, each word for itself.
    pub options: &'a [String],
}

/// How often a job should succeed.
#[derive(Debug, Clone, Copy)]
pub enum Pace<'a> {
    /// As often as its line says, in this time zone.
    Line {
        /// The zone; `None` leaves it to `beat`.
        zone: Option<&'a str>,
    },
    /// At least every so often. The only one for `@reboot`.
    Every(Interval),
}

/// Makes a line leave a beat. Returns the whole line, its end included.
///
/// Its shell makes room for `beat`, which runs the same shell with the same command.
/// `exec`, so that no second process waits, and because `bash` then leaves no trace of
/// itself in the environment. A shell for plain programs too: it says so when one is
/// killed.
///
/// # Errors
/// Says why the line is left alone.
pub fn wrap(
    tab: &Crontab<'_>,
    found: &JobLine<'_>,
    adoption: &Adoption<'_>,
) -> Result<Vec<u8>, Refusal> {
    let written = tab.text(&found.job.command);
    let script = unescape(written);
    command::check(&script, &found.settings)?;
    let head = head(tab, found, adoption)?;
    let mut command = escape(&head);
    command.extend_from_slice(b" \"$SHELL\" -c '");
    command.extend(in_single_quotes(written));
    command.push(b'\'');
    let place = &found.job.command;
    let line = [
        tab.text(&(found.line.span.start..place.start)),
        &command,
        tab.text(&(place.end..found.line.span.end)),
    ]
    .concat();
    prove(tab, found, &line, &script)?;
    Ok(line)
}

/// What comes before the job: `exec beat NAME … --`, as the shell reads it.
fn head(
    tab: &Crontab<'_>,
    found: &JobLine<'_>,
    adoption: &Adoption<'_>,
) -> Result<Vec<u8>, Refusal> {
    let mut words: Vec<Vec<u8>> = vec![
        b"exec".to_vec(),
        adoption.beat.as_os_str().as_bytes().to_vec(),
        adoption.job.as_str().into(),
    ];
    match adoption.pace {
        Pace::Every(interval) => words.extend([b"--every".to_vec(), interval.to_string().into()]),
        Pace::Line { zone } => {
            let text = tab.schedule(&found.job.when);
            if text == "@reboot" {
                return Err(Refusal::Reboot);
            }
            if let Err(error) = Schedule::cron(&text) {
                return Err(Refusal::Schedule(error.to_string()));
            }
            words.extend([b"--cron".to_vec(), text.into_owned().into()]);
            if let Some(zone) = zone {
                words.extend([b"--tz".to_vec(), zone.into()]);
            }
        }
    }
    words.extend(adoption.options.iter().map(|option| option.clone().into()));
    if words.iter().flatten().any(|b| matches!(b, b'\n' | 0)) {
        return Err(Refusal::NewlineInOption);
    }
    let mut head = words
        .iter()
        .map(|word| quote(word))
        .collect::<Vec<_>>()
        .join(&b' ');
    head.extend_from_slice(b" --");
    Ok(head)
}

/// A text so that cron hands it on as it is.
fn escape(text: &[u8]) -> Vec<u8> {
    let mut written = Vec::with_capacity(text.len());
    for byte in text {
        if matches!(byte, b'%' | b'\\') {
            written.push(b'\\');
        }
        written.push(*byte);
    }
    written
}

/// A command as it is written in a crontab, for a place in single quotes of the same
/// line. Cron reads `'\''` as it is, and a `\` before a quote too.
fn in_single_quotes(written: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(written.len());
    for byte in written {
        match byte {
            b'\'' => text.extend_from_slice(b"'\\''"),
            byte => text.push(*byte),
        }
    }
    text
}

/// Reads the new line by the parsers and compares: only the command differs, and the
/// shell is given the very words that were meant.
fn prove(
    tab: &Crontab<'_>,
    found: &JobLine<'_>,
    line: &[u8],
    script: &[u8],
) -> Result<(), Refusal> {
    let new = Crontab::parse(line, tab.dialect());
    let job = match new.lines() {
        [
            Line {
                kind: Kind::Job(job),
                ..
            },
        ] => job,
        [
            Line {
                kind: Kind::Malformed(why),
                ..
            },
        ] => return Err(Refusal::NoLine(why.to_string())),
        _ => return Err(Refusal::Unproved),
    };
    let old = found.job;
    let text = |span: &Option<_>| span.as_ref().map(|span| tab.text(span));
    let same = tab.schedule(&old.when) == new.schedule(&job.when)
        && text(&old.user) == job.user.as_ref().map(|span| new.text(span))
        && text(&old.input) == job.input.as_ref().map(|span| new.text(span));
    let given = unescape(new.text(&job.command));
    if same && command::runs(&given, script, &found.settings) {
        Ok(())
    } else {
        Err(Refusal::Unproved)
    }
}

/// How a line should call `beat`: by its name where the line's path finds the
/// installed one, else by its whole path.
#[must_use]
pub fn beat_for(path: &[u8], installed: &Path, look: &dyn Look) -> PathBuf {
    let real = look.resolved(installed);
    for dir in path.split(|b| *b == b':') {
        if !dir.starts_with(b"/") {
            break;
        }
        let there = Path::new(OsStr::from_bytes(dir)).join("beat");
        let Some(resolved) = look.resolved(&there) else {
            continue;
        };
        if there == installed || Some(&resolved) == real.as_ref() {
            return "beat".into();
        }
        break;
    }
    installed.to_owned()
}

/// The file with some of its lines replaced, each by its number.
#[must_use]
pub fn replace(tab: &Crontab<'_>, lines: &[(usize, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(tab.bytes().len());
    for line in tab.lines() {
        match lines.iter().find(|(number, _)| *number == line.number) {
            Some((_, new)) => bytes.extend_from_slice(new),
            None => bytes.extend_from_slice(tab.text(&line.span)),
        }
    }
    bytes
}
