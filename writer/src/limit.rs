//! The time limit of a run: at its end the whole process group is told to end, and
//! killed when it does not.

use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use crate::args::Run;

/// How long a group has to end, where nothing else is said.
const GRACE: Duration = Duration::from_secs(10);

/// A time limit, and how far it has been carried out.
#[derive(Debug)]
pub(crate) struct Limit {
    group: Pid,
    next: Option<Duration>,
    grace: Duration,
    hit: bool,
}

impl Limit {
    /// From `now` on, for the group that this process leads.
    pub(crate) fn new(run: &Run, group: Pid, now: Duration) -> Self {
        Self {
            group,
            next: run.timeout.map(|timeout| now.saturating_add(timeout)),
            grace: run.kill_after.unwrap_or(GRACE),
            hit: false,
        }
    }

    /// Does what is due; `ended` says that the job itself has ended.
    pub(crate) fn due(&mut self, now: Duration, ended: bool) {
        if self.next.is_none_or(|next| now < next) || (ended && !self.hit) {
            return;
        }
        // A group that has just ended cannot be told.
        if self.hit {
            let _ = killpg(self.group, Signal::SIGKILL);
            self.next = None;
        } else {
            let _ = killpg(self.group, Signal::SIGTERM);
            // Who stands still hears nothing.
            let _ = killpg(self.group, Signal::SIGCONT);
            self.next = Some(now.saturating_add(self.grace));
            self.hit = true;
        }
    }

    /// Whether it was met.
    pub(crate) fn hit(&self) -> bool {
        self.hit
    }

    /// Whether some of the group still have time to end, after the job itself has.
    pub(crate) fn lingers(&self) -> bool {
        self.hit && self.next.is_some() && killpg(self.group, None).is_ok()
    }

    /// When there is something to do next.
    pub(crate) fn next(&self) -> Option<Duration> {
        self.next
    }
}
