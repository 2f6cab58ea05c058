//! Jobs that wait for others: while what a job needs is flagged, the job is told
//! under that, and gets no issue of its own.

use std::collections::{BTreeMap, HashMap};

use crate::{JobState, Need};

/// Which flagged jobs wait for which.
#[derive(Debug, Default)]
pub(super) struct Needs {
    /// For each flagged job that waits for another flagged one: what is at the
    /// bottom of it.
    root: HashMap<usize, usize>,
}

impl Needs {
    pub(super) fn new(states: &[JobState], flagged: &[usize]) -> Self {
        let needs = |job: usize| {
            let expected = states[job].expected.as_ref();
            expected.map_or(&[][..], |expected| &expected.needs)
        };
        let mut wanted: HashMap<(&str, &str), Option<usize>> = HashMap::new();
        for need in flagged.iter().flat_map(|job| needs(*job)) {
            if let Need::Job { user, job } = need {
                wanted.insert((user, job.as_str()), None);
            }
        }
        let mut out = Self::default();
        if wanted.is_empty() {
            return out;
        }
        for &at in flagged {
            let key = &states[at].key;
            if let Some(found) = wanted.get_mut(&(key.user(), key.job.as_str())) {
                *found = Some(at);
            }
        }
        let first = |job: usize| {
            needs(job).iter().find_map(|need| match need {
                Need::Job { user, job } => wanted.get(&(&**user, job.as_str())).copied()?,
                Need::Host => None,
            })
        };
        for &job in flagged {
            let mut at = job;
            // A circle is refused where it is written; here it only has to end.
            for _ in 0..flagged.len() {
                match first(at) {
                    Some(next) if next != job => at = next,
                    _ => break,
                }
            }
            if at != job && first(at).is_none() {
                out.root.insert(job, at);
            }
        }
        out
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
