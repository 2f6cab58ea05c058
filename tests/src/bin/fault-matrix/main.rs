//! Makes every system call of the real programs fail, one at a time and in pairs, kills
//! them at each, puts them on disks that are full, read-only or out of inodes, and prints
//! what came of it: what was tried, and that nothing was lost.
//!
//! `fault-matrix [--sample] [--only PART] [--case 'CALL#N ERROR' …]`. `--sample` tries a
//! part of it, the same one each time; `--only` the scenes with this in their name;
//! `--case` one case, with all that can be said of it. Exits with 1 when something was lost.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a rig runs programs, and ends where one cannot be run"
)]

mod disks;
mod errors;
mod plan;
mod scene;
mod scenes;
mod strace;
mod table;
mod trial;

use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use house_tests::apart;

use plan::{seconds, singles, tested};
use scene::Scene;
use strace::{Fault, What};
use table::{Outcome, Table};
use trial::Trial;

/// How many of the calls after a failure are failed, too.
const SECONDS: usize = 2;

struct Wish {
    sample: bool,
    only: Option<String>,
    case: Vec<Fault>,
}

fn main() -> ExitCode {
    let wish = wish();
    if !apart::is() {
        return apart::start();
    }
    let scenes: Vec<(usize, Scene)> = (scenes::ALL.into_iter().enumerate())
        .filter(|(_, scene)| {
            wish.only
                .as_ref()
                .is_none_or(|part| scene.name.contains(part))
        })
        .collect();
    if !wish.case.is_empty() {
        for (_, scene) in scenes {
            println!("{}", Trial::new(&scene).told(&wish.case));
        }
        return ExitCode::SUCCESS;
    }
    let table = Mutex::new(Table::default());
    let mut calls = 0;
    let mut before = 0;
    let mut pairs = 0;
    for (at, scene) in &scenes {
        let trial = Trial::new(scene);
        let own = tested(&trial.calls);
        calls += own.len();
        before += trial.calls.len() - own.len();
        let faults = singles(&trial.calls);
        let faults = if wish.sample {
            sampled(&faults)
        } else {
            faults
        };
        let firsts = Mutex::new(Vec::new());
        each(&faults, |fault| {
            let (outcome, calls) = trial.judge(&table, *at, std::slice::from_ref(fault));
            if outcome != Outcome::Missed && outcome != Outcome::Lost && is_first(own, fault) {
                let more = seconds(fault, &calls, SECONDS);
                firsts.lock().unwrap().push((fault.clone(), more));
            }
        });
        let mut twos: Vec<Vec<Fault>> = firsts
            .into_inner()
            .unwrap()
            .into_iter()
            .flat_map(|(first, more)| {
                more.into_iter()
                    .map(move |second| vec![first.clone(), second])
            })
            .collect();
        twos.sort_by_key(|pair| pair.iter().map(ToString::to_string).collect::<Vec<_>>());
        if wish.sample {
            twos = twos.into_iter().step_by(9).collect();
        }
        pairs += twos.len();
        each(&twos, |pair| {
            trial.judge(&table, *at, pair);
        });
        disks::judge(&table, *at, scene, trial.clean);
    }
    let table = table.into_inner().unwrap();
    print!("{}", table.text());
    for lost in table.lost() {
        println!("\nLOST: {lost}");
    }
    println!(
        "\n{} scenes of four programs; {calls} system calls in clean runs from `main` on (and {before} of the \
         loader before it, left out); {} faults tried, {pairs} of them pairs; {} did not come to pass; {} lost.",
        scenes.len(),
        table.tried(),
        table.count(&[Outcome::Missed]),
        table.lost().len(),
    );
    ExitCode::from(u8::from(!table.lost().is_empty()))
}

/// Whether this is the first error that is tried on its call.
fn is_first(calls: &[strace::Call], fault: &Fault) -> bool {
    let call = calls
        .iter()
        .find(|call| call.name == fault.call && call.nth == fault.nth);
    call.is_some_and(|call| {
        let errors = errors::of(&call.name, &call.args);
        fault.what != What::Kill
            && errors.first().map(|error| What::Error(error)) == Some(fault.what)
    })
}

/// Of each call, the first and the last occurrence, with the first error and a kill; and
/// some in between. Each listing of a folder that breaks off: one was taken for empty once.
fn sampled(faults: &[Fault]) -> Vec<Fault> {
    let ends = |fault: &Fault| {
        let mut same = faults
            .iter()
            .filter(|one| one.call == fault.call && one.what == fault.what);
        let (first, last) = (same.next(), same.next_back());
        [first, last].into_iter().flatten().any(|one| one == fault)
    };
    let changes = [
        "rename", "unlink", "fsync", "write", "mkdir", "chmod", "chown",
    ];
    let changes = |fault: &Fault| changes.iter().any(|name| fault.call.contains(name));
    (faults.iter().enumerate())
        .filter(|(at, fault)| {
            let often = fault.call == "getdents64" && fault.what != What::Kill;
            often || at % 29 == 0 || at % 6 == 0 && changes(fault) || at % 4 == 0 && ends(fault)
        })
        .map(|(_, fault)| fault.clone())
        .collect()
}

/// Does it for each, on all cores.
fn each<T: Sync>(all: &[T], act: impl Fn(&T) + Sync) {
    let next = AtomicUsize::new(0);
    let cores = std::thread::available_parallelism().map_or(2, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(|| {
                while let Some(one) = all.get(next.fetch_add(1, Ordering::Relaxed)) {
                    act(one);
                }
            });
        }
    });
}

fn wish() -> Wish {
    let mut wish = Wish {
        sample: false,
        only: None,
        case: Vec::new(),
    };
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--sample" => wish.sample = true,
            "--only" => wish.only = args.next(),
            "--case" => wish.case.extend(args.by_ref().map(|text| fault(&text))),
            other => panic!("{other} is not known"),
        }
    }
    wish
}

/// Reads a fault as it is shown.
fn fault(text: &str) -> Fault {
    let (call, rest) = text.split_once('#').unwrap();
    let (nth, what) = rest.split_once(' ').unwrap();
    Fault {
        call: call.to_owned(),
        nth: nth.parse().unwrap(),
        what: match what {
            "killed" => What::Kill,
            errno => What::Error(String::leak(errno.to_owned())),
        },
    }
}
