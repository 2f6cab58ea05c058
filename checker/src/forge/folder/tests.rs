//! The folder as people and other checkers find it.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::time::Duration;

use super::*;
use crate::clock::{FakeClock, SystemClock};
use crate::http::{Http, Limits};

struct Rig {
    dir: tempfile::TempDir,
    clock: Rc<FakeClock>,
}

fn rig() -> Rig {
    Rig {
        dir: tempfile::tempdir().unwrap(),
        clock: Rc::new(FakeClock::at("2026-11-22T02:15:00Z".parse().unwrap())),
    }
}

fn open(state_dir: &Path, clock: Rc<dyn Clock>) -> Box<dyn Forge> {
    open_as(Source::main(""), state_dir, clock)
}

fn open_as(source: Source<'_>, state_dir: &Path, clock: Rc<dyn Clock>) -> Box<dyn Forge> {
    let http = Http::new(
        Limits::default(),
        Rc::clone(&clock),
        Duration::from_secs(60),
    );
    let parts = Parts {
        http: Rc::new(http),
        clock,
        token: None,
        state_dir: state_dir.to_owned(),
    };
    FolderSettings::parse(source).unwrap().open(parts).unwrap()
}

impl Rig {
    fn forge(&self) -> Box<dyn Forge> {
        open(self.dir.path(), self.clock.clone())
    }

    fn issues(&self) -> PathBuf {
        self.dir.path().join("issues")
    }

    fn create(&self, job: &str) -> ForgeIssue {
        let issue = NewIssue {
            title: format!("[heartbeat-checker] {job} is silent on bezalel"),
            body: "<!-- heartbeat-checker {} -->\nsilent".to_owned(),
            ..NewIssue::default()
        };
        self.forge().create(&issue).unwrap()
    }

    fn open_numbers(&self) -> (Vec<u64>, bool) {
        let listing = self.forge().open_issues("beat-check").unwrap();
        let numbers = listing.issues.iter().map(|issue| issue.number).collect();
        (numbers, listing.complete)
    }

    fn closed(&self, since: &str) -> Vec<ForgeIssue> {
        let since = since.parse().unwrap();
        self.forge()
            .closed_issues("beat-check", since)
            .unwrap()
            .issues
    }

    fn file(&self) -> String {
        let name = "0001-db_backup-is-silent-on-bezalel.md";
        let folder = ["open", "closed"].map(|folder| self.issues().join(folder).join(name));
        folder
            .iter()
            .find_map(|path| fs::read_to_string(path).ok())
            .unwrap()
    }
}

#[test]
fn the_life_of_an_issue() {
    let rig = rig();
    let forge = rig.forge();
    assert_eq!(
        rig.open_numbers(),
        (vec![], true),
        "no folder is an empty one"
    );
    assert!(!rig.issues().exists(), "looking makes nothing");
    let issue = rig.create("db_backup");
    assert!(
        issue
            .url
            .ends_with("/issues/open/0001-db_backup-is-silent-on-bezalel.md")
    );
    assert_eq!(forge.open_issues("beat-check").unwrap().issues, [issue]);
    rig.clock.advance(Duration::from_secs(900));
    forge.comment(1, "still silent\n").unwrap();
    rig.clock.advance(Duration::from_secs(900));
    forge.comment(1, "and back").unwrap();
    let edit = Edit {
        title: Some("[heartbeat-checker] db_backup failed on bezalel".to_owned()),
        state: Some(State::Closed),
        ..Edit::default()
    };
    forge.edit(1, &edit).unwrap();
    forge.edit(1, &edit).unwrap();
    assert_eq!(
        forge.comments(1, "beat-check").unwrap(),
        ["still silent\n", "and back"]
    );
    assert_eq!(forge.comments(1, "alice").unwrap(), [""; 0]);
    assert_eq!(rig.open_numbers(), (vec![], true));
    let closed = rig.closed("2026-11-22T02:45:00Z").remove(0);
    assert_eq!(
        closed.closed_at,
        Some("2026-11-22T02:45:00Z".parse().unwrap())
    );
    assert!(rig.closed("2026-11-22T02:45:01Z").is_empty());
    assert!(
        rig.issues()
            .join("closed/0001-db_backup-is-silent-on-bezalel.md")
            .exists()
    );
    insta::assert_snapshot!(rig.file());
    let reopen = Edit {
        state: Some(State::Open),
        ..Edit::default()
    };
    forge.edit(1, &reopen).unwrap();
    assert_eq!(rig.open_numbers(), (vec![1], true));
    assert!(!rig.file().contains("closed_at"));
    assert_eq!(forge.warnings(), [""; 0]);
}

