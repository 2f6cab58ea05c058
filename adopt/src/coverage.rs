//! Coverage: which jobs leave a beat, which the manifest knows, what is wrong; counted.
//! Made of what was found, of the store's names and of the manifest; looks nowhere.

use chrono::{DateTime, SecondsFormat, Utc};
use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use heartbeat::JobName;
use manifest::Manifest;
use watch::{CoverageCounts, CoverageFinding, CoverageJob, CoverageRecord, Zone};

use crate::beats::Store;
use crate::discover::Found;
use crate::error::{BLIND, LACKING, WELL};
use crate::finding::{Finding, Place};
use crate::job::{Job, Leaves, State};

/// All that is known of a host's jobs.
#[derive(Debug)]
pub struct Coverage {
    /// Name of the host.
    pub host: String,
    /// When the clock was read.
    pub now: DateTime<Utc>,
    /// The host's time zone, where it is known.
    pub zone: Option<Zone>,
    /// The jobs, in the order of their places.
    pub jobs: Vec<Job>,
    /// What is wrong, in the order of the places.
    pub findings: Vec<Finding>,
    /// What could not be seen.
    pub unseen: Vec<String>,
    /// What is good to know of what was looked at.
    pub notes: Vec<String>,
    /// How many of what.
    pub counts: CoverageCounts,
}

impl Coverage {
    /// Puts together what was found.
    #[must_use]
    pub fn new(
        host: String,
        now: DateTime<Utc>,
        zone: Option<Zone>,
        found: Found,
        store: &Store,
        manifest: &Manifest,
    ) -> Self {
        let Found {
            mut jobs,
            mut findings,
            mut unseen,
        } = found;
        for job in &mut jobs {
            if job.beat.is_none() && store.has(&job.user, &job.name) {
                job.beat = Some(Leaves::Store);
            }
            job.expected = manifest.get(&job.user, &job.name).is_some();
        }
        let mut counts = count(&jobs);
        findings.extend(twice(&jobs));
        if counts.not_enabled > 0 {
            findings.extend(nobody(&jobs));
        }
        for fault in &manifest.faults {
            findings.push(Finding::new(
                "manifest",
                Place::file(std::path::PathBuf::from(&fault.path)),
                format!(
                    "The manifest of expected jobs has a fault: {}.",
                    fault.brief()
                ),
                "beat-check config --check says more.",
            ));
        }
        if let Some(why) = &store.blind {
            unseen.push(format!("the store of beats: {why}"));
        }
        findings.sort_by(|a, b| a.place.cmp(&b.place));
        counts.findings = findings.len() as u64;
        Self {
            host,
            now,
            zone,
            jobs,
            findings,
            unseen,
            notes: Vec::new(),
            counts,
        }
    }

    /// The exit code that fits.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        if !self.unseen.is_empty() {
            BLIND
        } else if self.counts.jobs > self.counts.beats || !self.findings.is_empty() {
            LACKING
        } else {
            WELL
        }
    }

    /// The last line, for people: `38 of 41 jobs leave a beat; 2 not enabled`.
    #[must_use]
    pub fn summary(&self) -> String {
        let c = &self.counts;
        let some = |count: u64, one: &str, many: &str| match count {
            0 => String::new(),
            1 => format!("; 1 {one}"),
            n => format!("; {n} {many}"),
        };
        let head = match (c.jobs, c.beats) {
            (0, _) => "nothing is scheduled".to_owned(),
            (1, 1) => "the one job leaves a beat".to_owned(),
            (1, _) => "the one job leaves no beat".to_owned(),
            (all, beats) if all == beats => format!("all {all} jobs leave a beat"),
            (all, 0) => format!("none of {all} jobs leaves a beat"),
            (all, beats) => format!("{beats} of {all} jobs leave a beat"),
        };
        format!(
            "{head}{}{}{}",
            some(c.not_enabled, "not enabled", "not enabled"),
            some(c.findings, "finding", "findings"),
            some(
                self.unseen.len() as u64,
                "place could not be seen",
                "places could not be seen"
            ),
        )
    }

    /// The record for the reporter.
    #[must_use]
    pub fn record(&self) -> CoverageRecord {
        let lacking = self.jobs.iter().filter(|job| lacks(job));
        CoverageRecord {
            v: 1,
            tool: tool(),
            host: self.host.clone(),
            now: self.now.to_rfc3339_opts(SecondsFormat::Secs, true),
            counts: self.counts,
            lacking: lacking
                .map(|job| CoverageJob {
                    job: job.name.to_string(),
                    user: job.user.to_string(),
                    place: job.place.to_string(),
                })
                .collect(),
            findings: self
                .findings
                .iter()
                .map(|finding| CoverageFinding {
                    code: finding.code.to_owned(),
                    place: finding.place.to_string(),
                    says: finding.says.to_string(),
                    fix: finding.fix.to_string(),
                })
                .collect(),
            unseen: self.unseen.clone(),
        }
    }
}

/// Name and version of the program.
#[must_use]
pub fn tool() -> String {
    format!("beat-adopt {}", env!("CARGO_PKG_VERSION"))
}

/// Whether a job runs and leaves no beat.
#[must_use]
pub fn lacks(job: &Job) -> bool {
    job.state == State::Runs && job.beat.is_none()
}

fn count(jobs: &[Job]) -> CoverageCounts {
    let mut counts = CoverageCounts::default();
    for job in jobs {
        match job.state {
            State::Runs => {
                counts.jobs += 1;
                counts.beats += u64::from(job.beat.is_some());
                counts.expected += u64::from(job.expected);
            }
            State::Off(_) => counts.not_enabled += 1,
            State::Aside => {}
        }
    }
    counts
}

/// Jobs of one user that leave beats of one name: neither can be missed.
fn twice(jobs: &[Job]) -> Vec<Finding> {
    let mut seen: HashMap<(&str, &JobName), &Job> = HashMap::new();
    let mut found = Vec::new();
    let calling = jobs.iter().filter(|job| {
        job.named
            && job.state == State::Runs
            && matches!(job.beat, Some(Leaves::Line | Leaves::Unit))
    });
    for job in calling {
        match seen.entry((&job.user, &job.name)) {
            Entry::Vacant(place) => {
                place.insert(job);
            }
            Entry::Occupied(first) => found.push(Finding::new(
                "name-twice",
                job.place.clone(),
                format!(
                    "It leaves the same beat, {}, as {}: when one of them stops, the other hides it.",
                    job.name,
                    first.get().place
                ),
                "Give one of them a name of its own.",
            )),
        }
    }
    found
}

/// Jobs for which there is no cron.
fn nobody(jobs: &[Job]) -> Option<Finding> {
    let off =
        |job: &&Job| matches!(&job.state, State::Off(why) if **why == *crate::discover::NO_CRON);
    let count = jobs.iter().filter(off).count();
    let first = jobs.iter().find(off)?;
    Some(Finding::new(
        "cron-missing",
        first.place.clone(),
        match count {
            1 => "No cron is installed: this job never runs.".to_owned(),
            n => format!(
                "No cron is installed: this job and {} more never run.",
                n - 1
            ),
        },
        "Install cron, or use systemd timers.",
    ))
}
