//! Lines of crontabs and of the anacrontab, wrapped.

use std::path::Path;

use super::{Change, Ground, OWN, Plan, interval};
use crate::apply::{JobLines, rewrite};
use crate::crontab::{Crontab, Dialect};
use crate::job::Job;
use crate::shell::{self, quote};
use crate::sight::{Seen, Sight};
use crate::wrap::{Adoption, Pace, beat_for, wrap};

const CHANGED: &str = "The line has changed since it was read.";

/// Wraps lines of one crontab.
pub(super) fn crontab(
    ground: &Ground<'_>,
    plan: &mut Plan,
    seen: &Seen,
    file: &Path,
    jobs: &[&Job],
) {
    let own = ground.own.filter(|_| file == Path::new(OWN));
    let bytes = match own {
        Some(bytes) => bytes.to_vec(),
        None => match ground.root.read(file) {
            Ok((bytes, _)) => bytes,
            Err(fault) => {
                for job in jobs {
                    plan.leave(job, format!("Its crontab cannot be read: {fault}."));
                }
                return;
            }
        },
    };
    let system = own.is_none() && !file.starts_with("/var/spool");
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
            plan.leave(job, CHANGED);
            continue;
        };
        let sight = Sight::new(ground.root, ground.users.id(&job.user), seen);
        let beat = beat_for(found.settings.path(), ground.beat, &sight);
        let adoption = Adoption {
            beat: &beat,
            job: &job.name,
            pace: Pace::Line { zone: None },
            options: &[],
        };
        match wrap(&tab, &found, &adoption) {
            Ok(wrapped) => {
                lines.push((job.name.to_string(), number, wrapped));
                took.push(*job);
            }
            Err(refusal) => plan.leave(job, refusal.to_string()),
        }
    }
    if took.is_empty() {
        return;
    }
    let rewritten = rewrite(&tab, &lines);
    let change = Change {
        old: Some(bytes.clone()),
        new: rewritten.new,
        jobs: rewritten.jobs,
    };
    plan.files.insert(file.to_owned(), change);
    for job in took {
        plan.took(ground, job, 0);
    }
    if let Some(package) = super::script::package(ground, file) {
        plan.notes.insert(format!(
            "{} is a file of the package {package}: dpkg asks about the change when an upgrade \
             brings another one.",
            crate::error::shown(file)
        ));
    }
}

/// Wraps lines of the anacrontab. Anacron hands the rest of a line to `/bin/sh -c` as it
/// is written.
pub(super) fn anacrontab(ground: &Ground<'_>, plan: &mut Plan, file: &Path, jobs: &[&Job]) {
    let bytes = ground.root.read(file).map(|(bytes, _)| bytes);
    let bytes = bytes.unwrap_or_default();
    let (mut new, mut lines) = (Vec::with_capacity(bytes.len() + 256), Vec::new());
    let (mut start, mut took) = (0, Vec::new());
    for (number, line) in (1u32..).zip(bytes.split_inclusive(|b| *b == b'\n')) {
        let from = new.len();
        let job = jobs.iter().find(|job| job.place.line == Some(number));
        match job.map(|job| (job, wrapped(ground, job, line))) {
            None => new.extend_from_slice(line),
            Some((job, Err(why))) => {
                plan.leave(job, why);
                new.extend_from_slice(line);
            }
            Some((job, Ok(text))) => {
                new.extend_from_slice(&text);
                lines.push(JobLines {
                    job: job.name.to_string(),
                    old: start..start + line.len(),
                    new: from..new.len(),
                });
                took.push(*job);
            }
        }
        start += line.len();
    }
    if took.is_empty() {
        return;
    }
    let change = Change {
        old: Some(bytes),
        new,
        jobs: lines,
    };
    plan.files.insert(file.to_owned(), change);
    for job in took {
        plan.took(ground, job, 0);
    }
}

/// A line of the anacrontab, wrapped; else why not.
fn wrapped(ground: &Ground<'_>, job: &Job, line: &[u8]) -> Result<Vec<u8>, &'static str> {
    let every = interval(job, 0).ok_or("How often it runs cannot be told.")?;
    if shell::speaks_of_beat(job.command.as_bytes()) {
        return Err("It may leave a beat already, in a way that is not understood.");
    }
    let text = line.strip_suffix(b"\n").unwrap_or(line);
    let end = text.trim_ascii_end();
    // A line that goes on in the next one is not the command's own.
    if text.ends_with(b"\\") {
        return Err("It is written over several lines; wrap it by hand.");
    }
    let start = end.len().checked_sub(job.command.len()).ok_or(CHANGED)?;
    if &end[start..] != job.command.as_bytes() {
        return Err(CHANGED);
    }
    let beat = ground.beat.display();
    let head = format!("{beat} {} --every {every} -- /bin/sh -c ", job.name);
    Ok([
        &text[..start],
        head.as_bytes(),
        &quote(&end[start..]),
        &line[end.len()..],
    ]
    .concat())
}
