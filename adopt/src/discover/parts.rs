//! Scripts in folders that `run-parts` runs: each is a job, at the time of the line that
//! runs its folder. That line is the runner, no job of its own.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Look, aside, files};
use crate::beats;
use crate::error::{said, shown};
use crate::finding::Place;
use crate::job::{Job, Kind, Leaves, Shape, State};
use crate::names;
use crate::root::{Sort, text_of};
use crate::times::When;

/// Folders that Debian has for scripts.
const FOLDERS: [&str; 5] = [
    "/etc/cron.hourly",
    "/etc/cron.daily",
    "/etc/cron.weekly",
    "/etc/cron.monthly",
    "/etc/cron.yearly",
];

/// Options of `run-parts` that change nothing of which scripts run.
const HARMLESS: [&str; 7] = [
    "--report",
    "-v",
    "--verbose",
    "--exit-on-error",
    "--new-session",
    "--",
    "-d",
];

/// A line that runs the scripts of a folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Runner {
    /// The folder.
    pub(super) dir: PathBuf,
    /// The program that must not be there for the line to do anything.
    pub(super) unless: Option<PathBuf>,
}

/// Reads a line that runs a folder. `None` for any other, and for one that chooses the
/// scripts in a way of its own.
pub(super) fn runner(command: &str) -> Option<Runner> {
    if !command.contains("run-parts") {
        return None;
    }
    let commands = names::commands(command);
    let words = commands.iter().find_map(|words| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let at = names::program_at(&words)?;
        let program = words[at].rsplit('/').next();
        (program == Some("run-parts")).then(|| {
            words[at + 1..]
                .iter()
                .map(|w| (*w).to_owned())
                .collect::<Vec<_>>()
        })
    })?;
    let mut dir = None;
    for word in &words {
        if word == "}" || word == "fi" || word.starts_with(['>', '<', '2']) {
            break;
        }
        if word.starts_with('-') {
            let harmless = HARMLESS.contains(&word.as_str())
                || word.starts_with("--umask=")
                || word.starts_with("--arg=");
            if !harmless {
                return None;
            }
        } else if dir.replace(word).is_some() {
            return None;
        }
    }
    let dir = Path::new(dir?);
    // Relative ones hang on a cd before them: run-parts --report cron.daily
    let dir = if dir.is_absolute() {
        dir.to_owned()
    } else {
        Path::new("/").join(dir)
    };
    Some(Runner {
        dir: PathBuf::from(shown(&dir).trim_end_matches('/')),
        unless: unless(command),
    })
}

/// The program in a guard `test -x PROGRAM ||` or `[ -x PROGRAM ] ||`.
fn unless(command: &str) -> Option<PathBuf> {
    let (guard, _) = command.split_once("||")?;
    let guard = guard.trim().trim_end_matches(']').trim();
    let program = guard
        .strip_prefix("test -x ")
        .or_else(|| guard.strip_prefix("[ -x "))?
        .trim();
    let plain = program.starts_with('/') && !program.contains([' ', ';', '&']);
    plain.then(|| PathBuf::from(program))
}

/// Takes in the scripts of a folder. False when the folder is not known, and the line
/// stands for itself.
pub(super) fn scripts(
    look: &Look<'_>,
    runner: &Runner,
    user: &str,
    when: &Arc<When>,
    by: &Place,
) -> bool {
    if let Some(program) = &runner.unless
        && look.root.runnable(program)
    {
        // The other program runs the folder; see there.
        return true;
    }
    folder(look, &runner.dir, user, when, by, look.cron)
}

