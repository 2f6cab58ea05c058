//! Times in which the host could run no job, each as one story, from the checker's
//! record. Pure.

use std::collections::HashSet;

use chrono::{DateTime, TimeDelta, Utc};
use watch::{JobState, MissedLine, Outage, PassRecord};

/// For how long an outage is told.
const TOLD: TimeDelta = TimeDelta::days(2);
/// How far clocks may differ.
const TOLERANCE: TimeDelta = TimeDelta::seconds(60);

/// An outage and what was missed in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outaged {
    /// When, and why.
    pub outage: Outage,
    /// Jobs that missed runs in it and have not succeeded since.
    pub missed: Vec<MissedLine>,
    /// How many more there are.
    pub left_out: u64,
}

/// All outages that a record tells of.
#[must_use]
pub fn known(record: Option<&PassRecord>) -> Vec<Outage> {
    let all = record.map_or(&[][..], |record| &record.outages);
    all.iter()
        .filter_map(|line| line.outage.clone().read())
        .collect()
}

/// The stories that still matter, newest first. A job that has succeeded since the
/// record was written is left out of them.
pub(crate) fn stories(
    record: Option<&PassRecord>,
    states: &[JobState],
    now: DateTime<Utc>,
) -> Vec<Outaged> {
    let all = record.map_or(&[][..], |record| &record.outages);
    let mut out: Vec<Outaged> = all
        .iter()
        .filter_map(|line| {
            let outage = line.outage.clone().read()?;
            let matters = outage.to <= now + TOLERANCE && now - outage.to <= TOLD;
            matters.then(|| Outaged {
                outage,
                missed: line.missed.clone(),
                left_out: line.left_out,
            })
        })
        .collect();
    out.sort_by_key(|story| std::cmp::Reverse(story.outage.to));
    let Some(last) = out.iter().map(|story| story.outage.to).min() else {
        return out;
    };
    // Borrowed from the record: there may be a million states to look up.
    let lines = all.iter().flat_map(|line| &line.missed);
    let wanted: HashSet<(&str, &str)> = lines
        .map(|line| (line.user.as_str(), line.job.as_str()))
        .collect();
    if wanted.is_empty() {
        return out;
    }
    let caught_up: Vec<(&JobState, DateTime<Utc>)> = states
        .iter()
        .filter_map(|state| Some((state, state.last_success.filter(|at| *at >= last)?)))
        .filter(|(state, _)| wanted.contains(&(state.key.user(), state.key.job.as_str())))
        .collect();
    for story in &mut out {
        let to = story.outage.to;
        story.missed.retain(|line| {
            !caught_up.iter().any(|(state, at)| {
                *at >= to && state.key.job.as_str() == line.job && state.key.user() == line.user
            })
        });
    }
    out
}
