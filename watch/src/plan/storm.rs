//! The umbrella: one issue about many jobs that were flagged at once.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};

use super::jobs::{Index, silent_from};
use super::needs::on_host;
use super::{Action, Known, Plan, Policy, Sight};
use crate::marker::MAX_MEMBERS;
use crate::title::storm_title;
use crate::{DEFAULT_USER, JobState, Scope, Verdict};

/// The open umbrella issue of a host and what has become of its members.
pub(super) struct Umbrella {
    /// The issue, in `open`.
    issue: usize,
    /// Members that are still flagged and have no issue of their own.
    jobs: Vec<usize>,
    /// Members that were not seen in this pass: gone or hidden, not recovered.
    unseen: Vec<String>,
    /// Jobs that join in this pass.
    added: Vec<usize>,
    /// How many members its marker lists; `None` when it lists none, because
    /// they are too many or because somebody took the marker away.
    listed: Option<usize>,
    /// When it began, where it has its marker and lists no members: a silence
    /// that came later is another story, and gets an issue.
    began: Option<DateTime<Utc>>,
    /// Whether it has its marker.
    marked: bool,
    /// Other umbrellas without a marker. They get the same list, so that the
    /// next pass may close any of them.
    lost: Vec<usize>,
    /// Whether jobs may be there unseen.
    blind: bool,
}

/// Parts newly flagged jobs into those that are told together and those that get an
/// issue each. Together: all, when they are many (but see [`crowd`]); those that one outage of the host
/// explains, when they are two or more or the umbrella is open; and those that need
/// nothing but the host, when the umbrella is open.
pub(super) fn together(
    newly: Vec<usize>,
    states: &[JobState],
    policy: &Policy,
    open: bool,
) -> (Vec<usize>, Vec<usize>) {
    let (mut many, newly) = crowd(newly, states, policy.storm_threshold);
    if newly.is_empty() {
        return (many, newly);
    }
    let open = open || !many.is_empty();
    let explained = |job: &usize| states[*job].story().is_some();
    let (one_story, rest): (Vec<_>, Vec<_>) = newly.into_iter().partition(explained);
    let (together, alone) = if one_story.len() > 1 || open {
        (one_story, rest)
    } else {
        let mut alone = [one_story, rest].concat();
        alone.sort_unstable();
        (Vec::new(), alone)
    };
    many.extend(together);
    if !open && many.is_empty() {
        return (many, alone);
    }
    let (with_host, alone): (Vec<_>, Vec<_>) =
        alone.into_iter().partition(|job| on_host(&states[*job]));
    many.extend(with_host);
    many.sort_unstable();
    (many, alone)
}

/// Parts jobs into those that are too many for an issue each, and the rest. A user who
/// alone has that many takes no job of another along: nobody may hide a silence of root's
/// among a thousand of their own.
fn crowd(jobs: Vec<usize>, states: &[JobState], threshold: usize) -> (Vec<usize>, Vec<usize>) {
    if jobs.len() <= threshold {
        return (Vec::new(), jobs);
    }
    let floods = floods(&jobs, states, threshold);
    let of_flood = |job: &usize| floods.contains(states[*job].key.user());
    let (many, rest): (Vec<_>, Vec<_>) = jobs.iter().copied().partition(of_flood);
    if rest.len() > threshold || floods.contains(DEFAULT_USER) {
        return (jobs, Vec::new());
    }
    (many, rest)
}

/// Users who alone have more jobs among these than get an issue each.
fn floods<'a>(jobs: &[usize], states: &'a [JobState], threshold: usize) -> HashSet<&'a str> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for job in jobs {
        *counts.entry(states[*job].key.user()).or_default() += 1;
    }
    counts.retain(|_, count| *count > threshold);
    counts.into_keys().collect()
}

