//! What a forge keeps: one repository with its issues, labels and people. The
//! three flavours show and change it, each in its own manner.
//!
//! A test edits it as people would, through the methods in `people.rs`.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::Flavour;
use super::clock::Clock;
use super::text;

/// How long the search index lags behind.
const INDEX_LAG: TimeDelta = TimeDelta::milliseconds(500);

/// All that one forge knows.
#[derive(Debug)]
pub struct World {
    /// Which forge this is.
    pub flavour: Flavour,
    /// What time it is there.
    pub clock: Clock,
    /// The repository.
    pub repo: Repo,
    /// The user whose token the checker has.
    pub account: Account,
    /// Logins that exist; a login's place is its id.
    pub users: Vec<String>,
    /// Labels, of the repository and of its organisation.
    pub labels: Vec<Label>,
    /// Issues and pull requests, by number.
    pub issues: Vec<Issue>,
    /// Numbers of issues that were deleted.
    pub deleted: BTreeSet<u64>,
    /// Every mention that notified somebody.
    pub mentions: Vec<Effect>,
    /// Every reference that became a cross-link.
    pub links: Vec<Effect>,
    /// Every line that GitLab took as a command.
    pub commands: Vec<Effect>,
    /// GitHub's limits.
    pub rate: Rate,
    pub(super) last_id: u64,
}

/// The repository.
#[derive(Debug, Clone)]
pub struct Repo {
    /// Number of the repository or project.
    pub id: u64,
    /// Owner's name.
    pub owner: String,
    /// Its name.
    pub name: String,
    /// Names it had before, owner and name.
    pub former: Vec<(String, String)>,
    /// Strangers see nothing.
    pub private: bool,
    /// Read-only.
    pub archived: bool,
    /// The issue tracker is on.
    pub issues_enabled: bool,
}

/// What the token's user may do with the repository.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Write.
    Writer,
    /// Read, and open issues.
    Reader,
    /// Not even see that it exists.
    Stranger,
}

/// What the token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// See issues, comments, labels.
    ReadIssue,
    /// Change them; includes seeing them.
    WriteIssue,
    /// See the repository itself.
    ReadRepository,
    /// See the token's own user.
    ReadUser,
}

/// The user whose token the checker has.
#[derive(Debug, Clone)]
pub struct Account {
    /// Login.
    pub login: String,
    /// The only token that counts.
    pub token: String,
    /// What the user may do.
    pub access: Access,
    /// What the token may do.
    pub scopes: BTreeSet<Scope>,
}

/// A label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// Id.
    pub id: u64,
    /// Name; on Gitea not unique.
    pub name: String,
    /// Six hexadecimal digits.
    pub color: String,
    /// It belongs to the organisation, not to the repository.
    pub organisation: bool,
}

/// An issue or a pull request.
#[derive(Debug, Clone)]
pub struct Issue {
    /// The number people see.
    pub number: u64,
    /// Id across the whole forge; never the number.
    pub id: u64,
    /// Title.
    pub title: String,
    /// Body, byte for byte; `None` when none was ever given.
    pub body: Option<String>,
    /// Open or closed.
    pub open: bool,
    /// Login of whoever opened it.
    pub author: String,
    /// Ids of its labels.
    pub labels: Vec<u64>,
    /// Comments, oldest first.
    pub comments: Vec<Comment>,
    /// When it was opened.
    pub created_at: DateTime<Utc>,
    /// When anything about it changed last.
    pub updated_at: DateTime<Utc>,
    /// When it was closed, while it is.
    pub closed_at: Option<DateTime<Utc>>,
    /// Who closed it, while it is.
    pub closed_by: Option<String>,
    /// GitHub's reason for the state.
    pub state_reason: Option<String>,
    /// Conversation locked.
    pub locked: bool,
    /// It is a pull request.
    pub pull_request: bool,
    /// An open dependency keeps it from being closed (Gitea).
    pub blocked: bool,
}

/// A comment.
#[derive(Debug, Clone)]
pub struct Comment {
    /// Id.
    pub id: u64,
    /// Login.
    pub author: String,
    /// Text.
    pub body: String,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Written by the forge itself (GitLab).
    pub system: bool,
}

/// Something that a text set off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The issue.
    pub issue: u64,
    /// Who wrote the text.
    pub author: String,
    /// The name, the reference or the command.
    pub what: String,
}

