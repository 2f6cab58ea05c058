//! A power cut: what was not flushed is really lost, on a disk of its own that is
//! shut down without a last word.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::path::PathBuf;
use std::process::Command;

use common::{House, ends, is_root, left_out, there};

const JOBS: usize = 20;

/// A small ext4 on a file, mounted as the store.
struct Disk {
    image: PathBuf,
    at: PathBuf,
}

impl Disk {
    fn new(house: &House) -> Option<Self> {
        let disk = Self {
            image: house.path("image"),
            at: house.store(),
        };
        let file = std::fs::File::create(&disk.image).unwrap();
        file.set_len(64 << 20).unwrap();
        let mkfs = Command::new("mkfs.ext4")
            .arg("-q")
            .arg(&disk.image)
            .status();
        (mkfs.is_ok_and(|status| status.success()) && disk.mount()).then_some(disk)
    }

    fn mount(&self) -> bool {
        let mut mount = Command::new("mount");
        mount.args(["-o", "loop"]).arg(&self.image).arg(&self.at);
        ends(&mut mount).0 == Some(0)
    }

    fn umount(&self) -> bool {
        ends(Command::new("umount").arg(&self.at)).0 == Some(0)
    }

    /// Takes the power away and gives it back; false where that cannot be done.
    fn cut(&self) -> bool {
        let mut shutdown = Command::new("xfs_io");
        shutdown.args(["-x", "-c", "shutdown"]).arg(&self.at);
        let cut = shutdown
            .output()
            .is_ok_and(|output| output.status.success());
        assert!(!cut || (self.umount() && self.mount()));
        cut
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        self.umount();
    }
}

/// Beats once for every job.
fn beat(house: &House, args: &[&str]) {
    for job in 0..JOBS {
        let mut beat = house.beat();
        beat.arg(format!("job{job}")).args(args);
        assert_eq!(ends(&mut beat).0, Some(0));
    }
}

/// The intervals in days, of every job, after the cut.
fn days(house: &House) -> Vec<u32> {
    let interval = |job| there(&house.files(&format!("job{job}")).last).interval;
    (0..JOBS)
        .map(|job| interval(job).unwrap().seconds() / 86_400)
        .collect()
}

#[test]
fn a_beat_survives_a_power_cut() {
    let what = "a power cut";
    if !is_root() {
        return left_out(what, "mounting needs root");
    }
    let house = House::new();
    let Some(disk) = Disk::new(&house) else {
        return left_out(what, "a disk on a file cannot be made and mounted here");
    };
    // The first beats ever: names that no disk has seen.
    beat(&house, &["--every", "1d"]);
    if !disk.cut() {
        return left_out(what, "the program xfs_io is missing, or cannot do it here");
    }
    assert_eq!(days(&house), [1; JOBS]);
    // The next ones.
    beat(&house, &["--every", "2d"]);
    assert!(disk.cut());
    assert_eq!(days(&house), [2; JOBS]);
    // Those that did not wait for the disk are old or new, never a part. Some must be
    // lost, or nothing was proved above.
    beat(&house, &["--every", "3d", "--no-sync"]);
    assert!(disk.cut());
    let days = days(&house);
    assert!(days.iter().all(|days| [2, 3].contains(days)), "{days:?}");
    assert!(days.contains(&2), "the power cut lost nothing");
}
