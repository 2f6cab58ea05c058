//! The reporter's own proof of life.

use std::path::PathBuf;

use heartbeat::{FileKind, Interval, JobName, NewBeat, write_beat};
use watch::Now;

use crate::assemble::REPORTER;
use crate::error::shown;
use crate::gather::{own_host, own_place};

/// How often a report is written, unless said otherwise: 24 hours.
const EVERY: u64 = 86_400;

/// Leaves the beat. The report is none the worse when that fails: what is to be
/// said then is returned.
#[must_use]
pub fn leave(dirs: &[PathBuf], every: Option<Interval>, now: &Now) -> Option<String> {
    let every = every.or_else(|| Interval::from_seconds(EVERY).ok());
    let (Ok(job), Some(dir)) = (JobName::new(REPORTER), own_place(dirs)) else {
        return Some(
            "warning: cannot leave the beat \"beat-report\": there is no store for this user; set HEARTBEAT_DIR"
                .into(),
        );
    };
    let host = own_host();
    let beat = NewBeat {
        interval: every,
        host: Some(&host),
        boot: now.boot,
        writer: Some(concat!("beat-report ", env!("CARGO_PKG_VERSION"))),
        ..NewBeat::new(FileKind::Last, &job, now.wall)
    };
    let error = write_beat(&dir, &beat, true).err()?;
    Some(format!(
        "warning: cannot leave the beat \"beat-report\" in {}: {error}; the report is written (--no-beat leaves none)",
        shown(&dir)
    ))
}
