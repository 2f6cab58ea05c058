//! Says to the forge what the plan asks for, one step at a time.
//!
//! Each step is safe to repeat: a comment is looked for before it is written, an
//! edit that was already made changes nothing, and what was created is listed
//! again before the pass ends. So a pass that dies anywhere is healed by the
//! next one.

mod acts;

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use watch::{
    Action, Delivery, DeliveryOutcome, IssueLink, JobKey, JobState, Known, Listings, Marker, Plan,
    Policy, Question, Scope, Sight, covered, plan,
};

use crate::error::{DeliveryError, Retry};
use crate::forge::{Forge, ForgeIssue, Listing};

/// After so many failures in a row that may pass by themselves the forge is left
/// alone until the next pass.
const PATIENCE: usize = 3;
/// After so many of any kind: one locked issue says nothing about the others, a
/// token without rights does.
const MUCH_PATIENCE: usize = 20;

/// Why a step was not tried.
const LEFT: &str = "left for the next pass, after several failures in a row";

/// What a pass has to say and what it rests on.
#[derive(Debug)]
pub struct Subject<'a> {
    /// All jobs, worst first.
    pub states: &'a [JobState],
    /// Name of the host.
    pub host: &'a str,
    /// What could be seen.
    pub sight: &'a Sight,
    /// How to go about it.
    pub policy: &'a Policy,
    /// The moment of the pass.
    pub now: DateTime<Utc>,
    /// Only say what would be done.
    pub dry_run: bool,
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Each step.
    pub deliveries: Vec<Delivery>,
    /// What went wrong, in words.
    pub errors: Vec<DeliveryError>,
    /// Worth knowing, and no failure.
    pub notes: Vec<String>,
    /// The open issue of each flagged job that has one, by index of the job.
    pub issues: HashMap<usize, IssueLink>,
    /// Flagged jobs whose silence a person has put aside.
    pub acknowledged: Vec<usize>,
    /// Flagged jobs that wait for another one: which.
    pub waits_for: BTreeMap<usize, usize>,
}

impl Outcome {
    /// Takes in what came of another forge.
    fn take(&mut self, other: Self) {
        self.deliveries.extend(other.deliveries);
        self.errors.extend(other.errors);
        self.notes.extend(other.notes);
        for (job, issue) in other.issues {
            self.issues.entry(job).or_insert(issue);
        }
        self.acknowledged.extend(other.acknowledged);
        self.waits_for.extend(other.waits_for);
    }
}

/// One forge, and which jobs' issues are opened there.
pub struct Route<'a> {
    /// The forge.
    pub forge: Box<dyn Forge>,
    /// Whether a job's issue goes there.
    pub takes: Box<dyn Fn(&JobState) -> bool + 'a>,
}

/// Brings the forges in line with the states. Each is listed before anything is
/// said, so that a job whose issues go elsewhere since gets no second one while the
/// old one is open.
#[must_use]
pub fn deliver(routes: &[Route<'_>], subject: &Subject<'_>) -> Outcome {
    let mut runs: Vec<Run<'_>> = routes
        .iter()
        .map(|route| Run::new(route, subject))
        .collect();
    for run in &mut runs {
        run.list();
    }
    let told: Vec<HashSet<usize>> = runs.iter().map(Run::tells_of).collect();
    let mut out = Outcome::default();
    for (at, mut run) in runs.into_iter().enumerate() {
        let others = told.iter().enumerate().filter(|(other, _)| *other != at);
        run.elsewhere = others.flat_map(|(_, told)| told.iter().copied()).collect();
        if run.listed
            && let Err(error) = run.all()
        {
            run.out.errors.push(error);
        }
        run.out.notes = run.route.forge.warnings();
        out.take(run.out);
    }
    out
}

struct Run<'a> {
    route: &'a Route<'a>,
    forge: &'a dyn Forge,
    subject: &'a Subject<'a>,
    /// Whether the open issues are known.
    listed: bool,
    /// Jobs that an open issue on another forge tells of.
    elsewhere: HashSet<usize>,
    /// Jobs that wait for others, by what they wait for.
    under: BTreeMap<usize, Vec<usize>>,
    user: String,
    listings: Listings,
    /// Pages of the open issues, by number.
    links: HashMap<u64, String>,
    closed_links: HashMap<u64, String>,
    out: Outcome,
    in_a_row: Failures,
    /// Steps that created an issue or may have: the delivery's index and what
    /// the new issue is about.
    created: Vec<(usize, Marker)>,
}

/// What failed since something last went through.
#[derive(Default)]
struct Failures {
    passing: usize,
    all: usize,
    /// Steps that were not even tried.
    left: u64,
}

impl Failures {
    fn count(&mut self, error: &DeliveryError) {
        self.all += 1;
        self.passing += usize::from(error.retry != Retry::Never);
    }

    fn enough(&self) -> bool {
        self.passing >= PATIENCE || self.all >= MUCH_PATIENCE
    }
}

