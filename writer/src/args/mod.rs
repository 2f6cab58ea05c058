//! The command line of `beat` as a typed command. Nothing here touches a file,
//! the clock or the environment.

mod check;
mod values;

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::time::Duration;

use heartbeat::{Interval, JobName};
use lexopt::{Arg, Parser};

use crate::message::Refusal;

pub use values::ExpectedFile;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// `--help`.
    Help,
    /// `--version`.
    Version,
    /// Everything else.
    Beat(Request),
}

/// A beat to leave, or a run that leaves some.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Whose beat, and where it goes.
    pub target: Target,
    /// What it says.
    pub outcome: Outcome,
}

/// Whose beat it is and where it goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// The job.
    pub job: JobName,
    /// How often it should succeed. For a success and for a run either this or a
    /// schedule is always there.
    pub every: Option<Interval>,
    /// When it should run.
    pub schedule: Option<Schedule>,
    /// `--dir`.
    pub dir: Option<PathBuf>,
    /// Whether to wait for the disk.
    pub durable: bool,
}

/// When a job should run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// A cron expression or an OnCalendar text.
    pub text: String,
    /// The name of its time zone.
    pub timezone: Option<String>,
}

/// What the beat says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The job succeeded.
    Succeeded,
    /// The job failed, with this code where it is known.
    Failed(Option<i32>),
    /// A systemd unit failed; its end is told by the environment.
    UnitFailed,
    /// The job was there and had nothing to do, for this reason.
    Skipped(String),
    /// Not known yet: the command is to be run.
    Run(Box<Run>),
}

/// A command to run, and how.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Run {
    /// At least one word.
    pub command: Vec<OsString>,
    /// When it is ended.
    pub timeout: Option<Duration>,
    /// How long after that it is killed, where it has not ended.
    pub kill_after: Option<Duration>,
    /// How often it says that it is still there.
    pub pulse: Option<Duration>,
    /// What becomes of a start while it runs.
    pub overlap: Overlap,
    /// Whether its output is printed only when it fails.
    pub quiet: bool,
    /// The exit code that says that there was nothing to do.
    pub skip_code: Option<i32>,
    /// Whether the beats say what was run.
    pub with_command: bool,
    /// What is expected of it beside the exit code 0.
    pub expect: Expect,
}

/// What becomes of a start while another run of the job is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Overlap {
    /// Both run.
    #[default]
    Allow,
    /// It is left out.
    Skip,
    /// It waits.
    Wait,
}

/// What is expected of a run beside the exit code 0.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Expect {
    /// Something is put out.
    pub output: bool,
    /// This is put out.
    pub text: Option<Vec<u8>>,
    /// It takes at least this long.
    pub min_duration: Option<Duration>,
    /// These files are there.
    pub files: Vec<ExpectedFile>,
}

pub(crate) const SEE_HELP: &str = "see beat --help";

/// The options as they were given, not checked against each other.
#[derive(Default)]
struct Raw {
    job: Option<OsString>,
    every: Option<OsString>,
    cron: Option<OsString>,
    on_calendar: Option<OsString>,
    timezone: Option<OsString>,
    instance: Option<OsString>,
    dir: Option<PathBuf>,
    no_sync: bool,
    fail: Option<Option<i32>>,
    skip: Option<OsString>,
    run: Run,
    /// The first option that says how to run a command.
    about_run: Option<&'static str>,
    has_command: bool,
}

/// Reads the arguments, without the program's own name.
///
/// # Errors
/// Says which argument is at fault and shows a line that would do.
pub fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Command, Refusal> {
    let mut raw = Raw::default();
    let mut parser = Parser::from_args(args);
    loop {
        if let Some(mut rest) = parser.try_raw_args()
            && rest.next_if(|arg| arg == "--").is_some()
        {
            raw.run.command = rest.collect();
            raw.has_command = true;
            break;
        }
        let Some(arg) = parser.next().map_err(unknown)? else {
            break;
        };
        let name = match arg {
            Arg::Short('h') => return Ok(Command::Help),
            Arg::Short('V') => return Ok(Command::Version),
            Arg::Value(word) if raw.job.is_none() => {
                raw.job = Some(word);
                continue;
            }
            Arg::Value(word) => return Err(second_word(raw.job.as_ref(), &word)),
            Arg::Long(name) => name.to_owned(),
            other => return Err(unknown(other.unexpected())),
        };
        match &*name {
            "help" => return Ok(Command::Help),
            "version" => return Ok(Command::Version),
            "every" => raw.every = Some(value(&mut parser, "--every", "1d")?),
            "cron" => raw.cron = Some(value(&mut parser, "--cron", "'0 2 * * *'")?),
            "on-calendar" => {
                raw.on_calendar = Some(value(&mut parser, "--on-calendar", "'Mon..Fri 09:00'")?);
            }
            "tz" => raw.timezone = Some(value(&mut parser, "--tz", "Europe/Riga")?),
            "dir" => {
                let dir = value(&mut parser, "--dir", "/srv/heartbeats")?;
                if dir.is_empty() {
                    return Err(Refusal::usage("--dir is empty", SEE_HELP));
                }
                raw.dir = Some(dir.into());
            }
            "instance" => raw.instance = Some(value(&mut parser, "--instance", "db_backup:1d")?),
            "no-sync" => raw.no_sync = true,
            "fail" => raw.fail = Some(exit_code(&mut parser)?),
            "skip" => raw.skip = Some(value(&mut parser, "--skip", "'no new files'")?),
            _ => match about_run(&name, &mut raw.run, &mut parser)? {
                Some(option) => raw.about_run = raw.about_run.or(Some(option)),
                None => return Err(unknown(Arg::Long(&name).unexpected())),
            },
        }
    }
    check::check(raw).map(Command::Beat)
}

