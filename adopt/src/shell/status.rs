//! Whether the end of a line tells how the job ended: `; beat`, pipes, `&`,
//! `|| true`.

use super::beats::{Told, told};
use super::lint::Lint;
use super::tree::{AndOr, Command, List, Op, Pipeline, Simple};
use super::{Dialect, Span};

/// Commands that only prepare what follows.
const PREPARE: [&[u8]; 14] = [
    b"export", b"umask", b"set", b"ulimit", b":", b"true", b"unset", b"shopt", b"alias", b"cd",
    b".", b"source", b"sleep", b"trap",
];

/// Commands that as good as never fail.
const SUCCEED: [&[u8]; 6] = [b"true", b":", b"echo", b"printf", b"logger", b"yes"];

/// What the `beat`s in a list say that is not so.
pub(super) fn lint(list: &List, dialect: Dialect) -> Vec<Lint> {
    let mut found = Vec::new();
    for (at, item) in list.items.iter().enumerate() {
        let before = list.items.get(..at).unwrap_or_default();
        for (place, (_, pipeline)) in item.pipelines.iter().enumerate() {
            let chain = item.pipelines.get(..=place).unwrap_or_default();
            for (nth, command) in pipeline.commands.iter().enumerate() {
                match command {
                    Command::Group { list, .. } => found.extend(lint(list, dialect)),
                    Command::Simple(simple) => {
                        let Some(told) = told(simple) else {
                            continue;
                        };
                        if told.fails || told.wraps {
                            continue;
                        }
                        if nth > 0 {
                            found.push(anyway(&told, "|"));
                        } else {
                            found.extend(one(&told, chain, before, dialect));
                        }
                    }
                }
            }
        }
    }
    found
}

/// What is wrong with a `beat` at the end of a chain, after other items.
fn one(beat: &Told<'_>, chain: &[(Op, Pipeline)], before: &[AndOr], dialect: Dialect) -> Vec<Lint> {
    let [earlier @ .., (op, _)] = chain else {
        return Vec::new();
    };
    if earlier.is_empty() {
        return alone(beat, before, dialect).into_iter().collect();
    }
    if *op == Op::Or {
        return vec![Lint::new(
            "beat-on-failure",
            beat.span,
            "The beat stands behind ||, so it is left when the job failed, and only then.",
            "Put && before beat.",
        )];
    }
    let set = pipefail(before, dialect)
        || dialect == Dialect::Bash && earlier.iter().any(|(_, p)| sets_pipefail(p));
    let mut found = Vec::new();
    found.extend(
        earlier
            .iter()
            .filter_map(|(_, pipeline)| hidden(pipeline, set))
            .map(|span| by_pipe(&span, dialect)),
    );
    let swallowed = earlier
        .iter()
        .find(|(op, pipeline)| *op == Op::Or && succeeds(pipeline));
    if let Some((_, pipeline)) = swallowed {
        found.push(Lint::new(
            "failure-swallowed",
            &pipeline.span,
            "What stands behind || succeeds, so the beat is left though the job failed.",
            "Leave that part out, or put it behind the beat.",
        ));
    }
    let waits = earlier.iter().all(|(_, p)| is_bare_wait(p));
    if waits && before.iter().any(|item| item.background) {
        found.push(in_background(beat.span));
    }
    found
}

/// What is wrong with a `beat` that begins an item.
fn alone(beat: &Told<'_>, before: &[AndOr], dialect: Dialect) -> Option<Lint> {
    let last = before.iter().rev().find(|item| !prepares(item))?;
    let waited = before.last().is_some_and(is_wait_item);
    if last.background || waited && before.iter().any(|item| item.background) {
        return Some(in_background(beat.span));
    }
    if stops_at_failure(before) {
        return last
            .pipelines
            .iter()
            .find_map(|(_, pipeline)| hidden(pipeline, pipefail(before, dialect)))
            .map(|span| by_pipe(&span, dialect));
    }
    (!guarded(last)).then(|| anyway(beat, ";"))
}

/// What the end of a whole line hides from a wrapper.
pub(super) fn end(list: &List, dialect: Dialect, whole: &Span) -> Vec<Lint> {
    let Some((last, before)) = list.items.split_last() else {
        return Vec::new();
    };
    let background = list.items.iter().any(|item| item.background);
    if last.background || background && is_wait_item(last) {
        return vec![in_background(whole)];
    }
    let mut found = Vec::new();
    let hides = |(_, pipeline): &(Op, Pipeline)| hidden(pipeline, pipefail(before, dialect));
    if let Some(span) = last.pipelines.iter().find_map(hides) {
        found.push(by_pipe(&span, dialect));
    }
    if let Some((Op::Or, pipeline)) = last.pipelines.last()
        && succeeds(pipeline)
    {
        found.push(Lint::new(
            "failure-swallowed",
            &pipeline.span,
            "What stands behind || succeeds, so the line never fails, whatever the job does.",
            "Leave that part out.",
        ));
    }
    found
}

