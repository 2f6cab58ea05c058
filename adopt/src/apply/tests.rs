//! Changes to real files in a scratch folder, and back.

use std::fs;
use std::io::Cursor;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
use std::thread;

use super::*;
use crate::crontab::Dialect;

mod outlook;

struct Scene {
    dir: tempfile::TempDir,
}

const TAB: &[u8] = b"# a\r\nX='y'\n@daily a\n\xff\xfe# odd\n@daily b\n@daily c";

impl Scene {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("tree")).unwrap();
        let scene = Self { dir };
        fs::write(scene.tab(), TAB).unwrap();
        fs::set_permissions(scene.tab(), fs::Permissions::from_mode(0o640)).unwrap();
        scene
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("tree").join(name)
    }

    fn tab(&self) -> PathBuf {
        self.path("tab")
    }

    fn paths(&self) -> Paths {
        Paths {
            state: self.dir.path().join("state"),
            root: self.dir.path().join("tree"),
        }
    }

    fn read(&self) -> Vec<u8> {
        fs::read(self.tab()).unwrap()
    }

    /// New lines for jobs of the file as it is.
    fn plan(&self, jobs: &[(&str, usize)]) -> Plan {
        let old = self.read();
        let lines: Vec<_> = jobs
            .iter()
            .map(|(job, number)| {
                (
                    (*job).to_owned(),
                    *number,
                    format!("@daily new {job}\n").into(),
                )
            })
            .collect();
        let Rewrite { new, jobs } = rewrite(&Crontab::parse(&old, Dialect::User), &lines);
        let path = self.tab();
        Plan {
            edits: vec![Edit::Change {
                path,
                old,
                new,
                jobs,
            }],
        }
    }

    fn apply(&self, jobs: &[(&str, usize)]) -> Applied {
        self.plan(jobs).carry_out(&self.paths()).unwrap()
    }

    fn undo(&self, jobs: &[&str]) -> Undone {
        let jobs = jobs.iter().map(|job| (*job).to_owned()).collect();
        self.take_back(&Selection::Jobs(jobs))
    }

    fn undo_all(&self) -> Undone {
        self.take_back(&Selection::All)
    }

    /// Looks first: what is done is what was told, and the look changed nothing.
    fn take_back(&self, selection: &Selection) -> Undone {
        let before = (self.names(), fs::read(self.tab()).ok());
        let (would, told) = outlook(&self.paths(), selection).unwrap();
        assert_eq!((self.names(), fs::read(self.tab()).ok()), before);
        let undone = undo(&self.paths(), selection).unwrap();
        assert_eq!(undone, would);
        assert_eq!(told.is_empty(), undone.restored.is_empty());
        undone
    }

    /// All names in the tree.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path().join("tree")).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

const BOTH: &[u8] = b"# a\r\nX='y'\n@daily new one\n\xff\xfe# odd\n@daily new two\n@daily c";

#[test]
fn a_change_is_made_and_taken_back_to_the_byte() {
    let scene = Scene::new();
    let before = fs::metadata(scene.tab()).unwrap();
    let applied = scene.apply(&[("one", 3), ("two", 5)]);
    assert_eq!(applied.changed, [scene.tab()]);
    assert_eq!(scene.read(), BOTH);
    let after = fs::metadata(scene.tab()).unwrap();
    assert_eq!(
        (after.mode(), after.uid(), after.gid()),
        (before.mode(), before.uid(), before.gid())
    );
    assert_eq!(scene.names(), ["tab"]);
    let record = fs::metadata(applied.record.unwrap()).unwrap();
    assert_eq!(record.mode() & 0o777, 0o700);

    let undone = scene.undo_all();
    assert_eq!((undone.restored, undone.left), (vec![scene.tab()], vec![]));
    assert_eq!(scene.read(), TAB);
    assert_eq!(fs::metadata(scene.tab()).unwrap().mode(), before.mode());
    assert_eq!(scene.undo_all(), Undone::default());
}

