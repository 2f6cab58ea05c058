//! What forges over HTTP share: one place for addresses, headers, warnings and
//! the checks on what comes back. It knows no forge's paths.

use std::path::PathBuf;
use std::rc::Rc;

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::paging::Page;
use super::warnings::Warnings;
use super::{NewIssue, Parts, settings};
use crate::error::{DeliveryError, Retry};
use crate::http::{Address, Answer, Call, Caller, Http, Method};
use crate::secret::{Secret, token_credential, token_variable};

/// The checked settings that every forge over HTTP has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    /// Name of the forge, where it has one.
    pub(crate) name: Option<String>,
    /// Where the forge lies, as people write it.
    pub(crate) url: Address,
    /// The parts of the repository's name.
    pub(crate) repo: Vec<String>,
    /// The label for new issues.
    pub(crate) label: Option<String>,
    /// Own login, where the config tells.
    pub(crate) user: Option<String>,
    /// File with the token.
    pub(crate) token_file: Option<PathBuf>,
    /// Most pages of a listing.
    pub(crate) max_pages: u32,
}

impl Place {
    /// `owner/name`.
    pub(crate) fn repo(&self) -> String {
        self.repo.join("/")
    }

    /// See [`super::Settings::place`]. Forges do not tell case apart in names.
    pub(crate) fn shown(&self, kind: &str) -> String {
        format!("{kind} {} {}", self.url.shown(), self.repo().to_lowercase())
    }

    /// The table of its settings, for hints.
    pub(crate) fn table(&self) -> String {
        settings::header(self.name.as_deref())
    }

    /// All labels of a new issue, each once.
    pub(crate) fn labels(&self, issue: &NewIssue) -> Vec<String> {
        settings::all_labels(self.label.as_deref(), issue)
    }
}

/// The token, or what to do without one.
pub(crate) fn token(parts: &Parts, place: &Place, describe: &str) -> Result<Secret, DeliveryError> {
    parts.token.clone().ok_or_else(|| {
        let name = place.name.as_deref();
        let (credential, variable) = (token_credential(name), token_variable(name));
        DeliveryError::never(format!("ask {describe}"), "there is no token for it").hint(format!(
            "set `token_file` in {}, LoadCredential={credential}:FILE in the unit, or {variable}",
            place.table()
        ))
    })
}

/// What people read about the label.
pub(crate) const LABEL_TEXT: &str = "Opened and closed by the heartbeat checker";

/// The label could not be had. It is for people only, and an issue without it
/// does its work: only a failure that may pass by itself stops the create.
pub(crate) fn without_label(
    api: &Api,
    name: &str,
    mut error: DeliveryError,
) -> Result<(), DeliveryError> {
    if let Retry::Later(_) = error.retry {
        error.may_have_acted = false; // No issue was opened.
        return Err(error);
    }
    let why = error.why;
    let warning = format!("issues are opened without the label {name:?}: {why}");
    api.warnings.add(warning);
    Ok(())
}

/// A forge's API, ready to be called.
pub(crate) struct Api {
    pub(crate) http: Rc<Http>,
    pub(crate) caller: Caller,
    pub(crate) base: Address,
    /// For people: `ops/watch at https://git.example.org`.
    pub(crate) what: String,
    pub(crate) warnings: Warnings,
}

impl Api {
    /// `open an issue` becomes `open an issue in ops/watch at https://…`.
    pub(crate) fn doing(&self, doing: &str) -> String {
        format!("{doing} in {}", self.what)
    }

    /// Makes a call to a path below the API.
    pub(crate) fn call<T>(
        &self,
        doing: &str,
        method: Method,
        address: Address,
        json: Option<&Value>,
        read: &dyn Fn(&Answer) -> Result<T, String>,
    ) -> Result<T, DeliveryError> {
        let doing = self.doing(doing);
        let call = Call {
            doing: &doing,
            caller: &self.caller,
            method,
            address,
            json,
        };
        self.http.call(&call, &|answer| {
            if let Some(place) = &answer.moved_to {
                self.warnings.add(format!(
                    "{} has moved to {place}: set `repo` (and `url`) to the new name",
                    self.what
                ));
            }
            read(answer)
        })
    }

