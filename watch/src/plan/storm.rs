//! The umbrella: one issue about many jobs that were flagged at once.

use std::collections::HashSet;

use super::jobs::Index;
use super::{Action, Known, Plan};
use crate::{JobState, Scope};

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
}

/// Finds the umbrella; a second one is closed as a duplicate.
pub(super) fn open_umbrella(
    plan: &mut Plan,
    index: &Index,
    host: &str,
    open: &[Known],
) -> Option<Umbrella> {
    let mut ours: Vec<usize> = (0..open.len())
        .filter(|at| {
            let marker = open[*at].marker.as_ref();
            marker.is_some_and(|m| m.host == host && matches!(m.scope, Scope::Storm { .. }))
        })
        .collect();
    ours.sort_unstable_by_key(|at| open[*at].number);
    let (&issue, others) = ours.split_first()?;
    for &other in others {
        let of = open[issue].number;
        plan.actions.push(Action::Duplicate { issue: other, of });
    }
    let members = match &open[issue].marker.as_ref()?.scope {
        Scope::Storm { members } => members.as_deref(),
        Scope::Job { .. } => None,
    };
    let mut umbrella = Umbrella {
        issue,
        jobs: Vec::new(),
        unseen: Vec::new(),
        added: Vec::new(),
    };
    match members {
        // Too many to list: it is about every flagged job.
        None => umbrella.jobs.clone_from(&index.flagged),
        Some(list) => {
            for hash in list {
                match index.by_hash.get(hash) {
                    Some(job) => umbrella.jobs.push(*job),
                    None => umbrella.unseen.push(hash.clone()),
                }
            }
            umbrella.jobs.sort_unstable();
        }
    }
    Some(umbrella)
}

impl Umbrella {
    /// Drops members that recovered or have an issue of their own; the rest are
    /// covered.
    pub(super) fn cover(&mut self, plan: &mut Plan, states: &[JobState]) {
        self.jobs
            .retain(|job| states[*job].flagged() && !plan.covered.contains_key(job));
        for job in &self.jobs {
            plan.covered.insert(*job, self.issue);
        }
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
    pub(super) fn settle(self, plan: &mut Plan, open: &[Known]) {
        let issue = self.issue;
        if !self.added.is_empty() {
            plan.actions.push(Action::GrowStorm {
                issue,
                jobs: self.jobs,
                added: self.added,
                unseen: self.unseen,
            });
            return;
        }
        if self.jobs.is_empty() && self.unseen.is_empty() {
            plan.actions.push(Action::CloseStorm { issue });
            return;
        }
        let listed = open[issue]
            .marker
            .as_ref()
            .and_then(|marker| match &marker.scope {
                Scope::Storm { members } => members
                    .as_ref()
                    .map(|list| list.iter().collect::<HashSet<_>>().len()),
                Scope::Job { .. } => None,
            });
        if listed.is_some_and(|listed| listed != self.jobs.len() + self.unseen.len()) {
            plan.actions.push(Action::ShrinkStorm {
                issue,
                jobs: self.jobs,
                unseen: self.unseen,
            });
        }
    }
}
