//! The oracle's view of what a pass did to the forge: was it true, was it time, was it
//! said once, and was it ours to touch?

use crate::entries::{Entry, entry};
use crate::host::{Host, time};
use crate::pass::{Report, Scene};
use crate::server::{About, BOT, Deed};
use crate::tally::Wrong;
use crate::timetable::{DAY, Moment};
use crate::truth::Truth;

use super::{Oracle, hash, number, tells};

/// Kinds and reasons of an issue that told of no silence.
const VAGUE: [&str; 5] = [
    "future",
    "skewed",
    "unreadable",
    "no interval",
    "opened by hand",
];

impl Oracle {
    /// Whatever was opened must be true, and whatever was closed must be over.
    pub(super) fn judge_deeds(&mut self, scene: &Scene, report: &Report, at: Moment) {
        if !report.deeds.is_empty() || report.code > 1 {
            scene.note(at, || format!("a pass: {report:?}"));
        }
        for deed in &report.deeds {
            match deed {
                Deed::Opened(issue, about) => {
                    scene.tally.borrow_mut().deed("issues opened");
                    self.judge_second(scene, report, *issue, about, at);
                    self.judge_told(scene, *issue, about, None, at);
                }
                Deed::Reopened(issue, about) => {
                    scene.tally.borrow_mut().deed("issues opened again");
                    self.judge_told(scene, *issue, about, None, at);
                }
                Deed::Joined(issue, host, members) => {
                    scene.tally.borrow_mut().deed("issues grown by jobs");
                    let about = About::Many(host.clone(), None);
                    self.judge_told(scene, *issue, &about, Some(members), at);
                }
                Deed::Closed(issue, about) => {
                    scene.tally.borrow_mut().deed("issues closed");
                    self.judge_closed(scene, *issue, about, at);
                }
                Deed::Said(issue, event) => {
                    scene.tally.borrow_mut().deed("comments");
                    self.judge_said(scene, report, *issue, event, at);
                }
                Deed::Touched(issue) => {
                    let what = format!("#{issue}, which is somebody else's, was changed");
                    self.complain(Wrong::Stranger, *issue, what);
                }
            }
        }
    }

    /// "There is one issue for each flagged job, never two." What one pass opens while
    /// another does, or while lists lag, the next one closes.
    fn judge_second(
        &mut self,
        scene: &Scene,
        report: &Report,
        issue: u64,
        about: &About,
        at: Moment,
    ) {
        let server = scene.server.borrow();
        if report.met || at < server.trouble.lags.0 || !matches!(about, About::Job(..)) {
            return;
        }
        let mut open = server.open.iter().map(|at| &server.issues[*at]);
        let first = open.find(|one| {
            let known = one.author == BOT && !one.defaced && one.touched == 0;
            known && one.created < at && one.about == *about
        });
        let first = first.map(|first| first.number);
        drop(server);
        if let Some(first) = first {
            let what = format!(
                "{}: #{issue} was opened, and #{first} is about the same job",
                time(at).format("%Y-%m-%d %H:%M:%S")
            );
            self.complain(Wrong::Duplicate, issue, what);
        }
    }

    fn judge_told(
        &mut self,
        scene: &Scene,
        issue: u64,
        about: &About,
        members: Option<&Vec<String>>,
        at: Moment,
    ) {
        let list = match (about, members) {
            (_, Some(members)) => Some(members.clone()),
            (About::Many(_, list), None) => list.clone(),
            _ => None,
        };
        for at_host in 0..scene.hosts.len() {
            let host = scene.hosts[at_host].borrow();
            let truths = self.truths(&host, at_host, at);
            for (job, truth) in truths.iter().enumerate() {
                let hash = hash(&host, job);
                let listed = list.as_ref().is_none_or(|list| list.contains(&hash));
                if !tells(about, &host, job, &hash) || !listed {
                    continue;
                }
                let success = number(host.jobs[job].truth.success);
                self.opened
                    .insert((issue, at_host, job), (success, truth.why));
                let wrong = self.lie(&host, at_host, job, truth, &truths, at);
                if let Some(wrong) = wrong {
                    scene.note(at, || format!("{:?} {:?}", host.jobs[job], truth));
                    let name = &host.jobs[job].trade.name;
                    let what = format!(
                        "{} {name}: #{issue} was opened, {wrong} ({})",
                        self.place(&host, at),
                        truth.why
                    );
                    self.complain(Wrong::False, issue, what);
                }
                self.hosts[at_host].jobs[job].aside = None;
            }
        }
    }

