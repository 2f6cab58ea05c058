//! Jobs that wait for others: while what a job needs is flagged, the job is told
//! under that, and gets no issue of its own.

use std::collections::{BTreeMap, HashMap};

use crate::{JobState, Need, Needy, waits_for};

/// Which flagged jobs wait for which.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// For each flagged job that waits for another flagged one: what is at the
    /// bottom of it.
    root: HashMap<usize, usize>,
}

impl Needs {
    pub(super) fn new(states: &[JobState], flagged: &[usize]) -> Self {
        let needy = |at: usize| {
            let state = &states[flagged[at]];
            let expected = state.expected.as_ref();
            Needy {
                user: state.key.user(),
                job: state.key.job.as_str(),
                needs: expected.map_or(&[][..], |expected| &expected.needs),
            }
        };
        let root = waits_for(flagged.len(), needy)
            .into_iter()
            .map(|(job, root)| (flagged[job], flagged[root]))
            .collect();
        Self { root }
    }

    /// What a job waits for, if it does.
    pub(super) fn root(&self, job: usize) -> Option<usize> {
        self.root.get(&job).copied()
    }

    /// For each job that others wait for: those, in order.
    pub(super) fn under(&self) -> BTreeMap<usize, Vec<usize>> {
        let mut under: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for (job, root) in &self.root {
            under.entry(*root).or_default().push(*job);
        }
        for jobs in under.values_mut() {
            jobs.sort_unstable();
        }
        under
    }
}

/// Whether a job depends on nothing but that the host is well.
pub(super) fn on_host(state: &JobState) -> bool {
    let expected = state.expected.as_ref();
    expected.is_some_and(|expected| expected.needs.contains(&Need::Host))
}
