//! The oracle: after each pass it holds what the forge has against the truth. What a
//! pass could not do is not asked of it, and each such allowance is named and counted.

mod deeds;
mod open;

use std::collections::{BTreeMap, BTreeSet};

use checker::exit;
use watch::{JobKey, member_hash};

use crate::entries::{Entry, entry};
use crate::host::{Host, Mark, time};
use crate::pass::{Report, Scene, claims_all};
use crate::server::{About, BOT, Issue};
use crate::tally::{Fault, Wrong};
use crate::timetable::{DAY, Moment};
use crate::truth::{self, Away, Before, Truth};

/// Sleep shorter than this is no outage: "every laptop naps".
const NAP: Moment = 60_000;

/// What is remembered of a job.
#[derive(Debug, Clone, Default)]
struct Job {
    /// For how long it has been known without a success.
    known: Option<Moment>,
    /// Since when it has been expected without one.
    expected: Option<Moment>,
    /// A person closed its issue.
    aside: Option<Aside>,
    /// Whether it has been said that it is missed.
    missed: bool,
    /// Whether it has been told since it had to be.
    told: bool,
}

/// What a person put aside.
#[derive(Debug, Clone)]
struct Aside {
    /// The success that was the last one then.
    success: u64,
    /// Whether the checker can know that the issue was about what came after it. Where the
    /// job has succeeded since the issue told of it, the next trouble is another one.
    about_it: bool,
    /// What the issue said.
    kind: String,
    /// When.
    at: Moment,
}

/// What was said in an issue.
#[derive(Debug, Default)]
struct Said {
    /// All of it, and the last kind.
    events: BTreeSet<String>,
    last: String,
    /// Whether its job was in trouble at a pass since.
    troubled: bool,
}

/// What is remembered of a host.
#[derive(Debug, Clone, Default)]
struct Memory {
    jobs: Vec<Job>,
    /// The last pass that left its notes: when, in which boot, how long asleep.
    kept: Option<(Moment, u64, Moment)>,
    /// When the host was away.
    away: Vec<Away>,
    /// Since when the clock has been doubted, in which boot.
    doubted: Option<(Moment, u64)>,
    /// The last pass that could see and say everything, and the issues that had no
    /// marker after it: they get it back, and are read by it, in turn.
    able: Moment,
    unmarked: BTreeSet<u64>,
}

/// The oracle.
#[derive(Debug, Default)]
pub struct Oracle {
    hosts: Vec<Memory>,
    /// The last success that was known when an issue was opened, by its number and job.
    opened: BTreeMap<(u64, usize, usize), (u64, &'static str)>,
    /// What was said in issues.
    said: BTreeMap<u64, Said>,
    /// Issues and jobs that have been complained of.
    complained: BTreeSet<(Wrong, u64)>,
    /// Faults of this story.
    pub faults: Vec<Fault>,
}

/// The last success's number.
fn number(mark: Option<Mark>) -> u64 {
    mark.map_or(0, |mark| mark.number)
}

fn key(host: &Host, job: usize) -> (String, String, String) {
    let trade = &host.jobs[job].trade;
    let user = if trade.app { "app" } else { "root" };
    (host.house.name.clone(), user.to_owned(), trade.name.clone())
}

fn hash(host: &Host, job: usize) -> String {
    let (host, user, job) = key(host, job);
    let Ok(job) = job.parse() else {
        return String::new();
    };
    member_hash(&JobKey::new(&host, &user, job))
}

/// Whether an issue has its marker where it belongs.
fn is_marked(issue: &Issue) -> bool {
    issue.face.body.starts_with("<!-- heartbeat")
}

/// Whether an issue is about a job.
fn tells(about: &About, host: &Host, job: usize, hash: &str) -> bool {
    match about {
        About::Job(name, user, title) => {
            *name == host.house.name
                && *title == host.jobs[job].trade.name
                && (user == "app") == host.jobs[job].trade.app
        }
        About::Many(name, list) => {
            *name == host.house.name
                && list
                    .as_ref()
                    .is_none_or(|list| list.iter().any(|one| one == hash))
        }
        About::Other => false,
    }
}

impl Oracle {
    /// An oracle that has seen nothing.
    #[must_use]
    pub fn new(scene: &Scene) -> Self {
        let hosts = scene.hosts.iter().map(|host| Memory {
            jobs: vec![Job::default(); host.borrow().jobs.len()],
            ..Memory::default()
        });
        Self {
            hosts: hosts.collect(),
            ..Self::default()
        }
    }

