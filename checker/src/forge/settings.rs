//! The `[forge]` table: finding its kind, and the checks that kinds share.
//!
//! Parsing only: a fault says where in the text it lies and what is allowed;
//! nothing is opened or asked.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IntoDeserializer};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{KINDS, NewIssue, Settings};
use crate::http::Address;

pub use manifest::Fault;

/// The table of one forge in the text of a whole config.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'a> {
    /// The text.
    pub text: &'a str,
    /// `None` is `[forge]`, a name is that of `[forges.NAME]`.
    pub name: Option<&'a str>,
}

impl<'a> Source<'a> {
    /// `[forge]`.
    #[must_use]
    pub fn main(text: &'a str) -> Self {
        Self { text, name: None }
    }

    /// `[forges.NAME]`.
    #[must_use]
    pub fn named(text: &'a str, name: &'a str) -> Self {
        Self {
            text,
            name: Some(name),
        }
    }

    /// Its name, for the settings that come out of it.
    pub(crate) fn name(self) -> Option<String> {
        self.name.map(str::to_owned)
    }
}

/// A table as it stands in a config: `[forge]`, `[forges.ops]`.
pub(crate) fn header(name: Option<&str>) -> String {
    match name {
        None => "[forge]".to_owned(),
        Some(name) => format!("[forges.{name}]"),
    }
}

/// A fault of the parser; a token in the wrong place is told how to do it.
fn told(fault: toml::de::Error) -> Fault {
    let fault = Fault::from(fault);
    if fault.message.starts_with("unknown field `token`") {
        return fault.hint(
            "the token itself does not belong here: write it to a file and set `token_file`",
        );
    }
    fault
}

/// The checked `[forge]` table of a whole config text. Without the table, and
/// without `kind` in it, the first of [`KINDS`] is meant.
///
/// # Errors
/// The first fault found in that table (or that the text is no TOML at all).
/// Other tables are not looked at.
pub fn settings(text: &str) -> Result<Box<dyn Settings>, Fault> {
    settings_of(Source::main(text))
}

/// The checked tables `[forges.NAME]` of a whole config text, by name.
///
/// # Errors
/// The first fault found in them (or that the text is no TOML at all). Other
/// tables are not looked at.
pub fn named_settings(text: &str) -> Result<BTreeMap<String, Box<dyn Settings>>, Fault> {
    #[derive(Deserialize)]
    struct Document {
        #[serde(default)]
        forges: BTreeMap<Spanned<String>, serde::de::IgnoredAny>,
    }
    let document: Document = toml::from_str(text).map_err(told)?;
    let mut out = BTreeMap::new();
    let mut variables: BTreeMap<String, String> = BTreeMap::new();
    for name in document.forges.keys() {
        check_name(name)?;
        let variable = crate::secret::token_variable(Some(name.get_ref()));
        if let Some(other) = variables.insert(variable.clone(), name.get_ref().clone()) {
            let message = format!(
                "the forges {other} and {} are hard to tell apart",
                name.get_ref()
            );
            return Err(Fault::at(name.span(), message).hint(format!(
                "both would take their token from {variable}: give one another name"
            )));
        }
        let settings = settings_of(Source::named(text, name.get_ref()))?;
        out.insert(name.get_ref().clone(), settings);
    }
    Ok(out)
}

/// The name of a further forge: it becomes a part of a variable and of a file.
fn check_name(name: &Spanned<String>) -> Result<(), Fault> {
    let text = name.get_ref();
    let known = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
    let begins = |c: char| c.is_ascii_alphanumeric();
    if !text.starts_with(begins) || !text.chars().all(known) || text.len() > 32 {
        let message = "this is no name for a forge";
        return Err(Fault::at(name.span(), message)
            .hint("at most 32 letters, digits, \"-\" and \"_\", like [forges.ops]"));
    }
    Ok(())
}

/// The checked table of one forge.
fn settings_of(source: Source<'_>) -> Result<Box<dyn Settings>, Fault> {
    #[derive(Deserialize)]
    #[serde(expecting = "a table")]
    struct Kinded {
        kind: Option<Spanned<String>>,
    }
    let names = || {
        let names: Vec<String> = KINDS
            .iter()
            .map(|kind| format!("{:?}", kind.name))
            .collect();
        names.join(", ")
    };
    let kinded: Option<Kinded> = table(source)?;
    let Some(named) = kinded.and_then(|table| table.kind) else {
        // A table of another kind that lost its `kind` fails here.
        let default = KINDS.first().ok_or_else(|| Fault {
            span: None,
            message: "no kind of forge is known".to_owned(),
            hint: None,
        })?;
        return (default.parse)(source).map_err(|fault| {
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
    (kind.parse)(source)
}

/// Reads the table of a forge as `T`, so that faults carry their place in the
/// text; `None` without such a table.
pub(crate) fn table<T: DeserializeOwned>(source: Source<'_>) -> Result<Option<T>, Fault> {
    let mut document = DeTable::parse(source.text).map_err(told)?.into_inner();
    let value = match source.name {
        None => document.remove("forge"),
        Some(name) => match document.remove("forges").map(Spanned::into_inner) {
            Some(DeValue::Table(mut forges)) => forges.remove(name),
            _ => None,
        },
    };
    let read = |value: Spanned<DeValue<'_>>| T::deserialize(value.into_deserializer());
    value.map(read).transpose().map_err(told)
}

/// As [`table`], for a kind that cannot do without the table.
pub(crate) fn required<T: DeserializeOwned>(source: Source<'_>) -> Result<T, Fault> {
    table(source)?.ok_or_else(|| Fault {
        span: None,
        message: format!("there is no {} table", header(source.name)),
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

/// A repository that a job names, as [`check_repo`] takes it.
pub(crate) fn other_repo(repo: &str, deeper: bool) -> Result<Vec<String>, String> {
    let spanned = Spanned::new(0..0, repo.to_owned());
    check_repo(&spanned, deeper).map_err(|fault| fault.message)
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

/// All labels of a new issue, each once: the one of the settings first.
pub(crate) fn all_labels(own: Option<&str>, issue: &NewIssue) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for label in own
        .into_iter()
        .chain(issue.labels.iter().map(String::as_str))
    {
        // A comma parts labels on GitLab; no manifest lets one through.
        if !label.is_empty() && !label.contains(',') && !all.iter().any(|one| one == label) {
            all.push(label.to_owned());
        }
    }
    all
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
