//! Reading one beat. What cannot be parsed is unreadable: it is said, it never
//! counts as life, and it never stops anything else.

use std::borrow::Cow;
use std::fmt;
use std::os::fd::AsFd;
use std::time::Duration;

use chrono::{DateTime, Utc};
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;
use serde::{Deserialize, Deserializer, de};

use crate::flags::USERS_FILE;
use crate::mounts::open_here;
use crate::whole::read_whole;
use crate::{BootId, BootStamp, FORMAT_VERSION, Interval, JobName};

/// A beat is at most this many bytes.
pub const MAX_BYTES: usize = 64 * 1024;

/// Texts of a run are at most this many characters: of a longer output its end is kept, of all
/// others their beginning. Whoever writes more gets no more room with the reader.
const MAX_TEXT: usize = 4_096;

/// What one file of a job says.
#[derive(Debug, Clone, PartialEq)]
pub struct Beat {
    /// When the job succeeded, failed or skipped; of a run, when it was last heard of.
    pub timestamp: DateTime<Utc>,
    /// How often the job should succeed, where the beat carries it.
    pub interval: Option<Interval>,
    /// The boot clock at the same moment.
    pub boot: Option<BootStamp>,
    /// What only some beats carry.
    pub details: Option<Box<Details>>,
}

/// What only some beats carry.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Details {
    /// Cron expression or OnCalendar text that the interval stands for.
    pub schedule: Option<Box<str>>,
    /// Time zone of the schedule.
    pub timezone: Option<Box<str>>,
    /// When a wrapped run started.
    pub started: Option<DateTime<Utc>>,
    /// How long a wrapped run took.
    pub duration: Option<Duration>,
    /// Exit code of the run.
    pub exit_code: Option<i64>,
    /// Signal that ended the run.
    pub signal: Option<Box<str>>,
    /// Why the run counts as failed, or what was skipped.
    pub reason: Option<Box<str>>,
    /// End of the run's output.
    pub output_tail: Option<Box<str>>,
    /// Bytes that the run put out.
    pub output_bytes: Option<u64>,
    /// Process that runs.
    pub pid: Option<u64>,
    /// Time limit of the run.
    pub timeout: Option<Duration>,
    /// How often a run says that it is still there.
    pub pulse: Option<Duration>,
    /// Which run it was.
    pub run_id: Option<Box<str>>,
    /// What else was asked of the run, and held: `output`, `text`, `min_duration`, `file`.
    pub expectations: Vec<Box<str>>,
    /// What was run, where that was asked for.
    pub command: Option<Box<str>>,
}

/// A beat that is there and cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// What is wrong.
    pub kind: UnreadableKind,
    /// When the file was last written, where that is known.
    pub modified: Option<DateTime<Utc>>,
}

/// What is wrong with a beat that cannot be read. As text it completes the
/// sentence "the beat …".
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UnreadableKind {
    /// A link, FIFO, device, socket, directory or mount point.
    NotAFile(&'static str),
    /// More than [`MAX_BYTES`]; holds the size.
    TooLarge(u64),
    /// Written by a newer version of the format; holds it.
    Newer(u64),
    /// Names another job; holds that name, shortened.
    WrongJob(Box<str>),
    /// Belongs to somebody else than its place in the store says.
    Owner {
        /// Who owns the file.
        found: Box<str>,
        /// Who should.
        expected: Box<str>,
    },
    /// The kernel refused.
    Io(Errno),
    /// The content is no beat; holds why.
    Content(Box<str>),
}

impl fmt::Display for UnreadableKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFile(what) => write!(f, "is {what}, not a regular file"),
            Self::TooLarge(size) => write!(f, "is {size} bytes long; at most {MAX_BYTES} are read"),
            Self::Newer(version) => write!(
                f,
                "was written by a newer version (format {version}; this program reads up to {FORMAT_VERSION})"
            ),
            Self::WrongJob(name) => write!(f, "names another job, {name:?}"),
            Self::Owner { found, expected } => {
                write!(
                    f,
                    "belongs to {found}, but its place in the store is {expected}'s"
                )
            }
            Self::Io(Errno::ACCESS | Errno::PERM) => {
                f.write_str("cannot be opened: permission denied")
            }
            Self::Io(errno) => write!(f, "cannot be read: {}", std::io::Error::from(*errno)),
            Self::Content(why) => write!(f, "is not readable: {why}"),
        }
    }
}

