//! Who we are on a forge, and that the config does not lie about it.
//!
//! Issues are found again by their author. With a wrong `user` in the config
//! every pass would find none of its own and open them all anew.

use std::cell::{Cell, OnceCell};

use super::remote::{Api, Place};
use super::wire::same_user;
use super::{ForgeIssue, NewIssue};
use crate::error::{DeliveryError, Retry};

/// Own login.
#[derive(Debug)]
pub(crate) struct Identity {
    /// The table of the settings, for hints.
    table: String,
    configured: Option<String>,
    known: OnceCell<String>,
    /// The configured login was held against the token's.
    checked: Cell<bool>,
    /// It is not the token's.
    wrong: Cell<bool>,
}

impl Identity {
    /// As the config says.
    pub(crate) fn new(place: &Place) -> Self {
        Self {
            table: place.table(),
            configured: place.user.clone(),
            known: OnceCell::new(),
            checked: Cell::new(false),
            wrong: Cell::new(false),
        }
    }

    fn hint(&self) -> String {
        let table = &self.table;
        format!("set `user` in {table} to the token's login, or leave it out")
    }

    /// The login, from the config or else from the forge.
    pub(crate) fn own(
        &self,
        ask: &dyn Fn() -> Result<String, DeliveryError>,
    ) -> Result<String, DeliveryError> {
        if let Some(user) = self.known.get() {
            return Ok(user.clone());
        }
        let user = match &self.configured {
            Some(user) => user.clone(),
            None => ask()?,
        };
        Ok(self.known.get_or_init(|| user).clone())
    }

    /// Before a create: is the configured login the token's? A token that may
    /// not ask is taken at its word.
    pub(crate) fn check(
        &self,
        doing: &str,
        ask: &dyn Fn() -> Result<String, DeliveryError>,
    ) -> Result<(), DeliveryError> {
        let own = self.own(ask)?;
        if self.configured.is_some() && !self.checked.get() {
            match ask() {
                Ok(login) => self.wrong.set(!same_user(&login, &own)),
                Err(error) if error.retry == Retry::Never => {}
                Err(error) => return Err(error),
            }
            self.checked.set(true);
        }
        if self.wrong.get() {
            let why = format!("the token is not that of {own:?}, whom `user` names");
            return Err(DeliveryError::never(doing, why).hint(self.hint()));
        }
        Ok(())
    }

    /// After a create: is the answer about that issue, and is it ours? One that
    /// is not ours is closed, since no later pass would.
    pub(crate) fn confirm(
        &self,
        doing: &str,
        wanted: &NewIssue,
        answered: Result<ForgeIssue, String>,
        close: &dyn Fn(u64),
    ) -> Result<ForgeIssue, DeliveryError> {
        let odd = |why: String| DeliveryError::never(doing, why).acted();
        let issue = answered.map_err(|why| odd(format!("the answer is odd: {why}")))?;
        if issue.title.trim() != wanted.title.trim() {
            let why = format!("the answer is about another issue, #{}", issue.number);
            return Err(odd(why));
        }
        let own = self.known.get().map_or("", String::as_str);
        if !same_user(&issue.author, own) {
            self.wrong.set(true);
            close(issue.number);
            let why = format!(
                "issue #{} was opened by {:?}, not by {own:?}, and was closed again",
                issue.number, issue.author
            );
            return Err(odd(why).hint(self.hint()));
        }
        Ok(issue)
    }
}

/// Tells once that the forge dropped labels.
pub(crate) fn tell_dropped_labels(api: &Api, wanted: &[String], got: &[String]) {
    // GitHub tells a label as it was first written, whatever the case.
    let has = |name: &String| got.iter().any(|one| same_user(one, name));
    let none = !wanted.iter().any(has);
    for name in wanted.iter().filter(|name| !has(name)) {
        let why = if none {
            ": the token's user may open issues, but not label them"
        } else {
            ""
        };
        api.warnings
            .add(format!("{} dropped the label {name:?}{why}", api.what));
    }
}