#[test]
fn a_person_closes_and_reopens_by_hand() {
    let rig = rig();
    rig.create("db_backup");
    let name = "0001-db_backup-is-silent-on-bezalel.md";
    let (open, closed) = (
        rig.issues().join("open").join(name),
        rig.issues().join("closed").join(name),
    );
    fs::rename(&open, &closed).unwrap();
    assert_eq!(rig.open_numbers().0, [0; 0], "closed by moving the file");
    let issue = rig.closed("2000-01-01T00:00:00Z").remove(0);
    assert!(issue.closed_at.is_some(), "the file tells when");
    let forge = rig.forge();
    forge.comment(1, "seen").unwrap();
    assert_eq!(rig.open_numbers().0, [0; 0], "a comment leaves it closed");
    fs::rename(&closed, &open).unwrap();
    assert_eq!(rig.open_numbers().0, [1], "opened by moving it back");
    forge.comment(1, "seen").unwrap();
    let text = fs::read_to_string(&open).unwrap();
    fs::write(&open, text.replace("\nstate: open\n", "\nstate: closed\n")).unwrap();
    assert_eq!(rig.open_numbers().0, [0; 0], "closed by writing so");
    let edit = Edit {
        body: Some("x".to_owned()),
        ..Edit::default()
    };
    forge.edit(1, &edit).unwrap();
    assert!(
        closed.exists() && !open.exists(),
        "and moved along at the next change"
    );
    fs::remove_file(&closed).unwrap();
    let error = forge.comment(1, "x").unwrap_err();
    assert!(
        error.why.contains("there is no issue #1 (any more)"),
        "{error}"
    );
    assert_eq!(rig.create("other").number, 2, "a number is not given twice");
}

#[test]
fn after_a_crash_at_any_point_an_issue_is_there_once() {
    let rig = rig();
    rig.create("db_backup");
    let root = rig.issues();
    let path = root.join("open/0001-db_backup-is-silent-on-bezalel.md");
    let moved = root.join("closed/0001-db_backup-is-silent-on-bezalel.md");
    let settled = fs::read_to_string(&path).unwrap();
    let moving = settled.replace("\nstate: open\n", "\nstate: closed\n");
    // What lies on disk after each step of closing, in order.
    let steps: [(&Path, &str, usize); 4] = [
        (&path, &settled, 1),
        (&path, &moving, 0),
        (&moved, &moving, 0),
        (
            &moved,
            &moving.replace("settled: open", "settled: closed"),
            0,
        ),
    ];
    for (at, text, open) in steps {
        let _ = fs::remove_file(&path);
        let _ = fs::remove_file(&moved);
        fs::write(at, text).unwrap();
        fs::write(root.join(".heartbeat-left-behind"), "half").unwrap();
        assert_eq!(rig.open_numbers().0.len(), open);
        assert_eq!(rig.closed("2000-01-01T00:00:00Z").len(), 1 - open);
        // And the next change leaves everything in order.
        rig.forge().edit(1, &Edit::closed()).unwrap();
        let files = fs::read_dir(root.join("closed")).unwrap().count();
        assert_eq!((files, path.exists()), (1, false));
        assert!(!root.join(".heartbeat-left-behind").exists());
    }
}

