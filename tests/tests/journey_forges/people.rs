//! What people and second checkers do to the issues meanwhile.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use house_tests::bins;
use house_tests::needs::Journey;
use house_tests::sink::Sink;
use house_tests::standin::Flavour;
use watch::DeliveryOutcome;

use super::scene::{Scene, job_of, pass};

/// A scene in which one job is silent and has its issue; the number of it.
fn silent(flavour: Flavour) -> (Scene, u64) {
    let mut scene = Scene::new(flavour);
    scene.succeeds("db_backup", "1h");
    scene.advance(TimeDelta::minutes(125));
    assert_eq!(scene.pass().errors, []);
    let number = scene.forge.world(|world| world.open_issues()[0].number);
    (scene, number)
}

fn open(scene: &Scene) -> Vec<u64> {
    scene.forge.world(|world| {
        world
            .open_issues()
            .iter()
            .map(|issue| issue.number)
            .collect()
    })
}

#[test]
fn closing_by_hand_puts_this_silence_aside_and_no_other() {
    for flavour in Flavour::ALL {
        let (mut scene, number) = silent(flavour);
        scene.forge.world(|world| world.close(number, "alice"));
        for _ in 0..3 {
            scene.advance(TimeDelta::hours(30));
            let outcome = scene.pass();
            assert_eq!((outcome.errors.len(), outcome.acknowledged.len()), (0, 1));
            assert_eq!(open(&scene), [0; 0], "{flavour:?}");
        }
        // One success, and the next silence is told again: long after, anew.
        scene.succeeds("db_backup", "1h");
        scene.pass();
        scene.advance(TimeDelta::minutes(125));
        scene.pass();
        let again = open(&scene);
        assert_eq!(again.len(), 1, "{flavour:?}");
        assert_ne!(again, [number], "{flavour:?}");
    }
}

#[test]
fn titles_labels_and_bodies_are_for_people() {
    for flavour in Flavour::ALL {
        let (mut scene, number) = silent(flavour);
        scene.forge.world(|world| {
            let body = world
                .issues
                .iter()
                .find(|issue| issue.number == number)
                .unwrap();
            let body = format!("{}\n\nalice: I look into it.", body.body.clone().unwrap());
            world.rewrite(number, "alice", &body);
            world.retitle(number, "alice", "the backup again");
            world.relabel(number, &["mine"]);
        });
        scene.advance(TimeDelta::minutes(15));
        assert_eq!(scene.pass().deliveries, []);
        assert_eq!(open(&scene), [number]);
        scene.fails("db_backup", "1h");
        scene.pass();
        scene.succeeds("db_backup", "1h");
        scene.pass();
        assert_eq!(open(&scene), [0; 0], "{flavour:?}");
        scene.forge.world(|world| {
            let issue = world
                .issues
                .iter()
                .find(|issue| issue.number == number)
                .unwrap();
            assert_eq!(issue.title, "the backup again");
            assert!(
                issue
                    .body
                    .as_deref()
                    .unwrap()
                    .ends_with("alice: I look into it.")
            );
        });
    }
}

#[test]
fn a_marker_that_was_deleted_comes_back() {
    for flavour in Flavour::ALL {
        let (mut scene, number) = silent(flavour);
        scene
            .forge
            .world(|world| world.rewrite(number, "alice", "I tidied this up"));
        scene.advance(TimeDelta::minutes(15));
        scene.pass();
        assert_eq!(open(&scene), [number], "{flavour:?}");
        scene.assert_one_issue_each(&["db_backup"]);
    }
}

#[test]
fn an_issue_opened_again_by_hand_while_all_is_well_is_closed_again() {
    for flavour in Flavour::ALL {
        let (mut scene, number) = silent(flavour);
        scene.succeeds("db_backup", "1h");
        scene.pass();
        scene.forge.world(|world| world.reopen(number, "alice"));
        scene.advance(TimeDelta::minutes(15));
        scene.pass();
        assert_eq!(open(&scene), [0; 0], "{flavour:?}");
    }
}

#[test]
fn two_checkers_at_once_leave_one_issue() {
    for flavour in Flavour::ALL {
        for _ in 0..5 {
            let mut scene = Scene::new(flavour);
            scene.succeeds("db_backup", "1h");
            scene.succeeds("mail", "1h");
            scene.advance(TimeDelta::minutes(125));
            std::thread::scope(|scope| {
                for _ in 0..2 {
                    scope.spawn(|| pass(&scene.forge, scene.store.path(), scene.now));
                }
            });
            scene.advance(TimeDelta::minutes(15));
            assert_eq!(scene.pass().errors, [], "{flavour:?}");
            // Both may have said that the younger one is a duplicate.
            scene.assert_open(&["db_backup", "mail"]);
        }
    }
}

