//! The `beat`s of a command line.

use super::tree::{AndOr, Command, List, Op, Pipeline, Simple, Word};
use super::{Dialect, Span, Unsure, read};

/// A `beat` that a line leaves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeatCall {
    /// The job it names. `None` where that is not certain.
    pub name: Option<String>,
    /// The value of `--every`, or of `--instance NAME:DUR`.
    pub every: Option<String>,
    /// The value of `--cron`.
    pub cron: Option<String>,
    /// The value of `--on-calendar`.
    pub on_calendar: Option<String>,
    /// Whether it tells of something else than a success: of a failure, or that there
    /// was nothing to do.
    pub fails: bool,
    /// How it stands in the line.
    pub form: Form,
    /// Where the command is, from its first word to its last.
    pub span: Span,
}

/// How a `beat` stands in the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Form {
    /// Behind other commands, with this before it.
    After(Op),
    /// Nothing is before it.
    Alone,
    /// It runs the job.
    Wrapped {
        /// The command line of the job, where a shell is given one by `-c`.
        script: Option<Vec<u8>>,
    },
}

/// Options of `beat` that take no value. Any other that is no `--option=value` takes
/// the word after it.
const FLAGS: [&str; 8] = [
    "--no-sync",
    "--quiet",
    "--expect-output",
    "--with-command",
    "--help",
    "--version",
    "-h",
    "-V",
];

/// The `beat`s of a command line, in their order.
///
/// # Errors
/// When the line is not understood with certainty.
pub fn beats_in(command: &[u8], dialect: Dialect) -> Result<Vec<BeatCall>, Unsure> {
    Ok(calls(&read(command, dialect)?))
}

/// The `beat`s of a list.
pub(super) fn calls(list: &List) -> Vec<BeatCall> {
    let mut calls = Vec::new();
    collect(list, &mut calls);
    calls
}

/// Whether a line that is not understood looks as if it left a beat: it has the word
/// `beat`, and an option of it.
#[must_use]
pub fn speaks_of_beat(command: &[u8]) -> bool {
    let has = |text: &str| command.windows(text.len()).any(|w| w == text.as_bytes());
    let options = [
        "--every",
        "--cron",
        "--on-calendar",
        "--instance",
        "--fail",
        "--skip",
    ];
    let word = |at: usize| {
        let side = |at: Option<usize>| at.and_then(|at| command.get(at)).copied();
        let part =
            |b: Option<u8>| b.is_some_and(|b| b.is_ascii_alphanumeric() || b"_-.".contains(&b));
        !part(side(at.checked_sub(1))) && !part(side(Some(at + 4)))
    };
    let mut words = command.windows(4).enumerate();
    words.any(|(at, text)| text == b"beat" && word(at)) && options.into_iter().any(has)
}

fn collect(list: &List, calls: &mut Vec<BeatCall>) {
    for (at, item) in list.items.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|at| list.items.get(at));
        let start = match before {
            None => None,
            Some(before) if before.background => Some(Op::Background),
            Some(_) => Some(Op::Then),
        };
        in_item(item, start, calls);
    }
}

fn in_item(item: &AndOr, start: Option<Op>, calls: &mut Vec<BeatCall>) {
    for (at, (op, pipeline)) in item.pipelines.iter().enumerate() {
        let op = if at == 0 { start } else { Some(*op) };
        in_pipeline(pipeline, op, calls);
    }
}

fn in_pipeline(pipeline: &Pipeline, op: Option<Op>, calls: &mut Vec<BeatCall>) {
    for (at, command) in pipeline.commands.iter().enumerate() {
        let op = if at == 0 { op } else { Some(Op::Pipe) };
        match command {
            Command::Group { list, .. } => collect(list, calls),
            Command::Simple(simple) => calls.extend(call(simple, op)),
        }
    }
}

/// The `beat` that a simple command is.
pub(super) fn call(simple: &Simple, op: Option<Op>) -> Option<BeatCall> {
    if simple.name()? != b"beat" {
        return None;
    }
    let mut call = BeatCall {
        name: None,
        every: None,
        cron: None,
        on_calendar: None,
        fails: false,
        form: op.map_or(Form::Alone, Form::After),
        span: simple.span.clone(),
    };
    let mut positional = 0;
    for argument in arguments(simple)? {
        match argument {
            Argument::Command(words) => {
                call.form = Form::Wrapped {
                    script: script(words),
                };
            }
            Argument::Option(option, _) if option.starts_with("--fail") => call.fails = true,
            Argument::Option(option, value) => call.option(option, value.map(str::to_owned)),
            Argument::Name(name) if positional == 0 => {
                positional += 1;
                call.name = Some(name.to_owned());
            }
            Argument::Name(_) | Argument::Unsure => positional += 1,
        }
    }
    Some(call)
}

