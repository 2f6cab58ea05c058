//! Many stories: which ones make up so many years, on all cores, and what is printed
//! of one that went wrong.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::bugs::Bug;
use crate::class::Class;
use crate::script::Script;
use crate::shrink::shrink;
use crate::story::play;
use crate::tally::{Tally, Wrong};

/// How much of the time each class gets, in a thousand. A host that is looked at every
/// quarter of an hour costs as much as a hundred that are looked at every day.
pub type Mix = [(Class, u64); 4];

/// The rule.
pub const RULE: Mix = [
    (Class::Quarter, 5),
    (Class::Hourly, 25),
    (Class::Daily, 320),
    (Class::Weekly, 650),
];

/// A story that went wrong.
#[derive(Debug, Clone)]
pub struct Failure {
    /// Its script, as long as it was.
    pub script: Script,
    /// What went wrong.
    pub tally: Tally,
}

/// The stories of so many host-years, from a first seed on.
#[must_use]
pub fn stories(years: u64, mix: &Mix, first: u64) -> Vec<(u64, Class)> {
    let mut done = [0_u64; 4];
    let mut all = Vec::new();
    let size = |class: Class| u64::try_from(class.days()).unwrap_or(1) * class.hosts() as u64;
    while done.iter().sum::<u64>() < years * 366 {
        // The class that lags behind its part most, in stories.
        let behind = mix
            .iter()
            .zip(&done)
            .enumerate()
            .max_by_key(|(_, ((class, part), done))| {
                let total = years * 366 * part / 1_000;
                let left = total.saturating_sub(**done);
                left * 1_000 / (total + size(*class))
            });
        let at = behind.map_or(0, |(at, _)| at);
        done[at] += size(mix[at].0);
        all.push((first + all.len() as u64, mix[at].0));
    }
    all
}

/// Plays stories on all cores. It stops early when so many have gone wrong.
///
/// # Errors
/// When a story cannot be played at all.
pub fn run(
    stories: &[(u64, Class)],
    bug: Option<Bug>,
    enough: usize,
) -> Result<(Tally, Vec<Failure>), String> {
    let next = AtomicUsize::new(0);
    let failures: Mutex<Vec<Failure>> = Mutex::default();
    let total: Mutex<Tally> = Mutex::default();
    let fault: Mutex<Option<String>> = Mutex::default();
    let work = || {
        let mut mine = Tally::default();
        while let Some((seed, class)) = stories.get(next.fetch_add(1, Ordering::Relaxed)) {
            let script = Script::of_seed(*seed, *class);
            match play(&script, bug) {
                Ok(tally) => {
                    if !tally.clean() {
                        let tally = tally.clone();
                        let mut failures = lock(&failures);
                        failures.push(Failure { script, tally });
                    }
                    mine.add(tally);
                }
                Err(why) => *lock(&fault) = Some(why),
            }
            if lock(&failures).len() >= enough {
                break;
            }
        }
        lock(&total).add(mine);
    };
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for _ in 0..cores {
            scope.spawn(work);
        }
    });
    if let Some(why) = lock(&fault).take() {
        return Err(why);
    }
    let mut failures = std::mem::take(&mut *lock(&failures));
    failures.sort_by_key(|failure| failure.script.seed);
    let total = std::mem::take(&mut *lock(&total));
    Ok((total, failures))
}

/// After how many host-years a planted bug is caught, if it is within so many.
///
/// # Errors
/// When a story cannot be played at all.
pub fn caught(bug: Bug, years: u64, mix: &Mix) -> Result<Option<f64>, String> {
    let mut so_far = 0.0;
    for (seed, class) in stories(years, mix, 1) {
        let tally = play(&Script::of_seed(seed, class), Some(bug))?;
        so_far += tally.years();
        if tally.count(bug.wrong()) > 0 {
            return Ok(Some(so_far));
        }
    }
    Ok(None)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// What went wrong in a story.
#[must_use]
pub fn brief(failure: &Failure) -> String {
    let Failure { script, tally } = failure;
    let mut out = format!("seed {} of class {}:\n", script.seed, script.class.word());
    for fault in &tally.wrong {
        let _ = writeln!(out, "  {}: {}", fault.wrong.what(), fault.what);
    }
    out
}

/// The same, and the shortest script that shows it.
#[must_use]
pub fn report(failure: &Failure, bug: Option<Bug>) -> String {
    let mut out = brief(failure);
    let script = &failure.script;
    if let Some(first) = failure.tally.wrong.first() {
        let short = shrink(script, bug, first.wrong);
        let many = (script.faults.len(), short.faults.len());
        let _ = writeln!(
            out,
            "  {} faults, of which {} are enough; keep these lines in a file, and `make sim REPLAY=FILE`:\n\n{short}",
            many.0, many.1
        );
    }
    out
}

/// The line at the end.
#[must_use]
pub fn result(tally: &Tally) -> String {
    let passes: u64 = tally.passes.values().sum();
    let count = |wrong| tally.count(wrong);
    format!(
        "{}: {:.0} host-years, {passes} passes, {} missed, {} false, {} duplicated, {} orphaned, {} comments too many, {} issues of others touched",
        if tally.clean() { "ok" } else { "FAILED" },
        tally.years(),
        count(Wrong::Missed),
        count(Wrong::False),
        count(Wrong::Duplicate),
        count(Wrong::Orphan),
        count(Wrong::Comment),
        count(Wrong::Stranger),
    )
}
