//! Which faults a scene is put through: each call that is made after the start of `main`,
//! each error it may end with, a kill at each, and pairs of failures.

use std::collections::BTreeSet;

use crate::errors;
use crate::strace::{Call, Fault, What};

/// The calls of a clean run that are put to the test: all from the first of Rust's own on.
/// Those before belong to the loader, and nothing has been done yet.
pub(crate) fn tested(calls: &[Call]) -> &[Call] {
    let own = |call: &Call| call.name == "poll" && call.args.starts_with("[{fd=0");
    let start = calls.iter().position(own).unwrap_or(0);
    &calls[start..]
}

/// All single faults of these calls.
pub(crate) fn singles(all: &[Call]) -> Vec<Fault> {
    let calls = tested(all);
    // The same call of two threads is struck in both at once, and must not be the loader's.
    let loader = &all[..all.len() - calls.len()];
    let mut seen: BTreeSet<_> = loader.iter().map(|call| (&call.name, call.nth)).collect();
    let mut faults = Vec::new();
    for call in calls {
        if call.name == "exit_group" || !seen.insert((&call.name, call.nth)) {
            continue;
        }
        let errors = errors::of(&call.name, &call.args).iter();
        let all = errors.map(|error| What::Error(error)).chain([What::Kill]);
        faults.extend(all.map(|what| Fault {
            call: call.name.clone(),
            nth: call.nth,
            what,
        }));
    }
    faults
}

/// A second failure after a first one: of what the program did then, the first few calls
/// that it does not make in any case and that may fail, each with its likeliest error.
pub(crate) fn seconds(first: &Fault, calls: &[Call], most: usize) -> Vec<Fault> {
    let Some(at) = calls.iter().position(|call| call.struck) else {
        return Vec::new();
    };
    let feasible = |call: &&Call| {
        let memory = ["mmap", "mremap"].contains(&&*call.name);
        !memory && !errors::of(&call.name, &call.args).is_empty()
    };
    let later = calls[at + 1..].iter().filter(feasible).take(most);
    let pair = |call: &Call| {
        if (&call.name, call.nth) == (&first.call, first.nth) {
            return None;
        }
        let errors = errors::of(&call.name, &call.args);
        // Two of one call are one rule, with one error.
        let errno = match first.what {
            What::Error(errno) if first.call == call.name => {
                *errors.iter().find(|own| **own == errno)?
            }
            _ => errors[0],
        };
        Some(Fault {
            call: call.name.clone(),
            nth: call.nth,
            what: What::Error(errno),
        })
    };
    later.filter_map(pair).collect()
}
