//! The forge of the little world, and how a checker carries out a step on it.

use chrono::{DateTime, Utc};
use watch::{Action, JobState, Known, Listings, Marker, member_hash, splice, storm_title, title};

const END: &str = "<!-- /heartbeat-checker -->";

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Issue {
    pub(crate) number: u64,
    pub(crate) title: String,
    pub(crate) body: String,
    pub(crate) closed_at: Option<DateTime<Utc>>,
    pub(crate) changed_at: DateTime<Utc>,
    /// What people wrote into it.
    pub(crate) notes: Vec<String>,
}

impl Issue {
    pub(crate) fn known(&self) -> Known {
        Known {
            number: self.number,
            title: self.title.clone(),
            body: self.body.clone(),
            closed_at: self.closed_at,
            marker: Marker::parse(&self.body),
        }
    }
}

#[derive(Debug)]
pub(crate) struct Forge {
    /// Issues that the checkers opened.
    pub(crate) issues: Vec<Issue>,
    /// Issues that the same user opened, and that are none of their business.
    pub(crate) others: Vec<Issue>,
    next: u64,
}

impl Forge {
    pub(crate) fn with_other_peoples_issues() -> Self {
        let mut forge = Self {
            issues: Vec::new(),
            others: Vec::new(),
            next: 1,
        };
        let key = super::World::key(0, 0);
        let marker = Marker::for_job(&key, "silent", None, 1);
        let elsewhere = Marker {
            host: "solomon".into(),
            ..marker.clone()
        };
        let storm = Marker::for_storm("solomon", vec![member_hash(&key)], None, 1);
        for (title, body) in [
            ("Buy disks", "job0 is silent on bezalel".to_owned()),
            ("[heartbeat-checker] job0 is loud on bezalel", String::new()),
            ("[heartbeat-checker] is silent on bezalel", String::new()),
            (
                "[heartbeat-checker] job0 is silent on solomon",
                String::new(),
            ),
            ("Quoted", format!("> {}\n", marker.block("text"))),
            ("Quoted below", format!("Look:\n{}\n", marker.block("text"))),
            ("Elsewhere", elsewhere.block("text")),
            ("Many elsewhere", storm.block("text")),
        ] {
            let number = forge.create(title, body, DateTime::UNIX_EPOCH);
            let issue = forge.issues.pop().unwrap();
            assert_eq!(issue.number, number);
            forge.others.push(issue);
        }
        forge
    }

    fn create(&mut self, title: &str, body: String, now: DateTime<Utc>) -> u64 {
        let number = self.next;
        self.next += 1;
        self.issues.push(Issue {
            number,
            title: title.into(),
            body,
            closed_at: None,
            changed_at: now,
            notes: Vec::new(),
        });
        number
    }

    pub(crate) fn open(&self) -> impl Iterator<Item = &Issue> {
        let all = self.issues.iter().chain(&self.others);
        all.filter(|issue| issue.closed_at.is_none())
    }

    pub(crate) fn closed(&self, since: DateTime<Utc>) -> impl Iterator<Item = &Issue> {
        let closed = self.issues.iter().filter(|i| i.closed_at.is_some());
        closed.filter(move |issue| issue.changed_at >= since)
    }

    pub(crate) fn issue(&self, number: u64) -> &Issue {
        let found = self.issues.iter().find(|issue| issue.number == number);
        found.expect("only issues that a checker opened are touched")
    }

    pub(crate) fn issue_mut(&mut self, number: u64) -> &mut Issue {
        let found = self.issues.iter_mut().find(|issue| issue.number == number);
        found.expect("only issues that a checker opened are touched")
    }

    pub(crate) fn close(&mut self, number: u64, now: DateTime<Utc>) {
        let issue = self.issue_mut(number);
        issue.closed_at.get_or_insert(now);
        issue.changed_at = now;
    }

    pub(crate) fn reopen(&mut self, number: u64, now: DateTime<Utc>) {
        let issue = self.issue_mut(number);
        issue.closed_at = None;
        issue.changed_at = now;
    }

