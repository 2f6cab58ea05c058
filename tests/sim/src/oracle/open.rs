//! The oracle's view of what is open: is it about something, is it there once, and is
//! nothing left of it when its job is well?

use std::collections::BTreeMap;

use crate::host::Host;
use crate::pass::{Report, Scene};
use crate::server::{About, BOT, Issue};
use crate::tally::Wrong;
use crate::timetable::Moment;
use crate::truth::Truth;

use super::{Oracle, number, tells};

impl Oracle {
    /// What is open is about something, and once.
    pub(super) fn judge_open(
        &mut self,
        scene: &Scene,
        host: &Host,
        report: &Report,
        truths: &[Truth],
        at: Moment,
    ) {
        let mut found: Vec<(Wrong, u64, String)> = Vec::new();
        {
            let server = scene.server.borrow();
            let mut first: BTreeMap<&About, u64> = BTreeMap::new();
            for place in &server.open {
                let issue = &server.issues[*place];
                if issue.author != BOT || issue.defaced {
                    continue;
                }
                let number_of = issue.number;
                if let About::Job(name, ..) = &issue.about
                    && *name == host.house.name
                    && let Some(of) = first.insert(&issue.about, number_of)
                    && !report.met
                    && !report.hit
                {
                    let what = format!(
                        "{}: #{of} and #{number_of} are about one job",
                        self.place(host, at)
                    );
                    found.push((Wrong::Duplicate, number_of, what));
                }
                let stale = self.stale(host, report.host, issue, truths, at);
                if stale && !report.hit {
                    let what = format!(
                        "{}: #{number_of} is open, and its job is well",
                        self.place(host, at)
                    );
                    found.push((Wrong::Orphan, number_of, what));
                }
            }
        }
        for (wrong, number, what) in found {
            self.complain(wrong, number, what);
        }
    }

    /// Whether an issue should have been closed by this pass.
    fn stale(
        &self,
        host: &Host,
        at_host: usize,
        issue: &Issue,
        truths: &[Truth],
        at: Moment,
    ) -> bool {
        if !matches!(issue.about, About::Job(..)) {
            return false;
        }
        let job = (0..host.jobs.len()).find(|job| tells(&issue.about, host, *job, ""));
        let Some(job) = job else {
            return false;
        };
        let one = &host.jobs[job];
        if one.trade.app && at < host.hidden {
            return false;
        }
        // What people take away, the next pass puts back; the one after it reads.
        let memory = &self.hosts[at_host];
        let touched = issue.touched >= memory.able || memory.unmarked.contains(&issue.number);
        let opened = self.opened.get(&(issue.number, at_host, job));
        let over = opened.is_some_and(|(opened, _)| number(one.truth.success) > *opened);
        !touched && over && !truths[job].may
    }

    /// At the end nothing is left open.
    pub fn end(&mut self, scene: &Scene) {
        let server = scene.server.borrow();
        let open = server.open.iter().map(|at| &server.issues[*at]);
        let ours = open.filter(|issue| issue.author == BOT && !issue.defaced);
        let left: Vec<(u64, String)> = ours
            .map(|issue| (issue.number, issue.face.title.clone()))
            .collect();
        drop(server);
        for (number, title) in left {
            self.complain(
                Wrong::Orphan,
                number,
                format!("at the end: #{number} is open: {title}"),
            );
        }
    }
}
