//! What is set for a job: the settings of the lines before it, and what cron sets
//! where they say nothing.

use std::sync::Arc;

use super::{Crontab, Job, Kind, Line, Setting};

/// The shell that cron takes where none is set.
pub const DEFAULT_SHELL: &[u8] = b"/bin/sh";

/// The path that cron sets where none is set.
pub const DEFAULT_PATH: &[u8] = b"/usr/bin:/bin";

/// The settings that are in force at a line, in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings {
    pairs: Vec<(Vec<u8>, Vec<u8>)>,
}

impl Settings {
    /// The value that the file sets for a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        let mut pairs = self.pairs.iter();
        let found = pairs.find(|(known, _)| known == name.as_bytes());
        found.map(|(_, value)| value.as_slice())
    }

    /// All of them: names and values.
    pub fn pairs(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let pairs = self.pairs.iter();
        pairs.map(|(name, value)| (name.as_slice(), value.as_slice()))
    }

    /// The shell that runs the command.
    #[must_use]
    pub fn shell(&self) -> &[u8] {
        self.get("SHELL").unwrap_or(DEFAULT_SHELL)
    }

    /// Where programs are looked for.
    #[must_use]
    pub fn path(&self) -> &[u8] {
        self.get("PATH").unwrap_or(DEFAULT_PATH)
    }

    fn set(&mut self, setting: &Setting) {
        let mut pairs = self.pairs.iter_mut();
        match pairs.find(|(name, _)| *name == setting.name) {
            Some((_, value)) => value.clone_from(&setting.value),
            None => self
                .pairs
                .push((setting.name.clone(), setting.value.clone())),
        }
    }
}

/// A job with its line and what is set for it.
#[derive(Debug, Clone)]
pub struct JobLine<'a> {
    /// The line.
    pub line: &'a Line,
    /// The job in it.
    pub job: &'a Job,
    /// What is in force there.
    pub settings: Arc<Settings>,
}

impl Crontab<'_> {
    /// Its jobs, each with the settings of the lines before it.
    pub fn jobs(&self) -> impl Iterator<Item = JobLine<'_>> {
        let mut settings = Arc::new(Settings::default());
        self.lines().iter().filter_map(move |line| {
            match &line.kind {
                Kind::Setting(setting) => Arc::make_mut(&mut settings).set(setting),
                Kind::Job(job) => {
                    return Some(JobLine {
                        line,
                        job,
                        settings: Arc::clone(&settings),
                    });
                }
                Kind::Blank | Kind::Comment | Kind::Malformed(_) => {}
            }
            None
        })
    }

    /// The job at a line, counted from 1, with what is set for it.
    #[must_use]
    pub fn job_at(&self, number: usize) -> Option<JobLine<'_>> {
        self.jobs().find(|found| found.line.number == number)
    }
}
