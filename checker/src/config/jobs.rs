//! The expected jobs of a config: its own `[jobs]`, its folder of files, and
//! which forges they may name.

use std::fmt;
use std::path::{Path, PathBuf};

use manifest::{ForgeFault, Manifest, Sources, host_zone};

use super::Config;
use crate::forge::Settings;

/// `[jobs]`: kept as text, because the manifest tells the place of each fault.
#[derive(Clone, PartialEq, Eq)]
pub struct JobsTable {
    /// The config.
    pub path: PathBuf,
    /// Its whole text.
    pub text: String,
}

/// A whole config is nothing to print.
impl fmt::Debug for JobsTable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[jobs] of {}", self.path.display())
    }
}

impl Config {
    /// Reads the expected jobs: the folder of files, and `[jobs]`. Faults in them
    /// are in the answer; they end no pass.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        let dir = self.checker.jobs_dir.as_path();
        Manifest::load(&Sources {
            dir,
            dir_named: dir != Path::new(manifest::DEFAULT_DIR),
            config: self.jobs.as_ref().map(|jobs| (&*jobs.path, &*jobs.text)),
            zone: host_zone(Path::new("/")),
            forges: &|forge, repo| self.target(forge, repo).map(drop),
        })
    }

    /// The forge of a job's issue: the one it names or else `[forge]`, with the
    /// repository that it names or else the forge's own.
    ///
    /// # Errors
    /// When there is no such forge, or no such repository on it.
    pub fn target(
        &self,
        forge: Option<&str>,
        repo: Option<&str>,
    ) -> Result<Box<dyn Settings>, ForgeFault> {
        let settings = match forge {
            None => &self.forge,
            Some(name) => self.forges.get(name).ok_or_else(|| ForgeFault {
                in_repo: false,
                message: format!("there is no forge {name:?}"),
                hint: Some(self.known_forges()),
            })?,
        };
        let Some(repo) = repo else {
            return Ok(settings.boxed());
        };
        settings.with_repo(repo).map_err(|message| ForgeFault {
            in_repo: true,
            message,
            hint: Some(match settings.needs_token() {
                true => "like repo = \"ops/watch\"".to_owned(),
                false => "leave it out, or name another `forge`".to_owned(),
            }),
        })
    }

    fn known_forges(&self) -> String {
        let names: Vec<String> = self.forges.keys().map(|name| format!("{name:?}")).collect();
        if names.is_empty() {
            "the config has no [forges.NAME]; without `forge` it is the one of [forge]".to_owned()
        } else {
            format!(
                "one of {}; without `forge` it is the one of [forge]",
                names.join(", ")
            )
        }
    }
}

#[cfg(test)]
mod tests;
