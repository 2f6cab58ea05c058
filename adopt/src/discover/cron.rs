//! Crontabs: those of the system, of `cron.d`, of users. A file that cron takes gives
//! its jobs; of one that it passes over it is told why, and how many jobs never run.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use heartbeat::JobName;

use super::files::{self, Refusal};
use super::{Look, line};
use crate::crontab::{Crontab, Dialect, Kind as LineKind, Line, Malformed};
use crate::error::{plain, said, shown};
use crate::finding::{Finding, Place};
use crate::names;
use crate::root::{Fault, Meta, Sort, text_of};

/// More faults of one file are not told one by one.
const MOST_FAULTS: usize = 10;

/// `/etc/crontab`.
pub(super) fn crontab(look: &Look<'_>, path: &Path) {
    match look.root.look(path) {
        Ok(own) => system_file(look, path, own, "crontab"),
        Err(error) => blind(look, path, &error),
    }
}

/// `/etc/cron.d`.
pub(super) fn folder(look: &Look<'_>, dir: &Path) {
    match look.root.list(dir) {
        Ok(names) => look.spread(&names, |look, name| in_folder(look, dir, name)),
        Err(error) => blind(look, dir, &error),
    }
}

fn in_folder(look: &Look<'_>, dir: &Path, entry: &OsStr) {
    let path = dir.join(entry);
    let name = entry.to_string_lossy();
    if files::set_aside(&name) {
        return;
    }
    let own = match look.root.look(&path) {
        Ok(own) => own,
        Err(error) => return blind(look, &path, &error),
    };
    if text_of(entry).is_some_and(files::plain_name) {
        system_file(look, &path, own, &name);
    } else if own.sort != Sort::Dir {
        let path_text = shown(&path);
        let better = dir.join(files::better_name(&name));
        let refusal = Refusal {
            code: "cron-name",
            why: "cron reads names of letters, digits, \"-\" and \"_\" only".into(),
            fix: format!("mv {path_text:?} {}", shown(&better)),
        };
        let bytes = look.root.read(&path).map(|(bytes, _)| bytes);
        let bytes = bytes.as_deref().ok();
        refused(look, &path, bytes, Dialect::System, &refusal);
    }
}

fn system_file(look: &Look<'_>, path: &Path, own: Meta, label: &str) {
    let text = shown(path);
    let meta = if own.sort == Sort::Link {
        look.root.stat(path).unwrap_or(own)
    } else {
        own
    };
    let refusal = files::system(&text, &own, &meta);
    if meta.sort != Sort::File {
        if let Some(refusal) = refusal {
            refused(look, path, None, Dialect::System, &refusal);
        }
        return;
    }
    match look.root.read_seen(path, &own) {
        Ok((bytes, _)) => match refusal {
            Some(refusal) => refused(look, path, Some(&bytes), Dialect::System, &refusal),
            None => jobs(look, path, &bytes, None, label),
        },
        Err(fault) => unreadable(look, path, &fault),
    }
}

/// `/var/spool/cron/crontabs`.
pub(super) fn spool(look: &Look<'_>, dir: &Path) {
    match look.root.list(dir) {
        Ok(names) => look.spread(&names, |look, name| of_user(look, dir, name)),
        Err(error) => blind(look, dir, &error),
    }
}

fn of_user(look: &Look<'_>, dir: &Path, entry: &OsStr) {
    let path = dir.join(entry);
    let name = entry.to_string_lossy();
    // Temporary files of crontab(1).
    if name.starts_with('.') || name.starts_with("tmp.") {
        return;
    }
    let own = match look.root.look(&path) {
        Ok(own) => own,
        Err(error) => return blind(look, &path, &error),
    };
    let text = shown(&path);
    let refusal = match look.users.id(&name) {
        Some(uid) => files::user(&text, &name, uid, &own),
        None if look.users.is_unknown(&name) => Some(Refusal {
            code: "cron-orphan",
            why: format!("there is no user {:?}", plain(&name)),
            fix: format!("Remove the file, or make the user: rm {text}"),
        }),
        None => None,
    };
    if own.sort != Sort::File {
        if let Some(refusal) = refusal {
            refused(look, &path, None, Dialect::User, &refusal);
        }
        return;
    }
    match look.root.read_seen(&path, &own) {
        Ok((bytes, _)) => match refusal {
            Some(refusal) => refused(look, &path, Some(&bytes), Dialect::User, &refusal),
            None => jobs(look, &path, &bytes, Some(&name), "user-crontab"),
        },
        Err(fault) => unreadable(look, &path, &fault),
    }
}

