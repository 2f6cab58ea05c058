//! Stores that are missing, closed, wrong or busy; output that nobody takes.

use std::fs;
use std::io::Read;
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;

use super::scene::{Scene, names};

#[test]
fn the_life_of_a_silence_in_a_folder() {
    let scene = Scene::new();
    scene.beat("db_backup", 200_000, 3_600);
    scene.beat("mail", 10, 3_600);
    let first = scene.run(&[]);
    assert_eq!(first.code, 1, "{}", first.err);
    assert!(
        first.out.contains("opened #1 for db_backup"),
        "{}",
        first.out
    );
    let again = scene.run(&[]);
    assert_eq!(again.code, 1);
    assert!(!again.out.contains("#1 for"), "{}", again.out);
    assert_eq!(scene.issues("open").len(), 1);
    scene.beat("db_backup", 1, 3_600);
    let over = scene.run(&[]);
    assert_eq!(over.code, 0, "{}{}", over.out, over.err);
    assert!(
        over.out
            .contains("told the recovery and closed #1 for db_backup")
    );
    assert_eq!(
        (scene.issues("open").len(), scene.issues("closed").len()),
        (0, 1)
    );
    let file = scene
        .path("state/issues/closed")
        .join(&scene.issues("closed")[0]);
    let story = fs::read_to_string(file).unwrap();
    assert!(
        story.contains("Recovered: `db_backup` succeeded at"),
        "{story}"
    );
    assert!(
        story.contains("54 runs were missed") || story.contains("55 runs were missed"),
        "{story}"
    );
    assert_eq!(scene.run(&[]).code, 0);
    assert!(names(&scene.store()).contains(&"beat-check.last".to_owned()));
}

#[test]
fn a_dry_run_says_what_it_would_do_and_does_nothing() {
    let scene = Scene::new();
    scene.beat("db_backup", 200_000, 3_600);
    let ran = scene.run(&["--dry-run"]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out.contains("would open an issue for db_backup"),
        "{}",
        ran.out
    );
    assert_eq!(names(&scene.store()), ["db_backup.last"]);
    assert!(
        !scene.path("state").exists(),
        "{:?}",
        names(&scene.path("state"))
    );
}

#[test]
fn an_empty_store_says_how_to_begin() {
    let ran = Scene::new().run(&[]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out
            .contains("No job leaves a beat here yet. Add one to a line of a crontab:")
    );
}

#[test]
fn a_store_that_cannot_be_read_is_no_quiet_store() {
    let scene = Scene::new();
    fs::write(scene.path("file"), "").unwrap();
    for (name, why) in [
        ("none", "there is no such directory"),
        ("file", "it is not a directory"),
    ] {
        let ran = scene.finish(scene.bare(&[]).arg("--dir").arg(scene.path(name)));
        assert_eq!(ran.code, 3);
        let said = format!(
            "problem: cannot read the store [scratch]/{name}: {why}; its jobs are not watched"
        );
        assert!(ran.err.contains(&said), "{}", ran.err);
    }
    // The other store is still watched, and what it holds is told.
    scene.beat("db_backup", 200_000, 3_600);
    let ran = scene.finish(scene.command(&[]).arg("--dir").arg(scene.path("none")));
    assert_eq!(ran.code, 3);
    assert!(ran.out.contains("opened #1 for db_backup"), "{}", ran.out);
}

#[test]
fn a_missing_store_closes_no_issue() {
    let scene = Scene::new();
    scene.beat("db_backup", 200_000, 3_600);
    scene.run(&[]);
    fs::rename(scene.store(), scene.path("elsewhere")).unwrap();
    assert_eq!(scene.run(&[]).code, 3);
    assert_eq!(scene.issues("open").len(), 1);
    // An empty store is not a recovery either: it is said, once.
    fs::create_dir(scene.store()).unwrap();
    let ran = scene.run(&[]);
    assert!(
        ran.out.contains("told that the beats are gone in #1"),
        "{}",
        ran.out
    );
    assert!(!scene.run(&[]).out.contains("gone"));
    assert_eq!(scene.issues("open").len(), 1);
}

