//! Texts that come from jobs, users, paths and forges, made fit to be shown.
//!
//! What comes out of [`clean`] is one line without anything invisible. What
//! comes out of [`markdown`] reads the same once it is rendered and means
//! nothing to a markdown renderer, nor to what forges do after rendering
//! (mentions, references to issues, emoji codes, links from bare addresses).

use std::fmt::Write as _;

/// Does not break a line, cannot be seen, and takes the meaning from what it
/// stands behind: U+2060 WORD JOINER.
pub(crate) const JOINER: char = '\u{2060}';

/// One line of at most `max` characters: white space is folded, control
/// characters, invisible ones and those that turn the direction of writing are
/// left out.
#[must_use]
pub fn clean(text: &str, max: usize) -> String {
    let mut out = String::with_capacity(text.len().min(max * 4));
    let mut gap = false;
    let mut len = 0;
    for c in text.chars() {
        if c.is_whitespace() || c.is_control() {
            gap = len > 0;
            continue;
        }
        if invisible(c) {
            continue;
        }
        if len + usize::from(gap) >= max {
            out.push('…');
            break;
        }
        if gap {
            out.push(' ');
            gap = false;
            len += 1;
        }
        out.push(c);
        len += 1;
    }
    out
}

/// Characters that show nothing, or change how others are shown.
fn invisible(c: char) -> bool {
    matches!(u32::from(c),
        0xAD | 0x34F | 0x61C | 0x115F | 0x1160 | 0x17B4 | 0x17B5 | 0x180B..=0x180F
        | 0x200B..=0x200F | 0x2028..=0x202E | 0x2060..=0x206F | 0x2800 | 0x3164
        | 0xFE00..=0xFE0F | 0xFEFF | 0xFFA0 | 0xFFF0..=0xFFFB | 0x1D173..=0x1D17A
        | 0xE0000..=0xE0FFF)
}

/// A cleaned text as plain text of GitHub-flavoured markdown, for the inside of
/// a line or a table's cell.
#[must_use]
pub fn markdown(text: &str, max: usize) -> String {
    let text = clean(text, max);
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len() + 16);
    for (at, &c) in chars.iter().enumerate() {
        let before = at.checked_sub(1).map(|at| chars[at]);
        let behind = &chars[at + 1..];
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // References, not backslashes: some renderers take `\\[` for the start
            // of a formula, and tables part their cells before anything else.
            '[' | ']' | '|' | '\\' | '$' | '{' => reference(&mut out, c),
            '*' | '`' | '~' | '^' => out.extend(['\\', c]),
            '_' if !(word(before) && word(behind.first().copied())) => out.extend(['\\', c]),
            // What could begin a heading, a list or a line …
            '#' | '+' | '-' | '=' | '!' if at == 0 => out.extend(['\\', c]),
            // … and what could end a heading.
            '#' if behind.is_empty() => out.extend(['\\', c]),
            '.' | ')' if at > 0 && chars[..at].iter().all(char::is_ascii_digit) => {
                reference(&mut out, c);
            }
            '.' if www(&chars[..at]) => {
                out.push(JOINER);
                out.push(c);
            }
            c => out.push(c),
        }
        let loose = match c {
            '@' | '#' | '!' => behind.first().is_some_and(|c| !c.is_whitespace()),
            ':' => behind.first().is_some_and(|c| !c.is_whitespace()) && !clock(before, behind),
            _ => false,
        };
        if loose {
            out.push(JOINER);
        }
    }
    out
}

fn reference(out: &mut String, c: char) {
    // Writing into a String cannot fail.
    let _ = write!(out, "&#{};", u32::from(c));
}

fn word(c: Option<char>) -> bool {
    c.is_some_and(|c| c.is_ascii_alphanumeric())
}

/// `…www` right before a dot: renderers make links of such words.
fn www(before: &[char]) -> bool {
    before.len() >= 3
        && before[before.len() - 3..]
            .iter()
            .all(|c| c.eq_ignore_ascii_case(&'w'))
}

/// The colon of `12:30`, and not of `12:100:`.
fn clock(before: Option<char>, behind: &[char]) -> bool {
    let digit = |at: usize| behind.get(at).is_some_and(char::is_ascii_digit);
    before.is_some_and(|c| c.is_ascii_digit()) && digit(0) && digit(1) && !digit(2)
}

/// A text as a code span where it is as plain as a job's name or a usual path,
/// else as [`markdown`].
#[must_use]
pub fn code(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || " ._-/+@:=,%~#()*".contains(c);
    let shown = clean(text, 300);
    if !shown.is_empty() && shown.chars().all(plain) {
        format!("`{shown}`")
    } else {
        markdown(text, 300)
    }
}

/// The most lines of output that are shown, and of each the most characters.
const TAIL_LINES: usize = 10;
const TAIL_WIDTH: usize = 200;

/// The last lines of an output that show something, each as a terminal would have
/// left it: without colours, without what was written over, without anything
/// invisible. Not escaped for any markup.
#[must_use]
pub fn tail(output: &str) -> Vec<String> {
    let lines = output.lines().rev().map(|line| {
        let plain = without_escapes(line);
        let parts = plain.rsplit('\r');
        let last = parts.map(shown).find(|part| !part.is_empty());
        last.unwrap_or_default()
    });
    let mut out: Vec<String> = lines
        .filter(|line| !line.is_empty())
        .take(TAIL_LINES)
        .collect();
    out.reverse();
    out
}

