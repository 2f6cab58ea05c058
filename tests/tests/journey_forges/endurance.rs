//! The life of an issue behind a proxy that is slow, cuts connections at every byte in
//! turn, in both directions, and puts recorded faults in place of answers. After each of
//! these, one clean pass must leave one issue for what is flagged, and nothing said twice.
//!
//! `make endurance` tries every byte, and prints a table; in each run a part of them is
//! tried, at a stride that has nothing in common with the lengths of lines and fields.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use house_tests::bins;
use house_tests::needs::Journey;
use house_tests::proxy::{Harm, Proxy, Way};
use house_tests::sink::Sink;
use house_tests::standin::{Flavour, Standin};

use super::people::command;
use super::scene::Scene;

/// What happens to a job, and the issue that must be open after the pass that follows.
const STAGES: [(&str, &[&str]); 3] = [
    ("opened", &["db_backup"]),
    ("changed", &["db_backup"]),
    ("recovered", &[]),
];

/// Lets happen what leads to a stage.
fn prepare(scene: &mut Scene, stage: usize) {
    match stage {
        0 => {
            scene.succeeds("db_backup", "1h");
            scene.succeeds("mail", "1d");
            scene.advance(TimeDelta::minutes(125));
        }
        1 => {
            scene.advance(TimeDelta::minutes(15));
            scene.fails("db_backup", "1h");
        }
        _ => {
            scene.advance(TimeDelta::minutes(15));
            scene.succeeds("db_backup", "1h");
        }
    }
}

/// A scene on the verge of a stage: all passes before it went well.
fn verge(flavour: Flavour, stage: usize) -> Scene {
    let mut scene = Scene::new(flavour);
    for before in 0..stage {
        prepare(&mut scene, before);
        assert_eq!(scene.pass().errors, []);
    }
    prepare(&mut scene, stage);
    scene
}

/// One pass under this harm, then a clean one.
fn endure(flavour: Flavour, stage: usize, harm: Harm, latency: Duration) {
    let mut scene = verge(flavour, stage);
    let proxy = Proxy::start(scene.forge.url(), harm, latency);
    scene.pass_by(&proxy.url());
    assert!(proxy.struck(), "the harm was not done");
    drop(proxy);
    scene.advance(TimeDelta::seconds(30));
    let healed = scene.pass();
    assert_eq!(healed.errors, []);
    scene.assert_one_issue_each(STAGES[stage].1);
    // And it rests: there is nothing more to say.
    scene.advance(TimeDelta::seconds(30));
    let after = scene.pass();
    assert_eq!((after.errors, after.deliveries), (vec![], vec![]));
    scene.forge.assert_token_hygiene();
}

/// Bytes asked and answered in a stage, and how many requests there were.
fn measure(flavour: Flavour, stage: usize) -> (u64, u64, u64) {
    let scene = verge(flavour, stage);
    let proxy = Proxy::start(scene.forge.url(), Harm::None, Duration::ZERO);
    assert_eq!(scene.pass_by(&proxy.url()).errors, []);
    scene.assert_one_issue_each(STAGES[stage].1);
    let (asked, answered) = proxy.bytes();
    (asked, answered, proxy.requests())
}

/// Something to be endured.
struct Trial {
    flavour: Flavour,
    stage: usize,
    what: String,
    harm: Harm,
    latency: Duration,
}

