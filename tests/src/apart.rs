//! Mounts of one's own for a rig: whatever it mounts is gone with it, however it ends.

use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

/// Set where this process has its own mounts, or cannot have any.
const MARK: &str = "RIG_APART";

/// Whether this process is where it should be; if not, see [`start`].
#[must_use]
pub fn is() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Whether this process may mount something.
#[must_use]
pub fn may_mount() -> bool {
    std::env::var(MARK).is_ok_and(|mark| mark == "mounts")
}

/// Starts this program once more in its own place, with mounts of its own where that is
/// allowed. Returns only when that fails.
#[must_use]
#[allow(
    clippy::disallowed_methods,
    reason = "a process gets mounts of its own by being started with them"
)]
pub fn start() -> ExitCode {
    let unshare = ["--mount", "--propagation", "private"];
    let may = Command::new("unshare").args(unshare).arg("true").output();
    let may = may.is_ok_and(|output| output.status.success());
    let me = match std::env::current_exe() {
        Ok(me) => me,
        Err(error) => return failed(&error),
    };
    let mut command = if may {
        let mut command = Command::new("unshare");
        command.args(unshare).arg(me).env(MARK, "mounts");
        command
    } else {
        let mut command = Command::new(me);
        command.env(MARK, "none");
        command
    };
    failed(&command.args(std::env::args_os().skip(1)).exec())
}

fn failed(error: &std::io::Error) -> ExitCode {
    eprintln!("error: cannot start again: {error}");
    ExitCode::FAILURE
}
