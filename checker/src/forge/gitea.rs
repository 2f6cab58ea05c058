//! Gitea and Forgejo.
//!
//! What is special here: labels go by id, and the same name can exist twice; the
//! label filter and the search lie, so neither is used; a missing right looks
//! like a missing repository, so a 404 is looked into before it is told.

use std::cell::{Cell, OnceCell};
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use toml::Spanned;

use super::paging::{self, Entry};
use super::remote::{self, Api, CommentJson, IssueJson, LabelJson, Place, Probe, UserJson};
use super::{Edit, Fault, Forge, ForgeIssue, Kind, Listing, NewIssue, Parts, Settings, State};
use super::{settings, warnings::Warnings};
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
    parse: |text| Ok(Box::new(GiteaSettings::parse(text)?)),
};

/// The most that a page holds; a server may cut it further.
const PAGE: &str = "50";

/// Far below what takes a server down.
const MOST_CHARACTERS: usize = 65_536;

/// Longest title.
const MOST_TITLE: usize = 255;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    #[serde(rename = "kind")]
    _kind: IgnoredAny,
    url: Spanned<String>,
    repo: Spanned<String>,
    label: Option<Spanned<String>>,
    user: Option<Spanned<String>>,
    token_file: Option<Spanned<std::path::PathBuf>>,
    #[serde(default)]
    allow_http: bool,
    max_pages: Option<Spanned<u32>>,
}

/// The checked settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GiteaSettings(Place);

