//! `OnCalendar=` against `systemd-analyze calendar`.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::process::{Command, Stdio};

use chrono::{DateTime, NaiveDateTime, Utc};
use heartbeat::Schedule;
use house_tests::needs::Journey;
use watch::{Runs, Zone};

use crate::cases::{self, FROM, TO, ZONES, changes, moment};
use crate::random::Random;

/// Questions to the program, each a zone and a base, and expressions in each.
const QUESTIONS: usize = 440;
const EXPRESSIONS: usize = 8;
const RUNS: usize = 6;

/// Where systemd 252 has no answer of its own. In the first two midnight is
/// repeated, and its answer hangs on what the C library was asked before. In the
/// next two the time of winter is the one called daylight saving; the C library goes
/// back from a time that was left out, and systemd gives up the whole day. In the
/// last, 02:45 to 03:45 is left out, and with 03:00 it gives up 03:50, too.
const NOT_ASKED: [&str; 5] = [
    "America/Havana",
    "Atlantic/Azores",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Pacific/Chatham",
];

/// The zones that are asked about. Ours come from a tz database of our own, systemd
/// takes the machine's: where the two tell of different changes in these years, a
/// zone is left out, aloud.
fn zones() -> Vec<&'static str> {
    let asked = ZONES.into_iter().filter(|zone| !NOT_ASKED.contains(zone));
    let (same, other): (Vec<_>, Vec<_>) = asked.partition(|zone| machine_agrees(zone));
    if !other.is_empty() {
        eprintln!("left out: this machine's tz database differs in {other:?}");
    }
    assert!(same.len() >= 12, "{same:?}");
    same
}

/// Whether `date` shows the same on both sides of each change.
fn machine_agrees(name: &str) -> bool {
    let zone = Zone::named(name).unwrap();
    let mut at = vec![FROM, TO];
    at.extend(
        changes(zone)
            .iter()
            .flat_map(|change| [change - 1, *change]),
    );
    let lines: Vec<String> = at.iter().map(|at| format!("@{at}\n")).collect();
    let mut asked = tempfile::NamedTempFile::new().unwrap();
    asked.write_all(lines.concat().as_bytes()).unwrap();
    let out = Command::new("date")
        .args(["--file".as_ref(), asked.path(), "+%F %T".as_ref()])
        .env("TZ", name)
        .output()
        .unwrap();
    let ours = at.iter().map(|at| {
        let there = at + i64::from(zone.offset_seconds(moment(*at)));
        moment(there).format("%F %T\n").to_string()
    });
    String::from_utf8(out.stdout).unwrap() == ours.collect::<String>()
}

/// 2100-01-01: the rules of zones are written out up to here, and no further.
const END: i64 = 4_102_444_800;

struct Question {
    zone: &'static str,
    base: i64,
    texts: Vec<String>,
}

fn questions(zones: &[&'static str]) -> Vec<Question> {
    let mut random = Random(0x5eed_ca1e);
    let changes: BTreeMap<&str, Vec<i64>> = ZONES
        .iter()
        .map(|zone| (*zone, changes(Zone::named(zone).unwrap())))
        .collect();
    (0..QUESTIONS)
        .map(|at| {
            let zone = zones[at % zones.len()];
            Question {
                zone,
                base: cases::base(&mut random, &changes[zone]),
                texts: (0..EXPRESSIONS)
                    .map(|_| cases::calendar(&mut random))
                    .collect(),
            }
        })
        .collect()
}

/// What is said of an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Said {
    Refused,
    /// It loses its way: `0/2:51` where a day begins at 01:00.
    Lost,
    /// The next runs, in whole seconds: systemd shows no more.
    Runs(Vec<i64>),
}

/// What systemd says of each expression.
fn ask(zone: &str, base: i64, texts: &[String]) -> Vec<Said> {
    let out = Command::new("systemd-analyze")
        .args(["calendar", &format!("--iterations={RUNS}")])
        .arg(format!("--base-time=@{base}"))
        .args(texts)
        .env("TZ", zone)
        .env("SYSTEMD_COLORS", "0")
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8(out.stdout).unwrap();
    let refusals = String::from_utf8(out.stderr).unwrap();
    if refusals.contains("next elapse for '") {
        // What it shows then is not parted well.
        return match texts {
            [_] => vec![Said::Lost],
            _ => texts
                .iter()
                .flat_map(|text| ask(zone, base, std::slice::from_ref(text)))
                .collect(),
        };
    }
    let mut blocks = text.split("\n\n");
    let answer = |text: &String| {
        if refusals.contains(&format!("calendar specification '{text}'")) {
            return Said::Refused;
        }
        Said::Runs(runs_in(blocks.next().unwrap()))
    };
    texts.iter().map(answer).collect()
}

