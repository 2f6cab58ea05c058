//! Names of jobs, from what is run: readable, and the same as long as the line is the
//! same. Reads command lines roughly, on purpose: a name must be good, not exact; what
//! must be exact is in the shell room.

use std::collections::HashMap;

use heartbeat::JobName;

/// The longest name that is made. The rest of what a name may be is for its place.
const LONG: usize = 60;

/// Programs that run what comes after them, and how many words of their own they take
/// besides options.
const RUNNERS: [(&str, usize); 20] = [
    ("nice", 0),
    ("ionice", 0),
    ("nohup", 0),
    ("setsid", 0),
    ("exec", 0),
    ("eval", 0),
    ("command", 0),
    ("env", 0),
    ("sudo", 0),
    ("doas", 0),
    ("runuser", 0),
    ("chronic", 0),
    ("cronic", 0),
    ("time", 0),
    ("stdbuf", 0),
    ("chpst", 0),
    ("timeout", 1),
    ("flock", 1),
    ("systemd-inhibit", 0),
    ("systemd-cat", 0),
];

/// Options of those that take a word of their own.
const WITH_WORD: [&str; 18] = [
    "-n",
    "-c",
    "-u",
    "-g",
    "-k",
    "-s",
    "-w",
    "-E",
    "-t",
    "-p",
    "-o",
    "-i",
    "-e",
    "-S",
    "--user",
    "--signal",
    "--kill-after",
    "--unset",
];

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
        if sound && !(out.is_empty() && !c.is_ascii_alphanumeric()) {
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
        .unwrap_or_else(|_| unreachable_name())
}

/// Not reached: what is left of a text above is always a name.
fn unreachable_name() -> JobName {
    let mut name = String::from("j");
    loop {
        if let Ok(name) = JobName::new(&name) {
            return name;
        }
        name.push('j');
    }
}

/// A name with a place after it.
fn with_place(name: &JobName, place: &str) -> JobName {
    let place = valid(place);
    let room = 99usize.saturating_sub(place.as_str().len());
    let short: String = name.as_str().chars().take(room).collect();
    JobName::new(&format!("{short}-{place}")).unwrap_or(place)
}

/// A wish for a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wish {
    /// Whose job: names must differ for one user only.
    pub user: Box<str>,
    /// The name.
    pub name: JobName,
    /// The name was given by a person or is in the store already: it stays as it is.
    pub firm: bool,
    /// Where, in a word: `crontab`, `cron.d-php`.
    pub place: Box<str>,
    /// On which line.
    pub line: Option<u32>,
}

/// Makes names differ, one for each wish and in its order. All of those that collide
/// get their place, and then, if they must, their line; so the order does not matter.
#[must_use]
pub fn settle(wishes: &[Wish]) -> Vec<JobName> {
    let mut names: Vec<JobName> = wishes.iter().map(|wish| wish.name.clone()).collect();
    for step in 0..3 {
        let mut count: HashMap<(&str, JobName), u32> = HashMap::with_capacity(wishes.len());
        for (wish, name) in wishes.iter().zip(&names) {
            *count.entry((&wish.user, name.clone())).or_default() += 1;
        }
        let clash: Vec<bool> = wishes
            .iter()
            .zip(&names)
            .map(|(wish, name)| !wish.firm && count[&(&*wish.user, name.clone())] > 1)
            .collect();
        drop(count);
        if !clash.contains(&true) {
            break;
        }
        for (at, (wish, clash)) in wishes.iter().zip(clash).enumerate() {
            if !clash {
                continue;
            }
            let line = wish.line.unwrap_or(0);
            let place = match step {
                0 => wish.place.to_string(),
                1 => format!("{}-{line}", wish.place),
                _ => format!("{}-{line}-{at}", wish.place),
            };
            names[at] = with_place(&wish.name, &place);
        }
    }
    names
}

