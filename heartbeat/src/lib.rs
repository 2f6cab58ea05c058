//! The contract on disk: what a beat is, how it is written so that a reader
//! never sees half of one, and how a store of beats is read so that one bad file
//! neither stops the scan nor looks fresh.
//!
//! A *store* is a directory. For each job it holds up to four files:
//!
//! | file | written when |
//! |---|---|
//! | `<job>.last` | the job succeeded |
//! | `<job>.fail` | the job failed |
//! | `<job>.run` | the job started; removed when it ended |
//! | `<job>.skip` | the job was there and found nothing to do |
//!
//! This crate decides nothing: whether a job is silent is the business of the
//! `watch` crate.

mod boot;
mod flags;
mod interval;
#[cfg(feature = "read")]
mod listing;
#[cfg(feature = "read")]
mod lock;
#[cfg(feature = "read")]
mod mounts;
mod name;
#[cfg(feature = "read")]
mod owners;
#[cfg(feature = "read")]
mod read;
#[cfg(feature = "read")]
mod scan;
pub mod schedule;
mod store;
#[cfg(feature = "read")]
mod whole;
mod write;

pub use boot::{BootId, BootStamp};
pub use interval::{Interval, IntervalError, read_duration};
#[cfg(feature = "read")]
pub use lock::lock_file;
pub use name::{JobName, JobNameError};
#[cfg(feature = "read")]
pub use owners::{user_id, user_name};
#[cfg(feature = "read")]
pub use read::{Beat, Details, MAX_BYTES, Unreadable, UnreadableKind, parse, read_file};
#[cfg(feature = "read")]
pub use scan::{Finding, JobFiles, Place, Scan, Slot, read_one, scan};
pub use schedule::{Schedule, ScheduleError, ScheduleKind};
pub use store::{
    SYSTEM_STORE, StoreChoice, WriterStore, place_in_store, reader_stores, writer_store,
};
pub use write::{NewBeat, Stage, WriteError, replace_file, time_text, write_beat};

/// Version of the format that this crate writes, and the highest that it reads.
pub const FORMAT_VERSION: u64 = 1;

/// Which of the four files of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// `<job>.last`: the job succeeded.
    Last,
    /// `<job>.fail`: the job failed.
    Fail,
    /// `<job>.run`: the job started and has not ended.
    Run,
    /// `<job>.skip`: the job ran and found nothing to do. A sign of life, no success.
    Skip,
}

impl FileKind {
    /// The ending of the file's name, with its dot.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Last => ".last",
            Self::Fail => ".fail",
            Self::Run => ".run",
            Self::Skip => ".skip",
        }
    }
}
