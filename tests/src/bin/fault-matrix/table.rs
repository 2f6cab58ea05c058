//! What came of it, counted: for each program and call, and in all.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::scene::Left;

/// What came of one fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// The program did its work all the same.
    Worked,
    /// It said what went wrong; this is there.
    Told(Left),
    /// It was killed; this is there.
    Killed(Left),
    /// The call did not come to pass in this run.
    Missed,
    /// Something that must never be.
    Lost,
}

/// Counts of outcomes by scene and call.
#[derive(Debug, Default)]
pub(crate) struct Table {
    rows: BTreeMap<(usize, String), BTreeMap<Outcome, usize>>,
    names: BTreeMap<usize, String>,
    lost: Vec<String>,
}

/// The columns: head, and what is counted in it.
const COLUMNS: [(&str, &[Outcome]); 9] = [
    ("worked anyway", &[Outcome::Worked]),
    ("told, old", &[Outcome::Told(Left::Old)]),
    ("told, part", &[Outcome::Told(Left::Between)]),
    ("told, new", &[Outcome::Told(Left::New)]),
    ("killed, old", &[Outcome::Killed(Left::Old)]),
    ("killed, part", &[Outcome::Killed(Left::Between)]),
    ("killed, new", &[Outcome::Killed(Left::New)]),
    ("not reached", &[Outcome::Missed]),
    ("LOST", &[Outcome::Lost]),
];

impl Table {
    pub(crate) fn add(&mut self, scene: (usize, &str), call: &str, outcome: Outcome) {
        self.names.insert(scene.0, scene.1.to_owned());
        let row = self.rows.entry((scene.0, call.to_owned())).or_default();
        *row.entry(outcome).or_default() += 1;
    }

    pub(crate) fn lose(&mut self, what: String) {
        self.lost.push(what);
    }

    /// What was lost.
    pub(crate) fn lost(&self) -> &[String] {
        &self.lost
    }

    /// How often this came of it, in all.
    pub(crate) fn count(&self, outcomes: &[Outcome]) -> usize {
        let rows = self.rows.values();
        rows.map(|row| sum(row, outcomes)).sum()
    }

    /// All faults that were tried.
    pub(crate) fn tried(&self) -> usize {
        self.rows.values().flat_map(BTreeMap::values).sum()
    }

    /// As markdown.
    pub(crate) fn text(&self) -> String {
        let mut out = "| program | call | tried |".to_owned();
        COLUMNS.iter().for_each(|(head, _)| {
            let _ = write!(out, " {head} |");
        });
        out += "\n|---|---|--:|";
        out += &"--:|".repeat(COLUMNS.len());
        out.push('\n');
        for ((scene, call), row) in &self.rows {
            let name = self.names.get(scene).map_or("", String::as_str);
            let tried: usize = row.values().sum();
            let _ = write!(out, "| {name} | `{call}` | {tried} |");
            for (_, outcomes) in COLUMNS {
                let _ = match sum(row, outcomes) {
                    0 => write!(out, " |"),
                    n => write!(out, " {n} |"),
                };
            }
            out.push('\n');
        }
        let _ = write!(out, "| **all** | | {} |", self.tried());
        for (_, outcomes) in COLUMNS {
            let _ = write!(out, " {} |", self.count(outcomes));
        }
        out.push('\n');
        out
    }
}

fn sum(row: &BTreeMap<Outcome, usize>, outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter_map(|outcome| row.get(outcome)).sum()
}
