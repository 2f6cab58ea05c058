//! Issues about one job each.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::{Action, Known, Plan, Policy, Question, about, back};
use crate::title::{PREFIX, title};
use crate::{JobState, Marker, Scope, Verdict, member_hash, members_hash};

/// An issue that was edited this often is not opened again but followed by a new
/// one: a job that flaps for months would fill it beyond what a forge lists or a
/// person reads.
const MAX_REVISIONS: u32 = 500;

/// Where the jobs that matter are among all: the flagged ones, and those that an
/// open issue is about. One walk over the states, however many there are.
pub(super) struct Index {
    /// Flagged jobs, worst first as in the states.
    pub(super) flagged: Vec<usize>,
    /// For each open issue about one job of this host: where that job is.
    by_issue: Vec<Option<usize>>,
    /// Open issues without a marker whose title is that of a job's issue, with
    /// the job, by number.
    unmarked: Vec<(usize, usize)>,
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
        let titled = titled(open);
        let mut out = Self {
            flagged: Vec::new(),
            by_issue: Vec::with_capacity(open.len()),
            unmarked: Vec::new(),
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
            if !titled.is_empty()
                && let Some(issues) = titled.get(state.key.job.as_str())
            {
                let ours = issues
                    .iter()
                    .filter(|issue| is_titled(&open[**issue], state));
                out.unmarked.extend(ours.map(|issue| (*issue, at)));
            }
            if members {
                out.by_hash.insert(member_hash(&state.key), at);
            }
        }
        out.by_issue.extend(open.iter().map(|known| {
            let (_, user, job) = job_marker(known)?;
            wanted.get(&(user, job)).copied().flatten()
        }));
        out.unmarked
            .sort_unstable_by_key(|(issue, _)| open[*issue].number);
        out
    }
}

/// Open issues without a marker that may be ours by their titles, by the word
/// where a title of ours has the name of the job.
fn titled(open: &[Known]) -> HashMap<&str, Vec<usize>> {
    let mut out: HashMap<&str, Vec<usize>> = HashMap::new();
    for (at, known) in open.iter().enumerate() {
        if known.marker.is_none()
            && let Some(rest) = known.title.strip_prefix(PREFIX)
        {
            let word = rest.split(' ').next().unwrap_or_default();
            out.entry(word).or_default().push(at);
        }
    }
    out
}

/// Whether a title is exactly one of those that the job's issue can have.
fn is_titled(known: &Known, state: &JobState) -> bool {
    Verdict::ALL
        .into_iter()
        .any(|verdict| verdict.flagged() && title(&state.key, verdict) == known.title)
}

/// Goes through the open issues: what each is about and what has become of it.
pub(super) fn open_issues(plan: &mut Plan, index: &Index, question: &Question<'_>, open: &[Known]) {
    let Question {
        states,
        host,
        sight,
        ..
    } = *question;
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
            Some(job) => one_issue(plan, states, job, issue, marker),
            None if sight.blind || sight.blind_users.contains(user) => {}
            None if marker.kind == "gone" => {}
            None => plan.actions.push(Action::Gone { issue }),
        }
    }
    adopt_by_title(plan, index, states);
}

fn job_marker(known: &Known) -> Option<(&Marker, &str, &str)> {
    let marker = known.marker.as_ref()?;
    match &marker.scope {
        Scope::Job { user, job } => Some((marker, user, job)),
        Scope::Storm { .. } => None,
    }
}

fn one_issue(plan: &mut Plan, states: &[JobState], job: usize, issue: usize, marker: &Marker) {
    let state = &states[job];
    if !state.flagged() {
        if recovered(state, marker) {
            plan.actions.push(Action::Recover { issue, job });
        }
        return;
    }
    plan.covered.insert(job, issue);
    if marker.kind != state.verdict.word() {
        plan.actions.push(Action::Change { issue, job });
        return;
    }
    let waiting = plan.under.get(&job).map(|jobs| members_hash(states, jobs));
    if !same_moment(marker.since, state.since()) || marker.under != waiting {
        plan.actions.push(Action::Refresh { issue, job });
    }
}

