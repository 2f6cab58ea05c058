//! The command of a line: whether it can be wrapped with certainty.

use super::Refusal;
use crate::crontab::Settings;
use crate::shell::{self, Command, Dialect, List, Pipeline, Simple, beats_in, speaks_of_beat};

/// Settings that a shell follows whenever one starts.
const AT_START: [&str; 4] = ["BASH_ENV", "SHELLOPTS", "BASHOPTS", "BASH_XTRACEFD"];

/// Parts of a command that see `beat`, or that it stands between shell and cron.
const ASKS: [(&str, &str); 4] = [
    ("$PPID", "the id of the process that started its shell"),
    ("${PPID", "the id of the process that started its shell"),
    ("-$$", "its shell's process group"),
    ("-${$", "its shell's process group"),
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
    asks(script).map_or(Ok(()), |what| Err(Refusal::Asks(what)))
}

fn asks(script: &[u8]) -> Option<&'static str> {
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

/// Whether a line, as the shell is given it, has `beat` give this script to the same
/// shell.
pub(super) fn runs(given: &[u8], script: &[u8], settings: &Settings) -> bool {
    let dialect = Dialect::of(settings.shell()).unwrap_or(Dialect::Posix);
    let Ok(list) = shell::read(given, dialect) else {
        return false;
    };
    let Some(simple) = only_simple(&list) else {
        return false;
    };
    let plain = simple.assignments.is_empty() && simple.redirects.is_empty();
    let mut words = simple.words.iter();
    let exec = words.next().is_some_and(|word| word.is("exec"));
    let own: Vec<_> = words.by_ref().take_while(|word| !word.is("--")).collect();
    let known = own.iter().all(|word| word.value.is_some());
    let rest: Vec<_> = words.collect();
    plain
        && exec
        && known
        && matches!(&rest[..], [shell, option, text]
            if given.get(shell.span.clone()) == Some(b"\"$SHELL\"")
                && option.is("-c")
                && text.value.as_deref() == Some(script))
}
