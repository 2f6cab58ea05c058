//! Reading one beat: what counts as life, what is unreadable, and in which words.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may")]

mod common;

use std::fs::File;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::os::unix::net::UnixListener;
use std::time::Duration;

use chrono::{DateTime, Utc};
use common::{NOBODY, Store, as_stranger, fifo, is_root, left_out, line, set_mode};
use heartbeat::{JobName, MAX_BYTES, UnreadableKind, parse, read_file, read_one};
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// What a content says: the time, or the fault.
fn said(content: &[u8]) -> String {
    match parse(content, "j", None) {
        Ok(beat) => beat.timestamp.to_rfc3339(),
        Err(kind) => kind.to_string(),
    }
}

#[test]
fn contents_and_what_they_say() {
    let table: &[(&str, &str)] = &[
        // As the contract has it, and with keys that only others know.
        (
            r#"{"v":1,"job":"j","timestamp":"2026-11-22T02:00:07.412Z"}"#,
            "2026-11-22T02:00:07.412+00:00",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":"2026-11-22T02:00:07Z","colour":["a",{"b":null}]}"#,
            "2026-11-22T02:00:07+00:00",
        ),
        (
            "\n  {\"v\":1,\"job\":\"j\",\"timestamp\":\"2026-11-22T02:00:07Z\"}  \n",
            "2026-11-22T02:00:07+00:00",
        ),
        // Offsets and numbers.
        (
            r#"{"v":1,"job":"j","timestamp":"2026-11-22T03:30:07+01:30"}"#,
            "2026-11-22T02:00:07+00:00",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":1795312807}"#,
            "2026-11-22T02:00:07+00:00",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":1795312807.412}"#,
            "2026-11-22T02:00:07.412+00:00",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":-1}"#,
            "1969-12-31T23:59:59+00:00",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":18446744073709551615}"#,
            "is not readable: a time is out of range (line 1, column 49)",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":1e300}"#,
            "is not readable: a time is out of range (line 1, column 34)",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":"yesterday"}"#,
            "is not readable: a time is not RFC 3339 (line 1, column 40)",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":true}"#,
            "is not readable: a key has a value of the wrong kind (line 1, column 33)",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":null}"#,
            "is not readable: it has no \"timestamp\"",
        ),
        // What must be there.
        (
            r#"{"job":"j","timestamp":1}"#,
            "is not readable: it has no format version (\"v\":1)",
        ),
        (
            r#"{"v":1,"timestamp":1}"#,
            "is not readable: it has no \"job\"",
        ),
        (
            r#"{"v":1,"job":"j"}"#,
            "is not readable: it has no \"timestamp\"",
        ),
        ("{}", "is not readable: it has no format version (\"v\":1)"),
        // Another job's.
        (
            r#"{"v":1,"job":"k","timestamp":1}"#,
            "names another job, \"k\"",
        ),
        (
            r#"{"v":1,"job":"k\n","timestamp":1}"#,
            "names another job, \"k\\n\"",
        ),
        // Versions, also with keys of other types.
        (
            r#"{"v":0,"job":"j","timestamp":1}"#,
            "is not readable: format version 0 does not exist",
        ),
        (
            r#"{"v":2,"job":"j","timestamp":1}"#,
            "was written by a newer version (format 2; this program reads up to 1)",
        ),
        (
            r#"{"v":2,"job":["j"],"timestamp":{"t":1},"interval_seconds":"1d"}"#,
            "was written by a newer version (format 2; this program reads up to 1)",
        ),
        (
            r#"{"job":7,"v":18446744073709551615}"#,
            "was written by a newer version (format 18446744073709551615; this program reads up to 1)",
        ),
        (
            r#"{"v":"2","job":"j","timestamp":1}"#,
            "is not readable: a key has a value of the wrong kind (line 1, column 8)",
        ),
        (
            r#"{"v":-1,"job":"j","timestamp":1}"#,
            "is not readable: a key has a value of the wrong kind (line 1, column 7)",
        ),
        // Intervals.
        (
            r#"{"v":1,"job":"j","timestamp":1,"interval_seconds":0}"#,
            "is not readable: \"interval_seconds\": an interval of 0 says nothing; the shortest is 1s",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":1,"interval_seconds":315360000}"#,
            "is not readable: \"interval_seconds\": the longest interval is 400d",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":1,"interval_seconds":-5}"#,
            "is not readable: a key has a value of the wrong kind (line 1, column 52)",
        ),
        (
            r#"{"v":1,"job":"j","timestamp":1,"interval_seconds":"1d"}"#,
            "is not readable: a key has a value of the wrong kind (line 1, column 54)",
        ),
        // A key twice: which one counts?
        (
            r#"{"v":1,"job":"j","timestamp":1,"timestamp":2}"#,
            "is not readable: a key stands there twice (line 1, column 42)",
        ),
        // Not JSON, or more than one object.
        (
            r#"{"v":1,"job":"j","timestamp":1}{}"#,
            "is not readable: it is not valid JSON (line 1, column 32)",
        ),
        (
            "{not json}",
            "is not readable: it is not valid JSON (line 1, column 2)",
        ),
        (
            "[1]",
            "is not readable: it is neither a JSON object nor a time (seconds since 1970 or RFC 3339)",
        ),
        // Hand-made forms.
        ("1795312807", "2026-11-22T02:00:07+00:00"),
        ("1795312807\n", "2026-11-22T02:00:07+00:00"),
        ("1795312807.5\n", "2026-11-22T02:00:07.500+00:00"),
        ("2026-11-22T02:00:07Z\n", "2026-11-22T02:00:07+00:00"),
        ("2026-11-22T03:00:07+01:00", "2026-11-22T02:00:07+00:00"),
        (
            "2026-11-22T02:00:07",
            "is not readable: it is neither a JSON object nor a time (seconds since 1970 or RFC 3339)",
        ),
        (
            "Sun Nov 22 02:00:07 UTC 2026",
            "is not readable: it is neither a JSON object nor a time (seconds since 1970 or RFC 3339)",
        ),
        (
            "1.2.3",
            "is not readable: it is neither a JSON object nor a time (seconds since 1970 or RFC 3339)",
        ),
        (
            "1e9",
            "is not readable: it is neither a JSON object nor a time (seconds since 1970 or RFC 3339)",
        ),
        (
            "inf",
            "is not readable: it is neither a JSON object nor a time (seconds since 1970 or RFC 3339)",
        ),
        (
            "99999999999999999999",
            "is not readable: it is neither a JSON object nor a time (seconds since 1970 or RFC 3339)",
        ),
        (
            "\n",
            "is not readable: it is neither a JSON object nor a time (seconds since 1970 or RFC 3339)",
        ),
        (
            "",
            "is not readable: it is empty and has no modification time",
        ),
    ];
    for (content, expected) in table {
        assert_eq!(&said(content.as_bytes()), expected, "{content}");
    }
    assert_eq!(
        said(b"\x7fELF\x02\x01\x01\0\xff"),
        "is not readable: it is not UTF-8 text"
    );
    assert_eq!(
        said(b"{\"v\":1,\"job\":\"\xff\xfe\"}"),
        "is not readable: it is not valid JSON (line 1, column 15)"
    );
    let nested = format!("{{\"v\":1,\"x\":{}", "[".repeat(60_000));
    assert!(said(nested.as_bytes()).starts_with("is not readable: it is cut off"));
}

