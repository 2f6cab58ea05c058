//! Gitea and Forgejo.
//!
//! What is special here: labels go by id, and the same name can exist twice; the
//! label filter and the search lie, so neither is used; a missing right looks
//! like a missing repository, so a 404 is looked into before it is told.

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use toml::Spanned;

use super::bounds::Bounds;
use super::cause::{Cause, Causes, gone};
use super::identity::{Identity, tell_dropped_labels};
use super::paging::{self, Entry};
use super::remote::{self, Api, Place, Probe};
use super::wire::{self, CommentJson, IssueJson, LabelJson, UserJson};
use super::{Edit, Fault, Forge, ForgeIssue, Kind, Listing, NewIssue, Parts, Settings, State};
use super::{settings, settings::Source, warnings::Warnings};
use crate::error::{DeliveryError, Retry};
use crate::http::{Caller, Method};

/// This kind, for the registry.
pub const KIND: Kind = Kind {
    name: "gitea",
    summary: "Gitea or Forgejo",
    sample: r#"[forge]
kind = "gitea"
url = "https://git.example.org"       # where the server lies, sub-path included
repo = "ops/watch"                    # owner/name
token_file = "/etc/heartbeat/token"   # scopes: write:issue, read:repository, read:user
label = "heartbeat"                   # for people; "" for none
# user = "watchbot"                   # the token's login, for a token without read:user
# allow_http = false                  # true sends the token unencrypted
# max_pages = 200                     # more pages of issues count as not seen
"#,
    parse: |source| Ok(Box::new(GiteaSettings::parse(source)?)),
};

/// The most that a page holds; a server may cut it further.
const PAGE: &str = "50";

/// Texts: far below what takes a server down.
const BOUNDS: Bounds = Bounds {
    title: 255,
    text: 65_536,
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
pub struct GiteaSettings(Place);

impl GiteaSettings {
    /// Reads the table of a forge in a config text.
    ///
    /// # Errors
    /// The first fault in it, with its place.
    pub fn parse(source: Source<'_>) -> Result<Self, Fault> {
        let table: Table = settings::required(source)?;
        Ok(Self(Place {
            name: source.name(),
            url: settings::check_url(&table.url, table.allow_http)?,
            repo: settings::check_repo(&table.repo, false)?,
            label: settings::check_label(table.label.as_ref())?,
            user: settings::check_user(table.user.as_ref())?,
            token_file: settings::check_path("token_file", table.token_file.as_ref())?,
            max_pages: settings::check_max_pages(table.max_pages.as_ref())?,
        }))
    }
}

impl Settings for GiteaSettings {
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
                authorization: Some(("authorization", "token ", token)),
                ..Caller::default()
            },
            base: place.url.join(&["api", "v1"]),
            what,
            warnings: Warnings::default(),
        };
        Ok(Box::new(Gitea {
            identity: Identity::new(&place),
            place,
            api,
            labels: RefCell::default(),
            causes: Causes::default(),
        }))
    }
}

struct Gitea {
    place: Place,
    api: Api,
    identity: Identity,
    /// The labels' ids, once looked up; `None` when there is none to use.
    labels: RefCell<HashMap<String, Option<u64>>>,
    causes: Causes,
}

