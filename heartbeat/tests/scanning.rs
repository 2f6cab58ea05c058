//! Scanning a store: one result for each job, whatever else lies there.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]
#![allow(
    clippy::disallowed_methods,
    reason = "a process in a namespace of its own"
)]

mod common;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{chown, symlink};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use common::{NOBODY, Store, as_stranger, fifo, is_root, left_out, line, set_mode};
use heartbeat::{JobFiles, Place, Scan, Slot, replace_file, scan, user_name};

/// A slot in a word: the time, or the fault.
fn word(slot: &Slot) -> String {
    match slot.as_deref() {
        None => "-".into(),
        Some(Ok(beat)) => beat.timestamp.format("%H:%M").to_string(),
        Some(Err(unreadable)) => unreadable.kind.to_string(),
    }
}

/// `user/job` and its slots; the last one, which few have, only where it is there.
fn entry(place: &Place, files: &JobFiles) -> (String, Vec<String>) {
    let key = format!("{}/{}", place.user, files.job);
    (
        key,
        [&files.last, &files.fail, &files.run]
            .into_iter()
            .chain(files.skip.is_some().then_some(&files.skip))
            .map(word)
            .collect(),
    )
}

fn look(store: &Store) -> Scan<(String, Vec<String>)> {
    scan(store.path(), 4, |place, files| entry(place, &files)).unwrap()
}

/// The jobs as lines, sorted; the findings with the store's path left out.
fn told(store: &Store) -> (Vec<String>, Vec<String>) {
    let scan = look(store);
    let jobs: BTreeMap<_, _> = scan.jobs.iter().cloned().collect();
    assert_eq!(jobs.len(), scan.jobs.len(), "a job was told twice");
    let root = format!("{}/", store.path().display());
    let shown = |blind, text: String| match blind {
        true => format!("blind: {}", text.replace(&root, "")),
        false => text.replace(&root, ""),
    };
    (
        jobs.into_iter()
            .map(|(key, slots)| format!("{key} {}", slots.join(" ")))
            .collect(),
        scan.findings
            .iter()
            .map(|finding| shown(finding.blind, finding.to_string()))
            .collect(),
    )
}

fn me() -> String {
    user_name(rustix::process::geteuid().as_raw()).unwrap()
}

const AT: &str = "2026-11-22T02:00:07Z";

/// Only what a program serves is passed by: the rest answers.
#[test]
fn what_the_kernel_mounts_is_looked_at() {
    let scan = scan(Path::new("/"), 1, |_, _| ()).unwrap();
    let mut findings = scan.findings.iter();
    assert!(!findings.any(|finding| finding.path == Path::new("/proc")));
}

#[test]
fn jobs_with_any_of_their_files_and_nothing_else() {
    let store = Store::new();
    let me = me();
    for name in [
        "all.last",
        "all.fail",
        "all.run",
        "all.skip",
        "failed.fail",
        "idle.skip",
        "runs.run",
    ] {
        store.put(name, AT);
    }
    // A write in progress, a note, the folder of a file system.
    for name in [".all.last.4711.0", "README", "last", "x.lasting", ".last"] {
        store.put(name, "x");
    }
    std::fs::create_dir(store.join("lost+found")).unwrap();
    std::fs::create_dir(store.join("empty")).unwrap();
    let (jobs, findings) = told(&store);
    let at = "02:00";
    assert_eq!(
        jobs,
        [
            format!("{me}/all {at} {at} {at} {at}"),
            format!("{me}/failed - {at} -"),
            format!("{me}/idle - - - {at}"),
            format!("{me}/runs - - {at}"),
        ]
    );
    assert_eq!(findings, [""; 0]);
}

