//! Takes out of a text what looks like a secret, before the text goes where others read
//! it. A guess, by names and by shapes: it masks too much rather than too little, and
//! nobody may rely on it.

mod shape;

#[cfg(test)]
mod tests;

use shape::{bearer, block, by_prefix, orphan, userinfo};

/// What stands in place of a secret.
const MASK: &[u8] = b"***";

/// Words that name a secret; the word may have anything before it.
const NAMES: [&str; 19] = [
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "secret",
    "token",
    "apikey",
    "api_key",
    "api-key",
    "access_key",
    "access-key",
    "accesskey",
    "accountkey",
    "private_key",
    "private-key",
    "secret_key",
    "credentials",
    "authorization",
    "cookie",
];

/// From where to where a text is taken out.
type Range = (usize, usize);

/// The text with what looks like a secret taken out.
pub(crate) fn masked(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let orphan = orphan(text);
    let (mut at, mut copied) = (0, 0);
    while at < text.len() {
        let found = orphan
            .filter(|(start, _)| *start == at)
            .or_else(|| secret(text, at));
        if let Some((start, end)) = found.filter(|(start, end)| at <= *start && start < end) {
            out.extend_from_slice(&text[copied..start]);
            out.extend_from_slice(MASK);
            copied = end;
            at = end;
        } else {
            at += 1;
        }
    }
    out.extend_from_slice(&text[copied..]);
    out
}

/// The end of an output as it may be told: at most so many bytes, masked.
pub(crate) fn end_of(output: &[u8], most: usize) -> String {
    let text = masked(output);
    let text = String::from_utf8_lossy(&text);
    let mut start = text.len().saturating_sub(most);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    text[start..].to_owned()
}

/// A secret whose sign stands at this place.
fn secret(text: &[u8], at: usize) -> Option<Range> {
    let starts = at == 0 || !is_word(text[at - 1]);
    match text[at] {
        b'=' | b':' => userinfo(text, at).or_else(|| named(text, at)),
        b'-' if starts => block(text, at).or_else(|| option(text, at)),
        b'b' | b'B' if starts => bearer(text, at),
        _ if starts => by_prefix(text, at),
        _ => None,
    }
}

/// `password=…`, `"token": "…"`, `Authorization: Bearer …`: the sign is what separates.
fn named(text: &[u8], at: usize) -> Option<Range> {
    let before = trim_end(&text[..at], b" \t");
    let before = trim_end(trim_end(before, b"\"'"), b"\\");
    let start = before.iter().rposition(|b| !is_word(*b) && *b != b'.');
    let start = start.map_or(0, |at| at + 1);
    let name = before[start..].to_ascii_lowercase();
    if !names_a_secret(&name) || before[..start].ends_with(b"nexpected ") {
        return None;
    }
    let mut from = at + 1;
    while text.get(from).is_some_and(|b| b"=>".contains(b)) {
        from += 1;
    }
    let whole_line = name.ends_with(b"authorization") || name.ends_with(b"cookie");
    let range = value(text, from, whole_line)?;
    // Where one works, not a secret.
    let a_place = name.ends_with(b"pwd") && text[range.0] == b'/';
    (!a_place).then_some(range)
}

/// `--password …`, `-u name:…`: the sign is the dash.
fn option(text: &[u8], at: usize) -> Option<Range> {
    if at > 0 && !b" \t\n\"'".contains(&text[at - 1]) {
        return None;
    }
    let word = until(text, at, b" \t\r\n=");
    if !text.get(word).is_some_and(|b| b" \t".contains(b)) {
        return None;
    }
    let name = text[at..word].to_ascii_lowercase();
    if matches!(&*name, b"-u" | b"--user") {
        let (start, end) = value(text, word, false)?;
        let colon = start + text[start..end].iter().position(|b| *b == b':')? + 1;
        // A user and a group by number, as containers take them.
        let numbers = text[colon..end].iter().all(u8::is_ascii_digit);
        return (!numbers).then_some((colon, end));
    }
    let range = value(text, word, false)?;
    (names_a_secret(&name) && text[range.0] != b'-').then_some(range)
}

fn names_a_secret(lower: &[u8]) -> bool {
    NAMES.iter().any(|name| lower.ends_with(name.as_bytes()))
}

/// The value that begins here, without its quotes; `None` when the line ends.
fn value(text: &[u8], from: usize, whole_line: bool) -> Option<Range> {
    let mut start = from + skipped(text, from, b" \t");
    let escaped = text.get(start) == Some(&b'\\') && text.get(start + 1) == Some(&b'"');
    start += usize::from(escaped);
    let stop: &[u8] = match text.get(start)? {
        b'"' if escaped => b"\\\"\n",
        b'"' => b"\"\n",
        b'\'' => b"'\n",
        _ if whole_line => b"\"'\r\n",
        _ => b" \t\r\n,;&\"'()[]{}<>|\\",
    };
    let quoted = matches!(text[start], b'"' | b'\'');
    start += usize::from(quoted);
    let mut end = until(text, start, stop);
    if !whole_line || !quoted {
        let kinds: [&[u8]; 4] = [b"bearer", b"basic", b"token", b"digest"];
        let word = until(text, start, b" \t\r\n\"'");
        let kind = text[start..word].to_ascii_lowercase();
        if kinds.contains(&&*kind) && text.get(word).is_some_and(|b| b" \t".contains(b)) {
            start = word + skipped(text, word, b" \t");
            end = until(text, start, stop);
        }
    }
    (start < end).then_some((start, end))
}

fn skipped(text: &[u8], from: usize, what: &[u8]) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    rest.iter().take_while(|b| what.contains(b)).count()
}

/// The place of the first of these bytes, else the end.
fn until(text: &[u8], from: usize, stop: &[u8]) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let found = rest.iter().position(|b| stop.contains(b));
    found.map_or(text.len(), |at| from + at)
}

fn trim_end<'a>(mut text: &'a [u8], what: &[u8]) -> &'a [u8] {
    while let Some((last, rest)) = text.split_last()
        && what.contains(last)
    {
        text = rest;
    }
    text
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-')
}
