//! Where what a job's beat says differs from what the manifest says.

use heartbeat::{Beat, JobFiles};

use crate::{Expected, Timing};

/// What differs, in words that complete "`<place in the manifest>` …". The manifest
/// counts.
#[must_use]
pub fn conflict(expected: &Expected, files: &JobFiles) -> Option<String> {
    let last: &Beat = files.last.as_deref()?.as_ref().ok()?;
    let details = last.details.as_deref();
    let schedule = details.and_then(|details| details.schedule.as_deref());
    let job = &expected.job;
    let differs = |ours: String, theirs: String| {
        format!(
            "expects {job} {ours}, its beat says {theirs}; the manifest counts: make both say the same"
        )
    };
    let every = |what: &dyn std::fmt::Display| format!("every {what}");
    let differing = match (&expected.timing, last.interval, schedule) {
        (Timing::Interval(ours), _, Some(theirs)) => Some((every(ours), format!("{theirs:?}"))),
        (Timing::Interval(ours), Some(theirs), None) if *ours != theirs => {
            Some((every(ours), every(&theirs)))
        }
        (Timing::Schedule(ours), _, Some(theirs)) if ours.schedule().as_text() != theirs => Some((
            format!("{:?}", ours.schedule().as_text()),
            format!("{theirs:?}"),
        )),
        _ => None,
    };
    if let Some((ours, theirs)) = differing {
        return Some(differs(ours, theirs));
    }
    // What only the wrapper can see, it must have been told to look for.
    let checked = details.map_or(&[][..], |details| &details.expectations);
    let unseen = expected.expects.text.is_some() && !checked.iter().any(|one| &**one == "text");
    unseen.then(|| {
        format!(
            "expects a text in the output of {job}, and its runs are not looked at for it: give its beat --expect-text"
        )
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use heartbeat::{Details, Schedule};

    use super::*;
    use crate::{Runs, Written, Zone};

    fn job(timing: Timing) -> Expected {
        let place = Written {
            file: Arc::new("/etc/heartbeat/jobs.d/a.toml".into()),
            line: 7,
        };
        Expected::new("root", "backup".parse().unwrap(), timing, place)
    }

    fn every(text: &str) -> Timing {
        Timing::Interval(text.parse().unwrap())
    }

    fn cron(text: &str) -> Timing {
        let runs = Runs::new(Schedule::parse(text).unwrap(), Zone::utc()).unwrap();
        Timing::Schedule(Arc::new(runs))
    }

    /// The files of a job whose last beat says this.
    fn beat(interval: Option<&str>, schedule: Option<&str>, checked: &[&str]) -> JobFiles {
        let details = Details {
            schedule: schedule.map(Into::into),
            expectations: checked.iter().map(|one| (*one).into()).collect(),
            ..Details::default()
        };
        let last = Beat {
            timestamp: "2026-11-22T02:00:00Z".parse().unwrap(),
            interval: interval.map(|text| text.parse().unwrap()),
            boot: None,
            details: (details != Details::default()).then(|| Box::new(details)),
        };
        JobFiles {
            job: "backup".parse().unwrap(),
            last: Some(Box::new(Ok(last))),
            fail: None,
            run: None,
            skip: None,
        }
    }

    #[test]
    fn what_beat_and_manifest_say_differently_is_told() {
        for (timing, files, said) in [
            (every("1d"), beat(Some("1d"), None, &[]), None),
            (every("1d"), beat(None, None, &[]), None),
            (
                every("1d"),
                beat(Some("1h"), None, &[]),
                Some(("every 1d", "every 1h")),
            ),
            (
                every("1d"),
                beat(Some("1d"), Some("@daily"), &[]),
                Some(("every 1d", "\"@daily\"")),
            ),
            (
                cron("0 2 * * *"),
                beat(Some("1d"), Some("0 2 * * *"), &[]),
                None,
            ),
            (cron("0 2 * * *"), beat(Some("1d"), None, &[]), None),
            (
                cron("0 2 * * *"),
                beat(Some("1d"), Some("0 3 * * *"), &[]),
                Some(("\"0 2 * * *\"", "\"0 3 * * *\"")),
            ),
        ] {
            let expected = said.map(|(ours, theirs)| {
                format!(
                    "expects backup {ours}, its beat says {theirs}; the manifest counts: make both say the same"
                )
            });
            assert_eq!(conflict(&job(timing), &files), expected);
        }
    }

    #[test]
    fn a_text_that_no_run_is_looked_at_for_is_told() {
        let mut job = job(every("1d"));
        let unseen = beat(Some("1d"), None, &["output"]);
        assert_eq!(conflict(&job, &unseen), None);
        job.expects.text = Some("done".into());
        assert_eq!(
            conflict(&job, &unseen).as_deref(),
            Some(
                "expects a text in the output of backup, and its runs are not looked at for it: give its beat --expect-text"
            )
        );
        let seen = beat(Some("1d"), None, &["output", "text"]);
        assert_eq!(conflict(&job, &seen), None);
    }
}
