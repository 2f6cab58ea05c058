//! Writing: one atomic, durable replacement of one file.
//!
//! Nothing is read, changed and written back, so two runs cannot lose each
//! other's fields. A reader sees the old file or the new one, never a part, also
//! after a power cut.

use std::fmt::{self, Write as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use rustix::fs::{AtFlags, Mode, fchmod, fsync, open, openat, renameat, unlinkat};
use rustix::io::Errno;

use crate::flags::{DIRECTORY, NEW};
use crate::{BootStamp, FORMAT_VERSION, FileKind, Interval, JobName};

/// What is to be written into one of a job's files. `None` leaves a key out.
#[derive(Debug, Clone, Copy)]
pub struct NewBeat<'a> {
    /// Which file.
    pub kind: FileKind,
    /// Whose.
    pub job: &'a JobName,
    /// When it happened.
    pub timestamp: DateTime<Utc>,
    /// How often the job should succeed.
    pub interval: Option<Interval>,
    /// When it should run: a cron expression or an OnCalendar text.
    pub schedule: Option<&'a str>,
    /// Time zone of the schedule.
    pub timezone: Option<&'a str>,
    /// Who writes: the host's name.
    pub host: Option<&'a str>,
    /// The boot clock at the same moment.
    pub boot: Option<BootStamp>,
    /// When a wrapped run started.
    pub started: Option<DateTime<Utc>>,
    /// How long a wrapped run took.
    pub duration: Option<Duration>,
    /// Exit code of a run that ended.
    pub exit_code: Option<i32>,
    /// Name or number of the signal that ended a run.
    pub signal: Option<&'a str>,
    /// Why a run counts as failed (`exit`, `signal`, `timeout`, …), or what was skipped.
    pub reason: Option<&'a str>,
    /// What else was asked of the run, and held.
    pub expectations: &'a [&'a str],
    /// Process that runs.
    pub pid: Option<u32>,
    /// Which run it is.
    pub run_id: Option<&'a str>,
    /// Time limit of the run.
    pub timeout: Option<Duration>,
    /// How often a run says that it is still there.
    pub pulse: Option<Duration>,
    /// What is run.
    pub command: Option<&'a str>,
    /// Bytes that the run put out.
    pub output_bytes: Option<u64>,
    /// Name and version of the program that writes.
    pub writer: Option<&'a str>,
    /// End of the run's output, at most 4 KiB.
    pub output_tail: Option<&'a str>,
}

impl<'a> NewBeat<'a> {
    /// A beat with nothing but the time.
    #[must_use]
    pub const fn new(kind: FileKind, job: &'a JobName, timestamp: DateTime<Utc>) -> Self {
        Self {
            kind,
            job,
            timestamp,
            interval: None,
            schedule: None,
            timezone: None,
            host: None,
            boot: None,
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
            writer: None,
            output_tail: None,
        }
    }

    /// The whole content: one JSON object on one line.
    #[must_use]
    pub fn to_line(&self) -> String {
        let mut out = Object(String::with_capacity(512));
        out.number("v", FORMAT_VERSION);
        out.text("job", self.job.as_str());
        out.text("timestamp", &time_text(self.timestamp));
        if let Some(interval) = self.interval {
            out.number("interval_seconds", interval.seconds());
        }
        out.texts(&[
            ("schedule", self.schedule),
            ("timezone", self.timezone),
            ("host", self.host),
        ]);
        if let Some(boot) = self.boot {
            out.text("boot_id", &String::from_utf8_lossy(&boot.id.text()));
            out.number("uptime_seconds", Seconds(boot.uptime));
        }
        if let Some(started) = self.started {
            out.text("started", &time_text(started));
        }
        out.seconds("duration_seconds", self.duration);
        if let Some(code) = self.exit_code {
            out.number("exit_code", code);
        }
        out.texts(&[("signal", self.signal), ("reason", self.reason)]);
        if !self.expectations.is_empty() {
            out.list("expectations", self.expectations);
        }
        if let Some(pid) = self.pid {
            out.number("pid", pid);
        }
        out.texts(&[("run_id", self.run_id)]);
        out.seconds("timeout_seconds", self.timeout);
        out.seconds("pulse_seconds", self.pulse);
        out.texts(&[("command", self.command)]);
        if let Some(bytes) = self.output_bytes {
            out.number("output_bytes", bytes);
        }
        // The longest comes last: whoever reads it with `cat` sees the rest first.
        out.texts(&[("writer", self.writer), ("output_tail", self.output_tail)]);
        out.0.push_str("}\n");
        out.0
    }
}

