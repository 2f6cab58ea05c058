//! Reconciliation: compares what should be open with what is open and says how
//! to close the difference. Nothing depends on having seen an edge, so a crash,
//! a lost reply or an outage of the forge heals at the next pass.

mod jobs;
mod needs;
mod storm;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use chrono::{DateTime, Utc};

use self::storm::Umbrella;
use crate::{JobState, Marker, Scope};

/// An issue that our own user opened on the forge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its number.
    pub number: u64,
    /// Its title as it stands.
    pub title: String,
    /// Its body as it stands.
    pub body: String,
    /// When it was closed; `None` while it is open, or where the forge does not
    /// tell.
    pub closed_at: Option<DateTime<Utc>>,
    /// The marker in its body.
    pub marker: Option<Marker>,
}

/// What the forge holds. Only issues that our own user opened: whoever may open
/// issues could copy a marker.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listings {
    /// Open issues.
    pub open: Vec<Known>,
    /// Whether these are all.
    pub open_complete: bool,
    /// Closed issues that changed since the earliest silence.
    pub closed: Vec<Known>,
    /// Whether these are all.
    pub closed_complete: bool,
}

/// How to go about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// More newly flagged jobs than this in one pass become one umbrella issue.
    pub storm_threshold: usize,
    /// An issue closed within this time is opened again instead of a new one.
    pub reopen_window: Duration,
    /// How long a person's closing of an issue holds for a job of which no
    /// success is known, so that no silence can be told from another.
    pub vague_acknowledgement: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            storm_threshold: 10,
            reopen_window: Duration::from_secs(86_400),
            vague_acknowledgement: Duration::from_secs(7 * 86_400),
        }
    }
}

/// What this pass could see of the store.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sight {
    /// Users whose places could not be read: their jobs may be there unseen.
    pub blind_users: HashSet<String>,
    /// True when any place may be missing.
    pub blind: bool,
}

/// One step. Jobs are given by their index into the states, issues by their
/// index into the listing that is named.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Open an issue for a job.
    Open {
        /// The job.
        job: usize,
    },
    /// Open a closed issue again, because the job was silent a short time ago.
    Reopen {
        /// The issue, in `closed`.
        issue: usize,
        /// The job.
        job: usize,
    },
    /// Say that the verdict changed kind.
    Change {
        /// The issue, in `open`.
        issue: usize,
        /// The job.
        job: usize,
    },
    /// Bring the body up to date without a word: the silence is another one, or
    /// somebody took the marker away (then the job may also be well: with its
    /// marker back, the issue is closed by the next pass).
    Refresh {
        /// The issue, in `open`.
        issue: usize,
        /// The job.
        job: usize,
    },
    /// Tell the story and close.
    Recover {
        /// The issue, in `open`.
        issue: usize,
        /// The job.
        job: usize,
    },
    /// Say that the job's files are gone: that is no recovery.
    Gone {
        /// The issue, in `open`.
        issue: usize,
    },
    /// Close a second issue for the same key.
    Duplicate {
        /// The issue, in `open`.
        issue: usize,
        /// Number of the one that stays.
        of: u64,
    },
    /// Open one issue for many jobs.
    OpenStorm {
        /// The jobs.
        jobs: Vec<usize>,
    },
    /// Add jobs to the umbrella issue, with a word.
    GrowStorm {
        /// The issue, in `open`.
        issue: usize,
        /// All jobs it is about now.
        jobs: Vec<usize>,
        /// Those that came.
        added: Vec<usize>,
        /// Members that cannot be seen, as in the marker.
        unseen: Vec<String>,
    },
    /// Bring the umbrella's list up to date without a word. The issue may lack its
    /// marker, and the list may come out empty.
    ShrinkStorm {
        /// The issue, in `open`.
        issue: usize,
        /// The jobs that are left and still seen.
        jobs: Vec<usize>,
        /// Members that are left and cannot be seen, as in the marker.
        unseen: Vec<String>,
    },
    /// Tell the story and close the umbrella issue.
    CloseStorm {
        /// The issue, in `open`.
        issue: usize,
    },
}

/// What to do, in this order, and what it rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps.
    pub actions: Vec<Action>,
    /// Jobs whose silence a person has put aside by closing the issue.
    pub acknowledged: Vec<usize>,
    /// For each flagged job that an open issue tells of: the index of that
    /// issue in `open`.
    pub covered: HashMap<usize, usize>,
    /// Jobs that need an issue and get none, because a listing was incomplete:
    /// to open one might make a second.
    pub held_back: Vec<usize>,
    /// Flagged jobs without an issue that would get one, were they not muted.
    pub muted: Vec<usize>,
    /// For each flagged job that others wait for: those. They get no issue of their
    /// own while it is flagged.
    pub under: BTreeMap<usize, Vec<usize>>,
}

impl Plan {
    /// The job that another one waits for, if it does.
    #[must_use]
    pub fn root_of(&self, job: usize) -> Option<usize> {
        let mut roots = self.under.iter();
        roots.find_map(|(root, jobs)| jobs.contains(&job).then_some(*root))
    }
}

