//! Files and folders that are not what they should be.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use super::scene::Scene;

#[test]
fn a_result_replaces_no_pipe_and_no_link() {
    let scene = Scene::new();
    scene.beat("mail", 10, 3_600);
    let pipe = scene.path("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let ran = scene.finish(scene.command(&["--out"]).arg(&pipe));
    assert_eq!(ran.code, 3);
    assert_eq!(
        ran.err,
        "error: cannot write the result to [scratch]/pipe: it is there and no regular file\n\
         hint: the folder must exist and be writable\n"
    );
    assert!(!fs::symlink_metadata(&pipe).unwrap().is_file());
    // What a link leads to is replaced, the link stays.
    let real = scene.path("real");
    fs::write(&real, "old").unwrap();
    symlink(&real, scene.path("link")).unwrap();
    let ran = scene.finish(scene.command(&["--out"]).arg(scene.path("link")));
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert!(
        fs::symlink_metadata(scene.path("link"))
            .unwrap()
            .is_symlink()
    );
    assert!(
        fs::read_to_string(&real)
            .unwrap()
            .contains("1 job: 1 fresh")
    );
}

/// A program that runs cannot be opened for writing, by nobody: as a lock file on
/// a read-only disk, or another user's.
#[test]
fn a_lock_that_cannot_be_written_is_a_lock() {
    let scene = Scene::new();
    scene.beat("mail", 10, 3_600);
    fs::create_dir(scene.path("state")).unwrap();
    let lock = scene.path("state/lock");
    symlink(std::env::current_exe().unwrap(), &lock).unwrap();
    let ran = scene.run(&[]);
    let held = fs::File::open(&lock).unwrap();
    held.lock().unwrap();
    let second = scene.run(&[]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    assert_eq!(second.code, 3);
    assert!(
        second.err.contains("another pass is running"),
        "{}",
        second.err
    );
}

#[test]
fn a_clock_that_was_wrong_once_can_be_believed_again() {
    let scene = Scene::new();
    scene.beat("mail", 10, 3_600);
    scene.beat("beat-check", -3 * 86_400, 900);
    let ran = scene.run(&[]);
    assert_eq!(ran.code, 5);
    let remedy = "If it is, it was not when the checker left [scratch]/store/beat-check.last: remove that file";
    assert!(ran.err.contains(remedy), "{}", ran.err);
    fs::remove_file(scene.path("store/beat-check.last")).unwrap();
    assert_eq!(scene.run(&[]).code, 0);
    // Others' beats are named, the furthest ahead first to be mended.
    fs::remove_file(scene.path("store/beat-check.last")).unwrap();
    scene.beat("near", -90_000, 3_600);
    scene.beat("far", -900_000, 3_600);
    let ran = scene.run(&[]);
    assert_eq!(ran.code, 5);
    let remedy = "let the jobs run once more, far above all";
    assert!(ran.err.contains(remedy), "{}", ran.err);
}

/// The clock was ahead while the checker left its beat, and was put right: nobody need
/// remove that beat for the watch to go on.
#[test]
fn a_clock_is_doubted_for_a_day_and_no_longer() {
    let scene = Scene::new();
    scene.beat("mail", 10_000, 3_600);
    scene.beat("beat-check", -3 * 365 * 86_400, 900);
    let codes = [scene.run(&[]).code, scene.run(&["--dry-run"]).code];
    assert_eq!(codes, [5, 5]);
    assert_eq!(scene.issues("open"), Vec::<String>::new());
    let path = scene.path("state/notes.json");
    let notes = fs::read_to_string(&path).unwrap();
    let mut notes: serde_json::Value = serde_json::from_str(&notes).unwrap();
    assert!(
        notes["doubt"]["seconds"].as_f64().unwrap() < 60.0,
        "{notes}"
    );
    notes["doubt"]["seconds"] = 86_400.into();
    fs::write(&path, notes.to_string()).unwrap();
    assert_eq!(scene.run(&[]).code, 1);
    assert_eq!(scene.issues("open").len(), 1);
    // Its own beat is right again, and so is the clock.
    assert_eq!(scene.run(&[]).code, 1);
    assert!(!fs::read_to_string(&path).unwrap().contains("doubt"));
}

#[test]
fn monitoring_is_told_what_is_odd_in_the_store() {
    let scene = Scene::new();
    scene.beat("mail", 10, 3_600);
    scene.file("my job.last", b"");
    let ran = scene.run(&["--format", "nagios"]);
    assert_eq!(ran.code, 2);
    let line = "HEARTBEAT CRITICAL - 0 of 1 jobs flagged, [scratch]/store/my job.last is not named after a job";
    assert!(ran.out.starts_with(line), "{}", ran.out);
}

/// Root's beat would look like a second checker that fell silent, and root's files
/// would lock the service out.
#[test]
fn a_pass_of_root_does_not_get_in_the_way_of_the_service() {
    let scene = Scene::new();
    scene.beat("mail", 10, 3_600);
    fs::create_dir(scene.path("state")).unwrap();
    // Only root can give a folder away, and only root is meant.
    if std::os::unix::fs::chown(scene.path("state"), Some(1), None).is_err() {
        return;
    }
    let ran = scene.run(&[]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert_eq!(
        ran.err,
        "error: the state folder [scratch]/state belongs to daemon, and this is root\n\
         hint: what root leaves there and in the store would be in daemon's way: \
         `beat-check --look` only looks, and `runuser -u daemon -- beat-check` is a whole pass\n"
    );
    assert_eq!(super::scene::names(&scene.store()), ["mail.last"]);
    assert_eq!(scene.run(&["--look"]).code, 0);
    assert_eq!(scene.run(&["--dry-run"]).code, 0);
}