#[test]
fn one_bad_file_neither_stops_the_scan_nor_looks_fresh() {
    let store = Store::new();
    let me = me();
    store.put("good.last", line("good"));
    store.put("bad.last", "{");
    store.put("other.last", line("good"));
    fifo(&store.join("fifo.last"));
    let _socket = std::os::unix::net::UnixListener::bind(store.join("socket.last")).unwrap();
    symlink("/etc/shadow", store.join("link.last")).unwrap();
    std::fs::create_dir(store.join("dir.last")).unwrap();
    store.put("dir.last/inner.last", line("inner"));
    symlink("good.last", store.join("half.fail")).unwrap();
    store.put("half.last", line("half"));
    let (jobs, findings) = told(&store);
    assert_eq!(
        jobs,
        [
            format!("{me}/bad is not readable: it is cut off (line 1, column 1) - -"),
            format!("{me}/dir is a directory, not a regular file - -"),
            format!("{me}/fifo is a FIFO, not a regular file - -"),
            format!("{me}/good 02:00 - -"),
            format!("{me}/half 02:00 is a symbolic link, not a regular file -"),
            format!("{me}/link is a symbolic link, not a regular file - -"),
            format!("{me}/other names another job, \"good\" - -"),
            format!("{me}/socket is a socket, not a regular file - -"),
        ]
    );
    assert_eq!(findings, [""; 0]);
}

#[test]
fn names_that_no_job_has() {
    let store = Store::new();
    for name in ["my job.last", "-x.run", "a\nb.fail"] {
        store.put(name, AT);
    }
    store.put(&format!("{}.last", "x".repeat(101)), AT);
    let name = OsStr::from_bytes(b"\xff\xfe.last");
    std::fs::write(store.path().join(name), AT).unwrap();
    let (jobs, mut findings) = told(&store);
    assert_eq!(jobs, [""; 0]);
    findings.sort();
    let what = "is not named after a job: letters, digits, \".\", \"_\" and \"-\", at most 100; it is not watched";
    let long = "x".repeat(101);
    assert_eq!(
        findings,
        [
            format!("-x.run {what}"),
            format!("a\\nb.fail {what}"),
            format!("my job.last {what}"),
            format!("{long}.last {what}"),
            format!("\u{fffd}\u{fffd}.last {what}"),
        ]
    );
}

#[test]
fn links_to_directories_are_not_followed_and_said() {
    let store = Store::new();
    let elsewhere = Store::new();
    elsewhere.put("x.last", AT);
    symlink(elsewhere.path(), store.join("nobody")).unwrap();
    symlink("nowhere", store.join("dangling")).unwrap();
    symlink("/etc/passwd", store.join("note")).unwrap();
    let (jobs, findings) = told(&store);
    assert_eq!(jobs, [""; 0]);
    assert_eq!(
        findings,
        [
            "blind: nobody is a symbolic link to a directory; links are not followed, beats in it are not seen"
        ]
    );
}

#[test]
fn directories_that_are_no_users() {
    let store = Store::new();
    let me = me();
    for dir in ["no-such-user", &me] {
        std::fs::create_dir(store.join(dir)).unwrap();
        store.put(&format!("{dir}/x.last"), AT);
    }
    store.put("x.last", AT);
    let name = store.path().join(OsStr::from_bytes(b"\xff"));
    std::fs::create_dir(&name).unwrap();
    let (jobs, mut findings) = told(&store);
    findings.sort();
    let mut expected = [
        "no-such-user/x 02:00 - -".into(),
        format!("{me}/x 02:00 - -"),
    ];
    expected.sort();
    assert_eq!(jobs, expected);
    assert_eq!(
        findings,
        [
            format!("blind: {me} is named after {me}, whose beats lie in the store itself; move them there, beats in it are not seen"),
            "blind: \u{fffd} is named after no user; beats in it are not seen".into(),
            "no-such-user is named after a user that does not exist, \"no-such-user\"; a subdirectory of the store is named after the user whose beats lie in it".into(),
        ]
    );
}

#[test]
fn a_store_that_everybody_can_write_is_a_finding() {
    let store = Store::new();
    set_mode(store.path(), 0o1777);
    let (_, findings) = told(&store);
    let what = "can be written by everybody, so anybody can forge or remove a beat; chmod o-w";
    assert_eq!(findings, [format!("{} {what}", store.path().display())]);
}

