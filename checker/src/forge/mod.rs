//! Forges: where issues are opened and closed.
//!
//! This file holds the port and the registry. Each forge owns one file: its
//! settings (unknown keys denied), its client, its tests. Adding a forge is one
//! file here and one line in [`KINDS`].
//!
//! A forge does not decide anything. It lists, creates, edits and comments, and
//! it says truthfully whether a failed call may have had an effect.

pub mod body;
mod bounds;
mod cause;
pub mod folder;
pub mod gitea;
pub mod github;
pub mod gitlab;
mod identity;
mod paging;
mod remote;
mod settings;
mod warnings;
mod wire;

use std::fmt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use chrono::{DateTime, Utc};

use crate::clock::Clock;
use crate::error::DeliveryError;
use crate::http::Http;
use crate::secret::Secret;

pub use settings::{Fault, Source, named_settings, settings};

/// Every kind of forge; the first one is taken when the config names none.
pub const KINDS: &[Kind] = &[folder::KIND, gitea::KIND, github::KIND, gitlab::KIND];

/// One kind of forge, as the registry knows it.
#[derive(Debug, Clone, Copy)]
pub struct Kind {
    /// What `kind` is set to.
    pub name: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// A `[forge]` table that parses, with every key that matters.
    pub sample: &'static str,
    /// Reads the table of a forge out of the text of a whole config; checks all
    /// of it, touches no file and no network. Where the text has no such table,
    /// every key is as if left out.
    pub parse: fn(Source<'_>) -> Result<Box<dyn Settings>, Fault>,
}

/// The checked table of one forge.
pub trait Settings: fmt::Debug {
    /// Name of the kind.
    fn kind(&self) -> &'static str;

    /// Whether the forge is asked with a token.
    fn needs_token(&self) -> bool;

    /// The file that the config names for the token.
    fn token_file(&self) -> Option<&Path>;

    /// The name of the forge: `None` for `[forge]`, else that of
    /// `[forges.NAME]`.
    fn name(&self) -> Option<&str>;

    /// Where its issues are, for comparing: settings of one place lead to the
    /// same issues, whatever the forge is called.
    fn place(&self) -> String;

    /// The same settings once more.
    fn boxed(&self) -> Box<dyn Settings>;

    /// The same forge with the issues in another repository.
    ///
    /// # Errors
    /// In words, why that is no repository of such a forge.
    fn with_repo(&self, repo: &str) -> Result<Box<dyn Settings>, String>;

    /// Makes the forge ready. Nothing is sent and nothing is written yet.
    ///
    /// # Errors
    /// When the token is missing.
    fn open(&self, parts: Parts) -> Result<Box<dyn Forge>, DeliveryError>;
}

/// What a forge is made of, besides its settings.
#[derive(Clone)]
pub struct Parts {
    /// The way to the web.
    pub http: Rc<Http>,
    /// The clock of the pass.
    pub clock: Rc<dyn Clock>,
    /// The token, where there is one.
    pub token: Option<Secret>,
    /// Where the checker keeps its state; the folder forge lives in `issues/`
    /// below it.
    pub state_dir: PathBuf,
}

/// Whether an issue is open or closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Somebody should look at it.
    Open,
    /// Done, or put aside by a person.
    Closed,
}

/// One issue as the forge tells it. Never a pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ForgeIssue {
    /// The number people see (`iid` on GitLab).
    pub number: u64,
    /// Address of the page for people.
    pub url: String,
    /// Title as it stands now; people may have edited it.
    pub title: String,
    /// Whole body as it stands now, byte for byte.
    pub body: String,
    /// Open or closed.
    pub state: State,
    /// Login of whoever opened it.
    pub author: String,
    /// When it was closed, where the forge tells.
    pub closed_at: Option<DateTime<Utc>>,
}

/// What a listing brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Listing {
    /// The issues, each number once.
    pub issues: Vec<ForgeIssue>,
    /// `false` when an issue may be missing: a page failed, the page cap was
    /// reached, or the list kept moving while it was read. Nothing may be
    /// created after such a listing.
    pub complete: bool,
}

/// A new issue.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewIssue {
    /// Title, one line, not blank.
    pub title: String,
    /// Body, marker first.
    pub body: String,
    /// Labels beside the one of the settings; for people only.
    pub labels: Vec<String>,
}

/// What to change in an issue; `None` leaves a field alone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edit {
    /// New title.
    pub title: Option<String>,
    /// New body.
    pub body: Option<String>,
    /// New state.
    pub state: Option<State>,
}

impl Edit {
    /// Closes an issue and leaves the rest alone.
    #[must_use]
    pub fn closed() -> Self {
        Self {
            state: Some(State::Closed),
            ..Self::default()
        }
    }
}

/// A forge, as the pass sees it. All calls block, keep to the deadline of the
/// pass, and retry inside themselves only what is safe to repeat.
pub trait Forge {
    /// For people: `gitea at https://git.example.org, ops/watch`. No secret.
    fn describe(&self) -> String;

    /// Login of the user whose token is used. Only issues that this user opened
    /// are ever touched.
    ///
    /// # Errors
    /// When the forge cannot be asked or refuses to tell.
    fn own_user(&self) -> Result<String, DeliveryError>;

    /// All open issues that `author` opened; pull requests are left out. A forge
    /// that cannot filter by author may return others' issues too.
    ///
    /// # Errors
    /// When not even the first page came.
    fn open_issues(&self, author: &str) -> Result<Listing, DeliveryError>;

    /// Closed issues that `author` opened and that changed at or after `since`.
    ///
    /// # Errors
    /// When not even the first page came.
    fn closed_issues(&self, author: &str, since: DateTime<Utc>) -> Result<Listing, DeliveryError>;

    /// Opens an issue with the configured label and its own. A label that cannot
    /// be had is told in [`Forge::warnings`]; the issue does its work without it. Never repeated by itself: after
    /// an error whose [`DeliveryError::may_have_acted`] is true, the caller
    /// lists before it tries again.
    ///
    /// # Errors
    /// When the forge did not confirm it with a number.
    fn create(&self, issue: &NewIssue) -> Result<ForgeIssue, DeliveryError>;

    /// Changes an issue. Repeating it has no further effect.
    ///
    /// # Errors
    /// When the forge did not confirm it.
    fn edit(&self, number: u64, edit: &Edit) -> Result<(), DeliveryError>;

    /// Bodies of all comments of an issue that `author` wrote, oldest first.
    ///
    /// # Errors
    /// When the comments cannot be read whole.
    fn comments(&self, number: u64, author: &str) -> Result<Vec<String>, DeliveryError>;

    /// Adds a comment. Never repeated by itself, like [`Forge::create`].
    ///
    /// # Errors
    /// When the forge did not confirm it.
    fn comment(&self, number: u64, body: &str) -> Result<(), DeliveryError>;

    /// What was noticed that is no error and that somebody should know: a label
    /// that was dropped, a repository that moved, a file that is no issue. Each
    /// once, in the order in which they came up; one line each, no secret.
    fn warnings(&self) -> Vec<String>;
}