/// Runs all trials, several at once: most of the time goes by waiting. Panics with those
/// that were not endured.
fn run(trials: &[Trial]) {
    let next = AtomicUsize::new(0);
    let wrong = Mutex::new(Vec::new());
    let work = || {
        while let Some(trial) = trials.get(next.fetch_add(1, Ordering::Relaxed)) {
            let Trial {
                flavour,
                stage,
                what,
                harm,
                latency,
            } = trial;
            let tried = || endure(*flavour, *stage, harm.clone(), *latency);
            if catch_unwind(AssertUnwindSafe(tried)).is_err() {
                let name = STAGES[*stage].0;
                let line = format!("{flavour:?}, {name}, {what}");
                wrong.lock().unwrap().push(line);
            }
        }
    };
    let workers = std::thread::available_parallelism().map_or(2, usize::from) * 2;
    std::thread::scope(|scope| {
        for _ in 0..workers {
            scope.spawn(work);
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(
        wrong.is_empty(),
        "{} of {} were not endured:\n{}",
        wrong.len(),
        trials.len(),
        wrong.join("\n")
    );
}

/// Every `stride`th byte of a stage in both directions; every second time the forge is
/// gone for the rest of the pass.
fn cuts(flavour: Flavour, stage: usize, stride: usize) -> (Vec<Trial>, (u64, u64, u64)) {
    let measured = measure(flavour, stage);
    let (asked, answered, _) = measured;
    let mut trials = Vec::new();
    for (way, bytes) in [(Way::Asked, asked), (Way::Answered, answered)] {
        for (nth, after) in (0..bytes).step_by(stride).enumerate() {
            let dead = nth % 2 == 1;
            trials.push(Trial {
                flavour,
                stage,
                what: format!("{way:?} cut after {after} of {bytes}, gone then: {dead}"),
                harm: Harm::Cut { way, after, dead },
                latency: Duration::ZERO,
            });
        }
    }
    (trials, measured)
}

#[test]
fn a_connection_that_is_cut_anywhere_is_made_up_for() {
    let mut trials = Vec::new();
    for flavour in Flavour::ALL {
        for stage in 0..STAGES.len() {
            trials.extend(cuts(flavour, stage, 397).0);
        }
    }
    assert!(trials.len() > 200, "{}", trials.len());
    run(&trials);
}

/// Answers as proxies, dying servers and strangers gave them.
fn recorded(elsewhere: &str) -> Vec<(&'static str, String)> {
    let page = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>nginx</center>\r\n</body>\r\n</html>\r\n";
    let html = |status: &str, page: &str| {
        format!(
            "HTTP/1.1 {status}\r\nServer: nginx\r\nContent-Type: text/html\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{page}",
            page.len()
        )
    };
    let json = |status: &str, more: &str, body: &str| {
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}Connection: close\r\n\r\n{body}"
        )
    };
    let moved = format!("Location: {elsewhere}/api/v1/repos\r\nContent-Length: 0\r\n");
    vec![
        (
            "500",
            json(
                "500 Internal Server Error",
                "Content-Length: 36\r\n",
                "{\"message\":\"database is locked now\"}\n",
            ),
        ),
        ("502 of a proxy", html("502 Bad Gateway", page)),
        (
            "503, soon",
            json(
                "503 Service Unavailable",
                "Retry-After: 1\r\nContent-Length: 0\r\n",
                "",
            ),
        ),
        ("504", html("504 Gateway Time-out", page)),
        (
            "429, soon",
            json(
                "429 Too Many Requests",
                "Retry-After: 1\r\nContent-Length: 0\r\n",
                "",
            ),
        ),
        (
            "429, much later",
            json(
                "429 Too Many Requests",
                "Retry-After: 86400\r\nContent-Length: 0\r\n",
                "",
            ),
        ),
        (
            "403, a limit",
            json(
                "403 Forbidden",
                "X-RateLimit-Remaining: 0\r\nX-RateLimit-Reset: 1\r\nContent-Length: 2\r\n",
                "{}",
            ),
        ),
        (
            "a page of a gateway, 200",
            html("200 OK", "<html><body>Please sign in</body></html>"),
        ),
        (
            "half a JSON",
            json(
                "200 OK",
                "Content-Length: 33\r\n",
                "[{\"number\": 1, \"title\": \"[heartb\"",
            ),
        ),
        (
            "an empty answer, 200",
            json("200 OK", "Content-Length: 0\r\n", ""),
        ),
        ("null", json("200 OK", "Content-Length: 4\r\n", "null")),
        (
            "an object for a list",
            json("200 OK", "Content-Length: 13\r\n", "{\"message\":1}"),
        ),
        (
            "shorter than announced",
            json("200 OK", "Content-Length: 4000\r\n", "[]"),
        ),
        (
            "longer than announced",
            json("200 OK", "Content-Length: 1\r\n", "[][][][]"),
        ),
        (
            "two lengths",
            json("200 OK", "Content-Length: 2\r\nContent-Length: 7\r\n", "[]"),
        ),
        (
            "a chunk that breaks off",
            json(
                "200 OK",
                "Transfer-Encoding: chunked\r\n",
                "40\r\n[{\"number\":",
            ),
        ),
        (
            "a chunk of no length",
            json(
                "200 OK",
                "Transfer-Encoding: chunked\r\n",
                "zz\r\n[]\r\n0\r\n\r\n",
            ),
        ),
        (
            "no last chunk",
            json("200 OK", "Transfer-Encoding: chunked\r\n", "2\r\n[]\r\n"),
        ),
        (
            "gzip that is none",
            json(
                "200 OK",
                "Content-Encoding: gzip\r\nContent-Length: 2\r\n",
                "[]",
            ),
        ),
        (
            "elsewhere, for good",
            json("301 Moved Permanently", &moved, ""),
        ),
        (
            "elsewhere, for now",
            json("307 Temporary Redirect", &moved, ""),
        ),
        ("rubbish", "\u{0}\u{1}SSH-2.0-OpenSSH_9.2\r\n".to_owned()),
        ("half a head", "HTTP/1.1 200 OK\r\nContent-Ty".to_owned()),
        (
            "only early hints",
            "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n".to_owned(),
        ),
        ("nothing", String::new()),
    ]
}

#[test]
fn a_slow_way_is_no_fault() {
    for flavour in Flavour::ALL {
        let mut scene = Scene::new(flavour);
        for (stage, (_, open)) in STAGES.iter().enumerate() {
            prepare(&mut scene, stage);
            let slow = Duration::from_millis(15);
            let proxy = Proxy::start(scene.forge.url(), Harm::None, slow);
            assert_eq!(scene.pass_by(&proxy.url()).errors, []);
            scene.assert_one_issue_each(open);
        }
    }
}

/// The installed checker itself, with its real clock and its real waits: cut once, then
/// clean, at so many bytes of the opening and of the closing of an issue.
#[test]
fn the_installed_program_makes_up_for_a_cut() {
    let journey = Journey::new("a forge behind a proxy, by the installed programs");
    if !journey.binaries().ready() {
        return;
    }
    let mut trials = Vec::new();
    for flavour in Flavour::ALL {
        for (nth, way) in [Way::Asked, Way::Answered].into_iter().enumerate() {
            for after in (nth as u64 * 100..5_000).step_by(997) {
                trials.push((flavour, way, after));
            }
        }
    }
    let next = AtomicUsize::new(0);
    let struck = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while let Some((flavour, way, after)) =
                    trials.get(next.fetch_add(1, Ordering::Relaxed))
                {
                    struck.fetch_add(by_program(*flavour, *way, *after), Ordering::Relaxed);
                }
            });
        }
    });
    let struck = struck.into_inner();
    assert!(
        struck > trials.len(),
        "only {struck} of {}",
        2 * trials.len()
    );
}