#[test]
fn owner_and_attributes_stay() {
    let scene = Scene::new();
    let root = fs::metadata("/proc/self").unwrap().uid() == 0;
    if root {
        std::os::unix::fs::chown(scene.tab(), Some(12), Some(34)).unwrap();
    }
    let file = fs::File::open(scene.tab()).unwrap();
    let flags = rustix::fs::XattrFlags::empty();
    let set = rustix::fs::fsetxattr(&file, "user.kept", b"yes", flags).is_ok();
    let before = fs::metadata(scene.tab()).unwrap();
    scene.apply(&[("one", 3)]);
    let after = fs::metadata(scene.tab()).unwrap();
    assert_ne!(before.ino(), after.ino());
    assert_eq!((after.uid(), after.gid()), (before.uid(), before.gid()));
    let file = fs::File::open(scene.tab()).unwrap();
    let mut value = [0; 8];
    let length = rustix::fs::fgetxattr(&file, "user.kept", &mut value);
    assert_eq!(length.is_ok_and(|n| value[..n] == *b"yes"), set);
}

#[test]
fn twice_is_as_good_as_once() {
    let scene = Scene::new();
    let plan = scene.plan(&[("one", 3)]);
    plan.carry_out(&scene.paths()).unwrap();
    let once = scene.read();
    assert_eq!(plan.carry_out(&scene.paths()).unwrap(), Applied::default());
    assert_eq!(scene.read(), once);
    scene.undo_all();
    assert_eq!(scene.read(), TAB);
}

#[test]
fn what_somebody_else_changed_is_not_touched() {
    let scene = Scene::new();
    let plan = scene.plan(&[("one", 3)]);
    fs::write(scene.tab(), b"@daily other\n").unwrap();
    let error = plan.carry_out(&scene.paths()).unwrap_err();
    assert!(
        error.to_string().contains("changed by somebody else"),
        "{error}"
    );
    assert_eq!(scene.read(), b"@daily other\n");
    assert_eq!(scene.names(), ["tab"]);
}

#[test]
fn of_two_at_once_one_is_told() {
    for _ in 0..20 {
        let scene = Scene::new();
        let plans = [scene.plan(&[("one", 3)]), scene.plan(&[("two", 5)])];
        let results: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = plans
                .iter()
                .map(|plan| scope.spawn(|| plan.carry_out(&scene.paths())))
                .collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert_eq!(
            results.iter().filter(|r| r.is_ok()).count(),
            1,
            "{results:?}"
        );
        assert_eq!(scene.names(), ["tab"]);
        scene.undo_all();
        assert_eq!(scene.read(), TAB);
    }
}

#[test]
fn one_job_is_taken_back_alone() {
    let scene = Scene::new();
    scene.apply(&[("one", 3)]);
    scene.apply(&[("two", 5)]);
    assert_eq!(scene.read(), BOTH);
    let undone = scene.undo(&["one"]);
    assert_eq!((undone.restored.len(), undone.left.len()), (1, 0));
    let one_back = b"# a\r\nX='y'\n@daily a\n\xff\xfe# odd\n@daily new two\n@daily c";
    assert_eq!(scene.read(), one_back);
    assert_eq!(scene.undo(&["one", "none"]), Undone::default());
    assert_eq!(scene.undo_all().left, []);
    assert_eq!(scene.read(), TAB);
}

#[test]
fn lines_go_back_though_the_rest_has_changed() {
    let scene = Scene::new();
    scene.apply(&[("one", 3), ("two", 5)]);
    let swap = |text: &[u8], from: &str, to: &str| {
        let at = text.windows(from.len()).position(|w| w == from.as_bytes());
        let at = at.unwrap();
        [&text[..at], to.as_bytes(), &text[at + from.len()..]].concat()
    };
    let text = swap(&[b"# more\n", BOTH, b"\n"].concat(), "new two", "newer two");
    fs::write(scene.tab(), &text).unwrap();
    let undone = scene.undo_all();
    assert_eq!(scene.read(), swap(&text, "new one", "a"));
    assert_eq!(undone.restored, [scene.tab()]);
    let [left] = &undone.left[..] else {
        panic!("{undone:?}")
    };
    assert_eq!(
        (left.job.as_deref(), &*left.why),
        (Some("two"), "its line is not as it was written")
    );
    for line in ["\n-@daily new two\n", "\n+@daily newer two\n"] {
        assert!(left.diff.contains(line), "{}", left.diff);
    }
    // Put right by hand, it goes back too.
    fs::write(scene.tab(), swap(&text, "newer two", "new two")).unwrap();
    assert_eq!(scene.undo_all().left, []);
    assert!(scene.read().windows(10).any(|w| w == b"\n@daily b\n"));
}