#[test]
fn a_storm_is_one_issue_that_follows_its_jobs() {
    for flavour in Flavour::ALL {
        let mut scene = Scene::new(flavour);
        let jobs: Vec<String> = (0..14).map(|n| format!("job-{n:02}")).collect();
        for job in &jobs {
            scene.succeeds(job, "1h");
        }
        scene.advance(TimeDelta::minutes(125));
        assert_eq!(scene.pass().errors, []);
        scene.assert_one_issue_each(&["(storm)"]);
        // Silence goes on: nothing more to say.
        scene.advance(TimeDelta::minutes(15));
        assert_eq!(scene.pass().deliveries, []);
        // One that was well until now gets an issue of its own.
        for job in &jobs[..13] {
            scene.succeeds(job, "1h");
        }
        scene.pass();
        scene.advance(TimeDelta::minutes(110));
        for job in &jobs[1..13] {
            scene.succeeds(job, "1h");
        }
        scene.advance(TimeDelta::minutes(15));
        scene.pass();
        scene.assert_one_issue_each(&["(storm)", "job-00"]);
        for job in &jobs {
            scene.succeeds(job, "1h");
        }
        scene.pass();
        scene.assert_one_issue_each(&[]);
    }
}

#[test]
fn hosts_share_a_repository_and_touch_nothing_of_each_other() {
    for flavour in Flavour::ALL {
        let (mut scene, number) = silent(flavour);
        let foreign = scene.forge.world(|world| {
            let own = world.account.login.clone();
            let marker = "<!-- heartbeat-checker {\"v\":1,\"host\":\"other\",\"user\":\"root\",\"job\":\"db_backup\",\"kind\":\"silent\",\"rev\":1} -->";
            world.open_issue(&own, "[heartbeat-checker] db_backup is silent on other", marker)
        });
        scene.succeeds("db_backup", "1h");
        scene.advance(TimeDelta::minutes(5));
        scene.pass();
        assert_eq!(
            open(&scene),
            [foreign],
            "{flavour:?}: #{number} is closed, the other is not"
        );
    }
}

#[test]
fn a_dry_run_only_reads() {
    for flavour in Flavour::ALL {
        let mut scene = Scene::new(flavour);
        scene.succeeds("db_backup", "1h");
        scene.advance(TimeDelta::minutes(125));
        let outcome = scene.dry_pass();
        assert_eq!(outcome.deliveries.len(), 1);
        assert_eq!(outcome.deliveries[0].outcome, DeliveryOutcome::Planned);
        assert!(scene.forge.log().iter().all(|logged| !logged.writes()));
        assert_eq!(open(&scene), [0; 0]);
    }
}

/// The programs as they are installed, a real clock, a forge and a watchdog.
#[test]
fn the_programs_themselves() {
    if !Journey::new("a silence, by the installed programs")
        .binaries()
        .ready()
    {
        return;
    }
    for flavour in Flavour::ALL {
        let scene = Scene::new(flavour);
        let sink = Sink::start();
        let dir = tempfile::tempdir().unwrap();
        let config = dir.path().join("config.toml");
        let text = format!(
            "[forge]\nkind = \"{}\"\nurl = \"{}\"\nrepo = \"{}\"\n[watchdog]\nping_url = \"{}\"\n",
            flavour.kind(),
            scene.forge.url(),
            scene.forge.repo(),
            sink.url()
        );
        std::fs::write(&config, text).unwrap();
        let beat = |args: &[&str]| {
            let status = command(&bins::beat(), &dir).args(args).status().unwrap();
            assert!(status.success());
        };
        let check = || {
            let output = command(&bins::beat_check(), &dir)
                .args(["--format", "json", "--config"])
                .arg(&config)
                .env("HEARTBEAT_FORGE_TOKEN", scene.forge.token())
                .output()
                .unwrap();
            let record: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            assert_eq!(record["problems"], serde_json::json!([]), "{flavour:?}");
            output.status.code().unwrap()
        };
        std::fs::create_dir(dir.path().join("store")).unwrap();
        beat(&["db_backup", "--every", "1h"]);
        assert_eq!(check(), 0);
        beat(&["db_backup", "--every", "1h", "--fail", "3"]);
        assert_eq!(check(), 1);
        assert_eq!(check(), 1);
        let jobs = scene.forge.world(|world| {
            let mut jobs: BTreeMap<String, usize> = BTreeMap::new();
            for issue in world.open_issues() {
                *jobs.entry(job_of(issue)).or_default() += 1;
            }
            jobs
        });
        assert_eq!(jobs, BTreeMap::from([("db_backup".to_owned(), 1)]));
        beat(&["db_backup", "--every", "1h"]);
        assert_eq!(check(), 0);
        assert_eq!(open(&scene), [0; 0]);
        // Each of the four good passes told the watchdog.
        assert_eq!(sink.requests().len(), 4);
        scene.forge.assert_token_hygiene();
    }
}

/// A program, with a store and nothing else in its surroundings.
pub(crate) fn command(program: &std::path::Path, dir: &tempfile::TempDir) -> std::process::Command {
    #[allow(clippy::disallowed_methods, reason = "journeys start the programs")]
    let mut command = std::process::Command::new(program);
    command
        .env_clear()
        .env("HOME", dir.path())
        .env("HEARTBEAT_DIR", dir.path().join("store"));
    command
}