/// An option that says how a command is run; returns its name, if it is one.
fn about_run(
    name: &str,
    run: &mut Run,
    parser: &mut Parser,
) -> Result<Option<&'static str>, Refusal> {
    let mut length = |option| values::length(&value(parser, option, "30m")?, option).map(Some);
    Ok(Some(match name {
        "timeout" => {
            run.timeout = length("--timeout")?;
            "--timeout"
        }
        "kill-after" => {
            run.kill_after = length("--kill-after")?;
            "--kill-after"
        }
        "pulse" => {
            run.pulse = length("--pulse")?;
            "--pulse"
        }
        "min-duration" => {
            run.expect.min_duration = length("--min-duration")?;
            "--min-duration"
        }
        "overlap" => {
            run.overlap = values::overlap(&value(parser, "--overlap", "skip")?)?;
            "--overlap"
        }
        "quiet" => {
            run.quiet = true;
            "--quiet"
        }
        "with-command" => {
            run.with_command = true;
            "--with-command"
        }
        "skip-code" => {
            run.skip_code = Some(values::skip_code(&value(parser, "--skip-code", "75")?)?);
            "--skip-code"
        }
        "expect-output" => {
            run.expect.output = true;
            "--expect-output"
        }
        "expect-text" => {
            let text = value(parser, "--expect-text", "'backup complete'")?;
            run.expect.text = Some(values::text(text)?);
            "--expect-text"
        }
        "expect-file" => {
            let file = value(parser, "--expect-file", "/srv/dump.sql,newer,min=10M")?;
            run.expect.files.push(values::file(&file)?);
            "--expect-file"
        }
        _ => return Ok(None),
    }))
}

fn value(parser: &mut Parser, option: &str, example: &str) -> Result<OsString, Refusal> {
    parser.value().map_err(|_| {
        Refusal::usage(
            format!("{option} has no value"),
            format!("for example: {option} {example}"),
        )
    })
}

/// The code after `--fail`, if what follows is one.
fn exit_code(parser: &mut Parser) -> Result<Option<i32>, Refusal> {
    let given = match parser.optional_value() {
        Some(given) => given,
        None => {
            let number = |arg: &OsStr| {
                arg.to_str()
                    .is_some_and(|a| !a.is_empty() && a.bytes().all(|b| b.is_ascii_digit()))
            };
            let next = parser
                .try_raw_args()
                .and_then(|mut rest| rest.next_if(number));
            match next {
                Some(given) => given,
                None => return Ok(None),
            }
        }
    };
    match given.to_str().and_then(|text| text.parse().ok()) {
        Some(0) => Err(Refusal::usage(
            "--fail 0: an exit code of 0 is no failure",
            "record a failure only after the job failed: backup || beat db_backup --fail $?",
        )),
        Some(code @ 1..=255) => Ok(Some(code)),
        _ => Err(Refusal::usage(
            format!("--fail: {given:?} is not an exit code"),
            "exit codes go from 1 to 255; --fail alone records a failure without one",
        )),
    }
}

fn unknown(error: lexopt::Error) -> Refusal {
    Refusal::usage(error.to_string(), SEE_HELP)
}

fn second_word(job: Option<&OsString>, word: &OsString) -> Refusal {
    let job = job.map_or_else(|| "JOB".into(), |job| job.to_string_lossy());
    let word = word.to_string_lossy();
    let hint = if word.parse::<Interval>().is_ok() {
        format!("an interval follows --every: beat {job} --every {word}")
    } else {
        format!("to run a command, put -- before it: beat {job} --every 1d -- {word}")
    };
    Refusal::usage(format!("{word:?} is one word too many"), hint)
}