#[test]
fn a_store_that_cannot_be_read_is_an_error() {
    let store = Store::new();
    let file = store.put("file", "");
    let nothing = |_: &Place, _: JobFiles| ();
    let kind = |path: &Path| scan(path, 1, nothing).unwrap_err().kind();
    assert_eq!(kind(&store.join("none")), std::io::ErrorKind::NotFound);
    assert_eq!(kind(&file), std::io::ErrorKind::NotADirectory);
    set_mode(store.path(), 0o000);
    let denied = as_stranger(|| scan(store.path(), 1, nothing).unwrap_err().kind());
    assert_eq!(denied, std::io::ErrorKind::PermissionDenied);
    set_mode(store.path(), 0o755);
}

/// What only root can lay out: places of several users.
#[test]
fn users_have_their_own_places() {
    if !is_root() {
        return left_out("places of several users", "root is needed");
    }
    let store = Store::new();
    let owned = |name: &str, uid| chown(store.join(name), Some(uid), None).unwrap();
    store.put("x.last", AT);
    for dir in ["nobody", "daemon", "bin"] {
        std::fs::create_dir(store.join(dir)).unwrap();
        set_mode(&store.join(dir), 0o755);
        store.put(&format!("{dir}/x.last"), AT);
    }
    // Nobody's place is in order; one beat in it is root's, and nobody looks deeper.
    owned("nobody", NOBODY);
    owned("nobody/x.last", NOBODY);
    store.put("nobody/forged.last", AT);
    std::fs::create_dir(store.join("nobody/deeper")).unwrap();
    store.put("nobody/deeper/y.last", AT);
    // Daemon's place is nobody's, and open to all.
    owned("daemon", NOBODY);
    set_mode(&store.join("daemon"), 0o777);
    // Bin's place is closed to strangers.
    owned("bin", 2);
    set_mode(&store.join("bin"), 0o700);
    let (jobs, findings) = as_stranger(|| told(&store));
    assert_eq!(
        jobs,
        [
            "daemon/x belongs to root, but its place in the store is daemon's - -",
            "nobody/forged belongs to root, but its place in the store is nobody's - -",
            "nobody/x 02:00 - -",
            "root/x 02:00 - -",
        ]
    );
    assert_eq!(
        findings,
        [
            "blind: bin cannot be opened: permission denied; beats in it are not seen",
            "daemon belongs to nobody, but is named after daemon; its beats cannot be trusted",
            "daemon can be written by everybody, so anybody can forge or remove a beat; chmod o-w",
        ]
    );
    let places: Vec<_> = look(&store)
        .places
        .iter()
        .map(|p| p.user.to_string())
        .collect();
    assert_eq!(places, ["root", "bin", "daemon", "nobody"]);
}