/// One line of output: its indentation stays, what cannot be seen goes.
fn shown(line: &str) -> String {
    let mut out = String::new();
    let seen = line.chars().filter(|c| !invisible(*c));
    for (at, c) in seen.enumerate() {
        match c {
            _ if at == TAIL_WIDTH => {
                out.push('…');
                break;
            }
            '\t' => out.push_str("    "),
            c if c.is_whitespace() => out.push(' '),
            c if c.is_control() => {}
            c => out.push(c),
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// A text without what moves a terminal's cursor or changes its colours.
fn without_escapes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        if c != '\u{1b}' {
            out.push(c);
            continue;
        }
        match chars.next() {
            // Up to its last letter.
            Some('[') => while chars.next_if(|c| matches!(c, ' '..='?')).is_some() {},
            // Up to a bell.
            Some(']') => {
                while chars
                    .next_if(|c| !matches!(c, '\u{7}' | '\u{1b}'))
                    .is_some()
                {}
            }
            _ => continue,
        }
        let _ = chars.next();
    }
    out
}

/// A text for the inside of an html element.
#[must_use]
pub fn entities(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

/// An address that may be linked to: `http` or `https`, with everything that
/// means something to markdown or html percent-encoded.
#[must_use]
pub fn link(url: &str) -> Option<String> {
    let lower = url.get(..8).unwrap_or(url).to_ascii_lowercase();
    if !(lower.starts_with("http://") || lower.starts_with("https://")) || url.len() > 2_000 {
        return None;
    }
    let mut out = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._/:?#@!$+,;=%&".contains(&byte) {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaned() {
        for (text, max, shown) in [
            ("plain", 10, "plain"),
            (" a\t\r\n\u{0}b  c ", 10, "a b c"),
            ("a\u{202e}b\u{200b}\u{feff}c\u{1b}[31m", 20, "abc [31m"),
            ("abcdef", 4, "abcd…"),
            ("ab cd", 2, "ab…"),
            ("ab   ", 2, "ab"),
            ("", 5, ""),
        ] {
            assert_eq!(clean(text, max), shown, "{text:?}");
        }
    }

    #[test]
    fn escaped() {
        for (text, shown) in [
            ("db_backup", "db_backup"),
            ("_a_ __init__", r"\_a\_ \_\_init\_\_"),
            ("a|b", "a&#124;b"),
            ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
            ("[x](y) *z* `c`", r"&#91;x&#93;(y) \*z\* \`c\`"),
            ("# head #", r"\# head \#"),
            ("1. one", "1&#46; one"),
            ("- item", r"\- item"),
            (
                "@all #12 :smile:",
                "@\u{2060}all #\u{2060}12 :\u{2060}smile:",
            ),
            ("at 02:00:07 UTC", "at 02:00:07 UTC"),
            ("5:100:", "5:\u{2060}100:"),
            ("https://x.y", "https:\u{2060}//x.y"),
            ("www.x.y", "www\u{2060}.x.y"),
        ] {
            assert_eq!(markdown(text, 100), shown, "{text:?}");
        }
    }

    #[test]
    fn code_only_where_it_is_plain() {
        assert_eq!(code("a.b-c_d"), "`a.b-c_d`");
        assert_eq!(code("a`b|c"), r"a\`b&#124;c");
    }

    #[test]
    fn tails() {
        let many: String = (0..15).map(|n| format!("line {n}\n\n")).collect();
        assert_eq!(tail(&many).len(), 10);
        assert_eq!(tail(&many)[0], "line 5");
        for (output, shown) in [
            ("", vec![]),
            ("  \n\t\n\u{b}\u{200b}\n", vec![]),
            ("\u{1b}[1;31mred\u{1b}[0m  \n", vec!["red"]),
            ("\u{1b}]0;title\u{7}a\u{1b}7b\u{1b}", vec!["ab"]),
            (" 1%\r 50%\r100%\r\nnext", vec!["100%", "next"]),
            ("\tin\u{0}dented\u{202e}", vec!["    indented"]),
        ] {
            assert_eq!(tail(output), shown, "{output:?}");
        }
        assert_eq!(tail(&"x".repeat(500))[0].chars().count(), 201);
        assert_eq!(entities("<!-- a & b -->"), "&lt;!-- a &amp; b --&gt;");
    }

    #[test]
    fn links() {
        let long = format!("https://x/{}", "y".repeat(3_000));
        for (url, linked) in [
            (
                "https://git.example.org/o/r/issues/7",
                Some("https://git.example.org/o/r/issues/7"),
            ),
            (
                "https://x/a)b|c \"<>\u{e9}`",
                Some("https://x/a%29b%7Cc%20%22%3C%3E%C3%A9%60"),
            ),
            ("javascript:alert(1)", None),
            ("/var/lib/beat-check/issues/open/7.md", None),
            ("", None),
            (&long, None),
        ] {
            assert_eq!(link(url).as_deref(), linked, "{url:?}");
        }
    }
}