impl<'a> Run<'a> {
    fn new(route: &'a Route<'a>, subject: &'a Subject<'a>) -> Self {
        Self {
            route,
            forge: &*route.forge,
            subject,
            listed: false,
            elsewhere: HashSet::new(),
            under: BTreeMap::new(),
            user: String::new(),
            listings: Listings::default(),
            links: HashMap::new(),
            closed_links: HashMap::new(),
            out: Outcome::default(),
            in_a_row: Failures::default(),
            created: Vec::new(),
        }
    }
}

impl Run<'_> {
    /// Lists what is open.
    fn list(&mut self) {
        let listed = self.forge.own_user().and_then(|user| {
            let listing = self.forge.open_issues(&user)?;
            Ok((user, listing))
        });
        match listed {
            Err(error) => self.out.errors.push(error),
            Ok((user, listing)) => {
                self.user = user;
                self.listings.open_complete = listing.complete;
                self.links = links(&listing);
                self.listings.open = self.known(listing);
                self.listed = true;
            }
        }
    }

    fn tells_of(&self) -> HashSet<usize> {
        let here = |_| true;
        covered(&self.question(&here), &self.listings.open)
    }

    fn question<'q>(&'q self, here: &'q dyn Fn(usize) -> bool) -> Question<'q> {
        let subject = self.subject;
        Question {
            states: subject.states,
            host: subject.host,
            sight: subject.sight,
            policy: subject.policy,
            now: subject.now,
            here,
        }
    }

    fn all(&mut self) -> Result<(), DeliveryError> {
        let plan = self.plan()?;
        self.out.acknowledged.clone_from(&plan.acknowledged);
        self.under.clone_from(&plan.under);
        let waits = plan.under.iter().flat_map(|(root, jobs)| {
            let root = *root;
            jobs.iter().map(move |job| (*job, root))
        });
        self.out.waits_for = waits.collect();
        for (job, issue) in &plan.covered {
            let number = self.listings.open[*issue].number;
            self.out.issues.insert(*job, self.link(number));
        }
        self.say_what_is_held_back(&plan);
        // What nobody knows of yet goes first: no trouble with an old issue may
        // keep a new one from being opened.
        let (news, rest): (Vec<_>, Vec<_>) =
            plan.actions.iter().partition(|action| is_news(action));
        for action in news.into_iter().chain(rest) {
            self.step(action);
        }
        self.say_what_is_left();
        self.look_again();
        Ok(())
    }

    fn plan(&mut self) -> Result<Plan, DeliveryError> {
        let (forge, user) = (self.forge, self.user.clone());
        let mut pages = HashMap::new();
        let mut listings = std::mem::take(&mut self.listings);
        let here = |job: usize| {
            let state = &self.subject.states[job];
            (self.route.takes)(state) && !self.elsewhere.contains(&job)
        };
        let plan = plan(&self.question(&here), &mut listings, |since| {
            let listing = forge.closed_issues(&user, since)?;
            pages = links(&listing);
            let complete = listing.complete;
            Ok((known(listing, &user), complete))
        });
        self.listings = listings;
        self.closed_links = pages;
        plan
    }

    fn known(&self, listing: Listing) -> Vec<Known> {
        known(listing, &self.user)
    }

    fn link(&self, number: u64) -> IssueLink {
        let url = self
            .links
            .get(&number)
            .or_else(|| self.closed_links.get(&number));
        IssueLink {
            number,
            url: url.cloned().unwrap_or_default(),
        }
    }

    fn say_what_is_held_back(&mut self, plan: &Plan) {
        if plan.held_back.is_empty() {
            return;
        }
        let jobs = watch::words::count(plan.held_back.len() as u64, "job", "jobs");
        let error = DeliveryError::later(
            format!("list all issues of {}", self.forge.describe()),
            format!(
                "the list was cut short or kept changing, so no issue was opened for {jobs}: it might be a second one"
            ),
        );
        self.out
            .errors
            .push(error.hint("the next pass tries again"));
    }

    /// Takes one step and records what came of it.
    fn step(&mut self, action: &Action) {
        let (name, key, number) = self.about(action);
        let mut delivery = Delivery {
            action: name.into(),
            job: key.map(|key| key.job.to_string()),
            user: key.map(|key| key.user().to_owned()),
            issue: number.map(|number| self.link(number)),
            outcome: DeliveryOutcome::Planned,
            error: None,
        };
        if !self.subject.dry_run {
            let done = if self.in_a_row.enough() {
                None
            } else {
                Some(self.act(action))
            };
            match done {
                None => {
                    self.in_a_row.left += 1;
                    delivery.outcome = DeliveryOutcome::Failed;
                    delivery.error = Some(LEFT.into());
                }
                Some(Ok(made)) => {
                    self.in_a_row = Failures::default();
                    delivery.outcome = DeliveryOutcome::Done;
                    delivery.issue = made.or(delivery.issue).map(|link| moved(action, link));
                }
                Some(Err(error)) => {
                    self.in_a_row.count(&error);
                    delivery.outcome = DeliveryOutcome::Failed;
                    delivery.error = Some(error.to_string());
                    self.out.errors.push(error);
                }
            }
        }
        self.out.deliveries.push(delivery);
    }

    /// One line for all steps that were not tried: there may be thousands.
    fn say_what_is_left(&mut self) {
        if self.in_a_row.left > 0 {
            let steps = watch::words::count(self.in_a_row.left, "step", "steps");
            let doing = format!("take {steps} more at {}", self.forge.describe());
            self.out.errors.push(DeliveryError::later(doing, LEFT));
        }
    }

    /// The name of a step, the job that it is about and the issue's number.
    fn about(&self, action: &Action) -> (&'static str, Option<&JobKey>, Option<u64>) {
        let key = |job: &usize| Some(&self.subject.states[*job].key);
        let open = |issue: &usize| Some(self.listings.open[*issue].number);
        match action {
            Action::Open { job } => ("open", key(job), None),
            Action::Reopen { issue, job } => {
                let number = self.listings.closed[*issue].number;
                ("reopen", key(job), Some(number))
            }
            Action::Change { issue, job } => ("change", key(job), open(issue)),
            Action::Refresh { issue, job } => ("refresh", key(job), open(issue)),
            Action::Recover { issue, job } => ("recover", key(job), open(issue)),
            Action::Gone { issue } => ("gone", None, open(issue)),
            Action::Duplicate { issue, .. } => ("duplicate", None, open(issue)),
            Action::OpenStorm { .. } => ("storm_open", None, None),
            Action::GrowStorm { issue, .. } => ("storm_grow", None, open(issue)),
            Action::ShrinkStorm { issue, .. } => ("storm_shrink", None, open(issue)),
            Action::CloseStorm { issue } => ("storm_close", None, open(issue)),
        }
    }

    /// Lists again after something was created: a forge knows no uniqueness, two
    /// checkers may have created at once, and an answer may have been lost. The
    /// lowest number stays.
    fn look_again(&mut self) {
        if self.created.is_empty() {
            return;
        }
        let listing = match self.forge.open_issues(&self.user) {
            Ok(listing) => listing,
            Err(error) => {
                self.out.errors.push(error);
                return;
            }
        };
        self.links.extend(links(&listing));
        let open = self.known(listing);
        for (at, marker) in std::mem::take(&mut self.created) {
            let mut same: Vec<&Known> = open
                .iter()
                .filter(|known| same_subject(known, &marker))
                .collect();
            same.sort_unstable_by_key(|known| known.number);
            let Some((first, others)) = same.split_first() else {
                continue;
            };
            let link = self.link(first.number);
            let delivery = &mut self.out.deliveries[at];
            delivery.issue = Some(link);
            delivery.outcome = DeliveryOutcome::Done;
            if let Some(lost) = delivery.error.take() {
                // The answer was lost, the issue was not.
                self.out.errors.retain(|error| error.to_string() != lost);
            }
            for other in others {
                if let Err(error) = self.close_duplicate(other, first.number) {
                    self.out.errors.push(error);
                }
            }
        }
    }
}

