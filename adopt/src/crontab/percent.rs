//! What cron does with `%` and `\` in a command before a shell sees it.

use std::ops::ControlFlow;

/// Cuts the text of a job into its command and its input: how long the command is,
/// and where the text after the first `%` that is not escaped begins.
#[must_use]
pub fn split(text: &[u8]) -> (usize, Option<usize>) {
    let mut escaped = false;
    for (at, byte) in text.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'%' => return (at, Some(at + 1)),
            _ => {}
        }
    }
    (text.len(), None)
}

/// The command that the shell is given: `\%` is `%`, `\\` is `\`, and any other
/// character keeps the `\` before it.
#[must_use]
pub fn unescape(command: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(command.len());
    let mut bytes = command.iter().copied();
    let mut step = || {
        match bytes.next() {
            None => return ControlFlow::Break(()),
            Some(b'\\') => match bytes.next() {
                Some(byte @ (b'%' | b'\\')) => text.push(byte),
                Some(byte) => text.extend([b'\\', byte]),
                None => text.push(b'\\'),
            },
            Some(byte) => text.push(byte),
        }
        ControlFlow::Continue(())
    };
    while step().is_continue() {}
    text
}
