//! What `beat` says and the codes with which it exits. The one place that writes
//! to stdout and stderr.

use std::fmt;

use rustix::io::Errno;

/// The exit codes of `beat` when it runs no command, as in `sysexits.h`.
pub mod exit {
    /// The beat is written.
    pub const OK: u8 = 0;
    /// The arguments make no sense.
    pub const USAGE: u8 = 64;
    /// There is no directory, or no file can be made in it.
    pub const CANNOT_CREATE: u8 = 73;
    /// The file could not be written to the end.
    pub const IO: u8 = 74;
}

/// Why `beat` does not do what it was asked, what to do about it, and the code
/// to exit with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// One of [`exit`].
    pub code: u8,
    /// What was being done and why it failed, in one line.
    pub message: String,
    /// What to do.
    pub hint: String,
}

impl Refusal {
    /// Arguments that make no sense.
    #[must_use]
    pub fn usage(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            code: exit::USAGE,
            message: message.into(),
            hint: hint.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}\nhint: {}\n", self.message, self.hint)
    }
}

/// Writes to stdout. A reader that went away is no error.
pub(crate) fn print(text: &str) -> Result<u8, Refusal> {
    match write_all(rustix::stdio::stdout(), text.as_bytes()) {
        Ok(()) | Err(Errno::PIPE) => Ok(exit::OK),
        Err(errno) => Err(Refusal {
            code: exit::IO,
            message: format!("cannot write to stdout: {}", reason(errno)),
            hint: "see where the output goes".into(),
        }),
    }
}

/// Writes to stderr. When nobody can be told there is nothing left to do.
pub(crate) fn complain(text: &str) {
    let _ = write_all(rustix::stdio::stderr(), text.as_bytes());
}

/// Writes all of it.
pub(crate) fn write_all(to: impl std::os::fd::AsFd, mut bytes: &[u8]) -> Result<(), Errno> {
    while !bytes.is_empty() {
        match rustix::io::write(&to, bytes) {
            Ok(0) => return Err(Errno::IO),
            Ok(n) => bytes = &bytes[n..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// What the kernel said, in words.
pub(crate) fn reason(errno: Errno) -> std::io::Error {
    errno.into()
}