/// What `crontab -l` printed for a user who sees no other.
pub(super) fn own(look: &Look<'_>, user: &str, bytes: Option<&[u8]>) {
    if let Some(bytes) = bytes {
        jobs(
            look,
            Path::new("crontab"),
            bytes,
            Some(user),
            "user-crontab",
        );
    }
}

/// What is not there hides nothing; everything else does.
fn blind(look: &Look<'_>, dir: &Path, error: &std::io::Error) {
    if error.kind() != std::io::ErrorKind::NotFound {
        look.unseen(format!("{}: {}", shown(dir), said(error)));
    }
}

fn unreadable(look: &Look<'_>, path: &Path, fault: &Fault) {
    if let Fault::TooLong(_) = fault {
        look.wrong(
            "too-long",
            Place::file(path),
            format!("{fault}; it was not read."),
            "No crontab is that long; look what it is.",
        );
    } else if !matches!(fault, Fault::Missing) {
        look.unseen(format!("{}: {fault}", shown(path)));
    }
}

/// Tells that cron passes over a file, and what that costs.
fn refused(look: &Look<'_>, path: &Path, bytes: Option<&[u8]>, dialect: Dialect, why: &Refusal) {
    let cost = bytes.map_or(Cow::Borrowed("."), |bytes| {
        let count = Crontab::parse(bytes, dialect).jobs().count();
        cost(count).into()
    });
    look.wrong(
        why.code,
        Place::file(path),
        format!("Cron ignores this file: {}{cost}", why.why),
        why.fix.clone(),
    );
}

fn cost(jobs: usize) -> String {
    match jobs {
        0 => ".".into(),
        1 => ". Its job never runs.".into(),
        n => format!(". Its {n} jobs never run."),
    }
}

/// The jobs of a file that cron takes, unless a line of it is wrong.
fn jobs(look: &Look<'_>, path: &Path, bytes: &[u8], owner: Option<&str>, label: &str) {
    let dialect = match owner {
        Some(_) => Dialect::User,
        None => Dialect::System,
    };
    let crontab = Crontab::parse(bytes, dialect);
    let file: Arc<Path> = path.into();
    if faults(look, &crontab, &file) {
        return;
    }
    let lines = crontab.lines();
    let (mut told_crlf, mut told_zone) = (false, false);
    let mut set = crontab.jobs();
    for (at, written) in lines.iter().enumerate() {
        let number = u32::try_from(written.number).unwrap_or(u32::MAX);
        match &written.kind {
            LineKind::Setting(setting) if setting.name == b"CRON_TZ" && !told_zone => {
                told_zone = true;
                look.wrong(
                    "cron-tz",
                    Place::line(&file, number),
                    "Debian's cron does not know CRON_TZ: the jobs run by the host's own time.",
                    "Write the times as they are in the host's time zone, or use a systemd timer.",
                );
            }
            LineKind::Job(job) => {
                let command = crontab.shown(&job.command);
                let place = Place::line(&file, number);
                if command.ends_with('\r') && !told_crlf {
                    told_crlf = true;
                    look.wrong(
                        "cron-crlf",
                        place.clone(),
                        "The lines end in CR LF; cron hands the CR on as a part of the command.",
                        format!("sed -i 's/\\r$//' {}", shown(&file)),
                    );
                }
                let user = job.user.as_ref().map(|span| crontab.shown(span));
                let user = user.as_deref().or(owner).unwrap_or("root");
                let comment = at
                    .checked_sub(1)
                    .and_then(|before| name_above(&crontab, &lines[before]));
                let settings = set.next().map(|job| job.settings).unwrap_or_default();
                let found = line::JobLine {
                    place,
                    user,
                    raw: crontab.text(&job.command),
                    input: job.input.as_ref().map(|span| crontab.text(span)),
                    command: &command,
                    schedule: &crontab.schedule(&job.when),
                    settings: &settings,
                    comment,
                };
                line::job(look, found, label);
            }
            _ => {}
        }
    }
}