fn is_news(action: &Action) -> bool {
    matches!(
        action,
        Action::Open { .. } | Action::OpenStorm { .. } | Action::Reopen { .. }
    )
}

fn same_subject(known: &Known, marker: &Marker) -> bool {
    known.marker.as_ref().is_some_and(|other| {
        other.host == marker.host
            && match (&other.scope, &marker.scope) {
                (Scope::Storm { .. }, Scope::Storm { .. }) => true,
                (one, two) => one == two,
            }
    })
}

/// Only what our own user opened: anybody else may have copied a marker.
fn known(listing: Listing, user: &str) -> Vec<Known> {
    let ours = listing
        .issues
        .into_iter()
        .filter(|issue| issue.author == user);
    ours.map(|issue: ForgeIssue| Known {
        number: issue.number,
        marker: Marker::parse(&issue.body),
        title: issue.title,
        body: issue.body,
        closed_at: issue.closed_at,
    })
    .collect()
}

fn links(listing: &Listing) -> HashMap<u64, String> {
    let pair = |issue: &ForgeIssue| (issue.number, issue.url.clone());
    listing.issues.iter().map(pair).collect()
}

/// A page stays where it is when its issue is closed or opened again; a file
/// moves to another folder, and its old place is no link.
fn moved(action: &Action, mut link: IssueLink) -> IssueLink {
    let moves = matches!(
        action,
        Action::Recover { .. }
            | Action::Duplicate { .. }
            | Action::CloseStorm { .. }
            | Action::Reopen { .. }
    );
    if moves && link.url.starts_with("file:") {
        link.url.clear();
    }
    link
}

#[cfg(test)]
mod tests;
