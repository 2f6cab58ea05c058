//! What other programs than the checker need of its config: where things are, and
//! how long jobs may take to catch up. Keys of others are passed over here; it is
//! the checker who says what is wrong with them.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;

use crate::{Fault, FileError, Manifest, Sources, Span, host_zone};

/// Where the config is when none is named.
pub const DEFAULT_CONFIG: &str = "/etc/heartbeat/config.toml";

/// The longest time that a job gets to catch up after an outage, where the config
/// does not say: two hours.
pub const DEFAULT_CATCH_UP: Duration = Duration::from_secs(2 * 3_600);

/// The part of a config that others share.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Where the config is, or would be.
    pub path: PathBuf,
    /// Its whole text, where it could be read: the expected jobs in it are read by
    /// [`Manifest::load`].
    pub text: Option<String>,
    /// Name of the host, where it is not the kernel's.
    pub host: Option<String>,
    /// Stores, where they are others than those that a reader finds.
    pub stores: Vec<PathBuf>,
    /// Where the checker keeps its record, where that is said.
    pub state_dir: Option<PathBuf>,
    /// The folder of expected jobs.
    pub jobs_dir: PathBuf,
    /// The longest time that a job gets to catch up after an outage.
    pub catch_up: Duration,
    /// Why the config could not be read: then everything is at its default.
    pub fault: Option<FileError>,
}

#[derive(Debug, Default, Deserialize)]
struct Document {
    #[serde(default)]
    checker: Checker,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Checker {
    host: Option<String>,
    stores: Vec<PathBuf>,
    state_dir: Option<PathBuf>,
    jobs_dir: Option<PathBuf>,
    catch_up: Option<Span>,
}

impl Settings {
    /// Reads the config that is named, or the usual one, which may be missing. Never
    /// fails: see [`Settings::fault`].
    #[must_use]
    pub fn load(named: Option<&Path>) -> Self {
        let path = named.unwrap_or(Path::new(DEFAULT_CONFIG));
        match fs::read_to_string(path) {
            Ok(text) => Self::parse(path, text),
            Err(error) if error.kind() == io::ErrorKind::NotFound && named.is_none() => {
                Self::of(path, Document::default())
            }
            Err(error) => {
                let why = match error.kind() {
                    io::ErrorKind::NotFound => "there is no such file".to_owned(),
                    io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
                    io::ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
                    _ => error.to_string(),
                };
                Self::faulty(
                    path,
                    None,
                    FileError::whole(path.display().to_string(), why),
                )
            }
        }
    }

    /// Reads the text of a config.
    #[must_use]
    pub fn parse(path: &Path, text: String) -> Self {
        match toml::from_str::<Document>(&text) {
            Ok(document) => Self {
                text: Some(text),
                ..Self::of(path, document)
            },
            Err(error) => {
                let fault = Fault::from(error).in_file(&text, &path.display().to_string());
                Self::faulty(path, Some(text), fault)
            }
        }
    }

    fn of(path: &Path, document: Document) -> Self {
        let checker = document.checker;
        Self {
            path: path.to_owned(),
            text: None,
            host: checker.host,
            stores: checker.stores,
            state_dir: checker.state_dir,
            jobs_dir: checker
                .jobs_dir
                .unwrap_or_else(|| crate::DEFAULT_DIR.into()),
            catch_up: checker
                .catch_up
                .map_or(DEFAULT_CATCH_UP, |span| span.0.duration()),
            fault: None,
        }
    }

    fn faulty(path: &Path, text: Option<String>, fault: FileError) -> Self {
        Self {
            text,
            fault: Some(fault),
            ..Self::of(path, Document::default())
        }
    }

    /// The expected jobs: those of the folder and those of the config. Names of
    /// forges in them are not looked at.
    #[must_use]
    pub fn manifest(&self) -> Manifest {
        Manifest::load(&Sources {
            dir: &self.jobs_dir,
            dir_named: self.jobs_dir != Path::new(crate::DEFAULT_DIR),
            config: self.text.as_deref().map(|text| (&*self.path, text)),
            zone: host_zone(Path::new("/")),
            forges: &|_, _| Ok(()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Settings {
        Settings::parse(Path::new("c.toml"), text.to_owned())
    }

    #[test]
    fn what_is_said_is_taken_and_what_others_say_is_passed_over() {
        let text = "[checker]\nhost = \"bezalel\"\nstores = [\"/srv/hb\"]\nstate_dir = \"/srv/s\"\n\
            jobs_dir = \"/srv/j\"\ncatch_up = \"30m\"\ninterval = \"5m\"\n[forge]\nkind = \"odd\"\n";
        let settings = parse(text);
        assert_eq!(settings.fault, None);
        assert_eq!(settings.host.as_deref(), Some("bezalel"));
        assert_eq!(settings.stores, [PathBuf::from("/srv/hb")]);
        assert_eq!(settings.state_dir, Some("/srv/s".into()));
        assert_eq!(settings.jobs_dir, PathBuf::from("/srv/j"));
        assert_eq!(settings.catch_up, Duration::from_secs(1_800));
    }

    #[test]
    fn without_a_word_everything_is_at_its_default() {
        let settings = parse("");
        assert_eq!(settings.fault, None);
        assert_eq!(settings.jobs_dir, PathBuf::from(crate::DEFAULT_DIR));
        assert_eq!(settings.catch_up, DEFAULT_CATCH_UP);
    }

    #[test]
    fn faults_are_told_with_their_place_and_nothing_else_is_lost() {
        for (text, told) in [
            (
                "[checker]\ncatch_up = \"soon\"\n",
                "c.toml:2:12: \"soon\" is not a duration",
            ),
            ("[checker]\nstores = 3\n", "c.toml:2:10: "),
            ("[checker\n", "c.toml:1:"),
        ] {
            let settings = parse(text);
            let fault = settings.fault.as_ref().map(FileError::brief);
            let fault = fault.unwrap_or_default();
            assert!(fault.starts_with(told), "{fault}");
            assert_eq!(settings.text.as_deref(), Some(text));
            assert_eq!(settings.jobs_dir, PathBuf::from(crate::DEFAULT_DIR));
        }
    }

    #[test]
    fn a_config_that_is_named_must_be_there() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("config.toml");
        let fault = Settings::load(Some(&path)).fault.unwrap();
        assert_eq!(fault.message, "there is no such file");
        fs::write(&path, b"\xff").unwrap();
        let fault = Settings::load(Some(&path)).fault.unwrap();
        assert_eq!(fault.message, "it is not UTF-8 text");
    }

    #[test]
    fn the_manifest_is_the_folder_and_the_config() {
        let dir = tempfile::tempdir().unwrap();
        let jobs = dir.path().join("jobs.d");
        fs::create_dir(&jobs).unwrap();
        fs::write(jobs.join("a.toml"), "[one]\nevery = \"1h\"\n").unwrap();
        let path = dir.path().join("config.toml");
        let text = format!("[checker]\njobs_dir = {jobs:?}\n[jobs.two]\nevery = \"1d\"\n");
        let manifest = Settings::parse(&path, text).manifest();
        let names: Vec<&str> = manifest.jobs().iter().map(|job| job.job.as_str()).collect();
        assert_eq!(names, ["one", "two"]);
        assert_eq!(manifest.faults, []);
    }
}
