//! The journey of a silence over every HTTP forge: noticed, told once, told
//! nothing more, recovered with its story, silent again and opened again. Then
//! the same with a forge that fails at any one request of it.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use checker::clock::FakeClock;
use checker::deliver::{Outcome, Subject, deliver};
use checker::forge::{Parts, settings};
use checker::gather::gather;
use checker::http::{Http, Limits};
use checker::secret::Secret;
use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{FileKind, Interval, JobName, NewBeat, write_beat};
use house_tests::contracts;
use house_tests::standin::model::Issue;
use house_tests::standin::{Clock, Fault, Flavour, Reply, Rule, Standin};
use watch::{Marker, Now, Policy, Scope};

const HOST: &str = "bezalel";

/// One host, one store, one forge, and a time that only moves when told to.
struct Scene {
    store: tempfile::TempDir,
    forge: Standin,
    now: DateTime<Utc>,
}

impl Scene {
    fn new(flavour: Flavour) -> Self {
        let now: DateTime<Utc> = "2026-11-22T06:00:00Z".parse().unwrap();
        Self {
            store: tempfile::tempdir().unwrap(),
            forge: Standin::setup(flavour)
                .clock(Clock::standing_at(now))
                .hold(Duration::from_millis(200))
                .start(),
            now,
        }
    }

    fn advance(&mut self, by: TimeDelta) {
        self.now += by;
        let by = by.to_std().unwrap();
        self.forge.world(|world| world.clock.advance(by));
    }

    fn leave(&self, kind: FileKind, job: &str, every: &str) {
        let job = JobName::new(job).unwrap();
        let mut beat = NewBeat::new(kind, &job, self.now);
        beat.interval = Some(every.parse::<Interval>().unwrap());
        beat.exit_code = (kind == FileKind::Fail).then_some(3);
        beat.reason = (kind == FileKind::Fail).then_some("exit");
        write_beat(self.store.path(), &beat, false).unwrap();
    }

    fn succeeds(&self, job: &str, every: &str) {
        self.leave(FileKind::Last, job, every);
    }

    fn fails(&self, job: &str, every: &str) {
        self.leave(FileKind::Fail, job, every);
    }

    fn pass(&self) -> Outcome {
        pass(&self.forge, self.store.path(), self.now)
    }

    /// Flagged jobs, and jobs with an open issue of ours: they must be the same,
    /// with one issue each; and nothing was said twice.
    fn assert_one_issue_each(&self, flagged: &[&str]) {
        self.forge.world(|world| {
            let own = &world.account.login;
            let mut open: BTreeMap<String, usize> = BTreeMap::new();
            for issue in world.open_issues() {
                if issue.author == *own {
                    *open.entry(job_of(issue)).or_default() += 1;
                }
            }
            let expected = flagged.iter().map(|job| ((*job).to_owned(), 1)).collect();
            assert_eq!(open, expected, "open issues by job");
            for issue in &world.issues {
                let mut events: Vec<&str> = issue.comments.iter().filter_map(event).collect();
                let said = events.len();
                events.sort_unstable();
                events.dedup();
                assert_eq!(events.len(), said, "#{} says something twice", issue.number);
            }
            assert!(world.mentions.is_empty(), "{:?}", world.mentions);
            assert!(world.commands.is_empty(), "{:?}", world.commands);
        });
    }
}

fn pass(forge: &Standin, store: &Path, now: DateTime<Utc>) -> Outcome {
    let text = format!(
        "[forge]\nkind = \"{}\"\nurl = \"{}\"\nrepo = \"{}\"\n",
        forge.flavour().kind(),
        forge.url(),
        forge.repo()
    );
    let clock = Rc::new(FakeClock::at(now));
    let limits = Limits {
        request: Duration::from_millis(400),
        ..Limits::default()
    };
    let parts = Parts {
        http: Rc::new(Http::new(limits, clock.clone(), Duration::from_secs(120))),
        clock,
        token: Some(Secret::new(&forge.token()).unwrap()),
        state_dir: store.join("unused"),
    };
    let forge = settings(&text).unwrap().open(parts).unwrap();
    let seen = gather(
        &[store.to_owned()],
        HOST,
        &Now {
            wall: now,
            boot: None,
        },
    );
    assert_eq!(seen.evidence.fault(), None);
    let subject = Subject {
        states: &seen.states,
        host: HOST,
        sight: &seen.sight,
        policy: &Policy::default(),
        now,
        dry_run: false,
    };
    deliver(&*forge, &subject)
}

fn job_of(issue: &Issue) -> String {
    let marker = Marker::parse(issue.body.as_deref().unwrap_or_default());
    match marker.map(|marker| marker.scope) {
        Some(Scope::Job { job, .. }) => job,
        Some(Scope::Storm { .. }) => "(storm)".into(),
        None => format!("(no marker in #{})", issue.number),
    }
}

fn event(comment: &house_tests::standin::model::Comment) -> Option<&str> {
    comment
        .body
        .lines()
        .find(|line| line.contains("heartbeat-checker event"))
}

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
