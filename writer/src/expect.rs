//! What is expected of a run that exited 0: that it did something.

use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use rustix::fs::{AtFlags, CWD, statat};
use rustix::time::Timespec;

use crate::args::{Expect, ExpectedFile};
use crate::capture::Capture;

/// An expectation that was broken.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Broken {
    /// The word for it in the beat.
    pub(crate) reason: &'static str,
    /// The same for people, completing "it exited 0, but …".
    pub(crate) what: String,
}

/// What was checked.
#[derive(Debug, Default)]
pub(crate) struct Checked {
    /// What held, in the words of the beat.
    pub(crate) held: Vec<&'static str>,
    /// An option that could not be checked.
    pub(crate) unseen: Option<&'static str>,
}

/// Checks all of it; the first that is broken counts. `started` is of the clock that
/// files are dated by.
pub(crate) fn check(
    expect: &Expect,
    capture: &Capture,
    took: Option<Duration>,
    started: Timespec,
) -> Result<Checked, Broken> {
    let mut checked = Checked::default();
    let mut hold = |word, option, holds: Option<bool>, reason, what: &dyn Fn() -> String| {
        match holds {
            Some(true) => checked.held.push(word),
            None => checked.unseen = Some(option),
            Some(false) => {
                return Err(Broken {
                    reason,
                    what: what(),
                });
            }
        }
        Ok(())
    };
    if expect.output {
        let what = || "nothing came out".to_owned();
        hold(
            "output",
            "--expect-output",
            capture.any(),
            "no_output",
            &what,
        )?;
    }
    if let Some(text) = &expect.text {
        let what = || format!("{:?} did not come out", String::from_utf8_lossy(text));
        hold(
            "text",
            "--expect-text",
            capture.found(),
            "text_missing",
            &what,
        )?;
    }
    if let Some(least) = expect.min_duration {
        let enough = took.map(|took| took >= least);
        let took = took.unwrap_or_default().as_millis();
        let what = || {
            format!(
                "it took {took} ms and should take {} at least",
                least.as_millis()
            )
        };
        hold("min_duration", "--min-duration", enough, "too_quick", &what)?;
    }
    for wanted in &expect.files {
        file(wanted, started)?;
    }
    if !expect.files.is_empty() {
        checked.held.push("file");
    }
    Ok(checked)
}

fn file(wanted: &ExpectedFile, started: Timespec) -> Result<(), Broken> {
    let broken = |reason, what: String| {
        let path = wanted.path.display();
        Err(Broken {
            reason,
            what: format!("{path} {what}"),
        })
    };
    let Ok(stat) = statat(CWD, wanted.path.as_os_str().as_bytes(), AtFlags::empty()) else {
        return broken("file_missing", "is not there".into());
    };
    if wanted.newer && !since(stat.st_mtime, stat.st_mtime_nsec, started) {
        return broken("file_old", "was not written by this run".into());
    }
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    if size < wanted.min {
        let least = wanted.min;
        return broken(
            "file_small",
            format!("has {size} bytes and should have {least} at least"),
        );
    }
    Ok(())
}

/// Whether a file was written since then. Some file systems keep whole seconds only, or
/// every other one.
fn since(seconds: i64, nanoseconds: u64, started: Timespec) -> bool {
    if nanoseconds == 0 {
        return seconds + 1 >= started.tv_sec;
    }
    (seconds, nanoseconds) >= (started.tv_sec, started.tv_nsec.unsigned_abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn written_since() {
        let started = Timespec {
            tv_sec: 100,
            tv_nsec: 500,
        };
        for (seconds, nanoseconds, expected) in [
            (100, 500, true),
            (100, 499, false),
            (99, 999, false),
            (101, 1, true),
            // Kept to the second, or to every other one.
            (100, 0, true),
            (99, 0, true),
            (98, 0, false),
        ] {
            assert_eq!(
                since(seconds, nanoseconds, started),
                expected,
                "{seconds}.{nanoseconds}"
            );
        }
    }
}
