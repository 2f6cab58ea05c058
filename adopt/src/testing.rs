//! A small tree of files for tests, looked at as an image.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use crate::root::Root;

/// A tree that goes away with the value.
pub(crate) struct Tree {
    dir: tempfile::TempDir,
}

impl Tree {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
        }
    }

    /// One with the users root, app and those that own what this process writes.
    pub(crate) fn with_users() -> Self {
        Self::new().file(
            "/etc/passwd",
            "root:x:0:0:root:/root:/bin/bash\napp:x:1000:1000::/home/app:/bin/sh\n",
        )
    }

    pub(crate) fn root(&self) -> Root {
        Root::image(self.dir.path())
    }

    /// Where a path of the tree really is.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.dir.path().join(path.trim_start_matches('/'))
    }

    fn room(&self, path: &str) -> PathBuf {
        let at = self.at(path);
        fs::create_dir_all(at.parent().unwrap()).unwrap();
        at
    }

    pub(crate) fn file(self, path: &str, text: &str) -> Self {
        self.bytes(path, text.as_bytes())
    }

    pub(crate) fn bytes(self, path: &str, bytes: &[u8]) -> Self {
        fs::write(self.room(path), bytes).unwrap();
        self.mode(path, 0o644)
    }

    pub(crate) fn script(self, path: &str, text: &str) -> Self {
        self.file(path, text).mode(path, 0o755)
    }

    pub(crate) fn mode(self, path: &str, mode: u32) -> Self {
        fs::set_permissions(self.at(path), fs::Permissions::from_mode(mode)).unwrap();
        self
    }

    pub(crate) fn dir(self, path: &str) -> Self {
        fs::create_dir_all(self.at(path)).unwrap();
        self
    }

    pub(crate) fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.room(path)).unwrap();
        self
    }

    /// Gives a file to a user, where this process may.
    pub(crate) fn owner(self, path: &str, uid: u32) -> Self {
        let _ = std::os::unix::fs::lchown(self.at(path), Some(uid), None);
        self
    }

    /// A user's crontab as `crontab` leaves it.
    pub(crate) fn spool(self, user: &str, uid: u32, text: &str) -> Self {
        let path = format!("/var/spool/cron/crontabs/{user}");
        self.file(&path, text).mode(&path, 0o600).owner(&path, uid)
    }

    /// A timer with its service, enabled or not.
    pub(crate) fn timer(self, name: &str, settings: &str, enabled: bool) -> Self {
        let dir = "/usr/lib/systemd/system";
        let tree = self
            .file(
                &format!("{dir}/{name}.timer"),
                &format!("[Timer]\n{settings}\n"),
            )
            .file(
                &format!("{dir}/{name}.service"),
                &format!("[Service]\nType=oneshot\nExecStart=/usr/bin/{name}\n"),
            );
        if !enabled {
            return tree;
        }
        tree.link(
            &format!("/etc/systemd/system/timers.target.wants/{name}.timer"),
            &format!("{dir}/{name}.timer"),
        )
    }

    /// The targets that every systemd has.
    pub(crate) fn targets(self) -> Self {
        let dir = "/usr/lib/systemd/system";
        self.link(&format!("{dir}/default.target"), "graphical.target")
            .file(
                &format!("{dir}/graphical.target"),
                "[Unit]\nRequires=multi-user.target\n",
            )
            .file(
                &format!("{dir}/multi-user.target"),
                "[Unit]\nRequires=basic.target\n",
            )
            .file(
                &format!("{dir}/basic.target"),
                "[Unit]\nWants=timers.target\n",
            )
            .file(
                &format!("{dir}/timers.target"),
                "[Unit]\nDescription=Timers\n",
            )
    }
}
