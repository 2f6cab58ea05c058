//! Titles of issues: stable, so that people recognise them, and never used to
//! tell one issue from another where there is a marker.

use crate::{JobKey, Verdict};

/// What every title begins with.
pub(crate) const PREFIX: &str = "[heartbeat-checker] ";

/// The title of an issue about one job.
#[must_use]
pub fn title(key: &JobKey, verdict: Verdict) -> String {
    let what = match verdict {
        Verdict::Failed => "failed",
        Verdict::Hung => "hangs",
        Verdict::Never => "never succeeded",
        Verdict::Idle => "runs and does nothing",
        Verdict::Skewed => "has a beat from the future",
        Verdict::Unreadable => "has a beat that cannot be read",
        Verdict::Silent | Verdict::Fresh | Verdict::Waiting | Verdict::Late => "is silent",
    };
    format!("{PREFIX}{} {what} on {}", key.shown(), key.host())
}

/// The title of the umbrella issue of a host.
#[must_use]
pub fn storm_title(host: &str) -> String {
    format!("{PREFIX}many jobs need attention on {host}")
}
