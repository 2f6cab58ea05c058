//! Issues about one job each.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Action, Known, Plan, Policy, Sight, about, back};
use crate::title::title;
use crate::{JobState, Marker, Scope, Verdict, member_hash};

/// Where the jobs that matter are among all: the flagged ones, and those that an
/// open issue is about. One walk over the states, however many there are.
pub(super) struct Index {
    /// Flagged jobs, worst first as in the states.
    pub(super) flagged: Vec<usize>,
    /// For each open issue about one job of this host: where that job is.
    by_issue: Vec<Option<usize>>,
    /// Jobs by member hash, when an umbrella is open.
    pub(super) by_hash: HashMap<String, usize>,
}

impl Index {
    pub(super) fn new(states: &[JobState], host: &str, open: &[Known]) -> Self {
        let mut wanted: HashMap<(&str, &str), Option<usize>> = HashMap::new();
        let mut members = false;
        for marker in open.iter().filter_map(|known| known.marker.as_ref()) {
            match &marker.scope {
                _ if marker.host != host => {}
                Scope::Job { user, job } => {
                    wanted.insert((user, job), None);
                }
                Scope::Storm { members: list } => members |= list.is_some(),
            }
        }
        let mut out = Self {
            flagged: Vec::new(),
            by_issue: Vec::with_capacity(open.len()),
            by_hash: HashMap::new(),
        };
        for (at, state) in states.iter().enumerate() {
            if state.flagged() {
                out.flagged.push(at);
            }
            if !wanted.is_empty()
                && let Some(found) = wanted.get_mut(&(state.key.user(), state.key.job.as_str()))
            {
                *found = Some(at);
            }
            if members {
                out.by_hash.insert(member_hash(&state.key), at);
            }
        }
        out.by_issue.extend(open.iter().map(|known| {
            let (_, user, job) = job_marker(known)?;
            wanted.get(&(user, job)).copied().flatten()
        }));
        out
    }
}

/// Goes through the open issues: what each is about and what has become of it.
pub(super) fn open_issues(
    plan: &mut Plan,
    index: &Index,
    states: &[JobState],
    host: &str,
    sight: &Sight,
    open: &[Known],
) {
    let mut order: Vec<usize> = (0..open.len()).collect();
    order.sort_unstable_by_key(|at| open[*at].number);
    let mut first: HashMap<(&str, &str), u64> = HashMap::new();
    for &issue in &order {
        let Some((marker, user, job)) = job_marker(&open[issue]) else {
            continue;
        };
        if marker.host != host {
            continue;
        }
        if let Some(of) = first.get(&(user, job)) {
            plan.actions.push(Action::Duplicate { issue, of: *of });
            continue;
        }
        first.insert((user, job), open[issue].number);
        match index.by_issue[issue] {
            Some(job) => one_issue(plan, &states[job], job, issue, marker),
            None if sight.blind || sight.blind_users.contains(user) => {}
            None if marker.kind == "gone" => {}
            None => plan.actions.push(Action::Gone { issue }),
        }
    }
    adopt_by_title(plan, index, states, open, &order);
}

fn job_marker(known: &Known) -> Option<(&Marker, &str, &str)> {
    let marker = known.marker.as_ref()?;
    match &marker.scope {
        Scope::Job { user, job } => Some((marker, user, job)),
        Scope::Storm { .. } => None,
    }
}

fn one_issue(plan: &mut Plan, state: &JobState, job: usize, issue: usize, marker: &Marker) {
    if !state.flagged() {
        plan.actions.push(Action::Recover { issue, job });
        return;
    }
    plan.covered.insert(job, issue);
    if marker.kind != state.verdict.word() {
        plan.actions.push(Action::Change { issue, job });
    } else if !same_moment(marker.since, state.since()) {
        plan.actions.push(Action::Refresh { issue, job });
    }
}

/// An issue of ours whose marker somebody removed is known by its title, if that
/// is still exactly ours; it gets its marker back.
fn adopt_by_title(
    plan: &mut Plan,
    index: &Index,
    states: &[JobState],
    open: &[Known],
    order: &[usize],
) {
    let unmarked: Vec<usize> = order
        .iter()
        .copied()
        .filter(|issue| open[*issue].marker.is_none())
        .collect();
    if unmarked.is_empty() {
        return;
    }
    for &job in &index.flagged {
        if plan.covered.contains_key(&job) {
            continue;
        }
        let key = &states[job].key;
        let titles: Vec<String> = Verdict::ALL
            .into_iter()
            .filter(|verdict| verdict.flagged())
            .map(|verdict| title(key, verdict))
            .collect();
        let found = unmarked
            .iter()
            .find(|issue| titles.contains(&open[**issue].title));
        if let Some(&issue) = found {
            plan.covered.insert(job, issue);
            plan.actions.push(Action::Refresh { issue, job });
        }
    }
}

/// Takes out of `newly` the jobs whose present silence a person has put aside by
/// closing its issue.
pub(super) fn acknowledge(
    plan: &mut Plan,
    newly: &mut Vec<usize>,
    states: &[JobState],
    host: &str,
    policy: &Policy,
    now: DateTime<Utc>,
    closed: &[Known],
) {
    let vague = back(now, policy.vague_acknowledgement);
    let by_person = |known: &&Known| {
        let kind = known.marker.as_ref().map(|marker| marker.kind.as_str());
        kind.is_some_and(|kind| !matches!(kind, "recovered" | "duplicate"))
    };
    let by_person: Vec<&Known> = closed.iter().filter(by_person).collect();
    newly.retain(|&job| {
        let state = &states[job];
        let recent = |known: &Known| known.closed_at.is_some_and(|at| at >= vague);
        let put_aside = by_person.iter().any(|known| {
            let Some(marker) = &known.marker else {
                return false;
            };
            match &marker.scope {
                Scope::Job { .. } if about(known, host, state) => match state.since() {
                    Some(_) => same_moment(marker.since, state.since()),
                    None => marker.since.is_none() && recent(known),
                },
                Scope::Storm {
                    members: Some(list),
                } if marker.host == host => {
                    list.contains(&member_hash(&state.key))
                        && match (state.since(), marker.since) {
                            (Some(since), Some(began)) => since <= began,
                            _ => recent(known),
                        }
                }
                _ => false,
            }
        });
        if put_aside {
            plan.acknowledged.push(job);
        }
        !put_aside
    });
}

/// Markers carry milliseconds.
fn same_moment(a: Option<DateTime<Utc>>, b: Option<DateTime<Utc>>) -> bool {
    let millis = |time: DateTime<Utc>| time.timestamp_millis();
    a.map(millis) == b.map(millis)
}

/// A closed issue of the same job that is young enough is opened again; every
/// other job gets a new one.
pub(super) fn open_or_reopen(
    plan: &mut Plan,
    newly: Vec<usize>,
    states: &[JobState],
    host: &str,
    policy: &Policy,
    now: DateTime<Utc>,
    closed: &[Known],
) {
    let window = back(now, policy.reopen_window);
    for job in newly {
        let young = closed.iter().enumerate().filter(|(_, known)| {
            let duplicate = known.marker.as_ref().is_some_and(|m| m.kind == "duplicate");
            !duplicate
                && about(known, host, &states[job])
                && known.closed_at.is_some_and(|at| at >= window)
        });
        let newest = young.max_by_key(|(_, known)| (known.closed_at, known.number));
        plan.actions.push(match newest {
            Some((issue, _)) => Action::Reopen { issue, job },
            None => Action::Open { job },
        });
    }
}