    /// Reads JSON from a path below the API.
    pub(crate) fn get<T: DeserializeOwned>(
        &self,
        doing: &str,
        path: &[&str],
        query: &[(&str, &str)],
    ) -> Result<T, DeliveryError> {
        let address = self.base.join(path).with_query(query);
        self.call(doing, Method::Get, address, None, &Answer::json)
    }

    /// Sends JSON to a path below the API and demands one certain status.
    pub(crate) fn send<T: DeserializeOwned>(
        &self,
        doing: &str,
        (method, expected): (Method, u16),
        path: &[&str],
        json: &Value,
    ) -> Result<T, DeliveryError> {
        let address = self.base.join(path);
        self.call(doing, method, address, Some(json), &|answer| {
            if answer.status == expected {
                answer.json()
            } else {
                Err(format!("answered {} instead of {expected}", answer.status))
            }
        })
    }

    /// Reads one page of a list.
    pub(crate) fn page(
        &self,
        doing: &str,
        path: &[&str],
        query: &[(&str, &str)],
        number: u32,
    ) -> Result<Page, DeliveryError> {
        let number = number.to_string();
        let address = self.base.join(path).with_query(query);
        let address = address.with_query(&[("page", &number)]);
        self.call(doing, Method::Get, address, None, &|answer| {
            let total = answer
                .header("x-total-count")
                .or_else(|| answer.header("x-total"));
            Ok(Page {
                entries: answer.json()?,
                total: total.and_then(|text| text.trim().parse().ok()),
                more: more(answer),
            })
        })
    }

    /// Reads a whole list that is not of issues.
    ///
    /// # Errors
    /// When any page does not come.
    pub(crate) fn all_pages(
        &self,
        doing: &str,
        path: &[&str],
        query: &[(&str, &str)],
        max_pages: u32,
    ) -> Result<Vec<Value>, DeliveryError> {
        let mut all: Vec<Value> = Vec::new();
        for number in 1..=max_pages {
            let mut page = self.page(doing, path, query, number)?;
            // A list without pages answers every page alike.
            if page.entries.is_empty() || (number > 1 && all.ends_with(&page.entries)) {
                return Ok(all);
            }
            all.append(&mut page.entries);
            let counted = page.total.is_some_and(|total| all.len() as u64 >= total);
            if counted || page.more == Some(false) {
                return Ok(all);
            }
        }
        let why = format!("there are more than {max_pages} pages");
        Err(DeliveryError::never(self.doing(doing), why).hint("raise `max_pages`"))
    }

    /// Asks something only to find out why another call failed: one word for
    /// what came.
    pub(crate) fn probe(&self, path: &[&str]) -> Probe {
        let address = self.base.join(path);
        let found = self.call("look", Method::Get, address, None, &|answer| {
            Ok(answer.json::<Value>().ok())
        });
        match found {
            Ok(Some(json)) => Probe::Json(json),
            Ok(None) => Probe::Other,
            Err(error) => match error.status {
                Some(status) => Probe::Status(status),
                None => Probe::Silence,
            },
        }
    }

    /// An address for people out of an answer, where it is one.
    pub(crate) fn page_url(
        &self,
        offered: Option<&str>,
        fallback: &[&str],
        url: &Address,
    ) -> String {
        let offered = offered.and_then(|text| Address::parse(text).ok());
        let address = offered.unwrap_or_else(|| url.join(fallback));
        self.caller.redact(&address.shown())
    }
}

/// What a [`Api::probe`] found.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Probe {
    /// A success in JSON.
    Json(Value),
    /// A success that is no JSON.
    Other,
    /// Another status.
    Status(u16),
    /// No answer.
    Silence,
}

/// Whether another page follows, where the headers tell. Addresses in them are
/// not looked at.
fn more(answer: &Answer) -> Option<bool> {
    if let Some(next) = answer.header("x-next-page") {
        return Some(!next.trim().is_empty());
    }
    let link = answer.header("link")?;
    Some(link.contains("rel=\"next\"") || link.contains("rel=next"))
}
