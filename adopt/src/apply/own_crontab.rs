//! The crontab of the user who runs this, by the program `crontab`: a plain user has
//! no other way to it.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use super::ApplyError;

/// How it is called for people.
const CALLED: &str = "your crontab";

/// What `crontab -l` says; nothing where there is no crontab.
///
/// # Errors
/// When there is no such program or it refuses; when it does not show the file as it
/// is, so that it could not be put back.
pub fn list() -> Result<Vec<u8>, ApplyError> {
    let output = run(&["-l".into()], None).map_err(|e| error("read", &e))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return if said.contains("no crontab for") {
            Ok(Vec::new())
        } else {
            Err(refused("read", &said))
        };
    }
    // It shows a carriage return and a backspace as a backslash and a letter.
    let escaped = |letter: u8| {
        let pair = [b'\\', letter];
        output.stdout.windows(2).any(|w| w == pair)
    };
    if escaped(b'r') || escaped(b'b') {
        return Err(refused(
            "read",
            "it may hold carriage returns, which crontab -l hides",
        )
        .hint("edit it by crontab -e, and let it hold neither \\r nor \\b"));
    }
    Ok(output.stdout)
}

/// Puts new bytes in its place and looks that they are there.
pub(super) fn replace(new: &[u8]) -> Result<(), ApplyError> {
    let output = run(&["-".into()], Some(new)).map_err(|e| error("write", &e))?;
    if !output.status.success() {
        return Err(refused(
            "write",
            String::from_utf8_lossy(&output.stderr).trim(),
        ));
    }
    if list()? == new {
        Ok(())
    } else {
        Err(refused(
            "write",
            "crontab -l does not say what crontab was given",
        ))
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "crontab is the only way a plain user has to a crontab"
)]
fn run(args: &[OsString], input: Option<&[u8]>) -> io::Result<Output> {
    let mut child = Command::new("crontab")
        .args(args)
        .env("LC_ALL", "C")
        .stdin(if input.is_some() {
            Stdio::piped()
        } else {
            Stdio::null()
        })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    if let (Some(input), Some(mut stdin)) = (input, child.stdin.take()) {
        // It says itself what is wrong.
        let _ = stdin.write_all(input);
    }
    child.wait_with_output()
}

fn error(doing: &str, error: &io::Error) -> ApplyError {
    let known = ApplyError::io(doing, Path::new(CALLED), error);
    match error.kind() {
        io::ErrorKind::NotFound => known.hint("install cron, which brings the program crontab"),
        _ => known,
    }
}

fn refused(doing: &str, why: &str) -> ApplyError {
    ApplyError::new(doing, Path::new(CALLED), why)
}
