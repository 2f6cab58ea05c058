//! The journey of a silence over every HTTP forge: noticed, told once, told
//! nothing more, recovered with its story, silent again and opened again. Then
//! the same with a forge that fails at any one request of it.
#![allow(clippy::unwrap_used, reason = "tests may give up")]

mod endurance;
mod people;
mod scene;

use chrono::TimeDelta;
use house_tests::contracts;
use house_tests::standin::{Fault, Flavour, Reply, Rule};

use scene::Scene;

/// Runs the whole journey; `check` is called after each stage with the jobs that
/// must have an open issue then. A stage is a pass.
fn journey(scene: &mut Scene, mut check: impl FnMut(&mut Scene, &[&str])) {
    scene.succeeds("db_backup", "1d");
    scene.succeeds("vacuum", "1h");
    scene.succeeds("mail", "15m");
    check(scene, &[]);
    // The hourly one stops; the small one goes on and then fails.
    scene.advance(TimeDelta::minutes(121));
    scene.fails("mail", "15m");
    check(scene, &["mail", "vacuum"]);
    // Nothing changed: nothing more to say.
    scene.advance(TimeDelta::minutes(15));
    check(scene, &["mail", "vacuum"]);
    // What was silent now fails.
    scene.advance(TimeDelta::minutes(15));
    scene.fails("vacuum", "1h");
    check(scene, &["mail", "vacuum"]);
    // One recovers.
    scene.advance(TimeDelta::minutes(15));
    scene.succeeds("vacuum", "1h");
    check(scene, &["mail"]);
    // Both recover.
    scene.advance(TimeDelta::minutes(15));
    scene.succeeds("mail", "15m");
    check(scene, &[]);
    // One goes silent again soon after: its issue is opened again.
    scene.advance(TimeDelta::minutes(60));
    scene.succeeds("vacuum", "1h");
    check(scene, &["mail"]);
    scene.succeeds("mail", "15m");
    scene.advance(TimeDelta::minutes(10));
    check(scene, &[]);
}

#[test]
fn a_silence_is_told_once_and_closed_with_its_story() {
    for flavour in Flavour::ALL {
        let mut scene = Scene::new(flavour);
        let foreign = scene.forge.world(|world| {
            let marker = "<!-- heartbeat-checker {\"v\":1,\"host\":\"bezalel\",\"user\":\"root\",\"job\":\"db_backup\",\"kind\":\"silent\",\"rev\":1} -->";
            world.add_pull_request("alice", "a change", marker);
            world.open_issue("alice", "copied marker", marker)
        });
        journey(&mut scene, |scene, flagged| {
            let outcome = scene.pass();
            assert_eq!(outcome.errors, [], "{flavour:?}");
            scene.assert_one_issue_each(flagged);
        });
        scene.forge.assert_token_hygiene();
        scene.forge.world(|world| {
            let own = world.account.login.clone();
            let ours = world.issues_by(&own);
            let titles: Vec<&str> = ours.iter().map(|issue| issue.title.as_str()).collect();
            // Two issues in all: the third silence went into an old one.
            assert_eq!(titles.len(), 2, "{flavour:?}: {titles:?}");
            assert!(
                titles
                    .iter()
                    .all(|title| title.starts_with("[heartbeat-checker] "))
            );
            let story = ours.iter().flat_map(|issue| &issue.comments);
            let story: Vec<&str> = story.map(|comment| comment.body.as_str()).collect();
            let story = story.join("\n");
            for part in [
                "Recovered: `vacuum` succeeded at",
                "were missed",
                "Now **failed**",
                "Again **silent**",
            ] {
                assert!(story.contains(part), "{flavour:?}: {part:?} in\n{story}");
            }
            let copied = world
                .issues
                .iter()
                .find(|issue| issue.number == foreign)
                .unwrap();
            assert!(
                copied.open && copied.comments.is_empty(),
                "a person's issue was touched"
            );
        });
        if contracts::available() {
            assert_eq!(contracts::troubles(&scene.forge), Vec::<String>::new());
        }
    }
}

/// Every request of the journey fails once, in every way.
fn fail_at_every_request(flavour: Flavour) {
    type Make = fn() -> Fault;
    let faults: [(&str, Make); 7] = [
        ("500", || Fault::status(500)),
        ("403", || Fault::page(403)),
        ("busy", || Fault::busy(429, 2)),
        ("closed", || Fault::Close),
        ("acted, no answer", || Fault::ActAndDrop),
        ("acted, half an answer", || Fault::ActAndHalf),
        ("acted, then 502", || {
            Fault::ActAndAnswer(Reply::html(502, "bad gateway"))
        }),
    ];
    for (name, fault) in faults {
        let mut hit = 0;
        for nth in 1.. {
            let mut scene = Scene::new(flavour);
            scene.forge.inject(Rule::nth(nth), fault());
            let mut fired = false;
            journey(&mut scene, |scene, flagged| {
                scene.pass();
                if !fired && scene.forge.pending_faults() == 0 {
                    fired = true;
                    scene.advance(TimeDelta::seconds(30));
                    let healed = scene.pass();
                    assert_eq!(healed.errors, [], "{flavour:?}, {name} at request {nth}");
                }
                scene.assert_one_issue_each(flagged);
            });
            if !fired {
                break;
            }
            hit += 1;
        }
        assert!(
            hit > 20,
            "{flavour:?}, {name}: only {hit} requests were tried"
        );
    }
}

#[test]
fn forgejo_failing_at_any_one_request_is_in_line_after_the_next_pass() {
    fail_at_every_request(Flavour::Forgejo);
}

#[test]
fn gitea_failing_at_any_one_request_is_in_line_after_the_next_pass() {
    fail_at_every_request(Flavour::Gitea);
}

#[test]
fn github_failing_at_any_one_request_is_in_line_after_the_next_pass() {
    fail_at_every_request(Flavour::GitHub);
}

#[test]
fn gitlab_failing_at_any_one_request_is_in_line_after_the_next_pass() {
    fail_at_every_request(Flavour::GitLab);
}
