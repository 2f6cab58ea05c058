//! GitHub's REST interface, as far as issues go, with its limits. The same
//! routes answer below `/api/v3`, as on GitHub Enterprise.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::gitea::tokens;
use super::message::{Reply, Request};
use super::model::{Access, Issue, Scope, World};
use super::paging::Page;
use super::{Site, github_view as view};

pub(super) type Answer = Result<Reply, Reply>;

const DOCS: &str = "https://docs.github.com/rest";
/// Most characters in a body.
const BODY_LIMIT: usize = 65_536;

pub(super) struct Call<'a> {
    pub(super) w: &'a mut World,
    pub(super) req: &'a Request,
    /// Root of the interface, as it was asked.
    pub(super) api: String,
    /// Root of the pages for people.
    web: &'a str,
    known: bool,
}

pub(super) fn answer(w: &mut World, site: &Site, req: &Request, parts: &[&str]) -> Reply {
    let (api, parts) = match parts {
        ["api", "v3", rest @ ..] => (format!("{}/api/v3", site.root), rest),
        _ => (site.root.clone(), parts),
    };
    if req.header("user-agent").is_none_or(str::is_empty) {
        return Reply::text(
            403,
            "Request forbidden by administrative rules. Please make sure your request has a \
             User-Agent header (https://docs.github.com/en/rest/overview/resources-in-the-rest-api#user-agent-required). \
             Check https://developer.github.com for other possible causes.\n",
        );
    }
    let sent = req.header("authorization").and_then(|v| v.split_once(' '));
    let token = sent
        .filter(|(scheme, _)| ["bearer", "token"].contains(&scheme.to_lowercase().as_str()))
        .map(|(_, token)| token.trim());
    let known = token == Some(w.account.token.as_str());
    if token.is_some() && !known {
        return error(401, "Bad credentials");
    }
    let mut call = Call {
        w,
        req,
        api,
        web: &site.root,
        known,
    };
    let version = req.header("x-github-api-version").unwrap_or("2022-11-28");
    if chrono::NaiveDate::parse_from_str(version, "%Y-%m-%d").is_err() {
        return error(400, &format!("Invalid API version: {version}"));
    }
    let limited = call
        .primary_limit()
        .and_then(|()| call.secondary_limit(parts));
    let reply = limited.and_then(|()| call.route(parts));
    let reply = reply.unwrap_or_else(|reply| reply);
    call.with_limits(reply)
}

/// GitHub's error body.
pub(super) fn error(status: u16, message: &str) -> Reply {
    let body = json!({"message": message, "documentation_url": DOCS, "status": status.to_string()});
    Reply::json(status, &body)
}

pub(super) fn invalid(resource: &str, field: &str, code: &str) -> Reply {
    let faults = json!([{"resource": resource, "field": field, "code": code}]);
    Reply::json(
        422,
        &json!({"message": "Validation Failed", "errors": faults, "documentation_url": DOCS,
                "status": "422"}),
    )
}

pub(super) fn not_found() -> Reply {
    error(404, "Not Found")
}

