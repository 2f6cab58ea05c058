//! Beats that are not as they should be: each is flagged, each says why, none
//! stops the pass.

use std::fs::{self, File};
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;

use super::scene::Scene;

/// The verdict and the reason for the only job of a scene; it is always told.
fn told(scene: &Scene) -> (String, String) {
    let (code, job) = scene.only_job();
    assert_eq!(code, 1, "{job}");
    assert_eq!(job["flagged"], true);
    assert_eq!(scene.issues("open").len(), 1);
    let text = |key: &str| job[key].as_str().unwrap_or_default().to_owned();
    (text("verdict"), text("reason"))
}

#[test]
fn content_that_is_no_beat() {
    let good = "\"job\":\"x\",\"timestamp\":\"2026-11-22T02:00:07Z\",\"interval_seconds\":60";
    let table: [(Vec<u8>, &str); 9] = [
        (
            b"{\"v\":1,".to_vec(),
            "its .last file is not readable: it is cut off (line 1, column 7)",
        ),
        (
            vec![0, 159, 146, 150],
            "its .last file is not readable: it is not UTF-8 text",
        ),
        (
            b"hello\n".to_vec(),
            "its .last file is not readable: it is neither a JSON object nor a time (seconds since 1970 or RFC 3339)",
        ),
        (
            format!("{{\"v\":2,{good}}}").into(),
            "its .last file was written by a newer version (format 2; this program reads up to 1)",
        ),
        (
            format!("{{{good}}}").into(),
            "its .last file is not readable: it has no format version (\"v\":1)",
        ),
        (
            format!("{{\"v\":1,{}}}", good.replace("\"x\"", "\"y\"")).into(),
            "its .last file names another job, \"y\"",
        ),
        (
            format!("{{\"v\":1,{}}}", good.replace(":60", ":0")).into(),
            "its .last file is not readable: \"interval_seconds\": an interval of 0 says nothing; the shortest is 1s",
        ),
        (
            format!(
                "{{\"v\":1,{}}}",
                good.replace("2026-11-22T02:00:07Z", "yesterday")
            )
            .into(),
            "its .last file is not readable: a time is not RFC 3339 (line 1, column 44)",
        ),
        (
            b"1763776800".to_vec(),
            "its beat carries no interval, so nobody can say when it is late; add --every",
        ),
    ];
    for (content, reason) in table {
        let scene = Scene::new();
        scene.file("x.last", &content);
        let (verdict, said) = told(&scene);
        assert_eq!(verdict, "unreadable", "{said}");
        if said.contains("RFC 3339 (line") || said.contains("wrong kind") {
            continue;
        }
        assert_eq!(said, reason);
    }
}

#[test]
fn an_empty_file_counts_by_its_time_and_has_no_interval() {
    let scene = Scene::new();
    scene.file("x.last", b"");
    let (verdict, said) = told(&scene);
    assert_eq!(verdict, "unreadable");
    assert!(said.starts_with("its beat carries no interval"), "{said}");
}

#[test]
fn a_gibibyte_of_nothing() {
    let scene = Scene::new();
    File::create(scene.store().join("x.last"))
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    assert_eq!(
        told(&scene).1,
        "its .last file is 1073741824 bytes long; at most 65536 are read"
    );
}

#[test]
fn what_is_no_regular_file() {
    let secret = "root-password-hash";
    type Make = fn(&Scene);
    let table: [(Make, &str); 6] = [
        (
            |s| symlink(s.path("secret"), s.store().join("x.last")).unwrap(),
            "a symbolic link",
        ),
        (
            |s| symlink("nowhere", s.store().join("x.last")).unwrap(),
            "a symbolic link",
        ),
        (
            |s| symlink("x.last", s.store().join("x.last")).unwrap(),
            "a symbolic link",
        ),
        (
            |s| fs::create_dir(s.store().join("x.last")).unwrap(),
            "a directory",
        ),
        (
            |s| drop(UnixListener::bind(s.store().join("x.last")).unwrap()),
            "a socket",
        ),
        (
            |s| {
                let path = s.store().join("x.last");
                let made = std::process::Command::new("mkfifo")
                    .arg(&path)
                    .status()
                    .unwrap();
                assert!(made.success());
            },
            "a FIFO",
        ),
    ];
    for (make, what) in table {
        let scene = Scene::new();
        fs::write(scene.path("secret"), secret).unwrap();
        make(&scene);
        let (verdict, said) = told(&scene);
        assert_eq!(verdict, "unreadable");
        assert_eq!(
            said,
            format!("its .last file is {what}, not a regular file")
        );
        let issue = scene
            .path("state/issues/open")
            .join(&scene.issues("open")[0]);
        assert!(!fs::read_to_string(issue).unwrap().contains(secret));
    }
}

#[test]
fn a_bad_beat_neither_stops_the_scan_nor_hides_another() {
    let scene = Scene::new();
    scene.file("torn.last", b"{");
    scene.beat("db_backup", 200_000, 3_600);
    scene.beat("mail", 10, 3_600);
    let ran = scene.run(&["--dry-run"]);
    assert!(
        ran.out.contains("3 jobs: 1 silent, 1 unreadable, 1 fresh"),
        "{}",
        ran.out
    );
}

#[test]
fn names_that_are_no_jobs_are_said() {
    let scene = Scene::new();
    scene.beat("mail", 10, 3_600);
    for name in ["my job.last", "-x.last", "é.fail", "a\nb.last"] {
        scene.file(name, b"");
    }
    scene.file(".mail.last.123.tmp", b"");
    scene.file("README", b"");
    let ran = scene.run(&["--dry-run"]);
    assert_eq!(ran.code, 1);
    assert_eq!(
        ran.out.matches("is not named after a job").count(),
        4,
        "{}",
        ran.out
    );
    assert!(ran.out.contains("a\\nb.last"), "{}", ran.out);
}

#[test]
fn a_failure_tells_how() {
    let scene = Scene::new();
    scene.beat("mail", 100, 3_600);
    let last = fs::read_to_string(scene.store().join("mail.last")).unwrap();
    let time = (chrono::Utc::now() - chrono::TimeDelta::seconds(5)).to_rfc3339();
    let fail = format!(
        "{{\"v\":1,\"job\":\"mail\",\"timestamp\":\"{time}\",\"exit_code\":75,\"reason\":\"exit\",\"duration_seconds\":2.5}}"
    );
    scene.file("mail.fail", fail.as_bytes());
    let (verdict, said) = told(&scene);
    assert_eq!(verdict, "failed");
    assert!(said.ends_with(": exit code 75 after 2 s"), "{said}");
    // The next success settles it.
    scene.beat("mail", 1, 3_600);
    assert!(!last.is_empty());
    assert_eq!(scene.run(&[]).code, 0);
    assert_eq!(scene.issues("open").len(), 0);
}
