//! A `%` that was meant for the command and cuts it instead.

use super::lint::Lint;

/// Says so where it is certain: a format of `date` is cut, or a quote is left open.
/// A `%` that gives the job its input is as cron means it.
pub(super) fn lint(text: &[u8], input: &[u8]) -> Option<Lint> {
    let format = text.last() == Some(&b'+') && input.first().is_some_and(u8::is_ascii_alphabetic);
    if !format && !is_open(text) {
        return None;
    }
    Some(Lint::new(
        "unescaped-percent",
        &(text.len()..text.len()),
        "Cron ends the command at the first %, and gives the job the rest as its input.",
        "Write \\% for each % of the command.",
    ))
}

/// Whether a quote or a substitution is open at the end of the text.
fn is_open(text: &[u8]) -> bool {
    let mut open: Vec<u8> = Vec::new();
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        let inner = open.last().copied();
        match (inner, byte) {
            (Some(b'\''), b'\'') | (Some(b'"'), b'"') | (Some(b'`'), b'`') | (Some(b')'), b')') => {
                open.pop();
            }
            (Some(b'\''), _) => {}
            (_, b'\\') => {
                bytes.next();
            }
            (Some(b'"'), b'\'') => {}
            (_, b'\'' | b'"' | b'`') => open.push(byte),
            (_, b'$') if bytes.next_if_eq(&b'(').is_some() => open.push(b')'),
            (Some(b')'), b'(') => open.push(b')'),
            (None, b'#') => return false,
            _ => {}
        }
    }
    !open.is_empty()
}
