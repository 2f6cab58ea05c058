//! Where output goes: thrown away, or into a folder that is not there.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::Span;
use super::beats::told;
use super::lint::{Context, Lint};
use super::tree::{AndOr, Command, List, Op, Pipeline, Redirect, Simple};

/// Commands that are asked for their end, not for what they print.
const ASKED: [&[u8]; 14] = [
    b"test",
    b"[",
    b"command",
    b"which",
    b"type",
    b"hash",
    b"pgrep",
    b"pidof",
    b"grep",
    b"cd",
    b"kill",
    b"true",
    b"mountpoint",
    b":",
];

/// Commands that make folders.
const MAKE: [&[u8]; 2] = [b"mkdir", b"install"];

pub(super) fn lint(list: &List, context: &Context<'_>) -> Vec<Lint> {
    let mut found = Vec::new();
    // Most lines have none.
    if !any_command(list, &mut |command| !command.redirects().is_empty()) {
        return found;
    }
    thrown(list, &mut found);
    if !makes_folders(list) {
        folders(list, context, &mut found);
    }
    found
}

fn thrown(list: &List, found: &mut Vec<Lint>) {
    for item in &list.items {
        let Some(command) = main_command(item) else {
            continue;
        };
        let asked = command.simple().and_then(Simple::name);
        if asked.is_some_and(|name| ASKED.contains(&name)) {
            continue;
        }
        if loses_all(command.redirects()) {
            found.push(Lint::new(
                "output-thrown-away",
                command.span(),
                "All that the job prints is thrown away, its errors too, so nobody sees why \
                 it fails.",
                "Leave out 2>&1, so that cron mails what goes wrong; or let beat run the job \
                 with --quiet, which prints only when it fails.",
            ));
        } else if let Command::Group { list, .. } = command {
            thrown(list, found);
        }
    }
}

/// The command that an item is about: the last one, `beat`s and `|| true` left out.
fn main_command(item: &AndOr) -> Option<&Command> {
    let mut rest = item.pipelines.iter().rev();
    let (_, pipeline) = rest.find(|(op, pipeline)| !trails(*op, pipeline))?;
    pipeline.commands.last()
}

fn trails(op: Op, pipeline: &Pipeline) -> bool {
    let [Command::Simple(simple)] = &pipeline.commands[..] else {
        return false;
    };
    let beat = told(simple).is_some_and(|beat| !beat.wraps);
    let comfort = simple
        .name()
        .is_some_and(|name| matches!(name, b"true" | b":" | b"exit"));
    beat || op == Op::Or && comfort
}

/// Where a number of a file leads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum To {
    Shown,
    Nowhere,
    Elsewhere,
}

fn loses_all(redirects: &[Redirect]) -> bool {
    let mut files = [To::Elsewhere, To::Shown, To::Shown];
    for redirect in redirects {
        let target = redirect.target.text();
        let to = match target {
            Some("/dev/null") => To::Nowhere,
            _ => To::Elsewhere,
        };
        let number = redirect.fd.unwrap_or(1) as usize;
        match (redirect.op, target) {
            ("<" | "<&" | "<>", _) => {}
            (">&", Some("0" | "1" | "2")) => {
                let from = target.and_then(|t| t.parse::<usize>().ok()).unwrap_or(0);
                let to = files.get(from).copied().unwrap_or(To::Elsewhere);
                if let Some(file) = files.get_mut(number) {
                    *file = to;
                }
            }
            (">&", Some("-")) => {
                if let Some(file) = files.get_mut(number) {
                    *file = To::Nowhere;
                }
            }
            ("&>" | "&>>", _) | (">&", _) => {
                files = [To::Elsewhere, to, to];
            }
            _ => {
                if let Some(file) = files.get_mut(number) {
                    *file = to;
                }
            }
        }
    }
    let [_, out, err] = files;
    out == To::Nowhere && err == To::Nowhere
}

fn makes_folders(list: &List) -> bool {
    any_command(list, &mut |command| {
        let name = command.simple().and_then(Simple::name);
        name.is_some_and(|name| MAKE.contains(&name))
    })
}

/// Whether a command of a list, or of a group in it, is such a one. Asks in their order,
/// up to the first.
pub(super) fn any_command(list: &List, is: &mut dyn FnMut(&Command) -> bool) -> bool {
    let pipelines = list.items.iter().flat_map(|item| &item.pipelines);
    let mut commands = pipelines.flat_map(|(_, pipeline)| &pipeline.commands);
    commands.any(|command| {
        is(command)
            || match command {
                Command::Simple(_) => false,
                Command::Group { list, .. } => any_command(list, is),
            }
    })
}

fn folders(list: &List, context: &Context<'_>, found: &mut Vec<Lint>) {
    any_command(list, &mut |command| {
        for redirect in command.redirects() {
            if let Some(folder) = missing_folder(redirect, context) {
                found.push(no_folder(&redirect.span, &folder));
            }
        }
        false
    });
}

fn missing_folder(redirect: &Redirect, context: &Context<'_>) -> Option<String> {
    if !matches!(redirect.op, ">" | ">>" | ">|" | "&>" | "&>>" | "<>" | ">&") {
        return None;
    }
    let prefix = &redirect.target.prefix;
    let slash = prefix.iter().rposition(|b| *b == b'/')?;
    let folder = prefix.get(..slash)?;
    if !prefix.starts_with(b"/") || folder.is_empty() || folder.starts_with(b"/dev") {
        return None;
    }
    let path = Path::new(OsStr::from_bytes(folder));
    let missing = context.look.is_dir(path) == Some(false);
    missing.then(|| String::from_utf8_lossy(folder).into_owned())
}

fn no_folder(span: &Span, folder: &str) -> Lint {
    Lint::new(
        "log-folder-missing",
        span,
        format!(
            "There is no folder {folder:?}, so the shell cannot open the file in it and the \
             job never runs."
        ),
        format!("Make the folder: mkdir -p {folder}"),
    )
}
