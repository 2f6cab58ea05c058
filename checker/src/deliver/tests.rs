//! What one issue that cannot be changed does to the others: nothing.

use std::cell::RefCell;
use std::rc::Rc;

use super::*;
use crate::forge::{Edit, NewIssue, State};
use crate::testing::{Job, ago, now};

/// A forge that refuses every word about an open issue, and opens new ones.
struct Stubborn {
    open: Vec<ForgeIssue>,
    refusal: DeliveryError,
    said: Rc<RefCell<Vec<String>>>,
}

impl Stubborn {
    /// As many open issues as there are jobs, each about one of them.
    fn about(jobs: &[JobState], refusal: DeliveryError) -> Self {
        let issue = |(at, state): (usize, &JobState)| ForgeIssue {
            number: at as u64 + 1,
            url: String::new(),
            title: "a title".into(),
            body: Marker::for_job(&state.key, "silent", Some(ago(999_999)), 1).block("text"),
            state: State::Open,
            author: "me".into(),
            closed_at: None,
        };
        Self {
            open: jobs.iter().enumerate().map(issue).collect(),
            refusal,
            said: Rc::default(),
        }
    }

    fn refuse<T>(&self, what: &str) -> Result<T, DeliveryError> {
        self.said.borrow_mut().push(what.to_owned());
        Err(self.refusal.clone())
    }
}

impl Forge for Stubborn {
    fn describe(&self) -> String {
        "a stubborn forge".into()
    }
    fn own_user(&self) -> Result<String, DeliveryError> {
        Ok("me".into())
    }
    fn open_issues(&self, _: &str) -> Result<Listing, DeliveryError> {
        Ok(Listing {
            issues: self.open.clone(),
            complete: true,
        })
    }
    fn closed_issues(&self, _: &str, _: DateTime<Utc>) -> Result<Listing, DeliveryError> {
        Ok(Listing {
            issues: Vec::new(),
            complete: true,
        })
    }
    fn create(&self, issue: &NewIssue) -> Result<ForgeIssue, DeliveryError> {
        self.said.borrow_mut().push(issue.title.clone());
        Ok(ForgeIssue {
            number: 99,
            url: String::new(),
            title: issue.title.clone(),
            body: issue.body.clone(),
            state: State::Open,
            author: "me".into(),
            closed_at: None,
        })
    }
    fn edit(&self, number: u64, _: &Edit) -> Result<(), DeliveryError> {
        self.refuse(&format!("edit #{number}"))
    }
    fn comments(&self, _: u64, _: &str) -> Result<Vec<String>, DeliveryError> {
        Ok(Vec::new())
    }
    fn comment(&self, number: u64, _: &str) -> Result<(), DeliveryError> {
        self.refuse(&format!("comment #{number}"))
    }
    fn warnings(&self) -> Vec<String> {
        Vec::new()
    }
}

/// What is said when so many jobs recovered, whose issues take no word, and one
/// more went silent.
fn said(recovered: usize, refusal: DeliveryError) -> (Vec<String>, Vec<String>) {
    let names: Vec<String> = (0..recovered).map(|n| format!("well{n}")).collect();
    let well: Vec<JobState> = names
        .iter()
        .map(|name| Job::new(name, 60).state())
        .collect();
    let forge = Stubborn::about(&well, refusal);
    let mut states = vec![Job::new("db_backup", 200_000).state()];
    states.extend(well);
    let heard = Rc::clone(&forge.said);
    let route = Route {
        forge: Box::new(forge),
        takes: Box::new(|_| true),
    };
    let outcome = deliver(
        &[route],
        &Subject {
            states: &states,
            host: "bezalel",
            sight: &Sight::default(),
            policy: &Policy::default(),
            now: now().wall,
            dry_run: false,
        },
    );
    assert_eq!(outcome.deliveries.len(), recovered + 1);
    let errors = outcome.errors.iter().map(ToString::to_string).collect();
    (heard.take(), errors)
}

#[test]
fn a_new_silence_is_told_whatever_becomes_of_old_issues() {
    let broken = DeliveryError::later("comment", "the server answered 500");
    let (said, errors) = said(9, broken);
    let opened = "[heartbeat-checker] db_backup is silent on bezalel";
    assert_eq!(said, [opened, "comment #1", "comment #2", "comment #3"]);
    // Three of the same, and one line for all that was not tried.
    assert_eq!(errors.len(), 4, "{errors:?}");
    assert_eq!(
        errors[3],
        "cannot take 6 steps more at a stubborn forge: left for the next pass, after several failures in a row"
    );
}

#[test]
fn locked_issues_do_not_stand_in_the_way_of_others() {
    let locked = || DeliveryError::never("comment", "the issue is locked");
    assert_eq!(said(9, locked()).0.len(), 1 + 9);
    // Where everything is refused, enough is enough.
    let (said, errors) = said(3_000, locked());
    assert_eq!(
        (said.len(), errors.len()),
        (1 + MUCH_PATIENCE, MUCH_PATIENCE + 1)
    );
}