impl GiteaSettings {
    /// Reads the `[forge]` table of a config text.
    ///
    /// # Errors
    /// The first fault in it, with its place.
    pub fn parse(text: &str) -> Result<Self, Fault> {
        let table: Table = settings::required(text)?;
        Ok(Self(Place {
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

    fn open(&self, parts: Parts) -> Result<Box<dyn Forge>, DeliveryError> {
        let place = self.0.clone();
        let what = format!("{} at {}", place.repo(), place.url.shown());
        let token = remote::token(&parts, &what)?;
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
            place,
            api,
            user: OnceCell::new(),
            label: OnceCell::new(),
            diagnosis: OnceCell::new(),
            wrong_user: Cell::new(false),
        }))
    }
}

struct Gitea {
    place: Place,
    api: Api,
    /// Own login, once known.
    user: OnceCell<String>,
    /// The label's id, once looked up; `None` when there is none to use.
    label: OnceCell<Option<u64>>,
    /// What is wrong with the whole repository, once looked into.
    diagnosis: OnceCell<Option<(String, &'static str)>>,
    /// The configured user turned out not to be the token's.
    wrong_user: Cell<bool>,
}

impl Gitea {
    /// The path of the repository and what lies below it.
    fn path<'a>(&'a self, below: &[&'a str]) -> Vec<&'a str> {
        let repo = self.place.repo.iter().map(String::as_str);
        let mut path = vec!["repos"];
        path.extend(repo);
        path.extend(below);
        path
    }

    fn issue(&self, json: IssueJson) -> Result<ForgeIssue, String> {
        let number = json.number.to_string();
        let (owner_name, below) = (&self.place.repo, ["issues", &number]);
        let mut page: Vec<&str> = owner_name.iter().map(String::as_str).collect();
        page.extend(below);
        let url = self
            .api
            .page_url(json.html_url.as_deref(), &page, &self.place.url);
        json.issue(url)
    }

    fn list(
        &self,
        doing: &str,
        wanted: State,
        author: &str,
        since: Option<&str>,
    ) -> Result<Listing, DeliveryError> {
        let state = match wanted {
            State::Open => "open",
            State::Closed => "closed",
        };
        let mut query = vec![
            ("state", state),
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
            Ok(remote::keep(self.issue(json)?, wanted, author))
        };
        paging::read_all(self.place.max_pages, &fetch, &entry, &|text| {
            self.api.warnings.add(text);
        })
        .map_err(|error| self.explain(error, None))
    }

    /// Own login as the forge tells it.
    fn ask_user(&self) -> Result<String, DeliveryError> {
        let user: UserJson = self
            .api
            .get("ask for the token's user", &["user"], &[])
            .map_err(|mut error| {
                if error.status == Some(403) {
                    error.hint = Some(
                        "give the token the scope read:user, or set `user` in [forge] to its login"
                            .to_owned(),
                    );
                }
                self.explain(error, None)
            })?;
        Ok(user.login)
    }

    /// Before the first create: is the configured user the token's? A listing
    /// for another user would find nothing, and every pass would open anew.
    fn check_user(&self) -> Result<(), DeliveryError> {
        let doing = "open an issue";
        let own = self.own_user()?;
        if self.place.user.is_some() && !self.wrong_user.get() {
            match self.ask_user() {
                Ok(login) => self.wrong_user.set(!remote::same_user(&login, &own)),
                // May not be asked: that is what `user` is for.
                Err(error) if error.retry == Retry::Never => {}
                Err(error) => return Err(error),
            }
        }
        if self.wrong_user.get() {
            let why = format!("the token is not that of {own:?}, whom `user` names");
            return Err(DeliveryError::never(self.api.doing(doing), why)
                .hint("set `user` in [forge] to the token's login, or leave it out"));
        }
        Ok(())
    }

    /// Id of the label, made when it is missing. Only a failure that may pass is
    /// an error: the label is for people, an issue without it does its work.
    fn label(&self) -> Result<Option<u64>, DeliveryError> {
        let Some(name) = &self.place.label else {
            return Ok(None);
        };
        if let Some(id) = self.label.get() {
            return Ok(*id);
        }
        let id = match self.find_or_make_label(name) {
            Ok(id) => Some(id),
            Err(error) if error.retry == Retry::Never => {
                let why = error.why;
                let warning = format!("issues are opened without the label {name:?}: {why}");
                self.api.warnings.add(warning);
                None
            }
            Err(mut error) => {
                error.may_have_acted = false; // No issue was opened.
                return Err(error);
            }
        };
        Ok(*self.label.get_or_init(|| id))
    }

    fn find_or_make_label(&self, name: &str) -> Result<u64, DeliveryError> {
        let doing = format!("make sure that there is a label {name:?}");
        if let Some(id) = self.find_label(&doing, name)? {
            return Ok(id);
        }
        let json = json!({"name": name, "color": "#d93f0b",
            "description": "Opened and closed by the heartbeat checker"});
        let path = self.path(&["labels"]);
        let made: LabelJson = self.api.send(&doing, (Method::Post, 201), &path, &json)?;
        // Somebody else may have made it at the same time: all take the lowest.
        let lowest = self.find_label(&doing, name)?;
        lowest.or(made.id).ok_or_else(|| {
            DeliveryError::never(self.api.doing(&doing), "it was made and is not there")
        })
    }

    /// The lowest id of the labels with that very name.
    fn find_label(&self, doing: &str, name: &str) -> Result<Option<u64>, DeliveryError> {
        let path = self.path(&["labels"]);
        let query = [("limit", PAGE)];
        let all = self
            .api
            .all_pages(doing, &path, &query, self.place.max_pages)?;
        let labels = all
            .iter()
            .filter_map(|one| LabelJson::deserialize(one).ok());
        Ok(labels
            .filter(|label| label.name.as_deref() == Some(name))
            .filter_map(|label| label.id)
            .min())
    }

    /// Tells what lies behind a refusal that could mean several things.
    fn explain(&self, mut error: DeliveryError, number: Option<u64>) -> DeliveryError {
        if !matches!(error.status, Some(404 | 301 | 302 | 303)) {
            return error;
        }
        let found = self.diagnosis.get_or_init(|| self.diagnose());
        if let Some((why, hint)) = found {
            error.why = format!("{why} (status {})", error.status.unwrap_or_default());
            error.hint = Some((*hint).to_owned());
        } else if let Some(number) = number {
            error.why = format!("there is no issue #{number} (any more): {}", error.why);
            error.hint = None;
        }
        error
    }

    /// Asks the server, the user and the repository, and says what is wrong;
    /// `None` when all three look right.
    fn diagnose(&self) -> Option<(String, &'static str)> {
        let url = self.place.url.shown();
        let repo = self.place.repo();
        match self.api.probe(&["version"]) {
            // Some servers tell nothing to strangers.
            Probe::Json(_) | Probe::Status(401 | 403) => {}
            Probe::Silence => return None,
            Probe::Other | Probe::Status(_) => {
                return Some((
                    format!("no Gitea or Forgejo answers at {url}"),
                    "correct `url`; where the server lies under a path, it belongs to it",
                ));
            }
        }
        let user = self.api.probe(&["user"]);
        if matches!(user, Probe::Status(401 | 404)) {
            return Some((
                format!("{url} does not accept the token"),
                "check that the token is whole, not revoked and not expired",
            ));
        }
        match self.api.probe(&self.path(&[])) {
            Probe::Json(found) => {
                let full_name = found.get("full_name").and_then(Value::as_str);
                if let Some(name) = full_name.filter(|name| !remote::same_user(name, &repo)) {
                    let name = crate::http::one_line(name);
                    return Some((
                        format!("{repo} was renamed and is now {name}"),
                        "set `repo` in [forge] to the new name",
                    ));
                }
                if found.get("has_issues") == Some(&Value::Bool(false)) {
                    return Some((
                        format!("issues are turned off in {repo}"),
                        "turn them on in the repository's settings",
                    ));
                }
                if found.get("archived") == Some(&Value::Bool(true)) {
                    return Some((
                        format!("{repo} is archived"),
                        "unarchive it, or set `repo` to another",
                    ));
                }
                None
            }
            Probe::Status(404) => Some((
                format!("{repo} does not exist, or the token's user may not see it"),
                "correct `repo`, or give that user access to it",
            )),
            _ => None,
        }
    }

    /// Checks the answer to a create and tells what is odd in it.
    fn confirm(&self, wanted: &NewIssue, json: IssueJson) -> Result<ForgeIssue, DeliveryError> {
        let doing = self.api.doing("open an issue");
        let labels = json.labels.clone().unwrap_or_default();
        let odd = |why: String| DeliveryError::never(doing.clone(), why).acted();
        let issue = self
            .issue(json)
            .map_err(|why| odd(format!("the answer is odd: {why}")))?;
        if issue.title.trim() != wanted.title.trim() {
            return Err(odd(format!(
                "the answer is about another issue, #{}",
                issue.number
            )));
        }
        let own = self.own_user()?;
        if !remote::same_user(&issue.author, &own) {
            self.wrong_user.set(true);
            // Later passes would not find it: it must not stay open.
            let close = Edit {
                state: Some(State::Closed),
                ..Edit::default()
            };
            let _ = self.edit(issue.number, &close);
            let why = format!(
                "issue #{} was opened by {:?}, not by {own:?}, and was closed again",
                issue.number, issue.author
            );
            return Err(odd(why).hint("set `user` in [forge] to the token's login"));
        }
        if let (Some(name), Some(Some(_))) = (&self.place.label, self.label.get())
            && !labels.iter().any(|label| label.name.as_ref() == Some(name))
        {
            self.api.warnings.add(format!(
                "{} dropped the label {name:?}: the token's user may open issues, not label them",
                self.api.what
            ));
        }
        Ok(issue)
    }
}

impl Forge for Gitea {
    fn describe(&self) -> String {
        format!("gitea, {}", self.api.what)
    }

