//! What lies behind a refusal that could mean several things.
//!
//! A missing right often looks like a missing repository. The forge is asked
//! once a pass, and only after such a refusal, what is really the matter.

use std::cell::OnceCell;

use serde_json::Value;

use super::wire::same_user;
use crate::error::{DeliveryError, Retry};
use crate::http::one_line;

/// What is wrong with the place as a whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Cause {
    why: String,
    hint: &'static str,
}

impl Cause {
    pub(crate) fn new(why: impl Into<String>, hint: &'static str) -> Self {
        Self {
            why: why.into(),
            hint,
        }
    }

    pub(crate) fn wrong_url(product: &str, url: &str) -> Self {
        Self::new(
            format!("no {product} answers at {url}"),
            "correct `url`; where the server lies under a path, it belongs to it",
        )
    }

    pub(crate) fn bad_token(url: &str) -> Self {
        Self::new(
            format!("{url} does not accept the token"),
            "check that the token is whole, not revoked and not expired",
        )
    }

    pub(crate) fn no_access(repo: &str) -> Self {
        Self::new(
            format!("{repo} does not exist, or the token's user may not see it"),
            "correct `repo`, or give that user access to it",
        )
    }

    /// What the repository tells of itself: `name` and `issues` are the keys of
    /// its full name and of whether issues are on.
    pub(crate) fn in_repository(
        found: &Value,
        repo: &str,
        name: &str,
        issues: &str,
    ) -> Option<Self> {
        let name = found.get(name).and_then(Value::as_str);
        if let Some(name) = name.filter(|name| !same_user(name, repo)) {
            return Some(Self::new(
                format!("{repo} was renamed and is now {}", one_line(name)),
                "set `repo` to the new name",
            ));
        }
        if found.get(issues) == Some(&Value::Bool(false)) {
            return Some(Self::new(
                format!("issues are turned off in {repo}"),
                "turn them on in the repository's settings",
            ));
        }
        if found.get("archived") == Some(&Value::Bool(true)) {
            return Some(Self::new(
                format!("{repo} is archived"),
                "unarchive it, or set `repo` to another",
            ));
        }
        None
    }
}

/// Finds the cause once and explains errors with it.
#[derive(Debug, Default)]
pub(crate) struct Causes(OnceCell<Option<Cause>>);

impl Causes {
    /// Replaces what a refusal says by its cause, where one is found; else,
    /// where it was about one issue, says that this issue is gone.
    pub(crate) fn explain(
        &self,
        mut error: DeliveryError,
        number: Option<u64>,
        find: &dyn Fn() -> Option<Cause>,
    ) -> DeliveryError {
        let Some(status) = error.status.filter(|status| is_vague(*status)) else {
            return error;
        };
        if error.retry != Retry::Never {
            return error;
        }
        if let Some(cause) = self.0.get_or_init(find) {
            error.why = format!("{} (status {status})", cause.why);
            error.hint = Some(cause.hint.to_owned());
            error.may_have_acted = false;
        } else if let (Some(number), 404 | 410) = (number, status) {
            error = gone(error, number);
        }
        error
    }
}

/// Whether a status alone does not say what is wrong.
fn is_vague(status: u16) -> bool {
    matches!(status, 301..=303 | 307 | 308 | 403 | 404 | 410 | 423)
}

/// The error of an issue that is not there.
pub(crate) fn gone(mut error: DeliveryError, number: u64) -> DeliveryError {
    error.why = format!("there is no issue #{number} (any more): {}", error.why);
    error.hint = None;
    error.retry = Retry::Never;
    error.may_have_acted = false;
    error.status = Some(404);
    error
}
