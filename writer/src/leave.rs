//! Leaves one beat in the store: finds the directory, makes it where it may be
//! made, writes, and says what to do when that fails.

use std::fs::{DirBuilder, Permissions, set_permissions};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::{
    FileKind, NewBeat, SYSTEM_STORE, Stage, StoreChoice, WriteError, WriterStore, replace_file,
    writer_store,
};
use rustix::buffer::spare_capacity;
use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, fstat, openat, statat, unlinkat};
use rustix::io::{Errno, read};
use rustix::path::Arg;

use crate::args::Target;
use crate::clock::Moment;
use crate::message::{Refusal, complain, exit};
use crate::past::Past;

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
    /// Why it counts as failed, or did nothing.
    pub(crate) reason: Option<&'a str>,
    /// What else was expected of the run, and held.
    pub(crate) expectations: &'a [&'a str],
    /// Process that runs.
    pub(crate) pid: Option<u32>,
    /// Which run it is.
    pub(crate) run_id: Option<&'a str>,
    /// Its time limit.
    pub(crate) timeout: Option<Duration>,
    /// How often it says that it is still there.
    pub(crate) pulse: Option<Duration>,
    /// What is run.
    pub(crate) command: Option<&'a str>,
    /// Bytes that it put out.
    pub(crate) output_bytes: Option<u64>,
    /// The end of what it put out.
    pub(crate) output_tail: Option<&'a str>,
}

impl<'a> Record<'a> {
    /// Nothing but what happened, and when.
    pub(crate) const fn new(kind: FileKind, at: Moment) -> Self {
        Self {
            kind,
            at,
            started: None,
            duration: None,
            exit_code: None,
            signal: None,
            reason: None,
            expectations: &[],
            pid: None,
            run_id: None,
            timeout: None,
            pulse: None,
            command: None,
            output_bytes: None,
            output_tail: None,
        }
    }

    /// The job failed.
    pub(crate) fn failure(at: Moment, exit_code: Option<i32>) -> Self {
        Self {
            exit_code,
            reason: exit_code.map(|_| "exit"),
            ..Self::new(FileKind::Fail, at)
        }
    }

    /// The job had nothing to do.
    pub(crate) fn skip(at: Moment, reason: &'a str) -> Self {
        Self {
            reason: Some(reason),
            ..Self::new(FileKind::Skip, at)
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
        let schedule = target.schedule.as_ref();
        let beat = NewBeat {
            kind: record.kind,
            job: &target.job,
            timestamp: record.at.wall,
            interval: target.every,
            schedule: schedule.map(|schedule| &*schedule.text),
            timezone: schedule.and_then(|schedule| schedule.timezone.as_deref()),
            host: system.nodename().to_str().ok(),
            boot: record.at.boot,
            started: record.started,
            duration: record.duration,
            exit_code: record.exit_code,
            signal: record.signal,
            reason: record.reason,
            expectations: record.expectations,
            pid: record.pid,
            run_id: record.run_id,
            timeout: record.timeout,
            pulse: record.pulse,
            command: record.command,
            output_bytes: record.output_bytes,
            writer: Some(crate::VERSION),
            output_tail: record.output_tail,
        };
        let line = beat.to_line();
        let name = self.file_name(record.kind);
        // A run that a power cut ended needs no flush to be known as over.
        let durable = target.durable && record.kind != FileKind::Run;
        let written = self.in_store(|| replace_file(&store.dir, &name, line.as_bytes(), durable));
        match written {
            Ok(()) => Ok(line),
            Err(error) => Err(self.explain(record.kind, error)),
        }
    }

    /// Does something in the store's directory, which is made where that is allowed.
    fn in_store<T>(&self, act: impl Fn() -> Result<T, WriteError>) -> Result<T, WriteError> {
        let store = &self.store;
        match act() {
            Err(WriteError {
                stage: Stage::Open,
                errno: Errno::NOENT,
            }) if store.may_create() => {
                make(&store.dir).map_err(|error| WriteError {
                    stage: Stage::Open,
                    errno: Errno::from_io_error(&error).unwrap_or(Errno::IO),
                })?;
                let done = act()?;
                if store.choice == StoreChoice::Own {
                    say_who_does_not_read(&store.dir);
                }
                Ok(done)
            }
            result => result,
        }
    }

    /// Opens the file that holds runs of the job apart. Only its owner can: whoever may
    /// open it may keep the job from running.
    pub(crate) fn lock_file(&self) -> Result<OwnedFd, Refusal> {
        let mut name = String::with_capacity(128);
        name.push('.');
        name.push_str(self.target.job.as_str());
        name.push_str(".lock");
        let path = self.store.dir.join(name);
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let opened = self.in_store(|| {
            openat(CWD, &path, flags, Mode::from_raw_mode(0o600)).map_err(|errno| WriteError {
                stage: Stage::Open,
                errno,
            })
        });
        opened.map_err(|error| self.explain(FileKind::Run, error))
    }

    /// What one of the job's files says of a run.
    pub(crate) fn past(&self, kind: FileKind) -> Option<Past> {
        let bytes = read_whole(CWD, self.store.dir.join(self.file_name(kind)))?;
        Past::read(std::str::from_utf8(&bytes).ok()?)
    }

    /// Whether the job's `.run` is not another run's: it has this content, or is gone.
    pub(crate) fn run_is_ours(&self, line: &str) -> bool {
        let path = self.store.dir.join(self.file_name(FileKind::Run));
        match read_whole(CWD, &path) {
            Some(content) => content == line.as_bytes(),
            None => statat(CWD, &path, AtFlags::SYMLINK_NOFOLLOW).is_err(),
        }
    }

    /// Removes the job's `.run`, if it still is the one with this content: another
    /// run of the job may have started since.
    pub(crate) fn remove_run(&self, line: &str) {
        if self.run_is_ours(line) {
            let path = self.store.dir.join(self.file_name(FileKind::Run));
            // What is left over is older than the end of the run, and says nothing.
            let _ = unlinkat(CWD, path, AtFlags::empty());
        }
    }

    fn file_name(&self, kind: FileKind) -> String {
        let mut name = String::with_capacity(128);
        name.push_str(self.target.job.as_str());
        name.push_str(kind.ending());
        name
    }

    /// Why the runs of the job cannot be told apart.
    pub(crate) fn cannot_lock(&self, errno: Errno) -> Refusal {
        let stage = Stage::Open;
        self.explain(FileKind::Run, WriteError { stage, errno })
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

/// The content of a regular file that is no longer than a beat, without waiting.
pub(crate) fn read_whole(dir: impl AsFd, path: impl Arg) -> Option<Vec<u8>> {
    const MOST: usize = 64 * 1_024;
    let flags = OFlags::RDONLY | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::CLOEXEC;
    let file = openat(dir, path, flags, Mode::empty()).ok()?;
    if FileType::from_raw_mode(fstat(&file).ok()?.st_mode) != FileType::RegularFile {
        return None;
    }
    let mut bytes = Vec::with_capacity(4_096);
    loop {
        match read(&file, spare_capacity(&mut bytes)) {
            Ok(0) => return Some(bytes),
            Ok(_) if bytes.len() > MOST => return None,
            Ok(_) => bytes.reserve(4_096),
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
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
    complain(&format!(
        "beat: the beats of user {me} go to {}, which the checker of the system does not read (this is said once)\n\
         hint: as root: install -d -m 0755 -o {me} {SYSTEM_STORE}/<user name>; then remove the other folder\n",
        own.display()
    ));
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