/// A time as beats carry it: RFC 3339 in UTC, with milliseconds.
#[must_use]
pub fn time_text(time: DateTime<Utc>) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Seconds with milliseconds.
struct Seconds(Duration);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:03}", self.0.as_secs(), self.0.subsec_millis())
    }
}

/// A JSON object in the making: a full library would double the writer's size.
struct Object(String);

impl Object {
    fn key(&mut self, key: &str) {
        self.0.push(if self.0.is_empty() { '{' } else { ',' });
        self.0.push('"');
        self.0.push_str(key);
        self.0.push_str("\":");
    }

    fn number(&mut self, key: &str, value: impl fmt::Display) {
        self.key(key);
        // Writing into a String cannot fail.
        let _ = write!(self.0, "{value}");
    }

    fn seconds(&mut self, key: &str, value: Option<Duration>) {
        if let Some(value) = value {
            self.number(key, Seconds(value));
        }
    }

    fn texts(&mut self, pairs: &[(&str, Option<&str>)]) {
        for (key, value) in pairs {
            if let Some(value) = value {
                self.text(key, value);
            }
        }
    }

    fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.quoted(value);
    }

    fn list(&mut self, key: &str, values: &[&str]) {
        self.key(key);
        for (at, value) in values.iter().enumerate() {
            self.0.push(if at == 0 { '[' } else { ',' });
            self.quoted(value);
        }
        self.0.push(']');
    }

    fn quoted(&mut self, value: &str) {
        self.0.push('"');
        for c in value.chars() {
            match c {
                '"' | '\\' => {
                    self.0.push('\\');
                    self.0.push(c);
                }
                c if c < ' ' || c == '\u{7f}' => {
                    let _ = write!(self.0, "\\u{:04x}", c as u32);
                }
                c => self.0.push(c),
            }
        }
        self.0.push('"');
    }
}

/// What was being done when a write failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Opening the directory.
    Open,
    /// Making the temporary file.
    Create,
    /// Writing or flushing it.
    Write,
    /// Renaming it over the target.
    Rename,
    /// Flushing the directory: the new file is there, and may not survive a
    /// power cut.
    Flush,
}

/// Why a file could not be replaced. The old one is still there, whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteError {
    /// What was being done.
    pub stage: Stage,
    /// What the kernel said.
    pub errno: Errno,
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self.errno {
            Errno::ACCESS | Errno::PERM => "permission denied",
            Errno::NOENT => "there is no such directory",
            Errno::NOTDIR => "it is not a directory",
            Errno::NOSPC => "the disk is full",
            Errno::DQUOT => "the disk quota is used up",
            Errno::ROFS => "the file system is read-only",
            Errno::ISDIR => "a directory has the name of the file",
            Errno::FBIG => "a limit on the size of files forbids it",
            other => return write!(f, "{}", std::io::Error::from(other)),
        };
        f.write_str(why)
    }
}

impl std::error::Error for WriteError {}

/// Writes one beat into a store's directory (which must exist).
///
/// With `durable`, file and directory are flushed to disk before it returns.
///
/// # Errors
/// The old beat is then still there, and no temporary file is left behind.
pub fn write_beat(dir: &Path, beat: &NewBeat<'_>, durable: bool) -> Result<(), WriteError> {
    let mut name = String::with_capacity(128);
    name.push_str(beat.job.as_str());
    name.push_str(beat.kind.ending());
    replace_file(dir, &name, beat.to_line().as_bytes(), durable)
}