fn name_above(crontab: &Crontab<'_>, line: &Line) -> Option<JobName> {
    if line.kind != LineKind::Comment {
        return None;
    }
    names::from_comment(&crontab.shown(&line.span))
}

/// Tells of the lines for which cron ignores a file; whether there are any.
fn faults(look: &Look<'_>, crontab: &Crontab<'_>, file: &Arc<Path>) -> bool {
    let mut found: Vec<Finding> = Vec::new();
    let mut others = 0usize;
    let mut count = 0usize;
    for line in crontab.lines() {
        let place = Place::line(file, u32::try_from(line.number).unwrap_or(u32::MAX));
        let (code, why, fix) = match &line.kind {
            LineKind::Malformed(why) => malformed(why, file),
            LineKind::Job(job) => {
                let user = job.user.as_ref().map(|span| crontab.shown(span));
                let Some(user) = user.filter(|user| look.users.is_unknown(user)) else {
                    others += 1;
                    continue;
                };
                (
                    "cron-user",
                    format!("there is no user {:?}", plain(&user)),
                    "Name a user that there is between the time and the command.".to_owned(),
                )
            }
            _ => continue,
        };
        count += 1;
        if count <= MOST_FAULTS {
            let says = format!("Cron ignores the whole file because of this line: {why}.");
            found.push(Finding::new(code, place, says, fix));
        }
    }
    if crontab.too_many_lines() {
        found.push(Finding::new(
            "cron-lines",
            Place::file(Arc::clone(file)),
            format!(
                "It has more than {} lines; crontab(1) takes no such file.",
                crate::crontab::MAX_LINES
            ),
            "Split it into several files of /etc/cron.d.",
        ));
    }
    if count > MOST_FAULTS {
        found.push(Finding::new(
            "cron-syntax",
            Place::file(Arc::clone(file)),
            format!("{} further lines are wrong.", count - MOST_FAULTS),
            "Is it a crontab at all?",
        ));
    }
    if let Some(first) = found.first_mut().filter(|_| count > 0) {
        let cost = match others {
            0 => String::new(),
            1 => " One other job in it never runs, either.".into(),
            n => format!(" {n} other jobs in it never run, either."),
        };
        first.says = [&*first.says, &cost].concat().into();
    }
    for finding in found {
        look.finding(finding);
    }
    count > 0
}

fn malformed(why: &Malformed, file: &Path) -> (&'static str, String, String) {
    let says = plain(&why.to_string());
    let (code, fix) = match why {
        Malformed::NoFinalNewline => ("cron-newline", format!("echo >>{}", shown(file))),
        Malformed::Missing("command") => (
            "cron-user",
            "Files of the system name a user between the time and the command.".into(),
        ),
        Malformed::Missing(_) | Malformed::Field(..) | Malformed::Keyword(_) => (
            "cron-syntax",
            "Write minute, hour, day, month and weekday; see crontab(5).".into(),
        ),
        Malformed::SixthField => ("cron-syntax", "Leave out one field of the time.".into()),
        Malformed::TooLong(_) => (
            "cron-long",
            "Put the command into a script and run that.".into(),
        ),
        Malformed::Nul => ("cron-syntax", "Remove the NUL byte.".into()),
    };
    (code, says, fix)
}
