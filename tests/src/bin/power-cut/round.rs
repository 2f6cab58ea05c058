//! One cut: writers that write on and on, the power taken away somewhere in between, and
//! the count of what is there when it is back.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;

use heartbeat::{Interval, JobName};
use house_tests::bins;

use crate::disk::Disk;

/// Writers at once, and jobs of each of them.
const WRITERS: usize = 4;
const JOBS: usize = 4;

/// What a writer knows of its job: the number of the last beat that it began, and of the
/// last one of which it was told that it is there. The number is the beat's interval.
#[derive(Default)]
struct Job {
    begun: AtomicU32,
    acknowledged: AtomicU32,
}

/// All jobs of a disk.
pub(crate) struct Jobs(Vec<Job>);

impl Jobs {
    pub(crate) fn new() -> Self {
        Self((0..WRITERS * JOBS).map(|_| Job::default()).collect())
    }
}

/// What came of the cuts.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) cuts: usize,
    pub(crate) acknowledged: usize,
    /// Beats that were begun and not acknowledged when the power went.
    pub(crate) making: usize,
    pub(crate) making_new: usize,
    /// Cuts that lost something.
    pub(crate) lossy: usize,
    pub(crate) older: usize,
    pub(crate) broken: usize,
    pub(crate) told: Vec<String>,
}

/// Writes one beat; whether it was acknowledged.
fn beat(store: &Path, job: usize, number: u32, spoil: Option<&str>) -> bool {
    let mut command = match spoil {
        None => Command::new(bins::beat()),
        Some(rule) => {
            let mut strace = Command::new("strace");
            strace.args(["-qq", "-o", "/dev/null", "-e", "trace=fsync", "-e", rule]);
            strace.arg("--").arg(bins::beat());
            strace
        }
    };
    command
        .args([
            &format!("job{job}"),
            "--every",
            &number.to_string(),
            "--dir",
        ])
        .arg(store)
        .stdin(Stdio::null());
    // Every fourth one runs something; its exit code is that of what it ran.
    if job % JOBS == JOBS - 1 {
        command.args(["--", "true"]);
    }
    let output = command.output().unwrap();
    output.status.success() && output.stderr.is_empty()
}

/// Cuts the power once, after some number of beats.
pub(crate) fn cut_once(disk: &mut Disk, jobs: &Jobs, spoil: Option<&str>, tally: &mut Tally) {
    // Another number each time, and the same ones in each run.
    let wait = 1 + (tally.cuts * 7_919) % 37;
    let store = disk.at();
    let (tell, told) = mpsc::channel();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (tell, store) = (tell.clone(), &store);
            scope.spawn(move || write_on(jobs, writer, store, spoil, &tell));
        }
        drop(tell);
        let first: usize = told.iter().take(wait).sum();
        assert_eq!(first, wait, "the disk failed before the cut");
        assert!(disk.shut_down());
        // The writers end: nothing can be written any more.
        tally.acknowledged += first + told.iter().sum::<usize>();
    });
    assert!(disk.start());
    tally.cuts += 1;
    count(&disk.at(), jobs, tally);
}

fn write_on(
    jobs: &Jobs,
    writer: usize,
    store: &Path,
    spoil: Option<&str>,
    tell: &mpsc::Sender<usize>,
) {
    for turn in 0.. {
        let number = writer * JOBS + turn % JOBS;
        let job = &jobs.0[number];
        let next = job.acknowledged.load(Ordering::Relaxed) + 1;
        job.begun.store(next, Ordering::Relaxed);
        if !beat(store, number, next, spoil) {
            return;
        }
        job.acknowledged.store(next, Ordering::Relaxed);
        // Nobody listens any more only when the rig itself ends.
        let _ = tell.send(1);
    }
}

/// Looks at each job: what was acknowledged, or the next one, whole.
fn count(store: &Path, jobs: &Jobs, tally: &mut Tally) {
    let before = (tally.older, tally.broken);
    let scan = heartbeat::scan(store, 1, |_, files| files).unwrap();
    // Not those of lost+found, which belongs to the file system.
    for finding in scan
        .findings
        .iter()
        .filter(|one| !one.path.ends_with("lost+found"))
    {
        tally.told.push(format!("cut {}: {finding}", tally.cuts));
        tally.broken += 1;
    }
    for (number, job) in jobs.0.iter().enumerate() {
        let name = JobName::new(&format!("job{number}")).unwrap();
        let files = heartbeat::read_one(store, &name).unwrap();
        let there = files
            .last
            .as_deref()
            .map(|last| last.as_ref().map(|beat| beat.interval));
        let (begun, acknowledged) = (&job.begun, &job.acknowledged);
        let told = acknowledged.load(Ordering::Relaxed);
        let making = begun.load(Ordering::Relaxed) > told;
        tally.making += usize::from(making);
        let found = match there {
            None => 0,
            Some(Ok(Some(interval))) => Interval::seconds(interval),
            _ => 0,
        };
        if found == 0 && told > 0 || matches!(there, Some(Err(_) | Ok(None))) {
            tally.broken += 1;
            tally
                .told
                .push(format!("cut {}: {name} is {there:?}", tally.cuts));
        } else if found < told {
            tally.older += 1;
            let what = format!("cut {}: {name} is {found}, and was {told}", tally.cuts);
            tally.told.push(what);
        } else if found > told {
            assert!(making, "a beat from nowhere");
            tally.making_new += 1;
        }
        // On from what is there.
        begun.store(found, Ordering::Relaxed);
        acknowledged.store(found, Ordering::Relaxed);
    }
    tally.lossy += usize::from((tally.older, tally.broken) != before);
}
