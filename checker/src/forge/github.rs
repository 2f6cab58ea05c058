//! GitHub, and GitHub Enterprise.
//!
//! What is special here: writes are a second apart, limits come as 403 and as
//! 429, a moved repository answers 301 (which a write does not follow), the list
//! holds pull requests, and nothing counts how many issues there are.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Value, json};
use toml::Spanned;

use super::bounds::Bounds;
use super::cause::{Cause, Causes};
use super::identity::{Identity, tell_dropped_labels};
use super::paging::{self, Entry};
use super::remote::{self, Api, Place, Probe};
use super::wire::{self, CommentJson, IssueJson, UserJson};
use super::{Edit, Fault, Forge, ForgeIssue, Kind, Listing, NewIssue, Parts, Settings, State};
use super::{settings, settings::Source, warnings::Warnings};
use crate::error::{DeliveryError, Retry};
use crate::http::{Address, Caller, Method};

/// This kind, for the registry.
pub const KIND: Kind = Kind {
    name: "github",
    summary: "GitHub or GitHub Enterprise",
    sample: r#"[forge]
kind = "github"
repo = "ops/watch"                    # owner/name
token_file = "/etc/heartbeat/token"   # fine-grained: issues read and write; classic: repo
label = "heartbeat"                   # for people; "" for none
# url = "https://github.example.org"  # GitHub Enterprise; else https://api.github.com
# user = "watchbot"                   # the token's login, for a token that may not ask
# allow_http = false                  # true sends the token unencrypted
# max_pages = 200                     # more pages of issues count as not seen
"#,
    parse: |source| Ok(Box::new(GithubSettings::parse(source)?)),
};

/// Where GitHub itself is asked.
const GITHUB: &str = "https://api.github.com";

/// The most that a page holds.
const PAGE: &str = "100";

const BOUNDS: Bounds = Bounds {
    title: 256,
    text: 65_536,
};

/// Writes are at least this far apart.
const BETWEEN_WRITES: Duration = Duration::from_secs(1);

/// How long to wait when a limit is reached and no time is named.
const LIMIT_WAIT: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    url: Option<Spanned<String>>,
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
pub struct GithubSettings(Place);

impl GithubSettings {
    /// Reads the table of a forge in a config text.
    ///
    /// # Errors
    /// The first fault in it, with its place.
    pub fn parse(source: Source<'_>) -> Result<Self, Fault> {
        let table: Table = settings::required(source)?;
        let url = table.url.clone();
        let url = url.unwrap_or_else(|| Spanned::new(0..0, GITHUB.to_owned()));
        Ok(Self(Place {
            name: source.name(),
            url: settings::check_url(&url, table.allow_http)?,
            repo: settings::check_repo(&table.repo, false)?,
            label: settings::check_label(table.label.as_ref())?,
            user: settings::check_user(table.user.as_ref())?,
            token_file: settings::check_path("token_file", table.token_file.as_ref())?,
            max_pages: settings::check_max_pages(table.max_pages.as_ref())?,
        }))
    }
}

impl Settings for GithubSettings {
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
        let repo = settings::other_repo(repo, false)?;
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
                headers: vec![
                    ("accept", "application/vnd.github+json".to_owned()),
                    ("x-github-api-version", "2022-11-28".to_owned()),
                ],
                authorization: Some(("authorization", "Bearer ", token)),
                limit_wait: Some(LIMIT_WAIT),
                hide_path: false,
            },
            base: api_of(&place.url),
            what,
            warnings: Warnings::default(),
        };
        Ok(Box::new(Github {
            identity: Identity::new(&place),
            place,
            api,
            labels: RefCell::default(),
            causes: Causes::default(),
            last_write: Cell::new(None),
        }))
    }
}