/// Replaces `dir/name` whole, mode 0644 whatever the umask.
///
/// # Errors
/// The old file is then still there, and no temporary file is left behind.
pub fn replace_file(
    dir: &Path,
    name: &str,
    content: &[u8],
    durable: bool,
) -> Result<(), WriteError> {
    let at = |stage| move |errno| WriteError { stage, errno };
    let dir = open(dir, DIRECTORY, Mode::empty()).map_err(at(Stage::Open))?;
    let (file, temporary) = create_temporary(dir.as_fd(), name).map_err(at(Stage::Create))?;
    let written = fill(&file, content, durable)
        .map_err(at(Stage::Write))
        .and_then(|()| renameat(&dir, &*temporary, &dir, name).map_err(at(Stage::Rename)));
    if let Err(error) = written {
        // What matters is the first error; the leftover is only untidy.
        let _ = unlinkat(&dir, &*temporary, AtFlags::empty());
        return Err(error);
    }
    if durable {
        match fsync(&dir) {
            // Some file systems cannot flush a directory and need not.
            Ok(()) | Err(Errno::INVAL) => {}
            Err(errno) => return Err(at(Stage::Flush)(errno)),
        }
    }
    Ok(())
}

fn create_temporary(dir: BorrowedFd<'_>, name: &str) -> Result<(OwnedFd, String), Errno> {
    let pid = rustix::process::getpid().as_raw_nonzero();
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
    let mut temporary = String::with_capacity(160);
    // Another process can hold the same number only from another container.
    for again in 0..100 {
        temporary.clear();
        let _ = write!(
            temporary,
            ".{name}.{pid}.{:x}{:08x}{again}",
            time.tv_sec, time.tv_nsec
        );
        match openat(dir, &*temporary, NEW, Mode::from_raw_mode(0o644)) {
            Ok(file) => return Ok((file, temporary)),
            Err(Errno::EXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::EXIST)
}

fn fill(file: &OwnedFd, mut content: &[u8], durable: bool) -> Result<(), Errno> {
    // The umask may have taken the reader's right away. A file system without
    // modes refuses to set one and needs none.
    match fchmod(file, Mode::from_raw_mode(0o644)) {
        Ok(()) | Err(Errno::PERM | Errno::OPNOTSUPP | Errno::NOSYS) => {}
        Err(errno) => return Err(errno),
    }
    while !content.is_empty() {
        match rustix::io::write(file, content) {
            Ok(0) => return Err(Errno::IO),
            Ok(n) => content = &content[n..],
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    if durable { fsync(file) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::BootId;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_plain_beat_is_the_line_of_the_contract() {
        let job = JobName::new("db_backup").unwrap();
        let mut beat = NewBeat::new(FileKind::Last, &job, time("2026-11-22T02:00:07.412Z"));
        beat.interval = Some("1d".parse().unwrap());
        beat.host = Some("bezalel");
        assert_eq!(
            beat.to_line(),
            "{\"v\":1,\"job\":\"db_backup\",\"timestamp\":\"2026-11-22T02:00:07.412Z\",\"interval_seconds\":86400,\"host\":\"bezalel\"}\n"
        );
    }

    #[test]
    fn a_beat_lies_in_the_file_of_its_job_and_kind() {
        let dir = tempfile::tempdir().unwrap();
        let job = JobName::new("db_backup").unwrap();
        for kind in [
            FileKind::Last,
            FileKind::Fail,
            FileKind::Run,
            FileKind::Skip,
        ] {
            let beat = NewBeat::new(kind, &job, time("2026-11-22T02:00:07Z"));
            write_beat(dir.path(), &beat, false).unwrap();
            let path = dir.path().join(format!("db_backup{}", kind.ending()));
            assert_eq!(std::fs::read_to_string(path).unwrap(), beat.to_line());
        }
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 4);
    }

    #[test]
    fn every_key_and_every_awkward_character() {
        let job = JobName::new("j").unwrap();
        let at = time("2026-11-22T02:00:07Z");
        let beat = NewBeat {
            interval: Some("90".parse().unwrap()),
            host: Some("a\"b\\c\nd\u{7f}é"),
            boot: Some(BootStamp {
                id: BootId::parse("0f9a3c51-7d2e-4b6f-8a10-c3d4e5f60718").unwrap(),
                uptime: Duration::from_millis(12_345),
            }),
            schedule: Some("0 2 * * *"),
            timezone: Some("Europe/Riga"),
            started: Some(at),
            duration: Some(Duration::from_millis(7)),
            exit_code: Some(-1),
            signal: Some("KILL"),
            reason: Some("signal"),
            expectations: &["output", "text"],
            pid: Some(7),
            run_id: Some("r1"),
            timeout: Some(Duration::from_secs(60)),
            pulse: Some(Duration::from_millis(1_500)),
            command: Some("true"),
            output_bytes: Some(9),
            writer: Some("beat 0.1.0"),
            output_tail: Some("a\tb"),
            ..NewBeat::new(FileKind::Fail, &job, at)
        };
        assert_eq!(
            beat.to_line(),
            "{\"v\":1,\"job\":\"j\",\"timestamp\":\"2026-11-22T02:00:07.000Z\",\"interval_seconds\":90,\"schedule\":\"0 2 * * *\",\"timezone\":\"Europe/Riga\",\"host\":\"a\\\"b\\\\c\\u000ad\\u007fé\",\"boot_id\":\"0f9a3c51-7d2e-4b6f-8a10-c3d4e5f60718\",\"uptime_seconds\":12.345,\"started\":\"2026-11-22T02:00:07.000Z\",\"duration_seconds\":0.007,\"exit_code\":-1,\"signal\":\"KILL\",\"reason\":\"signal\",\"expectations\":[\"output\",\"text\"],\"pid\":7,\"run_id\":\"r1\",\"timeout_seconds\":60.000,\"pulse_seconds\":1.500,\"command\":\"true\",\"output_bytes\":9,\"writer\":\"beat 0.1.0\",\"output_tail\":\"a\\u0009b\"}\n"
        );
    }

    #[test]
    fn replaces_whole_and_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        replace_file(dir.path(), "x", b"old and long", true).unwrap();
        replace_file(dir.path(), "x", b"new", false).unwrap();
        assert_eq!(std::fs::read(dir.path().join("x")).unwrap(), b"new");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(dir.path().join("x"))
            .unwrap()
            .permissions();
        assert_eq!(mode.mode() & 0o7777, 0o644);
    }

    /// A job that is started meanwhile must not hold the file open.
    #[test]
    fn no_child_inherits_the_temporary_file() {
        let dir = tempfile::tempdir().unwrap();
        let dir = open(dir.path(), DIRECTORY, Mode::empty()).unwrap();
        let (file, name) = create_temporary(dir.as_fd(), "x").unwrap();
        assert!(name.starts_with(".x."), "{name}");
        let flags = rustix::io::fcntl_getfd(&file).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
    }

    #[test]
    fn failures_say_why_and_tidy_up() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir(dir.path().join("taken")).unwrap();
        let error = replace_file(dir.path(), "taken", b"x", true).unwrap_err();
        assert_eq!(
            (error.stage, error.to_string().as_str()),
            (Stage::Rename, "a directory has the name of the file")
        );
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
        std::fs::write(dir.path().join("file"), "").unwrap();
        let error = replace_file(&dir.path().join("file"), "x", b"x", true).unwrap_err();
        assert_eq!(
            (error.stage, error.to_string().as_str()),
            (Stage::Open, "it is not a directory")
        );
        let error = replace_file(&dir.path().join("none"), "x", b"x", true).unwrap_err();
        assert_eq!(
            (error.stage, error.to_string().as_str()),
            (Stage::Open, "there is no such directory")
        );
    }
}
