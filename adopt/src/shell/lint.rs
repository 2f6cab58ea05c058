//! What can be wrong with a command line, in sentences: what happens and what to do.

use std::path::Path;
use std::time::Duration;

use super::look::Look;
use super::tree::List;
use super::{
    BeatCall, Dialect, Form, Span, Unsure, beats, missing, pace, percent, read, redirects, status,
};
use crate::crontab::unescape;

/// Something that is wrong with a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lint {
    /// A word that stays the same for this kind; one of [`CODES`].
    pub code: &'static str,
    /// Where, in the text that the shell is given.
    pub span: Span,
    /// What happens: a sentence.
    pub sentence: String,
    /// What to do: a sentence.
    pub fix: String,
}

/// Each code, with what it stands for.
pub const CODES: [(&str, &str); 11] = [
    (
        "beat-anyway",
        "the beat is left whatever happened before it",
    ),
    (
        "beat-on-failure",
        "the beat is left only when the job failed",
    ),
    (
        "pipe-hides-failure",
        "a pipe hides a failure, and the beat is left",
    ),
    (
        "background",
        "the job runs in the background, and nobody waits for it",
    ),
    ("failure-swallowed", "a failure is turned into a success"),
    ("output-thrown-away", "nobody sees why the job fails"),
    (
        "log-folder-missing",
        "the log cannot be opened, and the job never runs",
    ),
    ("program-missing", "the program is not there"),
    (
        "program-not-executable",
        "the program may not be run by the job's user",
    ),
    ("unescaped-percent", "cron cuts the command at a %"),
    (
        "schedule-contradicts",
        "the beat promises another pace than the line has",
    ),
];

impl Lint {
    pub(super) fn new(
        code: &'static str,
        span: &Span,
        sentence: impl Into<String>,
        fix: impl Into<String>,
    ) -> Self {
        Self {
            code,
            span: span.clone(),
            sentence: sentence.into(),
            fix: fix.into(),
        }
    }
}

/// What is around a command line.
#[derive(Clone, Copy)]
pub struct Context<'a> {
    /// The shell that is given the line.
    pub shell: &'a [u8],
    /// Where it looks for programs.
    pub path: &'a [u8],
    /// The folder in which the line starts. `None` where that is not known.
    pub home: Option<&'a Path>,
    /// When the line runs, as it is written there.
    pub schedule: Option<&'a str>,
    /// The longest time between two of its runs.
    pub longest_gap: Option<Duration>,
    /// Whether the end of the line is judged as a wrapper would see it, also where it
    /// leaves no beat yet.
    pub adopting: bool,
    /// What it can see of the files.
    pub look: &'a dyn Look,
}

/// What a command line says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Study {
    /// What is wrong with it. Nothing is said of what is not understood.
    pub lints: Vec<Lint>,
    /// The `beat`s in it, in their order, or why the line is not understood. `None` where
    /// the shell is none that is known.
    pub calls: Option<Result<Vec<BeatCall>, Unsure>>,
}

/// Looks for what is wrong with a job: its command as it is written in the crontab,
/// and the text after its first `%`.
#[must_use]
pub fn lint(command: &[u8], input: Option<&[u8]>, context: &Context<'_>) -> Vec<Lint> {
    study(command, input, context).lints
}

/// The same, and the `beat`s: the line is read once.
#[must_use]
pub fn study(command: &[u8], input: Option<&[u8]>, context: &Context<'_>) -> Study {
    let text = unescape(command);
    let mut lints = Vec::new();
    if let Some(input) = input {
        lints.extend(percent::lint(&text, input));
    }
    let calls = Dialect::of(context.shell).map(|dialect| {
        let list = read(&text, dialect)?;
        let calls = beats::calls(&list);
        lints.extend(of_list(&list, &calls, &(0..text.len()), dialect, context));
        Ok(calls)
    });
    Study { lints, calls }
}

fn of_list(
    list: &List,
    calls: &[BeatCall],
    whole: &Span,
    dialect: Dialect,
    context: &Context<'_>,
) -> Vec<Lint> {
    let mut found = Vec::new();
    found.extend(status::lint(list, dialect));
    if context.adopting && calls.is_empty() {
        found.extend(status::end(list, dialect, whole));
    }
    found.extend(redirects::lint(list, context));
    found.extend(missing::lint(list, context));
    for call in calls {
        found.extend(pace::lint(call, context));
        let Form::Wrapped {
            script: Some(script),
        } = &call.form
        else {
            continue;
        };
        // The line inside is judged by its end, which is what the wrapper sees.
        if let Ok(inner) = read(script, dialect) {
            let mut inside = status::end(&inner, dialect, &call.span);
            inside.extend(redirects::lint(&inner, context));
            inside.extend(missing::lint(&inner, context));
            found.extend(inside.into_iter().map(|lint| Lint {
                span: call.span.clone(),
                ..lint
            }));
        }
    }
    found
}
