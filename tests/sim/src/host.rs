//! A made-up host: its clocks, its store, what it remembers from pass to pass, and
//! the truth about its jobs, which no pass is shown.

use std::cell::OnceCell;
use std::rc::Rc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use heartbeat::{Beat, BootId, BootStamp, FileKind, Slot, Unreadable, UnreadableKind};
use manifest::Manifest;

use crate::class::{Household, Trade};
use crate::timetable::{MINUTE, Moment};

/// Clocks may differ by so much without anybody's having set one wrongly.
pub const SMALL: Moment = 90_000;

/// One file of a job.
#[derive(Debug, Clone)]
pub struct File {
    /// What is in it.
    pub bytes: Vec<u8>,
    /// When the host's clock says that it was written.
    pub modified: Moment,
    read: OnceCell<Result<Beat, Unreadable>>,
}

impl File {
    /// A file with this content.
    #[must_use]
    pub const fn new(bytes: Vec<u8>, modified: Moment) -> Self {
        Self {
            bytes,
            modified,
            read: OnceCell::new(),
        }
    }

    /// What the real reader makes of it.
    ///
    /// # Errors
    /// When that is no beat.
    pub fn read(&self, job: &str) -> &Result<Beat, Unreadable> {
        self.read.get_or_init(|| {
            let modified = time(self.modified);
            heartbeat::parse(&self.bytes, job, Some(modified)).map_err(|kind| Unreadable {
                kind,
                modified: Some(modified),
            })
        })
    }
}

/// A moment as the programs have it.
#[must_use]
pub fn time(moment: Moment) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(moment).unwrap_or_default()
}

/// Something that a job left, and when, in truth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// When, in truth.
    pub at: Moment,
    /// When, as it says itself.
    pub stamp: Moment,
    /// In which boot, where it says so.
    pub boot: Option<u64>,
    /// Counts what this job left.
    pub number: u64,
}

/// A run that left word of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunMark {
    /// Its start.
    pub mark: Mark,
    /// How long it may take.
    pub limit: Option<Moment>,
}

/// What a job has truly left that lies in the store whole.
#[derive(Debug, Clone, Default)]
pub struct Truth {
    /// Its last success.
    pub success: Option<Mark>,
    /// Its last failure.
    pub failure: Option<Mark>,
    /// The last time that it found nothing to do.
    pub skip: Option<Mark>,
    /// A run without an end.
    pub run: Option<RunMark>,
    /// Which of its files are torn, as in [`slot_of`].
    pub torn: [bool; 4],
}

/// Where a kind of file is in a job's list.
#[must_use]
pub const fn slot_of(kind: FileKind) -> usize {
    match kind {
        FileKind::Last => 0,
        FileKind::Fail => 1,
        FileKind::Run => 2,
        FileKind::Skip => 3,
    }
}

/// How a run that is going will end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// Well.
    Well,
    /// With a failure.
    Badly,
    /// With nothing to do.
    Idly,
    /// Over its limit.
    Over,
    /// Killed with its wrapper: nothing is written.
    Killed,
}

/// A run that is going.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Going {
    /// When it started.
    pub start: Moment,
    /// When it did by the host's clock.
    pub stamp: Moment,
    /// How it will end.
    pub end: End,
}

/// What is to befall a job.
#[derive(Debug, Clone, Copy, Default)]
pub struct Fate {
    /// It does not run until then.
    pub stopped: Moment,
    /// It fails until then.
    pub fails: Moment,
    /// It finds nothing to do until then.
    pub idle: Moment,
    /// Its last success cannot be read until then.
    pub denied: Moment,
    /// It is muted until then.
    pub muted: Moment,
    /// It is paused until then.
    pub paused: Moment,
    /// It has no entry until then.
    pub dropped: Moment,
    /// Another interval is asked for until then.
    pub changed: Moment,
    /// Which.
    pub change: i64,
    /// Its next run hangs for so long.
    pub hang: Option<Moment>,
    /// Its next run comes so much later.
    pub late: Option<Moment>,
    /// Its next run goes twice.
    pub twice: bool,
    /// Its next run is killed.
    pub killed: bool,
    /// Its next beat is cut there, in thousandths.
    pub torn: Option<i64>,
    /// Its next beat is lost.
    pub lost: bool,
    /// Its next beat is so far ahead.
    pub future: Option<Moment>,
}