/// What a plan is made from, beside what the forge holds.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// All jobs of the host, worst first, without the checker's own, which never
    /// gets an issue from itself.
    pub states: &'a [JobState],
    /// Name of the host.
    pub host: &'a str,
    /// What could be seen.
    pub sight: &'a Sight,
    /// How to go about it.
    pub policy: &'a Policy,
    /// The moment of the pass.
    pub now: DateTime<Utc>,
    /// Whether a job's new issue belongs on this forge: one that goes to another,
    /// or that another still tells of, does not. Issues that are open here are
    /// kept and closed whatever this says.
    pub here: &'a dyn Fn(usize) -> bool,
}

/// Since when closed issues matter: `None` when they do not, because every
/// flagged job has an open issue. To be asked before the closed ones are listed.
#[must_use]
pub(crate) fn horizon(
    newly: &[usize],
    states: &[JobState],
    policy: &Policy,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    // Older silences exist, and so do forges with a hundred thousand issues.
    const LIMIT: Duration = Duration::from_secs(400 * 86_400);
    let earliest = newly.iter().map(|job| match states[*job].told_apart_by() {
        Some(since) => since,
        None => back(now, policy.vague_acknowledgement),
    });
    let earliest = earliest.min()?;
    Some(
        earliest
            .min(back(now, policy.reopen_window))
            .max(back(now, LIMIT)),
    )
}

fn back(now: DateTime<Utc>, by: Duration) -> DateTime<Utc> {
    chrono::TimeDelta::from_std(by)
        .ok()
        .and_then(|by| now.checked_sub_signed(by))
        .unwrap_or(DateTime::UNIX_EPOCH)
}

/// The flagged jobs that open issues of a forge tell of, by their index.
#[must_use]
pub fn covered(question: &Question<'_>, open: &[Known]) -> HashSet<usize> {
    let mut plan = Plan::default();
    let Question {
        states,
        host,
        sight,
        policy,
        ..
    } = *question;
    let index = jobs::Index::new(states, host, open);
    jobs::open_issues(&mut plan, &index, question, open);
    if let Some(mut umbrella) = storm::open_umbrella(&mut plan, &index, host, sight, open) {
        umbrella.cover(&mut plan, states, policy);
    }
    plan.covered.into_keys().collect()
}

/// Plans a pass.
///
/// `closed` is asked for closed issues at most once, and only when a flagged job has
/// no open issue; it gets the moment since when they matter.
///
/// # Errors
/// Those of `closed`.
pub fn plan<E>(
    question: &Question<'_>,
    listings: &mut Listings,
    closed: impl FnOnce(DateTime<Utc>) -> Result<(Vec<Known>, bool), E>,
) -> Result<Plan, E> {
    let Question {
        states,
        host,
        sight,
        policy,
        now,
        here,
    } = *question;
    let index = jobs::Index::new(states, host, &listings.open);
    let needs = needs::Needs::new(states, &index.flagged);
    let mut plan = Plan {
        under: needs.under(),
        ..Plan::default()
    };
    jobs::open_issues(&mut plan, &index, question, &listings.open);
    let mut umbrella = storm::open_umbrella(&mut plan, &index, host, sight, &listings.open);
    if let Some(umbrella) = &mut umbrella {
        umbrella.cover(&mut plan, states, policy);
        umbrella.leave_out(&mut plan, |job| {
            needs.root(job).is_some() || states[job].muted(now).is_some()
        });
    }
    let mut newly: Vec<usize> = index
        .flagged
        .iter()
        .copied()
        .filter(|job| !plan.covered.contains_key(job) && here(*job))
        .filter(|job| needs.root(*job).is_none())
        .collect();
    newly.retain(|job| {
        let muted = states[*job].muted(now).is_some();
        if muted {
            plan.muted.push(*job);
        }
        !muted
    });
    // What somebody has put aside gets no issue, and comes into no list.
    let made_up = umbrella.as_ref().map_or(&[][..], Umbrella::made_up);
    let asked = [&newly, made_up].concat();
    if let Some(since) = horizon(&asked, states, policy, now) {
        (listings.closed, listings.closed_complete) = closed(since)?;
        plan.acknowledged = jobs::put_aside(&asked, question, &listings.closed);
        let aside: HashSet<usize> = plan.acknowledged.iter().copied().collect();
        newly.retain(|job| !aside.contains(job));
        if let Some(umbrella) = &mut umbrella {
            umbrella.leave_out(&mut plan, |job| aside.contains(&job));
        }
    } else {
        listings.closed_complete = true;
    }
    let complete = listings.open_complete && listings.closed_complete;
    if !newly.is_empty() && !complete {
        plan.held_back = std::mem::take(&mut newly);
    }
    let (together, alone) = storm::together(newly, states, policy, umbrella.is_some());
    if !together.is_empty() {
        match &mut umbrella {
            Some(umbrella) => umbrella.grow(&mut plan, together),
            None => plan.actions.push(Action::OpenStorm { jobs: together }),
        }
    }
    jobs::open_or_reopen(
        &mut plan,
        alone,
        states,
        host,
        policy,
        now,
        &listings.closed,
    );
    if let Some(umbrella) = umbrella {
        umbrella.settle(&mut plan);
    }
    Ok(plan)
}

/// Whether an issue is about this job.
fn about(known: &Known, host: &str, state: &JobState) -> bool {
    known.marker.as_ref().is_some_and(|marker| {
        marker.host == host
            && matches!(&marker.scope, Scope::Job { user, job }
                if user == state.key.user() && job == state.key.job.as_str())
    })
}