impl Call<'_> {
    fn route(&mut self, parts: &[&str]) -> Answer {
        match (self.req.method.as_str(), parts) {
            ("GET", []) => Ok(Reply::json(
                200,
                &json!({"current_user_url": format!("{}/user", self.api)}),
            )),
            ("GET", ["versions"]) => Ok(Reply::json(200, &json!(["2022-11-28"]))),
            ("GET", ["meta"]) => Ok(Reply::json(200, &json!({"installed_version": "3.16.0"}))),
            ("GET", ["rate_limit"]) => {
                let left = self.w.rate.remaining;
                Ok(Reply::json(
                    200,
                    &json!({"resources": {"core": {"limit": 5000, "remaining": left}}}),
                ))
            }
            ("GET", ["user"]) => {
                if !self.known {
                    return Err(error(401, "Requires authentication"));
                }
                let me = self.w.account.login.clone();
                Ok(Reply::json(
                    200,
                    &view::user(self.w, &self.api, self.web, &me),
                ))
            }
            ("GET", ["search", "issues"]) => self.search(),
            (_, ["repos", owner, name, rest @ ..]) => {
                self.enter(owner, name)?;
                self.repo_route(rest)
            }
            (_, ["repositories", id, rest @ ..]) => {
                let right = id.parse() == Ok(self.w.repo.id);
                let (owner, name) = (self.w.repo.owner.clone(), self.w.repo.name.clone());
                self.enter(if right { &owner } else { "" }, &name)?;
                self.repo_route(rest)
            }
            _ => Err(not_found()),
        }
    }

    fn enter(&self, owner: &str, name: &str) -> Result<(), Reply> {
        let repo = &self.w.repo;
        let is = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let hidden = !self.known || self.w.account.access == Access::Stranger;
        if repo.private && hidden {
            return Err(not_found());
        }
        if is(&repo.owner, owner) && is(&repo.name, name) {
            return Ok(());
        }
        if !(repo.former.iter()).any(|(o, n)| is(o, owner) && is(n, name)) {
            return Err(not_found());
        }
        let old = format!("/repos/{owner}/{name}");
        let target = self.req.target();
        let tail = target.split_once(&old).map_or("", |(_, tail)| tail);
        let to = format!("{}/repositories/{}{tail}", self.api, repo.id);
        let body = json!({"message": "Moved Permanently", "url": to, "documentation_url": DOCS});
        Err(Reply::json(301, &body).header("Location", to))
    }

    fn repo_route(&mut self, rest: &[&str]) -> Answer {
        let method = self.req.method.as_str();
        if !matches!(method, "GET" | "HEAD") {
            if !self.known {
                return Err(error(401, "Requires authentication"));
            }
            self.need_scope(Scope::WriteIssue)?;
            if self.w.repo.archived {
                return Err(error(403, "Repository was archived so is read-only."));
            }
        } else if !rest.is_empty() {
            self.need_scope(Scope::ReadIssue)?;
        }
        if rest.first() == Some(&"issues") && !self.w.repo.issues_enabled {
            return Err(error(410, "Issues has been disabled in this repository."));
        }
        match (method, rest) {
            ("GET", []) => Ok(Reply::json(200, &view::repo(self.w, &self.api, self.web))),
            ("GET", ["issues"]) => self.list(),
            ("POST", ["issues"]) => self.create(),
            ("GET", ["issues", n]) => {
                let issue = self.one(n)?;
                Ok(Reply::json(200, &self.shown(issue.number)))
            }
            ("PATCH", ["issues", n]) => self.edit(n),
            ("GET", ["issues", n, "comments"]) => self.comments(n),
            ("POST", ["issues", n, "comments"]) => self.comment(n),
            ("GET", ["issues", n, "labels"]) => {
                let issue = self.one(n)?;
                Ok(Reply::json(
                    200,
                    &json!(view::labels(self.w, &self.api, &issue)),
                ))
            }
            ("POST" | "PUT", ["issues", n, "labels"]) => self.label_issue(n),
            ("GET", ["labels"]) => {
                let labels = self.w.labels.clone();
                let address = format!("{}/repos/{}/labels", self.api, view::repo_path(self.w));
                Ok(self.paged(labels, &address, |c, l| view::label(c.w, &c.api, l)))
            }
            ("POST", ["labels"]) => self.create_label(),
            ("GET", ["labels", name]) => {
                let label = self.label_named(name).and_then(|id| self.label_shown(id));
                Ok(Reply::json(200, &label.ok_or_else(not_found)?))
            }
            _ => Err(not_found()),
        }
    }

    fn need_scope(&self, scope: Scope) -> Result<(), Reply> {
        let has = |s| self.w.account.scopes.contains(&s);
        if !self.known || has(scope) || (scope == Scope::ReadIssue && has(Scope::WriteIssue)) {
            return Ok(());
        }
        Err(error(
            403,
            "Resource not accessible by personal access token",
        ))
    }

    pub(super) fn writer(&self) -> bool {
        self.w.account.access == Access::Writer
    }

    pub(super) fn one(&self, number: &str) -> Result<Issue, Reply> {
        let number = number.parse().map_err(|_| not_found())?;
        if self.w.deleted.contains(&number) {
            return Err(error(410, "This issue was deleted"));
        }
        self.w.issue(number).cloned().ok_or_else(not_found)
    }

    fn shown(&mut self, number: u64) -> Value {
        let issue = self.w.issue(number).cloned();
        issue.map_or(Value::Null, |i| {
            view::issue(self.w, &self.api, self.web, &i)
        })
    }

    pub(super) fn object(&self) -> Result<Map<String, Value>, Reply> {
        match serde_json::from_slice(&self.req.body) {
            Ok(Value::Object(map)) => Ok(map),
            Ok(_) => Err(error(
                422,
                "Invalid request.\n\nBody should be a JSON object",
            )),
            Err(_) => Err(error(400, "Problems parsing JSON")),
        }
    }

    fn paged<T>(
        &mut self,
        items: Vec<T>,
        address: &str,
        show: impl Fn(&mut Self, &T) -> Value,
    ) -> Reply {
        let page = Page::of(self.req, "per_page", 30, 100);
        let total = items.len();
        let shown: Vec<Value> = page.cut(items).iter().map(|i| show(self, i)).collect();
        let reply = Reply::json(200, &Value::Array(shown));
        match page.links(address, self.req, total) {
            Some(links) => reply.header("Link", links),
            None => reply,
        }
    }

    fn list(&mut self) -> Answer {
        let param = |name: &str| self.req.param(name).filter(|v| !v.is_empty());
        let state = param("state").unwrap_or_else(|| "open".to_owned());
        if !["open", "closed", "all"].contains(&state.as_str()) {
            return Err(invalid("Issue", "state", "invalid"));
        }
        let creator = param("creator");
        if creator.as_deref().is_some_and(|c| !self.w.knows_user(c)) {
            return Err(invalid("Issue", "creator", "invalid"));
        }
        let since = match param("since") {
            None => None,
            Some(text) => Some(moment(&text).ok_or_else(|| invalid("Issue", "since", "invalid"))?),
        };
        let names: Vec<String> = param("labels")
            .map(|l| l.split(',').map(str::to_lowercase).collect())
            .unwrap_or_default();
        let mut found = self.w.issues.clone();
        found.retain(|issue| {
            let has = self.w.label_names(issue);
            let has: Vec<String> = has.iter().map(|l| l.to_lowercase()).collect();
            (state == "all" || (state == "open") == issue.open)
                && (creator.as_deref()).is_none_or(|c| c.eq_ignore_ascii_case(&issue.author))
                && since.is_none_or(|t| issue.updated_at.timestamp() >= t.timestamp())
                && names.iter().all(|name| has.contains(name))
        });
        let by_update = param("sort").as_deref() == Some("updated");
        found.sort_by_key(|i| {
            let at = if by_update {
                i.updated_at
            } else {
                i.created_at
            };
            (at, i.number)
        });
        if param("direction").as_deref() != Some("asc") {
            found.reverse();
        }
        let address = format!("{}/repos/{}/issues", self.api, view::repo_path(self.w));
        Ok(self.paged(found, &address, |c, i| view::issue(c.w, &c.api, c.web, i)))
    }

    /// The search lags and knows words only.
    fn search(&mut self) -> Answer {
        let query = self.req.param("q").unwrap_or_default();
        let words: Vec<String> = (query.split_whitespace())
            .filter(|w| !w.contains(':'))
            .flat_map(tokens)
            .collect();
        let mut found = Vec::new();
        for issue in self.w.issues.clone() {
            let body = issue.body.clone().unwrap_or_default();
            let known = tokens(&format!("{} {body}", issue.title));
            if self.w.indexed(issue.number) && words.iter().all(|w| known.contains(w)) {
                found.push(self.shown(issue.number));
            }
        }
        let body = json!({"total_count": found.len(), "incomplete_results": false, "items": found});
        Ok(Reply::json(200, &body))
    }

    fn create(&mut self) -> Answer {
        let map = self.object()?;
        let title = text(&map, "Issue", "title", 256)?.filter(|t| !t.trim().is_empty());
        let title = title.ok_or_else(|| invalid("Issue", "title", "missing_field"))?;
        let body = text(&map, "Issue", "body", BODY_LIMIT)?;
        let labels = self.label_ids(&map)?.unwrap_or_default();
        let me = self.w.account.login.clone();
        let number = self.w.create(&me, &title, body, labels, false);
        let shown = self.shown(number);
        let at = format!(
            "{}/repos/{}/issues/{number}",
            self.api,
            view::repo_path(self.w)
        );
        Ok(Reply::json(201, &shown).header("Location", at))
    }

    fn edit(&mut self, number: &str) -> Answer {
        let issue = self.one(number)?;
        let map = self.object()?;
        let me = self.w.account.login.clone();
        if !self.writer() && issue.author != me {
            return Err(error(403, "Must have admin rights to Repository."));
        }
        let title = text(&map, "Issue", "title", 256)?;
        if title.as_deref().is_some_and(|t| t.trim().is_empty()) {
            return Err(invalid("Issue", "title", "missing_field"));
        }
        let body = text(&map, "Issue", "body", BODY_LIMIT)?;
        let labels = self.label_ids(&map)?;
        let state = text(&map, "Issue", "state", 100)?;
        let reason = text(&map, "Issue", "state_reason", 100)?;
        let open = match state.as_deref() {
            None => None,
            Some("open") => Some(true),
            Some("closed") => Some(false),
            Some(_) => return Err(invalid("Issue", "state", "invalid")),
        };
        let reasons = ["completed", "not_planned", "duplicate", "reopened"];
        if reason.as_deref().is_some_and(|r| !reasons.contains(&r)) {
            return Err(invalid("Issue", "state_reason", "invalid"));
        }
        let n = issue.number;
        if let Some(title) = title {
            self.w.set_title(n, &me, &title);
        }
        if let Some(body) = body {
            self.w.set_body(n, &me, body);
        }
        if let Some(labels) = labels {
            self.w.change(n, |i| i.labels = labels);
        }
        if let Some(open) = open {
            let usual = if open { "reopened" } else { "completed" };
            self.w
                .set_state(n, open, &me, Some(reason.as_deref().unwrap_or(usual)));
        }
        Ok(Reply::json(200, &self.shown(n)))
    }

    fn comments(&mut self, number: &str) -> Answer {
        let issue = self.one(number)?;
        let (n, path) = (issue.number, view::repo_path(self.w));
        let address = format!("{}/repos/{path}/issues/{n}/comments", self.api);
        let show = |c: &mut Self, it: &_| view::comment(c.w, &c.api, c.web, n, it);
        Ok(self.paged(issue.comments, &address, show))
    }

    fn comment(&mut self, number: &str) -> Answer {
        let issue = self.one(number)?;
        let map = self.object()?;
        if issue.locked && !self.writer() {
            return Err(error(
                403,
                "Unable to create comment because issue is locked.",
            ));
        }
        let body = text(&map, "IssueComment", "body", BODY_LIMIT)?.filter(|b| !b.trim().is_empty());
        let body = body.ok_or_else(|| invalid("IssueComment", "body", "missing_field"))?;
        let me = self.w.account.login.clone();
        self.w.add_comment(issue.number, &me, body);
        let last = self.one(number)?.comments.last().cloned();
        let shown = last.map(|c| view::comment(self.w, &self.api, self.web, issue.number, &c));
        Ok(Reply::json(201, &shown.unwrap_or(Value::Null)))
    }
}

fn moment(text: &str) -> Option<DateTime<Utc>> {
    let parsed = DateTime::parse_from_rfc3339(text).ok()?;
    Some(parsed.to_utc())
}

/// A text field of at most so many characters; null counts as missing.
pub(super) fn text(
    map: &Map<String, Value>,
    resource: &str,
    name: &str,
    most: usize,
) -> Result<Option<String>, Reply> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.chars().count() <= most => Ok(Some(text.clone())),
        Some(Value::String(_)) => {
            let message = format!("{name} is too long (maximum is {most} characters)");
            let faults = json!([{"resource": resource, "field": name, "code": "custom", "message": message}]);
            Err(Reply::json(
                422,
                &json!({"message": "Validation Failed", "errors": faults, "documentation_url": DOCS}),
            ))
        }
        Some(_) => Err(invalid(resource, name, "invalid")),
    }
}