/// GitHub's limits. Primary: requests left until the reset. Secondary: creating
/// requests a minute and an hour.
#[derive(Debug, Clone)]
pub struct Rate {
    /// Requests left.
    pub remaining: u32,
    /// When they come back.
    pub reset: Option<DateTime<Utc>>,
    /// The status that tells of a limit, 403 or 429.
    pub status: u16,
    /// Creating requests allowed within a minute.
    pub per_minute: usize,
    /// Creating requests allowed within an hour.
    pub per_hour: usize,
    /// Seconds that the secondary limit asks to wait; `None` leaves the header out.
    pub retry_after: Option<u32>,
    /// When something was created.
    pub created: Vec<DateTime<Utc>>,
}

impl World {
    pub(super) fn new(flavour: Flavour, clock: Clock) -> Self {
        let scopes = [Scope::WriteIssue, Scope::ReadRepository, Scope::ReadUser];
        Self {
            flavour,
            clock,
            repo: Repo {
                id: 81,
                owner: "ops".to_owned(),
                name: "watch".to_owned(),
                former: Vec::new(),
                private: true,
                archived: false,
                issues_enabled: true,
            },
            account: Account {
                login: "watchbot".to_owned(),
                token: "standin-5ecret-t0ken".to_owned(),
                access: Access::Writer,
                scopes: scopes.into(),
            },
            users: ["ops", "watchbot", "alice", "bob"]
                .map(str::to_owned)
                .into(),
            labels: Vec::new(),
            issues: Vec::new(),
            deleted: BTreeSet::new(),
            mentions: Vec::new(),
            links: Vec::new(),
            commands: Vec::new(),
            rate: Rate {
                remaining: 5000,
                reset: None,
                status: 403,
                per_minute: 80,
                per_hour: 500,
                retry_after: Some(60),
                created: Vec::new(),
            },
            last_id: 1000,
        }
    }

    /// The issue or pull request of that number.
    #[must_use]
    pub fn issue(&self, number: u64) -> Option<&Issue> {
        self.issues.iter().find(|i| i.number == number)
    }

    pub(super) fn issue_mut(&mut self, number: u64) -> Option<&mut Issue> {
        self.issues.iter_mut().find(|i| i.number == number)
    }

    pub(super) fn fresh_id(&mut self) -> u64 {
        self.last_id += 7;
        self.last_id
    }

    /// Id of a login; a new one is added.
    pub fn user_id(&mut self, login: &str) -> usize {
        let known = |users: &[String]| users.iter().position(|u| u.eq_ignore_ascii_case(login));
        known(&self.users).unwrap_or_else(|| {
            self.users.push(login.to_owned());
            self.users.len() - 1
        }) + 1
    }

    /// Whether somebody has that login.
    #[must_use]
    pub fn knows_user(&self, login: &str) -> bool {
        self.users.iter().any(|u| u.eq_ignore_ascii_case(login))
    }

    /// Names of an issue's labels.
    #[must_use]
    pub fn label_names(&self, issue: &Issue) -> Vec<String> {
        let named = |id: &u64| self.labels.iter().find(|l| l.id == *id);
        issue
            .labels
            .iter()
            .filter_map(named)
            .map(|l| l.name.clone())
            .collect()
    }

    pub(super) fn create(
        &mut self,
        author: &str,
        title: &str,
        body: Option<String>,
        labels: Vec<u64>,
        pull_request: bool,
    ) -> u64 {
        let now = self.clock.now();
        self.user_id(author);
        let last = self.issues.iter().map(|i| i.number).max().unwrap_or(0);
        let number = last.max(self.deleted.last().copied().unwrap_or(0)) + 1;
        let issue = Issue {
            number,
            id: self.fresh_id(),
            title: title.to_owned(),
            body: None,
            open: true,
            author: author.to_owned(),
            labels,
            comments: Vec::new(),
            created_at: now,
            updated_at: now,
            closed_at: None,
            closed_by: None,
            state_reason: None,
            locked: false,
            pull_request,
            blocked: false,
        };
        self.issues.push(issue);
        self.note_title(number, author, title);
        if let Some(body) = body {
            self.set_body(number, author, body);
        }
        number
    }

