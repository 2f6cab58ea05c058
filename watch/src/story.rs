//! The one story of an outage: when the host was gone, and which runs were missed.

use chrono::{DateTime, TimeDelta, Utc};

use crate::{JobState, MissedLine, Outage, OutageLine, Outages, WireOutage};

/// Jobs that are listed for an outage.
const LISTED: usize = 100;
/// An outage is told for so long.
const TOLD: TimeDelta = TimeDelta::days(2);

/// The outages of the last two days, newest first, each with the jobs that were due
/// in it and have not succeeded since.
#[must_use]
pub fn stories(outages: &Outages, states: &[JobState], now: DateTime<Utc>) -> Vec<OutageLine> {
    let young = outages.all().iter().rev();
    young
        .filter(|outage| outage.to <= now && now - outage.to <= TOLD)
        .map(|outage| story(outage, states))
        .collect()
}

fn story(outage: &Outage, states: &[JobState]) -> OutageLine {
    let mut missed: Vec<MissedLine> = Vec::new();
    let mut left_out = 0;
    for state in states {
        let runs = missed_in(outage, state);
        if runs == 0 {
            continue;
        }
        if missed.len() == LISTED {
            left_out += 1;
            continue;
        }
        missed.push(MissedLine {
            job: state.key.job.to_string(),
            user: state.key.user().to_owned(),
            runs,
        });
    }
    missed.sort_by(|a, b| (&a.job, &a.user).cmp(&(&b.job, &b.user)));
    OutageLine {
        outage: WireOutage::from(outage),
        missed,
        left_out,
    }
}

/// How many runs of a job fell into an outage and were not made up for.
fn missed_in(outage: &Outage, state: &JobState) -> u64 {
    let (Some(from), Some(last)) = (outage.from, state.last_success) else {
        return 0;
    };
    if last >= outage.to {
        return 0;
    }
    if let Some(scheduled) = &state.scheduled {
        return scheduled
            .runs
            .count(from.max(last), outage.to, 1_000)
            .into();
    }
    let Some(interval) = state.interval else {
        return 0;
    };
    let whole = |until: DateTime<Utc>| {
        let since = (until - last).to_std().unwrap_or_default();
        since.as_secs() / u64::from(interval.seconds())
    };
    whole(outage.to).saturating_sub(whole(from))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use heartbeat::{Interval, Schedule};

    use super::*;
    use crate::{Due, JobKey, Judgement, OutageKind, Runs, Verdict, Zone};

    fn at(text: &str) -> DateTime<Utc> {
        format!("2026-11-22T{text}:00Z").parse().unwrap()
    }

    fn state(job: &str, due: Due, last: &str) -> JobState {
        let judged = Judgement {
            due: Some(due),
            last_success: Some(at(last)),
            ..Judgement::new(Verdict::Late)
        };
        JobState::new(JobKey::new("h", "root", job.parse().unwrap()), judged)
    }

    #[test]
    fn what_was_due_in_it_and_not_made_up_for_is_told() {
        let every = |seconds| Due::Interval(Interval::from_seconds(seconds).unwrap());
        let cron = |text| {
            let runs = Runs::new(Schedule::parse(text).unwrap(), Zone::utc()).unwrap();
            Due::Runs(runs.into())
        };
        let states = [
            state("hourly", every(3_600), "01:30"),
            state("caught_up", every(3_600), "09:10"),
            state("daily", every(86_400), "00:10"),
            state("nightly", cron("0 2,4 * * *"), "00:30"),
            state("noon", cron("0 12 * * *"), "00:30"),
        ];
        let off = Outage {
            kind: OutageKind::Off,
            from: Some(at("01:45")),
            to: at("09:00"),
            lost: Duration::from_secs(26_100),
        };
        let outages = Outages::new(vec![off]);
        let told = stories(&outages, &states, at("09:15"));
        let lines: Vec<String> = told[0]
            .missed
            .iter()
            .map(|line| format!("{} {}", line.job, line.runs))
            .collect();
        assert_eq!(lines, ["hourly 7", "nightly 2"]);
        // More than a hundred are counted.
        let many: Vec<_> = (0..=LISTED + 1)
            .map(|at| state(&format!("j{at}"), every(3_600), "01:30"))
            .collect();
        let told = stories(&outages, &many, at("09:15"));
        assert_eq!((told[0].missed.len(), told[0].left_out), (LISTED, 2));
        let later = at("09:15") + TimeDelta::days(2);
        assert_eq!(stories(&outages, &states, later), []);
    }
}
