//! What people do to a repository behind the checker's back. A test calls these
//! through `Standin::world`.

use chrono::{DateTime, Utc};

use super::model::{Access, Issue, Label, Scope, World};

impl World {
    /// Somebody opens an issue.
    pub fn open_issue(&mut self, author: &str, title: &str, body: &str) -> u64 {
        self.create(author, title, Some(body.to_owned()), Vec::new(), false)
    }

    /// Somebody opens a pull request.
    pub fn add_pull_request(&mut self, author: &str, title: &str, body: &str) -> u64 {
        self.create(author, title, Some(body.to_owned()), Vec::new(), true)
    }

    /// Somebody closes an issue.
    pub fn close(&mut self, number: u64, by: &str) {
        self.set_state(number, false, by, Some("completed"));
    }

    /// Somebody opens an issue again.
    pub fn reopen(&mut self, number: u64, by: &str) {
        self.set_state(number, true, by, Some("reopened"));
    }

    /// Makes a closed issue one that was closed, and last changed, back then.
    pub fn backdate_close(&mut self, number: u64, when: DateTime<Utc>) {
        if let Some(issue) = self.issue_mut(number).filter(|i| !i.open) {
            issue.closed_at = Some(when);
            issue.updated_at = when;
            issue.created_at = issue.created_at.min(when);
        }
    }

    /// Somebody changes a title.
    pub fn retitle(&mut self, number: u64, by: &str, title: &str) {
        self.set_title(number, by, title);
    }

    /// Somebody edits a body.
    pub fn rewrite(&mut self, number: u64, by: &str, body: &str) {
        self.set_body(number, by, body.to_owned());
    }

    /// Somebody writes a comment.
    pub fn say(&mut self, number: u64, author: &str, body: &str) {
        self.add_comment(number, author, body.to_owned());
    }

    /// Somebody replaces an issue's labels; names that do not exist are made.
    pub fn relabel(&mut self, number: u64, names: &[&str]) {
        let ids = names.iter().map(|name| {
            let known = self.labels.iter().find(|l| l.name == *name).map(|l| l.id);
            known.unwrap_or_else(|| self.add_label(name))
        });
        let ids: Vec<u64> = ids.collect();
        self.change(number, |issue| issue.labels = ids);
    }

    /// Adds a label of the repository, also when one of that name is there.
    pub fn add_label(&mut self, name: &str) -> u64 {
        self.new_label(name, "cc0000", false)
    }

    /// Adds a label of the organisation.
    pub fn add_organisation_label(&mut self, name: &str) -> u64 {
        self.new_label(name, "0000cc", true)
    }

    pub(super) fn new_label(&mut self, name: &str, color: &str, organisation: bool) -> u64 {
        let id = self.fresh_id();
        self.labels.push(Label {
            id,
            name: name.to_owned(),
            color: color.to_owned(),
            organisation,
        });
        id
    }

    /// Gives every label of that name another one.
    pub fn rename_label(&mut self, old: &str, new: &str) {
        for label in self.labels.iter_mut().filter(|l| l.name == old) {
            new.clone_into(&mut label.name);
        }
    }

    /// Takes every label of that name away, from the issues too.
    pub fn delete_label(&mut self, name: &str) {
        let gone: Vec<u64> = (self.labels.iter().filter(|l| l.name == name))
            .map(|l| l.id)
            .collect();
        self.labels.retain(|l| !gone.contains(&l.id));
        for issue in &mut self.issues {
            issue.labels.retain(|id| !gone.contains(id));
        }
    }

    /// An administrator deletes an issue for good.
    pub fn delete(&mut self, number: u64) {
        self.issues.retain(|i| i.number != number);
        self.deleted.insert(number);
    }

    /// Somebody locks the conversation.
    pub fn lock(&mut self, number: u64) {
        self.change(number, |issue| issue.locked = true);
    }

    /// Somebody makes the issue depend on another that is open (Gitea).
    pub fn block(&mut self, number: u64) {
        self.change(number, |issue| issue.blocked = true);
    }

    /// The repository gets a new name; the old one redirects.
    pub fn rename_repo(&mut self, name: &str) {
        let old = (self.repo.owner.clone(), self.repo.name.clone());
        self.repo.former.push(old);
        name.clone_into(&mut self.repo.name);
    }

    /// The token is withdrawn: from now on it is a bad one.
    pub fn revoke_token(&mut self) {
        self.account.token.push_str("-withdrawn");
    }

    /// The token's user may do this much from now on.
    pub fn grant(&mut self, access: Access) {
        self.account.access = access;
    }

    /// The token is good for this from now on.
    pub fn set_scopes(&mut self, scopes: &[Scope]) {
        self.account.scopes = scopes.iter().copied().collect();
    }

    /// Open issues, pull requests left out.
    #[must_use]
    pub fn open_issues(&self) -> Vec<&Issue> {
        let open = |i: &&Issue| i.open && !i.pull_request;
        self.issues.iter().filter(open).collect()
    }

    /// All issues that this user opened, open or closed.
    #[must_use]
    pub fn issues_by(&self, author: &str) -> Vec<&Issue> {
        self.issues.iter().filter(|i| i.author == author).collect()
    }
}
