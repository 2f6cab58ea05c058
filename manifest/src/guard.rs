//! Who may write what is expected: where everybody may, any user can take a job out of
//! it, or mute it.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What is wrong with a file or folder of settings that everybody may write.
pub const OPEN_TO_ALL: &str =
    "can be written by everybody, so anybody can say what is expected of a job; chmod o-w";

/// Whether everybody may write a file or folder. Of a link counts what it leads to.
#[must_use]
pub fn is_open_to_all(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|meta| meta.permissions().mode() & 0o002 != 0)
}