fn anyway(beat: &Told<'_>, op: &str) -> Lint {
    Lint::new(
        "beat-anyway",
        beat.span,
        format!("The beat stands behind {op}, so it is left even when the job failed."),
        "Put && before beat, or let beat run the job: beat NAME … -- COMMAND.",
    )
}

fn in_background(span: &Span) -> Lint {
    Lint::new(
        "background",
        span,
        "The job runs in the background; its end is not waited for or not looked at, \
         so a beat says nothing about it.",
        "Leave out the &: cron waits for nobody, and other jobs start anyway.",
    )
}

fn by_pipe(span: &Span, dialect: Dialect) -> Lint {
    let fix = match dialect {
        Dialect::Bash => "Put set -o pipefail; at the start of the line.",
        Dialect::Posix => {
            "Set SHELL=/bin/bash above the line and put set -o pipefail; at its start, \
             or write to a file instead of a pipe."
        }
    };
    Lint::new(
        "pipe-hides-failure",
        span,
        "Only the last command of the pipe is asked how it ended; when one before it \
         fails, the beat is left all the same.",
        fix,
    )
}

/// The place of a pipe that hides a failure.
fn hidden(pipeline: &Pipeline, pipefail: bool) -> Option<Span> {
    if pipefail || pipeline.negated {
        return None;
    }
    let (last, earlier) = pipeline.commands.split_last()?;
    let may_fail = |command: &Command| {
        let name = command.simple().and_then(Simple::name);
        !name.is_some_and(|name| SUCCEED.contains(&name))
    };
    if earlier.iter().any(may_fail) {
        return Some(pipeline.span.clone());
    }
    match last {
        Command::Simple(_) => None,
        Command::Group { list, .. } => {
            let (item, before) = list.items.split_last()?;
            let set = pipefail || self::pipefail(before, Dialect::Bash);
            let mut inside = item.pipelines.iter();
            inside.find_map(|(_, pipeline)| hidden(pipeline, set))
        }
    }
}

/// The words of an item that is one simple command.
fn words_of(item: &AndOr) -> Option<&Simple> {
    match &item.pipelines[..] {
        [(_, pipeline)] => simple_of(pipeline),
        _ => None,
    }
}

fn simple_of(pipeline: &Pipeline) -> Option<&Simple> {
    match &pipeline.commands[..] {
        [Command::Simple(simple)] => Some(simple),
        _ => None,
    }
}

fn named(pipeline: &Pipeline, names: &[&[u8]]) -> bool {
    let simple = simple_of(pipeline);
    simple
        .and_then(Simple::name)
        .is_some_and(|name| names.contains(&name))
}

fn succeeds(pipeline: &Pipeline) -> bool {
    !pipeline.negated && named(pipeline, &SUCCEED)
}

fn prepares(item: &AndOr) -> bool {
    let first = item.pipelines.iter().all(|(_, pipeline)| {
        named(pipeline, &PREPARE) || simple_of(pipeline).is_some_and(|s| s.words.is_empty())
    });
    first && !item.background
}

/// `wait` without a job: it succeeds whatever the jobs did.
fn is_bare_wait(pipeline: &Pipeline) -> bool {
    simple_of(pipeline).is_some_and(|s| s.words.len() == 1 && s.words.iter().all(|w| w.is("wait")))
}

fn is_wait_item(item: &AndOr) -> bool {
    matches!(&item.pipelines[..], [(_, pipeline)] if is_bare_wait(pipeline))
}

/// `… || exit 1`: what follows runs only after a success.
fn guarded(item: &AndOr) -> bool {
    matches!(item.pipelines.last(), Some((Op::Or, last)) if named(last, &[b"exit", b"return"]))
}

/// Whether a `set -e` stands before.
fn stops_at_failure(before: &[AndOr]) -> bool {
    before.iter().filter_map(words_of).any(|simple| {
        simple.name() == Some(b"set")
            && simple.words.iter().any(|word| {
                let text = word.text().unwrap_or_default();
                let short = text
                    .strip_prefix('-')
                    .is_some_and(|rest| !rest.starts_with('-') && rest.contains('e'));
                short || text == "errexit"
            })
    })
}

/// Whether a `set -o pipefail` stands before, and the shell knows it.
fn pipefail(before: &[AndOr], dialect: Dialect) -> bool {
    let mut pipelines = before.iter().flat_map(|item| &item.pipelines);
    dialect == Dialect::Bash && pipelines.any(|(_, pipeline)| sets_pipefail(pipeline))
}

fn sets_pipefail(pipeline: &Pipeline) -> bool {
    named(pipeline, &[b"set"])
        && simple_of(pipeline).is_some_and(|s| s.words.iter().any(|w| w.is("pipefail")))
}
