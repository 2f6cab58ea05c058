//! GitLab.
//!
//! What is special here: people's number is `iid`; a repository may lie in
//! groups of groups; a state is changed by an event, which is sent only where it
//! changes something; comments are notes, among them the forge's own; a line
//! that begins with `/` is a command.

use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use toml::Spanned;

use super::bounds::Bounds;
use super::cause::{Cause, Causes};
use super::identity::{Identity, tell_dropped_labels};
use super::paging;
use super::remote::{self, Api, Place, Probe};
use super::wire::{self, UserJson};
use super::{Edit, Fault, Forge, ForgeIssue, Kind, Listing, NewIssue, Parts, Settings, State};
use super::{settings, settings::Source, warnings::Warnings};
use crate::error::{DeliveryError, Retry};
use crate::http::{Caller, Method};

/// This kind, for the registry.
pub const KIND: Kind = Kind {
    name: "gitlab",
    summary: "GitLab",
    sample: r#"[forge]
kind = "gitlab"
url = "https://gitlab.com"            # where the server lies, sub-path included
repo = "ops/watch"                    # group/name, or group/subgroup/name
token_file = "/etc/heartbeat/token"   # scope: api
label = "heartbeat"                   # for people; "" for none
# user = "watchbot"                   # the token's user name, for a token that may not ask
# allow_http = false                  # true sends the token unencrypted
# max_pages = 200                     # more pages of issues count as not seen
"#,
    parse: |source| Ok(Box::new(GitlabSettings::parse(source)?)),
};

/// The most that a page holds.
const PAGE: &str = "100";

const BOUNDS: Bounds = Bounds {
    title: 255,
    text: 1_000_000,
};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    url: Spanned<String>,
    repo: Spanned<String>,
    label: Option<Spanned<String>>,
    user: Option<Spanned<String>>,
    token_file: Option<Spanned<PathBuf>>,
    #[serde(default)]
    allow_http: bool,
    max_pages: Option<Spanned<u32>>,
}

/// The checked settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GitlabSettings(Place);

impl GitlabSettings {
    /// Reads the table of a forge in a config text.
    ///
    /// # Errors
    /// The first fault in it, with its place.
    pub fn parse(source: Source<'_>) -> Result<Self, Fault> {
        let table: Table = settings::required(source)?;
        Ok(Self(Place {
            name: source.name(),
            url: settings::check_url(&table.url, table.allow_http)?,
            repo: settings::check_repo(&table.repo, true)?,
            label: settings::check_label(table.label.as_ref())?,
            user: settings::check_user(table.user.as_ref())?,
            token_file: settings::check_path("token_file", table.token_file.as_ref())?,
            max_pages: settings::check_max_pages(table.max_pages.as_ref())?,
        }))
    }
}

impl Settings for GitlabSettings {
    fn kind(&self) -> &'static str {
        KIND.name
    }

    fn needs_token(&self) -> bool {
        true
    }

    fn token_file(&self) -> Option<&Path> {
        self.0.token_file.as_deref()
    }

    fn name(&self) -> Option<&str> {
        self.0.name.as_deref()
    }

    fn place(&self) -> String {
        self.0.shown(KIND.name)
    }

    fn boxed(&self) -> Box<dyn Settings> {
        Box::new(self.clone())
    }

    fn with_repo(&self, repo: &str) -> Result<Box<dyn Settings>, String> {
        let repo = settings::other_repo(repo, true)?;
        Ok(Box::new(Self(Place {
            repo,
            ..self.0.clone()
        })))
    }

    fn open(&self, parts: Parts) -> Result<Box<dyn Forge>, DeliveryError> {
        let place = self.0.clone();
        let what = format!("{} at {}", place.repo(), place.url.shown());
        let token = remote::token(&parts, &place, &what)?;
        let api = Api {
            http: parts.http,
            caller: Caller {
                authorization: Some(("private-token", "", token)),
                ..Caller::default()
            },
            base: place.url.join(&["api", "v4"]),
            what,
            warnings: Warnings::default(),
        };
        Ok(Box::new(Gitlab {
            identity: Identity::new(&place),
            project: place.repo(),
            place,
            api,
            causes: Causes::default(),
        }))
    }
}

/// An issue.
#[derive(Debug, Clone, Deserialize)]
struct IssueJson {
    iid: u64,
    web_url: Option<String>,
    title: Option<String>,
    description: Option<String>,
    state: String,
    author: Option<UserJson>,
    closed_at: Option<String>,
    labels: Option<Vec<String>>,
}

/// A comment, or something that the forge notes by itself.
#[derive(Debug, Clone, Deserialize)]
struct NoteJson {
    body: Option<String>,
    author: Option<UserJson>,
    system: Option<bool>,
}

struct Gitlab {
    /// `group/name`, one segment of a path.
    project: String,
    place: Place,
    api: Api,
    identity: Identity,
    causes: Causes,
}

