//! The command of a line: whether it can be wrapped with certainty, and in which form.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::{Form, Refusal};
use crate::crontab::Settings;
use crate::shell::{
    self, Command, Dialect, List, Look, Pipeline, Program, Simple, beats_in, speaks_of_beat,
};

/// Settings that a shell follows whenever one starts.
const AT_START: [&str; 4] = ["BASH_ENV", "SHELLOPTS", "BASHOPTS", "BASH_XTRACEFD"];

/// Parts of a command that see `beat`, or that it stands between shell and cron.
const ASKS: [(&str, &str); 4] = [
    ("$PPID", "the id of the process that started its shell"),
    ("${PPID", "the id of the process that started its shell"),
    ("-$$", "its shell's process group"),
    ("-${$", "its shell's process group"),
];

/// The same, for `bash` alone.
const ASKS_IN_BASH: [(&str, &str); 2] = [
    ("$_", "$_, which the shell before it sets"),
    ("${_", "$_, which the shell before it sets"),
];

/// Programs for which it counts which other processes there are, or who leads them.
const WORDS: [(&str, &str); 9] = [
    ("ps", "the list of processes, in which beat is seen"),
    ("pgrep", "the list of processes, in which beat is seen"),
    ("pkill", "the list of processes, in which beat is seen"),
    ("pidof", "the list of processes, in which beat is seen"),
    ("pstree", "the list of processes, in which beat is seen"),
    ("killall", "the list of processes, in which beat is seen"),
    ("skill", "the list of processes, in which beat is seen"),
    ("top", "the list of processes, in which beat is seen"),
    ("setsid", "setsid, which waits or not by who started it"),
];

/// Whether the command can be wrapped.
pub(super) fn check(script: &[u8], settings: &Settings) -> Result<(), Refusal> {
    let shell = settings.shell();
    let shown = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    let dialect = Dialect::of(shell).filter(|_| shell.starts_with(b"/"));
    let Some(dialect) = dialect else {
        return Err(Refusal::Shell(shown(shell)));
    };
    let at_start = |name: &[u8]| {
        name.starts_with(b"BASH_FUNC_") || AT_START.iter().any(|known| known.as_bytes() == name)
    };
    if let Some((name, _)) = settings.pairs().find(|(name, _)| at_start(name)) {
        return Err(Refusal::Setting(shown(name)));
    }
    if script.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::Empty);
    }
    match beats_in(script, dialect) {
        Ok(calls) => {
            if let Some(call) = calls.into_iter().next() {
                return Err(Refusal::Beats(call.name));
            }
        }
        Err(_) if speaks_of_beat(script) => return Err(Refusal::SpeaksOfBeat),
        Err(_) => {}
    }
    if speaks_of_beat(script) {
        return Err(Refusal::SpeaksOfBeat);
    }
    let background = match shell::read(script, dialect) {
        Ok(list) => leaves_behind(&list),
        Err(_) => has_lone_ampersand(script),
    };
    if background {
        return Err(Refusal::Background);
    }
    asks(script, dialect).map_or(Ok(()), |what| Err(Refusal::Asks(what)))
}

fn asks(script: &[u8], dialect: Dialect) -> Option<&'static str> {
    let places = |text: &str| {
        let windows = script.windows(text.len()).enumerate();
        let text = text.as_bytes().to_owned();
        windows.filter(move |(_, w)| *w == text).map(|(at, _)| at)
    };
    let part = |at: Option<usize>| {
        let byte = at.and_then(|at| script.get(at));
        byte.is_some_and(|b| b.is_ascii_alphanumeric() || b"_-.".contains(b))
    };
    if let Some((_, what)) = ASKS
        .into_iter()
        .find(|(text, _)| places(text).next().is_some())
    {
        return Some(what);
    }
    let name = |at: usize| {
        script
            .get(at)
            .is_some_and(|b| *b == b'_' || b.is_ascii_alphanumeric())
    };
    let lone = |text: &str| places(text).any(|at| !name(at + text.len()));
    let mut in_bash = ASKS_IN_BASH.into_iter();
    if dialect == Dialect::Bash
        && let Some((_, what)) = in_bash.find(|(text, _)| lone(text))
    {
        return Some(what);
    }
    let mut words = WORDS.into_iter();
    let word = |text: &str| {
        places(text).any(|at| !part(at.checked_sub(1)) && !part(Some(at + text.len())))
    };
    words.find(|(text, _)| word(text)).map(|(_, what)| what)
}