#[test]
fn files_and_folders_come_and_go() {
    let scene = Scene::new();
    let (dir, file) = (scene.path("unit.d"), scene.path("unit.d/beat.conf"));
    let job = Some("one".to_owned());
    let plan = Plan {
        edits: vec![
            Edit::MakeDir {
                path: dir.clone(),
                owner: None,
                mode: 0o755,
                job: job.clone(),
            },
            Edit::NewFile {
                path: file.clone(),
                content: b"[Unit]\n".to_vec(),
                mode: 0o644,
                job,
            },
        ],
    };
    plan.carry_out(&scene.paths()).unwrap();
    assert_eq!(fs::read(&file).unwrap(), b"[Unit]\n");
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o777, 0o644);
    assert_eq!(fs::metadata(&dir).unwrap().mode() & 0o777, 0o755);
    assert_eq!(plan.carry_out(&scene.paths()).unwrap(), Applied::default());

    fs::write(&file, b"[Unit]\nX=y\n").unwrap();
    let undone = scene.undo(&["one"]);
    let left: Vec<_> = undone.left.iter().map(|left| &*left.why).collect();
    assert_eq!(left, ["it is not as it was written", "it is not empty"]);
    assert_eq!(
        plan.carry_out(&scene.paths()).unwrap_err().why,
        "there is something else"
    );
    fs::write(&file, b"[Unit]\n").unwrap();
    assert_eq!(scene.undo_all().restored, [file, dir.clone()]);
    assert!(!dir.exists());
}

#[test]
fn when_the_rest_fails_all_is_as_before() {
    let scene = Scene::new();
    let mut plan = scene.plan(&[("one", 3)]);
    plan.edits.push(Edit::NewFile {
        path: scene.path("none/x"),
        content: vec![],
        mode: 0o644,
        job: None,
    });
    let error = plan.carry_out(&scene.paths()).unwrap_err();
    assert_eq!(
        (error.changed.len(), error.hint.as_deref()),
        (0, Some("nothing was changed"))
    );
    assert_eq!(scene.read(), TAB);
    assert_eq!(scene.undo_all(), Undone::default());
}

#[test]
fn what_is_no_plain_file_is_left_alone() {
    let scene = Scene::new();
    let whys = [
        ("out", "it is a link that leads out of the tree"),
        (
            "twice",
            "it has more than one name, and the other one would stay as it is",
        ),
        ("fifo", "it is no regular file"),
        ("dir", "it is no regular file"),
        ("none", "there is no such file or directory"),
    ];
    fs::write(scene.dir.path().join("outside"), b"").unwrap();
    symlink(scene.dir.path().join("outside"), scene.path("out")).unwrap();
    fs::write(scene.path("x"), b"").unwrap();
    fs::hard_link(scene.path("x"), scene.path("twice")).unwrap();
    fs::create_dir(scene.path("dir")).unwrap();
    let mode = rustix::fs::Mode::from_raw_mode(0o644);
    rustix::fs::mkfifoat(rustix::fs::CWD, scene.path("fifo"), mode).unwrap();
    for (name, why) in whys {
        let plan = Plan {
            edits: vec![Edit::Change {
                path: scene.path(name),
                old: vec![],
                new: b"x".to_vec(),
                jobs: vec![],
            }],
        };
        assert_eq!(
            plan.carry_out(&scene.paths()).unwrap_err().why,
            why,
            "{name}"
        );
    }
    // A link that is root's, to a file that is, is followed as cron follows it.
    symlink("tab", scene.path("link")).unwrap();
    let old = scene.read();
    let edit = Edit::Change {
        path: scene.path("link"),
        old,
        new: b"x".to_vec(),
        jobs: vec![],
    };
    let result = Plan { edits: vec![edit] }.carry_out(&scene.paths());
    if fs::metadata("/proc/self").unwrap().uid() == 0 {
        result.unwrap();
        assert_eq!(scene.read(), b"x");
        assert!(scene.path("link").is_symlink());
    } else {
        assert!(result.unwrap_err().why.contains("belongs to root"));
    }
}

