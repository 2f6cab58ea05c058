//! Expected jobs: those that never ran, that are muted, that wait for others, that go
//! to another forge; and a host that was off.

use std::fs;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::scene::{Ran, Scene, names};

/// A scene with these expected jobs, as the tester's own.
struct Expecting {
    scene: Scene,
}

impl Expecting {
    fn jobs(text: &str) -> Self {
        let scene = Scene::new();
        fs::create_dir(scene.path("jobs.d")).unwrap();
        let dir = scene.path("jobs.d");
        scene.write_config(&format!("[checker]\njobs_dir = {:?}\n", dir.display()));
        let me = heartbeat::user_name(rustix::process::geteuid().as_raw()).unwrap();
        let text = text.replace("ME", &me);
        fs::write(dir.join("jobs.toml"), text).unwrap();
        Self { scene }
    }

    fn pass(&self, args: &[&str]) -> Ran {
        let config = self.scene.path("config.toml");
        let mut command = self.scene.command(args);
        command.arg("--config").arg(config);
        // A boot that is none of this machine's: the notes say what came before.
        command.env("HEARTBEAT_BOOT_ID", BOOT);
        self.scene.finish(&mut command)
    }

    fn record(&self) -> Value {
        serde_json::from_str(&self.pass(&["--format", "json"]).out).unwrap()
    }

    fn job(&self, name: &str) -> Value {
        let record = self.record();
        let jobs = record["jobs"].as_array().unwrap();
        let found = jobs.iter().find(|job| job["job"] == name);
        assert!(found.is_some(), "{record:#}");
        found.unwrap().clone()
    }

    fn verdict(&self, name: &str) -> String {
        self.job(name)["verdict"].as_str().unwrap().to_owned()
    }

    /// Changes the notes that the last pass left.
    fn note(&self, change: impl FnOnce(&mut Value)) {
        let path = self.scene.path("state/notes.json");
        let mut notes = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        change(&mut notes);
        fs::write(path, notes.to_string()).unwrap();
    }

    fn known_for(&self, minutes: u64) {
        self.note(|notes| notes["known"][0]["seconds"] = json!(60 * minutes));
    }

    fn issues(&self, state: &str) -> Vec<String> {
        self.scene.issues(state)
    }
}

const BOOT: &str = "11111111-1111-1111-1111-111111111111";

const HOURLY: &str = "[etl]\nuser = \"ME\"\nevery = \"1h\"\nabout = \"Loads the orders\"\nowner = \"data@example.org\"\nrunbook = \"https://wiki.example.org/etl\"\nseverity = \"critical\"\n";

#[test]
fn a_job_that_never_ran_is_flagged_in_its_time_and_not_before() {
    let expecting = Expecting::jobs(HOURLY);
    assert_eq!(expecting.verdict("etl"), "waiting");
    expecting.known_for(119);
    assert_eq!(expecting.verdict("etl"), "waiting");
    expecting.known_for(121);
    let job = expecting.job("etl");
    assert_eq!(
        (&job["verdict"], &job["flagged"]),
        (&json!("never"), &json!(true))
    );
    assert_eq!(expecting.issues("open").len(), 1);
    let issue = fs::read_to_string(
        expecting
            .scene
            .path("state/issues/open")
            .join(&expecting.issues("open")[0]),
    );
    let issue = issue.unwrap();
    for part in [
        "never succeeded",
        "Loads the orders",
        "wiki.example.org/etl",
        "critical",
    ] {
        assert!(issue.contains(part), "{part}: {issue}");
    }
    // Its first success clears it.
    expecting.scene.beat("etl", 5, 3_600);
    assert_eq!(expecting.verdict("etl"), "fresh");
    assert_eq!(
        (
            expecting.issues("open").len(),
            expecting.issues("closed").len()
        ),
        (0, 1)
    );
}

#[test]
fn losing_the_notes_delays_and_never_invents() {
    let expecting = Expecting::jobs(HOURLY);
    assert_eq!(expecting.verdict("etl"), "waiting");
    for odd in [None, Some("rubbish"), Some("{\"v\":9}")] {
        expecting.known_for(115);
        let path = expecting.scene.path("state/notes.json");
        match odd {
            None => fs::remove_file(path).unwrap(),
            Some(text) => fs::write(path, text).unwrap(),
        }
        assert_eq!(expecting.verdict("etl"), "waiting", "{odd:?}");
    }
    // A wall clock that jumps makes no time pass.
    expecting.note(|notes| notes["witness"]["now"] = json!("1970-01-01T00:00:10Z"));
    assert_eq!(expecting.verdict("etl"), "waiting");
    assert_eq!(expecting.issues("open").len(), 0);
}

