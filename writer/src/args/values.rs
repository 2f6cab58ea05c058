//! What stands behind the options that say how a command is run.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::PathBuf;
use std::time::Duration;

use heartbeat::read_duration;

use super::Overlap;
use crate::message::Refusal;

/// The longest text that is looked for.
const MAX_TEXT: usize = 1_024;

/// A file that a run must leave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExpectedFile {
    /// Where, seen from where the run starts.
    pub path: PathBuf,
    /// Whether this run must have written it.
    pub newer: bool,
    /// The least size in bytes.
    pub min: u64,
}

pub(super) fn length(given: &OsStr, option: &str) -> Result<Duration, Refusal> {
    let example = || format!("for example: {option} 30m");
    match read_duration(&given.to_string_lossy()) {
        Ok(Duration::ZERO) => Err(Refusal::usage(
            format!("{option}: a time of 0 says nothing"),
            example(),
        )),
        Ok(length) => Ok(length),
        Err(error) => Err(Refusal::usage(format!("{option}: {error}"), example())),
    }
}

pub(super) fn overlap(given: &OsStr) -> Result<Overlap, Refusal> {
    match given.as_bytes() {
        b"allow" => Ok(Overlap::Allow),
        b"skip" => Ok(Overlap::Skip),
        b"wait" => Ok(Overlap::Wait),
        _ => Err(Refusal::usage(
            format!("--overlap: {given:?} is none of skip, wait and allow"),
            "skip leaves the run out, wait starts it after the one that is going",
        )),
    }
}

pub(super) fn skip_code(given: &OsStr) -> Result<i32, Refusal> {
    match given.to_str().and_then(|text| text.parse().ok()) {
        Some(code @ 1..=255) => Ok(code),
        _ => Err(Refusal::usage(
            format!("--skip-code: {given:?} is not an exit code"),
            "exit codes go from 1 to 255; 0 is a success",
        )),
    }
}

pub(super) fn text(given: OsString) -> Result<Vec<u8>, Refusal> {
    let text = given.into_vec();
    if text.is_empty() || text.len() > MAX_TEXT {
        return Err(Refusal::usage(
            format!("--expect-text: the text is {} bytes long", text.len()),
            format!("look for 1 to {MAX_TEXT} bytes, for example: --expect-text done"),
        ));
    }
    Ok(text)
}

/// `PATH[,newer][,min=SIZE]`.
pub(super) fn file(given: &OsStr) -> Result<ExpectedFile, Refusal> {
    let mut rest = given.as_bytes();
    let mut file = ExpectedFile {
        path: PathBuf::new(),
        newer: false,
        min: 0,
    };
    let refuse = |what: String| {
        Refusal::usage(
            format!("--expect-file: {what}"),
            "for example: --expect-file /srv/dump.sql,newer,min=10M",
        )
    };
    while let Some(comma) = rest.iter().rposition(|b| *b == b',') {
        let word = &rest[comma + 1..];
        if word == b"newer" {
            file.newer = true;
        } else if let Some(text) = word.strip_prefix(b"min=") {
            file.min = size(text).ok_or_else(|| {
                refuse(format!(
                    "{:?} is no size; write 500, 10K, 10M or 2G",
                    OsStr::from_bytes(text)
                ))
            })?;
        } else if word.iter().all(|b| b.is_ascii_lowercase() || *b == b'=') {
            return Err(refuse(format!(
                "{:?} is neither newer nor min=SIZE",
                OsStr::from_bytes(word)
            )));
        } else {
            break;
        }
        rest = &rest[..comma];
    }
    if rest.is_empty() || rest.contains(&0) {
        return Err(refuse("no path is named".into()));
    }
    file.path = OsStr::from_bytes(rest).into();
    Ok(file)
}

/// Bytes, or units of 1,024.
fn size(text: &[u8]) -> Option<u64> {
    let (digits, shift) = match text.split_last()? {
        (b'K', digits) => (digits, 10),
        (b'M', digits) => (digits, 20),
        (b'G', digits) => (digits, 30),
        _ => (text, 0),
    };
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number: u64 = std::str::from_utf8(digits).ok()?.parse().ok()?;
    number.checked_mul(1 << shift)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_with_what_is_asked_of_them() {
        let table = [
            ("/a", ("/a", false, 0)),
            ("/a,newer", ("/a", true, 0)),
            ("/a,min=1", ("/a", false, 1)),
            ("a,newer,min=10M", ("a", true, 10 << 20)),
            ("a,min=2G,newer", ("a", true, 2 << 30)),
            ("a,b.txt,newer", ("a,b.txt", true, 0)),
            ("a b,min=5K", ("a b", false, 5 << 10)),
            ("a,B", ("a,B", false, 0)),
        ];
        for (given, (path, newer, min)) in table {
            let path = path.into();
            let expected = ExpectedFile { path, newer, min };
            assert_eq!(file(OsStr::new(given)).unwrap(), expected, "{given}");
        }
    }

    #[test]
    fn files_that_are_refused() {
        for (given, message) in [
            ("", "no path is named"),
            (",newer", "no path is named"),
            ("/a,newr", "\"newr\" is neither newer nor min=SIZE"),
            ("/a,", "\"\" is neither newer nor min=SIZE"),
            ("/a,min=", "\"\" is no size; write 500, 10K, 10M or 2G"),
            ("/a,min=K", "\"K\" is no size; write 500, 10K, 10M or 2G"),
            ("/a,min=-1", "\"-1\" is no size; write 500, 10K, 10M or 2G"),
            ("/a,min=1X", "\"1X\" is no size; write 500, 10K, 10M or 2G"),
            (
                "/a,min=99999999999999999999",
                "\"99999999999999999999\" is no size; write 500, 10K, 10M or 2G",
            ),
            (
                "/a,min=18446744073709551615G",
                "\"18446744073709551615G\" is no size; write 500, 10K, 10M or 2G",
            ),
        ] {
            let refused = file(OsStr::new(given)).unwrap_err().message;
            assert_eq!(refused, format!("--expect-file: {message}"), "{given}");
        }
    }
}
