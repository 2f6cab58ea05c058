//! The roll of expected jobs: each job that is found is judged by its entry, and
//! those that left nothing are judged too.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use heartbeat::{Finding, JobFiles, JobName};
use watch::{Expectation, Expected, JobKey, JobState, Owner, Sight, conflict, verdict};

use crate::gather::Measure;
use crate::left_files;

/// The expected jobs, and which of them were found.
pub(crate) struct Roll<'a> {
    pub(crate) measure: &'a Measure<'a>,
    /// By user, then by job: its place in the list.
    index: HashMap<&'a str, HashMap<&'a JobName, usize>>,
    found: Vec<AtomicBool>,
    conflicts: Mutex<Vec<Finding>>,
}

impl<'a> Roll<'a> {
    pub(crate) fn new(measure: &'a Measure<'a>) -> Self {
        let mut index: HashMap<&str, HashMap<&JobName, usize>> = HashMap::new();
        for (at, expected) in measure.expected.iter().enumerate() {
            let of_user = index.entry(&expected.user).or_default();
            of_user.insert(&expected.job, at);
        }
        Self {
            measure,
            index,
            found: measure
                .expected
                .iter()
                .map(|_| AtomicBool::new(false))
                .collect(),
            conflicts: Mutex::default(),
        }
    }

    fn entry(&self, user: &str, job: &JobName) -> Option<usize> {
        self.index.get(user)?.get(job).copied()
    }

    /// Judges a job of which there are files.
    pub(crate) fn judge(&self, key: JobKey, files: &JobFiles) -> JobState {
        let expected = self.entry(key.user(), &key.job).map(|at| {
            self.found[at].store(true, Ordering::Relaxed);
            let expected = &self.measure.expected[at];
            if let Some(what) = conflict(expected, files) {
                let finding = finding(expected, what);
                let mut all = self
                    .conflicts
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                all.push(finding);
            }
            Arc::clone(expected)
        });
        let file_fault = expected
            .as_ref()
            .filter(|expected| !expected.expects.files.is_empty())
            .and_then(|expected| left_files::fault(expected, files));
        let unborn = files.last.is_none();
        let known = || self.measure.notes.known_for(key.user(), key.job.as_str());
        let expectation = Expectation {
            known_for: unborn.then(known),
            file_fault,
            expected,
        };
        let judged = verdict(&expectation, files, &self.measure.rules);
        JobState::new(key, judged).expected(expectation.expected)
    }

    /// Expected jobs that left nothing anywhere. Those that may lie where nothing
    /// could be seen are left out: nobody knows of them.
    pub(crate) fn absent(&self, sight: &Sight) -> Vec<JobState> {
        let mut owners: HashMap<&str, Arc<Owner>> = HashMap::new();
        let found = self.found.iter().map(|found| found.load(Ordering::Relaxed));
        let absent = found
            .zip(self.measure.expected)
            .filter(|(found, expected)| !found && !sight.blind && !hidden(sight, expected));
        absent
            .map(|(_, expected)| {
                let owner = owners.entry(&expected.user).or_insert_with(|| {
                    Arc::new(Owner {
                        host: self.measure.host.into(),
                        user: expected.user.clone(),
                    })
                });
                let key = JobKey {
                    owner: Arc::clone(owner),
                    job: expected.job.clone(),
                };
                let nothing = JobFiles {
                    job: expected.job.clone(),
                    last: None,
                    fail: None,
                    run: None,
                    skip: None,
                };
                self.judge(key, &nothing)
            })
            .collect()
    }

    /// Where beats and manifest differ, in the order of the manifest.
    pub(crate) fn conflicts(self) -> Vec<Finding> {
        let mut all = self
            .conflicts
            .into_inner()
            .unwrap_or_else(PoisonError::into_inner);
        all.sort_by(|a, b| a.path.cmp(&b.path).then_with(|| a.what.cmp(&b.what)));
        all
    }
}

fn hidden(sight: &Sight, expected: &Expected) -> bool {
    sight.blind_users.contains(&*expected.user)
}

fn finding(expected: &Expected, what: String) -> Finding {
    Finding {
        path: PathBuf::from(expected.place.to_string()),
        what,
        blind: false,
    }
}
