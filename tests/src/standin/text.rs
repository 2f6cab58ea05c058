//! What a text sets off on a forge: mentions notify, `#N` links, and on GitLab
//! a line that begins with `/` is a command.
//!
//! Only enough of Markdown is understood to know what is code or an HTML
//! comment. In doubt a text is taken to act: the stand-in is there to catch it.

/// What a text sets off.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Effects {
    /// Names after an `@`, without it.
    pub mentions: Vec<String>,
    /// References as they stand: `#12`, `ops/watch#12`, `GH-12`.
    pub links: Vec<String>,
}

/// Finds mentions and references outside code and HTML comments.
#[must_use]
pub fn effects(text: &str) -> Effects {
    let live = without_code(text);
    let mut found = Effects::default();
    let chars: Vec<char> = live.chars().collect();
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).and_then(|i| chars.get(i)).copied();
        let rest = chars.get(at + 1..).unwrap_or_default();
        if c == '@' && !before.is_some_and(|b| b.is_alphanumeric() || b == '_') {
            let name = run(rest, |c| c.is_ascii_alphanumeric() || "-_./".contains(c));
            if name.starts_with(|c: char| c.is_ascii_alphanumeric()) {
                found.mentions.push(name);
            }
        }
        if c == '#' && before != Some('&') {
            let digits = run(rest, |c| c.is_ascii_digit());
            let after = rest.get(digits.len());
            if !digits.is_empty() && !after.is_some_and(|a| a.is_alphanumeric()) {
                let before = chars.get(..at).unwrap_or_default().iter().rev();
                let named = |c: &&char| c.is_ascii_alphanumeric() || "-_./".contains(**c);
                let project: Vec<char> = before.take_while(named).copied().collect();
                let project: String = project.into_iter().rev().collect();
                if project.is_empty() || project.contains('/') {
                    found.links.push(format!("{project}#{digits}"));
                }
            }
        }
        if c == 'G' && !before.is_some_and(char::is_alphanumeric) {
            let tail: String = rest.iter().take(2).collect();
            let digits = run(rest.get(2..).unwrap_or_default(), |c| c.is_ascii_digit());
            if tail == "H-" && !digits.is_empty() {
                found.links.push(format!("GH-{digits}"));
            }
        }
    }
    found
}

fn run(chars: &[char], keep: impl Fn(char) -> bool) -> String {
    chars.iter().copied().take_while(|c| keep(*c)).collect()
}

/// `#N` in a title; there is no code in titles.
#[must_use]
pub fn title_links(title: &str) -> Vec<String> {
    effects(&title.replace(['`', '<'], " ")).links
}

/// Lines that GitLab would take as commands, and the text without those that
/// are known to act. Only a fence or an indentation protects a line.
#[must_use]
pub fn commands(text: &str) -> Vec<String> {
    let mut fence = None;
    let mut found = Vec::new();
    for line in text.lines() {
        if step_fence(&mut fence, line) {
            continue;
        }
        let word: String = line
            .strip_prefix('/')
            .unwrap_or_default()
            .chars()
            .take_while(|c| c.is_ascii_alphabetic() || *c == '_')
            .collect();
        let rest = line.get(1 + word.len()..).unwrap_or_default();
        if !word.is_empty() && (rest.is_empty() || rest.starts_with(char::is_whitespace)) {
            found.push(line.trim_end().to_owned());
        }
    }
    found
}

/// The text without the given command lines.
#[must_use]
pub fn without_commands(text: &str, commands: &[String]) -> String {
    let mut fence = None;
    let mut kept = Vec::new();
    for line in text.split('\n') {
        let fenced = step_fence(&mut fence, line);
        if fenced || !commands.iter().any(|c| c == line.trim_end()) {
            kept.push(line);
        }
    }
    kept.join("\n")
}