    pub(super) fn set_title(&mut self, number: u64, author: &str, title: &str) {
        self.change(number, |issue| title.clone_into(&mut issue.title));
        self.note_title(number, author, title);
    }

    fn note_title(&mut self, number: u64, author: &str, title: &str) {
        if self.flavour.is_gitea() {
            for what in text::title_links(title) {
                self.links.push(effect(number, author, &what));
            }
        }
    }

    pub(super) fn set_body(&mut self, number: u64, author: &str, body: String) {
        let body = self.side_effects(number, author, body);
        self.change(number, |issue| issue.body = Some(body));
    }

    /// Adds a comment and gives its id; `None` when nothing but commands was in
    /// it, or when there is no such issue.
    pub(super) fn add_comment(&mut self, number: u64, author: &str, body: String) -> Option<u64> {
        self.issue(number)?;
        let before = body.trim().is_empty();
        let body = self.side_effects(number, author, body);
        if body.trim().is_empty() && !before {
            return None;
        }
        self.push_comment(number, author, body, false)
    }

    fn push_comment(&mut self, number: u64, by: &str, body: String, system: bool) -> Option<u64> {
        let (id, created_at) = (self.fresh_id(), self.clock.now());
        self.user_id(by);
        self.change(number, |issue| {
            issue.comments.push(Comment {
                id,
                author: by.to_owned(),
                body,
                created_at,
                system,
            });
        });
        self.issue(number).map(|_| id)
    }

    pub(super) fn set_state(&mut self, number: u64, open: bool, by: &str, reason: Option<&str>) {
        let now = self.clock.now();
        let Some(issue) = self.issue_mut(number).filter(|i| i.open != open) else {
            return;
        };
        issue.open = open;
        issue.updated_at = now;
        issue.closed_at = (!open).then_some(now);
        issue.closed_by = (!open).then(|| by.to_owned());
        issue.state_reason = reason.map(str::to_owned);
        if self.flavour == Flavour::GitLab {
            let what = if open { "reopened" } else { "closed" };
            self.push_comment(number, by, what.to_owned(), true);
        }
    }

    pub(super) fn change(&mut self, number: u64, how: impl FnOnce(&mut Issue)) {
        let now = self.clock.now();
        if let Some(issue) = self.issue_mut(number) {
            how(issue);
            issue.updated_at = now;
        }
    }

    /// Whether the search index has caught up with this issue.
    pub(super) fn indexed(&mut self, number: u64) -> bool {
        let now = self.clock.now();
        self.issue(number)
            .is_some_and(|i| now - i.updated_at >= INDEX_LAG)
    }

    /// Records what a text sets off, lets GitLab's commands act, and gives the
    /// text as it is stored.
    fn side_effects(&mut self, number: u64, author: &str, body: String) -> String {
        let found = text::effects(&body);
        for what in &found.mentions {
            self.mentions.push(effect(number, author, what));
        }
        for what in &found.links {
            self.links.push(effect(number, author, what));
        }
        if self.flavour != Flavour::GitLab {
            return body;
        }
        let mut acted = Vec::new();
        for line in text::commands(&body) {
            self.commands.push(effect(number, author, &line));
            if self.act(number, author, &line) {
                acted.push(line);
            }
        }
        if acted.is_empty() {
            body
        } else {
            text::without_commands(&body, &acted)
        }
    }

    /// Lets one GitLab command act. False when there is no such command.
    fn act(&mut self, number: u64, author: &str, line: &str) -> bool {
        let (command, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
        match command {
            "/close" | "/done" => self.set_state(number, false, author, None),
            "/reopen" => self.set_state(number, true, author, None),
            "/title" => self.change(number, |i| rest.trim().clone_into(&mut i.title)),
            "/lock" => self.change(number, |i| i.locked = true),
            "/unlabel" => self.change(number, |i| i.labels.clear()),
            "/label" | "/assign" | "/unassign" | "/confidential" | "/due" | "/spend"
            | "/estimate" | "/duplicate" | "/move" | "/todo" | "/subscribe" | "/unsubscribe"
            | "/shrug" | "/tableflip" | "/milestone" | "/weight" | "/epic" | "/cc" => {}
            _ => return false,
        }
        true
    }
}

fn effect(issue: u64, author: &str, what: &str) -> Effect {
    Effect {
        issue,
        author: author.to_owned(),
        what: what.to_owned(),
    }
}
