//! `beat-adopt`: crontabs are the old ones or the new ones, byte for byte, with their
//! owner and mode; whatever was left half done is done or taken back by the next run.

use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::PathBuf;

use house_tests::bins;
use serde_json::Value;

use crate::scene::{Ground, Left, Scene, Stage, demand, names, put};
use crate::strace::{Ended, Program, plain};

/// Making jobs leave a beat.
pub(crate) const APPLY: Scene = Scene {
    name: "beat-adopt --apply",
    set: |ground| Box::new(Adopt::new(ground, Act::Apply)),
};

/// Taking that back.
pub(crate) const UNDO: Scene = Scene {
    name: "beat-adopt --undo",
    set: |ground| Box::new(Adopt::new(ground, Act::Undo)),
};

/// What it writes for the reporter.
pub(crate) const RECORD: Scene = Scene {
    name: "beat-adopt --record",
    set: |ground| Box::new(Adopt::new(ground, Act::Record)),
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Act {
    Apply,
    Undo,
    Record,
}

/// The crontabs of the tree: path, mode, ids, content.
const TABS: [(&str, u32, (u32, u32), &str); 3] = [
    (
        "etc/crontab",
        0o644,
        (0, 0),
        "SHELL=/bin/sh\n17 * * * * root /usr/bin/true --hourly\n",
    ),
    (
        "etc/cron.d/nightly",
        0o640,
        (0, 0),
        "# Name: nightly\n5 2 * * * root /usr/bin/true --nightly\n# the end\n",
    ),
    (
        "var/spool/cron/crontabs/anna",
        0o600,
        (1_000, 104),
        "1 1 * * * /usr/bin/true --anna\n",
    ),
];

const RECORD_OLD: &str = "{\"old\":true}\n";

struct Adopt {
    tree: PathBuf,
    act: Act,
}

impl Adopt {
    fn new(ground: &Ground, act: Act) -> Self {
        let tree = ground.disk.join("tree");
        put(
            &tree.join("etc/passwd"),
            "root:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n",
        );
        put(&tree.join("usr/bin/beat"), "#!/bin/sh\n");
        fs::create_dir_all(tree.join("var/lib/heartbeats")).unwrap();
        let mode = fs::Permissions::from_mode(0o755);
        fs::set_permissions(tree.join("usr/bin/beat"), mode).unwrap();
        for (path, mode, (uid, gid), text) in TABS {
            let path = tree.join(path);
            put(&path, text);
            // Where this is not root, everything stays the tester's.
            let _ = chown(&path, Some(uid), Some(gid));
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
        put(&ground.disk.join("tree/var/record.json"), RECORD_OLD);
        let adopt = Self { tree, act };
        if act == Act::Undo {
            let ended = plain(&adopt.run(Act::Apply));
            assert_eq!(ended.code, Some(0), "{}", ended.err);
        }
        adopt
    }

    fn run(&self, act: Act) -> Program {
        let program = Program::new(bins::beat_adopt())
            .arg("--root")
            .arg(&self.tree)
            .arg("--dir")
            .arg(self.tree.join("var/lib/heartbeats"));
        match act {
            Act::Apply => program.args(&["--apply", "--yes"]),
            Act::Undo => program.args(&["--undo", "--yes"]),
            Act::Record => program.arg("--record").arg(self.record()),
        }
    }

    fn record(&self) -> PathBuf {
        self.tree.join("var/record.json")
    }

    /// Whether each crontab is adopted. None may be anything else than old or new.
    fn adopted(&self) -> Result<Vec<bool>, String> {
        TABS.iter().map(|tab| self.is_adopted(tab)).collect()
    }

    fn is_adopted(&self, tab: &(&str, u32, (u32, u32), &str)) -> Result<bool, String> {
        let (name, mode, ids, old) = *tab;
        let path = self.tree.join(name);
        let text = fs::read_to_string(&path).map_err(|error| format!("{name} is lost: {error}"))?;
        let meta = fs::symlink_metadata(&path).map_err(|error| error.to_string())?;
        let mine = fs::symlink_metadata(&self.tree)
            .map_err(|error| error.to_string())?
            .uid();
        let ids_hold = mine != 0 || (meta.uid(), meta.gid()) == ids;
        demand(meta.mode() & 0o7777 == mode && ids_hold, || {
            format!("{name} has mode {:o} and is {}'s", meta.mode(), meta.uid())
        })?;
        if text == old {
            return Ok(false);
        }
        let lines = old.lines().zip(text.lines());
        let adopted = old.lines().count() == text.lines().count()
            && text.ends_with('\n')
            && lines.clone().filter(|(old, new)| old != new).count() == 1
            && lines
                .filter(|(old, new)| old != new)
                .all(|(old, new)| is_wrapped(old, new));
        demand(adopted, || format!("{name} is neither old nor new: {text}"))?;
        Ok(true)
    }

    fn entries(&self) -> Vec<String> {
        let mut names = names(&self.tree.join("etc/heartbeat/jobs.d"));
        names.retain(|name| !name.starts_with('.'));
        names
    }

    fn all(&self, adopted: bool) -> Result<(), String> {
        let is = self.adopted()?;
        demand(is.iter().all(|one| *one == adopted), || {
            format!("adopted: {is:?}")
        })?;
        let entries = self.entries();
        demand(entries.len() == if adopted { 3 } else { 0 }, || {
            format!("entries: {entries:?}")
        })
    }

    fn again(&self, act: Act) -> Result<(), String> {
        let ended = plain(&self.run(act));
        demand(ended.code == Some(0), || {
            let out = String::from_utf8_lossy(&ended.out);
            format!(
                "a clean run ends with {:?}: {} {out}",
                ended.code, ended.err
            )
        })?;
        self.all(act == Act::Apply)
    }

    fn look_at_record(&self) -> Result<Left, String> {
        let text = fs::read_to_string(self.record()).map_err(|error| error.to_string())?;
        if text == RECORD_OLD {
            return Ok(Left::Old);
        }
        let json: Result<Value, _> = serde_json::from_str(&text);
        demand(json.is_ok(), || format!("the record is torn: {text}"))?;
        Ok(Left::New)
    }
}

/// The new line keeps the time and all words of the old one.
fn is_wrapped(old: &str, new: &str) -> bool {
    let command = old.find("/usr/bin/true").unwrap_or(0);
    new.starts_with(&old[..command]) && new.contains("beat ") && new.contains(&old[command..])
}

impl Stage for Adopt {
    fn program(&self) -> Program {
        self.run(self.act)
    }

    fn look(&self, ended: &Ended) -> Result<Left, String> {
        if self.act == Act::Record {
            demand(self.adopted()?.iter().all(|one| !one), || {
                "a crontab changed".into()
            })?;
            return self.look_at_record();
        }
        let adopted = self.adopted()?;
        let (entries, new) = (self.entries(), self.act == Act::Apply);
        let changed = adopted.iter().filter(|one| **one == new).count()
            + if new {
                entries.len()
            } else {
                3 - entries.len().min(3)
            };
        if ended.err.contains("nothing was changed") {
            demand(changed == 0, || {
                format!("it says nothing was changed: {adopted:?} {entries:?}")
            })?;
        }
        if ended.code.is_some() && !ended.struck("unlink") {
            for dir in ["etc", "etc/cron.d", "var/spool/cron/crontabs"] {
                let stray = names(&self.tree.join(dir))
                    .into_iter()
                    .find(|name| name.starts_with('.'));
                demand(stray.is_none(), || {
                    format!("left behind in {dir}: {stray:?}")
                })?;
            }
        }
        Ok(match changed {
            0 => Left::Old,
            6 => Left::New,
            _ => Left::Between,
        })
    }

    fn tells(&self, ended: &Ended) -> bool {
        // What it leaves alone is its answer.
        let out = String::from_utf8_lossy(&ended.out).to_lowercase();
        !ended.err.trim().is_empty() || self.act != Act::Record && out.contains("left alone")
    }

    fn heal(&self, ended: &Ended) -> Result<(), String> {
        if self.act == Act::Record {
            let again = plain(&self.program());
            let left = self.look_at_record()?;
            return demand(left == Left::New, || {
                format!("{:?}: {}", again.code, again.err)
            });
        }
        // Half of the time it goes on, half of the time it goes back.
        let on = ended.faults.first().is_none_or(|fault| fault.nth % 2 == 0);
        let order = if on {
            [Act::Apply, Act::Undo]
        } else {
            [Act::Undo, Act::Apply]
        };
        order.into_iter().try_for_each(|act| self.again(act))
    }
}
