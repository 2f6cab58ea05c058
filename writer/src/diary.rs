//! The beats of one run. The first thing that goes wrong with them is said when the run
//! is over, in one line: the rest has the same cause.

use std::fmt::Write as _;
use std::time::Duration;

use heartbeat::FileKind;
use nix::unistd::Pid;
use rustix::time::Timespec;

use crate::args::{Run, Target};
use crate::capture::Capture;
use crate::clock::{self, Moment};
use crate::expect;
use crate::leave::{Place, Record};
use crate::mask;
use crate::message::{Refusal, complain};
use crate::overlap::{self, Turn, host};
use crate::signals::{self, End};

/// So much of the output, and of the command, is told, in bytes.
const TOLD: usize = 4 * 1_024;

/// The beats of one run.
#[derive(Debug)]
pub(crate) struct Diary<'a> {
    target: &'a Target,
    run: &'a Run,
    place: Option<Place<'a>>,
    complaint: Option<Refusal>,
    started: Moment,
    files_since: Timespec,
    /// Which run it is, for the job too.
    pub(crate) run_id: String,
    command: Option<String>,
    /// The `.run` as it was last written.
    running: Option<String>,
    pid: Option<u32>,
    /// What is to be said when all that the job put out has gone on.
    said: String,
}

impl<'a> Diary<'a> {
    /// Opens it; nothing is looked at or written yet.
    pub(crate) fn new(target: &'a Target, run: &'a Run) -> Self {
        let mut diary = Self {
            target,
            run,
            place: None,
            complaint: None,
            started: clock::now(),
            files_since: clock::of_files(),
            run_id: String::new(),
            command: run.with_command.then(|| told(run)),
            running: None,
            pid: None,
            said: String::new(),
        };
        diary.begin();
        diary
    }

    /// The run begins now.
    pub(crate) fn begin(&mut self) {
        self.started = clock::now();
        self.files_since = clock::of_files();
        let me = rustix::process::getpid().as_raw_nonzero();
        // The wrapper is found by it: see `past`.
        self.run_id = format!("{}-{me}", self.started.wall.timestamp_millis());
    }

    /// Waits for the turn of this run; without a store it is always its turn. `None`
    /// when another run has it, which has been said.
    pub(crate) fn turn(&mut self) -> Option<Turn> {
        let overlap = self.run.overlap;
        let taken = match overlap::turn(self.place()?, overlap) {
            Ok(Turn::Taken(past)) => past,
            Ok(go) => return Some(go),
            Err(refusal) => {
                self.complaint.get_or_insert(refusal);
                return Some(Turn::Go(None));
            }
        };
        let mut line = format!("beat: \"{}\" is still running", self.target.job);
        if let Some(started) = taken.as_ref().and_then(|past| past.started) {
            let _ = write!(line, " since {}", heartbeat::time_text(started));
        }
        line.push_str("; this run is left out (--overlap skip)\n");
        complain(&line);
        Some(Turn::Taken(taken))
    }