#[derive(Deserialize)]
struct Raw<'a> {
    v: Option<u64>,
    #[serde(borrow)]
    job: Option<Cow<'a, str>>,
    timestamp: Option<Moment>,
    interval_seconds: Option<u64>,
    #[serde(borrow)]
    boot_id: Option<Cow<'a, str>>,
    uptime_seconds: Option<f64>,
    #[serde(borrow)]
    schedule: Option<Cow<'a, str>>,
    #[serde(borrow)]
    timezone: Option<Cow<'a, str>>,
    started: Option<Moment>,
    duration_seconds: Option<f64>,
    exit_code: Option<i64>,
    #[serde(borrow)]
    signal: Option<Cow<'a, str>>,
    #[serde(borrow)]
    reason: Option<Cow<'a, str>>,
    #[serde(borrow)]
    output_tail: Option<Cow<'a, str>>,
    output_bytes: Option<u64>,
    pid: Option<u64>,
    timeout_seconds: Option<f64>,
    pulse_seconds: Option<f64>,
    #[serde(borrow)]
    run_id: Option<Cow<'a, str>>,
    expectations: Option<Vec<Box<str>>>,
    #[serde(borrow)]
    command: Option<Cow<'a, str>>,
}

const NOT_A_TIME: &str = "a time is not RFC 3339";
const NO_SUCH_TIME: &str = "a time is out of range";

/// An RFC 3339 text, or seconds since 1970.
struct Moment(DateTime<Utc>);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl de::Visitor<'_> for Visitor {
            type Value = Moment;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an RFC 3339 time or seconds since 1970")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Moment, E> {
                from_text(text)
                    .map(Moment)
                    .ok_or_else(|| E::custom(NOT_A_TIME))
            }
            fn visit_u64<E: de::Error>(self, seconds: u64) -> Result<Moment, E> {
                self.visit_i64(i64::try_from(seconds).unwrap_or(i64::MAX))
            }
            fn visit_i64<E: de::Error>(self, seconds: i64) -> Result<Moment, E> {
                DateTime::from_timestamp(seconds, 0)
                    .map(Moment)
                    .ok_or_else(|| E::custom(NO_SUCH_TIME))
            }
            fn visit_f64<E: de::Error>(self, seconds: f64) -> Result<Moment, E> {
                from_seconds(seconds)
                    .map(Moment)
                    .ok_or_else(|| E::custom(NO_SUCH_TIME))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

fn from_text(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text)
        .ok()
        .map(|time| time.to_utc())
}

fn from_seconds(seconds: f64) -> Option<DateTime<Utc>> {
    // Milliseconds are all that a float of today's size holds.
    let millis = (seconds * 1_000.0).round();
    (millis.abs() < 9e15)
        .then_some(millis as i64)
        .and_then(DateTime::from_timestamp_millis)
}

/// To the millisecond, as it is written.
fn to_duration(seconds: f64) -> Option<Duration> {
    let millis = (seconds * 1_000.0).round();
    (0.0..9e15)
        .contains(&millis)
        .then(|| Duration::from_millis(millis as u64))
}

fn content(why: impl Into<Box<str>>) -> UnreadableKind {
    UnreadableKind::Content(why.into())
}

/// Parses the content of one of a job's files. `modified` is the file's
/// modification time: it counts where the file is empty.
///
/// # Errors
/// Says what is wrong with the content.
pub fn parse(
    bytes: &[u8],
    job: &str,
    modified: Option<DateTime<Utc>>,
) -> Result<Beat, UnreadableKind> {
    match bytes.trim_ascii_start().first() {
        Some(b'{') => parse_object(bytes, job),
        _ => parse_bare(bytes, modified).map(|timestamp| Beat {
            timestamp,
            interval: None,
            boot: None,
            details: None,
        }),
    }
}