/// From inside a user namespace, as a service with `PrivateUsers=` is, the owners of
/// other users' files cannot be told apart; their beats are read all the same.
#[test]
fn from_inside_a_user_namespace() {
    const STORE: &str = "TEST_STORE_SEEN_FROM_INSIDE";
    if let Some(store) = std::env::var_os(STORE) {
        let scan = scan(Path::new(&store), 1, |place, files| entry(place, &files)).unwrap();
        let mut jobs = scan.jobs;
        jobs.sort();
        let slots = |last: &str| vec![last.to_owned(), "-".to_owned(), "-".to_owned()];
        let forged = "belongs to root, but its place in the store is daemon's";
        assert_eq!(
            jobs,
            [
                ("daemon/forged".to_owned(), slots(forged)),
                ("daemon/x".to_owned(), slots("02:00")),
                ("root/x".to_owned(), slots("02:00")),
            ]
        );
        assert_eq!(scan.findings, []);
        return;
    }
    let mut inside = std::process::Command::new("unshare");
    inside.args(["--user", "--map-root-user"]);
    let possible = inside
        .arg("true")
        .status()
        .is_ok_and(|status| status.success());
    if !is_root() || !possible {
        return left_out("a scan from a user namespace", "root is needed");
    }
    let store = Store::new();
    store.put("x.last", AT);
    std::fs::create_dir(store.join("daemon")).unwrap();
    for name in ["daemon/x.last", "daemon/forged.last"] {
        store.put(name, AT);
    }
    for name in ["daemon", "daemon/x.last"] {
        chown(store.join(name), Some(1), None).unwrap();
    }
    let status = std::process::Command::new("unshare")
        .args(["--user", "--map-root-user"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", "from_inside_a_user_namespace"])
        .env(STORE, store.path())
        .status();
    assert!(status.unwrap().success());
}

/// A host that has no files left to open says nothing about the jobs.
#[test]
fn what_the_host_lacks_is_no_fault_of_a_job() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    const STORE: &str = "TEST_STORE_WITHOUT_FILES_TO_OPEN";
    if let Some(store) = std::env::var_os(STORE) {
        let limit = |current| {
            let maximum = getrlimit(Resource::Nofile).maximum;
            setrlimit(Resource::Nofile, Rlimit { current, maximum }).unwrap();
        };
        let usual = getrlimit(Resource::Nofile).current;
        let look = |until: &str| {
            limit(usual);
            scan(Path::new(&store), 1, |place, _| {
                // After the first job that is read there.
                if *place.user == *until {
                    limit(Some(1));
                }
            })
        };
        let error = look(&me()).err().unwrap();
        assert_eq!(
            error.raw_os_error(),
            Some(rustix::io::Errno::MFILE.raw_os_error())
        );
        let seen = look("daemon").unwrap();
        limit(usual);
        let told: Vec<_> = seen.findings.iter().filter(|told| told.blind).collect();
        let [told] = told[..] else { panic!("{told:?}") };
        assert!(told.path.ends_with("daemon"));
        assert_eq!(
            told.what,
            "cannot be read: Too many open files (os error 24); beats in it are not seen"
        );
        assert_eq!((seen.jobs.len(), seen.places.len()), (2, 1));
        return;
    }
    let store = Store::new();
    std::fs::create_dir(store.join("daemon")).unwrap();
    for name in ["x.last", "y.last", "daemon/x.last", "daemon/y.last"] {
        store.put(name, AT);
    }
    let status = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "what_the_host_lacks_is_no_fault_of_a_job"])
        .env(STORE, store.path())
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn one_thread_sees_what_many_see() {
    let store = Store::new();
    for i in 0..3_000 {
        store.put(&format!("job{i}.last"), line(&format!("job{i}")));
        if i % 7 == 0 {
            store.put(&format!("job{i}.fail"), "{");
        }
    }
    let sorted = |threads| {
        let mut scan = scan(store.path(), threads, |place, files| entry(place, &files)).unwrap();
        scan.jobs.sort();
        scan
    };
    let one = sorted(1);
    assert_eq!(one.jobs.len(), 3_000);
    for threads in [0, 2, 5, 64] {
        assert_eq!(sorted(threads), one, "{threads} threads");
    }
}

/// Files that come and go while the store is read: those that stay are all seen,
/// each once, and those that go are no fault.
#[test]
fn a_store_that_changes_under_the_readers_hands() {
    let store = Store::new();
    for i in 0..200 {
        store.put(&format!("stays{i}.last"), AT);
    }
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Also when an assertion fails: else the writer would go on for ever.
        let _stop = Stop(&done);
        scope.spawn(|| {
            let mut round = 0u64;
            while !done.load(Ordering::Relaxed) {
                round += 1;
                let goes = format!("goes{}.last", round % 50);
                replace_file(store.path(), &goes, AT.as_bytes(), false).unwrap();
                let stays = format!("stays{}.last", round % 200);
                replace_file(store.path(), &stays, AT.as_bytes(), false).unwrap();
                std::fs::remove_file(store.join(&goes)).unwrap();
            }
        });
        for _ in 0..30 {
            let (jobs, findings) = told(&store);
            let stay = jobs.iter().filter(|job| job.contains("/stays")).count();
            assert_eq!(stay, 200);
            assert!(
                jobs.iter().all(|job| job.ends_with(" 02:00 - -")),
                "{jobs:?}"
            );
            assert_eq!(findings, [""; 0]);
        }
    });
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
