//! What is counted: how often each fault came, what the passes did, and what was
//! wrong. Sums of many stories are sums of their tallies.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::class::Class;
use crate::script::Kind;

/// What may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Wrong {
    /// A silence is not told, or later than by the first pass that could.
    Missed,
    /// An issue is opened, or closed, that should not be.
    False,
    /// Two issues about one job stay.
    Duplicate,
    /// An issue stays open whose job is well.
    Orphan,
    /// A change is told twice.
    Comment,
    /// An issue of somebody else is touched.
    Stranger,
}

impl Wrong {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Missed,
        Self::False,
        Self::Duplicate,
        Self::Orphan,
        Self::Comment,
        Self::Stranger,
    ];

    /// In words.
    #[must_use]
    pub const fn what(self) -> &'static str {
        match self {
            Self::Missed => "silences missed or late",
            Self::False => "false issues",
            Self::Duplicate => "duplicates",
            Self::Orphan => "issues left open",
            Self::Comment => "comments beyond one per change",
            Self::Stranger => "issues of others touched",
        }
    }
}

/// One thing that went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// What.
    pub wrong: Wrong,
    /// Where and when, in words.
    pub what: String,
}

/// The counts.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    /// How often each kind of fault was brought in, by its word.
    pub faults: BTreeMap<&'static str, u64>,
    /// Host-seconds by class.
    pub hosts: BTreeMap<Class, i64>,
    /// Passes by class.
    pub passes: BTreeMap<Class, u64>,
    /// Passes that could not do their work, by why.
    pub unable: BTreeMap<&'static str, u64>,
    /// Requests.
    pub requests: u64,
    /// The most requests of one pass.
    pub most_requests: u64,
    /// Issues opened, opened again, closed, and comments, by word.
    pub deeds: BTreeMap<&'static str, u64>,
    /// Silences that had to be told, and were.
    pub told: u64,
    /// How often what had to be told was not yet asked for, by why.
    pub excused: BTreeMap<&'static str, u64>,
    /// What went wrong.
    pub wrong: Vec<Fault>,
}

impl Tally {
    /// Counts a fault that came, by the word of its kind.
    pub fn happened(&mut self, word: &'static str) {
        *self.faults.entry(word).or_default() += 1;
    }

    /// Counts something excused.
    pub fn excuse(&mut self, why: &'static str) {
        *self.excused.entry(why).or_default() += 1;
    }

    /// Counts a deed.
    pub fn deed(&mut self, what: &'static str) {
        *self.deeds.entry(what).or_default() += 1;
    }

    /// How often this went wrong.
    #[must_use]
    pub fn count(&self, wrong: Wrong) -> usize {
        self.wrong.iter().filter(|one| one.wrong == wrong).count()
    }

    /// Takes in another one.
    pub fn add(&mut self, other: Self) {
        fn sum<K: Ord, V: std::ops::AddAssign + Default>(
            to: &mut BTreeMap<K, V>,
            from: BTreeMap<K, V>,
        ) {
            for (key, value) in from {
                *to.entry(key).or_default() += value;
            }
        }
        sum(&mut self.faults, other.faults);
        sum(&mut self.hosts, other.hosts);
        sum(&mut self.passes, other.passes);
        sum(&mut self.unable, other.unable);
        sum(&mut self.deeds, other.deeds);
        sum(&mut self.excused, other.excused);
        self.requests += other.requests;
        self.most_requests = self.most_requests.max(other.most_requests);
        self.told += other.told;
        self.wrong.extend(other.wrong);
    }

    /// Years of all hosts together.
    #[must_use]
    pub fn years(&self) -> f64 {
        self.hosts.values().sum::<i64>() as f64 / 31_557_600.0
    }

    /// Whether all targets are met.
    #[must_use]
    pub fn clean(&self) -> bool {
        self.wrong.is_empty()
    }

    /// The tables, in markdown.
    #[must_use]
    pub fn table(&self) -> String {
        let mut out = String::new();
        let _ = writeln!(
            out,
            "| class | passes every | host-years | passes |\n|---|---|---|---|"
        );
        for (class, seconds) in &self.hosts {
            let years = *seconds as f64 / 31_557_600.0;
            let passes = self.passes.get(class).copied().unwrap_or(0);
            let every = class.cadence() / 60;
            let word = class.word();
            let _ = writeln!(out, "| {word} | {every} min | {years:.1} | {passes} |");
        }
        let _ = writeln!(out, "\n| fault | times |\n|---|---|");
        for kind in Kind::ALL {
            let times = self.faults.get(kind.word()).copied().unwrap_or(0);
            let _ = writeln!(out, "| {} | {times} |", kind.what());
        }
        let mut rows = |head: &str, map: &BTreeMap<&'static str, u64>| {
            let _ = writeln!(out, "\n| {head} | times |\n|---|---|");
            for (what, times) in map {
                let _ = writeln!(out, "| {what} | {times} |");
            }
        };
        rows("what was done to the forge", &self.deeds);
        rows("passes that could not do all their work", &self.unable);
        rows("silences not asked for at a pass", &self.excused);
        let passes: u64 = self.passes.values().sum();
        let each = self.requests as f64 / passes.max(1) as f64;
        let _ = writeln!(
            out,
            "\n| count | |\n|---|---|\n| passes | {passes} |\n| silences told in time | {} |\n| requests per pass | {each:.2}, at most {} |",
            self.told, self.most_requests
        );
        for wrong in Wrong::ALL {
            let _ = writeln!(out, "| {} | {} |", wrong.what(), self.count(wrong));
        }
        out
    }
}
