//! Makes a script that goes wrong shorter, as long as it goes wrong in the same way:
//! fewer faults, then less time.

use crate::bugs::Bug;
use crate::script::Script;
use crate::story::play;
use crate::tally::Wrong;

/// Tries that are made at most.
const TRIES: usize = 400;

/// The shortest script that was found.
#[must_use]
pub fn shrink(script: &Script, bug: Option<Bug>, wrong: Wrong) -> Script {
    let mut tries = 0;
    let mut fails = |script: &Script| {
        tries += 1;
        tries <= TRIES && play(script, bug).is_ok_and(|tally| tally.count(wrong) > 0)
    };
    let mut best = script.clone();
    let mut parts = 2;
    while !best.faults.is_empty() {
        let size = best.faults.len().div_ceil(parts);
        let mut shorter = None;
        for from in (0..best.faults.len()).step_by(size) {
            let mut one = best.clone();
            let to = (from + size).min(one.faults.len());
            one.faults.drain(from..to);
            if fails(&one) {
                shorter = Some(one);
                break;
            }
        }
        match shorter {
            Some(one) => {
                best = one;
                parts = (parts - 1).max(2);
            }
            None if size == 1 => break,
            None => parts = (parts * 2).min(best.faults.len()),
        }
    }
    let last = best.faults.last().map_or(0, |fault| fault.at / 86_400);
    for more in [2, 10, 40, 120] {
        let one = Script {
            days: last + more,
            ..best.clone()
        };
        if one.days < best.days && fails(&one) {
            return one;
        }
    }
    best
}
