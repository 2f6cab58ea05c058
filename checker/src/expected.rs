//! What is said of the manifest of expected jobs beside the jobs themselves: its
//! faults, names that lead nowhere, files that are none.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use heartbeat::Finding;
use manifest::{Manifest, OPEN_TO_ALL};
use watch::{Need, strangers};

use crate::gather::Gathered;

/// Adds what is odd about the config and the manifest to what is odd about the stores.
/// While the manifest has faults, no job may be called gone: its entry may be one that
/// cannot be read.
pub(crate) fn tell(open_config: Option<&Path>, manifest: &Manifest, seen: &mut Gathered) {
    seen.sight.blind |= manifest.blind || !manifest.faults.is_empty();
    let open = open_config.into_iter();
    let open = open.chain(manifest.open_to_all.iter().map(PathBuf::as_path));
    seen.findings.extend(open.map(|path| Finding {
        path: path.to_owned(),
        what: OPEN_TO_ALL.to_owned(),
        blind: false,
    }));
    let strangers = strangers(&seen.states, &[]);
    let strangers = strangers.into_iter().map(|(expected, what)| Finding {
        path: PathBuf::from(expected.place.to_string()),
        what,
        blind: false,
    });
    seen.findings.extend(strangers);
    // A hidden file is no typing error: packages leave placeholders.
    let ignored = manifest.ignored.iter().filter(|ignored| !ignored.hidden);
    let ignored = ignored.map(|ignored| Finding {
        path: ignored.path.clone(),
        what: ignored.why.to_owned(),
        blind: false,
    });
    seen.findings.extend(ignored);
    if manifest.unknown_needs.is_empty() {
        return;
    }
    let known: HashSet<(&str, &str)> = seen
        .states
        .iter()
        .map(|state| (state.key.user(), state.key.job.as_str()))
        .collect();
    let leads_nowhere = |need: &Need| match need {
        Need::Job { user, job } => !known.contains(&(&**user, job.as_str())),
        Need::Host => false,
    };
    let unknown = manifest.unknown_needs.iter();
    let unknown: Vec<Finding> = unknown
        .filter(|unknown| leads_nowhere(&unknown.need))
        .map(|unknown| Finding {
            path: PathBuf::from(unknown.by.place.to_string()),
            what: unknown.what(),
            blind: false,
        })
        .collect();
    seen.findings.extend(unknown);
}

/// Says that the host's time zone is not known, where a schedule may rest on it.
pub(crate) fn tell_no_zone(seen: &mut Gathered) {
    if seen.states.iter().any(|state| state.scheduled.is_some()) {
        seen.findings.push(Finding {
            path: PathBuf::from("/etc/localtime"),
            what: "names no known time zone, so schedules that name none are taken in UTC: link it into /usr/share/zoneinfo, or name the zone with each schedule".to_owned(),
            blind: false,
        });
    }
}

/// The faults of the manifest, each in one line.
pub(crate) fn faults(manifest: &Manifest) -> impl Iterator<Item = String> + '_ {
    manifest
        .faults
        .iter()
        .map(|fault| format!("cannot read an expected job: {}", fault.brief()))
}