    fn own_user(&self) -> Result<String, DeliveryError> {
        if let Some(user) = self.user.get() {
            return Ok(user.clone());
        }
        let user = match &self.place.user {
            Some(user) => user.clone(),
            None => self.ask_user()?,
        };
        Ok(self.user.get_or_init(|| user).clone())
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
        let doing = "open an issue";
        let api = &self.api;
        api.check_not_blank(doing, "title", &issue.title)?;
        api.check_length(doing, "title", &issue.title, MOST_TITLE)?;
        api.check_length(doing, "body", &issue.body, MOST_CHARACTERS)?;
        self.check_user()?;
        let labels: Vec<u64> = self.label()?.into_iter().collect();
        let json = json!({"title": issue.title, "body": issue.body, "labels": labels});
        let path = self.path(&["issues"]);
        let answer: IssueJson = api
            .send(doing, (Method::Post, 201), &path, &json)
            .map_err(|error| self.explain(error, None))?;
        self.confirm(issue, answer)
    }

    fn edit(&self, number: u64, edit: &Edit) -> Result<(), DeliveryError> {
        let doing = format!("change issue #{number}");
        let mut json = serde_json::Map::new();
        if let Some(title) = &edit.title {
            self.api.check_not_blank(&doing, "title", title)?;
            self.api.check_length(&doing, "title", title, MOST_TITLE)?;
            json.insert("title".to_owned(), title.as_str().into());
        }
        if let Some(body) = &edit.body {
            self.api
                .check_length(&doing, "body", body, MOST_CHARACTERS)?;
            json.insert("body".to_owned(), body.as_str().into());
        }
        if let Some(state) = edit.state {
            let state = match state {
                State::Open => "open",
                State::Closed => "closed",
            };
            json.insert("state".to_owned(), state.into());
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
        let kept = edit
            .state
            .is_some_and(|state| remote::state(&answer.state) != Ok(state));
        if answer.number != number || kept {
            let why = "the forge answered that it did, and did not";
            return Err(DeliveryError::never(self.api.doing(&doing), why));
        }
        Ok(())
    }

    fn comments(&self, number: u64, author: &str) -> Result<Vec<String>, DeliveryError> {
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text, "comments"]);
        let doing = format!("read the comments of issue #{number}");
        // All come at once: Gitea does not page them.
        let comments: Vec<CommentJson> = self
            .api
            .get(&doing, &path, &[])
            .map_err(|error| self.explain(error, Some(number)))?;
        let ours = |comment: &CommentJson| {
            let login = comment.user.as_ref().map(|user| user.login.as_str());
            login.is_some_and(|login| remote::same_user(login, author))
        };
        Ok(comments
            .into_iter()
            .filter(ours)
            .map(|comment| comment.body.unwrap_or_default())
            .collect())
    }