/// A failure's file is no success, whatever stands in it: the job is known for as long.
#[test]
fn a_torn_failure_does_not_make_a_job_new() {
    let expecting = Expecting::jobs(HOURLY);
    expecting.verdict("etl");
    expecting.known_for(119);
    let torn = expecting.scene.store().join("etl.fail");
    fs::write(&torn, "{\"v\":1,\"job\":\"et").unwrap();
    assert_eq!(expecting.verdict("etl"), "unreadable");
    expecting.known_for(121);
    assert_eq!(expecting.verdict("etl"), "never");
    fs::remove_file(torn).unwrap();
    assert_eq!(expecting.verdict("etl"), "never");
    // A success may be what cannot be read.
    fs::write(expecting.scene.store().join("etl.last"), "{").unwrap();
    assert_eq!(expecting.verdict("etl"), "unreadable");
    expecting.note(|notes| assert_eq!(notes["known"], json!([])));
}

#[test]
fn a_broken_file_loses_nothing_and_calls_nothing_gone() {
    let expecting = Expecting::jobs(HOURLY);
    expecting.verdict("etl");
    expecting.known_for(500);
    assert_eq!(expecting.verdict("etl"), "never");
    let file = expecting.scene.path("jobs.d/jobs.toml");
    let good = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{good}evrey = 5\n")).unwrap();
    fs::write(
        expecting.scene.path("jobs.d/other.toml"),
        good.replace("etl", "other"),
    )
    .unwrap();
    let ran = expecting.pass(&[]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    assert!(
        ran.err.contains("cannot read an expected job"),
        "{}",
        ran.err
    );
    assert!(ran.out.contains("other"), "{}", ran.out);
    // The issue is as it was: no word that the job is gone.
    let open = expecting.issues("open");
    assert_eq!(open.len(), 1);
    let text = fs::read_to_string(expecting.scene.path("state/issues/open").join(&open[0]));
    assert!(!text.unwrap().contains("gone"));
}

#[test]
fn muted_jobs_are_watched_and_shown_and_open_nothing() {
    let expecting = Expecting::jobs(&format!(
        "{HOURLY}paused_until = 2999-01-01T00:00:00Z\npause_reason = \"moving house\"\n"
    ));
    expecting.scene.beat("etl", 50_000, 3_600);
    let job = expecting.job("etl");
    assert_eq!(job["verdict"], "silent");
    assert_eq!(job["muted_until"], "2999-01-01T00:00:00.000Z");
    assert_eq!(job["mute_reason"], "moving house");
    assert_eq!(expecting.issues("open").len(), 0);
    let table = expecting.pass(&[]).out;
    assert!(
        table.contains("[muted until 2999-01-01 00:00:00 UTC: moving house]"),
        "{table}"
    );
}

#[test]
fn a_job_waits_for_what_it_needs() {
    let expecting = Expecting::jobs(&format!(
        "{HOURLY}needs = [\"ME/vpn\"]\n\n[vpn]\nuser = \"ME\"\nevery = \"1h\"\n\n[lost]\nuser = \"ME\"\nevery = \"1h\"\nneeds = [\"nobody/knows\"]\n"
    ));
    for job in ["etl", "vpn"] {
        expecting.scene.beat(job, 50_000, 3_600);
    }
    expecting.scene.beat("lost", 10, 3_600);
    let job = expecting.job("etl");
    assert_eq!(job["waits_for"], "vpn");
    let open = expecting.issues("open");
    assert_eq!(open.len(), 1, "{open:?}");
    let path = expecting.scene.path("state/issues/open").join(&open[0]);
    let issue = fs::read_to_string(path).unwrap();
    assert!(
        issue.contains("Waiting for it") && issue.contains("`etl`"),
        "{issue}"
    );
    let table = expecting.pass(&[]).out;
    assert!(table.contains("[waits for vpn]"), "{table}");
    assert!(table.contains("\"nobody/knows\""), "{table}");
    // With it well again, the job speaks for itself.
    expecting.scene.beat("vpn", 5, 3_600);
    expecting.verdict("etl");
    assert_eq!(
        (
            expecting.issues("open").len(),
            expecting.issues("closed").len()
        ),
        (1, 1)
    );
}

#[test]
fn a_difference_between_beat_and_manifest_is_told_and_the_manifest_counts() {
    let expecting = Expecting::jobs(HOURLY);
    expecting.scene.beat("etl", 10_000, 86_400);
    let job = expecting.job("etl");
    assert_eq!(
        (&job["verdict"], &job["interval_seconds"]),
        (&json!("silent"), &json!(3_600))
    );
    let ran = expecting.pass(&[]);
    let told = "jobs.toml:1 expects etl every 1h, its beat says every 1d; the manifest counts";
    assert!(ran.out.contains(told), "{}", ran.out);
}

#[test]
fn an_issue_goes_to_the_forge_that_the_job_names() {
    let expecting = Expecting::jobs(&format!("{HOURLY}forge = \"data\"\nlabels = [\"etl\"]\n"));
    let config = expecting.scene.path("config.toml");
    let text = fs::read_to_string(&config).unwrap();
    let other = expecting.scene.path("elsewhere");
    fs::write(
        &config,
        format!(
            "{text}\n[forges.data]\nkind = \"folder\"\npath = {:?}\n",
            other.display()
        ),
    )
    .unwrap();
    for job in ["etl", "web"] {
        expecting.scene.beat(job, 50_000, 3_600);
    }
    let ran = expecting.pass(&[]);
    assert_eq!(ran.code, 1, "{}{}", ran.out, ran.err);
    assert_eq!(expecting.issues("open").len(), 1);
    let there = names(&other.join("open"));
    assert_eq!(there.len(), 1, "{there:?}");
    let issue = fs::read_to_string(other.join("open").join(&there[0])).unwrap();
    assert!(issue.contains("etl is silent"), "{issue}");
    // The entry is changed: the open issue stays the only one until it is closed.
    let jobs = expecting.scene.path("jobs.d/jobs.toml");
    let entry = fs::read_to_string(&jobs).unwrap();
    fs::write(&jobs, entry.replace("forge = \"data\"\n", "")).unwrap();
    expecting.pass(&[]);
    assert_eq!(expecting.issues("open").len(), 1);
}

#[test]
fn a_host_that_was_off_is_told_as_one_story() {
    let uptime = fs::read_to_string("/proc/uptime").unwrap();
    let up: f64 = uptime.split(' ').next().unwrap().parse().unwrap();
    let booted = Utc::now() - TimeDelta::milliseconds((up * 1_000.0) as i64);
    let off = booted - TimeDelta::hours(8);
    let expecting = Expecting::jobs("");
    let text = |at: DateTime<Utc>| at.to_rfc3339();
    // Three jobs that ran half an hour before the host went down, and not since.
    let beats = |job: &str, interval: u32| {
        let line = format!(
            "{{\"v\":1,\"job\":\"{job}\",\"timestamp\":\"{}\",\"interval_seconds\":{interval}}}",
            text(off - TimeDelta::minutes(30))
        );
        expecting
            .scene
            .file(&format!("{job}.last"), line.as_bytes());
    };
    beats("etl", 3_600);
    beats("mail", 3_600);
    beats("weekly", 604_800);
    fs::create_dir(expecting.scene.path("state")).unwrap();
    let notes = json!({"v": 1, "witness": {
        "now": text(off),
        "boot_id": "22222222-2222-2222-2222-222222222222",
        "uptime_seconds": 5_000.0,
        "asleep_seconds": 0.0,
    }});
    fs::write(expecting.scene.path("state/notes.json"), notes.to_string()).unwrap();

    let record = expecting.record();
    let outage = &record["outages"][0];
    assert_eq!(outage["kind"], "off", "{record:#}");
    assert_eq!(outage["missed"].as_array().unwrap().len(), 2, "{record:#}");
    let job = expecting.job("etl");
    let reason = job["reason"].as_str().unwrap();
    assert!(reason.contains("the host was off between"), "{reason}");
    // An hour to catch up; this machine may have been up for longer than that.
    if up < 3_600.0 {
        assert_eq!(job["verdict"], "late");
        assert!(reason.contains("it may catch up until"), "{reason}");
        assert_eq!(expecting.issues("open").len(), 0);
    } else {
        assert_eq!(job["verdict"], "silent");
        let open = expecting.issues("open");
        assert_eq!(open.len(), 1, "{open:?}");
    }
    let table = expecting.pass(&[]).out;
    assert!(table.contains("The host was off between"), "{table}");
}
