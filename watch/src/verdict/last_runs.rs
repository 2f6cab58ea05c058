//! What a job's files tell of its last runs, beyond the last success.

use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::{Beat, JobFiles, Slot};

/// The last runs of a job, as far as its files tell.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LastRuns {
    /// How long the last success took.
    pub took: Option<Duration>,
    /// When it last failed, and how, in few words: `exit code 3`.
    pub failed: Option<(DateTime<Utc>, Box<str>)>,
    /// When it last found nothing to do.
    pub skipped: Option<DateTime<Utc>>,
}

impl LastRuns {
    pub(super) fn of(files: &JobFiles) -> Option<Box<Self>> {
        let beat = |slot: &'_ Slot| -> Option<Beat> { slot.as_deref()?.as_ref().ok().cloned() };
        let took = files
            .last
            .as_deref()
            .and_then(|last| last.as_ref().ok()?.details.as_ref()?.duration);
        if took.is_none() && files.fail.is_none() && files.skip.is_none() {
            return None;
        }
        let failed = beat(&files.fail).map(|fail| {
            let details = fail.details.unwrap_or_default();
            let how = match (&details.signal, details.exit_code, &details.reason) {
                (Some(signal), _, _) => format!("signal {signal}"),
                (None, Some(code), None) => format!("exit code {code}"),
                (None, Some(code), Some(reason)) if &**reason == "exit" => {
                    format!("exit code {code}")
                }
                (None, _, Some(reason)) => reason.replace('_', " "),
                (None, None, None) => "no reason given".to_owned(),
            };
            (fail.timestamp, how.into_boxed_str())
        });
        let skipped = beat(&files.skip).map(|skip| skip.timestamp);
        Some(Box::new(Self {
            took,
            failed,
            skipped,
        }))
    }
}

#[cfg(test)]
mod tests {
    use heartbeat::parse;

    use super::*;

    fn beat(rest: &str) -> Slot {
        let line = format!(r#"{{"v":1,"job":"j","timestamp":"2026-11-22T02:00:00Z"{rest}}}"#);
        Some(Box::new(Ok(parse(line.as_bytes(), "j", None).unwrap())))
    }

    fn files(last: Slot, fail: Slot, skip: Slot) -> JobFiles {
        JobFiles {
            job: "j".parse().unwrap(),
            last,
            fail,
            run: None,
            skip,
        }
    }

    #[test]
    fn how_it_failed_in_few_words() {
        for (rest, how) in [
            ("", "no reason given"),
            (r#","exit_code":3"#, "exit code 3"),
            (r#","exit_code":3,"reason":"exit""#, "exit code 3"),
            (r#","exit_code":0,"reason":"expect_text""#, "expect text"),
            (r#","reason":"timeout""#, "timeout"),
            (r#","signal":"SIGKILL""#, "signal SIGKILL"),
        ] {
            let told = LastRuns::of(&files(None, beat(rest), None)).unwrap();
            let at: DateTime<Utc> = "2026-11-22T02:00:00Z".parse().unwrap();
            assert_eq!(told.failed, Some((at, how.into())), "{rest}");
            assert_eq!((told.took, told.skipped), (None, None));
        }
    }

    #[test]
    fn nothing_is_kept_of_a_success_that_does_not_say_how_long_it_took() {
        assert_eq!(LastRuns::of(&files(beat(""), None, None)), None);
        assert_eq!(LastRuns::of(&files(None, None, None)), None);
        let took = LastRuns::of(&files(beat(r#","duration_seconds":2.5"#), None, None));
        let expected = Duration::from_millis(2_500);
        assert_eq!(took.map(|told| told.took), Some(Some(expected)));
        let skipped = LastRuns::of(&files(beat(""), None, beat(""))).unwrap();
        assert!(skipped.skipped.is_some() && skipped.failed.is_none());
    }
}
