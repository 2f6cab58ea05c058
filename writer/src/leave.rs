//! Leaves one beat in the store: finds the directory, makes it where it may be
//! made, writes, and says what to do when that fails.

use std::fs::{DirBuilder, Permissions, read, remove_file, set_permissions, symlink_metadata};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::{
    FileKind, NewBeat, SYSTEM_STORE, Stage, StoreChoice, WriteError, WriterStore, replace_file,
    writer_store,
};
use rustix::io::Errno;

use crate::args::Target;
use crate::clock::Moment;
use crate::message::{Refusal, exit};

/// What happened to the job.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Record<'a> {
    /// Which of the job's files says it.
    pub(crate) kind: FileKind,
    /// When.
    pub(crate) at: Moment,
    /// When the run started.
    pub(crate) started: Option<DateTime<Utc>>,
    /// How long it took.
    pub(crate) duration: Option<Duration>,
    /// With which code it ended.
    pub(crate) exit_code: Option<i32>,
    /// Which signal ended it.
    pub(crate) signal: Option<&'a str>,
    /// Why it counts as failed.
    pub(crate) reason: Option<&'a str>,
    /// Process that runs.
    pub(crate) pid: Option<u32>,
}

impl Record<'_> {
    /// The job succeeded.
    pub(crate) const fn success(at: Moment) -> Self {
        Self {
            kind: FileKind::Last,
            at,
            started: None,
            duration: None,
            exit_code: None,
            signal: None,
            reason: None,
            pid: None,
        }
    }

    /// The job failed.
    pub(crate) const fn failure(at: Moment, exit_code: Option<i32>) -> Self {
        let reason = if exit_code.is_some() {
            Some("exit")
        } else {
            None
        };
        Self {
            kind: FileKind::Fail,
            exit_code,
            reason,
            ..Self::success(at)
        }
    }
}

/// Where the beats of one job go.
#[derive(Debug)]
pub(crate) struct Place<'a> {
    store: WriterStore,
    target: &'a Target,
}

impl<'a> Place<'a> {
    /// Finds the store that the target and the environment name.
    pub(crate) fn find(target: &'a Target) -> Result<Self, Refusal> {
        match writer_store(target.dir.clone()) {
            Some(store) => Ok(Self { store, target }),
            None => Err(Refusal {
                code: exit::CANNOT_CREATE,
                message: format!(
                    "cannot write heartbeat for \"{}\": neither HEARTBEAT_DIR nor HOME is set",
                    target.job
                ),
                hint: "name a directory with --dir".into(),
            }),
        }
    }

    /// Writes one beat, and returns what it wrote. When it fails, the beat that
    /// was there before is untouched.
    pub(crate) fn write(&self, record: &Record<'_>) -> Result<String, Refusal> {
        let Self { store, target } = self;
        let system = rustix::system::uname();
        let beat = NewBeat {
            kind: record.kind,
            job: &target.job,
            timestamp: record.at.wall,
            interval: target.every,
            host: system.nodename().to_str().ok(),
            boot: record.at.boot,
            started: record.started,
            duration: record.duration,
            exit_code: record.exit_code,
            signal: record.signal,
            reason: record.reason,
            pid: record.pid,
            writer: Some(crate::VERSION),
            ..NewBeat::new(record.kind, &target.job, record.at.wall)
        };
        let line = beat.to_line();
        let name = file_name(target, record.kind);
        // A run that a power cut ended needs no flush to be known as over.
        let durable = target.durable && record.kind != FileKind::Run;
        let write = || replace_file(&store.dir, &name, line.as_bytes(), durable);
        let mut written = write();
        if let Err(error) = written
            && error.stage == Stage::Open
            && error.errno == Errno::NOENT
            && store.may_create()
        {
            written = make(&store.dir)
                .map_err(|error| WriteError {
                    stage: Stage::Open,
                    errno: Errno::from_io_error(&error).unwrap_or(Errno::IO),
                })
                .and_then(|()| write());
            if written.is_ok() && store.choice == StoreChoice::Own {
                say_who_does_not_read(&store.dir);
            }
        }
        match written {
            Ok(()) => Ok(line),
            Err(error) => Err(self.explain(record.kind, error)),
        }
    }

    /// Removes the job's `.run`, if it still is the one with this content: another
    /// run of the job may have started since.
    pub(crate) fn remove_run(&self, line: &str) {
        let path = self.store.dir.join(file_name(self.target, FileKind::Run));
        let ours = symlink_metadata(&path)
            .is_ok_and(|found| found.is_file() && found.len() == line.len() as u64)
            && read(&path).is_ok_and(|content| content == line.as_bytes());
        if ours {
            // What is left over is older than the end of the run, and says nothing.
            let _ = remove_file(&path);
        }
    }

    fn explain(&self, kind: FileKind, error: WriteError) -> Refusal {
        let Self { store, target } = self;
        Refusal {
            code: match error.stage {
                Stage::Open | Stage::Create => exit::CANNOT_CREATE,
                Stage::Write | Stage::Rename | Stage::Flush => exit::IO,
            },
            message: format!(
                "cannot write heartbeat for \"{}\" in {}: {error}",
                target.job,
                store.dir.display()
            ),
            hint: hint(store, target, kind, error.errno),
        }
    }
}

fn file_name(target: &Target, kind: FileKind) -> String {
    let mut name = String::with_capacity(128);
    name.push_str(target.job.as_str());
    name.push_str(kind.ending());
    name
}

/// Makes a store that everybody can read, whatever the umask.
fn make(dir: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(dir)?;
    set_permissions(dir, Permissions::from_mode(0o755))
}

/// Said once, when the folder is made: a beat that nobody reads watches nothing.
fn say_who_does_not_read(own: &Path) {
    if !Path::new(SYSTEM_STORE).is_dir() {
        return;
    }
    let me = rustix::process::geteuid().as_raw();
    let _ = writeln!(
        io::stderr(),
        "beat: the beats of user {me} go to {}, which the checker of the system does not read (this is said once)\n\
         hint: as root: install -d -m 0755 -o {me} {SYSTEM_STORE}/<user name>; then remove the other folder",
        own.display()
    );
}

fn hint(store: &WriterStore, target: &Target, kind: FileKind, errno: Errno) -> String {
    let dir = store.dir.display();
    let named = match store.choice {
        StoreChoice::Environment => "HEARTBEAT_DIR names it; ",
        StoreChoice::Flag | StoreChoice::System | StoreChoice::Own => "",
    };
    let other = "or name another with --dir";
    let me = rustix::process::geteuid().as_raw();
    match errno {
        Errno::ACCESS | Errno::PERM if store.dir == Path::new(SYSTEM_STORE) && me != 0 => {
            format!(
                "the beats of root lie there; for those of user {me}, as root: install -d -m 0755 -o {me} {dir}/<user name>; then leave out --dir and HEARTBEAT_DIR"
            )
        }
        Errno::NOENT | Errno::ACCESS | Errno::PERM => {
            format!("{named}make it with: install -d -m 0755 -o {me} {dir}; {other}")
        }
        Errno::NOTDIR => format!("{named}a store is a directory; name another with --dir"),
        Errno::NOSPC => format!("see df -h {dir} and df -i {dir}; the beat before is untouched"),
        Errno::ISDIR => format!("remove the directory {dir}/{}{}", target.job, kind.ending()),
        Errno::FBIG => "raise it: ulimit -f unlimited; the beat before is untouched".into(),
        _ => format!("{named}mend it, {other}; the beat before is untouched"),
    }
}
