//! Scripts that `run-parts` runs: one line after the first starts the script again under
//! `beat`, which sets `HEARTBEAT_JOB` for it, so that it then goes on. Path, arguments,
//! environment and exit code stay the script's own.

use std::path::Path;

use super::{Change, Ground, Plan, interval};
use crate::apply::JobLines;
use crate::job::Job;
use crate::root::text_of;

/// Shells that read the line, by the name of their program.
const SHELLS: [&str; 4] = ["sh", "dash", "bash", "ksh"];

/// Where dpkg says which package owns a file.
const DPKG: &str = "/var/lib/dpkg/info";

/// Adopts a script.
pub(super) fn script(ground: &Ground<'_>, plan: &mut Plan, job: &Job, path: &Path) {
    if let Some(package) = package(ground, path) {
        plan.notes.insert(
            "A script of a package that matters: turn it off (chmod -x), write a cron line of \
             your own that runs it, and adopt that."
                .into(),
        );
        return plan.leave(
            job,
            format!(
                "It is a file of the package {package}; dpkg would ask about the change at \
                 upgrades."
            ),
        );
    }
    let real = ground
        .root
        .resolve(path)
        .unwrap_or_else(|_| path.to_owned());
    if real != path {
        return plan.leave(
            job,
            "It is a link; what it leads to may be run by others, too.",
        );
    }
    let Ok((bytes, _)) = ground.root.read(path) else {
        return plan.leave(job, "It cannot be read.");
    };
    let Some(every) = interval(job, 0) else {
        return plan.leave(job, "How often it runs cannot be told.");
    };
    let Some(first) = bytes.iter().position(|b| *b == b'\n') else {
        return plan.leave(job, "It is no shell script.");
    };
    if !is_shell(&bytes[..first]) {
        return plan.leave(
            job,
            "It is no shell script. Let it leave a beat itself, as its last step.",
        );
    }
    let line = line(job, &every.to_string());
    let at = first + 1;
    let change = Change {
        new: [&bytes[..at], line.as_bytes(), &bytes[at..]].concat(),
        jobs: vec![JobLines {
            job: job.name.to_string(),
            old: at..at,
            new: at..at + line.len(),
        }],
        old: Some(bytes),
    };
    plan.files.insert(path.to_owned(), change);
    plan.took(ground, job, 0);
}

fn line(job: &Job, every: &str) -> String {
    let name = &job.name;
    format!(
        "[ \"${{HEARTBEAT_JOB-}}\" = {name} ] || ! command -v beat >/dev/null || \
         exec env HEARTBEAT_JOB={name} beat {name} --every {every} -- \"$0\" \"$@\"\n"
    )
}

/// Whether a first line names a shell: `#!/bin/sh -e`, `#! /usr/bin/env bash`.
fn is_shell(first: &[u8]) -> bool {
    let Some(rest) = first.strip_prefix(b"#!") else {
        return false;
    };
    let rest = String::from_utf8_lossy(rest);
    let mut words = rest.split_whitespace();
    let program = |word: &str| word.rsplit('/').next().unwrap_or(word).to_owned();
    let mut name = words.next().map(program);
    if name.as_deref() == Some("env") {
        name = words.next().map(program);
    }
    name.is_some_and(|name| SHELLS.contains(&name.as_str()))
}

/// The package that owns a file, by dpkg's lists.
pub(super) fn package(ground: &Ground<'_>, path: &Path) -> Option<String> {
    let info = Path::new(DPKG);
    let wanted = path.to_str()?;
    for list in ground.root.list(info).ok()? {
        let Some(package) = text_of(&list).and_then(|name| name.strip_suffix(".list")) else {
            continue;
        };
        let Ok((bytes, _)) = ground.root.read(&info.join(&list)) else {
            continue;
        };
        if bytes
            .split(|b| *b == b'\n')
            .any(|line| line == wanted.as_bytes())
        {
            return Some(package.split(':').next().unwrap_or(package).to_owned());
        }
    }
    None
}
