//! A small ext4 on a file in memory, whose power can be taken away.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

/// One disk; unmounted and removed when dropped.
pub(crate) struct Disk {
    folder: tempfile::TempDir,
    options: &'static str,
}

impl Disk {
    /// Makes and mounts one; `None` where that cannot be done.
    pub(crate) fn new(options: &'static str) -> Option<Self> {
        let memory = Path::new("/dev/shm");
        let folder = if memory.is_dir() {
            tempfile::tempdir_in(memory)
        } else {
            tempfile::tempdir()
        };
        let disk = Self {
            folder: folder.ok()?,
            options,
        };
        fs::create_dir(disk.at()).ok()?;
        File::create(disk.image()).ok()?.set_len(16 << 20).ok()?;
        let mut mkfs = Command::new("mkfs.ext4");
        ran(mkfs.args(["-q", "-m", "0"]).arg(disk.image())).then_some(())?;
        disk.mount().then_some(disk)
    }

    /// Where it is mounted.
    pub(crate) fn at(&self) -> PathBuf {
        self.folder.path().join("at")
    }

    fn image(&self) -> PathBuf {
        self.folder.path().join("image")
    }

    fn mount(&self) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-o", self.options]).arg(self.image());
        ran(mount.arg(self.at()))
    }

    fn umount(&self) -> bool {
        ran(Command::new("umount").arg(self.at()))
    }

    /// Takes the power away.
    pub(crate) fn shut_down(&self) -> bool {
        let mut shutdown = Command::new("xfs_io");
        ran(shutdown.args(["-x", "-c", "shutdown"]).arg(self.at()))
    }

    /// Gives it back, when nobody writes any more.
    pub(crate) fn start(&mut self) -> bool {
        self.umount() && self.mount()
    }

    /// Both.
    pub(crate) fn cut(&mut self) -> bool {
        self.shut_down() && self.start()
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.umount();
    }
}

fn ran(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}
