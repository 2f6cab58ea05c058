//! The real program: what it reads, what it says when it cannot, and its exit
//! codes.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the test starts the program that it tests, and beats are left now"
)]

mod common;

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use chrono::{TimeDelta, Utc};

use common::host::{Host, Told};

fn root() -> bool {
    rustix::process::geteuid().is_root()
}

#[test]
fn it_prints_the_night_and_leaves_its_beat() {
    let host = Host::new();
    host.beat("db_backup", 3_600, 86_400);
    let told = host.run(&[]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    assert!(told.out.starts_with("# Night Watch — 20"));
    assert!(
        told.out
            .contains("| `db_backup` | 🟢 fresh | 1 h | 1d | 0.0× |")
    );
    let beat = fs::read_to_string(host.path("store/beat-report.last")).unwrap();
    let beat: serde_json::Value = serde_json::from_str(&beat).unwrap();
    assert_eq!(beat["job"], "beat-report");
    assert_eq!(beat["interval_seconds"], 86_400);
    // The next one knows of it, and does not count it among the jobs.
    let told = host.run(&["--format", "json", "--every", "1h"]);
    let night: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(night["summary"]["jobs"], 1);
    assert_eq!(night["watch"]["own_jobs"][0]["job"], "beat-report");
    let beat = fs::read_to_string(host.path("store/beat-report.last")).unwrap();
    assert!(beat.contains("\"interval_seconds\":3600"));
}

#[test]
fn a_flagged_job_is_no_failure_of_the_report() {
    let host = Host::new();
    host.beat("db_backup", 300_000, 86_400);
    let told = host.run(&["--no-beat"]);
    assert_eq!(told.code, 0);
    assert!(
        told.out
            .contains("**Not quiet: 1 of 1 job needs somebody.**")
    );
    assert!(!host.path("store/beat-report.last").exists());
}

#[test]
fn a_beat_that_cannot_be_left_is_said_and_no_more() {
    let host = Host::new();
    fs::create_dir(host.path("store/beat-report.last")).unwrap();
    let told = host.run(&[]);
    assert_eq!(told.code, 0);
    insta::assert_snapshot!(told.err, @r#"warning: cannot leave the beat "beat-report" in HOST/store: a directory has the name of the file; the report is written (--no-beat leaves none)"#);
}

#[test]
fn the_beat_goes_to_the_first_store_that_is_named() {
    let host = Host::new();
    let (a, b) = (host.path("a"), host.path("b"));
    for dir in [&a, &b] {
        fs::create_dir(dir).unwrap();
    }
    let told = host.run(&["--dir", a.to_str().unwrap(), "--dir", b.to_str().unwrap()]);
    assert_eq!(told.code, 0);
    assert!(a.join("beat-report.last").exists());
    assert!(!b.join("beat-report.last").exists());
    assert!(!host.path("store/beat-report.last").exists());
}

#[test]
fn a_missing_store_is_an_error_and_the_report_says_so() {
    let host = Host::new();
    let told = host.run(&["--dir", "/nowhere/at/all"]);
    assert_eq!(told.code, 3);
    insta::assert_snapshot!(told.err, @r"
    error: cannot read the store /nowhere/at/all: there is no such directory
    hint: name the store with --dir or HEARTBEAT_DIR; the first `beat` of a job makes the usual one
    ");
    assert!(
        told.out
            .contains("**Nobody knows: the store of beats cannot be read.**")
    );
    // What was in the file would be believed, so it is replaced too.
    let told = host.run(&["--dir", "/nowhere", "--out", "night.md"]);
    assert_eq!(told.code, 3);
    let page = fs::read_to_string(host.path("out/night.md")).unwrap();
    assert!(page.contains("The store `/nowhere` cannot be read: there is no such directory."));
}

#[test]
fn stores_that_are_none() {
    let host = Host::new();
    fs::write(host.path("file"), "").unwrap();
    symlink("loop", host.path("loop")).unwrap();
    for (store, why) in [
        ("file", "it is not a directory"),
        ("loop", "Too many levels of symbolic links (os error 40)"),
    ] {
        let told = host.run(&["--dir", host.path(store).to_str().unwrap()]);
        let said = format!("error: cannot read the store HOST/{store}: {why}\n");
        assert_eq!(
            (told.code, told.err.starts_with(&said)),
            (3, true),
            "{}",
            told.err
        );
    }
    if !root() {
        fs::set_permissions(host.path("store"), fs::Permissions::from_mode(0o000)).unwrap();
        let told = host.run(&[]);
        assert!(told.err.contains("HOST/store: permission denied"));
    }
}

#[test]
fn one_store_of_two_is_reported() {
    let host = Host::new();
    host.beat("db_backup", 3_600, 86_400);
    let store = host.path("store");
    let told = host.run(&["--dir", store.to_str().unwrap(), "--dir", "/nowhere"]);
    assert_eq!(told.code, 3);
    assert!(told.out.contains("- The store `/nowhere` cannot be read"));
    assert!(told.out.contains("| `db_backup` | 🟢 fresh"));
    assert!(told.out.contains("Not everything could be seen."));
}

#[test]
fn beats_of_every_bad_kind_are_told_and_stop_nothing() {
    let host = Host::new();
    let store = host.path("store");
    host.beat("good", 60, 3_600);
    host.beat("future", -91_000, 3_600);
    fs::write(store.join("empty.last"), "").unwrap();
    fs::write(store.join("torn.last"), "{\"v\":1,\"job\":\"torn\",\"time").unwrap();
    fs::write(store.join("binary.last"), b"\xff\xfe\x00").unwrap();
    fs::write(store.join("newer.last"), "{\"v\":9}").unwrap();
    fs::write(
        store.join("wrong.last"),
        "{\"v\":1,\"job\":\"a|b\\n# x\",\"timestamp\":1}",
    )
    .unwrap();
    fs::write(store.join("my job|.last"), "").unwrap();
    fs::create_dir(store.join("dir.last")).unwrap();
    symlink("/etc/shadow", store.join("link.last")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        store.join("fifo.last"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR,
        0,
    )
    .unwrap();
    fs::File::create(store.join("sparse.last"))
        .unwrap()
        .set_len(1 << 30)
        .unwrap();
    let told = host.run(&[]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    let told: Vec<&str> = told
        .out
        .lines()
        .filter(|line| line.starts_with("- **`") || line.starts_with("- Odd"))
        // What follows the reason tells the time.
        .filter_map(|line| line.split(". ").next())
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn bad_usage() {
    let host = Host::new();
    let mut told = String::new();
    for args in [
        &["--every", "0"][..],
        &["--every", "soon"],
        &["--every", "10y"],
        &["--every", "1d", "--no-beat"],
        &["--format", "pdf"],
        &["--inject", "x", "--out", "y"],
        &["--inject", "x", "--format", "html"],
        &["--dir", ""],
        &["--dirs", "x"],
        &["surplus"],
    ] {
        told += &format!("{}: {}\n", args.join(" "), host.run(args).refused());
    }
    insta::assert_snapshot!(told);
}

#[test]
fn help_and_version() {
    let host = Host::new();
    let told = host.run(&["--help"]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    insta::assert_snapshot!(told.out);
    for (code, meaning) in report::TABLE {
        assert!(
            told.out.contains(&format!("  {code}  {meaning}\n")),
            "{code}"
        );
    }
    let told = host.run(&["--version"]);
    assert_eq!(
        told.out,
        concat!("beat-report ", env!("CARGO_PKG_VERSION"), "\n")
    );
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let host = Host::new();
    for at in 0..400 {
        host.beat(
            &format!("a_job_with_a_rather_long_name_{at:03}"),
            9_000,
            3_600,
        );
    }
    let mut child = host
        .command()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let told = Told::new(child.wait_with_output().unwrap(), &host);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
}

#[test]
fn a_full_disk_behind_standard_output_is_one() {
    let host = Host::new();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let told = Told::new(host.command().stdout(full).output().unwrap(), &host);
    assert_eq!(told.code, 4);
    assert_eq!(
        told.err,
        "error: cannot write the report to standard output: the disk is full\n"
    );
    assert!(!host.path("store/beat-report.last").exists());
}

#[test]
fn the_record_gives_links_and_when_the_checker_passed() {
    let host = Host::new();
    host.beat("db_backup", 300_000, 86_400);
    let at = (Utc::now() - TimeDelta::seconds(60)).to_rfc3339();
    let record = serde_json::json!({
        "v": 1, "tool": "beat-check 0.1.0", "host": "bezalel", "now": at, "exit_code": 1,
        "summary": {}, "problems": [], "findings": [], "deliveries": [],
        "jobs": [{"job": "db_backup", "user": user(), "verdict": "silent", "age_seconds": 1.0,
            "interval_seconds": 86_400, "ratio": 3.4, "last_success": null, "flagged": true,
            "issue": {"number": 12, "url": "https://git.example.org/ops/watch/issues/12"}}],
    });
    fs::write(host.path("state/last-pass.json"), record.to_string()).unwrap();
    let told = host.run(&[]);
    assert!(told.out.contains(", bezalel\n"));
    assert!(
        told.out
            .contains("Issue [#12](https://git.example.org/ops/watch/issues/12).")
    );
    assert!(told.out.contains("- The checker last passed at 20"));
    assert!(!told.out.contains("Nobody watch"));
}

fn user() -> String {
    let id = rustix::process::geteuid().as_raw();
    heartbeat::user_name(id).unwrap_or_else(|| format!("user {id}"))
}

/// Expected jobs, in the folder that the config names and in the config itself.
#[test]
fn the_expected_jobs_are_read_as_the_checker_reads_them() {
    let host = Host::new();
    let me = user();
    host.beat("weekly", 300_000, 86_400);
    let jobs = format!(
        "[weekly]\nuser = {me:?}\nevery = \"7d\"\nabout = \"Counts beans\"\n[rare]\nuser = {me:?}\n\
         schedule = \"0 2 * * *\"\ntimezone = \"Europe/Riga\"\n"
    );
    fs::write(host.path("jobs.d/a.toml"), jobs).unwrap();
    let told = host.run(&["--no-beat", "--format", "json"]);
    let night: serde_json::Value = serde_json::from_str(&told.out).unwrap();
    let of = |name: &str| {
        let jobs = night["jobs"].as_array().unwrap();
        jobs.iter().find(|job| job["job"] == name).unwrap().clone()
    };
    // By its own interval it would be silent: the manifest wins, and that is said.
    assert_eq!(of("weekly")["verdict"], "fresh");
    assert_eq!(of("weekly")["interval_seconds"], 604_800);
    assert_eq!(of("weekly")["expected"], true);
    assert_eq!(of("rare")["verdict"], "waiting");
    assert_eq!(of("rare")["schedule"], "0 2 * * *");
    assert_eq!(of("rare")["timezone"], "Europe/Riga");
    let finding = &night["findings"][0];
    assert_eq!(finding["blind"], false);
    assert!(
        finding["what"]
            .as_str()
            .unwrap()
            .contains("expects weekly every 7d, its beat says every 1d"),
        "{finding}"
    );

    fs::write(host.path("jobs.d/b.toml"), "[broken]\nevery = 0\n").unwrap();
    fs::write(host.path("jobs.d/c.toml"), b"\xff").unwrap();
    fs::write(host.path("jobs.d/README"), "").unwrap();
    let told = host.run(&["--no-beat"]);
    assert_eq!((told.code, told.err.as_str()), (0, ""));
    let faults: Vec<&str> = told
        .out
        .lines()
        .filter(|line| line.starts_with("- Not seen") || line.starts_with("- Odd"))
        .collect();
    insta::assert_snapshot!(faults.join("\n"));
    assert!(told.out.contains("Not everything could be seen."));
    assert!(told.out.contains("| 🟢 fresh |"), "{}", told.out);
}

#[test]
fn a_config_says_where_things_are_and_a_broken_one_loses_nothing() {
    let host = Host::new();
    let other = host.path("other");
    fs::create_dir(&other).unwrap();
    host.beat("here", 60, 3_600);
    let config = format!("[checker]\nhost = \"bezalel\"\nstores = [{other:?}]\n");
    fs::write(host.path("config.toml"), config).unwrap();
    let told = host.run(&[]);
    assert!(told.out.contains(", bezalel\n") && told.out.contains("No job leaves a beat yet."));
    assert!(other.join("beat-report.last").exists());
    // What is named by hand wins.
    let store = host.path("store");
    let told = host.run(&["--no-beat", "--dir", store.to_str().unwrap()]);
    assert!(told.out.contains("| `here` | 🟢 fresh"));
    for (config, why) in [
        (
            Some("[checker]\nstores = 3\n"),
            ":2:10` is the checker's config and cannot be read: ",
        ),
        (
            None,
            "` is the checker's config and cannot be read: there is no such file.",
        ),
    ] {
        match config {
            Some(text) => fs::write(host.path("config.toml"), text).unwrap(),
            None => fs::remove_file(host.path("config.toml")).unwrap(),
        }
        let told = host.run(&["--no-beat"]);
        assert_eq!(told.code, 0);
        assert!(told.out.contains("| `here` | 🟢 fresh"), "{}", told.out);
        let said = format!("- Not seen: `HOST/config.toml{why}");
        assert!(told.out.contains(&said), "{}", told.out);
        assert_eq!(told.out.matches("config.toml").count(), 1, "{}", told.out);
    }
}

/// Schedules in beats, skips, and the outage that excuses a silence.
#[test]
fn what_beats_and_outages_say_is_judged_as_the_checker_judges_it() {
    let host = Host::new();
    let stamp = |ago: i64| (Utc::now() - TimeDelta::seconds(ago)).to_rfc3339();
    let put = |file: &str, keys: &str, ago: i64| {
        let job = file.split('.').next().unwrap();
        let at = stamp(ago);
        let text = format!("{{\"v\":1,\"job\":\"{job}\",\"timestamp\":\"{at}\"{keys}}}\n");
        fs::write(host.path("store").join(file), text).unwrap();
    };
    put(
        "often.last",
        ",\"schedule\":\"* * * * *\",\"timezone\":\"UTC\"",
        9_000,
    );
    put("lazy.last", ",\"interval_seconds\":60", 7_200);
    put(
        "lazy.skip",
        ",\"interval_seconds\":60,\"reason\":\"no new files\"",
        10,
    );
    put("hourly.last", ",\"interval_seconds\":3600", 9_000);
    let fail = ",\"interval_seconds\":60,\"exit_code\":3,\"reason\":\"exit\",\"output_tail\":\"no\\nroute\\n\"";
    put("broken.fail", fail, 30);
    let record = serde_json::json!({
        "v": 1, "tool": "beat-check 0.1.0", "host": "bezalel", "now": stamp(60), "exit_code": 0,
        "summary": {}, "problems": [], "findings": [], "deliveries": [], "jobs": [],
        "outages": [{"kind": "off", "from": stamp(8_000), "to": stamp(600), "lost_seconds": 7_400.0,
            "missed": [{"job": "hourly", "user": user(), "runs": 2}], "left_out": 0}],
    });
    fs::write(host.path("state/last-pass.json"), record.to_string()).unwrap();
    let told = host.run(&["--no-beat"]);
    for what in [
        "| `often` | 🔴 **silent** | 2 h 30 min | `* * * * *` | 15",
        "**`lazy`** is idle: it runs, and has found nothing to do for 2 h: no new files.",
        // Silent but for the outage.
        "| `hourly` | 🟡 late | 2 h 30 min | 1h |",
        "Missed and not made up for: `hourly`",
        "<summary>The last lines of its output</summary><pre>\n  no\n  route</pre>",
    ] {
        assert!(told.out.contains(what), "{what}\n{}", told.out);
    }
}

#[test]
fn a_coverage_that_cannot_be_read_is_said() {
    let host = Host::new();
    host.beat("db_backup", 60, 3_600);
    for (text, why) in [
        (
            "{\"v\":2}",
            "it was written by a newer version (record 2; this program reads up to 1)",
        ),
        ("[]", "it is no record of beat-adopt: invalid length 0"),
    ] {
        fs::write(host.path("coverage.json"), text).unwrap();
        let told = host.run(&["--no-beat"]);
        let said = format!("The record `HOST/coverage.json` cannot be read: {why}");
        assert_eq!(told.code, 0);
        assert!(told.out.contains(&said), "{}", told.out);
    }
}

#[test]
fn a_record_that_cannot_be_read_is_said() {
    let host = Host::new();
    host.beat("db_backup", 3_600, 86_400);
    for (record, why) in [
        (
            "",
            "it is no record of a pass: EOF while parsing a value at line 1 column 0",
        ),
        (
            "{\"v\":7}",
            "it was written by a newer version (record 7; this program reads up to 1)",
        ),
    ] {
        fs::write(host.path("state/last-pass.json"), record).unwrap();
        let told = host.run(&[]);
        assert_eq!(told.code, 0);
        assert!(
            told.out.contains("Nobody can say who watched"),
            "{}",
            told.out
        );
        assert!(
            told.out
                .contains(&format!("issues are not known here: {why}.")),
            "{}",
            told.out
        );
    }
}

#[test]
fn the_state_folder_is_found_as_the_checker_finds_it() {
    let host = Host::new();
    let state = |variable: &str, value: &Path| {
        let output = Command::new(env!("CARGO_BIN_EXE_beat-report"))
            .env_clear()
            .env("HEARTBEAT_DIR", host.path("store"))
            .env(variable, value)
            .args(["--format", "json", "--no-beat"])
            .output()
            .unwrap();
        let night: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        let path = night["watch"]["record"].as_str().unwrap().to_owned();
        path.replace(host.dir.path().to_str().unwrap(), "HOST")
    };
    let home = host.path("home");
    assert_eq!(state("STATE_DIRECTORY", &home), "HOST/home/last-pass.json");
    assert_eq!(
        state("XDG_STATE_HOME", &home),
        "HOST/home/beat-check/last-pass.json"
    );
    assert_eq!(
        state("HOME", &home),
        "HOST/home/.local/state/beat-check/last-pass.json"
    );
    assert_eq!(state("OTHER", &home), "/var/lib/beat-check/last-pass.json");
}
