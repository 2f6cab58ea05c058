//! Disks on which nothing can be written: full, read-only, out of inodes. Mounted for
//! this process alone, so that none of them outlives it, however it ends.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;

use house_tests::apart;

use crate::scene::{Ground, Scene};
use crate::strace::{Fault, plain};
use crate::table::{Outcome, Table};
use crate::trial::{ground, outcome, scratch};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Trouble {
    Full,
    FullExt4,
    ReadOnly,
    NoInodes,
}

const TROUBLES: [(Trouble, &str); 4] = [
    (Trouble::Full, "disk full (tmpfs)"),
    (Trouble::FullExt4, "disk full (ext4)"),
    (Trouble::ReadOnly, "disk read-only"),
    (Trouble::NoInodes, "no inodes"),
];

/// A disk under a scene.
struct Disk(PathBuf);

impl Disk {
    fn mount(at: &Path, trouble: Trouble) -> Option<Self> {
        let mut mount = Command::new("mount");
        match trouble {
            Trouble::FullExt4 => {
                let image = at.with_file_name("image");
                File::create(&image).unwrap().set_len(4 << 20).unwrap();
                let mut mkfs = Command::new("mkfs.ext4");
                // Nothing is kept back for root.
                ran(mkfs
                    .args(["-q", "-m", "0", "-O", "^has_journal"])
                    .arg(&image))
                .then_some(())?;
                mount.args(["-o", "loop"]).arg(image);
            }
            _ => {
                mount.args([
                    "-t",
                    "tmpfs",
                    "-o",
                    "size=4m,nr_inodes=400,mode=755",
                    "none",
                ]);
            }
        }
        ran(mount.arg(at)).then(|| Self(at.to_owned()))
    }

    fn afflict(&self, trouble: Trouble) {
        let filler = self.0.join("filler");
        match trouble {
            Trouble::ReadOnly => assert!(self.remount("remount,ro")),
            Trouble::NoInodes => {
                fs::create_dir(&filler).unwrap();
                let mut names = (0_u32..).map(|n| filler.join(n.to_string()));
                while names.next().is_some_and(|name| File::create(name).is_ok()) {}
            }
            Trouble::Full | Trouble::FullExt4 => {
                let mut file = File::create(filler).unwrap();
                for piece in [65_536, 1] {
                    while file.write_all(&vec![1; piece]).is_ok() {}
                }
                let _ = file.sync_all();
            }
        }
    }

    fn relieve(&self, trouble: Trouble) {
        let filler = self.0.join("filler");
        match trouble {
            Trouble::ReadOnly => assert!(self.remount("remount,rw")),
            Trouble::NoInodes => fs::remove_dir_all(filler).unwrap(),
            Trouble::Full | Trouble::FullExt4 => fs::remove_file(filler).unwrap(),
        }
    }

    fn remount(&self, how: &str) -> bool {
        ran(Command::new("mount").args(["-o", how]).arg(&self.0))
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        ran(Command::new("umount").arg(&self.0));
    }
}

fn ran(command: &mut Command) -> bool {
    command.output().is_ok_and(|output| output.status.success())
}

/// Puts a scene on each of these disks.
pub(crate) fn judge(table: &Mutex<Table>, at: usize, scene: &Scene, clean: Option<i32>) {
    if !apart::may_mount() {
        return;
    }
    for (trouble, name) in TROUBLES {
        let scratch = scratch();
        let ground = ground(scratch.path());
        let Some(disk) = Disk::mount(&ground.disk, trouble) else {
            println!("left out: {name}: it cannot be mounted here");
            continue;
        };
        let judged = on(scene, &ground, &disk, (trouble, clean));
        let mut table = table.lock().unwrap();
        match judged {
            Ok(outcome) => table.add((at, scene.name), name, outcome),
            Err(why) => {
                table.add((at, scene.name), name, Outcome::Lost);
                table.lose(format!("{}: {name}: {why}", scene.name));
            }
        }
    }
}

fn on(
    scene: &Scene,
    ground: &Ground,
    disk: &Disk,
    (trouble, clean): (Trouble, Option<i32>),
) -> Result<Outcome, String> {
    let stage = (scene.set)(ground);
    disk.afflict(trouble);
    let mut ended = plain(&stage.program());
    let what = |why: String| {
        format!(
            "{why}\n  code {:?}, stderr: {}",
            ended.code,
            ended.err.trim()
        )
    };
    let outcome = outcome(&*stage, &ended, clean).map_err(what);
    disk.relieve(trouble);
    let outcome = outcome?;
    // Told by its number which way to go on.
    ended.faults = vec![Fault {
        call: "disk".into(),
        nth: trouble as usize,
        what: crate::What::Kill,
    }];
    stage.heal(&ended).map(|()| outcome)
}