#[test]
fn what_is_no_issue_is_left_alone_and_named() {
    let rig = rig();
    rig.create("db_backup");
    let open = rig.issues().join("open");
    fs::write(open.join("README.md"), "# Notes\n").unwrap();
    fs::write(open.join("0007-printer.md"), "the printer is on fire\n").unwrap();
    fs::write(open.join("shopping.txt"), "milk").unwrap();
    fs::write(open.join(".0001-x.md.swp"), "b0VIM").unwrap();
    fs::write(open.join("0001-x.md~"), "old").unwrap();
    let by_alice = "---\nnumber: 9\ntitle: Printer\nstate: open\nauthor: alice\n---\n\nfire\n";
    fs::write(open.join("printer.md"), by_alice).unwrap();
    assert_eq!(
        rig.open_numbers(),
        (vec![1], true),
        "none of these can be ours"
    );
    let forge = rig.forge();
    forge.open_issues("beat-check").unwrap();
    let root = rig.issues().display().to_string();
    let warnings = forge.warnings().join("\n").replace(&root, "ISSUES");
    insta::assert_snapshot!(warnings, @r"
    ISSUES/open/0007-printer.md is left alone: it does not begin with a head between `---`
    ISSUES/open/README.md is left alone: it does not begin with a head between `---`
    ISSUES/open/shopping.txt is left alone: its name does not end in .md
    ");
    assert_eq!(
        rig.create("other").number,
        10,
        "numbers of others are not taken"
    );
    assert_eq!(
        fs::read_to_string(open.join("printer.md")).unwrap(),
        by_alice
    );
}

#[test]
fn what_could_hide_one_of_ours_makes_the_listing_incomplete() {
    type Break = fn(&Path);
    let cases: [(&str, Break); 7] = [
        ("emptied", |path| fs::write(path, "").unwrap()),
        ("no head", |path| {
            fs::write(path, "<!-- heartbeat-checker {} -->").unwrap()
        }),
        ("no text", |path| fs::write(path, [0xff, 0xfe, 0]).unwrap()),
        ("too large", |path| {
            let file = fs::File::options().write(true).open(path).unwrap();
            file.set_len(1 << 30).unwrap();
        }),
        ("a link", |path| {
            fs::remove_file(path).unwrap();
            symlink("/etc/passwd", path).unwrap();
        }),
        ("a folder", |path| {
            fs::remove_file(path).unwrap();
            fs::create_dir(path).unwrap();
        }),
        ("a pipe", |path| {
            fs::remove_file(path).unwrap();
            let mode = rustix::fs::Mode::from(0o600);
            rustix::fs::mkfifoat(rustix::fs::CWD, path, mode).unwrap();
        }),
    ];
    for (what, spoil) in cases {
        let rig = rig();
        let issue = rig.create("db_backup");
        let path = PathBuf::from(issue.url.strip_prefix("file://").unwrap());
        spoil(&path);
        assert_eq!(rig.open_numbers(), (vec![], false), "{what}");
        let forge = rig.forge();
        forge.open_issues("beat-check").unwrap();
        let warning = forge.warnings().join("\n");
        assert!(warning.contains("0001-db_backup"), "{what}: {warning}");
        assert!(
            warning.contains("nothing is opened until"),
            "{what}: {warning}"
        );
        assert!(path.symlink_metadata().is_ok(), "{what}: still there");
    }
}

#[test]
fn the_same_number_twice_is_one_issue() {
    let rig = rig();
    rig.create("db_backup");
    let open = rig.issues().join("open");
    let copy = open.join("0001-zz-copy.md");
    fs::copy(open.join("0001-db_backup-is-silent-on-bezalel.md"), &copy).unwrap();
    assert_eq!(rig.open_numbers(), (vec![1], true));
    rig.forge().edit(1, &Edit::closed()).unwrap();
    assert!(copy.exists(), "the copy is left alone");
}

#[test]
fn a_file_that_is_in_the_way_is_not_overwritten() {
    let rig = rig();
    rig.create("db_backup");
    let name = "0001-db_backup-is-silent-on-bezalel.md";
    let way = rig.issues().join("closed").join(name);
    fs::write(&way, "mine").unwrap();
    let error = rig.forge().edit(1, &Edit::closed()).unwrap_err();
    assert!(error.why.contains("is in the way"), "{error}");
    assert_eq!(fs::read_to_string(&way).unwrap(), "mine");
    assert_eq!(rig.open_numbers(), (vec![1], true), "and it is still open");
}

#[test]
fn two_checkers_at_once_take_different_numbers() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path();
    let create = |who: usize| {
        let forge = open(path, Rc::new(SystemClock::start()));
        let numbers = (0..10).map(|count| {
            let issue = NewIssue {
                title: format!("job {who}-{count}"),
                ..NewIssue::default()
            };
            let number = forge.create(&issue).unwrap().number;
            forge.comment(number, "x").unwrap();
            number
        });
        numbers.collect::<Vec<u64>>()
    };
    let create = &create;
    let mut all: Vec<u64> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|who| scope.spawn(move || create(who))).collect();
        threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap())
            .collect()
    });
    all.sort_unstable();
    assert_eq!(all, (1..=40).collect::<Vec<u64>>());
    let forge = open(path, Rc::new(SystemClock::start()));
    assert_eq!(forge.open_issues("beat-check").unwrap().issues.len(), 40);
}