impl Gitlab {
    /// The path of the project and what lies below it.
    fn path<'a>(&'a self, below: &[&'a str]) -> Vec<&'a str> {
        let mut path = vec!["projects", &self.project];
        path.extend(below);
        path
    }

    fn issue(&self, json: IssueJson) -> Result<ForgeIssue, String> {
        if json.iid == 0 {
            return Err("it has the number 0".to_owned());
        }
        let number = json.iid.to_string();
        let mut page: Vec<&str> = self.place.repo.iter().map(String::as_str).collect();
        page.extend(["-", "issues", &number]);
        let offered = json.web_url.as_deref();
        Ok(ForgeIssue {
            number: json.iid,
            url: self.api.page_url(offered, &page, &self.place.url),
            title: json.title.unwrap_or_default(),
            body: json.description.unwrap_or_default(),
            state: wire::state(&json.state)?,
            author: json.author.map(|user| user.login).unwrap_or_default(),
            closed_at: json.closed_at.as_deref().and_then(wire::time),
        })
    }

    fn list(
        &self,
        doing: &str,
        wanted: State,
        author: &str,
        since: Option<&str>,
    ) -> Result<Listing, DeliveryError> {
        let state = match wanted {
            State::Open => "opened",
            State::Closed => "closed",
        };
        let mut query = vec![
            ("state", state),
            ("author_username", author),
            ("order_by", "created_at"),
            // New ones come last, so that they push nothing to another page.
            ("sort", "asc"),
            ("per_page", PAGE),
        ];
        query.extend(since.map(|since| ("updated_after", since)));
        let path = self.path(&["issues"]);
        let fetch = |number| self.api.page(doing, &path, &query, number);
        let entry = |value: &Value| {
            let json = IssueJson::deserialize(value).map_err(|fault| fault.to_string())?;
            Ok(wire::keep(self.issue(json)?, wanted, author))
        };
        paging::read_all(self.place.max_pages, &fetch, &entry, &|text| {
            self.api.warnings.add(text);
        })
        .map_err(|error| self.explain(error, None))
    }

    /// Own login as the forge tells it.
    fn ask_user(&self) -> Result<String, DeliveryError> {
        let doing = "ask for the token's user";
        let answer: Result<UserJson, _> = self.api.get(doing, &["user"], &[]);
        answer.map(|user| user.login).map_err(|mut error| {
            if error.status == Some(403) && error.retry == Retry::Never {
                let table = self.place.table();
                error.hint = Some(format!(
                    "give the token the scope api, or set `user` in {table} to its name"
                ));
                return error;
            }
            self.explain(error, None)
        })
    }

    fn explain(&self, error: DeliveryError, number: Option<u64>) -> DeliveryError {
        self.causes.explain(error, number, &|| self.cause())
    }

    /// Asks the server and the project, and says what is wrong; `None` when both
    /// look right.
    fn cause(&self) -> Option<Cause> {
        let url = self.place.url.shown();
        match self.api.probe(&["version"]) {
            Probe::Other | Probe::Status(404) => return Some(Cause::wrong_url("GitLab", &url)),
            Probe::Status(401) => return Some(Cause::bad_token(&url)),
            Probe::Silence => return None,
            Probe::Json(_) | Probe::Status(_) => {}
        }
        match self.api.probe(&self.path(&[])) {
            Probe::Json(found) => {
                let name = "path_with_namespace";
                Cause::in_repository(&found, &self.project, name, "issues_enabled")
            }
            Probe::Status(404) => Some(Cause::no_access(&self.project)),
            _ => None,
        }
    }
}

/// A text in which no line is a command: outside of fenced blocks, a backslash
/// goes before a `/` that begins a line. Markdown does not show it.
fn without_commands(text: &str) -> String {
    let mut quiet = String::with_capacity(text.len());
    let mut fence = None;
    for line in text.split_inclusive('\n') {
        let bare = line.trim_start_matches([' ', '\t']);
        let indent = line.len() - bare.len();
        if indent < 4 {
            fence = fence_after(fence, bare);
        }
        if fence.is_none() && bare.starts_with('/') && indent < 4 {
            let (before, rest) = line.split_at_checked(indent).unwrap_or(("", line));
            quiet.push_str(before);
            quiet.push('\\');
            quiet.push_str(rest);
        } else {
            quiet.push_str(line);
        }
    }
    quiet
}

/// The fence that is open after a line: its character and length.
fn fence_after(open: Option<(char, usize)>, line: &str) -> Option<(char, usize)> {
    let Some(mark) = line.chars().next().filter(|c| matches!(c, '`' | '~')) else {
        return open;
    };
    let count = line.chars().take_while(|c| *c == mark).count();
    let rest = line.get(count..).unwrap_or_default();
    match open {
        // Backticks with another backtick behind them are no fence.
        None => (count >= 3 && (mark == '~' || !rest.contains('`'))).then_some((mark, count)),
        Some((own, least)) if own == mark && count >= least && rest.trim().is_empty() => None,
        Some(_) => open,
    }
}

impl Forge for Gitlab {
    fn describe(&self) -> String {
        format!("gitlab, {}", self.api.what)
    }

