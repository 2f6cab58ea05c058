//! Lines of crontabs and of the anacrontab, wrapped.

use std::path::Path;

use super::{Ground, Plan, interval};
use crate::crontab::{Crontab, Dialect};
use crate::job::Job;
use crate::shell::{self, quote};
use crate::sight::{Seen, Sight};
use crate::wrap::{Adoption, Pace, beat_for, replace, wrap};

/// Wraps lines of one crontab.
pub(super) fn crontab(
    ground: &Ground<'_>,
    plan: &mut Plan,
    seen: &Seen,
    file: &Path,
    jobs: &[&Job],
) {
    let Ok((bytes, _)) = ground.root.read(file) else {
        for job in jobs {
            plan.leave(
                job,
                "Its crontab is seen through crontab -l only; root can change it.",
            );
        }
        return;
    };
    let system = !file.starts_with("/var/spool");
    let dialect = if system {
        Dialect::System
    } else {
        Dialect::User
    };
    let tab = Crontab::parse(&bytes, dialect);
    let (mut lines, mut took) = (Vec::new(), Vec::new());
    for job in jobs {
        let number = job.place.line.unwrap_or_default() as usize;
        let Some(found) = tab.job_at(number) else {
            plan.leave(job, "The line has changed since it was read.");
            continue;
        };
        let sight = Sight::new(ground.root, ground.users.id(&job.user), seen);
        let beat = beat_for(found.settings.path(), ground.beat, &sight);
        let adoption = Adoption {
            beat: &beat,
            job: &job.name,
            pace: Pace::Line { zone: None },
            options: &[],
            look: &sight,
        };
        match wrap(&tab, &found, &adoption) {
            Ok(wrapped) => {
                lines.push((number, wrapped.line));
                took.push(*job);
            }
            Err(refusal) => plan.leave(job, refusal.to_string()),
        }
    }
    let new = replace(&tab, &lines);
    for job in took {
        plan.change(file, Some(bytes.clone()), new.clone(), &job.name);
        plan.took(ground, job, 0);
    }
    if let Some(package) = super::script::package(ground, file).filter(|_| !lines.is_empty()) {
        plan.notes.insert(format!(
            "{} is a file of the package {package}: dpkg asks about the change when an upgrade \
             brings another one.",
            crate::error::shown(file)
        ));
    }
}

/// Wraps a line of the anacrontab. Anacron hands the rest of the line to `/bin/sh -c` as
/// it is written.
pub(super) fn anacron(ground: &Ground<'_>, plan: &mut Plan, job: &Job) {
    let file: &Path = &job.place.file;
    let (Some(bytes), Some(every)) = (plan.bytes(ground, file), interval(job, 0)) else {
        return plan.leave(job, "How often it runs cannot be told.");
    };
    if shell::speaks_of_beat(job.command.as_bytes()) {
        return plan.leave(
            job,
            "It may leave a beat already, in a way that is not understood.",
        );
    }
    let number = job.place.line.unwrap_or_default() as usize;
    let mut lines: Vec<&[u8]> = bytes.split_inclusive(|b| *b == b'\n').collect();
    let line = number.checked_sub(1).and_then(|at| lines.get_mut(at));
    let Some(line) = line else {
        return plan.leave(job, "The line has changed since it was read.");
    };
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let end = text.trim_ascii_end();
    let Some(start) = end.len().checked_sub(job.command.len()) else {
        return plan.leave(job, "The line has changed since it was read.");
    };
    // A line that goes on in the next one is not the command's own.
    if &end[start..] != job.command.as_bytes() || text.ends_with(b"\\") {
        return plan.leave(job, "It is written over several lines; wrap it by hand.");
    }
    let head = format!(
        "{} {} --every {every} -- /bin/sh -c ",
        ground.beat.display(),
        job.name
    );
    let new = [
        &text[..start],
        head.as_bytes(),
        &quote(&end[start..]),
        &line[end.len()..],
    ]
    .concat();
    *line = &new;
    let whole = lines.concat();
    plan.change(file, Some(bytes.clone()), whole, &job.name);
    plan.took(ground, job, 0);
}
