//! Crontabs, and the lines that `beat-adopt` writes into them. A file is its lines; a
//! wrapped line gives the shell the very command, and all else of it stays as it is.

use std::path::Path;

use adopt::apply::rewrite;
use adopt::crontab::{Crontab, Dialect, JobLine, Kind, Span, split, unescape};
use adopt::shell::{self, Blind, Context, Form, lint};
use adopt::wrap::{Adoption, Pace, Refusal, replace, wrap};
use heartbeat::{JobName, Schedule};

/// Reads the bytes as a crontab of either kind, and as a command line.
pub fn run(data: &[u8]) {
    for dialect in [Dialect::System, Dialect::User] {
        tab(data, dialect);
    }
    for dialect in [shell::Dialect::Posix, shell::Dialect::Bash] {
        let _ = shell::speaks_of_beat(data);
        if let Ok(calls) = shell::beats_in(data, dialect) {
            for call in calls {
                assert!(data.get(call.span).is_some());
            }
        }
    }
    let quoted = shell::quote(data);
    let list = shell::read(&quoted, shell::Dialect::Posix);
    if let Ok(list) = list
        && let [item] = &list.items[..]
        && let [(_, pipeline)] = &item.pipelines[..]
        && let [shell::Command::Simple(simple)] = &pipeline.commands[..]
        && let [word] = &simple.words[..]
    {
        assert_eq!(word.value.as_deref(), Some(data));
    }
    let (length, input) = split(data);
    assert!(length <= data.len() && input.is_none_or(|from| from == length + 1));
}

fn tab(data: &[u8], dialect: Dialect) {
    let tab = Crontab::parse(data, dialect);
    let mut end = 0;
    for (at, line) in tab.lines().iter().enumerate() {
        assert!(line.span.start == end && line.span.end > end && line.number == at + 1);
        end = line.span.end;
        if let Kind::Job(job) = &line.kind {
            for span in [Some(&job.command), job.user.as_ref(), job.input.as_ref()] {
                let within =
                    |span: &Span| line.span.start <= span.start && span.end <= line.span.end;
                assert!(span.is_none_or(within));
            }
        }
    }
    assert_eq!(end, data.len());
    if let Some((_, why)) = tab.fault() {
        assert!(!why.to_string().is_empty());
    }
    let mut new = Vec::new();
    for found in tab.jobs() {
        let context = Context {
            shell: found.settings.shell(),
            path: found.settings.path(),
            home: Some(Path::new("/")),
            schedule: None,
            longest_gap: None,
            adopting: true,
            look: &Blind,
        };
        let command = tab.text(&found.job.command);
        let input = found.job.input.as_ref().map(|input| tab.text(input));
        let script = unescape(command);
        for lint in lint(command, input, &context) {
            assert!(script.get(lint.span).is_some() && lint.sentence.ends_with('.'));
        }
        if let Some(line) = wrapped(&tab, &found) {
            new.push(("job".to_owned(), found.line.number, line));
        }
    }
    let rewritten = rewrite(&tab, &new);
    let lines: Vec<(usize, Vec<u8>)> = new.into_iter().map(|(_, at, line)| (at, line)).collect();
    assert_eq!(rewritten.new, replace(&tab, &lines));
    // Each job's line is where it is said to be, before and after; put back, the file
    // is what it was.
    let mut back = Vec::new();
    let mut from = 0;
    for job in &rewritten.jobs {
        back.extend_from_slice(&rewritten.new[from..job.new.start]);
        back.extend_from_slice(&data[job.old.clone()]);
        from = job.new.end;
    }
    back.extend_from_slice(&rewritten.new[from..]);
    assert_eq!(back, data);
}

/// The line with `beat` before its command, where that can be had; proved by other
/// means than the program's own.
fn wrapped(tab: &Crontab<'_>, found: &JobLine<'_>) -> Option<Vec<u8>> {
    let job = JobName::new("job").unwrap();
    let options = ["--host".to_owned(), "it's 50% \\".to_owned()];
    let adoption = Adoption {
        beat: Path::new("beat"),
        job: &job,
        pace: Pace::Line { zone: Some("UTC") },
        options: &options,
    };
    let old = &found.job;
    let script = unescape(tab.text(&old.command));
    let line = match wrap(tab, found, &adoption) {
        Ok(line) => line,
        Err(refusal) => {
            assert!(refusal.to_string().ends_with('.'), "{refusal}");
            assert_ne!(refusal, Refusal::Unproved, "{:?}", shown(&script));
            return None;
        }
    };
    // Alone it is a line of a crontab as before, but for its command.
    let alone = Crontab::parse(&line, tab.dialect());
    let [one] = alone.lines() else {
        panic!("{:?}", shown(&line));
    };
    let Kind::Job(new) = &one.kind else {
        panic!("{:?}", shown(&line));
    };
    let text = |tab: &Crontab<'_>, span: &Option<Span>| span.as_ref().map(|s| tab.text(s).to_vec());
    assert_eq!(tab.schedule(&old.when), alone.schedule(&new.when));
    assert_eq!(text(tab, &old.user), text(&alone, &new.user));
    assert_eq!(text(tab, &old.input), text(&alone, &new.input));
    // The shell's words, cut by hand: quotes are all that is in them.
    let given = unescape(alone.text(&new.command));
    let words = words(&given);
    let (schedule, sh) = (tab.schedule(&old.when), b"\"$SHELL\"".to_vec());
    let expected: Vec<Vec<u8>> = [
        &b"exec"[..],
        b"beat",
        b"job",
        b"--cron",
        schedule.as_bytes(),
        b"--tz",
        b"UTC",
        b"--host",
        b"it's 50% \\",
        b"--",
        &sh,
        b"-c",
        &script,
    ]
    .map(<[u8]>::to_vec)
    .to_vec();
    assert_eq!(words, Some(expected), "{:?}", shown(&line));
    assert!(Schedule::cron(&schedule).is_ok());
    // What is wrapped leaves a beat, and is not wrapped again.
    let calls = shell::beats_in(&given, shell::Dialect::Posix).expect("it is simple");
    assert!(
        matches!(&calls[..], [call] if matches!(&call.form, Form::Wrapped { script: Some(s) } if *s == script))
    );
    let again = JobLine {
        line: one,
        job: new,
        settings: found.settings.clone(),
    };
    assert!(matches!(
        wrap(&alone, &again, &adoption),
        Err(Refusal::Beats(_))
    ));
    Some(line)
}

/// Words of a command line that has blanks, single quotes, `\'` and one `"$SHELL"`.
fn words(text: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut words = vec![Vec::new()];
    let mut rest = text;
    loop {
        let word = words.last_mut()?;
        match rest {
            [] => return Some(words),
            [b' ', after @ ..] => {
                words.push(Vec::new());
                rest = after;
            }
            [b'\'', after @ ..] => {
                let end = after.iter().position(|b| *b == b'\'')?;
                word.extend_from_slice(&after[..end]);
                rest = &after[end + 1..];
            }
            [b'\\', byte @ b'\'', after @ ..] => {
                word.push(*byte);
                rest = after;
            }
            [b'"', ..] => {
                let end = rest.iter().skip(1).position(|b| *b == b'"')? + 2;
                word.extend_from_slice(&rest[..end]);
                rest = &rest[end..];
            }
            [byte, after @ ..] => {
                word.push(*byte);
                rest = after;
            }
        }
    }
}

fn shown(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}