    fn place(&mut self) -> Option<&Place<'a>> {
        if self.place.is_none() && self.complaint.is_none() {
            match Place::find(self.target) {
                Ok(place) => self.place = Some(place),
                Err(refusal) => self.complaint = Some(refusal),
            }
        }
        self.place.as_ref()
    }

    /// The job runs.
    pub(crate) fn running(&mut self, job: Pid) {
        self.pid = u32::try_from(job.as_raw()).ok();
        self.tell_of_the_killed();
        self.running = self.write_run(self.started);
    }

    /// It still does. A later run of the job, if there is one, has the file.
    pub(crate) fn pulse(&mut self) {
        let ours = |place: &Place<'_>, line: &String| place.run_is_ours(line);
        let lost = self.place.as_ref().zip(self.running.as_ref());
        if lost.is_none_or(|(place, line)| ours(place, line)) {
            self.running = self.write_run(clock::now());
        }
    }

    fn write_run(&mut self, at: Moment) -> Option<String> {
        let (run_id, command) = (self.run_id.clone(), self.command.clone());
        self.write(&Record {
            started: Some(self.started.wall),
            pid: self.pid,
            run_id: Some(&run_id),
            timeout: self.run.timeout,
            pulse: self.run.pulse,
            command: command.as_deref(),
            ..Record::new(FileKind::Run, at)
        })
    }

    /// A run before this one of which nobody told the end: killed with its wrapper, or
    /// gone with the host. It failed when it was last heard of.
    fn tell_of_the_killed(&mut self) {
        let boot = self.started.boot;
        let Some(place) = self.place() else { return };
        let Some(past) = place.past(FileKind::Run) else {
            return;
        };
        let later = |kind| {
            place.past(kind).is_some_and(|end| {
                end.run_id.is_some() && end.run_id == past.run_id
                    || kind == FileKind::Fail && end.heard > past.heard
            })
        };
        let told = [FileKind::Last, FileKind::Fail, FileKind::Skip];
        if past.lives(host().as_deref(), boot) || told.into_iter().any(later) {
            return;
        }
        let at = Moment {
            wall: past.heard,
            boot: past.boot,
        };
        self.write(&Record {
            started: past.started,
            reason: Some("killed"),
            run_id: past.run_id.as_deref(),
            ..Record::new(FileKind::Fail, at)
        });
    }

    /// It could not be started.
    pub(crate) fn not_started(&mut self, code: u8) {
        let now = clock::now();
        let (run_id, command) = (self.run_id.clone(), self.command.clone());
        self.place();
        self.write(&Record {
            started: Some(self.started.wall),
            duration: now.since(&self.started),
            exit_code: Some(code.into()),
            reason: Some("not_started"),
            run_id: Some(&run_id),
            command: command.as_deref(),
            ..Record::new(FileKind::Fail, now)
        });
    }

    /// It ended so, `after` this moment; whether its time was up. Says whether it failed.
    pub(crate) fn ended(
        &mut self,
        end: End,
        timed_out: bool,
        now: Moment,
        capture: &Capture,
    ) -> bool {
        let took = now.since(&self.started);
        let signal = match end {
            End::Killed(signal) => Some(signals::name(signal)),
            End::Exited(_) | End::Untold(_) => None,
        };
        let code = match end {
            End::Exited(code) => Some(code),
            _ => None,
        };
        let mut held = Vec::new();
        let (kind, reason) = match end {
            _ if timed_out => {
                self.say("ran into its time limit and was ended");
                (FileKind::Fail, Some("timeout"))
            }
            End::Exited(0) => match self.expected(took, capture) {
                Ok(checked) => {
                    held = checked;
                    (FileKind::Last, None)
                }
                Err(reason) => (FileKind::Fail, Some(reason)),
            },
            End::Exited(_) if code == self.run.skip_code => (FileKind::Skip, None),
            End::Exited(_) => (FileKind::Fail, Some("exit")),
            End::Killed(_) => (FileKind::Fail, Some("signal")),
            End::Untold(_) => (FileKind::Fail, Some("unknown")),
        };
        let failed = kind == FileKind::Fail;
        let tail = if failed {
            mask::end_of(capture.tail(), TOLD)
        } else {
            String::new()
        };
        let (run_id, command) = (self.run_id.clone(), self.command.clone());
        let written = self.write(&Record {
            started: Some(self.started.wall),
            duration: took,
            exit_code: code,
            signal: signal.as_deref(),
            reason,
            expectations: &held,
            run_id: Some(&run_id),
            command: command.as_deref(),
            output_bytes: capture.bytes(),
            output_tail: Some(&*tail).filter(|tail| !tail.is_empty()),
            ..Record::new(kind, now)
        });
        // Where the end could not be written, the start stays: a run without an end.
        if let (Some(place), Some(running), Some(_)) = (&self.place, &self.running, written) {
            place.remove_run(running);
        }
        failed
    }

    fn expected(
        &mut self,
        took: Option<Duration>,
        capture: &Capture,
    ) -> Result<Vec<&'static str>, &'static str> {
        match expect::check(&self.run.expect, capture, took, self.files_since) {
            Ok(checked) => {
                if let Some(option) = checked.unseen {
                    self.say(&format!(
                        "puts out what beat does not see, as at a terminal; {option} was not checked"
                    ));
                }
                Ok(checked.held)
            }
            Err(broken) => {
                self.say(&format!("exited 0, but {}", broken.what));
                Err(broken.reason)
            }
        }
    }

    fn say(&mut self, what: &str) {
        let _ = writeln!(self.said, "beat: \"{}\" {what}", self.target.job);
    }

    fn write(&mut self, record: &Record<'_>) -> Option<String> {
        match self.place.as_ref()?.write(record) {
            Ok(line) => Some(line),
            Err(refusal) => {
                self.complaint.get_or_insert(refusal);
                None
            }
        }
    }

    /// Says what went wrong.
    pub(crate) fn close(&self) {
        complain(&self.said);
        if let Some(complaint) = &self.complaint {
            complain(&format!("beat: {}\n", complaint.message));
        }
    }
}

/// The command as a line, quoted as a shell reads it, without what looks like a secret.
fn told(run: &Run) -> String {
    let mut line = Vec::new();
    for word in &run.command {
        use std::os::unix::ffi::OsStrExt;
        let word = word.as_bytes();
        if !line.is_empty() {
            line.push(b' ');
        }
        let plain = |b: &u8| b.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(b) || *b >= 0x80;
        if !word.is_empty() && word.iter().all(plain) {
            line.extend_from_slice(word);
            continue;
        }
        line.push(b'\'');
        for byte in word {
            match byte {
                b'\'' => line.extend_from_slice(b"'\\''"),
                byte => line.push(*byte),
            }
        }
        line.push(b'\'');
    }
    let line = mask::masked(&line);
    let line = String::from_utf8_lossy(&line);
    let mut end = line.len().min(TOLD);
    while !line.is_char_boundary(end) {
        end -= 1;
    }
    line[..end].to_owned()
}