    /// A person takes the marker away.
    pub(crate) fn unmark(&mut self, number: u64) {
        let issue = self.issue_mut(number);
        let behind = issue.body.split_once('\n').map_or("", |(_, behind)| behind);
        if issue.known().marker.is_some() {
            issue.body = behind.to_owned();
        }
    }

    /// A person takes the end of the checker's part away.
    pub(crate) fn cut_end(&mut self, number: u64) {
        let issue = self.issue_mut(number);
        issue.body = issue.body.replace(END, "");
    }

    /// The same issue twice: two checkers at once, or an answer that was lost.
    pub(crate) fn copy(&mut self, number: u64, now: DateTime<Utc>) {
        let Issue { title, body, .. } = self.issue(number).clone();
        self.create(&title, body, now);
    }

    fn edit(&mut self, number: u64, block: &str, now: DateTime<Utc>) {
        let issue = self.issue_mut(number);
        issue.body = splice(&issue.body, block);
        issue.changed_at = now;
    }

    /// Carries out one step.
    pub(crate) fn act(
        &mut self,
        action: &Action,
        states: &[JobState],
        host: &str,
        now: DateTime<Utc>,
        listings: &Listings,
    ) {
        let open = |issue: &usize| &listings.open[*issue];
        let told = |state: &JobState| format!("It is {}.", state.verdict);
        let marked = |known: &Known, state: &JobState| {
            let rev = known.marker.as_ref().map_or(1, |marker| marker.rev + 1);
            Marker::for_job(&state.key, state.verdict.word(), state.since(), rev)
        };
        let storm = |known: Option<&Known>, jobs: &[usize], unseen: &[String], began| {
            let hashes = jobs.iter().map(|job| member_hash(&states[*job].key));
            let members = hashes.chain(unseen.iter().cloned()).collect();
            let old = known.and_then(|known| known.marker.as_ref());
            let rev = old.map_or(1, |marker| marker.rev + 1);
            Marker::for_storm(host, members, began, rev)
        };
        match action {
            Action::Open { job } => {
                let state = &states[*job];
                let marker = Marker::for_job(&state.key, state.verdict.word(), state.since(), 1);
                let body = marker.block(&told(state));
                self.create(&title(&state.key, state.verdict), body, now);
            }
            Action::Reopen { issue, job } => {
                let known = &listings.closed[*issue];
                let block = marked(known, &states[*job]).block(&told(&states[*job]));
                self.edit(known.number, &block, now);
                self.reopen(known.number, now);
            }
            Action::Change { issue, job } | Action::Refresh { issue, job } => {
                let known = open(issue);
                let block = marked(known, &states[*job]).block(&told(&states[*job]));
                self.edit(known.number, &block, now);
            }
            Action::Recover { issue, .. } | Action::CloseStorm { issue } => {
                self.remark(open(issue), "recovered", now);
                self.close(open(issue).number, now);
            }
            Action::Duplicate { issue, .. } => {
                self.remark(open(issue), "duplicate", now);
                self.close(open(issue).number, now);
            }
            Action::Gone { issue } => self.remark(open(issue), "gone", now),
            Action::OpenStorm { jobs } => {
                let marker = storm(None, jobs, &[], Some(now));
                let body = marker.block("Many.");
                self.create(&storm_title(host), body, now);
            }
            Action::GrowStorm {
                issue,
                jobs,
                unseen,
                ..
            } => {
                let known = open(issue);
                let block = storm(Some(known), jobs, unseen, Some(now)).block("More.");
                self.edit(known.number, &block, now);
            }
            Action::ShrinkStorm {
                issue,
                jobs,
                unseen,
            } => {
                let known = open(issue);
                let began = known.marker.as_ref().and_then(|marker| marker.since);
                let block = storm(Some(known), jobs, unseen, began).block("Less.");
                self.edit(known.number, &block, now);
            }
        }
    }

    fn remark(&mut self, known: &Known, kind: &str, now: DateTime<Utc>) {
        let marker = known.marker.as_ref().expect("steps that end need a marker");
        let behind = known.body.split_once('\n').map_or("", |(_, behind)| behind);
        let issue = self.issue_mut(known.number);
        issue.body = format!("{}\n{behind}", marker.next(kind).to_line());
        issue.changed_at = now;
    }
}