/// Whether something is left in the background when the list has ended.
fn leaves_behind(list: &List) -> bool {
    let waits = |pipeline: &Pipeline| matches!(&pipeline.commands[..], [Command::Simple(s)] if s.words.len() == 1 && s.words.iter().all(|w| w.is("wait")));
    let mut left = false;
    for item in &list.items {
        let inside =
            item.pipelines.iter().flat_map(|(_, p)| &p.commands).any(
                |command| matches!(command, Command::Group { list, .. } if leaves_behind(list)),
            );
        if inside {
            return true;
        }
        if item.background {
            left = true;
        } else if item.pipelines.first().is_some_and(|(_, p)| waits(p)) {
            left = false;
        }
    }
    left
}

/// Whether a `&` stands somewhere that is no `&&` and no part of a redirection.
fn has_lone_ampersand(script: &[u8]) -> bool {
    script.iter().enumerate().any(|(at, byte)| {
        let near = |at: Option<usize>| at.and_then(|at| script.get(at)).copied();
        let (before, after) = (near(at.checked_sub(1)), near(Some(at + 1)));
        *byte == b'&'
            && !matches!(before, Some(b'&' | b'>' | b'<'))
            && !matches!(after, Some(b'&' | b'>'))
    })
}

/// How the job is run.
pub(super) fn form(script: &[u8], settings: &Settings, look: &dyn Look) -> Form {
    // bash tells a program its path in `_`, and has a shell's own way with scripts that
    // name no interpreter; dash hands its place to the program and adds nothing.
    let shell = Path::new(OsStr::from_bytes(settings.shell()));
    let dash = look
        .resolved(shell)
        .is_some_and(|real| real.ends_with("dash"));
    let list = shell::read(script, Dialect::Posix);
    let simple = list.as_ref().ok().and_then(only_simple);
    let direct = simple.is_some_and(|simple| is_bare(simple, script, settings, look));
    if dash && direct {
        Form::Direct
    } else {
        Form::ByShell
    }
}

/// The one simple command that a list consists of.
fn only_simple(list: &List) -> Option<&Simple> {
    let [item] = &list.items[..] else { return None };
    let [(_, pipeline)] = &item.pipelines[..] else {
        return None;
    };
    if item.background || pipeline.negated {
        return None;
    }
    match &pipeline.commands[..] {
        [Command::Simple(simple)] => Some(simple),
        _ => None,
    }
}

/// Whether a command is a program with words that mean themselves.
fn is_bare(simple: &Simple, script: &[u8], settings: &Settings, look: &dyn Look) -> bool {
    let Some(first) = simple.words.first() else {
        return false;
    };
    let alone = simple.assignments.is_empty()
        && simple.redirects.is_empty()
        && simple.words.iter().all(|word| word.value.is_some());
    let rest = script.get(simple.span.end..).unwrap_or_default();
    let name = first.value.as_deref().unwrap_or_default();
    let found = shell::find_program(name, settings.path(), look);
    alone
        && first.bare
        && rest.iter().all(|b| matches!(b, b' ' | b'\t'))
        && matches!(found, Some((_, Program::Runs)))
}

/// Whether a line, as the shell is given it, has `beat` run this script.
pub(super) fn runs(given: &[u8], script: &[u8], settings: &Settings, form: Form) -> bool {
    let dialect = Dialect::of(settings.shell()).unwrap_or(Dialect::Posix);
    let Ok(list) = shell::read(given, dialect) else {
        return false;
    };
    let Some(simple) = only_simple(&list) else {
        return false;
    };
    if !simple.assignments.is_empty() || !simple.redirects.is_empty() {
        return false;
    }
    let Some(at) = simple.words.iter().position(|word| word.is("--")) else {
        return false;
    };
    let rest = simple.words.get(at + 1..).unwrap_or_default();
    match form {
        Form::ByShell => matches!(rest, [shell, option, text]
            if given.get(shell.span.clone()) == Some(b"\"$SHELL\"")
                && option.is("-c")
                && text.value.as_deref() == Some(script)),
        Form::Direct => {
            let old = shell::read(script, dialect);
            let old = old.as_ref().ok().and_then(only_simple);
            let values = |words: &[shell::Word]| {
                words
                    .iter()
                    .map(|word| word.value.clone())
                    .collect::<Option<Vec<_>>>()
            };
            let new = values(rest);
            new.is_some() && old.is_some_and(|old| values(&old.words) == new)
        }
    }
}