impl Gitea {
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
            ("type", "issues"),
            ("created_by", author),
            ("limit", PAGE),
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
                error.hint = Some(format!(
                    "give the token the scope read:user, or set `user` in {table} to its login"
                ));
                return error;
            }
            self.explain(error, None)
        })
    }

    /// Names and ids of the labels, made when they are missing. Only a failure
    /// that may pass is an error: labels are for people, an issue without them
    /// does its work.
    fn labels(&self, wanted: Vec<String>) -> Result<Vec<(String, u64)>, DeliveryError> {
        let mut found = Vec::new();
        let mut listed = None;
        for name in wanted {
            let known = self.labels.borrow().get(&name).copied();
            let id = match known {
                Some(id) => id,
                None => {
                    let id = match self.find_or_make_label(&name, &mut listed) {
                        Ok(id) => Some(id),
                        Err(error) => {
                            remote::without_label(&self.api, &name, error)?;
                            None
                        }
                    };
                    self.labels.borrow_mut().insert(name.clone(), id);
                    id
                }
            };
            found.extend(id.map(|id| (name, id)));
        }
        Ok(found)
    }

    /// `listed` are the labels of the repository, where they were asked for.
    fn find_or_make_label(
        &self,
        name: &str,
        listed: &mut Option<Vec<LabelJson>>,
    ) -> Result<u64, DeliveryError> {
        let doing = format!("make sure that there is a label {name:?}");
        let known = match listed {
            Some(known) => known,
            None => listed.insert(self.all_labels(&doing)?),
        };
        if let Some(id) = lowest(known, name) {
            return Ok(id);
        }
        let json = json!({"name": name, "color": "#d93f0b", "description": remote::LABEL_TEXT});
        let path = self.path(&["labels"]);
        let made: LabelJson = self.api.send(&doing, (Method::Post, 201), &path, &json)?;
        // Somebody else may have made it at the same time: all take the lowest.
        let now = listed.insert(self.all_labels(&doing)?);
        lowest(now, name).or(made.id).ok_or_else(|| {
            DeliveryError::never(self.api.doing(&doing), "it was made and is not there")
        })
    }

    /// The labels of the repository.
    fn all_labels(&self, doing: &str) -> Result<Vec<LabelJson>, DeliveryError> {
        let path = self.path(&["labels"]);
        let (query, most) = ([("limit", PAGE)], self.place.max_pages);
        let all = self.api.all_pages(doing, &path, &query, most)?;
        let labels = all.iter();
        Ok(labels
            .filter_map(|one| LabelJson::deserialize(one).ok())
            .collect())
    }

    fn explain(&self, error: DeliveryError, number: Option<u64>) -> DeliveryError {
        self.causes.explain(error, number, &|| self.cause())
    }

    /// Comments of a missing issue are answered 500: trying that for ever is no
    /// use.
    fn explain_of_issue(&self, error: DeliveryError, number: u64) -> DeliveryError {
        let number_text = number.to_string();
        let issue = self.path(&["issues", &number_text]);
        if error.status == Some(500) && self.api.probe(&issue) == Probe::Status(404) {
            return gone(error, number);
        }
        self.explain(error, Some(number))
    }

    /// Asks the server, the user and the repository, and says what is wrong;
    /// `None` when all three look right.
    fn cause(&self) -> Option<Cause> {
        let url = self.place.url.shown();
        let repo = self.place.repo();
        match self.api.probe(&["version"]) {
            Probe::Other | Probe::Status(404) => {
                return Some(Cause::wrong_url("Gitea or Forgejo", &url));
            }
            Probe::Silence => return None,
            // Some servers tell nothing to strangers.
            Probe::Json(_) | Probe::Status(_) => {}
        }
        if matches!(self.api.probe(&["user"]), Probe::Status(401 | 404)) {
            return Some(Cause::bad_token(&url));
        }
        match self.api.probe(&self.path(&[])) {
            Probe::Json(found) => Cause::in_repository(&found, &repo, "full_name", "has_issues"),
            Probe::Status(404) => Some(Cause::no_access(&repo)),
            _ => None,
        }
    }
}

/// The lowest id of the labels with that very name: the same one may be there
/// several times.
fn lowest(labels: &[LabelJson], name: &str) -> Option<u64> {
    let named = labels.iter();
    named
        .filter(|label| label.name.as_deref() == Some(name))
        .filter_map(|label| label.id)
        .min()
}

impl Forge for Gitea {
    fn describe(&self) -> String {
        format!("gitea, {}", self.api.what)
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
        let (names, labels): (Vec<String>, Vec<u64>) = labels.into_iter().unzip();
        let json = json!({"title": issue.title, "body": issue.body, "labels": labels});
        let path = self.path(&["issues"]);
        let answer: IssueJson = self
            .api
            .send("open an issue", (Method::Post, 201), &path, &json)
            .map_err(|error| self.explain(error, None))?;
        let got = answer.label_names();
        let close = |number| {
            // Best effort: the error that follows is the message.
            let _ = self.edit(number, &Edit::closed());
        };
        let opened = self
            .identity
            .confirm(&doing, issue, self.issue(answer), &close)?;
        tell_dropped_labels(&self.api, &names, &got);
        Ok(opened)
    }

    fn edit(&self, number: u64, edit: &Edit) -> Result<(), DeliveryError> {
        let doing = format!("change issue #{number}");
        BOUNDS.check_edit(&self.api.doing(&doing), edit)?;
        let mut json = wire::edit_json(edit, "body");
        if let Some(state) = edit.state {
            json.insert("state".to_owned(), wire::state_name(state).into());
        }
        if json.is_empty() {
            return Ok(());
        }
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text]);
        let answer: IssueJson = self
            .api
            .send(&doing, (Method::Patch, 201), &path, &Value::Object(json))
            .map_err(|error| self.explain(error, Some(number)))?;
        // An unknown state is answered 201 as well, and changes nothing.
        answer
            .check_edited(number, edit.state)
            .map_err(|why| DeliveryError::never(self.api.doing(&doing), why))
    }

    fn comments(&self, number: u64, author: &str) -> Result<Vec<String>, DeliveryError> {
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text, "comments"]);
        let doing = format!("read the comments of issue #{number}");
        // All come at once: Gitea does not page them.
        let comments: Vec<CommentJson> = self
            .api
            .get(&doing, &path, &[])
            .map_err(|error| self.explain_of_issue(error, number))?;
        Ok(wire::bodies_of(comments, author))
    }

    fn comment(&self, number: u64, body: &str) -> Result<(), DeliveryError> {
        let doing = format!("comment on issue #{number}");
        BOUNDS.check_comment(&self.api.doing(&doing), body)?;
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text, "comments"]);
        let json = json!({"body": body});
        let sent: Result<wire::Made, _> = self.api.send(&doing, (Method::Post, 201), &path, &json);
        sent.map(drop)
            .map_err(|error| self.explain_of_issue(error, number))
    }

    fn warnings(&self) -> Vec<String> {
        self.api.warnings.all()
    }
}