/// A job.
#[derive(Debug)]
pub struct Job {
    /// What it is.
    pub trade: Trade,
    /// Its files.
    pub files: [Option<File>; 4],
    /// What it truly left.
    pub truth: Truth,
    /// What is to befall it.
    pub fate: Fate,
    /// The run that is going.
    pub going: Option<Going>,
    /// Starts that were planned before this number are off.
    pub plan: u32,
    /// Ends that were planned before this number are off.
    pub run: u32,
    /// When it last started.
    pub started: Moment,
    /// Counts what it left.
    pub number: u64,
}

/// A host.
#[derive(Debug)]
pub struct Host {
    /// What it is.
    pub house: Household,
    /// Its jobs.
    pub jobs: Vec<Job>,
    /// Whether it is on.
    pub up: bool,
    /// Since when it is asleep.
    pub asleep: Option<Moment>,
    /// How long it has slept in this boot.
    pub slept: Moment,
    /// Counts boots.
    pub boot: u64,
    /// When this one began.
    pub booted: Moment,
    /// What its clock shows too much.
    pub offset: Moment,
    /// When the clock was set by much, in truth.
    pub steps: Vec<Moment>,
    /// The checker does not pass until then.
    pub idle: Moment,
    /// The store cannot be read until then.
    pub blind: Moment,
    /// The place of the user `app` cannot be read until then.
    pub hidden: Moment,
    /// The disk is full until then.
    pub full: Moment,
    /// The manifest has a fault until then, and in which entry.
    pub faulty: (Moment, usize),
    /// The notes of the pass before.
    pub notes: Option<String>,
    /// The checker's own beats: the last good pass and the last bad one.
    pub own: [Option<File>; 2],
    /// The manifest, and what it was made of.
    pub manifest: (Vec<u8>, Rc<Manifest>),
}

impl Host {
    /// A host that has just been set up.
    #[must_use]
    pub fn new(house: Household, at: Moment) -> Self {
        let jobs = house.jobs.iter().map(|trade| Job {
            trade: trade.clone(),
            files: [const { None }; 4],
            truth: Truth::default(),
            fate: Fate::default(),
            going: None,
            plan: 0,
            run: 0,
            started: 0,
            number: 0,
        });
        Self {
            jobs: jobs.collect(),
            up: true,
            asleep: None,
            slept: 0,
            boot: 1,
            booted: at - 10 * MINUTE,
            offset: 0,
            steps: Vec::new(),
            idle: 0,
            blind: 0,
            hidden: 0,
            full: 0,
            faulty: (0, 0),
            notes: None,
            own: [None, None],
            manifest: (Vec::new(), Rc::default()),
            house,
        }
    }

    /// What its clock shows.
    #[must_use]
    pub const fn wall(&self, at: Moment) -> Moment {
        at + self.offset
    }

    /// Whether its clock is plainly wrong.
    #[must_use]
    pub const fn wrong(&self) -> bool {
        self.offset.abs() > SMALL
    }

    /// The boot clock.
    #[must_use]
    pub fn stamp(&self, at: Moment) -> Option<BootStamp> {
        let id = BootId::parse(&format!("{:032x}", self.boot))?;
        let up = u64::try_from(at - self.booted).unwrap_or(0);
        Some(BootStamp {
            id,
            uptime: Duration::from_millis(up),
        })
    }

    /// One file of a job, as the reader would see it.
    #[must_use]
    pub fn slot(&self, job: usize, at: usize, now: Moment) -> Slot {
        let job = &self.jobs[job];
        let file = job.files[at].as_ref()?;
        if at == 0 && now < job.fate.denied {
            return Some(Box::new(Err(Unreadable {
                kind: UnreadableKind::Content("it may not be read".into()),
                modified: None,
            })));
        }
        Some(Box::new(file.read(&job.trade.name).clone()))
    }
}
