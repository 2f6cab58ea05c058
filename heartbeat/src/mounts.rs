//! Opening what may be a mount point. Where a host lets them, users mount file systems
//! that a program of theirs serves, over whatever is theirs; a program that does not
//! answer holds for ever whoever asks.

use std::fs::read_to_string;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags, openat, openat2};
use rustix::io::Errno;

use crate::flags::PLACE;

/// Opens a name in a directory, if it lies on the same file system.
///
/// # Errors
/// [`Errno::XDEV`] when something is mounted there; it was not touched.
pub(crate) fn open_here(dir: impl AsFd, name: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    match openat2(&dir, name, flags, Mode::empty(), ResolveFlags::NO_XDEV) {
        // A kernel before 5.6, or a filter that does not know the call.
        Err(Errno::NOSYS | Errno::PERM) => openat(dir, name, flags, Mode::empty()),
        other => other,
    }
}

/// Whether what is mounted in place of a directory is served by a program, and not by
/// the kernel. Nothing of it is touched. True where that cannot be told.
pub(crate) fn is_served_by_a_program(dir: impl AsFd, name: &str) -> bool {
    kind_of(dir, name).is_none_or(|kind| kind.starts_with("fuse"))
}

fn kind_of(dir: impl AsFd, name: &str) -> Option<String> {
    let place = openat(dir, name, PLACE, Mode::empty()).ok()?;
    let told = read_to_string(format!("/proc/self/fdinfo/{}", place.as_raw_fd())).ok()?;
    let mounts = read_to_string("/proc/self/mountinfo").ok()?;
    kind(&told, &mounts).map(str::to_owned)
}

/// The kind of file system that an open file lies on, from what the kernel tells of both.
fn kind<'a>(told: &str, mounts: &'a str) -> Option<&'a str> {
    let id = told
        .lines()
        .find_map(|line| line.strip_prefix("mnt_id:"))?
        .trim();
    let line = mounts
        .lines()
        .find(|line| line.split(' ').next() == Some(id))?;
    line.split_once(" - ")?.1.split(' ').next()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flags::READ;

    #[test]
    fn the_kind_of_a_mount() {
        let mounts = "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n\
            221 22 0:40 / /srv/a\\040b rw,nosuid shared:7 - fuse.sshfs app@h: rw\n";
        for (told, expected) in [
            ("pos:\t0\nflags:\t012\nmnt_id:\t22\n", Some("ext4")),
            ("mnt_id:\t221\nino:\t1\n", Some("fuse.sshfs")),
            ("mnt_id:\t2\n", None),
            ("pos:\t0\n", None),
        ] {
            assert_eq!(kind(told, mounts), expected, "{told}");
        }
    }

    /// A link is not followed, and what may not answer is not waited for.
    #[test]
    fn the_kind_of_a_place_is_told_without_touching_it() {
        let dir = tempfile::tempdir().unwrap();
        let here = std::fs::File::open(dir.path()).unwrap();
        let own = kind_of(&here, ".").unwrap();
        assert_ne!(own, "proc");
        std::os::unix::fs::symlink("/proc", dir.path().join("link")).unwrap();
        assert_eq!(kind_of(&here, "link"), Some(own.clone()));
        let fifo = rustix::fs::FileType::Fifo;
        rustix::fs::mknodat(&here, "fifo", fifo, Mode::RWXU, 0).unwrap();
        assert_eq!(kind_of(&here, "fifo"), Some(own));
        let root = std::fs::File::open("/").unwrap();
        assert_eq!(kind_of(&root, "proc").as_deref(), Some("proc"));
        assert_eq!(kind_of(&root, "no such name"), None);
    }

    #[test]
    fn what_is_mounted_is_not_opened() {
        let root = std::fs::File::open("/").unwrap();
        assert!(open_here(&root, "etc", READ).is_ok());
        assert_eq!(open_here(&root, "proc", READ).err(), Some(Errno::XDEV));
        assert!(!is_served_by_a_program(&root, "proc"));
        assert!(is_served_by_a_program(&root, "no such name"));
    }
}