/// What a simple command that is a `beat` tells, in short.
pub(super) struct Told<'a> {
    /// Something else than a success.
    pub(super) fails: bool,
    /// It runs the job.
    pub(super) wraps: bool,
    /// Where it is.
    pub(super) span: &'a Span,
}

/// The same as [`call`], without its words.
pub(super) fn told(simple: &Simple) -> Option<Told<'_>> {
    if simple.name()? != b"beat" {
        return None;
    }
    let mut told = Told {
        fails: false,
        wraps: false,
        span: &simple.span,
    };
    for argument in arguments(simple)? {
        match argument {
            Argument::Command(_) => told.wraps = true,
            Argument::Option(option, _) => {
                told.fails |= option.starts_with("--fail") || option == "--skip";
            }
            Argument::Name(_) | Argument::Unsure => {}
        }
    }
    Some(told)
}

/// What stands behind `beat`.
enum Argument<'a> {
    /// Neither an option nor the value of one.
    Name(&'a str),
    /// An option and its value, where it has one that is certain.
    Option(&'a str, Option<&'a str>),
    /// The words after `--`.
    Command(&'a [Word]),
    /// A word of which nothing is certain.
    Unsure,
}

/// The arguments of a `beat`, one after the other.
fn arguments(simple: &Simple) -> Option<impl Iterator<Item = Argument<'_>>> {
    let mut rest = simple.words.get(simple.program? + 1..)?.iter();
    Some(std::iter::from_fn(move || {
        let Some(text) = rest.next()?.text() else {
            return Some(Argument::Unsure);
        };
        Some(if text == "--" {
            let words = rest.as_slice();
            rest = [].iter();
            Argument::Command(words)
        } else if text.starts_with("--fail") || FLAGS.contains(&text) {
            Argument::Option(text, None)
        } else if text.starts_with('-') {
            match text.split_once('=') {
                Some((option, value)) => Argument::Option(option, Some(value)),
                None => Argument::Option(text, rest.next().and_then(Word::text)),
            }
        } else {
            Argument::Name(text)
        })
    }))
}

impl BeatCall {
    fn option(&mut self, option: &str, value: Option<String>) {
        match option {
            "--every" => self.every = value,
            "--cron" => self.cron = value,
            "--on-calendar" => self.on_calendar = value,
            "--instance" => {
                let value = value.unwrap_or_default();
                let (name, every) = match value.split_once(':') {
                    Some((name, every)) => (name, Some(every.to_owned())),
                    None => (value.as_str(), None),
                };
                self.name = Some(name.to_owned());
                self.every = every;
            }
            "--skip" => self.fails = true,
            _ => {}
        }
    }
}

/// The text that a shell is given by `-c`.
fn script(words: &[Word]) -> Option<Vec<u8>> {
    match words {
        // "$SHELL" is what cron set it to; its value is not known here.
        [_, option, text] if option.is("-c") => text.value.clone(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// What a beat tells in short is what it tells at length.
        #[test]
        fn in_short_as_at_length(words in prop::collection::vec(
            prop::sample::select(vec![
                "a", "--", "--every", "1d", "--fail", "--fail=1", "--skip", "--skip=x", "--quiet",
                "--instance", "b:1d", "-h", "$X", "'é'", "--timeout=5m", "sh", "-c",
            ]),
            0..7,
        ), runner in prop::sample::select(vec!["", "nice -n 5 ", "exec ", "env A=b "])) {
            let line = format!("{runner}beat {}", words.join(" "));
            let list = read(line.as_bytes(), Dialect::Posix).unwrap();
            let [Command::Simple(simple)] = &list.items[0].pipelines[0].1.commands[..] else {
                panic!("one command");
            };
            let (long, short) = (call(simple, None), told(simple));
            let in_short = short.map(|t| (t.fails, t.wraps, t.span.clone()));
            let at_length = long.map(|c| (c.fails, matches!(c.form, Form::Wrapped { .. }), c.span));
            prop_assert_eq!(in_short, at_length);
        }
    }
}