#[test]
fn a_lock_that_is_held_is_waited_for_and_told() {
    let rig = rig();
    rig.create("db_backup");
    let _guard = store::lock(&rig.issues(), true, &*rig.clock).unwrap();
    let error = rig.forge().comment(1, "x").unwrap_err();
    assert!(
        error.why.contains("another checker holds the lock"),
        "{error}"
    );
    assert!(rig.clock.elapsed() >= Duration::from_secs(10));
    assert!(!error.may_have_acted);
    assert!(rig.forge().open_issues("beat-check").is_err());
}

#[test]
fn files_are_for_everybody_to_read() {
    let rig = rig();
    let issue = rig.create("../../etc/passwd\n@all [x] 💥");
    let path = PathBuf::from(issue.url.strip_prefix("file://").unwrap());
    assert_eq!(path.parent(), Some(rig.issues().join("open").as_path()));
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o644
    );
}

#[test]
fn a_folder_that_cannot_be_used_is_told() {
    let rig = rig();
    fs::write(rig.issues(), "a file").unwrap();
    let new = NewIssue {
        title: "x".to_owned(),
        ..NewIssue::default()
    };
    let errors = [
        rig.forge().open_issues("beat-check").unwrap_err(),
        rig.forge().create(&new).unwrap_err(),
    ];
    for error in errors {
        assert!(error.doing.ends_with("/issues"), "{error}");
        assert!(!error.why.is_empty());
    }
    let blank = NewIssue {
        title: " ".to_owned(),
        ..NewIssue::default()
    };
    assert!(
        rig.forge()
            .create(&blank)
            .unwrap_err()
            .why
            .contains("blank")
    );
}

#[test]
fn a_title_becomes_a_name() {
    let cases = [
        (
            "[heartbeat-checker] db_backup is silent on bezalel",
            "db_backup-is-silent-on-bezalel",
        ),
        ("[all]", "all"),
        ("", "issue"),
        ("../..", "issue"),
        ("a/b\\c\0d", "a-b-c-d"),
        ("💥 bumm", "bumm"),
    ];
    for (title, name) in cases {
        assert_eq!(slug(title), name);
    }
    assert!(slug(&"x".repeat(500)).len() <= 80);
}

#[test]
fn labels_of_an_issue_stand_in_its_head() {
    let rig = rig();
    let made = |name: Option<&str>, labels: &[&str]| {
        let text = "[forge]\nlabel = \"heartbeat\"\n[forges.ops]\nlabel = \"\"\n";
        let source = Source { text, name };
        let issue = NewIssue {
            title: "a".to_owned(),
            labels: labels.iter().map(|one| (*one).to_owned()).collect(),
            ..NewIssue::default()
        };
        let forge = open_as(source, rig.dir.path(), rig.clock.clone());
        let url = forge.create(&issue).unwrap().url;
        std::fs::read_to_string(url.strip_prefix("file://").unwrap()).unwrap()
    };
    let text = made(None, &["db", "team \"a\""]);
    assert!(
        text.contains("\nlabels: [\"heartbeat\", \"db\", \"team \\\"a\\\"\"]\n"),
        "{text}"
    );
    assert!(made(Some("ops"), &["db"]).contains("\nlabels: [\"db\"]\n"));
    assert!(!made(Some("ops"), &[]).contains("labels"));
    // Without a path, each forge has a folder of its own.
    assert!(rig.dir.path().join("issues/open").is_dir());
    assert!(rig.dir.path().join("issues-ops/open").is_dir());
}