    /// Somebody threw the notes away: "Losing the notes makes such a job flagged later".
    pub fn notes_lost(&mut self, host: usize) {
        let memory = &mut self.hosts[host];
        memory.doubted = None;
        // The checker's own beat still tells when it last passed, and in which boot; not
        // how long the host had slept by then.
        if let Some((_, _, slept)) = &mut memory.kept {
            *slept = Moment::MAX / 2;
        }
        for job in &mut memory.jobs {
            job.known = None;
        }
    }

    /// A person closed an issue.
    pub fn closed_by_hand(&mut self, scene: &Scene, issue: &Issue, at: Moment) {
        let able: Vec<Moment> = self.hosts.iter().map(|host| host.able).collect();
        // "The first line … is how the checker knows its issue: leave it."
        let marked = is_marked(issue);
        self.each(scene, issue, |job, host, success| {
            job.aside = Some(Aside {
                success: number(success),
                about_it: marked && success.is_none_or(|success| success.at <= able[host]),
                kind: issue.kind.clone(),
                at,
            });
        });
    }

    /// A person opened an issue again.
    pub fn opened_by_hand(&mut self, scene: &Scene, issue: &Issue) {
        self.each(scene, issue, |job, _, _| job.aside = None);
        self.said.remove(&issue.number);
        for (_, opened) in self
            .opened
            .range_mut((issue.number, 0, 0)..=(issue.number, 99, 99))
        {
            opened.1 = "opened by hand";
        }
    }

    fn each(
        &mut self,
        scene: &Scene,
        issue: &Issue,
        mut f: impl FnMut(&mut Job, usize, Option<Mark>),
    ) {
        for (at, memory) in self.hosts.iter_mut().enumerate() {
            let host = scene.hosts[at].borrow();
            for (place, job) in memory.jobs.iter_mut().enumerate() {
                if tells(&issue.about, &host, place, &hash(&host, place)) {
                    f(job, at, host.jobs[place].truth.success);
                }
            }
        }
    }

    fn complain(&mut self, wrong: Wrong, about: u64, what: String) {
        if self.complained.insert((wrong, about)) {
            self.faults.push(Fault { wrong, what });
        }
    }

    /// What is true of each job of a host now.
    fn truths(&self, host: &Host, at_host: usize, at: Moment) -> Vec<Truth> {
        let memory = &self.hosts[at_host];
        let passed = self.passed(host, at_host, at);
        let mut away = memory.away.clone();
        away.extend(self.away_now(host, at_host, at));
        let jobs = 0..host.jobs.len();
        jobs.map(|job| {
            let one = &memory.jobs[job];
            let before = Before {
                known: one.known.map(|known| known + passed),
                expected: one.expected.unwrap_or(at),
                away: &away,
            };
            truth::of(host, job, at, &before)
        })
        .collect()
    }

    /// For how long the host has been up since the last pass, as far as its own clocks
    /// can tell.
    fn passed(&self, host: &Host, at_host: usize, at: Moment) -> Moment {
        match self.hosts[at_host].kept {
            Some((then, boot, _)) if boot == host.boot => at - then,
            Some(_) => (at - host.booted).min(DAY),
            None => 0,
        }
    }

    fn away_now(&self, host: &Host, at_host: usize, at: Moment) -> Option<Away> {
        let (from, boot, slept) = self.hosts[at_host].kept?;
        if boot != host.boot {
            Some(Away {
                from,
                to: host.booted,
            })
        } else {
            (host.slept - slept >= NAP).then_some(Away { from, to: at })
        }
    }