/// The forms of older, hand-made heartbeats: nothing, a number, a time.
fn parse_bare(
    bytes: &[u8],
    modified: Option<DateTime<Utc>>,
) -> Result<DateTime<Utc>, UnreadableKind> {
    let text = std::str::from_utf8(bytes).map_err(|_| content("it is not UTF-8 text"))?;
    let text = text.trim_ascii();
    if bytes.is_empty() {
        return modified.ok_or_else(|| content("it is empty and has no modification time"));
    }
    let digits = |b: u8| b.is_ascii_digit() || b == b'.';
    let number = || {
        // No sign and no exponent; what is empty is no number either.
        let plain = text.bytes().all(digits);
        plain.then(|| text.parse().ok().and_then(from_seconds))?
    };
    number().or_else(|| from_text(text)).ok_or_else(|| {
        content("it is neither a JSON object nor a time (seconds since 1970 or RFC 3339)")
    })
}

fn parse_object(bytes: &[u8], job: &str) -> Result<Beat, UnreadableKind> {
    let raw: Raw<'_> = match serde_json::from_slice(bytes) {
        Ok(raw) => raw,
        // A newer format may have other types: its version is asked for first.
        Err(error) => return Err(newer(bytes).unwrap_or_else(|| content(json_fault(&error)))),
    };
    match raw.v {
        None => return Err(content("it has no format version (\"v\":1)")),
        Some(v) if v > FORMAT_VERSION => return Err(UnreadableKind::Newer(v)),
        Some(0) => return Err(content("format version 0 does not exist")),
        Some(_) => {}
    }
    match raw.job.as_deref() {
        Some(name) if name == job => {}
        Some(name) => {
            return Err(UnreadableKind::WrongJob(name.chars().take(100).collect()));
        }
        None => return Err(content("it has no \"job\"")),
    }
    let Some(Moment(timestamp)) = raw.timestamp else {
        return Err(content("it has no \"timestamp\""));
    };
    let interval = raw.interval_seconds.map(Interval::from_seconds).transpose();
    let interval = interval.map_err(|error| content(format!("\"interval_seconds\": {error}")))?;
    let boot = match (raw.boot_id.as_deref(), raw.uptime_seconds) {
        (Some(id), Some(uptime)) => BootId::parse(id)
            .zip(to_duration(uptime))
            .map(|(id, uptime)| BootStamp { id, uptime }),
        _ => None,
    };
    let boxed = |text: Option<Cow<'_, str>>| text.map(|text| text.into_owned().into_boxed_str());
    let short = |text: Option<Cow<'_, str>>| {
        text.map(|text| {
            let end = text.char_indices().nth(MAX_TEXT).map(|(at, _)| at);
            text[..end.unwrap_or(text.len())].into()
        })
    };
    let end = |text: Option<Cow<'_, str>>| {
        text.map(|text| {
            let start = text.char_indices().nth_back(MAX_TEXT - 1);
            text[start.map_or(0, |(at, _)| at)..].into()
        })
    };
    let seconds = |value: Option<f64>| value.and_then(to_duration);
    let details = Details {
        schedule: boxed(raw.schedule),
        timezone: boxed(raw.timezone),
        started: raw.started.map(|Moment(time)| time),
        duration: seconds(raw.duration_seconds),
        exit_code: raw.exit_code,
        signal: short(raw.signal),
        reason: short(raw.reason),
        output_tail: end(raw.output_tail),
        output_bytes: raw.output_bytes,
        pid: raw.pid,
        timeout: seconds(raw.timeout_seconds),
        pulse: seconds(raw.pulse_seconds),
        run_id: short(raw.run_id),
        expectations: raw.expectations.unwrap_or_default(),
        command: short(raw.command),
    };
    Ok(Beat {
        timestamp,
        interval,
        boot,
        details: (details != Details::default()).then(|| Box::new(details)),
    })
}

