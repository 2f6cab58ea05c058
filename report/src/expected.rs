//! What the manifest adds to what was seen: jobs that left nothing, and what is
//! wrong with the manifest itself. Pure.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::Arc;

use heartbeat::Finding;
use manifest::{FileError, Manifest, OPEN_TO_ALL};
use watch::{Expected, JobState, Need, strangers};

/// The expected jobs of which no file was seen in the stores of these owners. Those
/// that may lie where nothing could be seen are left out: nobody knows of them.
pub(crate) fn absent<'m>(
    manifest: &'m Manifest,
    states: &[JobState],
    owners: &[String],
    findings: &[Finding],
) -> Vec<&'m Arc<Expected>> {
    if manifest.jobs().is_empty() || owners.is_empty() {
        return Vec::new();
    }
    let found: HashSet<*const Expected> = states
        .iter()
        .filter_map(|state| state.expected.as_ref().map(Arc::as_ptr))
        .collect();
    let hidden: HashSet<String> = findings
        .iter()
        .filter(|finding| finding.blind)
        .filter_map(|finding| finding.path.file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    let here = |user: &str| {
        let all = owners.iter().any(|owner| owner == "root");
        (all || owners.iter().any(|owner| owner == user)) && !hidden.contains(user)
    };
    let jobs = manifest.jobs().iter();
    jobs.filter(|one| !found.contains(&Arc::as_ptr(one)) && here(&one.user))
        .collect()
}

/// What is wrong with the manifest and the config, as findings. A fault hides
/// expected jobs.
pub(crate) fn findings(
    manifest: &Manifest,
    config_fault: Option<&FileError>,
    states: &[JobState],
    absent: &[&Arc<Expected>],
) -> Vec<Finding> {
    let place = |fault: &FileError| match &fault.place {
        Some((line, column, _)) => PathBuf::from(format!("{}:{line}:{column}", fault.path)),
        None => PathBuf::from(&fault.path),
    };
    // Of a whole file the message says once more what could not be read.
    let why = |fault: &FileError| match fault.message.split_once(": ") {
        Some((doing, why)) if doing.starts_with("cannot read ") => why.to_owned(),
        _ => fault.message.clone(),
    };
    let told = |fault: &FileError, what: &str| Finding {
        path: place(fault),
        what: format!("{what}: {}", why(fault)),
        blind: true,
    };
    let mut out: Vec<Finding> = config_fault
        .map(|fault| told(fault, "is the checker's config and cannot be read"))
        .into_iter()
        .collect();
    // What is wrong with the config as a whole, its `[jobs]` say too.
    let others = manifest
        .faults
        .iter()
        .filter(|fault| config_fault.is_none_or(|config| place(config) != place(fault)));
    out.extend(others.map(|fault| match &fault.place {
        Some(_) => told(fault, "expects a job and cannot be read"),
        None => told(fault, "may hold expected jobs"),
    }));
    out.extend(manifest.ignored.iter().map(|ignored| Finding {
        path: ignored.path.clone(),
        what: ignored.why.to_owned(),
        blind: false,
    }));
    out.extend(manifest.open_to_all.iter().map(|path| Finding {
        path: path.clone(),
        what: OPEN_TO_ALL.to_owned(),
        blind: false,
    }));
    let strangers = strangers(states, absent).into_iter();
    out.extend(strangers.map(|(expected, what)| Finding {
        path: PathBuf::from(expected.place.to_string()),
        what,
        blind: false,
    }));
    out.extend(unknown_needs(manifest, states));
    out
}

/// Needs that lead nowhere: to no expected job, and to none that leaves beats.
fn unknown_needs(manifest: &Manifest, states: &[JobState]) -> Vec<Finding> {
    if manifest.unknown_needs.is_empty() {
        return Vec::new();
    }
    let wanted: HashSet<(&str, &str)> = manifest
        .unknown_needs
        .iter()
        .filter_map(|unknown| match &unknown.need {
            Need::Job { user, job } => Some((&**user, job.as_str())),
            Need::Host => None,
        })
        .collect();
    let known: HashSet<(&str, &str)> = states
        .iter()
        .map(|state| (state.key.user(), state.key.job.as_str()))
        .filter(|key| wanted.contains(key))
        .collect();
    let nowhere = |need: &Need| match need {
        Need::Job { user, job } => !known.contains(&(&**user, job.as_str())),
        Need::Host => false,
    };
    let unknown = manifest.unknown_needs.iter();
    unknown
        .filter(|unknown| nowhere(&unknown.need))
        .map(|unknown| Finding {
            path: PathBuf::from(unknown.by.place.to_string()),
            what: unknown.what(),
            blind: false,
        })
        .collect()
}

/// Whether a problem of the checker's is a fault of the manifest that is told here.
pub(crate) fn is_told(problem: &str, manifest: &Manifest) -> bool {
    problem
        .strip_prefix("cannot read an expected job: ")
        .is_some_and(|brief| manifest.faults.iter().any(|fault| fault.brief() == brief))
}