/// Whether a job that is not flagged any more has recovered: only a success ends
/// what an issue told of. A hang that a restart of the host ended, or a failure
/// whose file somebody removed, leaves the issue open until there is one.
fn recovered(state: &JobState, marker: &Marker) -> bool {
    // What could not be believed told of no silence: its moment compares with nothing.
    let comparable = matches!(
        &*marker.kind,
        "silent" | "failed" | "hung" | "never" | "idle" | "gone"
    );
    state.last_success.is_some() && !(comparable && same_moment(state.last_success, marker.since))
}

/// An issue of ours whose marker somebody removed is known by its title, if that
/// is still exactly ours; it gets its marker back. What else is to be done with
/// it, the next pass sees by the marker.
fn adopt_by_title(plan: &mut Plan, index: &Index, states: &[JobState]) {
    for &(issue, job) in &index.unmarked {
        plan.actions.push(Action::Refresh { issue, job });
        if states[job].flagged() {
            plan.covered.entry(job).or_insert(issue);
        }
    }
}

/// Those of the jobs whose present silence a person has put aside by closing its issue.
pub(super) fn put_aside(jobs: &[usize], question: &Question<'_>, closed: &[Known]) -> Vec<usize> {
    let Question {
        states,
        host,
        policy,
        now,
        ..
    } = *question;
    let vague = back(now, policy.vague_acknowledgement);
    let aside = |job: &usize| {
        let state = &states[*job];
        closed.iter().any(|known| {
            let recent = known.closed_at.is_some_and(|at| at >= vague);
            if about(known, host, state) {
                own_put_aside(known, state, recent)
            } else {
                umbrella_put_aside(known, host, state, recent)
            }
        })
    };
    jobs.iter().copied().filter(aside).collect()
}

/// Whether closing the job's own issue puts the present verdict aside: it must
/// be about the same silence, and have spoken of what is wrong now. A job whose
/// hang was put aside may be well before it goes silent, without a success.
fn own_put_aside(known: &Known, state: &JobState, recent: bool) -> bool {
    let Some(marker) = &known.marker else {
        return false;
    };
    let spoke = match state.verdict {
        Verdict::Silent | Verdict::Skewed | Verdict::Unreadable => {
            marker.kind == state.verdict.word()
        }
        // One trouble with several faces, of which each run may show another.
        _ => matches!(&*marker.kind, "silent" | "failed" | "hung" | "never"),
    };
    spoke
        && match state.told_apart_by() {
            Some(since) => same_moment(marker.since, Some(since)),
            None if state.verdict == Verdict::Unreadable => recent,
            None => marker.since.is_none() && recent,
        }
}

/// Whether closing an umbrella puts the present verdict of one of its members
/// aside.
fn umbrella_put_aside(known: &Known, host: &str, state: &JobState, recent: bool) -> bool {
    let Some(marker) = &known.marker else {
        return false;
    };
    let Scope::Storm {
        members: Some(list),
    } = &marker.scope
    else {
        return false;
    };
    if marker.host != host || marker.kind != "storm" || !list.contains(&member_hash(&state.key)) {
        return false;
    }
    // A success that the umbrella cannot have known begins another trouble.
    match (state.since().or(state.last_success), state.verdict) {
        (None, _) => recent,
        // It was silent already when the umbrella was closed.
        (Some(_), Verdict::Silent) => {
            silent_from(state).is_some_and(|from| Some(from) <= known.closed_at.max(marker.since))
        }
        (Some(since), verdict) => {
            let before = marker.since.is_some_and(|began| since < began);
            before && (recent || verdict != Verdict::Unreadable)
        }
    }
}

/// When a silent job became silent.
pub(super) fn silent_from(state: &JobState) -> Option<DateTime<Utc>> {
    state.since()?;
    state.deadline()
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
            let ended = |marker: &Marker| marker.kind == "duplicate" || marker.rev >= MAX_REVISIONS;
            !known.marker.as_ref().is_some_and(ended)
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