#[test]
fn a_record_of_a_newer_version_is_not_guessed_at() {
    let scene = Scene::new();
    let applied = scene.apply(&[("one", 3)]);
    let manifest = applied.record.unwrap().join("manifest.json");
    let text = fs::read_to_string(&manifest).unwrap();
    fs::write(&manifest, text.replace("\"v\": 1", "\"v\": 2")).unwrap();
    let error = undo(&scene.paths(), &Selection::All).unwrap_err();
    assert!(error.why.contains("another version"), "{error}");
}

#[test]
fn what_people_read() {
    let path = |name: &str| PathBuf::from("/etc").join(name);
    let tab = Crontab::parse(TAB, Dialect::User);
    let lines = [("one".to_owned(), 3, b"@daily beat\n".to_vec())];
    let Rewrite { new, jobs } = rewrite(&tab, &lines);
    let plan = Plan {
        edits: vec![
            Edit::Change {
                path: path("crontab"),
                old: TAB.to_vec(),
                new,
                jobs,
            },
            Edit::NewFile {
                path: path("beat.conf"),
                content: b"[Unit]\n\x1b[31mX=y".to_vec(),
                mode: 0o644,
                job: None,
            },
            Edit::MakeDir {
                path: path("postgres"),
                owner: Some((12, 34)),
                mode: 0o755,
                job: None,
            },
        ],
    };
    let mut long: Vec<String> = (1..40).map(|n| format!("{n}\n")).collect();
    let old = long.concat();
    long.remove(2);
    long.insert(20, "new\n".to_owned());
    long.push("end".to_owned());
    let text = plan.diff()
        + &unified(
            &path("x"),
            Some(old.as_bytes()),
            Some(long.concat().as_bytes()),
        );
    insta::assert_snapshot!(text);
}

#[test]
fn what_a_killed_run_left_behind_goes_with_the_next_one() {
    let scene = Scene::new();
    let stray = scene.tab().with_file_name(".beat-adopt-x7Kq2a");
    fs::write(&stray, "half of it").unwrap();
    scene.apply(&[("one", 3)]);
    assert_eq!(scene.names(), ["tab"]);
    fs::write(&stray, "half of it").unwrap();
    scene.undo_all();
    assert_eq!(scene.names(), ["tab"]);
}

#[test]
fn only_a_yes_is_a_yes() {
    for (answer, yes) in [
        ("y\n", true),
        ("YES \n", true),
        ("\n", false),
        ("", false),
        ("yep\n", false),
    ] {
        let mut shown = Vec::new();
        let said = confirm("Go on?", &mut Cursor::new(answer), &mut shown).unwrap();
        assert_eq!(
            (said, &shown[..]),
            (yes, &b"Go on? [y/N] "[..]),
            "{answer:?}"
        );
    }
}

/// Cron reads a crontab again when its time has changed by a whole second.
#[test]
fn a_changed_crontab_is_newer_by_a_second_however_quick_it_was() {
    let scene = Scene::new();
    let time = || fs::metadata(scene.tab()).unwrap().mtime();
    let mut before = time();
    for _ in 0..3 {
        scene.apply(&[("a", 3)]);
        assert!(time() > before, "{} {before}", time());
        before = time();
        scene.undo_all();
        assert!(time() > before, "{} {before}", time());
        before = time();
    }
    assert_eq!(scene.read(), TAB);
}