/// Where the API lies: GitHub's has a host of its own, that of an Enterprise
/// server lies below `/api/v3`.
fn api_of(url: &Address) -> Address {
    match url.host() {
        "github.com" | "www.github.com" => url.on_host("api.github.com"),
        "api.github.com" => url.clone(),
        host if host.starts_with("api.") && host.ends_with(".ghe.com") => url.clone(),
        _ if url.path().trim_end_matches('/').ends_with("/api/v3") => url.clone(),
        _ => url.join(&["api", "v3"]),
    }
}

struct Github {
    place: Place,
    api: Api,
    identity: Identity,
    /// Whether each label is there, once looked up.
    labels: RefCell<HashMap<String, bool>>,
    causes: Causes,
    /// When something was written last.
    last_write: Cell<Option<Duration>>,
}

impl Github {
    /// The path of the repository and what lies below it.
    fn path<'a>(&'a self, below: &[&'a str]) -> Vec<&'a str> {
        let mut path = vec!["repos"];
        path.extend(self.place.repo.iter().map(String::as_str));
        path.extend(below);
        path
    }

    fn issue(&self, json: IssueJson) -> Result<ForgeIssue, String> {
        let number = json.number.to_string();
        let mut page: Vec<&str> = self.place.repo.iter().map(String::as_str).collect();
        page.extend(["issues", &number]);
        let offered = json.html_url.as_deref();
        let url = self.api.page_url(offered, &page, &self.place.url);
        json.issue(url)
    }

    fn list(
        &self,
        doing: &str,
        wanted: State,
        author: &str,
        since: Option<&str>,
    ) -> Result<Listing, DeliveryError> {
        let mut query = vec![
            ("state", wire::state_name(wanted)),
            ("creator", author),
            ("sort", "created"),
            // New ones come last, so that they push nothing to another page.
            ("direction", "asc"),
            ("per_page", PAGE),
        ];
        query.extend(since.map(|since| ("since", since)));
        let path = self.path(&["issues"]);
        let fetch = |number| self.api.page(doing, &path, &query, number);
        let entry = |value: &Value| {
            let json = IssueJson::deserialize(value).map_err(|fault| fault.to_string())?;
            if json.pull_request.is_some() {
                return Ok(Entry::Other(json.number));
            }
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
                error.hint = Some(format!("set `user` in {table} to the token's login"));
                return error;
            }
            self.explain(error, None)
        })
    }

    /// Keeps writes apart, then sends one.
    fn write<T: DeserializeOwned>(
        &self,
        doing: &str,
        how: (Method, u16),
        path: &[&str],
        json: &Value,
    ) -> Result<T, DeliveryError> {
        let clock = self.api.http.clock();
        if let Some(last) = self.last_write.get() {
            let passed = clock.elapsed().saturating_sub(last);
            let rest = BETWEEN_WRITES.saturating_sub(passed);
            if !rest.is_zero() && rest < self.api.http.left() {
                clock.sleep(rest);
            }
        }
        let done = self.api.send(doing, how, path, json);
        self.last_write.set(Some(clock.elapsed()));
        done
    }

    /// Those of the labels that are there, made when they are missing.
    fn labels(&self, wanted: Vec<String>) -> Result<Vec<String>, DeliveryError> {
        let mut there = Vec::new();
        for name in wanted {
            let known = self.labels.borrow().get(&name).copied();
            let usable = match known {
                Some(usable) => usable,
                None => {
                    let usable = match self.find_or_make_label(&name) {
                        Ok(()) => true,
                        Err(error) => {
                            remote::without_label(&self.api, &name, error)?;
                            false
                        }
                    };
                    self.labels.borrow_mut().insert(name.clone(), usable);
                    usable
                }
            };
            if usable {
                there.push(name);
            }
        }
        Ok(there)
    }

    fn find_or_make_label(&self, name: &str) -> Result<(), DeliveryError> {
        let doing = format!("make sure that there is a label {name:?}");
        let path = self.path(&["labels", name]);
        match self.api.get::<IgnoredAny>(&doing, &path, &[]) {
            Ok(_) => return Ok(()),
            Err(error) if error.status == Some(404) => {}
            Err(error) => return Err(error),
        }
        let json = json!({"name": name, "color": "d93f0b", "description": remote::LABEL_TEXT});
        let labels = self.path(&["labels"]);
        let made: Result<IgnoredAny, _> = self.write(&doing, (Method::Post, 201), &labels, &json);
        match made {
            Ok(_) => Ok(()),
            // Somebody else was faster.
            Err(error) if error.status == Some(422) => {
                self.api.get::<IgnoredAny>(&doing, &path, &[]).map(drop)
            }
            Err(error) => Err(error),
        }
    }

    fn explain(&self, error: DeliveryError, number: Option<u64>) -> DeliveryError {
        self.causes.explain(error, number, &|| self.cause())
    }

    /// Asks the server, the user and the repository, and says what is wrong;
    /// `None` when all three look right.
    fn cause(&self) -> Option<Cause> {
        let url = self.place.url.shown();
        let repo = self.place.repo();
        match self.api.probe(&[]) {
            Probe::Other | Probe::Status(404) => return Some(Cause::wrong_url("GitHub", &url)),
            Probe::Silence => return None,
            Probe::Json(_) | Probe::Status(_) => {}
        }
        if self.api.probe(&["user"]) == Probe::Status(401) {
            return Some(Cause::bad_token(&url));
        }
        match self.api.probe(&self.path(&[])) {
            Probe::Json(found) => Cause::in_repository(&found, &repo, "full_name", "has_issues"),
            Probe::Status(404) => Some(Cause::no_access(&repo)),
            _ => None,
        }
    }
}

