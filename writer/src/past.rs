//! Runs that started before: what their `.run` says, and whether they are still going.

use std::time::Duration;

use chrono::{DateTime, NaiveDate, Utc};
use heartbeat::{BootId, BootStamp};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::CWD;
use rustix::io::Errno;
use rustix::param::clock_ticks_per_second;
use rustix::process::{Pid, PidfdFlags, pidfd_open, test_kill_process};

use crate::leave::read_whole;

/// A clock that was read before a process started is behind it by no more than this.
const SLACK: Duration = Duration::from_secs(2);

/// What one of a job's files says of a run.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Past {
    /// When the run was last heard of.
    pub(crate) heard: DateTime<Utc>,
    /// The same by the boot clock.
    pub(crate) boot: Option<BootStamp>,
    /// When it started.
    pub(crate) started: Option<DateTime<Utc>>,
    /// Which run it is.
    pub(crate) run_id: Option<String>,
    /// Whose host it is on.
    pub(crate) host: Option<String>,
    /// The job's process.
    pub(crate) pid: Option<i32>,
}

impl Past {
    /// Reads a beat as this program writes it; anything else says nothing.
    pub(crate) fn read(line: &str) -> Option<Self> {
        let text = |key| value(line, key)?.strip_prefix('"')?.strip_suffix('"');
        let time = |key| time(text(key)?);
        let boot = || {
            Some(BootStamp {
                id: BootId::parse(text("boot_id")?)?,
                uptime: seconds(value(line, "uptime_seconds")?)?,
            })
        };
        Some(Self {
            heard: time("timestamp")?,
            boot: boot(),
            started: time("started"),
            run_id: text("run_id").map(str::to_owned),
            host: text("host").map(str::to_owned),
            pid: value(line, "pid").and_then(|pid| pid.parse().ok()),
        })
    }

    /// Whether the run is still going: its job, or whatever is to write down its end.
    /// Where that cannot be told, it is believed to be.
    pub(crate) fn lives(&self, host: Option<&str>, boot: Option<BootStamp>) -> bool {
        if self.host.as_deref() != host {
            // Processes of another host, or of another container, are not seen from here.
            return true;
        }
        match (self.boot, boot) {
            (Some(then), Some(now)) if then.id != now.id => return false,
            _ => {}
        }
        self.processes().any(|pid| self.is_going(pid))
    }

    /// The job and its wrapper.
    fn processes(&self) -> impl Iterator<Item = Pid> {
        let wrapper = self.run_id.as_deref().and_then(|id| id.rsplit('-').next());
        let wrapper = wrapper.and_then(|pid| pid.parse().ok());
        let numbers = [self.pid, wrapper].into_iter().flatten();
        numbers.filter(|pid| *pid > 0).filter_map(Pid::from_raw)
    }

    /// Whether this process is that of the run. The number alone says little: it is
    /// given anew. A process that started before the run was last heard of had it then.
    fn is_going(&self, pid: Pid) -> bool {
        if test_kill_process(pid) == Err(Errno::SRCH) {
            return false;
        }
        let path = format!("/proc/{}/stat", pid.as_raw_nonzero());
        let stat = read_whole(CWD, &path).and_then(|bytes| String::from_utf8(bytes).ok());
        let Some((state, born)) = stat.as_deref().and_then(born) else {
            return true;
        };
        let heard = self.boot.map(|boot| boot.uptime.saturating_add(SLACK));
        state != "Z" && heard.is_none_or(|heard| born <= heard)
    }

    /// Waits until its processes have ended.
    pub(crate) fn wait(&self) {
        for pid in self.processes().filter(|pid| self.is_going(*pid)) {
            if let Ok(process) = pidfd_open(pid, PidfdFlags::empty()) {
                let mut fds = [PollFd::new(&process, PollFlags::IN)];
                while poll(&mut fds, None) == Err(Errno::INTR) {}
            } else {
                // Asked again and again, where the kernel has nothing better.
                let second = Timespec {
                    tv_sec: 1,
                    tv_nsec: 0,
                };
                while self.is_going(pid) {
                    let _ = poll(&mut [], Some(&second));
                }
            }
        }
    }
}

/// The raw value of a key, as this program writes it: flat, and without blanks.
fn value<'a>(line: &'a str, key: &str) -> Option<&'a str> {
    let mut pattern = String::with_capacity(32);
    pattern.push('"');
    pattern.push_str(key);
    // Within a text the quote has a backslash before it.
    pattern.push_str("\":");
    let rest = &line[line.find(&pattern)? + pattern.len()..];
    let end = match rest.strip_prefix('"') {
        Some(text) => text.find('"')? + 2,
        None => rest.find([',', '}'])?,
    };
    rest.get(..end)
}

