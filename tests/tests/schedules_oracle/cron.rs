//! Cron's schedules against cronsim, and against the daemon told minute by minute.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::Schedule;
use house_tests::bins;
use house_tests::needs::Journey;
use watch::{Runs, Zone};

use crate::cases::{self, Case, ZONES, changes, moment};
use crate::daemon::{self, Entry};
use crate::random::Random;

const CASES: usize = 3_500;
const RUNS: usize = 6;
/// How far the daemon is followed to both sides, in seconds.
const DAYS: i64 = 2 * 86_400;

fn cases() -> Vec<Case> {
    let mut random = Random(0x5eed_c407);
    let mut out = Vec::new();
    let changes: Vec<Vec<i64>> = ZONES.map(|zone| changes(Zone::named(zone).unwrap())).into();
    while out.len() < CASES {
        let at = out.len() % ZONES.len();
        let text = cases::cron(&mut random);
        out.push(Case {
            zone: ZONES[at],
            base: cases::base(&mut random, &changes[at]),
            text,
        });
    }
    out
}

fn rig(name: &str) -> PathBuf {
    bins::sources().join("tests/rigs").join(name)
}

/// Runs after a moment, and the last one before it, in seconds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    after: Vec<i64>,
    /// None where there is none, or cronsim got caught.
    before: Option<i64>,
}

/// Where cronsim lies; it is installed at the first time. None where it cannot be.
fn library() -> Option<String> {
    let made = Command::new(rig("cronsim.sh"))
        .arg(bins::target().join("rigs"))
        .stdin(Stdio::null())
        .stderr(Stdio::inherit())
        .output();
    let made = made.ok().filter(|made| made.status.success())?;
    Some(String::from_utf8(made.stdout).unwrap().trim().to_owned())
}

/// What cronsim says; nothing where it refuses.
fn ask(library: &str, cases: &[Case]) -> Vec<Option<Answer>> {
    let scratch = tempfile::tempdir().unwrap();
    let questions = scratch.path().join("questions");
    let lines: Vec<String> = cases
        .iter()
        .map(|case| format!("{}\t{}\t{RUNS}\t{}\n", case.zone, case.base, case.text))
        .collect();
    fs::write(&questions, lines.concat()).unwrap();
    let out = Command::new("python3")
        .arg(rig("ask-cronsim.py"))
        .env("PYTHONPATH", library)
        // The tz database beside cronsim, not the machine's.
        .env("PYTHONTZPATH", "")
        .stdin(fs::File::open(&questions).unwrap())
        .stderr(Stdio::inherit())
        .output()
        .unwrap();
    assert!(out.status.success());
    let text = String::from_utf8(out.stdout).unwrap();
    let numbers = |text: &str| -> Vec<i64> {
        text.split_whitespace()
            .map(|n| n.parse().unwrap())
            .collect()
    };
    text.lines()
        .map(|line| {
            let (after, before) = line.split_once('|')?;
            Some(Answer {
                after: numbers(after),
                before: before.trim().parse().ok(),
            })
        })
        .collect()
}

fn ours(runs: &Runs, base: i64, many: usize) -> Answer {
    let next = |at: &DateTime<Utc>| runs.next_after(*at);
    let after = std::iter::successors(runs.next_after(moment(base)), next);
    let before = runs.last_before(moment(base) - TimeDelta::microseconds(1));
    Answer {
        after: after.take(many).map(|run| run.timestamp()).collect(),
        before: before.map(|run| run.timestamp()),
    }
}

/// The same by the daemon that is told minute by minute: what lies within two days
/// of the base.
fn told(case: &Case, zone: Zone) -> Answer {
    let entry = Entry::new(&case.text);
    let runs = daemon::runs(&entry, zone, case.base - DAYS, case.base + DAYS);
    let at = runs.partition_point(|run| *run < case.base);
    let before = at.checked_sub(1).map(|at| runs[at]);
    let after = runs.iter().filter(|run| **run > case.base);
    Answer {
        after: after.take(RUNS).copied().collect(),
        before,
    }
}

/// Whether two answers are the same as far as one sees, two days to both sides.
fn same_near(base: i64, a: &Answer, b: &Answer) -> bool {
    let near = |answer: &Answer| Answer {
        after: answer
            .after
            .iter()
            .copied()
            .filter(|run| *run <= base + DAYS)
            .collect(),
        before: answer.before.filter(|run| *run >= base - DAYS),
    };
    near(a) == near(b)
}

/// Where cronsim is known to leave cron's ways, by name. The daemon is asked then.
fn known(case: &Case, changes: &[i64], ours: &Answer, theirs: &Answer) -> Option<&'static str> {
    let fields: Vec<&str> = case.text.split_whitespace().collect();
    let wild = fields[0].starts_with('*') || fields[1].starts_with('*');
    let near = changes
        .iter()
        .any(|change| (change - case.base).abs() < DAYS);
    if ours.after == theirs.after && near {
        // Backwards it takes the first showing of a repeated hour for the last,
        // or the time on the wall for the moment, or gets caught.
        return Some("backwards past a change");
    }
    if wild && near && ["Australia/Lord_Howe", "Pacific/Chatham"].contains(&case.zone) {
        // It steps by hours, here the clock changes by half of one or at 02:45.
        return Some("a change at or by a part of an hour");
    }
    None
}