/// Opens and closes an issue with the program, each with one cut pass and then a clean
/// one; says how often a cut was made.
fn by_program(flavour: Flavour, way: Way, after: u64) -> usize {
    let forge = Standin::start(flavour);
    let dir = tempfile::tempdir().unwrap();
    let store = dir.path().join("store");
    std::fs::create_dir(&store).unwrap();
    let check = |url: &str| {
        let config = dir.path().join("config.toml");
        let (kind, repo) = (flavour.kind(), forge.repo());
        let text = format!("[forge]\nkind = \"{kind}\"\nurl = \"{url}\"\nrepo = \"{repo}\"\n");
        std::fs::write(&config, text).unwrap();
        let output = command(&bins::beat_check(), &dir)
            .arg("--config")
            .arg(&config)
            .env("HEARTBEAT_FORGE_TOKEN", forge.token())
            .output()
            .unwrap();
        output.status.code().unwrap()
    };
    let mut struck = 0;
    for (args, code, open) in [(&["--fail", "3"][..], 1, 1), (&[], 0, 0)] {
        let mut beat = command(&bins::beat(), &dir);
        beat.args(["db_backup", "--every", "1h"]).args(args);
        assert!(beat.status().unwrap().success());
        let harm = Harm::Cut {
            way,
            after,
            dead: false,
        };
        let proxy = Proxy::start(forge.url(), harm, Duration::from_millis(1));
        check(&proxy.url());
        struck += usize::from(proxy.struck());
        let place = format!("{flavour:?}, {way:?} cut after {after}");
        assert_eq!(check(forge.url()), code, "{place}");
        let (opened, all) = forge.world(|world| (world.open_issues().len(), world.issues.len()));
        assert_eq!(opened, open, "{place}");
        // A second issue may have been made where the answer to the first was lost; it is
        // closed as a duplicate of the other.
        assert!((1..3).contains(&all), "{place}: {all} issues");
    }
    struck
}