/// The scripts of a folder as jobs.
pub(super) fn folder(
    look: &Look<'_>,
    dir: &Path,
    user: &str,
    when: &Arc<When>,
    by: &Place,
    runs: bool,
) -> bool {
    let entries = match look.root.list(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            look.wrong(
                "parts-folder",
                by.clone(),
                format!("It runs the scripts of {}, which is not there.", shown(dir)),
                "Make the folder, or remove the line.",
            );
            return false;
        }
        Err(error) => {
            look.unseen(format!("{}: {}", shown(dir), said(&error)));
            return false;
        }
    };
    let again = !look.run.borrow_mut().insert(dir.to_owned());
    let label = label(dir);
    for entry in entries {
        let path = dir.join(&entry);
        let name = entry.to_string_lossy();
        if files::set_aside(&name) {
            continue;
        }
        let meta = look.root.stat(&path);
        if meta.as_ref().is_ok_and(|meta| meta.sort == Sort::Dir) {
            continue;
        }
        let place = Place::file(path.as_path());
        if !text_of(&entry).is_some_and(files::plain_name) {
            if !again {
                look.wrong(
                    "parts-name",
                    place,
                    "run-parts passes over this script: it takes names of letters, digits, \"-\" \
                     and \"_\" only. It never runs.",
                    format!(
                        "mv {:?} {}",
                        shown(&path),
                        shown(&dir.join(files::better_name(&name)))
                    ),
                );
            }
            continue;
        }
        match meta {
            Ok(meta) if meta.executable() => {
                script(look, &path, &name, user, when, &label, runs);
            }
            Ok(meta) if !again => {
                let (says, fix) = if meta.sort == Sort::File {
                    (
                        "run-parts passes over this script: it is not executable. It never runs.",
                        format!("chmod +x {0}, or remove it: rm {0}", shown(&path)),
                    )
                } else {
                    (
                        "run-parts passes over it: it is no file.",
                        format!("rm {}", shown(&path)),
                    )
                };
                look.wrong("parts-mode", place, says, fix);
            }
            Err(_) if !again => {
                look.wrong(
                    "parts-link",
                    place,
                    "It is a link to nothing; run-parts stops at it with an error.",
                    format!("rm {}", shown(&path)),
                );
            }
            _ => {}
        }
    }
    true
}

fn script(
    look: &Look<'_>,
    path: &Path,
    name: &str,
    user: &str,
    when: &Arc<When>,
    label: &str,
    runs: bool,
) {
    let text = look.root.read(path).map(|(bytes, _)| bytes);
    let text = text.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let called = if text.starts_with("#!") {
        beats::in_script(&text)
    } else {
        None
    };
    let state = if !runs {
        State::Off(super::NO_CRON.into())
    } else if look.systemd && aside::script(&text) {
        State::Aside
    } else {
        State::Runs
    };
    let beat = called.as_ref().map(|_| Leaves::Script);
    let named = called.is_some();
    look.job(
        Job {
            kind: Kind::Script,
            place: Place::file(path),
            user: look.user(user),
            name: called.unwrap_or_else(|| names::from_file(name)),
            named,
            command: shown(path).into(),
            when: Arc::clone(when),
            state,
            beat,
            expected: false,
            shape: Shape::Script(Box::new(path.to_owned())),
        },
        label,
    );
}

/// The word for a folder in a name: `daily`.
fn label(dir: &Path) -> String {
    let name = dir.file_name().unwrap_or_default().to_string_lossy();
    name.strip_prefix("cron.").unwrap_or(&name).to_owned()
}

/// Tells of scripts in Debian's folders that nothing runs.
pub(super) fn orphans(look: &Look<'_>) {
    for dir in FOLDERS.map(Path::new) {
        if look.run.borrow().contains(dir) {
            continue;
        }
        let scripts = look.root.list(dir).unwrap_or_default();
        let count = scripts
            .iter()
            .filter(|name| text_of(name).is_some_and(files::plain_name))
            .filter(|name| look.root.runnable(&dir.join(name)))
            .count();
        if count > 0 {
            let those = if count == 1 { "script" } else { "scripts" };
            look.wrong(
                "parts-orphan",
                Place::file(dir),
                format!("Nothing runs the {count} {those} in this folder."),
                format!(
                    "Add a line to /etc/crontab that runs it: run-parts --report {}",
                    shown(dir)
                ),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_that_run_folders() {
        let anacron = Some("/usr/sbin/anacron");
        for (command, dir, unless) in [
            (
                "cd / && run-parts --report /etc/cron.hourly",
                Some("/etc/cron.hourly"),
                None,
            ),
            (
                "test -x /usr/sbin/anacron || { cd / && run-parts --report /etc/cron.daily; }",
                Some("/etc/cron.daily"),
                anacron,
            ),
            (
                "test -x /usr/sbin/anacron || ( cd / && run-parts --report /etc/cron.daily )",
                Some("/etc/cron.daily"),
                anacron,
            ),
            (
                "[ -x /usr/sbin/anacron ] || run-parts /etc/cron.d5/",
                Some("/etc/cron.d5"),
                anacron,
            ),
            ("run-parts --report /x >/dev/null 2>&1", Some("/x"), None),
            ("run-parts --regex '^a' /x", None, None),
            ("run-parts --test /x", None, None),
            ("run-parts", None, None),
            ("echo run-parts", None, None),
            ("backup", None, None),
        ] {
            let found = runner(command);
            assert_eq!(
                found.as_ref().map(|r| r.dir.to_str().unwrap()),
                dir,
                "{command}"
            );
            let found = found.and_then(|r| r.unless);
            assert_eq!(
                found.as_deref().map(|p| p.to_str().unwrap()),
                unless,
                "{command}"
            );
        }
    }
}
