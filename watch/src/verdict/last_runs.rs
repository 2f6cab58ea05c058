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
