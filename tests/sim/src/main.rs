//! `sim [YEARS]`: plays stories and prints the tables; `--seed N --class WORD` plays
//! one, `--replay FILE` one that was written down, both told line by line. `--bug WORD`
//! plants a bug; `--planted` tells of each when it is caught; `--first N` begins with
//! another seed. The last line is the result, and so is the exit code.

use std::process::ExitCode;

use heartbeat_sim::bugs::Bug;
use heartbeat_sim::class::Class;
use heartbeat_sim::run::{Failure, RULE, brief, caught, report, result, run, stories};
use heartbeat_sim::script::Script;
use heartbeat_sim::story::tell;
use heartbeat_sim::tally::Tally;

/// Stories that went wrong are told in full up to this many, the others in short.
const PRINTED: usize = 3;

#[derive(Default)]
struct Wishes {
    years: Option<u64>,
    seed: Option<u64>,
    class: Option<Class>,
    replay: Option<String>,
    bug: Option<Bug>,
    planted: bool,
    first: Option<u64>,
}

fn wishes() -> Option<Wishes> {
    let mut out = Wishes::default();
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match &*arg {
            "--seed" => out.seed = Some(args.next()?.parse().ok()?),
            "--class" => out.class = Some(Class::from_word(&args.next()?)?),
            "--replay" => out.replay = Some(args.next()?),
            "--planted" => out.planted = true,
            "--first" => out.first = Some(args.next()?.parse().ok()?),
            "--bug" => {
                let word = args.next()?;
                out.bug = Some(*Bug::ALL.iter().find(|bug| bug.word() == word)?);
            }
            years => out.years = Some(years.parse().ok()?),
        }
    }
    Some(out)
}

fn main() -> ExitCode {
    let Some(wishes) = wishes() else {
        eprintln!(
            "usage: sim [YEARS] [--first N] [--planted] [--seed N --class WORD | --replay FILE] [--bug WORD]"
        );
        return ExitCode::from(2);
    };
    if wishes.planted {
        return planted(wishes.years.unwrap_or(200));
    }
    let done = match (&wishes.replay, wishes.seed) {
        (Some(file), _) => std::fs::read_to_string(file)
            .map_err(|error| format!("cannot read {file}: {error}"))
            .and_then(|text| Script::parse(&text))
            .and_then(|script| one(&script, wishes.bug)),
        (None, Some(seed)) => {
            let class = wishes.class.unwrap_or(Class::Daily);
            let script = Script::of_seed(seed, class);
            one(&script, wishes.bug).inspect(|tally| {
                if !tally.clean() {
                    let tally = tally.clone();
                    println!("{}", report(&Failure { script, tally }, wishes.bug));
                }
            })
        }
        (None, None) => many(
            wishes.years.unwrap_or(10_000),
            wishes.first.unwrap_or(1),
            wishes.bug,
        ),
    };
    match done {
        Ok(tally) => {
            println!("\n{}\n{}", tally.table(), result(&tally));
            if tally.clean() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::from(2)
        }
    }
}

fn planted(years: u64) -> ExitCode {
    println!("| planted bug | shows as | caught after |\n|---|---|---|");
    let mut all = true;
    for bug in Bug::ALL {
        let when = caught(*bug, years, &RULE);
        all &= matches!(when, Ok(Some(_)));
        let when = match when {
            Ok(Some(when)) => format!("{when:.0} host-years"),
            Ok(None) => "never".to_owned(),
            Err(why) => why,
        };
        println!("| {} | {} | {when} |", bug.what(), bug.wrong().what());
    }
    if all {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn one(script: &Script, bug: Option<Bug>) -> Result<Tally, String> {
    let (tally, lines) = tell(script, bug, true)?;
    for line in lines {
        println!("{line}");
    }
    for fault in &tally.wrong {
        println!("{}: {}", fault.wrong.what(), fault.what);
    }
    Ok(tally)
}

fn many(years: u64, first: u64, bug: Option<Bug>) -> Result<Tally, String> {
    let stories = stories(years, &RULE, first);
    println!("{} stories of {years} host-years", stories.len());
    let (tally, failures) = run(&stories, bug, 50)?;
    for failure in failures.iter().take(PRINTED) {
        println!("{}", report(failure, bug));
    }
    for failure in failures.iter().skip(PRINTED) {
        print!("{}", brief(failure));
    }
    Ok(tally)
}
