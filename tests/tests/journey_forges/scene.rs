//! One host, one store, one forge, and a time that only moves when told to.

use std::collections::BTreeMap;
use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use checker::clock::FakeClock;
use checker::deliver::{Outcome, Route, Subject, deliver};
use checker::forge::{Parts, settings};
use checker::gather::{Measure, gather};
use checker::http::{Http, Limits};
use checker::secret::Secret;
use chrono::{DateTime, TimeDelta, Utc};
use heartbeat::{FileKind, Interval, JobName, NewBeat, write_beat};
use house_tests::standin::model::Issue;
use house_tests::standin::{Clock, Flavour, Standin};
use watch::{KnownTimetables, Marker, Notes, Now, Outages, Policy, Rules, Scope, Zone};

const HOST: &str = "bezalel";

/// One host, one store, one forge, and a time that only moves when told to.
pub(crate) struct Scene {
    pub(crate) store: tempfile::TempDir,
    pub(crate) forge: Standin,
    pub(crate) now: DateTime<Utc>,
}

impl Scene {
    pub(crate) fn new(flavour: Flavour) -> Self {
        let now: DateTime<Utc> = "2026-11-22T06:00:00Z".parse().unwrap();
        Self {
            store: tempfile::tempdir().unwrap(),
            forge: Standin::setup(flavour)
                .clock(Clock::standing_at(now))
                .hold(Duration::from_millis(200))
                .start(),
            now,
        }
    }

    pub(crate) fn advance(&mut self, by: TimeDelta) {
        self.now += by;
        let by = by.to_std().unwrap();
        self.forge.world(|world| world.clock.advance(by));
    }

    fn leave(&self, kind: FileKind, job: &str, every: &str) {
        let job = JobName::new(job).unwrap();
        let mut beat = NewBeat::new(kind, &job, self.now);
        beat.interval = Some(every.parse::<Interval>().unwrap());
        beat.exit_code = (kind == FileKind::Fail).then_some(3);
        beat.reason = (kind == FileKind::Fail).then_some("exit");
        write_beat(self.store.path(), &beat, false).unwrap();
    }

    pub(crate) fn succeeds(&self, job: &str, every: &str) {
        self.leave(FileKind::Last, job, every);
    }

    pub(crate) fn fails(&self, job: &str, every: &str) {
        self.leave(FileKind::Fail, job, every);
    }

    pub(crate) fn pass(&self) -> Outcome {
        pass(&self.forge, self.store.path(), self.now)
    }

    pub(crate) fn dry_pass(&self) -> Outcome {
        let url = self.forge.url();
        run(&self.forge, url, self.store.path(), self.now, true)
    }

    /// A pass that reaches the forge at another address.
    pub(crate) fn pass_by(&self, url: &str) -> Outcome {
        run(&self.forge, url, self.store.path(), self.now, false)
    }

    /// Flagged jobs, and jobs with an open issue of ours: they must be the same,
    /// with one issue each; and nothing was said twice.
    pub(crate) fn assert_one_issue_each(&self, flagged: &[&str]) {
        self.assert_open(flagged);
        self.assert_manners();
    }

    /// Jobs with an open issue of ours, one each.
    pub(crate) fn assert_open(&self, flagged: &[&str]) {
        self.forge.world(|world| {
            let own = &world.account.login;
            let mut open: BTreeMap<String, usize> = BTreeMap::new();
            for issue in world.open_issues() {
                if issue.author == *own {
                    *open.entry(job_of(issue)).or_default() += 1;
                }
            }
            let expected = flagged.iter().map(|job| ((*job).to_owned(), 1)).collect();
            assert_eq!(open, expected, "open issues by job");
        });
    }

    /// Nothing was said twice, and no text did anything.
    fn assert_manners(&self) {
        self.forge.world(|world| {
            for issue in &world.issues {
                let mut events: Vec<&str> = issue.comments.iter().filter_map(event).collect();
                let said = events.len();
                events.sort_unstable();
                events.dedup();
                assert_eq!(events.len(), said, "#{} says something twice", issue.number);
            }
            assert!(world.mentions.is_empty(), "{:?}", world.mentions);
            assert!(world.commands.is_empty(), "{:?}", world.commands);
        });
    }
}

pub(crate) fn pass(forge: &Standin, store: &Path, now: DateTime<Utc>) -> Outcome {
    run(forge, forge.url(), store, now, false)
}

fn run(forge: &Standin, url: &str, store: &Path, now: DateTime<Utc>, dry_run: bool) -> Outcome {
    let text = format!(
        "[forge]\nkind = \"{}\"\nurl = \"{}\"\nrepo = \"{}\"\n",
        forge.flavour().kind(),
        url,
        forge.repo()
    );
    let clock = Rc::new(FakeClock::at(now));
    let limits = Limits {
        // Far beyond what a machine under load takes; what hangs is closed by the stand-in.
        request: Duration::from_secs(10),
        ..Limits::default()
    };
    let parts = Parts {
        http: Rc::new(Http::new(limits, clock.clone(), Duration::from_secs(120))),
        clock,
        token: Some(Secret::new(&forge.token()).unwrap()),
        state_dir: store.join("unused"),
    };
    let forge = settings(&text).unwrap().open(parts).unwrap();
    let measure = Measure {
        host: HOST,
        rules: Rules {
            now: Now {
                wall: now,
                boot: None,
            },
            timetables: &KnownTimetables::new(Zone::utc()),
            outages: &Outages::default(),
            catch_up: Duration::from_secs(7_200),
        },
        expected: &[],
        notes: &Notes::default(),
    };
    let seen = gather(&[store.to_owned()], &measure);
    assert_eq!(seen.evidence.fault(), None);
    let subject = Subject {
        states: &seen.states,
        host: HOST,
        sight: &seen.sight,
        policy: &Policy::default(),
        now,
        dry_run,
    };
    let route = Route {
        forge,
        takes: Box::new(|_| true),
    };
    deliver(&[route], &subject)
}

pub(crate) fn job_of(issue: &Issue) -> String {
    let marker = Marker::parse(issue.body.as_deref().unwrap_or_default());
    match marker.map(|marker| marker.scope) {
        Some(Scope::Job { job, .. }) => job,
        Some(Scope::Storm { .. }) => "(storm)".into(),
        None => format!("(no marker in #{})", issue.number),
    }
}

fn event(comment: &house_tests::standin::model::Comment) -> Option<&str> {
    comment
        .body
        .lines()
        .find(|line| line.contains("heartbeat-checker event"))
}
