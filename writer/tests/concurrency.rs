//! Many writers of one job and readers at once: nobody ever sees a torn beat.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use common::House;
use heartbeat::{FileKind, Interval, JobName, NewBeat, scan, write_beat};

const WRITERS: u64 = 50;

/// Reads the job until the writers are done. Every beat is one that a writer
/// wrote, whole; returns how many readings there were.
fn read_on(house: &House, done: &AtomicBool, readings: &AtomicU32) {
    let dir = std::fs::File::open(house.store()).unwrap();
    let job = JobName::new("j").unwrap();
    let mut buffer = vec![];
    while !done.load(Ordering::Relaxed) {
        let beat = heartbeat::read_file(&dir, "j.last", &job, None, &mut buffer).unwrap();
        let writer = beat.unwrap().interval.unwrap().seconds();
        assert!((1..=WRITERS as u32).contains(&writer));
        readings.fetch_add(1, Ordering::Relaxed);
        let told = scan(&house.store(), 1, |_, files| files).unwrap();
        assert_eq!(told.findings, []);
        let [files] = &told.jobs[..] else {
            panic!("{:?}", told.jobs);
        };
        assert!(files.last.as_ref().unwrap().is_ok());
    }
}

/// Runs the writers beside three readers.
fn with_readers(house: &House, write: impl Fn()) {
    let done = AtomicBool::new(false);
    let readings = AtomicU32::new(0);
    std::thread::scope(|scope| {
        let stop = Stop(&done);
        let readers: Vec<_> = (0..3)
            .map(|_| scope.spawn(|| read_on(house, &done, &readings)))
            .collect();
        common::await_that("the readers", || readings.load(Ordering::Relaxed) > 0);
        let before = readings.load(Ordering::Relaxed);
        write();
        common::await_that("another reading", || {
            readings.load(Ordering::Relaxed) > before
        });
        drop(stop);
        for reader in readers {
            reader.join().unwrap();
        }
    });
    assert_eq!(house.names(), ["j.last"], "a temporary file was left");
}

/// Stops the readers, also when an assertion fails: else they would go on for ever.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn fifty_processes() {
    let house = House::new();
    let beat = |writer: u64| {
        let mut beat = house.beat();
        beat.args(["j", "--every", &writer.to_string()]);
        // Every other one waits for the disk.
        beat.args(writer.is_multiple_of(2).then_some("--no-sync"))
            .spawn()
            .unwrap()
    };
    assert!(beat(1).wait().unwrap().success());
    with_readers(&house, || {
        for _ in 0..4 {
            let writers: Vec<_> = (1..=WRITERS).map(beat).collect();
            for mut writer in writers {
                assert!(writer.wait().unwrap().success());
            }
        }
    });
}

#[test]
fn fifty_threads() {
    let house = House::new();
    let job = JobName::new("j").unwrap();
    let beat = |writer: u64| {
        let beat = NewBeat {
            interval: Some(Interval::from_seconds(writer).unwrap()),
            // Beats of different lengths, up to more than a page.
            host: Some(&"x".repeat(writer as usize * 100)),
            ..NewBeat::new(FileKind::Last, &job, chrono::DateTime::UNIX_EPOCH)
        };
        write_beat(&house.store(), &beat, false).unwrap();
    };
    beat(1);
    with_readers(&house, || {
        std::thread::scope(|scope| {
            for writer in 1..=WRITERS {
                scope.spawn(move || (0..40).for_each(|_| beat(writer)));
            }
        });
    });
}

/// Wrapped runs of one job that overlap: each end is whole, and no start is left.
#[test]
fn overlapping_runs() {
    let house = House::new();
    let run = |code: u64| {
        let mut beat = house.beat();
        beat.args(["j", "--every", "1d", "--no-sync", "--", "sh", "-c"]);
        beat.arg(format!("exit {}", code % 2)).spawn().unwrap()
    };
    for _ in 0..3 {
        let runs: Vec<_> = (0..20).map(run).collect();
        for (code, mut run) in runs.into_iter().enumerate() {
            assert_eq!(run.wait().unwrap().code(), Some(code as i32 % 2));
        }
    }
    assert_eq!(house.names(), ["j.fail", "j.last"]);
    house.last("j");
    house.fail("j");
}