    /// Looks at what a pass has done.
    pub fn look(&mut self, scene: &Scene, report: &Report, at: Moment) {
        let at_host = report.host;
        {
            let host = scene.hosts[at_host].borrow();
            for job in 0..host.jobs.len() {
                let unborn = host.jobs[job].truth.success.is_none();
                let waits = unborn && entry(&host, job, at) == Entry::Good;
                let memory = &mut self.hosts[at_host].jobs[job];
                memory.expected = if waits {
                    memory.expected.or(Some(at))
                } else {
                    None
                };
            }
        }
        self.judge_deeds(scene, report, at);
        let host = scene.hosts[at_host].borrow();
        let truths = self.truths(&host, at_host, at);
        self.note_trouble(scene, &host, &truths);
        self.judge_code(scene, &host, report, at);
        if claims_all(report) && at >= host.blind {
            self.judge_silences(scene, &host, at_host, &truths, at);
            self.judge_open(scene, &host, report, &truths, at);
            self.hosts[at_host].able = at;
            let server = scene.server.borrow();
            let open = server.open.iter().map(|at| &server.issues[*at]);
            let unmarked = open.filter(|issue| !is_marked(issue));
            self.hosts[at_host].unmarked = unmarked.map(|issue| issue.number).collect();
        } else {
            count_unable(scene, &host, report, at);
        }
        self.remember(&host, report, at);
    }

    /// Notes of which issues the jobs are in trouble.
    fn note_trouble(&mut self, scene: &Scene, host: &Host, truths: &[Truth]) {
        let server = scene.server.borrow();
        for issue in server.open.iter().map(|at| &server.issues[*at]) {
            let Some(said) = self.said.get_mut(&issue.number) else {
                continue;
            };
            let mut jobs = truths.iter().enumerate();
            said.troubled |=
                jobs.any(|(job, truth)| truth.may && tells(&issue.about, host, job, ""));
        }
    }

    /// What a pass that left its notes knows for the next.
    fn remember(&mut self, host: &Host, report: &Report, at: Moment) {
        if !report.kept {
            return;
        }
        let at_host = report.host;
        // A clock that is not believed tells the next pass nothing but that.
        let doubted = &mut self.hosts[at_host].doubted;
        if report.code == exit::CLOCK {
            *doubted = doubted
                .filter(|(_, boot)| *boot == host.boot)
                .or(Some((at, host.boot)));
            return;
        }
        *doubted = None;
        let passed = self.passed(host, at_host, at);
        let away = self.away_now(host, at_host, at);
        let memory = &mut self.hosts[at_host];
        memory.away.retain(|away| at - away.to < 14 * DAY);
        memory.away.extend(away);
        memory.kept = Some((at, host.boot, host.slept));
        for (place, job) in memory.jobs.iter_mut().enumerate() {
            let one = &host.jobs[place];
            let waits = one.truth.success.is_none() && entry(host, place, at) == Entry::Good;
            let seen = at >= host.blind && (at >= host.hidden || !one.trade.app);
            job.known = match (waits && seen, job.known) {
                (true, Some(known)) => Some(known + passed),
                (true, None) => Some(0),
                (false, _) => None,
            };
        }
    }

    /// "When the clock is plainly wrong (most beats lie in the future), a pass opens and
    /// closes nothing and exits with 5"; and only then.
    fn judge_code(&mut self, scene: &Scene, host: &Host, report: &Report, at: Moment) {
        let jobs = 0..host.jobs.len();
        let ahead: Vec<bool> = jobs.filter_map(|job| truth::ahead(host, job, at)).collect();
        let some = ahead.iter().any(|ahead| *ahead);
        let ahead_of_clock = |left: &Moment| *left > host.wall(at) + 60_000;
        let own_ahead = report.own.iter().any(ahead_of_clock);
        if report.code == exit::CLOCK {
            scene
                .tally
                .borrow_mut()
                .excuse("the clock is not believed (5)");
            if !some && !own_ahead {
                let what = format!(
                    "{}: the clock is doubted without a reason",
                    self.place(host, at)
                );
                self.complain(Wrong::Missed, 1_000_000 + report.host as u64, what);
            }
            return;
        }
        let most = ahead.iter().filter(|ahead| **ahead).count() * 2 > ahead.len();
        let own_past = !report.own.iter().all(ahead_of_clock);
        // "After a day of that a clock that runs steadily is taken as it is."
        let doubted = self.hosts[report.host].doubted;
        let for_a_day = doubted.is_some_and(|(since, boot)| boot == host.boot && at - since >= DAY);
        let plain = host.wrong() && most && own_ahead && !own_past && !for_a_day;
        if plain && !report.deeds.is_empty() {
            let what = format!(
                "{}: something was said by a clock that is plainly wrong",
                self.place(host, at)
            );
            self.complain(Wrong::False, 2_000_000 + report.host as u64, what);
        }
    }

