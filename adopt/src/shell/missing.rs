//! Programs that are not there, or that the job's user may not run.

use std::borrow::Cow;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use super::lint::{Context, Lint};
use super::look::{Look, Program};
use super::names::is_builtin;
use super::redirects::any_command;
use super::tree::{Command, List, Op, Simple};

/// Whether a command asks for a program, or may look elsewhere for it: what is missing
/// after it was thought of.
fn asks(name: &[u8]) -> bool {
    matches!(
        name,
        b"test" | b"[" | b"command" | b"which" | b"type" | b"hash" | b"." | b"source"
    )
}

pub(super) fn lint(list: &List, context: &Context<'_>) -> Vec<Lint> {
    let mut thought_of = |command: &Command| {
        let Some(simple) = command.simple() else {
            return false;
        };
        let path = |w: &super::Word| w.prefix.starts_with(b"PATH=");
        let first = simple.words.first().and_then(|w| w.value.as_deref());
        first.is_some_and(asks) || simple.assignments.iter().chain(&simple.words).any(path)
    };
    if any_command(list, &mut thought_of) {
        return Vec::new();
    }
    let mut found = Vec::new();
    walk(list, context, &mut found);
    found
}

fn walk(list: &List, context: &Context<'_>, found: &mut Vec<Lint>) {
    for (op, pipeline) in list.items.iter().flat_map(|item| &item.pipelines) {
        if *op == Op::Or {
            continue;
        }
        for command in &pipeline.commands {
            match command {
                Command::Simple(simple) => found.extend(one(simple, context)),
                Command::Group { list, .. } => walk(list, context, found),
            }
        }
    }
}

fn one(simple: &Simple, context: &Context<'_>) -> Option<Lint> {
    let word = simple.words.get(simple.program?)?;
    let name = word.value.as_deref()?;
    let shown = String::from_utf8_lossy(name);
    let (path, what) = find(name, context.path, context.look)?;
    let path = Path::new(OsStr::from_bytes(&path)).display();
    let (sentence, code, fix) = match what {
        Program::Missing if name.contains(&b'/') => (
            format!("There is no program {shown}."),
            "program-missing",
            "Correct the path, or remove the line.".to_owned(),
        ),
        Program::Missing => (
            format!(
                "There is no program {shown} in the PATH of this line, {}.",
                String::from_utf8_lossy(context.path)
            ),
            "program-missing",
            format!("Write where {shown} lies, or set PATH above the line."),
        ),
        Program::NotExecutable => (
            format!("The user of this line may not run {path}."),
            "program-not-executable",
            format!("Make it executable: chmod +x {path}"),
        ),
        Program::Directory => (
            format!("{path} is a directory, no program."),
            "program-not-executable",
            "Write the program's own path.".to_owned(),
        ),
        Program::Runs | Program::Text | Program::Unknown => return None,
    };
    Some(Lint::new(code, &word.span, sentence, fix))
}

/// Where a program lies and what it is, as a shell with this path finds it. `None` where that is
/// not certain (a builtin, a relative path), and where a search along the path finds it.
fn find<'a>(name: &'a [u8], path: &[u8], look: &dyn Look) -> Option<(Cow<'a, [u8]>, Program)> {
    let at = |place: &[u8]| look.program(Path::new(OsStr::from_bytes(place)));
    if name.contains(&b'/') {
        return name.starts_with(b"/").then(|| (name.into(), at(name)));
    }
    if name.is_empty() || is_builtin(name) {
        return None;
    }
    let mut denied = None;
    let mut place = Vec::new();
    for dir in path.split(|b| *b == b':') {
        if !dir.starts_with(b"/") {
            return None;
        }
        place.clear();
        for part in [dir, b"/", name] {
            place.extend_from_slice(part);
        }
        match at(&place) {
            Program::Missing | Program::Directory => {}
            Program::NotExecutable => denied = denied.or_else(|| Some(place.clone())),
            Program::Runs | Program::Text | Program::Unknown => return None,
        }
    }
    Some(match denied {
        Some(place) => (place.into(), Program::NotExecutable),
        None => (name.into(), Program::Missing),
    })
}