fn runs_in(block: &str) -> Vec<i64> {
    let mut found: Vec<String> = Vec::new();
    for line in block.lines() {
        let Some((label, value)) = line.split_once(": ") else {
            continue;
        };
        let label = label.trim();
        if label == "Next elapse" || label.starts_with("Iter") {
            found.push(value.to_owned());
        } else if label == "(in UTC)" {
            *found.last_mut().unwrap() = value.to_owned();
        }
    }
    let read = |text: &String| {
        let time = NaiveDateTime::parse_from_str(text, "%a %Y-%m-%d %H:%M:%S UTC");
        time.unwrap_or_else(|_| panic!("{text:?} is no time"))
            .and_utc()
            .timestamp()
    };
    let times = found.iter().filter(|text| *text != "never").map(read);
    times.take_while(|at| *at < END).collect()
}

fn ours(runs: &Runs, base: i64) -> Vec<i64> {
    let next = |at: &DateTime<Utc>| runs.next_after(*at);
    let after = std::iter::successors(runs.next_after(moment(base)), next);
    let after = after.take(RUNS).map(|run| run.timestamp());
    after.take_while(|at| *at < END).collect()
}

/// What we say.
fn answer(text: &str, zone: &str, base: i64) -> Said {
    match Schedule::on_calendar(text) {
        Ok(schedule) => {
            let zone = Zone::named(zone).unwrap();
            Said::Runs(ours(&Runs::new(schedule, zone).unwrap(), base))
        }
        Err(error) if error.never_runs() => Said::Runs(Vec::new()),
        Err(_) => Said::Refused,
    }
}

fn shown(zone: &str, said: &Said) -> String {
    let zone = Zone::named(zone).unwrap();
    let Said::Runs(runs) = said else {
        return format!("{said:?}");
    };
    let times = runs.iter().map(|at| {
        let there = at + i64::from(zone.offset_seconds(moment(*at)));
        format!("{at} ({} there)", moment(there).format("%a %F %T"))
    });
    times.collect::<Vec<_>>().join(", ")
}

/// The expression with less in it that still gives two answers.
fn shrunk(text: &str, wrong: impl Fn(&str) -> bool) -> String {
    let mut best = text.to_owned();
    loop {
        let fewer = [",", " "].iter().flat_map(|between| {
            let parts: Vec<&str> = best.split(between).collect();
            (0..parts.len()).map(move |without| {
                let mut fewer = parts.clone();
                fewer.remove(without);
                fewer.join(between)
            })
        });
        let mut fewer = fewer.filter(|text| !text.is_empty());
        match fewer.find(|text| wrong(text)) {
            Some(text) => best = text,
            None => return best,
        }
    }
}

#[test]
fn calendars_agree_with_systemd() {
    if !Journey::new("systemd-analyze calendar, in zones")
        .program("systemd-analyze")
        .ready()
    {
        return;
    }
    let (mut compared, mut never, mut refused, mut lost) = (0, 0, 0, 0);
    let zones = zones();
    for question in &questions(&zones) {
        let (zone, base) = (question.zone, question.base);
        let theirs = ask(zone, base, &question.texts);
        for (text, theirs) in question.texts.iter().zip(&theirs) {
            let mine = answer(text, zone, base);
            if *theirs == Said::Lost {
                lost += 1;
                continue;
            }
            if mine != *theirs {
                let wrong = |text: &str| {
                    ask(zone, base, &[text.to_owned()]).remove(0) != answer(text, zone, base)
                };
                panic!(
                    "{text:?} in {zone} from {}\n  heartbeat: {}\n  systemd: {}\n  small: {:?}",
                    shown(zone, &Said::Runs(vec![base])),
                    shown(zone, &mine),
                    shown(zone, theirs),
                    shrunk(text, wrong),
                );
            }
            match mine {
                Said::Runs(runs) if runs.is_empty() => never += 1,
                Said::Runs(runs) => compared += runs.len(),
                _ => refused += 1,
            }
        }
    }
    println!(
        "systemd: {compared} moments of {} expressions in {} zones; {never} never run, \
         {refused} refused by both, {lost} in which systemd loses its way",
        QUESTIONS * EXPRESSIONS,
        zones.len()
    );
    assert!(compared > QUESTIONS * EXPRESSIONS * 4, "{compared}");
    assert!(lost < 20, "{lost}");
}
