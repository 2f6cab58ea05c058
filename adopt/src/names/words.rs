//! A command line in rough words: its simple commands, and what each of them runs. Good
//! enough for a name, and no more.

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

/// Words of the shell that come before a command.
const KEYWORDS: [&str; 10] = [
    "if", "then", "else", "elif", "while", "until", "do", "{", "!", "(",
];

/// The simple commands of a line, each as words. Quotes are taken off, redirects and
/// what is after a `#` left out.
pub(crate) fn commands(line: &str) -> Vec<Vec<String>> {
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

/// Where the program is among the words of a simple command: after settings, redirects,
/// words of the shell, and programs that run others.
pub(crate) fn program_at(words: &[&str]) -> Option<usize> {
    let mut at = 0;
    while let Some(word) = words.get(at) {
        let program = word.rsplit('/').next().unwrap_or(word);
        if is_redirect(word) {
            at += if word.ends_with(['>', '<']) { 2 } else { 1 };
        } else if is_assignment(word) || KEYWORDS.contains(&program) {
            at += 1;
        } else if let Some(own) = runner(program) {
            let mut rest = words[at + 1..].iter().copied().peekable();
            let before = words.len() - at - 1;
            skip_own(&mut rest, own);
            let left = rest.count();
            if left == 0 {
                return Some(at);
            }
            at += 1 + before - left;
        } else {
            return Some(at);
        }
    }
    None
}

/// How many words of its own a program takes that runs another one.
fn runner(program: &str) -> Option<usize> {
    let mut known = RUNNERS.iter().filter(|(name, _)| *name == program);
    known.next().map(|(_, own)| *own)
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

pub(crate) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    })
}

pub(crate) fn is_redirect(word: &str) -> bool {
    let rest = word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '&');
    rest.starts_with(['>', '<'])
}