fn newer(bytes: &[u8]) -> Option<UnreadableKind> {
    #[derive(Deserialize)]
    struct Version {
        v: u64,
    }
    let Version { v } = serde_json::from_slice(bytes).ok()?;
    (v > FORMAT_VERSION).then_some(UnreadableKind::Newer(v))
}

/// The parser's words, without anything of the file's content: a link to a
/// secret must not end up in an issue.
fn json_fault(error: &serde_json::Error) -> String {
    use serde_json::error::Category;
    // Our own words, and the only ones without anything of the content in them.
    let ours = |text: &str| {
        [NOT_A_TIME, NO_SUCH_TIME]
            .into_iter()
            .find(|ours| text.starts_with(ours))
    };
    let what = match error.classify() {
        Category::Eof => "it is cut off",
        Category::Syntax => "it is not valid JSON",
        Category::Data => match error.to_string() {
            text if text.starts_with("duplicate field") => "a key stands there twice",
            text => ours(&text).unwrap_or("a key has a value of the wrong kind"),
        },
        Category::Io => "it cannot be read",
    };
    format!("{what} (line {}, column {})", error.line(), error.column())
}

/// Opens and reads one of a job's files, without following links and without
/// blocking. `Ok(None)`: there is no such file. `owner` is who must own it, if
/// that matters. `buffer` is scratch space, kept between calls.
///
/// # Errors
/// The beat is there and cannot be read.
pub fn read_file(
    dir: impl AsFd,
    file_name: &str,
    job: &JobName,
    owner: Option<u32>,
    buffer: &mut Vec<u8>,
) -> Result<Option<Beat>, Unreadable> {
    let fail = |kind| Unreadable {
        kind,
        modified: None,
    };
    let file = match open_here(dir, file_name, USERS_FILE) {
        Ok(file) => file,
        Err(Errno::XDEV) => return Err(fail(UnreadableKind::NotAFile("a mount point"))),
        Err(Errno::NOENT) => return Ok(None),
        Err(Errno::LOOP) => return Err(fail(UnreadableKind::NotAFile("a symbolic link"))),
        Err(Errno::NXIO) => return Err(fail(UnreadableKind::NotAFile("a socket or device"))),
        Err(errno) => return Err(fail(UnreadableKind::Io(errno))),
    };
    let stat = fstat(&file).map_err(|errno| fail(UnreadableKind::Io(errno)))?;
    let modified = DateTime::from_timestamp(stat.st_mtime, stat.st_mtime_nsec as u32);
    let fail = |kind| Unreadable { kind, modified };
    if let Some(what) = not_regular(FileType::from_raw_mode(stat.st_mode)) {
        return Err(fail(UnreadableKind::NotAFile(what)));
    }
    if let Some(expected) = owner.filter(|owner| *owner != stat.st_uid) {
        return Err(fail(UnreadableKind::Owner {
            found: shown_user(stat.st_uid),
            expected: shown_user(expected),
        }));
    }
    let size = u64::try_from(stat.st_size).unwrap_or(0);
    if size > MAX_BYTES as u64 {
        return Err(fail(UnreadableKind::TooLarge(size)));
    }
    let len = read_whole(size as usize, buffer, |rest| rustix::io::read(&file, rest))
        .map_err(|errno| fail(UnreadableKind::Io(errno)))?;
    if len > MAX_BYTES {
        return Err(fail(UnreadableKind::TooLarge(len as u64)));
    }
    parse(&buffer[..len], job.as_str(), modified)
        .map(Some)
        .map_err(fail)
}

/// What a file is when it is not a regular one.
pub(crate) fn not_regular(kind: FileType) -> Option<&'static str> {
    match kind {
        FileType::RegularFile => None,
        FileType::Symlink => Some("a symbolic link"),
        FileType::Directory => Some("a directory"),
        FileType::Fifo => Some("a FIFO"),
        FileType::Socket => Some("a socket"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("a device"),
        _ => Some("something unknown"),
    }
}

pub(crate) fn shown_user(uid: u32) -> Box<str> {
    crate::user_name(uid)
        .unwrap_or_else(|| format!("user {uid}"))
        .into()
}