/// Refusals that say that nothing was done. A forge that acts all the same, and answers
/// so, is told once more, as it asked for.
const REFUSALS: [&str; 4] = ["503, soon", "429, soon", "429, much later", "403, a limit"];

/// Each fault at each request of each stage, with and without the forge having acted; of
/// these every `stride`th.
fn faults(elsewhere: &Sink, stride: usize) -> Vec<Trial> {
    let mut trials = Vec::new();
    for flavour in Flavour::ALL {
        for stage in 0..STAGES.len() {
            let (_, _, requests) = measure(flavour, stage);
            // So that a stride meets other requests in each stage.
            let trials_before = trials.len();
            assert!((2..30).contains(&requests), "{requests}");
            for (nth, (name, answer)) in recorded(&elsewhere.url()).into_iter().enumerate() {
                let refuses = REFUSALS.contains(&name);
                for at in 0..requests * 2 {
                    let (request, acted) = (at / 2 + 1, at % 2 == 1);
                    let number = nth + trials_before + usize::try_from(at).unwrap();
                    if !number.is_multiple_of(stride) || (acted && refuses) {
                        continue;
                    }
                    trials.push(Trial {
                        flavour,
                        stage,
                        what: format!("{name} at request {request}, acted: {acted}"),
                        harm: Harm::Instead {
                            request,
                            answer: answer.clone().into_bytes(),
                            acted,
                        },
                        latency: Duration::from_millis(1),
                    });
                }
            }
        }
    }
    trials
}

/// Runs them; whoever is redirected elsewhere does not go, and takes no token there.
fn run_faults(stride: usize) -> usize {
    let elsewhere = Sink::start();
    let trials = faults(&elsewhere, stride);
    run(&trials);
    assert_eq!(elsewhere.requests().len(), 0, "somebody went elsewhere");
    trials.len()
}

#[test]
fn recorded_faults_in_place_of_an_answer_are_made_up_for() {
    let tried = run_faults(7);
    assert!(tried > 300, "{tried}");
}

#[test]
#[ignore = "make endurance runs it: every fault at every request"]
fn every_fault() {
    let tried = run_faults(1);
    println!("recorded faults in place of answers: {tried}");
}

#[test]
#[ignore = "make endurance runs it: every byte, 114,000 trials"]
fn every_byte() {
    let stride = std::env::var("ENDURANCE_STRIDE").ok();
    let stride = stride.and_then(|text| text.parse().ok()).unwrap_or(1);
    println!("| forge | pass | requests | bytes asked | bytes answered | cuts |");
    println!("|---|---|---|---|---|---|");
    for flavour in Flavour::ALL {
        for (stage, (name, _)) in STAGES.iter().enumerate() {
            let (trials, (asked, answered, requests)) = cuts(flavour, stage, stride);
            run(&trials);
            let cuts = trials.len();
            println!("| {flavour:?} | {name} | {requests} | {asked} | {answered} | {cuts} |");
        }
    }
}