#[test]
fn one_key_in_two_stores_hides_nothing() {
    let scene = Scene::new();
    scene.beat("db_backup", 10, 3_600);
    let other = scene.path("other");
    fs::create_dir(&other).unwrap();
    scene.beat("old", 200_000, 3_600);
    let old = fs::read_to_string(scene.store().join("old.last")).unwrap();
    fs::remove_file(scene.store().join("old.last")).unwrap();
    fs::write(
        other.join("db_backup.last"),
        old.replace("old", "db_backup"),
    )
    .unwrap();
    let ran = scene.finish(scene.command(&["--dry-run"]).arg("--dir").arg(&other));
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("1 job: 1 silent"), "{}", ran.out);
    assert!(
        ran.out.contains("has the name of a job in another store"),
        "{}",
        ran.out
    );
    // The same store twice is one store.
    let ran = scene.finish(
        scene
            .command(&["--dry-run"])
            .arg("--dir")
            .arg(scene.store()),
    );
    assert_eq!(ran.code, 0, "{}", ran.out);
}

#[test]
fn one_pass_at_a_time() {
    let scene = Scene::new();
    fs::create_dir(scene.path("state")).unwrap();
    let lock = fs::File::create(scene.path("state/lock")).unwrap();
    lock.lock().unwrap();
    let ran = scene.run(&[]);
    assert_eq!(ran.code, 3);
    assert_eq!(
        ran.err,
        "error: another pass is running (it holds [scratch]/state/lock)\n\
         hint: wait for it; a pass ends at its deadline at the latest\n"
    );
    assert_eq!(scene.run(&["--dry-run"]).code, 0);
}

#[test]
fn a_state_folder_that_is_a_file() {
    let scene = Scene::new();
    fs::write(scene.path("state"), "").unwrap();
    let ran = scene.run(&[]);
    assert_eq!(ran.code, 3);
    assert!(
        ran.err
            .starts_with("error: cannot use the state folder [scratch]/state: "),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("hint: name another one with --state-dir, or only look with --look"),
        "{}",
        ran.err
    );
}

#[test]
fn a_wrong_clock_opens_and_closes_nothing() {
    let scene = Scene::new();
    scene.beat("db_backup", 200_000, 3_600);
    assert_eq!(scene.run(&[]).code, 1);
    // Both jobs, and the checker's own beat, now lie days ahead.
    let ahead = -3 * 86_400;
    scene.beat("db_backup", ahead, 3_600);
    scene.beat("mail", ahead, 3_600);
    scene.beat("beat-check", ahead, 900);
    let ran = scene.run(&[]);
    assert_eq!(ran.code, 5);
    assert!(
        ran.err.contains("problem: the clock cannot be believed: 3 of 3 beats lie in the future. Nothing was opened or closed."),
        "{}",
        ran.err
    );
    assert_eq!(
        (scene.issues("open").len(), scene.issues("closed").len()),
        (1, 0)
    );
    // One bad beat is no wrong clock.
    scene.beat("db_backup", 10, 3_600);
    scene.beat("beat-check", 10, 900);
    let ran = scene.run(&[]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("2 jobs: 1 skewed, 1 fresh"), "{}", ran.out);
}

#[test]
fn nobody_who_stops_reading_is_an_error() {
    let scene = Scene::new();
    for n in 0..2_000 {
        scene.beat(&format!("job-{n}"), 10, 3_600);
    }
    let mut child = scene
        .command(&["--all", "--dry-run"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut few = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut few).unwrap();
    let mut said = String::new();
    child
        .stderr
        .take()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(0), ""));
}

