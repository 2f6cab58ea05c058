//! The steps themselves: what is said to the forge, in which order.

use watch::{
    Action, IssueLink, JobState, Known, Marker, member_hash, members_hash, splice, storm_title,
    title,
};

use super::{Run, Subject};
use crate::error::DeliveryError;
use crate::forge::{Edit, NewIssue, State, body};

impl Run<'_> {
    pub(super) fn act(&mut self, action: &Action) -> Result<Option<IssueLink>, DeliveryError> {
        let states = self.subject.states;
        let now = self.subject.now;
        match action {
            Action::Open { job } => return self.open(*job).map(Some),
            Action::OpenStorm { jobs } => return self.open_storm(jobs).map(Some),
            Action::Reopen { issue, job } => {
                let known = self.listings.closed[*issue].clone();
                let state = &states[*job];
                let next = self.next(&known, *job);
                self.comment_once(known.number, &next, &body::again(state, &next))?;
                let block = self.job_block(*job, &next);
                self.edit(&known, Some(&block), Some(State::Open))?;
                let link = self.link(known.number);
                self.out.issues.insert(*job, link);
            }
            Action::Change { issue, job } => {
                let known = self.listings.open[*issue].clone();
                let state = &states[*job];
                let next = self.next(&known, *job);
                let was = known.marker.as_ref().map_or("unknown", |m| m.kind.as_str());
                self.comment_once(known.number, &next, &body::changed(state, was, &next))?;
                let block = self.job_block(*job, &next);
                self.edit(&known, Some(&block), None)?;
            }
            Action::Refresh { issue, job } => {
                let known = self.listings.open[*issue].clone();
                let next = self.next(&known, *job);
                let block = self.job_block(*job, &next);
                self.edit(&known, Some(&block), None)?;
            }
            Action::Recover { issue, job } => {
                let known = self.listings.open[*issue].clone();
                let Some(old) = &known.marker else {
                    return Ok(None);
                };
                let next = old.next("recovered");
                let comment = body::recovered(&states[*job], old, &next);
                self.comment_once(known.number, &next, &comment)?;
                self.remark(&known, &next, Some(State::Closed))?;
            }
            Action::Gone { issue } => {
                let known = self.listings.open[*issue].clone();
                let Some(old) = &known.marker else {
                    return Ok(None);
                };
                let next = old.next("gone");
                self.comment_once(known.number, &next, &body::gone(old, &next))?;
                self.remark(&known, &next, None)?;
            }
            Action::Duplicate { issue, of } => {
                let known = self.listings.open[*issue].clone();
                self.close_duplicate(&known, *of)?;
            }
            Action::GrowStorm {
                issue,
                jobs,
                added,
                unseen,
            } => {
                let known = self.listings.open[*issue].clone();
                // Who closes it from now on has seen those that came, too.
                let next = Marker {
                    since: Some(now),
                    ..self.storm_marker(&known, jobs, unseen)
                };
                let came: Vec<&JobState> = added.iter().map(|job| &states[*job]).collect();
                self.comment_once(known.number, &next, &body::storm_grew(&came, &next))?;
                self.edit_storm(&known, jobs, unseen.len(), &next)?;
            }
            Action::ShrinkStorm {
                issue,
                jobs,
                unseen,
            } => {
                let known = self.listings.open[*issue].clone();
                let next = self.storm_marker(&known, jobs, unseen);
                self.edit_storm(&known, jobs, unseen.len(), &next)?;
            }
            Action::CloseStorm { issue } => {
                let known = self.listings.open[*issue].clone();
                let Some(old) = &known.marker else {
                    return Ok(None);
                };
                let next = old.next("recovered");
                self.comment_once(known.number, &next, &body::storm_over(old, &next, now))?;
                self.remark(&known, &next, Some(State::Closed))?;
            }
        }
        Ok(None)
    }

    fn next(&self, known: &Known, job: usize) -> Marker {
        let rev = known
            .marker
            .as_ref()
            .map_or(1, |marker| marker.rev.saturating_add(1));
        self.marker(job, rev)
    }

    fn marker(&self, job: usize, rev: u32) -> Marker {
        let states = self.subject.states;
        let state = &states[job];
        let under = self.under.get(&job);
        Marker::for_job(&state.key, state.verdict.word(), state.since(), rev)
            .with_under(under.map(|jobs| members_hash(states, jobs)))
    }

    /// The text of a job's issue, with those that wait for the job.
    fn job_block(&self, job: usize, marker: &Marker) -> String {
        let states = self.subject.states;
        let under = self.under.get(&job).map_or(&[][..], |jobs| jobs);
        let under: Vec<&JobState> = under.iter().map(|job| &states[*job]).collect();
        body::job_block(&states[job], &under, marker, self.subject.now)
    }

    fn open(&mut self, job: usize) -> Result<IssueLink, DeliveryError> {
        let state = &self.subject.states[job];
        let marker = self.marker(job, 1);
        let labels = state.expected.as_ref().map_or(&[][..], |e| &e.labels);
        let new = NewIssue {
            title: title(&state.key, state.verdict),
            body: self.job_block(job, &marker),
            labels: labels.iter().map(ToString::to_string).collect(),
        };
        let link = self.create(&new, marker)?;
        self.out.issues.insert(job, link.clone());
        Ok(link)
    }

    fn open_storm(&mut self, jobs: &[usize]) -> Result<IssueLink, DeliveryError> {
        let Subject {
            states, host, now, ..
        } = *self.subject;
        let members = jobs.iter().map(|job| member_hash(&states[*job].key));
        let marker = Marker::for_storm(host, members.collect(), Some(now), 1);
        let listed: Vec<&JobState> = jobs.iter().map(|job| &states[*job]).collect();
        let new = NewIssue {
            title: storm_title(host),
            body: body::storm_block(&listed, 0, &marker, now),
            ..NewIssue::default()
        };
        let link = self.create(&new, marker)?;
        for job in jobs {
            self.out.issues.insert(*job, link.clone());
        }
        Ok(link)
    }

    fn create(&mut self, new: &NewIssue, marker: Marker) -> Result<IssueLink, DeliveryError> {
        let at = self.out.deliveries.len();
        match self.forge.create(new) {
            Ok(issue) => {
                self.links.insert(issue.number, issue.url);
                self.created.push((at, marker));
                Ok(self.link(issue.number))
            }
            Err(error) => {
                if error.may_have_acted {
                    self.created.push((at, marker));
                }
                Err(error)
            }
        }
    }

    /// Writes a comment unless a comment of the same event is there already: the
    /// answer to the first one may have been lost.
    fn comment_once(&self, number: u64, event: &Marker, text: &str) -> Result<(), DeliveryError> {
        let mark = event.event();
        let said = self.forge.comments(number, &self.user)?;
        if said
            .iter()
            .any(|comment| comment.trim_start().starts_with(&mark))
        {
            return Ok(());
        }
        self.forge.comment(number, text)
    }

    fn edit(
        &self,
        known: &Known,
        block: Option<&str>,
        state: Option<State>,
    ) -> Result<(), DeliveryError> {
        let edit = Edit {
            title: None,
            body: block.map(|block| splice(&known.body, block)),
            state,
        };
        self.forge.edit(known.number, &edit)
    }

    /// Changes the marker and leaves the text of the issue as it is.
    fn remark(
        &self,
        known: &Known,
        next: &Marker,
        state: Option<State>,
    ) -> Result<(), DeliveryError> {
        let behind = known.body.split_once('\n').map_or("", |(_, behind)| behind);
        let edit = Edit {
            title: None,
            body: Some(format!("{}\n{behind}", next.to_line())),
            state,
        };
        self.forge.edit(known.number, &edit)
    }

    pub(super) fn close_duplicate(&self, known: &Known, of: u64) -> Result<(), DeliveryError> {
        let Some(old) = &known.marker else {
            return Ok(());
        };
        let next = old.next("duplicate");
        self.comment_once(known.number, &next, &body::duplicate(of, &next))?;
        self.remark(known, &next, Some(State::Closed))
    }

    fn storm_marker(&self, known: &Known, jobs: &[usize], unseen: &[String]) -> Marker {
        let states = self.subject.states;
        let members = jobs.iter().map(|job| member_hash(&states[*job].key));
        let members = members.chain(unseen.iter().cloned()).collect();
        let old = known.marker.as_ref();
        let since = old.and_then(|marker| marker.since);
        let rev = old.map_or(1, |marker| marker.rev.saturating_add(1));
        Marker::for_storm(self.subject.host, members, since, rev)
    }

    fn edit_storm(
        &self,
        known: &Known,
        jobs: &[usize],
        unseen: usize,
        next: &Marker,
    ) -> Result<(), DeliveryError> {
        let listed: Vec<&JobState> = jobs.iter().map(|job| &self.subject.states[*job]).collect();
        let block = body::storm_block(&listed, unseen, next, self.subject.now);
        self.edit(known, Some(&block), None)
    }
}
