//! Builders for the tables of plans, and plans as short lines.

use chrono::TimeDelta;

use super::super::*;
use crate::{Due, JobKey, Judgement, Verdict, member_hash, storm_title, title};

pub(super) const HOST: &str = "bezalel";

pub(super) fn now() -> DateTime<Utc> {
    "2026-11-22T02:00:00Z".parse().unwrap()
}

pub(super) fn hours_ago(hours: i64) -> DateTime<Utc> {
    now() - TimeDelta::hours(hours)
}

pub(super) fn key(job: &str) -> JobKey {
    JobKey::new(HOST, "root", job.parse().unwrap())
}

/// An hourly job whose last success was so many hours ago.
pub(super) fn job(name: &str, verdict: Verdict, hours: i64) -> JobState {
    judged(name, verdict, Some(hours_ago(hours)))
}

/// A job of which no success is known.
pub(super) fn unborn(name: &str, verdict: Verdict) -> JobState {
    judged(name, verdict, None)
}

pub(super) fn judged(name: &str, verdict: Verdict, last: Option<DateTime<Utc>>) -> JobState {
    let judged = Judgement {
        age: last.and_then(|last| (now() - last).to_std().ok()),
        due: heartbeat::Interval::from_seconds(3_600)
            .ok()
            .map(Due::Interval),
        deadline: last.map(|last| last + TimeDelta::hours(2)),
        last_success: last,
        since: last,
        ..Judgement::new(verdict)
    };
    JobState::new(key(name), judged)
}

/// The same job, of another user.
pub(super) fn of(user: &str, mut state: JobState) -> JobState {
    state.key = JobKey::new(HOST, user, state.key.job);
    state
}

/// An open issue about a job, as it was when it was last told.
pub(super) fn issue(number: u64, state: &JobState) -> Known {
    let marker = Marker::for_job(&state.key, state.verdict.word(), state.since(), 1);
    Known {
        number,
        title: title(&state.key, state.verdict),
        body: String::new(),
        closed_at: None,
        marker: Some(marker),
    }
}

/// An open umbrella over jobs, begun so many hours ago.
pub(super) fn umbrella(number: u64, hours: i64, jobs: &[&str]) -> Known {
    let members = jobs.iter().map(|job| member_hash(&key(job))).collect();
    let marker = Marker::for_storm(HOST, members, Some(hours_ago(hours)), 1);
    Known {
        number,
        title: storm_title(HOST),
        body: String::new(),
        closed_at: None,
        marker: Some(marker),
    }
}

pub(super) trait Told {
    fn kind(self, kind: &str) -> Self;
    fn host(self, host: &str) -> Self;
    fn closed(self, hours: i64) -> Self;
    fn titled(self, title: &str) -> Self;
    fn unmarked(self) -> Self;
    fn too_many(self) -> Self;
}

impl Told for Known {
    fn kind(mut self, kind: &str) -> Self {
        self.marker.as_mut().unwrap().kind = kind.into();
        self
    }

    fn host(mut self, host: &str) -> Self {
        self.marker.as_mut().unwrap().host = host.into();
        self
    }

    fn closed(mut self, hours: i64) -> Self {
        self.closed_at = Some(hours_ago(hours));
        self
    }

    fn titled(mut self, title: &str) -> Self {
        self.title = title.into();
        self
    }

    fn unmarked(mut self) -> Self {
        self.marker = None;
        self
    }

    /// An umbrella over more jobs than a marker lists.
    fn too_many(mut self) -> Self {
        self.marker.as_mut().unwrap().scope = Scope::Storm { members: None };
        self
    }
}

/// All that a plan is made from.
pub(super) struct Case {
    pub(super) states: Vec<JobState>,
    pub(super) open: Vec<Known>,
    pub(super) closed: Vec<Known>,
    pub(super) sight: Sight,
    pub(super) policy: Policy,
    pub(super) complete: (bool, bool),
}

pub(super) fn case<const N: usize>(states: [JobState; N]) -> Case {
    cases(states.to_vec())
}

pub(super) fn cases(mut states: Vec<JobState>) -> Case {
    crate::worst_first(&mut states);
    Case {
        states,
        open: Vec::new(),
        closed: Vec::new(),
        sight: Sight::default(),
        policy: Policy {
            storm_threshold: 2,
            ..Policy::default()
        },
        complete: (true, true),
    }
}

