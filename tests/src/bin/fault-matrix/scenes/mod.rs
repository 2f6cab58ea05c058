//! The scenes: each program at each of the things that it changes.

mod adopt;
mod check;
mod report;
mod wrapper;
mod write;

use crate::scene::Scene;

/// All of them.
pub(crate) const ALL: [Scene; 14] = [
    write::SUCCESS,
    write::FIRST,
    write::FAILURE,
    wrapper::GOOD,
    wrapper::BAD,
    wrapper::CAREFUL,
    check::FOLDER,
    check::FORGEJO,
    check::FIRST,
    report::JSON,
    report::PANEL,
    adopt::APPLY,
    adopt::UNDO,
    adopt::RECORD,
];
