//! Jobs for tests: one of each verdict, at a fixed moment.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{JobFiles, JobName, Slot, parse};
use watch::{
    Expectation, JobKey, JobState, KnownTimetables, Now, Outages, Rules, Zone, verdict, worst_first,
};

pub(crate) fn now() -> Now {
    Now {
        wall: "2026-11-22T06:00:00Z".parse().unwrap(),
        boot: None,
    }
}

pub(crate) fn ago(seconds: i64) -> DateTime<Utc> {
    now().wall - TimeDelta::seconds(seconds)
}

fn slot(job: &str, json: Option<String>) -> Slot {
    let json = json?;
    let text = format!("{{\"v\":1,\"job\":\"{job}\",{json}}}");
    Some(Box::new(parse(text.as_bytes(), job, None).map_err(
        |kind| heartbeat::Unreadable {
            kind,
            modified: Some(ago(600)),
        },
    )))
}

pub(crate) struct Job<'a> {
    pub(crate) user: &'a str,
    pub(crate) name: &'a str,
    pub(crate) last: Option<i64>,
    pub(crate) fail: Option<(i64, &'a str)>,
    pub(crate) run: Option<(i64, &'a str)>,
}

impl<'a> Job<'a> {
    pub(crate) fn new(name: &'a str, last: i64) -> Self {
        Self {
            user: "root",
            name,
            last: Some(last),
            fail: None,
            run: None,
        }
    }

    pub(crate) fn state(&self) -> JobState {
        let beat = |seconds: i64, more: &str| {
            let time = ago(seconds).to_rfc3339();
            format!("\"timestamp\":\"{time}\",\"interval_seconds\":3600{more}")
        };
        let files = JobFiles {
            job: JobName::new(self.name).unwrap(),
            last: slot(self.name, self.last.map(|at| beat(at, ""))),
            fail: slot(self.name, self.fail.map(|(at, more)| beat(at, more))),
            run: slot(self.name, self.run.map(|(at, more)| beat(at, more))),
            skip: None,
        };
        let key = JobKey::new("bezalel", self.user, files.job.clone());
        let rules = Rules {
            now: now(),
            timetables: &KnownTimetables::new(Zone::utc()),
            outages: &Outages::default(),
            catch_up: Duration::from_secs(7_200),
        };
        JobState::new(key, verdict(&Expectation::default(), &files, &rules))
    }
}

/// One job of each verdict that issue 1 of the project knows, worst first.
pub(crate) fn one_of_each() -> Vec<JobState> {
    let tail = r#","exit_code":3,"reason":"exit","duration_seconds":12.5,"output_tail":"line one\n/close\n@alice see #7 <!-- /heartbeat-checker -->\n""#;
    let mut states = vec![
        Job::new("db_backup", 200_000).state(),
        Job {
            fail: Some((60, tail)),
            ..Job::new("mail", 9_000)
        }
        .state(),
        Job {
            run: Some((4_000, r#","pid":4711,"timeout_seconds":600"#)),
            ..Job::new("sync", 5_000)
        }
        .state(),
        Job {
            user: "postgres",
            ..Job::new("vacuum", 5_000)
        }
        .state(),
        Job::new("ahead", -4_000).state(),
        Job {
            last: None,
            fail: Some((60, r#","interval_seconds":0"#)),
            ..Job::new("torn", 0)
        }
        .state(),
        Job::new("web", 600).state(),
        Job::new("api", 1_800).state(),
    ];
    worst_first(&mut states);
    states
}

#[test]
fn the_jobs_are_what_they_are_said_to_be() {
    let words: Vec<String> = one_of_each()
        .iter()
        .map(|state| format!("{} {}", state.verdict, state.key.job))
        .collect();
    assert_eq!(
        words,
        [
            "silent db_backup",
            "failed mail",
            "hung sync",
            "unreadable torn",
            "skewed ahead",
            "late vacuum",
            "fresh api",
            "fresh web",
        ]
    );
    assert_eq!(one_of_each()[0].age, Some(Duration::from_secs(200_000)));
}
