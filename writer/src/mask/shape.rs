//! Secrets that are known by how they look, whatever they are called.

use super::{Range, is_word, until};

/// How tokens begin, and how many characters must follow at least.
const PREFIXES: [(&str, usize); 24] = [
    ("AKIA", 16),
    ("ASIA", 16),
    ("AIza", 30),
    ("ghp_", 20),
    ("gho_", 20),
    ("ghu_", 20),
    ("ghs_", 20),
    ("ghr_", 20),
    ("github_pat_", 20),
    ("glpat-", 16),
    ("xoxa-", 10),
    ("xoxb-", 10),
    ("xoxp-", 10),
    ("xoxr-", 10),
    ("xoxs-", 10),
    ("xapp-", 10),
    ("sk_live_", 16),
    ("rk_live_", 16),
    ("sk-", 32),
    ("npm_", 30),
    ("hf_", 30),
    ("dop_v1_", 30),
    ("eyJ", 20),
    ("hooks.slack.com/services/", 20),
];

/// A token as a service gives them out.
pub(super) fn by_prefix(text: &[u8], at: usize) -> Option<Range> {
    let rest = &text[at..];
    let (prefix, least) = PREFIXES
        .iter()
        .find(|(prefix, _)| rest.starts_with(prefix.as_bytes()))?;
    // A JSON web token has dots in it, an address slashes.
    let within: &[u8] = match *prefix {
        "eyJ" => b".",
        "hooks.slack.com/services/" => b"/",
        _ => b"",
    };
    let belongs = |b: &u8| is_word(*b) || within.contains(b);
    let after = &rest[prefix.len()..];
    let len = after.iter().take_while(|b| belongs(b)).count();
    if len < *least || (*prefix == "eyJ" && !after[..len].contains(&b'.')) {
        return None;
    }
    let len = prefix.len() + len;
    Some((at, at + len))
}

/// `Bearer …`, in a header that is not told by its name.
pub(super) fn bearer(text: &[u8], at: usize) -> Option<Range> {
    const WORD: &[u8] = b"bearer ";
    let word = text.get(at..at + WORD.len())?;
    if !word.eq_ignore_ascii_case(WORD) {
        return None;
    }
    let start = at + WORD.len();
    let end = until(text, start, b" \t\r\n,;\"'\\");
    (end - start >= 16).then_some((start, end))
}

/// `scheme://name:…@host`; `at` is the colon of the scheme.
pub(super) fn userinfo(text: &[u8], at: usize) -> Option<Range> {
    if !text[at..].starts_with(b"://") {
        return None;
    }
    let start = at + 3;
    let end = until(text, start, b"/?# \t\r\n\"'<>\\");
    let authority = &text[start..end];
    let host = authority.iter().rposition(|b| *b == b'@')?;
    let colon = authority[..host].iter().position(|b| *b == b':')?;
    Some((start + colon + 1, start + host))
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const KEY: &[u8] = b"PRIVATE KEY";

/// A private key from its first line on; what stands between the two lines.
pub(super) fn block(text: &[u8], at: usize) -> Option<Range> {
    if !is_line(text, at, BEGIN) {
        return None;
    }
    // Within one line, too: some write the line ends as \n.
    let start = at + find(&text[at..], KEY)? + KEY.len();
    let start = start
        + if text[start..].starts_with(b" BLOCK") {
            6
        } else {
            0
        };
    let start = start + super::skipped(text, start, b"-");
    let start = start + super::skipped(text, start, b"\r\n");
    let end = find(&text[start..], END).map_or(text.len(), |end| start + end);
    Some((start, end))
}

/// The end of a private key whose beginning is not here.
pub(super) fn orphan(text: &[u8]) -> Option<Range> {
    let end = find(text, END)?;
    let begun = find(text, BEGIN).is_some_and(|begin| begin < end);
    if begun || !is_line(text, end, END) {
        return None;
    }
    let of_a_key = |b: &u8| b.is_ascii_alphanumeric() || b"+/=\r\n\\".contains(b);
    let before = text[..end].iter().rposition(|b| !of_a_key(b));
    Some((before.map_or(0, |at| at + 1), end))
}

fn is_line(text: &[u8], at: usize, start: &[u8]) -> bool {
    let line = &text[at..until(text, at, b"\n")];
    line.starts_with(start) && find(line, KEY).is_some()
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}
