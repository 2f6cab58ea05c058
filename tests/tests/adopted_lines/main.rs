//! An adopted line does what the line did: collected shapes and generated ones, each
//! run as cron runs it, before and after. Output, exit code, files and surroundings
//! must be the same.
//!
//! What differs on purpose: `HEARTBEAT_JOB` and `HEARTBEAT_RUN_ID` in the
//! environment. What cannot be the same: ids of processes, and that one that is killed
//! by a signal is told as 128 and its number, as shells do.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "lines are run, and a test ends where one cannot be"
)]

mod by_cron;
mod files;
mod generated;
mod oracle;
mod own;
mod scene;
mod shapes;

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use house_tests::bins;
use house_tests::needs::Journey;
use house_tests::patience::eventually;

use generated::Dice;
use scene::Scene;

/// How many lines are generated.
const GENERATED: usize = 420;

/// All lines, each with its shell.
fn lines() -> Vec<(&'static str, Vec<u8>)> {
    let mut lines = Vec::new();
    for shape in shapes::SHAPES {
        lines.push(("/bin/sh", shape.as_bytes().to_vec()));
        lines.push(("/bin/bash", shape.as_bytes().to_vec()));
    }
    for shape in shapes::BASH {
        lines.push(("/bin/bash", shape.as_bytes().to_vec()));
    }
    let mut dice = Dice::new(2_026);
    for at in 0..GENERATED {
        let shell = if at % 4 == 0 { "/bin/bash" } else { "/bin/sh" };
        lines.push((shell, generated::line(&mut dice)));
    }
    lines
}

#[derive(Default)]
struct Figures {
    adopted: usize,
    left_alone: BTreeMap<&'static str, usize>,
    wrong: Vec<String>,
}

#[test]
fn an_adopted_line_does_what_the_line_did() {
    let journey = Journey::new("adopted lines")
        .file(&bins::beat(), "run make build first")
        .program("bash");
    if !journey.ready() {
        return;
    }
    let lines = lines();
    assert!(shapes::SHAPES.len() >= 120 && lines.len() >= 500);
    let figures = Mutex::new(Figures::default());
    let shards = 4;
    thread::scope(|scope| {
        for shard in 0..shards {
            let (lines, figures) = (&lines, &figures);
            scope.spawn(move || {
                let scene = Scene::new();
                for (shell, line) in lines.iter().skip(shard).step_by(shards) {
                    compare(&scene, shell, line, figures);
                }
            });
        }
    });
    let figures = figures.into_inner().unwrap();
    eprintln!(
        "{} lines: {} adopted, left alone: {:?}",
        lines.len(),
        figures.adopted,
        figures.left_alone
    );
    assert!(figures.wrong.is_empty(), "{}", figures.wrong.join("\n\n"));
    assert!(figures.adopted >= 500);
    let left: usize = figures.left_alone.values().sum();
    assert!(left * 10 <= lines.len(), "{:?}", figures.left_alone);
}

fn compare(scene: &Scene, shell: &str, line: &[u8], figures: &Mutex<Figures>) {
    let old = scene.crontab(shell, line);
    let shown = String::from_utf8_lossy(line);
    let new = match scene.adopted(&old) {
        Ok(new) => new,
        Err(refusal) => {
            let mut figures = figures.lock().unwrap();
            *figures.left_alone.entry(refusal.code()).or_default() += 1;
            return;
        }
    };
    let run = |crontab: &[u8]| {
        let seen = scene.run(crontab);
        if line.contains(&b'|') {
            seen.in_any_order()
        } else {
            seen
        }
    };
    let (mut before, mut after) = (run(&old), run(&new));
    // What runs side by side may end in one order or another, before and after.
    for _ in 0..3 {
        if before == after || !line.contains(&b'|') {
            break;
        }
        (before, after) = (run(&old), run(&new));
    }
    let left = std::fs::read_dir(scene.path("store")).unwrap().count();
    let mut figures = figures.lock().unwrap();
    figures.adopted += 1;
    if before != after {
        figures.wrong.push(format!(
            "{shell}: {shown}\n  became {}\n  {before:#?}\n  {after:#?}",
            String::from_utf8_lossy(&new)
        ));
    }
    if left == 0 {
        figures.wrong.push(format!("{shown}: no beat was left"));
    }
}

/// A daemon that a program starts is nobody's business: it goes on, and what it prints
/// still goes where it went.
#[test]
fn what_outlives_the_line_goes_on() {
    let journey =
        Journey::quick("what outlives a line").file(&bins::beat(), "run make build first");
    if !journey.ready() {
        return;
    }
    let scene = Scene::new();
    let line =
        b"sh -c '(while [ -e ../hold ]; do sleep 0.1; done; echo late; touch late) & echo now'";
    let crontab = scene.crontab("/bin/sh", line);
    for crontab in [crontab.clone(), scene.adopted(&crontab).unwrap()] {
        let hold = scene.path("hold");
        std::fs::write(&hold, "").unwrap();
        scene.run(&crontab);
        std::fs::remove_file(&hold).unwrap();
        let within = Duration::from_secs(20);
        let late = scene.path("home/late");
        eventually("the daemon ends", within, || late.exists().then_some(()));
        eventually("the daemon is heard", within, || {
            let out = std::fs::read_to_string(scene.path("out")).unwrap();
            (out == "now\nlate\n").then_some(())
        });
    }
}

#[test]
fn a_line_that_cannot_be_wrapped_with_certainty_is_left_alone() {
    let journey = Journey::quick("adopted lines").file(&bins::beat(), "run make build first");
    if !journey.ready() {
        return;
    }
    let scene = Scene::new();
    for (line, code) in shapes::LEFT_ALONE {
        let refusal = scene.adopted(&scene.crontab("/bin/sh", line.as_bytes()));
        assert_eq!(refusal.unwrap_err().code(), *code, "{line}");
    }
    for shell in [
        "/usr/bin/python3",
        "/bin/csh",
        "/usr/bin/fish",
        "/bin/zsh",
        "sh",
    ] {
        let refusal = scene.adopted(&scene.crontab(shell, b"note a"));
        assert_eq!(refusal.unwrap_err().code(), "shell", "{shell}");
    }
}