/// Finds the umbrella; a second one is closed as a duplicate. One whose marker
/// somebody took away is known by its title, if that is still exactly ours, and
/// is then about every flagged job that has no issue of its own.
pub(super) fn open_umbrella(
    plan: &mut Plan,
    index: &Index,
    host: &str,
    sight: &Sight,
    open: &[Known],
) -> Option<Umbrella> {
    let title = storm_title(host);
    let of_host = |known: &Known| match &known.marker {
        Some(marker) => marker.host == host && matches!(marker.scope, Scope::Storm { .. }),
        None => known.title == title,
    };
    let mut ours: Vec<usize> = (0..open.len()).filter(|at| of_host(&open[*at])).collect();
    ours.sort_unstable_by_key(|at| (open[*at].marker.is_none(), open[*at].number));
    let (&issue, others) = ours.split_first()?;
    let (marked, lost): (Vec<_>, Vec<_>) =
        others.iter().partition(|at| open[**at].marker.is_some());
    for other in marked {
        let of = open[issue].number;
        plan.actions.push(Action::Duplicate { issue: other, of });
    }
    let members = match open[issue].marker.as_ref().map(|marker| &marker.scope) {
        Some(Scope::Storm { members }) => members.as_deref(),
        Some(Scope::Job { .. }) | None => None,
    };
    let mut umbrella = Umbrella {
        issue,
        jobs: Vec::new(),
        unseen: Vec::new(),
        added: Vec::new(),
        listed: members.map(<[String]>::len),
        began: match (members, &open[issue].marker) {
            (None, Some(marker)) => marker.since,
            _ => None,
        },
        marked: open[issue].marker.is_some(),
        lost,
        blind: sight.blind || !sight.blind_users.is_empty(),
    };
    match members {
        // Not listed: it is about every flagged job.
        None => umbrella.jobs.clone_from(&index.flagged),
        Some(list) => {
            for hash in list {
                match index.by_hash.get(hash) {
                    Some(job) => umbrella.jobs.push(*job),
                    None => umbrella.unseen.push(hash.clone()),
                }
            }
            umbrella.jobs.sort_unstable();
            umbrella.jobs.dedup();
            umbrella.unseen.sort_unstable();
            umbrella.unseen.dedup();
        }
    }
    Some(umbrella)
}

impl Umbrella {
    /// Drops members that recovered or have an issue of their own; the rest are
    /// covered.
    pub(super) fn cover(&mut self, plan: &mut Plan, states: &[JobState], policy: &Policy) {
        let later = |state: &JobState| {
            state.verdict == Verdict::Silent
                && self
                    .began
                    .is_some_and(|began| silent_from(state) > Some(began))
        };
        self.jobs.retain(|job| {
            let state = &states[*job];
            state.flagged() && !later(state) && !plan.covered.contains_key(job)
        });
        // What it does not list it is about only if that cannot be one user's doing.
        if self.listed.is_none() && self.jobs.len() > policy.storm_threshold {
            let jobs = std::mem::take(&mut self.jobs);
            (self.jobs, _) = crowd(jobs, states, policy.storm_threshold);
        }
        for job in &self.jobs {
            plan.covered.insert(*job, self.issue);
        }
    }

    /// The jobs of which a list is made up in this pass, because there was none.
    pub(super) fn made_up(&self) -> &[usize] {
        let listed_now = !self.marked || self.jobs.len() <= MAX_MEMBERS;
        if self.listed.is_none() && listed_now {
            &self.jobs
        } else {
            &[]
        }
    }

    /// Keeps jobs out of the list that is made up: the one that there was held none of
    /// those that get no issue.
    pub(super) fn leave_out(&mut self, plan: &mut Plan, out: impl Fn(usize) -> bool) {
        if self.made_up().is_empty() {
            return;
        }
        self.jobs.retain(|job| {
            let out = out(*job);
            if out {
                plan.covered.remove(job);
            }
            !out
        });
    }

    /// Takes in jobs that were flagged in this pass.
    pub(super) fn grow(&mut self, plan: &mut Plan, newly: Vec<usize>) {
        for job in &newly {
            plan.covered.insert(*job, self.issue);
        }
        self.jobs.extend(&newly);
        self.jobs.sort_unstable();
        self.added = newly;
    }

    /// Says what is to be done with the umbrella itself.
    pub(super) fn settle(self, plan: &mut Plan) {
        let issue = self.issue;
        let left = self.jobs.len() + self.unseen.len();
        plan.actions
            .extend(self.lost.iter().map(|lost| Action::ShrinkStorm {
                issue: *lost,
                jobs: self.jobs.clone(),
                unseen: self.unseen.clone(),
            }));
        if !self.added.is_empty() {
            plan.actions.push(Action::GrowStorm {
                issue,
                jobs: self.jobs,
                added: self.added,
                unseen: self.unseen,
            });
            return;
        }
        // Without a list nobody can say whether hidden jobs belong to it.
        let sure = self.listed.is_some() || !self.blind;
        if left == 0 && self.marked {
            if sure {
                plan.actions.push(Action::CloseStorm { issue });
            }
            return;
        }
        let stale = match self.listed {
            Some(listed) => listed != left,
            // What fits into a list again is listed, so that a job which is
            // flagged later is told by itself.
            None => !self.marked || sure && left <= MAX_MEMBERS,
        };
        if stale {
            plan.actions.push(Action::ShrinkStorm {
                issue,
                jobs: self.jobs,
                unseen: self.unseen,
            });
        }
    }
}
