//! A host that the README's commands are run on: a folder with its own `/etc`,
//! `/srv` and store, and stand-ins for the jobs that the README speaks of. Paths
//! of a real host are translated to it, so that nothing on this one is touched.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use house_tests::bins;

/// Folders of a real host, and where they are here.
const FOLDERS: [(&str, &str); 6] = [
    ("/usr/local/bin", "bin"),
    ("/etc/credstore", "etc/credstore"),
    ("/etc/heartbeat", "etc/heartbeat"),
    ("/var/lib/heartbeats", "beats"),
    ("/var/lib/beat-check", "state"),
    ("/srv", "srv"),
];

/// Programs that the README's examples name, all of which do well.
const JOBS: [&str; 2] = ["backup.sh", "import.sh"];

pub(crate) struct Host {
    scratch: tempfile::TempDir,
}

impl Host {
    pub(crate) fn new() -> Self {
        let host = Self {
            scratch: tempfile::tempdir().unwrap(),
        };
        for folder in [
            "bin",
            "etc/heartbeat",
            "beats",
            "state",
            "srv/www",
            "home",
            "work",
            "tmp",
        ] {
            fs::create_dir_all(host.path(folder)).unwrap();
        }
        fs::write(host.path("etc/heartbeat/config.toml"), "").unwrap();
        for job in JOBS {
            host.program(job, "#!/bin/sh\n");
        }
        host.program("sudo", "#!/bin/sh\nexec \"$@\"\n");
        for program in [bins::beat(), bins::beat_report()] {
            let name = program.file_name().unwrap();
            symlink(
                fs::canonicalize(&program).unwrap(),
                host.path("bin").join(name),
            )
            .unwrap();
        }
        // The settings of this host, which may name a real forge, are never read.
        let config = host.path("etc/heartbeat/config.toml");
        let wrapper = format!(
            "#!/bin/sh\ncase \" $* \" in *' --config '* | *' --print-default '*) ;;\n\
             *) set -- \"$@\" --config '{}' ;; esac\nexec '{}' \"$@\"\n",
            config.display(),
            fs::canonicalize(bins::beat_check()).unwrap().display(),
        );
        host.program("beat-check", &wrapper);
        host
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.scratch.path().join(name)
    }

    /// Puts an executable into this host's `/usr/local/bin`.
    fn program(&self, name: &str, text: &str) {
        let path = self.path("bin").join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// A text with the paths of a real host, for this one.
    pub(crate) fn translate(&self, text: &str) -> String {
        FOLDERS.iter().fold(text.to_owned(), |text, (real, here)| {
            text.replace(real, &self.path(here).display().to_string())
        })
    }

    /// A command with nothing in its environment but what a login on this host
    /// would have, and a token to be read from its input.
    pub(crate) fn command(&self, program: &str) -> Command {
        let input = self.path("tmp/input");
        fs::write(&input, "the-token\n").unwrap();
        let mut command = Command::new(program);
        command
            .env_clear()
            .env(
                "PATH",
                format!("{}:/usr/bin:/bin", self.path("bin").display()),
            )
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("tmp"))
            .env("HEARTBEAT_DIR", self.path("beats"))
            .env("STATE_DIRECTORY", self.path("state"))
            .current_dir(self.path("work"))
            .stdin(Stdio::from(fs::File::open(input).unwrap()));
        command
    }

    /// What a program printed; it must have succeeded.
    pub(crate) fn output(&self, program: &str, args: &[&str]) -> String {
        let output = self.command(program).args(args).output().unwrap();
        assert!(
            output.status.success(),
            "{program} {args:?}: {}",
            said(&output)
        );
        String::from_utf8(output.stdout).unwrap()
    }

    /// Whether a beat of a job is there.
    pub(crate) fn has_beat(&self, job: &str) -> bool {
        fs::metadata(self.path("beats").join(format!("{job}.last"))).is_ok_and(|m| m.len() > 0)
    }

    /// Lays down a file and the folders above it.
    pub(crate) fn put(&self, path: &Path, text: &str) {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// What a program said, for a message.
pub(crate) fn said(output: &Output) -> String {
    format!(
        "{}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}
