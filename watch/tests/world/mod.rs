//! A little world in memory: two hosts with their jobs, a forge, the people who
//! edit its issues, and a checker that carries out plans on it. It only knows
//! what a checker knows; what must hold is said in the tests.

pub(crate) mod audit;
pub(crate) mod forge;

use std::convert::Infallible;

use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{Beat, Interval, JobFiles, Slot, Unreadable, UnreadableKind};
use watch::{
    Action, Expectation, JobKey, JobState, Known, KnownTimetables, Listings, Now, Outages, Plan,
    Policy, Question, Rules, Scope, Sight, Verdict, Zone, member_hash, plan, verdict, worst_first,
};

use forge::{Forge, Issue};

pub(crate) const HOSTS: [&str; 2] = ["bezalel", "hiram"];
pub(crate) const JOBS: usize = 6;

/// What a job left behind. The interval of all is an hour.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Job {
    pub(crate) last: Option<DateTime<Utc>>,
    pub(crate) fail: Option<DateTime<Utc>>,
    /// When its last success was overwritten with rubbish.
    pub(crate) garbled: Option<DateTime<Utc>>,
    /// Its files were removed.
    pub(crate) gone: bool,
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Host {
    pub(crate) jobs: [Job; JOBS],
    pub(crate) blind: bool,
    pub(crate) blind_to_postgres: bool,
}

/// That a person closed an issue about a job.
#[derive(Debug, Clone)]
pub(crate) struct PutAside {
    pub(crate) key: JobKey,
    pub(crate) at: DateTime<Utc>,
    pub(crate) job: Job,
    pub(crate) verdict: Option<Verdict>,
    /// What the issue said at the time.
    pub(crate) said: String,
}

#[derive(Debug)]
pub(crate) struct World {
    pub(crate) now: DateTime<Utc>,
    pub(crate) hosts: [Host; 2],
    pub(crate) forge: Forge,
    pub(crate) put_aside: Vec<PutAside>,
    notes: usize,
}

/// How a pass goes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Luck {
    /// It dies after so many steps.
    pub(crate) dies_after: Option<usize>,
    /// Each answer to a creation is lost, and it is sent again.
    pub(crate) creates_twice: bool,
    /// One issue in so many is missing from the listings, which say so.
    pub(crate) hides_one_in: Option<usize>,
}

impl World {
    pub(crate) fn new() -> Self {
        let now: DateTime<Utc> = "2026-11-22T02:00:00Z".parse().unwrap();
        let well = Job {
            last: Some(now),
            ..Job::default()
        };
        let host = Host {
            jobs: [well; JOBS],
            ..Host::default()
        };
        Self {
            now,
            hosts: [host.clone(), host],
            forge: Forge::with_other_peoples_issues(),
            put_aside: Vec::new(),
            notes: 0,
        }
    }

    pub(crate) fn advance(&mut self, minutes: i64) {
        self.now += TimeDelta::minutes(minutes);
    }

    /// Every other job is postgres'.
    pub(crate) fn key(host: usize, job: usize) -> JobKey {
        let user = ["root", "postgres"][job % 2];
        JobKey::new(HOSTS[host], user, format!("job{job}").parse().unwrap())
    }

    /// The state of a job, as the checker would judge it if it saw it.
    pub(crate) fn judge(&self, host: usize, job: usize) -> Option<JobState> {
        let left = self.hosts[host].jobs[job];
        let slot = |at: Option<DateTime<Utc>>| -> Slot {
            at.map(|timestamp| {
                Box::new(Ok(Beat {
                    timestamp,
                    interval: Interval::from_seconds(3_600).ok(),
                    boot: None,
                    details: None,
                }))
            })
        };
        let garbled = left.garbled.map(|modified| {
            Box::new(Err(Unreadable {
                kind: UnreadableKind::Content("it is cut off".into()),
                modified: Some(modified),
            }))
        });
        let key = Self::key(host, job);
        let files = JobFiles {
            job: key.job.clone(),
            last: garbled.or_else(|| slot(left.last)),
            fail: slot(left.fail),
            run: None,
            skip: None,
        };
        let nothing = files.last.is_none() && files.fail.is_none();
        let now = Now {
            wall: self.now,
            boot: None,
        };
        let judged = || {
            let rules = Rules {
                now,
                timetables: &KnownTimetables::new(Zone::utc()),
                outages: &Outages::default(),
                catch_up: std::time::Duration::ZERO,
            };
            verdict(&Expectation::default(), &files, &rules)
        };
        (!left.gone && !nothing).then(|| JobState::new(key, judged()))
    }