impl Forge for Github {
    fn describe(&self) -> String {
        format!("github, {}", self.api.what)
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
        let labels = self.labels(self.place.labels(issue))?;
        let json = json!({"title": issue.title, "body": issue.body, "labels": labels});
        let path = self.path(&["issues"]);
        let answer: IssueJson = self
            .write("open an issue", (Method::Post, 201), &path, &json)
            .map_err(|error| self.explain(error, None))?;
        let got = answer.label_names();
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
        let mut json = wire::edit_json(edit, "body");
        if let Some(state) = edit.state {
            let reason = match state {
                State::Open => "reopened",
                State::Closed => "completed",
            };
            json.insert("state".to_owned(), wire::state_name(state).into());
            json.insert("state_reason".to_owned(), reason.into());
        }
        if json.is_empty() {
            return Ok(());
        }
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text]);
        let answer: IssueJson = self
            .write(&doing, (Method::Patch, 200), &path, &Value::Object(json))
            .map_err(|error| self.explain(error, Some(number)))?;
        answer
            .check_edited(number, edit.state)
            .map_err(|why| DeliveryError::never(self.api.doing(&doing), why))
    }

    fn comments(&self, number: u64, author: &str) -> Result<Vec<String>, DeliveryError> {
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text, "comments"]);
        let doing = format!("read the comments of issue #{number}");
        let (query, most) = ([("per_page", PAGE)], self.place.max_pages);
        let all = self
            .api
            .all_pages(&doing, &path, &query, most)
            .map_err(|error| self.explain(error, Some(number)))?;
        let comments: Vec<CommentJson> = serde_json::from_value(Value::Array(all))
            .map_err(|fault| DeliveryError::never(self.api.doing(&doing), fault.to_string()))?;
        Ok(wire::bodies_of(comments, author))
    }

    fn comment(&self, number: u64, body: &str) -> Result<(), DeliveryError> {
        let doing = format!("comment on issue #{number}");
        BOUNDS.check_comment(&self.api.doing(&doing), body)?;
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text, "comments"]);
        let json = json!({"body": body});
        let sent: Result<wire::Made, _> = self.write(&doing, (Method::Post, 201), &path, &json);
        sent.map(drop)
            .map_err(|error| self.explain(error, Some(number)))
    }

    fn warnings(&self) -> Vec<String> {
        self.api.warnings.all()
    }
}

#[cfg(test)]
mod tests;