/// Keeps track of fences. True when the line belongs to one.
fn step_fence(fence: &mut Option<(char, usize)>, line: &str) -> bool {
    let inner = line.trim_start_matches(' ');
    let indent = line.len() - inner.len();
    let Some(mark) = inner.chars().next().filter(|c| "`~".contains(*c)) else {
        return fence.is_some();
    };
    let count = inner.chars().take_while(|c| *c == mark).count();
    let rest = inner.get(count..).unwrap_or_default();
    match *fence {
        Some((open, least)) => {
            if open == mark && count >= least && indent < 4 && rest.trim().is_empty() {
                *fence = None;
            }
            true
        }
        None if count >= 3 && indent < 4 && !(mark == '`' && rest.contains('`')) => {
            *fence = Some((mark, count));
            true
        }
        None => false,
    }
}

/// Tags that begin a block in which Markdown is not read: a fence right after
/// `<details>`, without an empty line between, is no fence.
const HTML_BLOCKS: [&str; 13] = [
    "details", "summary", "div", "p", "pre", "table", "tr", "td", "th", "ul", "ol", "li", "h",
];

fn begins_html(line: &str) -> bool {
    let inner = line.trim_start();
    let tag: String = inner
        .strip_prefix("</")
        .or_else(|| inner.strip_prefix('<'))
        .unwrap_or_default()
        .chars()
        .take_while(char::is_ascii_alphabetic)
        .collect();
    HTML_BLOCKS.contains(&tag.to_lowercase().as_str())
}

/// The text without code blocks, code spans and HTML comments.
fn without_code(text: &str) -> String {
    let (mut kept, mut paragraph) = (String::new(), String::new());
    let (mut fence, mut comment, mut html, mut blank_before) = (None, false, false, true);
    for line in text.split('\n') {
        let blank = line.trim().is_empty();
        let inside = comment;
        if !inside && !html && step_fence(&mut fence, line) {
            blank_before = false;
            continue;
        }
        let indented = line.starts_with("    ") || line.starts_with('\t');
        if !inside && !html && indented && blank_before {
            continue;
        }
        if !inside {
            html = !blank && (html || begins_html(line));
            blank_before = blank;
        }
        if html || blank {
            kept.push_str(&without_spans(&std::mem::take(&mut paragraph)));
        }
        let live = without_comments(line, &mut comment);
        let target = if html { &mut kept } else { &mut paragraph };
        target.push_str(&live);
        target.push('\n');
    }
    kept.push_str(&without_spans(&paragraph));
    kept
}

fn without_comments(line: &str, comment: &mut bool) -> String {
    let mut kept = String::new();
    let mut rest = line;
    loop {
        let (mark, until) = if *comment {
            ("-->", false)
        } else {
            ("<!--", true)
        };
        let (head, tail) = rest
            .split_once(mark)
            .map_or((rest, None), |(h, t)| (h, Some(t)));
        if !*comment {
            kept.push_str(head);
        }
        let Some(tail) = tail else { return kept };
        // A comment that opens inside a code span is no comment.
        if until && head.matches('`').count() % 2 == 1 && tail.contains('`') {
            kept.push_str(mark);
        } else {
            *comment = until;
        }
        rest = tail;
    }
}

/// Takes code spans out of one paragraph.
fn without_spans(paragraph: &str) -> String {
    let mut kept = String::new();
    let mut rest = paragraph;
    while let Some(start) = rest.find('`') {
        let (head, tail) = rest.split_at(start);
        kept.push_str(head);
        let ticks = tail.chars().take_while(|c| *c == '`').count();
        let after = tail.get(ticks..).unwrap_or_default();
        match closing(after, ticks) {
            Some(end) => {
                kept.push(' ');
                rest = after.get(end..).unwrap_or_default();
            }
            None => {
                kept.push_str(tail.get(..ticks).unwrap_or_default());
                rest = after;
            }
        }
    }
    kept.push_str(rest);
    kept
}

/// Where a run of exactly `ticks` backticks ends.
fn closing(text: &str, ticks: usize) -> Option<usize> {
    let mut at = 0;
    while let Some(found) = text.get(at..)?.find('`') {
        let start = at + found;
        let count = text.get(start..)?.chars().take_while(|c| *c == '`').count();
        at = start + count;
        if count == ticks {
            return Some(at);
        }
    }
    None
}
