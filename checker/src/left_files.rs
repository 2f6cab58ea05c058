//! The files that a job should leave, where its own run did not look at them.

use std::fs::metadata;
use std::io;
use std::path::Path;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use heartbeat::{Beat, JobFiles};
use watch::{Expected, FileExpectation};

/// What is wrong with the files that the last success should have left: one of the
/// reasons of a failure. A file that this user may not see is not judged.
#[must_use]
pub(crate) fn fault(expected: &Expected, files: &JobFiles) -> Option<&'static str> {
    let last = files.last.as_deref()?.as_ref().ok()?;
    let details = last.details.as_deref();
    let looked = details.is_some_and(|d| d.expectations.iter().any(|one| &**one == "file"));
    if looked {
        return None;
    }
    expected
        .expects
        .files
        .iter()
        .find_map(|file| one(file, last))
}

fn one(file: &FileExpectation, last: &Beat) -> Option<&'static str> {
    let found = match metadata(&file.path) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound && !is_private(&file.path) => {
            return Some("file_missing");
        }
        // Not to be seen from here, in a sandbox say: that is no fault of the job's.
        Err(_) => return None,
    };
    if file.min_bytes.is_some_and(|least| found.len() < least) {
        return Some("file_small");
    }
    let started = last.details.as_deref().and_then(|details| details.started);
    let changed = found.modified().ok().and_then(moment);
    let old = file.newer
        && started
            .zip(changed)
            .is_some_and(|(started, changed)| changed < started);
    old.then_some("file_old")
}

/// Folders of which a sandboxed service sees its own: what is missing there may well
/// be there for the job.
fn is_private(path: &Path) -> bool {
    let private = ["/tmp", "/var/tmp", "/home", "/root", "/run/user", "/dev"];
    private.iter().any(|dir| path.starts_with(dir)) && std::env::var_os("INVOCATION_ID").is_some()
}

fn moment(time: SystemTime) -> Option<DateTime<Utc>> {
    let since = time.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    DateTime::from_timestamp(i64::try_from(since.as_secs()).ok()?, since.subsec_nanos())
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use heartbeat::{JobName, parse};
    use watch::{Timing, Written};

    use super::*;

    fn files(more: &str) -> JobFiles {
        let text = format!("{{\"v\":1,\"job\":\"job\",\"timestamp\":1000000000{more}}}");
        JobFiles {
            job: JobName::new("job").unwrap(),
            last: Some(Box::new(Ok(parse(text.as_bytes(), "job", None).unwrap()))),
            fail: None,
            run: None,
            skip: None,
        }
    }

    fn expected(path: PathBuf, newer: bool, min_bytes: Option<u64>) -> Expected {
        let written = Written {
            file: std::sync::Arc::new("jobs.toml".into()),
            line: 1,
        };
        let every = Timing::Interval(heartbeat::Interval::from_seconds(60).unwrap());
        let mut expected = Expected::new("root", JobName::new("job").unwrap(), every, written);
        expected.expects.files = vec![FileExpectation {
            path,
            newer,
            min_bytes,
        }];
        expected
    }

    #[test]
    fn files_that_are_missing_small_or_old_are_faults() {
        let dir = tempfile::tempdir().unwrap();
        let there = dir.path().join("dump");
        std::fs::write(&there, "1234").unwrap();
        let missing = dir.path().join("none");
        let old = r#","started":"2999-01-01T00:00:00Z""#;
        for (path, newer, min, more, wrong) in [
            (&there, false, None, "", None),
            (&there, true, Some(4), "", None),
            (&there, false, Some(5), "", Some("file_small")),
            (&there, true, None, old, Some("file_old")),
            (&missing, false, None, "", Some("file_missing")),
            // The run looked at it itself.
            (&missing, false, None, r#","expectations":["file"]"#, None),
        ] {
            let expected = expected(path.clone(), newer, min);
            assert_eq!(fault(&expected, &files(more)), wrong, "{path:?} {more}");
        }
    }
}
