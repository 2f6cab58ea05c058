//! What was found, for people and for programs.

pub mod json;
mod rows;
pub mod table;

use std::io::{self, Write};

use crate::error::{Error, UNWRITTEN, said};

/// Prints a text. A reader that has seen enough is no error.
///
/// # Errors
/// When it cannot be written for another reason.
pub fn print(text: &str) -> Result<(), Error> {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::new(
            UNWRITTEN,
            "write to standard output",
            said(&error),
        )),
        _ => Ok(()),
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