/// `2026-11-22T02:00:07.412Z`.
fn time(text: &str) -> Option<DateTime<Utc>> {
    let part = |from: usize, to| text.get(from..to)?.parse::<u32>().ok();
    let date = NaiveDate::from_ymd_opt(part(0, 4)? as i32, part(5, 7)?, part(8, 10)?)?;
    let (hour, minute, second) = (part(11, 13)?, part(14, 16)?, part(17, 19)?);
    Some(
        date.and_hms_milli_opt(hour, minute, second, part(20, 23)?)?
            .and_utc(),
    )
}

/// `12.345`.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, millis) = text.split_once('.')?;
    let millis: u32 = (millis.len() == 3).then(|| millis.parse().ok())??;
    Some(Duration::new(whole.parse().ok()?, millis * 1_000_000))
}

/// The state of a process and when it started, on the boot clock, from its
/// `/proc/…/stat`.
fn born(stat: &str) -> Option<(&str, Duration)> {
    // The name before it can hold anything.
    let mut fields = stat.rsplit_once(") ")?.1.split(' ');
    let state = fields.next()?;
    let ticks: u64 = fields.nth(18)?.parse().ok()?;
    let millis = ticks.checked_mul(1_000)? / clock_ticks_per_second().max(1);
    Some((state, Duration::from_millis(millis)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use heartbeat::{FileKind, JobName, NewBeat};

    fn run(host: &str, pid: u32, run_id: &str) -> Past {
        let job = JobName::new("j").unwrap();
        let at = time("2026-11-22T02:00:07.412Z").unwrap();
        let beat = NewBeat {
            host: Some(host),
            boot: BootStamp::now(),
            started: Some(at),
            pid: Some(pid),
            run_id: Some(run_id),
            command: Some("echo '\"pid\":7,\"run_id\":\"8\"' \\"),
            ..NewBeat::new(FileKind::Run, &job, at)
        };
        Past::read(&beat.to_line()).unwrap()
    }

    #[test]
    fn what_was_written_reads_back() {
        let past = run("h", 4711, "170-12");
        assert_eq!(past.heard.to_rfc3339(), "2026-11-22T02:00:07.412+00:00");
        assert_eq!(past.started, Some(past.heard));
        assert_eq!(past.run_id.as_deref(), Some("170-12"));
        assert_eq!((past.host.as_deref(), past.pid), (Some("h"), Some(4711)));
        assert_eq!(past.boot.unwrap().id, BootStamp::now().unwrap().id);
        for nothing in [
            "",
            "{}",
            "touch",
            "{\"timestamp\":\"é\"}",
            "{\"timestamp\":",
        ] {
            assert_eq!(Past::read(nothing), None, "{nothing}");
        }
    }

    #[test]
    fn who_is_going_and_who_is_not() {
        let me = std::process::id();
        let boot = BootStamp::now();
        let lives = |past: &Past| past.lives(Some("h"), boot);
        // This process started before now, and has this number.
        assert!(lives(&run("h", me, "1-0")));
        // Only the wrapper is left.
        assert!(lives(&run("h", 0, &format!("1-{me}"))));
        assert!(!lives(&run("h", 0, "1-0")));
        // A number that was given anew: this process started after that run was heard of.
        let mut earlier = run("h", me, "1-0");
        earlier.boot.as_mut().unwrap().uptime = Duration::ZERO;
        assert!(!lives(&earlier));
        // A boot that is over has taken all with it.
        let other = BootId::parse("0f9a3c51-7d2e-4b6f-8a10-c3d4e5f60718").unwrap();
        let mut before = run("h", me, "1-0");
        before.boot.as_mut().unwrap().id = other;
        assert!(!lives(&before));
        // Another host's processes cannot be seen.
        assert!(lives(&run("other", 0, "1-0")));
    }

    #[test]
    fn names_of_processes_hold_anything() {
        let stat = "7 (a) b) c) S 1 7 7 0 -1 4194560 1 0 0 0 0 0 0 0 20 0 1 0 500 0 0";
        let (state, born) = born(stat).unwrap();
        assert_eq!(state, "S");
        assert_eq!(
            born,
            Duration::from_millis(500_000 / clock_ticks_per_second())
        );
        assert_eq!(super::born("7 (x) S 1"), None);
        assert_eq!(super::born(""), None);
    }
}
