//! The options checked against each other: what excludes what, and what is missing.

use std::ffi::OsStr;

use heartbeat::{Interval, JobName};

use super::{Outcome, Raw, Request, Schedule, Target};
use crate::message::Refusal;

/// The longest reason of a run that did nothing, in bytes.
const MAX_REASON: usize = 1_000;

pub(super) fn check(mut raw: Raw) -> Result<Request, Refusal> {
    let outcome = outcome(&mut raw)?;
    let by_instance = raw.instance.is_some();
    let schedule = schedule(&raw)?;
    let (job, every) = match raw.instance {
        Some(instance) => {
            if raw.job.is_some() || raw.every.is_some() || schedule.is_some() {
                return Err(Refusal::usage(
                    "--instance names the job and its interval; neither can be given again",
                    "for example: beat --instance db_backup:1d",
                ));
            }
            from_instance(&instance)?
        }
        None => (
            job_name(raw.job.as_deref())?,
            raw.every.as_deref().map(interval).transpose()?,
        ),
    };
    if every.is_none()
        && schedule.is_none()
        && matches!(outcome, Outcome::Succeeded | Outcome::Run(_))
    {
        return Err(no_interval(&job, &outcome, by_instance));
    }
    Ok(Request {
        target: Target {
            job,
            every,
            schedule,
            dir: raw.dir,
            durable: !raw.no_sync,
        },
        outcome,
    })
}

fn outcome(raw: &mut Raw) -> Result<Outcome, Refusal> {
    if raw.fail.is_some() && raw.skip.is_some() {
        return Err(Refusal::usage(
            "--fail and --skip exclude each other",
            "a run that had nothing to do did not fail",
        ));
    }
    if raw.has_command {
        return run(raw);
    }
    if let Some(option) = raw.about_run {
        return Err(Refusal::usage(
            format!("{option} is about a command, and there is none"),
            format!(
                "put it after --: beat db_backup --every 1d {option} … -- /usr/local/bin/backup"
            ),
        ));
    }
    Ok(match (raw.fail, raw.skip.take()) {
        (None, None) => Outcome::Succeeded,
        (Some(None), _) if raw.instance.is_some() => Outcome::UnitFailed,
        (Some(code), _) => Outcome::Failed(code),
        (None, Some(reason)) => {
            let reason = reason.to_string_lossy().trim().to_owned();
            if reason.is_empty() || reason.len() > MAX_REASON {
                return Err(Refusal::usage(
                    format!("--skip: the reason is {} bytes long", reason.len()),
                    format!("say it in 1 to {MAX_REASON}: beat import --skip 'no new files'"),
                ));
            }
            Outcome::Skipped(reason)
        }
    })
}

fn run(raw: &mut Raw) -> Result<Outcome, Refusal> {
    let excluded = match (raw.fail, &raw.skip) {
        (Some(_), _) => Some(("--fail", "a command's failure is recorded by itself")),
        (_, Some(_)) => Some((
            "--skip",
            "--skip-code N says it of the command's exit code N",
        )),
        _ => None,
    };
    if let Some((option, why)) = excluded {
        return Err(Refusal::usage(
            format!("{option} and a command exclude each other"),
            format!("leave out {option}: {why}"),
        ));
    }
    let run = std::mem::take(&mut raw.run);
    if run.command.first().is_none_or(|name| name.is_empty()) {
        return Err(Refusal::usage(
            "there is no command after --",
            "for example: beat db_backup --every 1d -- /usr/local/bin/backup",
        ));
    }
    let without_end = [
        (
            "--pulse",
            run.pulse,
            "a pulse without an end hides a run that hangs",
        ),
        (
            "--kill-after",
            run.kill_after,
            "it begins where the time limit ends",
        ),
    ];
    for (option, given, why) in without_end {
        if given.is_some() && run.timeout.is_none() {
            return Err(Refusal::usage(
                format!("{option} needs --timeout: {why}"),
                format!("for example: --timeout 6h {option} 30m"),
            ));
        }
    }
    Ok(Outcome::Run(Box::new(run)))
}

