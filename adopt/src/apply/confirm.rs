//! Asks whether to go on.

use std::io::{self, BufRead, Write};

/// Asks, and takes `y` or `yes` for a yes. Anything else, also the end of the input,
/// is a no.
///
/// # Errors
/// When the terminal cannot be written to or read from.
pub fn confirm(
    question: &str,
    input: &mut impl BufRead,
    output: &mut impl Write,
) -> io::Result<bool> {
    write!(output, "{question} [y/N] ")?;
    output.flush()?;
    let mut answer = String::new();
    input.read_line(&mut answer)?;
    let answer = answer.trim().to_lowercase();
    Ok(matches!(answer.as_str(), "y" | "yes"))
}