#[test]
fn every_key_of_the_contract_is_read() {
    let content = br#"{"v":1,"job":"j","timestamp":"2026-11-22T02:00:07Z","interval_seconds":90,
        "boot_id":"0f9a3c51-7d2e-4b6f-8a10-c3d4e5f60718","uptime_seconds":12.5,
        "schedule":"0 2 * * 1-5","timezone":"Europe/Berlin","started":1795312800,
        "duration_seconds":7.25,"exit_code":3,"signal":"TERM","reason":"exit",
        "output_tail":"a\u0000b","output_bytes":12,"pid":4711,"timeout_seconds":60}"#;
    let beat = parse(content, "j", None).unwrap();
    assert_eq!(beat.interval.unwrap().seconds(), 90);
    assert_eq!(beat.boot.unwrap().uptime, Duration::from_millis(12_500));
    let details = beat.details.unwrap();
    assert_eq!(details.schedule.as_deref(), Some("0 2 * * 1-5"));
    assert_eq!(details.timezone.as_deref(), Some("Europe/Berlin"));
    assert_eq!(details.started, Some(time("2026-11-22T02:00:00Z")));
    assert_eq!(details.duration, Some(Duration::from_millis(7_250)));
    assert_eq!(details.exit_code, Some(3));
    assert_eq!(details.signal.as_deref(), Some("TERM"));
    assert_eq!(details.reason.as_deref(), Some("exit"));
    assert_eq!(details.output_tail.as_deref(), Some("a\0b"));
    assert_eq!(details.output_bytes, Some(12));
    assert_eq!(details.pid, Some(4_711));
    assert_eq!(details.timeout, Some(Duration::from_secs(60)));
}

