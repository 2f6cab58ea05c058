//! Forges: where issues are opened and closed.
//!
//! This file holds the port and the registry. Each forge owns one file: its
//! settings (unknown keys denied), its client, its tests. Adding a forge is one
//! file here and one line in [`registry`].
//!
//! A forge does not decide anything. It lists, creates, edits and comments, and
//! it says truthfully whether a failed call may have had an effect.

use chrono::{DateTime, Utc};

use crate::error::DeliveryError;

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
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewIssue {
    /// Title, one line, not blank.
    pub title: String,
    /// Body, marker first.
    pub body: String,
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

    /// Opens an issue with the configured label. Never repeated by itself: after
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
}
