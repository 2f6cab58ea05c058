//! Whether something calls `beat`, and under which name; and which beats lie in a store.

use std::cell::RefCell;
use std::path::{Path, PathBuf};

use hashbrown::{HashMap, HashSet};
use heartbeat::JobName;

use crate::names::{self, commands};
use crate::root::{Root, Sort, text_of};

/// Longer scripts are not looked into.
const LONGEST_SCRIPT: u64 = 256 * 1024;

/// The name of the beat that a command line leaves. `None` where it calls no `beat`.
#[must_use]
pub fn in_command(command: &str) -> Option<JobName> {
    // Most lines have none of it.
    if !command.contains("beat") {
        return None;
    }
    commands(command).iter().find_map(|words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let at = names::program_at(&words)?;
        if words[at].rsplit('/').next() == Some("beat") {
            return name_in(&words[at + 1..]);
        }
        // Within the text that a shell is given.
        let inner = words[at..].iter().filter(|word| word.contains(' '));
        inner.copied().find_map(in_command)
    })
}

/// The name among the arguments of `beat`: the first that is no option.
fn name_in(args: &[&str]) -> Option<JobName> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        match *arg {
            "--" => return None,
            "--instance" => return instance(args.next()?),
            "--dir" | "--every" | "--cron" | "--on-calendar" | "--tz" | "--timeout" => {
                args.next();
            }
            option if option.starts_with('-') => {}
            name => return JobName::new(name).ok(),
        }
    }
    None
}

/// The name in an instance: `db_backup:1d`.
fn instance(text: &str) -> Option<JobName> {
    JobName::new(text.split(':').next()?).ok()
}

/// The name of the beat that a unit leaves by starting `beat@NAME:INTERVAL.service`.
#[must_use]
pub fn in_unit(unit: &str) -> Option<JobName> {
    let rest = unit.strip_prefix("beat@")?.strip_suffix(".service")?;
    instance(rest)
}

/// Scripts, looked into once each.
#[derive(Debug, Default)]
pub struct Scripts {
    known: RefCell<HashMap<PathBuf, Option<JobName>>>,
}

impl Scripts {
    /// The name of the beat that a script leaves, where it is one that can be read.
    pub fn beat(&self, root: &Root, path: &Path) -> Option<JobName> {
        if let Some(known) = self.known.borrow().get(path) {
            return known.clone();
        }
        let found = look(root, path);
        self.known
            .borrow_mut()
            .insert(path.to_owned(), found.clone());
        found
    }
}

fn look(root: &Root, path: &Path) -> Option<JobName> {
    let meta = root.stat(path).ok()?;
    if meta.sort != Sort::File || meta.len > LONGEST_SCRIPT {
        return None;
    }
    let (bytes, _) = root.read(path).ok()?;
    if !bytes.starts_with(b"#!") {
        return None;
    }
    in_script(&String::from_utf8_lossy(&bytes))
}

/// The name of the beat that the text of a shell script leaves.
#[must_use]
pub fn in_script(text: &str) -> Option<JobName> {
    let lines = text.lines().map(str::trim);
    lines
        .filter(|line| !line.starts_with('#') && line.contains("beat"))
        .find_map(in_command)
}

/// The beats of a store, by user and name.
#[derive(Debug, Default)]
pub struct Store {
    names: HashSet<(String, String)>,
    /// Why it could not be read.
    pub blind: Option<String>,
}

impl Store {
    /// Lists a store. One that is missing is empty.
    #[must_use]
    pub fn list(root: &Root, dir: &Path, owner: &str) -> Self {
        let mut store = Self::default();
        let entries = match root.list(dir) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return store,
            Err(error) => {
                store.blind = Some(crate::error::said(&error));
                return store;
            }
        };
        for entry in &entries {
            let Some(name) = text_of(entry) else { continue };
            if let Some(job) = job_of(name) {
                store.names.insert((owner.into(), job.into()));
            } else if let Ok(inner) = root.list(&dir.join(entry)) {
                let jobs = inner.iter().filter_map(|name| job_of(text_of(name)?));
                let jobs = jobs.map(|job| (name.to_owned(), job.to_owned()));
                store.names.extend(jobs);
            }
        }
        store
    }

    /// Takes in another store.
    pub fn join(&mut self, other: Self) {
        self.names.extend(other.names);
        self.blind = self.blind.take().or(other.blind);
    }

    /// Whether a job has a beat in it.
    #[must_use]
    pub fn has(&self, user: &str, job: &JobName) -> bool {
        !self.names.is_empty()
            && self
                .names
                .contains(&(user.to_owned(), job.as_str().to_owned()))
    }
}

fn job_of(file: &str) -> Option<&str> {
    let (job, ending) = file.rsplit_once('.')?;
    let known = matches!(ending, "last" | "fail" | "run" | "skip");
    (known && JobName::is_valid(job)).then_some(job)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Tree;

    #[test]
    fn calls_of_beat() {
        for (command, expected) in [
            ("backup.sh && beat db_backup --every 1d", Some("db_backup")),
            ("beat mail --every 15m -- import.sh --all", Some("mail")),
            ("/usr/local/bin/beat --every 1d x", Some("x")),
            ("sh -c 'a && beat inner --every 1d'", Some("inner")),
            ("HEARTBEAT_DIR=/x beat y --every 1h", Some("y")),
            ("nice -n 5 beat z --every 1h -- true", Some("z")),
            ("a; beat --instance b:1d", Some("b")),
            ("echo beat drums", None),
            ("upbeat x", None),
            ("beat", None),
            ("beat-check --all", None),
            ("true", None),
        ] {
            let found = in_command(command);
            assert_eq!(found.as_ref().map(JobName::as_str), expected, "{command}");
        }
        assert_eq!(in_unit("beat@a.b:1d.service").unwrap().as_str(), "a.b");
        assert_eq!(in_unit("beat-fail@a:1d.service"), None);
    }

    #[test]
    fn scripts_are_looked_into() {
        let tree = Tree::new()
            .script(
                "/opt/a",
                "#!/bin/sh\n# beat never x\nset -e\nwork && beat a_done --every 1d\n",
            )
            .script("/opt/b", "#!/bin/sh\nwork # then beat the drum\n")
            .file("/opt/c", "beat binary --every 1d\n")
            .dir("/opt/d");
        let (root, scripts) = (tree.root(), Scripts::default());
        let beat = |path: &str| scripts.beat(&root, Path::new(path));
        assert_eq!(beat("/opt/a").unwrap().as_str(), "a_done");
        for none in ["/opt/b", "/opt/c", "/opt/d", "/opt/e"] {
            assert_eq!(beat(none), None, "{none}");
        }
    }

    #[test]
    fn beats_in_a_store() {
        let tree = Tree::new()
            .file("/s/a.last", "")
            .file("/s/b.c.fail", "")
            .file("/s/.x.last", "")
            .file("/s/readme.txt", "")
            .file("/s/app/d.run", "");
        let store = Store::list(&tree.root(), Path::new("/s"), "root");
        let has = |user: &str, job: &str| store.has(user, &JobName::new(job).unwrap());
        assert!(has("root", "a") && has("root", "b.c") && has("app", "d"));
        assert!(!has("root", "d") && !has("app", "a") && !has("root", "readme"));
        let none = Store::list(&tree.root(), Path::new("/none"), "root");
        assert!(none.blind.is_none() && !none.has("root", &JobName::new("a").unwrap()));
    }
}
