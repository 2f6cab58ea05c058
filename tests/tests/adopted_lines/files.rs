//! Whole files of such lines, adopted and taken back to the byte; also on a disk that
//! is full.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use adopt::apply::{Edit, Paths, Plan, Rewrite, Selection, rewrite, undo};
use adopt::crontab::{Crontab, Dialect, Kind};
use adopt::wrap::{Adoption, Pace, wrap};
use heartbeat::JobName;
use house_tests::needs::Journey;

use crate::generated::Dice;
use crate::lines;

/// What stands between jobs in files that were edited by many hands.
const BETWEEN: [&[u8]; 9] = [
    b"\n",
    b"# a comment\n",
    b"   # indented\r\n",
    b"\t \n",
    b"MAILTO=\"\"\n",
    b"PATH = /usr/bin:/bin \n",
    b"# \xff\xfe\x80 odd\n",
    b"A='b c'\r\n",
    b"#* * * * * root switched off\n",
];

/// A crontab with some of the lines.
fn file(dice: &mut Dice, lines: &[(&str, Vec<u8>)], dialect: Dialect) -> Vec<u8> {
    let mut text = Vec::new();
    for (shell, line) in lines {
        while dice.below(3) > 0 {
            text.extend_from_slice(BETWEEN[dice.below(BETWEEN.len())]);
        }
        text.extend(format!("SHELL={shell}\n").bytes());
        text.extend_from_slice(
            [&b"*/5  * * * *\t"[..], b"@daily ", b" 0 2 1-7 * mon  "][dice.below(3)],
        );
        if dialect == Dialect::System {
            text.extend_from_slice(b"root ");
        }
        text.extend_from_slice(line);
        text.push(b'\n');
    }
    text.extend_from_slice(b"# no end of line");
    text
}

/// All that can be adopted of a file, as one change.
fn adoption(path: &Path, old: Vec<u8>, dialect: Dialect) -> (Plan, usize) {
    let tab = Crontab::parse(&old, dialect);
    assert_eq!(tab.fault(), None);
    let adopted = tab.jobs().enumerate().filter_map(|(at, found)| {
        let name = format!("job{at}");
        let job = JobName::new(&name).unwrap();
        let adoption = Adoption {
            beat: Path::new("/usr/bin/beat"),
            job: &job,
            pace: Pace::Line {
                zone: Some("Europe/Riga"),
            },
            options: &[],
        };
        Some((name, found.line.number, wrap(&tab, &found, &adoption).ok()?))
    });
    let adopted: Vec<_> = adopted.collect();
    let Rewrite { new, jobs } = rewrite(&tab, &adopted);
    // Only those lines differ, and of them only the command.
    let after = Crontab::parse(&new, dialect);
    assert_eq!(after.lines().len(), tab.lines().len());
    for (was, is) in tab.lines().iter().zip(after.lines()) {
        let changed = adopted.iter().any(|(_, number, _)| *number == was.number);
        match (&was.kind, &is.kind) {
            (Kind::Job(old), Kind::Job(new)) if changed => {
                assert_eq!(tab.schedule(&old.when), after.schedule(&new.when));
                let ends = [
                    (
                        tab.text(&(was.span.start..old.command.start)),
                        after.text(&(is.span.start..new.command.start)),
                    ),
                    (
                        tab.text(&(old.command.end..was.span.end)),
                        after.text(&(new.command.end..is.span.end)),
                    ),
                ];
                assert!(ends.iter().all(|(old, new)| old == new));
            }
            _ => assert_eq!(
                (changed, tab.text(&was.span)),
                (false, after.text(&is.span))
            ),
        }
    }
    let count = jobs.len();
    let edit = Edit::Change {
        path: path.to_owned(),
        old: old.clone(),
        new,
        jobs,
    };
    (Plan { edits: vec![edit] }, count)
}