    fn place(&self, host: &Host, at: Moment) -> String {
        format!(
            "{} {}",
            time(at).format("%Y-%m-%d %H:%M:%S"),
            host.house.name
        )
    }

    /// What must be told is told.
    fn judge_silences(
        &mut self,
        scene: &Scene,
        host: &Host,
        at_host: usize,
        truths: &[Truth],
        at: Moment,
    ) {
        for (job, truth) in truths.iter().enumerate() {
            let one = &host.jobs[job];
            if !truth.must {
                if let Some(why) = truth.excuse {
                    scene.tally.borrow_mut().excuse(why);
                }
                self.hosts[at_host].jobs[job].missed = false;
                self.hosts[at_host].jobs[job].told = false;
                continue;
            }
            let hash = hash(host, job);
            let told = {
                let server = scene.server.borrow();
                let mut open = server.open.iter().map(|at| &server.issues[*at]);
                open.any(|issue| issue.author == BOT && tells(&issue.about, host, job, &hash))
            };
            if told {
                if !std::mem::replace(&mut self.hosts[at_host].jobs[job].told, true) {
                    scene.tally.borrow_mut().told += 1;
                }
                continue;
            }
            if let Some(why) = self.not_asked(host, at_host, job, truths, at) {
                scene.tally.borrow_mut().excuse(why);
                continue;
            }
            if !std::mem::replace(&mut self.hosts[at_host].jobs[job].missed, true) {
                scene.note(at, || format!("{:?} {truth:?}", host.jobs[job]));
                let name = &one.trade.name;
                let what = format!(
                    "{} {name}: is {} and nobody is told",
                    self.place(host, at),
                    truth.why
                );
                self.faults.push(Fault {
                    wrong: Wrong::Missed,
                    what,
                });
            }
        }
    }

    /// Why a job that must be told need not be, by what the README says.
    fn not_asked(
        &self,
        host: &Host,
        at_host: usize,
        job: usize,
        truths: &[Truth],
        at: Moment,
    ) -> Option<&'static str> {
        let one = &host.jobs[job];
        if one.trade.app && at < host.hidden {
            return Some("its user's place cannot be read (3)");
        }
        let good = entry(host, job, at) == Entry::Good;
        if good && (at < one.fate.muted || at < one.fate.paused) {
            return Some("it is muted or paused");
        }
        if good && one.trade.needs.is_some_and(|root| truths[root].may) {
            return Some("it waits for another one that is flagged");
        }
        let aside = self.hosts[at_host].jobs[job].aside.as_ref()?;
        let same = aside.success == number(one.truth.success);
        // "for a week where no silence can be told from another"
        let vague = matches!(
            truths[job].why,
            "future" | "no interval" | "never" | "unreadable"
        );
        (same || vague && at - aside.at < 7 * DAY).then_some("a person has put it aside")
    }
}

fn count_unable(scene: &Scene, host: &Host, report: &Report, at: Moment) {
    let why = if report.died {
        "killed"
    } else if report.code == exit::CLOCK {
        "the clock cannot be believed (5)"
    } else if at < host.blind {
        "the store cannot be read (3)"
    } else if report.hit {
        "the forge did not let it (4)"
    } else {
        "for no reason"
    };
    *scene.tally.borrow_mut().unable.entry(why).or_default() += 1;
}