#[test]
fn a_result_in_a_file_is_whole_and_readable_by_all() {
    let scene = Scene::new();
    scene.beat("mail", 10, 3_600);
    let file = scene.path("heartbeat.prom");
    let ran = scene.finish(
        scene
            .command(&["--format", "prometheus", "--out"])
            .arg(&file),
    );
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .ends_with("heartbeat_check_undelivered 0\n")
    );
    assert_eq!(
        fs::metadata(&file).unwrap().permissions().mode() & 0o777,
        0o644
    );
    let ran = scene.finish(scene.command(&["--out"]).arg(scene.path("none/x")));
    assert_eq!(ran.code, 3);
    assert_eq!(
        ran.err,
        "error: cannot write the result to [scratch]/none/x: there is no such directory\n\
         hint: the folder must exist and be writable\n"
    );
}

#[test]
fn words_that_are_not_known() {
    let scene = Scene::new();
    for args in [
        &["--bogus"][..],
        &["--format", "xml"],
        &["config"],
        &["config", "--check", "--print-default"],
    ] {
        let ran =
            scene.finish(std::process::Command::new(env!("CARGO_BIN_EXE_beat-check")).args(args));
        assert_eq!(ran.code, 2, "{args:?}");
        assert!(!ran.err.is_empty(), "{args:?}");
    }
    let ran =
        scene.finish(std::process::Command::new(env!("CARGO_BIN_EXE_beat-check")).arg("--help"));
    assert_eq!(ran.code, 0);
    insta::assert_snapshot!("help", ran.out);
}

#[test]
fn a_storm_is_one_issue() {
    let scene = Scene::new();
    for n in 0..12 {
        scene.beat(&format!("job-{n}"), 200_000, 3_600);
    }
    let ran = scene.run(&[]);
    assert_eq!(ran.code, 1);
    assert!(
        ran.out.contains("opened, for many jobs at once, #1"),
        "{}",
        ran.out
    );
    assert_eq!(scene.issues("open").len(), 1);
    for n in 0..11 {
        scene.beat(&format!("job-{n}"), 1, 3_600);
    }
    scene.run(&[]);
    assert_eq!(scene.issues("open").len(), 1);
    scene.beat("job-11", 1, 3_600);
    assert_eq!(scene.run(&[]).code, 0);
    assert_eq!(
        (scene.issues("open").len(), scene.issues("closed").len()),
        (0, 1)
    );
}

#[test]
fn a_look_asks_nobody_and_writes_nothing() {
    let scene = Scene::new();
    scene.beat("db_backup", 200_000, 3_600);
    let path = scene.write_config(
        "[forge]\nkind = \"gitea\"\nurl = \"http://127.0.0.1:9\"\nrepo = \"ops/watch\"\n",
    );
    let ran = scene.finish(scene.command(&["--look", "--config"]).arg(path));
    assert_eq!((ran.code, ran.err.as_str()), (1, ""), "{}", ran.out);
    assert_eq!(names(&scene.store()), ["db_backup.last"]);
    assert!(!scene.path("state").exists());
}

#[test]
fn a_pass_that_cannot_prove_itself_is_no_good_pass() {
    let scene = Scene::new();
    scene.beat("mail", 10, 3_600);
    // A directory has the name of the checker's own beat.
    fs::create_dir(scene.store().join("beat-check.last")).unwrap();
    let ran = scene.run(&[]);
    assert_eq!(ran.code, 4, "{}", ran.out);
    assert_eq!(
        ran.err,
        "problem: cannot leave the checker's own beat: in [scratch]/store: a directory has the name of the file\n"
    );
}

#[test]
fn a_monitoring_system_is_always_answered_in_its_way() {
    let scene = Scene::new();
    let none = scene.path("none.toml").display().to_string();
    let ran = scene.run(&["--format", "nagios", "--config", &none]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (
            3,
            "HEARTBEAT UNKNOWN - [scratch]/none.toml: cannot read the config: there is no such file\n"
        )
    );
    let ran = scene.run(&["--format", "nagios", "--bogus"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (3, "HEARTBEAT UNKNOWN - its arguments are not understood\n")
    );
    scene.beat("db_backup", 200_000, 3_600);
    let ran = scene.run(&["--format", "nagios", "--look"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.out
            .starts_with("HEARTBEAT CRITICAL - 1 of 1 jobs flagged, worst db_backup"),
        "{}",
        ran.out
    );
}