    fn own_user(&self) -> Result<String, DeliveryError> {
        self.identity.own(&|| self.ask_user())
    }

    fn open_issues(&self, author: &str) -> Result<Listing, DeliveryError> {
        self.list("list the open issues", State::Open, author, None)
    }

    fn closed_issues(&self, author: &str, since: DateTime<Utc>) -> Result<Listing, DeliveryError> {
        let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
        let doing = "list the closed issues";
        self.list(doing, State::Closed, author, Some(&since))
    }

    fn create(&self, issue: &NewIssue) -> Result<ForgeIssue, DeliveryError> {
        let doing = self.api.doing("open an issue");
        BOUNDS.check_new(&doing, issue)?;
        self.identity.check(&doing, &|| self.ask_user())?;
        // A label that does not exist is made by the forge. None has a comma.
        let labels = self.place.labels(issue);
        let json = json!({
            "title": issue.title,
            "description": without_commands(&issue.body),
            "labels": labels.join(","),
        });
        let path = self.path(&["issues"]);
        let answer: IssueJson = self
            .api
            .send("open an issue", (Method::Post, 201), &path, &json)
            .map_err(|error| self.explain(error, None))?;
        let got = answer.labels.clone().unwrap_or_default();
        let close = |number| {
            // Best effort: the error that follows is the message.
            let _ = self.edit(number, &Edit::closed());
        };
        let opened = self
            .identity
            .confirm(&doing, issue, self.issue(answer), &close)?;
        tell_dropped_labels(&self.api, &labels, &got);
        Ok(opened)
    }

    fn edit(&self, number: u64, edit: &Edit) -> Result<(), DeliveryError> {
        let doing = format!("change issue #{number}");
        BOUNDS.check_edit(&self.api.doing(&doing), edit)?;
        let quiet = Edit {
            body: edit.body.as_deref().map(without_commands),
            ..edit.clone()
        };
        let mut json = wire::edit_json(&quiet, "description");
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text]);
        if let Some(wanted) = edit.state {
            // An event that changes nothing is refused or noted all the same.
            let now: IssueJson = self
                .api
                .get(&doing, &path, &[])
                .map_err(|error| self.explain(error, Some(number)))?;
            if wire::state(&now.state) != Ok(wanted) {
                let event = match wanted {
                    State::Open => "reopen",
                    State::Closed => "close",
                };
                json.insert("state_event".to_owned(), event.into());
            }
        }
        if json.is_empty() {
            return Ok(());
        }
        let answer: IssueJson = self
            .api
            .send(&doing, (Method::Put, 200), &path, &Value::Object(json))
            .map_err(|error| self.explain(error, Some(number)))?;
        let kept = |wanted| wire::state(&answer.state) != Ok(wanted);
        if answer.iid != number || edit.state.is_some_and(kept) {
            let why = "the forge answered that it did, and did not";
            return Err(DeliveryError::never(self.api.doing(&doing), why));
        }
        Ok(())
    }

    fn comments(&self, number: u64, author: &str) -> Result<Vec<String>, DeliveryError> {
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text, "notes"]);
        let doing = format!("read the comments of issue #{number}");
        let query = [
            ("order_by", "created_at"),
            ("sort", "asc"),
            ("per_page", PAGE),
        ];
        let all = self
            .api
            .all_pages(&doing, &path, &query, self.place.max_pages)
            .map_err(|error| self.explain(error, Some(number)))?;
        let notes: Vec<NoteJson> = serde_json::from_value(Value::Array(all))
            .map_err(|fault| DeliveryError::never(self.api.doing(&doing), fault.to_string()))?;
        let ours = |note: &NoteJson| {
            let login = note.author.as_ref().map(|user| user.login.as_str());
            note.system != Some(true) && login.is_some_and(|login| wire::same_user(login, author))
        };
        Ok(notes
            .into_iter()
            .filter(ours)
            .map(|note| note.body.unwrap_or_default())
            .collect())
    }

    fn comment(&self, number: u64, body: &str) -> Result<(), DeliveryError> {
        let doing = format!("comment on issue #{number}");
        BOUNDS.check_comment(&self.api.doing(&doing), body)?;
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text, "notes"]);
        let json = json!({"body": without_commands(body)});
        let sent: Result<wire::Made, _> = self.api.send(&doing, (Method::Post, 201), &path, &json);
        sent.map(drop)
            .map_err(|error| self.explain(error, Some(number)))
    }

    fn warnings(&self) -> Vec<String> {
        self.api.warnings.all()
    }
}

#[cfg(test)]
mod tests;
