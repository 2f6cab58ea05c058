//! The command line of `beat` as a typed command. Nothing here touches a file,
//! the clock or the environment.

use std::ffi::OsString;
use std::path::PathBuf;

use heartbeat::{Interval, JobName};
use lexopt::{Arg, Parser};

use crate::message::Refusal;

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
    /// How often it should succeed. Always there for a success and for a run.
    pub every: Option<Interval>,
    /// `--dir`.
    pub dir: Option<PathBuf>,
    /// Whether to wait for the disk.
    pub durable: bool,
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
    /// Not known yet: the command is to be run. It has at least one word.
    Run(Vec<OsString>),
}

const SEE_HELP: &str = "see beat --help";

#[derive(Default)]
struct Raw {
    job: Option<OsString>,
    every: Option<OsString>,
    instance: Option<OsString>,
    dir: Option<PathBuf>,
    no_sync: bool,
    fail: Option<Option<i32>>,
    command: Option<Vec<OsString>>,
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
            raw.command = Some(rest.collect());
            break;
        }
        let Some(arg) = parser.next().map_err(unknown)? else {
            break;
        };
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(Command::Help),
            Arg::Short('V') | Arg::Long("version") => return Ok(Command::Version),
            Arg::Long("every") => raw.every = Some(value(&mut parser, "--every", "1d")?),
            Arg::Long("dir") => {
                let dir = value(&mut parser, "--dir", "/srv/heartbeats")?;
                if dir.is_empty() {
                    return Err(Refusal::usage("--dir is empty", SEE_HELP));
                }
                raw.dir = Some(dir.into());
            }
            Arg::Long("instance") => {
                raw.instance = Some(value(&mut parser, "--instance", "db_backup:1d")?);
            }
            Arg::Long("no-sync") => raw.no_sync = true,
            Arg::Long("fail") => raw.fail = Some(exit_code(&mut parser)?),
            Arg::Value(word) if raw.job.is_none() => raw.job = Some(word),
            Arg::Value(word) => return Err(second_word(raw.job.as_ref(), &word)),
            other => return Err(unknown(other.unexpected())),
        }
    }
    check(raw).map(Command::Beat)
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
            let number = |arg: &std::ffi::OsStr| {
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

fn check(raw: Raw) -> Result<Request, Refusal> {
    let outcome = match (raw.command, raw.fail) {
        (Some(_), Some(_)) => {
            return Err(Refusal::usage(
                "--fail and a command exclude each other",
                "leave out --fail: a command's failure is recorded by itself",
            ));
        }
        (Some(command), None) if command.first().is_none_or(|name| name.is_empty()) => {
            return Err(Refusal::usage(
                "there is no command after --",
                "for example: beat db_backup --every 1d -- /usr/local/bin/backup",
            ));
        }
        (Some(command), None) => Outcome::Run(command),
        (None, Some(None)) if raw.instance.is_some() => Outcome::UnitFailed,
        (None, Some(code)) => Outcome::Failed(code),
        (None, None) => Outcome::Succeeded,
    };
    let by_instance = raw.instance.is_some();
    let (job, every) = match raw.instance {
        Some(instance) => {
            if raw.job.is_some() || raw.every.is_some() {
                return Err(Refusal::usage(
                    "--instance names the job and its interval; neither can be given again",
                    "for example: beat --instance db_backup:1d",
                ));
            }
            from_instance(&instance)?
        }
        None => (job_name(raw.job)?, raw.every.map(interval).transpose()?),
    };
    if every.is_none() && matches!(outcome, Outcome::Succeeded | Outcome::Run(_)) {
        return Err(no_interval(&job, &outcome, by_instance));
    }
    Ok(Request {
        target: Target {
            job,
            every,
            dir: raw.dir,
            durable: !raw.no_sync,
        },
        outcome,
    })
}

fn from_instance(instance: &OsString) -> Result<(JobName, Option<Interval>), Refusal> {
    let text = instance.to_string_lossy();
    let (job, every) = match text.split_once(':') {
        Some((job, every)) => (job, Some(interval(every.into())?)),
        None => (&*text, None),
    };
    Ok((job_name(Some(job.into()))?, every))
}

fn job_name(given: Option<OsString>) -> Result<JobName, Refusal> {
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

fn interval(given: OsString) -> Result<Interval, Refusal> {
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
    if let Outcome::Run(command) = outcome {
        line.push_str(" --");
        for word in command {
            line.push(' ');
            line.push_str(&word.to_string_lossy());
        }
    }
    Refusal::usage(
        format!("how often \"{job}\" should succeed is missing"),
        format!("for a daily job: {line}"),
    )
}