/// The whole text of a disagreement: the times as the clock there shows them.
fn shown(case: &Case, zone: Zone, answers: &[(&str, &Answer)]) -> String {
    let local = |at: i64| {
        let there = at + i64::from(zone.offset_seconds(moment(at)));
        format!("{at} ({} there)", moment(there).format("%a %F %T"))
    };
    let mut text = format!(
        "{:?} in {} from {}\n",
        case.text,
        case.zone,
        local(case.base)
    );
    for (who, answer) in answers {
        let after: Vec<String> = answer.after.iter().map(|at| local(*at)).collect();
        let before = answer.before.map_or("none".into(), local);
        text += &format!("  {who}: last {before}, next {}\n", after.join(", "));
    }
    text
}

/// A case that is still wrong with fewer list elements and less around it.
fn shrunk(case: &Case, wrong: impl Fn(&Case) -> bool) -> Case {
    let mut best = case.clone();
    loop {
        let fields: Vec<&str> = best.text.split_whitespace().collect();
        let mut smaller = Vec::new();
        for at in 0..5 {
            let parts: Vec<&str> = fields[at].split(',').collect();
            let mut put = |field: &str| {
                let mut fields = fields.clone();
                fields[at] = field;
                smaller.push(Case {
                    text: fields.join(" "),
                    ..best.clone()
                });
            };
            if fields[at] != "*" {
                put("*");
            }
            for without in 0..parts.len() {
                let mut parts = parts.clone();
                parts.remove(without);
                if !parts.is_empty() {
                    put(&parts.join(","));
                }
            }
        }
        match smaller.into_iter().find(&wrong) {
            Some(case) => best = case,
            None => return best,
        }
    }
}

#[test]
fn cron_agrees_with_cronsim() {
    let needs = Journey::new("cronsim").program("python3");
    let library = if needs.ready() { library() } else { return };
    let why = || "the PyPI package cronsim cannot be installed".into();
    if !needs.when(library.is_some(), why).ready() {
        return;
    }
    let library = library.unwrap();
    let cases = cases();
    let answers = ask(&library, &cases);
    assert_eq!(answers.len(), cases.len());
    let mut compared = 0;
    let mut refused = 0;
    let mut aside: BTreeMap<&str, usize> = BTreeMap::new();
    for (case, theirs) in cases.iter().zip(&answers) {
        let zone = Zone::named(case.zone).unwrap();
        let (schedule, theirs) = match (Schedule::cron(&case.text), theirs) {
            (Ok(schedule), Some(theirs)) => (schedule, theirs),
            (Err(_), None) => {
                refused += 1;
                continue;
            }
            (ours, theirs) => panic!("{:?} is refused by one: {ours:?}, {theirs:?}", case.text),
        };
        let mine = ours(&Runs::new(schedule, zone).unwrap(), case.base, RUNS);
        if mine == *theirs {
            compared += mine.after.len() + 1;
            continue;
        }
        let told = told(case, zone);
        let known = known(case, &changes(zone), &mine, theirs);
        match known {
            Some(known) if same_near(case.base, &mine, &told) => {
                *aside.entry(known).or_default() += 1
            }
            _ => {
                let wrong = |case: &Case| disagrees(&library, case);
                let small = shrunk(case, wrong);
                let answers = [("heartbeat", &mine), ("cronsim", theirs), ("daemon", &told)];
                panic!("{}small: {:?}", shown(case, zone, &answers), small.text);
            }
        }
    }
    println!(
        "cronsim: {compared} moments of {CASES} expressions in {} zones; {refused} refused by both; left to the daemon: {aside:?}",
        ZONES.len()
    );
    assert!(aside.values().sum::<usize>() < CASES / 30, "{aside:?}");
    assert!(compared > 4 * CASES, "{compared}");
}

/// Whether cronsim, asked for one case, says something else.
fn disagrees(library: &str, case: &Case) -> bool {
    let zone = Zone::named(case.zone).unwrap();
    let theirs = ask(library, std::slice::from_ref(case)).remove(0);
    let schedule = Schedule::cron(&case.text).ok();
    let mine = schedule.map(|schedule| ours(&Runs::new(schedule, zone).unwrap(), case.base, RUNS));
    mine != theirs
}

/// The daemon told minute by minute is asked too, around each change of the clock.
#[test]
fn cron_does_what_its_daemon_does() {
    let mut asked = 0;
    for case in cases() {
        let Ok(schedule) = Schedule::cron(&case.text) else {
            continue;
        };
        let zone = Zone::named(case.zone).unwrap();
        let mine = ours(&Runs::new(schedule, zone).unwrap(), case.base, RUNS);
        let told = told(&case, zone);
        assert!(
            same_near(case.base, &mine, &told),
            "{}",
            shown(&case, zone, &[("heartbeat", &mine), ("daemon", &told)])
        );
        asked += 1;
    }
    assert!(asked > CASES * 9 / 10, "{asked}");
}
