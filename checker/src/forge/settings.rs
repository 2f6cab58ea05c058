//! The `[forge]` table: finding its kind, and the checks that kinds share.
//!
//! Parsing only: a fault says where in the text it lies and what is allowed;
//! nothing is opened or asked.

use std::fmt;
use std::ops::Range;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use toml::Spanned;

use super::{KINDS, Settings};
use crate::http::Address;

/// What is wrong in a config text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Where in the text, in bytes.
    pub span: Option<Range<usize>>,
    /// What is wrong.
    pub message: String,
    /// What is allowed.
    pub hint: Option<String>,
}

impl Fault {
    pub(crate) fn at(span: Range<usize>, message: impl Into<String>) -> Self {
        Self {
            span: Some(span),
            message: message.into(),
            hint: None,
        }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Fault {}

impl From<toml::de::Error> for Fault {
    fn from(fault: toml::de::Error) -> Self {
        let message = fault.message().to_owned();
        let token = message.starts_with("unknown field `token`");
        let hint = "the token itself does not belong here: write it to a file and set `token_file`";
        Self {
            span: fault.span(),
            hint: token.then(|| hint.to_owned()),
            message,
        }
    }
}

/// The checked `[forge]` table of a whole config text. Without the table, and
/// without `kind` in it, the first of [`KINDS`] is meant.
///
/// # Errors
/// The first fault found in that table (or that the text is no TOML at all).
/// Other tables are not looked at.
pub fn settings(text: &str) -> Result<Box<dyn Settings>, Fault> {
    #[derive(Deserialize)]
    struct Document {
        forge: Option<Table>,
    }
    #[derive(Deserialize)]
    #[serde(expecting = "a table")]
    struct Table {
        kind: Option<Spanned<String>>,
    }
    let document: Document = toml::from_str(text)?;
    let names = || {
        let names: Vec<String> = KINDS
            .iter()
            .map(|kind| format!("{:?}", kind.name))
            .collect();
        names.join(", ")
    };
    let Some(named) = document.forge.and_then(|table| table.kind) else {
        // A table of another kind that lost its `kind` fails here.
        let default = KINDS.first().ok_or_else(|| Fault {
            span: None,
            message: "no kind of forge is known".to_owned(),
            hint: None,
        })?;
        return (default.parse)(text).map_err(|fault| {
            let hint = format!(
                "without `kind` this is a {} forge; kind = one of {}",
                default.name,
                names()
            );
            fault.hint(hint)
        });
    };
    let kind = KINDS.iter().find(|kind| kind.name == named.get_ref());
    let kind = kind.ok_or_else(|| {
        let message = format!("unknown kind of forge {:?}", named.get_ref());
        Fault::at(named.span(), message).hint(format!("kind = one of {}", names()))
    })?;
    (kind.parse)(text)
}

/// Reads the `[forge]` table of a whole config text as `T`, so that faults carry
/// their place in that text; `None` without such a table.
pub(crate) fn table<T: DeserializeOwned>(text: &str) -> Result<Option<T>, Fault> {
    #[derive(Deserialize)]
    struct Document<T> {
        forge: Option<T>,
    }
    Ok(toml::from_str::<Document<T>>(text)?.forge)
}

/// As [`table`], for a kind that cannot do without the table.
pub(crate) fn required<T: DeserializeOwned>(text: &str) -> Result<T, Fault> {
    table(text)?.ok_or_else(|| Fault {
        span: None,
        message: "there is no [forge] table".to_owned(),
        hint: None,
    })
}

/// The address of an API: one to which a token may be sent.
pub(crate) fn check_url(url: &Spanned<String>, allow_http: bool) -> Result<Address, Fault> {
    let address = Address::parse_base(url.get_ref())
        .map_err(|why| Fault::at(url.span(), format!("`url` {why}")))
        .map_err(|fault| fault.hint("like url = \"https://git.example.org\""))?;
    if !allow_http && !address.is_private() {
        let message = "`url` would send the token unencrypted over the network";
        return Err(Fault::at(url.span(), message)
            .hint("use https://, or set allow_http = true if that network is yours alone"));
    }
    Ok(address)
}

/// A repository as `owner/name`, or deeper where the forge has groups.
pub(crate) fn check_repo(repo: &Spanned<String>, deeper: bool) -> Result<Vec<String>, Fault> {
    let parts: Vec<&str> = repo.get_ref().split('/').collect();
    let fine = |part: &&str| {
        let known = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        !part.is_empty() && !matches!(*part, "." | "..") && part.chars().all(known)
    };
    if parts.len() < 2 || (!deeper && parts.len() > 2) || !parts.iter().all(fine) {
        let form = if deeper { "group/name" } else { "owner/name" };
        let message = format!("`repo` must be {form:?}");
        return Err(Fault::at(repo.span(), message).hint("like repo = \"ops/watch\""));
    }
    Ok(parts.into_iter().map(str::to_owned).collect())
}

/// The name of the label; `None` where it is set to the empty text.
pub(crate) fn check_label(label: Option<&Spanned<String>>) -> Result<Option<String>, Fault> {
    let Some(label) = label else {
        return Ok(Some("heartbeat".to_owned()));
    };
    let text = label.get_ref();
    if text.is_empty() {
        return Ok(None);
    }
    let odd = |c: char| c.is_control() || c == ',';
    if text.trim() != text || text.contains(odd) || text.chars().count() > 50 {
        let message = "`label` must be one line of at most 50 characters without a comma";
        return Err(Fault::at(label.span(), message)
            .hint("like label = \"heartbeat\", or label = \"\" for none"));
    }
    Ok(Some(text.clone()))
}

/// A login.
pub(crate) fn check_user(user: Option<&Spanned<String>>) -> Result<Option<String>, Fault> {
    let Some(user) = user else { return Ok(None) };
    let text = user.get_ref();
    if text.is_empty() || text.contains(|c: char| c.is_whitespace() || c.is_control()) {
        let message = "`user` must be a login: one word";
        return Err(Fault::at(user.span(), message)
            .hint("the login of the user whose token is used, or leave it out"));
    }
    Ok(Some(text.clone()))
}

/// A path that does not depend on where the checker was started.
pub(crate) fn check_path(
    key: &str,
    path: Option<&Spanned<PathBuf>>,
) -> Result<Option<PathBuf>, Fault> {
    let Some(path) = path else { return Ok(None) };
    if !path.get_ref().is_absolute() {
        let message = format!("`{key}` must be an absolute path");
        return Err(Fault::at(path.span(), message).hint("one that begins with `/`"));
    }
    Ok(Some(path.get_ref().clone()))
}

/// The most pages a listing reads.
pub(crate) fn check_max_pages(pages: Option<&Spanned<u32>>) -> Result<u32, Fault> {
    let Some(pages) = pages else { return Ok(200) };
    if !(1..=10_000).contains(pages.get_ref()) {
        let message = "`max_pages` must be from 1 to 10000";
        return Err(Fault::at(pages.span(), message));
    }
    Ok(*pages.get_ref())
}

#[cfg(test)]
#[path = "settings_tests.rs"]
mod tests;