    fn comment(&self, number: u64, body: &str) -> Result<(), DeliveryError> {
        #[derive(Deserialize)]
        struct Made {
            #[serde(rename = "id")]
            _id: u64,
        }
        let doing = format!("comment on issue #{number}");
        self.api.check_not_blank(&doing, "comment", body)?;
        self.api
            .check_length(&doing, "comment", body, MOST_CHARACTERS)?;
        let number_text = number.to_string();
        let path = self.path(&["issues", &number_text, "comments"]);
        let sent: Result<Made, _> =
            self.api
                .send(&doing, (Method::Post, 201), &path, &json!({"body": body}));
        sent.map(drop).map_err(|error| {
            // A missing issue is answered 500: trying that for ever is no use.
            let issue = self.path(&["issues", &number_text]);
            if error.status == Some(500) && self.api.probe(&issue) == Probe::Status(404) {
                let mut gone = error;
                gone.why = format!("there is no issue #{number} (any more): {}", gone.why);
                gone.retry = Retry::Never;
                gone.may_have_acted = false;
                gone.status = Some(404);
                return gone;
            }
            self.explain(error, Some(number))
        })
    }

    fn warnings(&self) -> Vec<String> {
        self.api.warnings.all()
    }
}

#[cfg(test)]
mod tests;
