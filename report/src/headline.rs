//! The one line: whether the night was quiet. The same in every format.

use watch::words::{count, span};
use watch::{Summary, Verdict};

use crate::coverage::Known;
use crate::model::{Night, Sign, Watch};

/// What kind of night it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mood {
    /// All is well, and somebody watched.
    Quiet,
    /// No job leaves a beat yet.
    Empty,
    /// Nobody watched, or it is not clear who did.
    Unwatched,
    /// The jobs are well; the watch is not.
    Troubled,
    /// Somebody must look at a job.
    Flagged,
    /// The stores could not be read.
    Blind,
}

impl Mood {
    /// The word for it, as in the JSON.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Quiet => "quiet",
            Self::Empty => "empty",
            Self::Unwatched => "unwatched",
            Self::Troubled => "troubled",
            Self::Flagged => "flagged",
            Self::Blind => "blind",
        }
    }
}

/// The line in two parts. Both are this program's own words and numbers: no
/// text of a job is in them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Headline {
    /// What kind of night it was.
    pub mood: Mood,
    /// The one sentence.
    pub lead: String,
    /// What goes with it; may be empty.
    pub rest: String,
}

/// Says whether the night was quiet. It never says so when nobody watched.
#[must_use]
pub fn headline(night: &Night) -> Headline {
    let summary = &night.summary;
    let unwatched = unwatched(&night.watch);
    let say = |mood, lead: String, mut rest: Vec<String>| {
        if mood != Mood::Blind {
            rest.extend(uncovered(night));
        }
        Headline {
            mood,
            lead,
            rest: rest.join(" "),
        }
    };
    let also = |first: String| {
        let mut rest = vec![first];
        rest.extend(unwatched.clone());
        rest.extend(store_trouble(night));
        rest
    };
    if night.sightless() {
        let what = match night.stores.len() {
            1 => "the store of beats cannot be read".to_owned(),
            n => format!("none of the {n} stores of beats can be read"),
        };
        return say(
            Mood::Blind,
            format!("Nobody knows: {what}."),
            unwatched.into_iter().collect(),
        );
    }
    if summary.flagged > 0 {
        let muted = match night.muted {
            0 => String::new(),
            1 => " One of them is muted.".to_owned(),
            n => format!(" {n} of them are muted."),
        };
        return say(
            Mood::Flagged,
            needs_somebody(night),
            also(format!("{}.{muted}", by_verdict(summary, true))),
        );
    }
    if summary.jobs == 0 && !night.blind() {
        return say(
            Mood::Empty,
            "No job leaves a beat yet.".into(),
            unwatched.into_iter().collect(),
        );
    }
    let well = match (summary.jobs, by_verdict(summary, false)) {
        (0, _) => "No job was seen.".to_owned(),
        (1, rest) if rest.is_empty() => "The one job is well.".to_owned(),
        (n, rest) if rest.is_empty() => format!("All {n} jobs are well."),
        (n, rest) => format!("{}, none flagged; {rest}.", count(n, "job", "jobs")),
    };
    if let Some(unwatched) = &unwatched {
        let mut rest = vec![well];
        rest.extend(store_trouble(night));
        return say(Mood::Unwatched, unwatched.clone(), rest);
    }
    if night.blind() {
        let lead = "Not quiet: not everything could be seen.".into();
        return say(Mood::Troubled, lead, vec![well]);
    }
    if !night.findings.is_empty() {
        let lead = "Not quiet: something about the store is odd.".into();
        return say(Mood::Troubled, lead, vec![well]);
    }
    if !night.watch.problems.is_empty() || !night.watch.undelivered.is_empty() {
        let lead = "Not quiet: the watch itself is in trouble.".into();
        return say(Mood::Troubled, lead, vec![well]);
    }
    say(Mood::Quiet, "Quiet.".into(), vec![well])
}

/// How many jobs need somebody: those that wait for another need nobody but that
/// one's.
fn needs_somebody(night: &Night) -> String {
    let Summary { flagged, jobs, .. } = night.summary;
    let wait = night.waiting_for_others.min(flagged.saturating_sub(1));
    let alone = flagged - wait;
    let needs = if alone == 1 { "needs" } else { "need" };
    let waits = match (wait, alone) {
        (0, _) => String::new(),
        (1, 1) => ", and 1 more waits for it".to_owned(),
        (1, _) => ", and 1 more waits for one of them".to_owned(),
        (n, 1) => format!(", and {n} more wait for it"),
        (n, _) => format!(", and {n} more wait for them"),
    };
    let jobs = count(jobs, "job", "jobs");
    format!("Not quiet: {alone} of {jobs} {needs} somebody{waits}.")
}

/// That jobs of the host leave no beat, where somebody looked lately.
fn uncovered(night: &Night) -> Option<String> {
    let Known::Look(look) = &night.coverage.known else {
        return None;
    };
    let lack = look.counts.jobs.saturating_sub(look.counts.beats);
    let told = lack > 0 && !look.stale();
    told.then(|| {
        format!(
            "{} of this host {} no beat.",
            count(lack, "scheduled job", "scheduled jobs"),
            if lack == 1 { "leaves" } else { "leave" }
        )
    })
}

/// What is said of the store beside the jobs.
fn store_trouble(night: &Night) -> Option<String> {
    if night.blind() {
        return Some("Not everything could be seen.".into());
    }
    let odd = "Something about the store is odd.";
    (!night.findings.is_empty()).then(|| odd.into())
}

/// `2 silent, 1 failed`: the flagged verdicts, or those between well and flagged.
fn by_verdict(summary: &Summary, flagged: bool) -> String {
    let parts: Vec<String> = Verdict::ALL
        .into_iter()
        .rev()
        .filter(|verdict| verdict.flagged() == flagged && *verdict != Verdict::Fresh)
        .filter_map(|verdict| {
            let n = number(summary, verdict);
            (n > 0).then(|| format!("{n} {}", verdict.word()))
        })
        .collect();
    parts.join(", ")
}

/// How many jobs have this verdict.
#[must_use]
pub fn number(summary: &Summary, verdict: Verdict) -> u64 {
    match verdict {
        Verdict::Fresh => summary.fresh,
        Verdict::Waiting => summary.waiting,
        Verdict::Late => summary.late,
        Verdict::Idle => summary.idle,
        Verdict::Skewed => summary.skewed,
        Verdict::Unreadable => summary.unreadable,
        Verdict::Never => summary.never,
        Verdict::Hung => summary.hung,
        Verdict::Failed => summary.failed,
        Verdict::Silent => summary.silent,
    }
}

/// Says that nobody watched, if so.
fn unwatched(watch: &Watch) -> Option<String> {
    match (watch.sign, watch.age) {
        (Sign::Passing, _) => None,
        (Sign::Never, _) => Some("Nobody watches: the checker has never run on this host.".into()),
        (Sign::Silent, Some(age)) => Some(format!(
            "Nobody watched: the checker last passed {} ago and should pass every {}.",
            span(age),
            span(watch.every)
        )),
        _ => Some("Nobody can say who watched: it is unclear when the checker last passed.".into()),
    }
}