#[test]
fn whole_files_are_adopted_and_taken_back_to_the_byte() {
    let dir = tempfile::tempdir().unwrap();
    let paths = Paths {
        state: dir.path().join("state"),
        root: dir.path().to_owned(),
    };
    let mut dice = Dice::new(7);
    let all = lines();
    // Lines that are no lines for cron are not its business here.
    let fit: Vec<_> = all
        .into_iter()
        .filter(|(_, line)| line.len() < 900)
        .collect();
    let mut adopted = 0;
    let mut before = Vec::new();
    for (at, some) in fit.chunks(60).enumerate() {
        let dialect = if at % 2 == 0 {
            Dialect::System
        } else {
            Dialect::User
        };
        let path = dir.path().join(format!("tab{at}"));
        let text = file(&mut dice, some, dialect);
        fs::write(&path, &text).unwrap();
        let (plan, count) = adoption(&path, text.clone(), dialect);
        plan.carry_out(&paths).unwrap();
        assert_ne!(fs::read(&path).unwrap(), text);
        let again = Crontab::parse(&text, dialect);
        assert!(again.jobs().count() >= count);
        adopted += count;
        before.push((path, text));
    }
    assert!(adopted >= 500, "{adopted}");
    let undone = undo(&paths, &Selection::All).unwrap();
    assert_eq!(
        (undone.restored.len(), undone.left.len()),
        (before.len(), 0)
    );
    for (path, text) in before {
        assert!(fs::read(&path).unwrap() == text, "{}", path.display());
    }
}

/// A small disk of its own; gone when dropped.
struct Disk(PathBuf);

impl Disk {
    fn mount(path: PathBuf, size: &str) -> Self {
        fs::create_dir(&path).unwrap();
        let options = format!("size={size}");
        let mount = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "none"])
            .arg(&path)
            .status();
        assert!(mount.unwrap().success());
        Self(path)
    }

    /// Leaves no room.
    fn fill(&self) {
        let _ = fs::write(self.0.join("filler"), vec![b'x'; 1 << 20]);
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(&self.0).status();
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let journey = Journey::new("adopting on a full disk")
        .root()
        .program("mount");
    if !journey.ready() {
        return;
    }
    for state_is_full in [false, true] {
        let dir = tempfile::tempdir().unwrap();
        let disk = Disk::mount(dir.path().join("disk"), "64k");
        let (tree, state) = if state_is_full {
            (dir.path().to_owned(), disk.0.join("state"))
        } else {
            (disk.0.clone(), dir.path().join("state"))
        };
        let paths = Paths {
            state,
            root: dir.path().to_owned(),
        };
        let text = format!("{}@daily a\n", "# filler\n".repeat(2_000)).into_bytes();
        let path = tree.join("tab");
        fs::write(&path, &text).unwrap();
        let (plan, count) = adoption(&path, text.clone(), Dialect::User);
        assert_eq!(count, 1);
        disk.fill();
        let error = plan.carry_out(&paths).unwrap_err();
        assert_eq!(error.why, "the disk is full", "{error}");
        assert!(error.hint.is_some() && error.changed.is_empty(), "{error}");
        assert!(fs::read(&path).unwrap() == text);
        let names = |dir: &Path| {
            let entries = fs::read_dir(dir).unwrap();
            entries.map(|e| e.unwrap().file_name()).collect::<Vec<_>>()
        };
        let left = names(&tree);
        assert!(
            left.iter()
                .all(|name| !name.to_string_lossy().starts_with('.')),
            "{left:?}"
        );
        // With room it works, and goes back.
        fs::remove_file(disk.0.join("filler")).unwrap();
        plan.carry_out(&paths).unwrap();
        assert!(fs::read(&path).unwrap() != text);
        // Full again: what was written stays whole.
        disk.fill();
        let result = undo(&paths, &Selection::All);
        if let Err(error) = result {
            assert_eq!(error.why, "the disk is full", "{error}");
            fs::remove_file(disk.0.join("filler")).unwrap();
            undo(&paths, &Selection::All).unwrap();
        }
        assert!(fs::read(&path).unwrap() == text);
    }
}
