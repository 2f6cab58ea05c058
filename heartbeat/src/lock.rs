//! Files that are there to be locked. Whoever may open a file may lock it, and hold the
//! lock for ever: so nobody but its owner may open one of these.

use std::fs::{File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// Opens a file to lock, made where it is missing, and closed to all others.
///
/// # Errors
/// When it cannot be opened for writing.
pub fn lock_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    let file = options
        .create(true)
        .truncate(false)
        .write(true)
        .mode(0o600)
        .open(path)?;
    // An older version made it open to all. Where it is another's it stays as it is.
    let _ = file.set_permissions(Permissions::from_mode(0o600));
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_may_open_it_also_when_it_was_open_to_all() {
        let dir = tempfile::tempdir().unwrap();
        let mode = |name: &str| {
            let path = dir.path().join(name);
            let file = lock_file(&path).unwrap();
            file.try_lock().unwrap();
            path.metadata().unwrap().permissions().mode() & 0o777
        };
        assert_eq!(mode("new"), 0o600);
        let old = dir.path().join("old");
        std::fs::write(&old, "kept").unwrap();
        std::fs::set_permissions(&old, Permissions::from_mode(0o644)).unwrap();
        assert_eq!(mode("old"), 0o600);
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "kept");
    }
}