    fn seen(&self, host: usize) -> (Vec<JobState>, Sight) {
        let Host {
            blind,
            blind_to_postgres,
            ..
        } = self.hosts[host];
        let hidden =
            |state: &JobState| blind || blind_to_postgres && state.key.user() == "postgres";
        let mut states: Vec<_> = (0..JOBS)
            .filter_map(|job| self.judge(host, job))
            .filter(|state| !hidden(state))
            .collect();
        worst_first(&mut states);
        let users = blind_to_postgres.then(|| "postgres".to_owned());
        let blind_users = users.into_iter().collect();
        (states, Sight { blind_users, blind })
    }

    /// One pass of a host's checker.
    pub(crate) fn pass(&mut self, host: usize, luck: Luck) -> Plan {
        let (states, sight) = self.seen(host);
        let policy = Policy {
            storm_threshold: 2,
            ..Policy::default()
        };
        let whole = luck.hides_one_in.is_none();
        let listed = |issue: &&Issue| {
            luck.hides_one_in
                .is_none_or(|n| !issue.number.is_multiple_of(n as u64 + 1))
        };
        let mut listings = Listings {
            open: self.forge.open().filter(listed).map(Issue::known).collect(),
            open_complete: whole,
            ..Listings::default()
        };
        let closed = |since| {
            let closed = self.forge.closed(since).filter(listed);
            Ok::<_, Infallible>((closed.map(Issue::known).collect::<Vec<Known>>(), whole))
        };
        let question = Question {
            states: &states,
            host: HOSTS[host],
            sight: &sight,
            policy: &policy,
            now: self.now,
            here: &|_| true,
        };
        let Ok(plan) = plan(&question, &mut listings, closed);
        audit::honest(self, host, &states, &sight, &listings, &plan);
        if !whole {
            audit::creates_nothing(&plan);
        }
        let steps = luck.dies_after.unwrap_or(usize::MAX);
        for action in plan.actions.iter().take(steps) {
            let times = match action {
                Action::Open { .. } | Action::OpenStorm { .. } if luck.creates_twice => 2,
                _ => 1,
            };
            for _ in 0..times {
                self.forge
                    .act(action, &states, HOSTS[host], self.now, &listings);
            }
        }
        plan
    }

    /// A person closes an issue.
    pub(crate) fn close(&mut self, number: u64) {
        let Some(marker) = self.forge.issue(number).known().marker else {
            return self.forge.close(number, self.now);
        };
        for (host, name) in HOSTS.into_iter().enumerate() {
            for job in 0..JOBS {
                let key = Self::key(host, job);
                let about = marker.host == name
                    && match &marker.scope {
                        Scope::Job { user, job } => user == key.user() && job == key.job.as_str(),
                        Scope::Storm { members } => members
                            .as_ref()
                            .is_some_and(|list| list.contains(&member_hash(&key))),
                    };
                if about {
                    self.put_aside.push(PutAside {
                        at: self.now,
                        job: self.hosts[host].jobs[job],
                        verdict: self.judge(host, job).map(|state| state.verdict),
                        said: marker.kind.clone(),
                        key,
                    });
                }
            }
        }
        self.forge.close(number, self.now);
    }

    /// A person writes something above or below what the checker wrote.
    pub(crate) fn note(&mut self, number: u64, above: bool) {
        let note = format!("A person's note {}.", self.notes);
        self.notes += 1;
        let issue = self.forge.issue_mut(number);
        issue.body = if above {
            format!("{note}\n\n{}", issue.body)
        } else {
            format!("{}\n\n{note}\n", issue.body)
        };
        issue.notes.push(note);
    }
}
