//! The record of what `beat-adopt` found on a host: how many of the jobs that it
//! schedules leave a beat, which do not, and what is wrong. Written by `beat-adopt
//! --record`, read by the reporter. It holds no command lines, so no secrets. Versioned;
//! a version only ever gains keys.

use serde::{Deserialize, Serialize};

/// Where the record lies on a host.
pub const COVERAGE_FILE: &str = "/var/lib/beat-adopt/coverage.json";

/// What was found, version 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageRecord {
    /// Version of this schema: 1.
    pub v: u32,
    /// Name and version of the program.
    pub tool: String,
    /// Name of the host.
    pub host: String,
    /// When the clock was read, RFC 3339 UTC.
    pub now: String,
    /// How many of what.
    pub counts: CoverageCounts,
    /// The jobs that run and leave no beat, in the order of their places.
    pub lacking: Vec<CoverageJob>,
    /// What is wrong with jobs and with the files that define them.
    pub findings: Vec<CoverageFinding>,
    /// What could not be seen, in words; jobs may be hidden there.
    pub unseen: Vec<String>,
}

/// How many of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CoverageCounts {
    /// Jobs that run.
    pub jobs: u64,
    /// Of those: jobs that leave a beat.
    pub beats: u64,
    /// Of those: jobs that the manifest of expected jobs knows.
    pub expected: u64,
    /// Jobs that are there and will not run: timers that are not enabled.
    pub not_enabled: u64,
    /// Findings.
    pub findings: u64,
}

/// A job by its name and place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageJob {
    /// The name that its beat has or would have.
    pub job: String,
    /// Whose job it is.
    pub user: String,
    /// Where it is defined: `file:line`.
    pub place: String,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoverageFinding {
    /// A word that stays the same for this kind of finding: `cron-mode`.
    pub code: String,
    /// Where: `file:line` or `file`.
    pub place: String,
    /// What is wrong, a sentence.
    pub says: String,
    /// What to do, a sentence.
    pub fix: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_is_read_back_and_may_gain_keys() {
        let record = CoverageRecord {
            v: 1,
            tool: "beat-adopt 0.1.0".into(),
            host: "bezalel".into(),
            now: "2026-11-24T02:00:00Z".into(),
            counts: CoverageCounts {
                jobs: 2,
                beats: 1,
                ..CoverageCounts::default()
            },
            lacking: vec![CoverageJob {
                job: "backup".into(),
                user: "root".into(),
                place: "/etc/crontab:3".into(),
            }],
            findings: vec![CoverageFinding {
                code: "cron-mode".into(),
                place: "/etc/cron.d/x".into(),
                says: "Cron ignores this file.".into(),
                fix: "Run chmod.".into(),
            }],
            unseen: vec![],
        };
        let mut value = serde_json::to_value(&record).unwrap();
        value["later"] = "more".into();
        let back: CoverageRecord = serde_json::from_value(value).unwrap();
        assert_eq!(back, record);
    }
}