fn schedule(raw: &Raw) -> Result<Option<Schedule>, Refusal> {
    let given = [
        raw.every.is_some(),
        raw.cron.is_some(),
        raw.on_calendar.is_some(),
    ];
    if given.into_iter().filter(|given| *given).count() > 1 {
        return Err(Refusal::usage(
            "--every, --cron and --on-calendar exclude each other",
            "say once how often: --every 1d, or when: --cron '0 2 * * *'",
        ));
    }
    let (option, text) = match (&raw.cron, &raw.on_calendar) {
        (Some(text), _) => ("--cron", text),
        (_, Some(text)) => ("--on-calendar", text),
        (None, None) => {
            return match raw.timezone {
                None => Ok(None),
                Some(_) => Err(Refusal::usage(
                    "--tz is the time zone of a schedule, and there is none",
                    "for example: --cron '0 2 * * *' --tz Europe/Riga",
                )),
            };
        }
    };
    let text = text.to_string_lossy();
    let read = match option {
        "--cron" => heartbeat::Schedule::cron(&text),
        _ => heartbeat::Schedule::on_calendar(&text),
    };
    let read = read.map_err(|error| {
        let example = match option {
            "--cron" => "for example: --cron '0 2 * * *', at 02:00 every day",
            _ => "see: systemd-analyze calendar 'Mon..Fri 09:00'",
        };
        Refusal::usage(format!("{option}: {error}"), example)
    })?;
    let timezone = raw.timezone.as_deref().map(zone).transpose()?;
    if let (Some(_), Some(own)) = (&timezone, read.own_zone()) {
        return Err(Refusal::usage(
            format!("{option} names the time zone {own} itself; --tz names another"),
            "leave out one of them",
        ));
    }
    Ok(Some(Schedule {
        text: read.as_text().to_owned(),
        timezone,
    }))
}

/// Whether there is such a zone only the checker can say: there are no zones in here.
fn zone(given: &OsStr) -> Result<String, Refusal> {
    let text = given.to_string_lossy();
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'/' | b'_' | b'+' | b'-');
    let plain = text.bytes().all(allowed) && text.len() <= 64;
    if !plain || !text.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return Err(Refusal::usage(
            format!("--tz: {given:?} is not the name of a time zone"),
            "for example: --tz Europe/Riga, or --tz UTC",
        ));
    }
    Ok(text.into_owned())
}

fn from_instance(instance: &OsStr) -> Result<(JobName, Option<Interval>), Refusal> {
    let text = instance.to_string_lossy();
    let (job, every) = match text.split_once(':') {
        Some((job, every)) => (job, Some(interval(OsStr::new(every))?)),
        None => (&*text, None),
    };
    Ok((job_name(Some(OsStr::new(job)))?, every))
}

fn job_name(given: Option<&OsStr>) -> Result<JobName, Refusal> {
    let Some(given) = given else {
        return Err(Refusal::usage(
            "no job is named",
            "for example: beat db_backup --every 1d",
        ));
    };
    JobName::new(&given.to_string_lossy()).map_err(|error| {
        Refusal::usage(
            error.to_string(),
            format!("a name that would do: {}", error.suggestion()),
        )
    })
}

fn interval(given: &OsStr) -> Result<Interval, Refusal> {
    given
        .to_string_lossy()
        .parse()
        .map_err(|error| Refusal::usage(format!("--every: {error}"), "for example: --every 1d"))
}

fn no_interval(job: &JobName, outcome: &Outcome, by_instance: bool) -> Refusal {
    let mut line = if by_instance {
        format!("beat --instance {job}:1d")
    } else {
        format!("beat {job} --every 1d")
    };
    if let Outcome::Run(run) = outcome {
        line.push_str(" --");
        for word in &run.command {
            line.push(' ');
            line.push_str(&word.to_string_lossy());
        }
    }
    Refusal::usage(
        format!("how often \"{job}\" should succeed is missing"),
        format!("for a daily job: {line}"),
    )
}
