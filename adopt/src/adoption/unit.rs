//! Services that timers start: a drop-in by which systemd leaves the beat. No file of a
//! package is touched.

use std::path::{Path, PathBuf};

use super::{Ground, Plan, interval};
use crate::job::{Job, Unit};

/// Adopts the service of a timer.
pub(super) fn unit(ground: &Ground<'_>, plan: &mut Plan, job: &Job, started: &Unit) {
    let &Unit {
        ref service,
        there,
        delay,
    } = started;
    if !service.ends_with(".service") {
        return plan.leave(job, format!("{service}, which it starts, is no service."));
    }
    if !there {
        return plan.leave(job, format!("{service}, which it starts, is not there."));
    }
    let Some(every) = interval(job, delay) else {
        return plan.leave(
            job,
            "How often it runs cannot be told: its times are those of a boot, or too far apart.",
        );
    };
    let path = drop_in(service);
    if ground.root.look(&path).is_ok() || plan.files.contains_key(&path) {
        return plan.leave(
            job,
            format!(
                "{} is there already, for another timer of it or by hand.",
                path.display()
            ),
        );
    }
    let name = &job.name;
    let text = format!(
        "# By beat-adopt: each run leaves a beat. Taken back by beat-adopt --undo {name}\n\
         [Unit]\n\
         OnSuccess=beat@{name}:{every}.service\n\
         OnFailure=beat-fail@{name}:{every}.service\n"
    );
    plan.new_file(ground, &path, text, name);
    plan.took(ground, job, delay);
    plan.notes
        .insert("Then tell systemd: systemctl daemon-reload".into());
}

fn drop_in(service: &str) -> PathBuf {
    Path::new("/etc/systemd/system")
        .join(format!("{service}.d"))
        .join("50-heartbeat.conf")
}
