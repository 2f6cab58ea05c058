//! What was found, for people and for programs.

pub mod json;
mod rows;
pub mod table;

use std::io::{self, Write};

use crate::beside::{beside, cores};
use crate::error::{Error, UNWRITTEN, said};

/// Fewer lines are not worth a thread.
const FEW: usize = 5_000;

/// So many lines are written at once.
const AT_ONCE: usize = 2_000;

/// Prints a text. A reader that has seen enough is no error.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn print(text: &str) -> Result<(), Error> {
    print_by(|out| out.write_all(text.as_bytes()))
}

/// Prints what is written. A reader that has seen enough is no error.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn print_by(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match write(&mut out).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::new(
            UNWRITTEN,
            "write to standard output",
            said(&error),
        )),
        _ => Ok(()),
    }
}

/// Writes the texts of some parts in their order. They are made by all cores where there
/// are many lines, some at a time and in the same memory again.
fn in_turns<T: Send>(
    out: &mut dyn Write,
    lines: usize,
    parts: impl IntoIterator<Item = T>,
    text: impl Fn(T, &mut String) + Sync,
) -> io::Result<()> {
    let mut parts = parts.into_iter();
    let mut room = vec![String::new(); cores(lines, FEW)];
    loop {
        let turn: Vec<_> = parts.by_ref().take(room.len()).collect();
        if turn.is_empty() {
            return Ok(());
        }
        room = beside(turn.into_iter().zip(room), |(part, mut room)| {
            room.clear();
            text(part, &mut room);
            room
        });
        for text in &room {
            out.write_all(text.as_bytes())?;
        }
    }
}

/// Says what could not be seen, aside from the output: for when that is about something
/// else.
pub(crate) fn tell_unseen(unseen: &[String]) {
    for what in unseen {
        // When standard error is gone there is nobody to tell.
        let _ = writeln!(
            io::stderr(),
            "problem: could not be seen; jobs may be hidden there: {what}"
        );
    }
}

#[cfg(test)]
mod tests;