/// A boot clock that makes no sense is no boot clock; the beat still counts.
#[test]
fn half_a_boot_clock_is_none() {
    for extra in [
        r#""boot_id":"0f9a3c51-7d2e-4b6f-8a10-c3d4e5f60718""#,
        r#""uptime_seconds":1"#,
        r#""boot_id":"0f9a3c51-7d2e-4b6f-8a10-c3d4e5f60718","uptime_seconds":-1"#,
        r#""boot_id":"0f9a3c51-7d2e-4b6f-8a10-c3d4e5f60718","uptime_seconds":1e300"#,
        r#""boot_id":"mine","uptime_seconds":1"#,
    ] {
        let content = format!(r#"{{"v":1,"job":"j","timestamp":1,{extra}}}"#);
        assert_eq!(
            parse(content.as_bytes(), "j", None).unwrap().boot,
            None,
            "{extra}"
        );
    }
}

#[test]
fn an_empty_file_counts_by_when_it_was_written_and_a_chmod_is_no_sign_of_life() {
    let store = Store::new();
    let path = store.put("j.last", "");
    let written = time("2026-11-20T01:02:03Z");
    let file = File::options().write(true).open(&path).unwrap();
    file.set_modified(written.into()).unwrap();
    assert_eq!(store.last("j").unwrap().unwrap().timestamp, written);
    set_mode(&path, 0o600);
    set_mode(&path, 0o644);
    assert_eq!(store.last("j").unwrap().unwrap().timestamp, written);
    assert_eq!(store.last("j").unwrap().unwrap().interval, None);
}

#[test]
fn a_beat_cut_off_anywhere_is_never_life() {
    let whole = line("j");
    // Without its last newline it is whole; without its first byte there is nothing.
    for len in 1..whole.len() - 1 {
        let said = said(&whole.as_bytes()[..len]);
        assert!(
            said.starts_with("is not readable: it is cut off (line 1, column "),
            "{len}: {said}"
        );
    }
    assert_eq!(
        said(whole.trim_end().as_bytes()),
        "2026-11-22T02:00:07.412+00:00"
    );
}

#[test]
fn too_large_is_said_without_being_read() {
    let store = Store::new();
    let file = File::create(store.join("j.last")).unwrap();
    file.set_len(1 << 30).unwrap();
    assert_eq!(
        store.fault("j"),
        "is 1073741824 bytes long; at most 65536 are read"
    );
    file.set_len(MAX_BYTES as u64 + 1).unwrap();
    assert_eq!(
        store.fault("j"),
        "is 65537 bytes long; at most 65536 are read"
    );
    let mut most = line("j");
    most.push_str(&" ".repeat(MAX_BYTES - most.len()));
    store.put("j.last", most);
    assert!(store.last("j").unwrap().is_some());
}

/// What a link points to is read by nobody, and told to nobody.
#[test]
fn links_are_not_followed() {
    let store = Store::new();
    let secret = Store::new();
    secret.put(
        "token",
        r#"{"v":1,"job":"hunter2-secret","timestamp":"hunter2"}"#,
    );
    symlink(secret.join("token"), store.join("secret.last")).unwrap();
    symlink("nowhere", store.join("dangling.last")).unwrap();
    symlink("loop.last", store.join("loop.last")).unwrap();
    symlink(secret.path(), store.join("dir.last")).unwrap();
    for job in ["secret", "dangling", "loop", "dir"] {
        assert_eq!(store.fault(job), "is a symbolic link, not a regular file");
    }
}

/// Somebody who may write a beat can put anything into it; the message shows where
/// it is wrong, not what it says.
#[test]
fn messages_do_not_repeat_the_content() {
    for content in [
        r#"{"v":1,"job":"j","timestamp":"hunter2"}"#,
        r#"{"v":1,"job":"j","timestamp":1,"interval_seconds":"hunter2"}"#,
        r#"{"v":"hunter2"}"#,
        "hunter2",
        "{hunter2",
        "{\"hunter2\":hunter2}",
    ] {
        assert!(!said(content.as_bytes()).contains("hunter2"), "{content}");
    }
    let long = format!(r#"{{"v":1,"job":"{}","timestamp":1}}"#, "x".repeat(9_000));
    assert!(said(long.as_bytes()).len() < 200);
}

#[test]
fn only_regular_files_are_beats_and_none_of_the_others_blocks() {
    let store = Store::new();
    fifo(&store.join("fifo.last"));
    std::fs::create_dir(store.join("dir.last")).unwrap();
    let _listener = UnixListener::bind(store.join("socket.last")).unwrap();
    assert_eq!(store.fault("fifo"), "is a FIFO, not a regular file");
    assert_eq!(store.fault("dir"), "is a directory, not a regular file");
    assert_eq!(
        store.fault("socket"),
        "is a socket or device, not a regular file"
    );
    // /dev/zero: who reads it reads for ever. Only root can make one.
    let device = mknodat(
        CWD,
        store.join("zero.last"),
        FileType::CharacterDevice,
        Mode::from_raw_mode(0o644),
        makedev(1, 5),
    );
    match device {
        Ok(()) => assert!(
            [
                "is a device, not a regular file",
                "cannot be opened: permission denied"
            ]
            .contains(&&*store.fault("zero")),
        ),
        Err(errno) => left_out("a device among beats", &errno.to_string()),
    }
}

#[test]
fn what_the_mode_forbids_is_said() {
    let store = Store::new();
    set_mode(&store.put("j.last", line("j")), 0o000);
    let fault = as_stranger(|| store.fault("j"));
    assert_eq!(fault, "cannot be opened: permission denied");
}

#[test]
fn a_beat_belongs_to_whose_place_it_lies_in() {
    let store = Store::new();
    let path = store.put("j.last", line("j"));
    let dir = File::open(store.path()).unwrap();
    let job = JobName::new("j").unwrap();
    let me = rustix::process::geteuid().as_raw();
    let read = |owner| read_file(&dir, "j.last", &job, Some(owner), &mut vec![]);
    assert!(read(me).is_ok());
    let unreadable = read(4_242_424).unwrap_err();
    assert!(unreadable.modified.is_some());
    let UnreadableKind::Owner { expected, .. } = &unreadable.kind else {
        panic!("{unreadable:?}");
    };
    assert_eq!(&**expected, "user 4242424");
    if is_root() {
        chown(&path, Some(4_242_424), None).unwrap();
        assert_eq!(
            read(0).unwrap_err().kind.to_string(),
            "belongs to user 4242424, but its place in the store is root's"
        );
        chown(&path, Some(NOBODY), None).unwrap();
        assert_eq!(
            read(0).unwrap_err().kind.to_string(),
            "belongs to nobody, but its place in the store is root's"
        );
    }
}

#[test]
fn a_job_without_files_has_none() {
    let store = Store::new();
    assert_eq!(store.last("j").unwrap(), None);
    let files = read_one(store.path(), &JobName::new("j").unwrap()).unwrap();
    assert_eq!((files.last, files.fail, files.run), (None, None, None));
    let gone = read_one(&store.join("none"), &JobName::new("j").unwrap());
    assert_eq!(gone.unwrap_err().kind(), std::io::ErrorKind::NotFound);
}

#[test]
fn one_job_is_read_with_all_of_its_files() {
    let store = Store::new();
    for ending in ["last", "fail", "run", "skip"] {
        store.put(&format!("j.{ending}"), line("j"));
    }
    let files = read_one(store.path(), &JobName::new("j").unwrap()).unwrap();
    for slot in [files.last, files.fail, files.run, files.skip] {
        assert_eq!(
            slot.unwrap().unwrap().timestamp,
            time("2026-11-22T02:00:07.412Z")
        );
    }
    let mode = std::fs::metadata(store.path())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o755);
}

/// Else a user with a few thousand beats fills the reader's memory, and every issue.
#[test]
fn long_texts_are_cut() {
    let long = "é".repeat(10_000);
    let line = format!(
        "{{\"v\":1,\"job\":\"j\",\"timestamp\":1,\"reason\":\"a{long}\",\"output_tail\":\"{long}z\",\"command\":\"{long}\"}}"
    );
    let details = parse(line.as_bytes(), "j", None).unwrap().details.unwrap();
    let len = |text: &Option<Box<str>>| text.as_deref().map(str::len);
    assert_eq!(len(&details.reason), Some(8_191));
    assert_eq!(len(&details.command), Some(8_192));
    assert_eq!(len(&details.output_tail), Some(8_191));
    assert!(details.output_tail.unwrap().ends_with("éz"));
}