    /// Why an issue about a job should not have been opened now.
    fn lie(
        &self,
        host: &Host,
        at_host: usize,
        job: usize,
        truth: &Truth,
        truths: &[Truth],
        at: Moment,
    ) -> Option<&'static str> {
        let one = &host.jobs[job];
        if !truth.may {
            return Some("and the job is well");
        }
        let good = entry(host, job, at) == Entry::Good;
        if good && !host.wrong() && (at < one.fate.muted || at < one.fate.paused) {
            return Some("and the job is muted");
        }
        if let Some(root) = one.trade.needs.filter(|_| good)
            && truths[root].must
        {
            return Some("and the job waits for another one that is flagged");
        }
        // "Nothing is opened again until the job has succeeded once and is flagged anew."
        let aside = self.hosts[at_host].jobs[job].aside.as_ref()?;
        let known = aside.about_it && aside.success != 0;
        let same = known && aside.success == number(one.truth.success);
        let silent = aside.kind == "silent" && truth.why == "silent" && truth.must;
        // "for 400 days at most", by the clock that there is.
        let young = host.wall(at) - aside.at < 400 * DAY;
        (same && silent && young).then_some("and a person had put it aside")
    }

    /// "closed on recovery": after a success, and not without one.
    fn judge_closed(&mut self, scene: &Scene, issue: u64, about: &About, at: Moment) {
        let (kind, touched) = {
            let mut server = scene.server.borrow_mut();
            let Some(found) = server.issue(issue) else {
                return;
            };
            (found.kind.clone(), found.touched)
        };
        if kind == "duplicate" || touched > 0 || matches!(about, About::Many(_, None)) {
            return;
        }
        for at_host in 0..scene.hosts.len() {
            let host = scene.hosts[at_host].borrow();
            for job in 0..host.jobs.len() {
                if !tells(about, &host, job, &hash(&host, job)) {
                    continue;
                }
                let Some((opened, why)) = self.opened.get(&(issue, at_host, job)) else {
                    continue;
                };
                let one = &host.jobs[job];
                let success = number(one.truth.success);
                // What could not be believed or read told of no silence: it is over when
                // it can be.
                let told = !VAGUE.contains(why);
                let over = success > *opened || !told;
                if !over && matches!(about, About::Job(..)) {
                    let name = &one.trade.name;
                    let what = format!(
                        "{} {name}: #{issue} was closed without a success",
                        self.place(&host, at)
                    );
                    self.complain(Wrong::False, issue, what);
                }
            }
        }
    }

    /// "a comment says so": once for each change.
    fn judge_said(&mut self, scene: &Scene, report: &Report, issue: u64, event: &str, at: Moment) {
        let kind = event.split(' ').nth_back(1).unwrap_or_default().to_owned();
        let many = {
            let mut server = scene.server.borrow_mut();
            let found = server.issue(issue);
            found.is_some_and(|issue| matches!(issue.about, About::Many(..)) || issue.touched > 0)
        };
        // What could not be believed or read told of no silence: see `judge_closed`.
        if let Some(vague) = VAGUE.into_iter().find(|vague| *vague == kind) {
            let opened = self.opened.range_mut((issue, 0, 0)..=(issue, 99, 99));
            opened.for_each(|(_, opened)| opened.1 = vague);
        }
        let said = self.said.entry(issue).or_default();
        // Where the issue could not be closed, the job may be in trouble once more before.
        let anew = kind == "recovered" && std::mem::take(&mut said.troubled);
        let again = !said.events.insert(event.to_owned()) || said.last == kind && !many && !anew;
        said.last = kind;
        if !again {
            return;
        }
        if report.met {
            scene
                .tally
                .borrow_mut()
                .excuse("a comment twice, by two passes at once");
            return;
        }
        let what = format!(
            "{}: #{issue} was told twice: {event}",
            time(at).format("%Y-%m-%d %H:%M:%S")
        );
        self.complain(Wrong::Comment, issue, what);
    }
}