/// The simple commands of a line, each as words. Quotes are taken off, redirects and
/// what is after a `#` left out.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut out = vec![Vec::new()];
    let mut word = String::new();
    let mut any = false;
    let mut chars = line.chars().peekable();
    let mut quote = None;
    let end = |out: &mut Vec<Vec<String>>, word: &mut String, any: &mut bool| {
        if *any {
            if let Some(last) = out.last_mut() {
                last.push(std::mem::take(word));
            }
            *any = false;
        }
    };
    while let Some(c) = chars.next() {
        match (quote, c) {
            (Some(q), c) if q == c => quote = None,
            (Some('"') | None, '\\') => {
                word.extend(chars.next());
                any = true;
            }
            // What another command prints: a word that names nothing.
            (Some('"') | None, '$') if chars.peek() == Some(&'(') => {
                let mut depth = 0;
                for inner in chars.by_ref() {
                    depth += i32::from(inner == '(') - i32::from(inner == ')');
                    if depth == 0 {
                        break;
                    }
                }
                word.push('$');
                any = true;
            }
            (Some('"') | None, '`') => {
                chars.by_ref().find(|inner| *inner == '`');
                word.push('$');
                any = true;
            }
            (Some(_), c) => word.push(c),
            (None, '\'' | '"') => {
                quote = Some(c);
                any = true;
            }
            (None, ' ' | '\t') => end(&mut out, &mut word, &mut any),
            (None, ';' | '&' | '|' | '\n' | '(' | ')') if c != '&' || !word.ends_with('>') => {
                end(&mut out, &mut word, &mut any);
                out.push(Vec::new());
            }
            (None, c) => {
                word.push(c);
                any = true;
            }
        }
    }
    end(&mut out, &mut word, &mut any);
    out.retain(|words| !words.is_empty());
    out
}

/// The name of one simple command, and whether it only prepares.
fn from_words(words: &[String]) -> (Option<String>, bool) {
    let mut rest = words.iter().map(String::as_str).peekable();
    let mut quiet = false;
    while let Some(word) = rest.next() {
        if is_redirect(word) {
            if word.ends_with(['>', '<']) {
                rest.next();
            }
            continue;
        }
        if is_assignment(word) {
            continue;
        }
        // A whole command in one word: flock FILE -c '…'.
        if word.contains(' ') {
            return (Some(from_command(word).as_str().to_owned()), quiet);
        }
        let program = base(word);
        if matches!(
            program,
            "if" | "then" | "else" | "elif" | "while" | "until" | "do" | "{" | "!" | "("
        ) {
            continue;
        }
        if program == "command" && matches!(rest.peek(), Some(&"-v" | &"-V")) {
            return (Some("command".into()), true);
        }
        if let Some((_, own)) = RUNNERS.iter().find(|(name, _)| *name == program) {
            skip_own(&mut rest, *own);
            quiet = true;
            // A lock, a limit: the job is what comes after.
            if rest.peek().is_some() {
                quiet = false;
                continue;
            }
        }
        quiet |= QUIET.contains(&program);
        if program == "su" {
            let after: Vec<&str> = rest.by_ref().collect();
            let inner = after
                .iter()
                .position(|w| *w == "-c")
                .and_then(|at| after.get(at + 1));
            return match inner {
                Some(inner) => (Some(from_command(inner).as_str().to_owned()), false),
                None => (Some("su".into()), false),
            };
        }
        let plain = program.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.');
        if INTERPRETERS.contains(&program) || INTERPRETERS.contains(&plain) {
            let after: Vec<&str> = rest.collect();
            let (name, inline) = from_script(program, &after);
            return (Some(name), inline);
        }
        return (Some(stem(program).to_owned()), quiet);
    }
    (None, true)
}

/// Passes over the options of a runner, and the words that are its own.
fn skip_own<'a>(rest: &mut std::iter::Peekable<impl Iterator<Item = &'a str>>, mut own: usize) {
    while let Some(word) = rest.peek() {
        if is_assignment(word) {
            rest.next();
        } else if word.starts_with('-') {
            let with_word = WITH_WORD.contains(word);
            rest.next();
            // A number or a name that belongs to the option.
            if with_word
                && rest
                    .peek()
                    .is_some_and(|next| !next.starts_with(['-', '/', '.']))
                && (own > 0 || rest.peek().is_some_and(|w| takes(w)))
            {
                rest.next();
            }
        } else if own > 0 {
            own -= 1;
            rest.next();
        } else {
            return;
        }
    }
}

/// Whether a word after an option looks like its value.
fn takes(word: &str) -> bool {
    word.bytes().all(|b| b.is_ascii_digit())
        || (word.len() <= 32
            && word
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b)))
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

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

fn is_redirect(word: &str) -> bool {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
    rest.starts_with(['>', '<'])
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

#[cfg(test)]
mod tests;
