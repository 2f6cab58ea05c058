//! Names of jobs, from what is run: readable, and the same as long as the line is the
//! same. Reads command lines roughly, on purpose: a name must be good, not exact; what
//! must be exact is in the shell room.

use heartbeat::JobName;

pub use settle::settle;
use words::is_redirect;
pub(crate) use words::{commands, program_at};

/// The longest name that is made. The rest of what a name may be is for its place.
const LONG: usize = 60;

/// Programs that only prepare, ask or wait: they give a job no name.
const QUIET: [&str; 36] = [
    "test",
    "[",
    "[[",
    "cd",
    "pushd",
    "sleep",
    "export",
    "unset",
    "set",
    "umask",
    "ulimit",
    ".",
    "source",
    "true",
    "false",
    ":",
    "if",
    "then",
    "else",
    "elif",
    "fi",
    "while",
    "until",
    "do",
    "done",
    "{",
    "}",
    "(",
    ")",
    "!",
    "type",
    "which",
    "hash",
    "mkdir",
    "date",
    "command-v",
];

/// Programs that run a script.
const INTERPRETERS: [&str; 20] = [
    "sh", "bash", "dash", "zsh", "ksh", "python", "python2", "python3", "perl", "php", "ruby",
    "node", "nodejs", "lua", "tclsh", "Rscript", "java", "pwsh", "deno", "bun",
];

/// Options of interpreters that take a word of their own which is no script.
const INTERPRETER_WORD: [&str; 8] = ["-d", "-W", "-X", "-I", "-cp", "-classpath", "-r", "-o"];

/// Endings of scripts that tell nobody anything.
const ENDINGS: [&str; 14] = [
    ".sh", ".bash", ".py", ".pl", ".php", ".rb", ".js", ".mjs", ".ts", ".lua", ".jar", ".bin",
    ".cgi", ".exe",
];

/// A name from a command line.
#[must_use]
pub fn from_command(command: &str) -> JobName {
    let mut fallback = None;
    for words in commands(command) {
        let (name, quiet) = from_words(&words);
        if let Some(name) = name {
            if !quiet {
                return valid(&name);
            }
            fallback.get_or_insert(name);
        }
    }
    valid(fallback.as_deref().unwrap_or("job"))
}

/// A name from a comment above the line: `# Name: nightly backup`.
#[must_use]
pub fn from_comment(line: &str) -> Option<JobName> {
    let text = line.trim().trim_start_matches('#').trim();
    let (key, value) = text.split_once(':')?;
    let value = value.trim();
    (key.trim().eq_ignore_ascii_case("name") && !value.is_empty()).then(|| valid(value))
}

/// A name from the name of a script or a unit.
#[must_use]
pub fn from_file(name: &str) -> JobName {
    valid(stem(name))
}

/// The name that a text becomes: what is not allowed is `_`.
#[must_use]
pub fn valid(text: &str) -> JobName {
    let mut out = String::new();
    for c in text.chars() {
        let sound = c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
        if sound && (!out.is_empty() || c.is_ascii_alphanumeric()) {
            out.push(c);
        } else if !sound && !out.is_empty() && !out.ends_with('_') {
            out.push('_');
        }
        if out.len() == LONG {
            break;
        }
    }
    let out = out.trim_end_matches(['_', '.', '-']);
    JobName::new(if out.is_empty() { "job" } else { out })
        .or_else(|error| JobName::new(&error.suggestion()))
        .unwrap_or_else(|_| last_resort())
}

/// What is left of a text above is always a name, so this is never asked for.
fn last_resort() -> JobName {
    let mut name = String::from("j");
    loop {
        if let Ok(name) = JobName::new(&name) {
            return name;
        }
        name.push('j');
    }
}

/// A wish for a name.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// Whose job: names must differ for one user only.
    pub user: &'a str,
    /// The name.
    pub name: &'a JobName,
    /// The name was given by a person or is in the store already: it stays as it is.
    pub firm: bool,
    /// The job does not run: it gives way to one of its name that does.
    pub weak: bool,
    /// On which line.
    pub line: Option<u32>,
}

/// The name of one simple command, and whether it only prepares.
fn from_words(words: &[String]) -> (Option<String>, bool) {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(at) = program_at(&words) else {
        return (None, true);
    };
    let (word, after) = (words[at], &words[at + 1..]);
    // A whole command in one word: flock FILE -c '…'.
    if word.contains(' ') {
        return (Some(from_command(word).as_str().to_owned()), false);
    }
    let program = base(word);
    if program == "su" {
        let inner = after.iter().position(|w| *w == "-c");
        return match inner.and_then(|at| after.get(at + 1)) {
            Some(inner) => (Some(from_command(inner).as_str().to_owned()), false),
            None => (Some("su".into()), false),
        };
    }
    let plain = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
    if INTERPRETERS.contains(&program) || INTERPRETERS.contains(&plain) {
        let (name, inline) = from_script(program, after);
        return (Some(name), inline);
    }
    (Some(stem(program).to_owned()), QUIET.contains(&program))
}

/// The name of what an interpreter runs, and whether that is only a line of its own.
fn from_script(program: &str, after: &[&str]) -> (String, bool) {
    let mut words = after.iter().copied();
    while let Some(word) = words.next() {
        match word {
            "-c" if program.ends_with("sh") => {
                let inner = words.next().unwrap_or_default();
                return (from_command(inner).as_str().to_owned(), false);
            }
            "-c" | "-e" | "-r" if INTERPRETERS.contains(&program) => {
                return (program.to_owned(), true);
            }
            "-m" | "-jar" | "-f" => {
                if let Some(next) = words.next() {
                    return (stem(base(next)).to_owned(), false);
                }
            }
            _ if INTERPRETER_WORD.contains(&word) => {
                words.next();
            }
            _ if word.starts_with('-') || is_redirect(word) => {}
            _ => {
                let script = stem(base(word)).to_owned();
                // php artisan schedule:run, node cli.js import
                let console = matches!(
                    script.as_str(),
                    "artisan" | "console" | "manage" | "cli" | "occ"
                );
                let more = words.find(|next| !next.starts_with('-') && !is_redirect(next));
                let name = match more {
                    Some(more) if console => format!("{script}_{more}"),
                    _ => script,
                };
                return (name, false);
            }
        }
    }
    (program.to_owned(), false)
}

fn base(word: &str) -> &str {
    word.trim_end_matches('/')
        .rsplit('/')
        .next()
        .unwrap_or(word)
}

fn stem(name: &str) -> &str {
    ENDINGS
        .iter()
        .find_map(|ending| name.strip_suffix(ending))
        .filter(|stem| !stem.is_empty())
        .unwrap_or(name)
}

mod settle;
mod words;

#[cfg(test)]
mod tests;