impl Case {
    pub(super) fn open<const N: usize>(mut self, open: [Known; N]) -> Self {
        self.open = open.to_vec();
        self
    }

    pub(super) fn closed<const N: usize>(mut self, closed: [Known; N]) -> Self {
        self.closed = closed.to_vec();
        self
    }

    pub(super) fn blind(mut self) -> Self {
        self.sight.blind = true;
        self
    }

    pub(super) fn blind_to(mut self, user: &str) -> Self {
        self.sight.blind_users.insert(user.into());
        self
    }

    pub(super) fn threshold(mut self, threshold: usize) -> Self {
        self.policy.storm_threshold = threshold;
        self
    }

    pub(super) fn cut_short(mut self, open: bool, closed: bool) -> Self {
        self.complete = (!open, !closed);
        self
    }

    fn question(&self) -> Question<'_> {
        Question {
            states: &self.states,
            host: HOST,
            sight: &self.sight,
            policy: &self.policy,
            now: now(),
            here: &|_| true,
        }
    }

    /// The jobs that open issues tell of.
    pub(super) fn told(&self) -> HashSet<usize> {
        covered(&self.question(), &self.open)
    }

    /// The plan, and since when closed issues were asked for.
    pub(super) fn planned(&self) -> (Plan, Option<DateTime<Utc>>) {
        let mut asked = None;
        let mut listings = Listings {
            open: self.open.clone(),
            open_complete: self.complete.0,
            ..Listings::default()
        };
        let closed = |since| {
            asked = Some(since);
            Ok::<_, std::convert::Infallible>((self.closed.clone(), self.complete.1))
        };
        let Ok(plan) = plan(&self.question(), &mut listings, closed);
        (plan, asked)
    }

    /// The steps in short lines.
    pub(super) fn steps(&self) -> Vec<String> {
        let (plan, _) = self.planned();
        let steps = plan.actions.iter().map(|action| self.line(action));
        let held = plan.held_back.iter();
        let held = held.map(|job| format!("held back {}", self.name(job)));
        let put_aside = plan.acknowledged.iter();
        let put_aside = put_aside.map(|job| format!("put aside {}", self.name(job)));
        steps.chain(held).chain(put_aside).collect()
    }

    fn name(&self, job: &usize) -> &str {
        self.states[*job].key.job.as_str()
    }

    fn line(&self, action: &Action) -> String {
        let name = |job: &usize| self.name(job);
        let names = |jobs: &[usize]| {
            jobs.iter()
                .map(|job| self.name(job))
                .collect::<Vec<_>>()
                .join("+")
        };
        let open = |issue: &usize| self.open[*issue].number;
        let hidden = |unseen: &[String]| match unseen.len() {
            0 => String::new(),
            many => format!(" and {many} unseen"),
        };
        match action {
            Action::Open { job } => format!("open {}", name(job)),
            Action::Reopen { issue, job } => {
                format!("reopen #{} {}", self.closed[*issue].number, name(job))
            }
            Action::Change { issue, job } => format!("change #{} {}", open(issue), name(job)),
            Action::Refresh { issue, job } => format!("refresh #{} {}", open(issue), name(job)),
            Action::Recover { issue, job } => format!("recover #{} {}", open(issue), name(job)),
            Action::Gone { issue } => format!("gone #{}", open(issue)),
            Action::Duplicate { issue, of } => format!("duplicate #{} of #{of}", open(issue)),
            Action::OpenStorm { jobs } => format!("storm {}", names(jobs)),
            Action::GrowStorm {
                issue,
                jobs,
                added,
                unseen,
            } => {
                let number = open(issue);
                let (jobs, added) = (names(jobs), names(added));
                format!("grow #{number} to {jobs}{} by {added}", hidden(unseen))
            }
            Action::ShrinkStorm {
                issue,
                jobs,
                unseen,
            } => {
                let jobs = names(jobs);
                format!("shrink #{} to {jobs}{}", open(issue), hidden(unseen))
            }
            Action::CloseStorm { issue } => format!("calm #{}", open(issue)),
        }
    }
}
