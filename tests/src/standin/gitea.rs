//! Forgejo 9 and Gitea 1.15: who may come in, and issues and comments. Labels
//! are in `gitea_labels.rs`, the look of answers in `gitea_view.rs`.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::message::{Reply, Request};
use super::model::{Access, Issue, Scope, World};
use super::paging::Page;
use super::{Flavour, Site, gitea_labels, gitea_view as view};

/// An answer, or the answer that cuts it short.
pub(super) type Answer = Result<Reply, Reply>;

/// One call: the world, the request and who asks.
pub(super) struct Call<'a> {
    pub(super) w: &'a mut World,
    pub(super) site: &'a Site,
    pub(super) req: &'a Request,
    known: bool,
}

pub(super) fn answer(w: &mut World, site: &Site, req: &Request, parts: &[&str]) -> Reply {
    let ["api", "v1", rest @ ..] = parts else {
        return Reply::html(404, "Page Not Found");
    };
    let token = sent_token(req);
    let known = token.as_deref() == Some(w.account.token.as_str());
    let mut call = Call {
        w,
        site,
        req,
        known,
    };
    if token.is_some() && !known && call.w.flavour == Flavour::Forgejo {
        return call.error(401, "user does not exist [uid: 0, name: ]");
    }
    call.route(rest).unwrap_or_else(|reply| reply)
}

/// `token X` and `Bearer X` count, also in the query; `Token X` does not.
fn sent_token(req: &Request) -> Option<String> {
    let header = req.header("authorization").unwrap_or_default();
    let bare = ["token ", "Bearer ", "bearer "]
        .iter()
        .find_map(|scheme| header.strip_prefix(scheme));
    bare.map(str::to_owned)
        .or_else(|| req.param("token"))
        .or_else(|| req.param("access_token"))
}

impl Call<'_> {
    pub(super) fn error(&self, status: u16, message: &str) -> Reply {
        let url = format!("{}/api/swagger", self.site.root);
        Reply::json(status, &json!({"message": message, "url": url}))
    }

    fn not_found(&self) -> Reply {
        let url = format!("{}/api/swagger", self.site.root);
        let message = "The target couldn't be found.";
        Reply::json(404, &json!({"errors": [], "message": message, "url": url}))
    }

    fn no_such_issue(&self, number: u64) -> Reply {
        let message = format!(
            "issue does not exist [id: 0, repo_id: {}, index: {number}]",
            self.w.repo.id
        );
        self.error(404, &message)
    }

    fn route(&mut self, parts: &[&str]) -> Answer {
        let method = self.req.method.as_str();
        match (method, parts) {
            ("GET", ["version"]) => Ok(Reply::json(200, &json!({"version": self.version()}))),
            ("GET", ["settings", "api"]) => Ok(Reply::json(
                200,
                &json!({"max_response_items": 50, "default_paging_num": 30,
                        "default_git_trees_per_page": 1000, "default_max_blob_size": 10_485_760}),
            )),
            ("GET", ["user"]) => self.own_user(),
            ("GET", ["orgs", org, "labels"]) => gitea_labels::of_organisation(self, org),
            ("GET", ["repos", "issues", "search"]) => {
                self.enter(None)?;
                self.list()
            }
            (_, ["repos", owner, name, rest @ ..]) => {
                let scope = match (rest.first(), method) {
                    (None, _) => Scope::ReadRepository,
                    (_, "GET" | "HEAD") => Scope::ReadIssue,
                    _ => Scope::WriteIssue,
                };
                self.need_scope(scope)?;
                self.enter(Some((owner, name)))?;
                self.repo_route(method, rest)
            }
            _ => Err(unrouted()),
        }
    }

    fn repo_route(&mut self, method: &str, rest: &[&str]) -> Answer {
        let writes = !matches!(method, "GET" | "HEAD");
        if writes && !self.known {
            return Err(self.error(401, "token is required"));
        }
        if rest.first() == Some(&"issues") && !self.w.repo.issues_enabled {
            return Err(self.not_found());
        }
        match (method, rest) {
            ("GET", []) => Ok(Reply::json(200, &view::repo(self.w, self.site))),
            ("GET", ["issues"]) => self.list(),
            ("POST", ["issues"]) => self.create(),
            ("GET", ["issues", n]) => {
                let number = index(n);
                self.one(number).ok_or_else(|| self.no_such_issue(number))?;
                Ok(Reply::json(200, &self.shown(number)))
            }
            ("PATCH", ["issues", n]) => self.edit(index(n)),
            ("GET", ["issues", n, "comments"]) => self.comments(index(n)),
            ("POST", ["issues", n, "comments"]) => self.comment(index(n)),
            ("PATCH", ["issues", "comments", id]) => self.edit_comment(index(id)),
            (_, ["issues", n, "labels", rest @ ..]) => {
                let number = index(n);
                self.one(number).ok_or_else(|| self.not_found())?;
                gitea_labels::of_issue(self, method, number, rest)
            }
            (_, ["labels", rest @ ..]) => gitea_labels::of_repo(self, method, rest),
            (_, [] | ["issues"] | ["issues", _]) => Err(Reply::empty(405)),
            _ => Err(unrouted()),
        }
    }

    fn version(&self) -> &'static str {
        match self.w.flavour {
            Flavour::Forgejo => "9.0.0-dev-1482-5a9c7a12ab+gitea-1.22.0",
            _ => "1.15.11",
        }
    }

    fn own_user(&mut self) -> Answer {
        self.need_scope(Scope::ReadUser)?;
        if !self.known {
            return Err(self.error(401, "token is required"));
        }
        let login = self.w.account.login.clone();
        Ok(Reply::json(200, &view::user(self.w, self.site, &login)))
    }

    /// Scopes are Forgejo's; the old Gitea has none.
    fn need_scope(&self, scope: Scope) -> Result<(), Reply> {
        let has = |s| self.w.account.scopes.contains(&s);
        let enough = has(scope) || (scope == Scope::ReadIssue && has(Scope::WriteIssue));
        if !self.known || enough || self.w.flavour == Flavour::Gitea {
            return Ok(());
        }
        let name = match scope {
            Scope::ReadIssue => "read:issue",
            Scope::WriteIssue => "write:issue",
            Scope::ReadRepository => "read:repository",
            Scope::ReadUser => "read:user",
        };
        let message = format!("token does not have at least one of required scope(s): [{name}]");
        Err(self.error(403, &message))
    }

    /// Finds the repository for this caller; `None` asks for no name.
    fn enter(&mut self, name: Option<(&str, &str)>) -> Result<(), Reply> {
        let repo = &self.w.repo;
        let is = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let stranger = !self.known || self.w.account.access == Access::Stranger;
        if let Some((owner, asked)) = name
            && !(is(&repo.owner, owner) && is(&repo.name, asked))
        {
            let moved = (repo.former.iter()).any(|(o, n)| is(o, owner) && is(n, asked));
            if !moved {
                return Err(self.not_found());
            }
            let status = if self.w.flavour == Flavour::Forgejo {
                307
            } else {
                302
            };
            let old = format!("/repos/{owner}/{asked}");
            let new = format!("/repos/{}/{}", repo.owner, repo.name);
            let to = self.req.target().replacen(&old, &new, 1);
            return Err(Reply::empty(status).header("Location", to));
        }
        if repo.private && stranger {
            return Err(self.not_found());
        }
        Ok(())
    }

    fn one(&self, number: u64) -> Option<Issue> {
        self.w.issue(number).cloned()
    }

    fn shown(&mut self, number: u64) -> Value {
        let issue = self.one(number);
        issue.map_or(Value::Null, |i| view::issue(self.w, self.site, &i))
    }

    pub(super) fn writer(&self) -> bool {
        self.w.account.access == Access::Writer
    }

    fn me(&self) -> String {
        self.w.account.login.clone()
    }

    /// The body as a JSON object.
    pub(super) fn object(&self) -> Result<Map<String, Value>, Reply> {
        let kind = self.req.header("content-type").unwrap_or_default();
        if !kind.to_ascii_lowercase().contains("json") {
            let which = if kind.is_empty() {
                "Empty"
            } else {
                "Unsupported"
            };
            return Err(self.error(422, &format!("[]: {which} Content-Type")));
        }
        match serde_json::from_slice(&self.req.body) {
            Ok(Value::Object(map)) => Ok(map),
            _ => {
                let text = String::from_utf8_lossy(&self.req.body);
                let near: String = text.chars().take(40).collect();
                Err(self.error(422, &format!("[]: invalid JSON near {near:?}")))
            }
        }
    }

    /// A text field; null counts as missing, anything else is refused.
    pub(super) fn text(
        &self,
        map: &Map<String, Value>,
        name: &str,
    ) -> Result<Option<String>, Reply> {
        match map.get(name) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(other) => {
                let message = format!(
                    "json: cannot unmarshal {other} into Go struct field .{name} of type string"
                );
                Err(self.error(422, &message))
            }
        }
    }

    fn list(&mut self) -> Answer {
        let req = self.req;
        let wanted = gitea_labels::filter(self.w, req);
        let author = req.param("created_by").filter(|a| !a.is_empty());
        if let Some(author) = author.as_deref().filter(|a| !self.w.knows_user(a)) {
            return Err(self.error(
                404,
                &format!("user does not exist [uid: 0, name: {author}]"),
            ));
        }
        let (since, before) = (self.moment("since")?, self.moment("before")?);
        let kind = req.param("type").unwrap_or_default();
        let state = req.param("state").unwrap_or_default();
        let words = req.param("q").map(|q| tokens(&q)).unwrap_or_default();
        let mut found = Vec::new();
        for issue in self.w.issues.clone() {
            let fits = match state.as_str() {
                "all" => true,
                "closed" => !issue.open,
                _ => issue.open,
            } && match kind.as_str() {
                "issues" => !issue.pull_request,
                "pulls" => issue.pull_request,
                _ => true,
            } && wanted.iter().all(|id| issue.labels.contains(id))
                && author
                    .as_deref()
                    .is_none_or(|a| a.eq_ignore_ascii_case(&issue.author))
                && since.is_none_or(|t| issue.updated_at >= t)
                && before.is_none_or(|t| issue.updated_at <= t)
                && self.search_finds(&issue, &words);
            if fits {
                found.push(issue);
            }
        }
        found.sort_by_key(|i| std::cmp::Reverse((i.created_at, i.number)));
        let path = format!(
            "{}/api/v1/repos/{}/issues",
            self.site.root,
            view::repo_path(self.w)
        );
        Ok(self.paged(found, &path, view::issue))
    }

    /// The index lags, knows words only, and looks into comments as well.
    fn search_finds(&mut self, issue: &Issue, words: &[String]) -> bool {
        if words.is_empty() {
            return true;
        }
        if !self.w.indexed(issue.number) {
            return false;
        }
        let mut text = format!("{} {}", issue.title, issue.body.clone().unwrap_or_default());
        for comment in &issue.comments {
            text.push(' ');
            text.push_str(&comment.body);
        }
        let known = tokens(&text);
        words.iter().all(|word| known.contains(word))
    }

    fn moment(&self, name: &str) -> Result<Option<DateTime<Utc>>, Reply> {
        match self.req.param(name).filter(|v| !v.is_empty()) {
            None => Ok(None),
            Some(text) => DateTime::parse_from_rfc3339(&text)
                .map(|t| Some(t.to_utc()))
                .map_err(|_| self.error(422, &format!("parsing time {text:?}: cannot parse"))),
        }
    }

    pub(super) fn paged<T>(
        &mut self,
        items: Vec<T>,
        address: &str,
        mut show: impl FnMut(&mut World, &Site, &T) -> Value,
    ) -> Reply {
        let page = Page::of(self.req, "limit", 30, 50);
        let total = items.len();
        let cut = page.cut(items);
        let shown: Vec<Value> = (cut.iter()).map(|i| show(self.w, self.site, i)).collect();
        let reply = Reply::json(200, &Value::Array(shown))
            .header("X-Total-Count", total)
            .header("Access-Control-Expose-Headers", "X-Total-Count, Link");
        match page.links(address, self.req, total) {
            Some(links) => reply.header("Link", links),
            None => reply,
        }
    }

    fn refuse_archived(&self) -> Result<(), Reply> {
        match (self.w.repo.archived, self.w.flavour) {
            (false, _) => Ok(()),
            (true, Flavour::Forgejo) => {
                let path = view::repo_path(self.w);
                Err(self.error(423, &format!("{path} is archived")))
            }
            (true, _) => Err(self.not_found()),
        }
    }

    fn create(&mut self) -> Answer {
        self.refuse_archived()?;
        let map = self.object()?;
        let title = self.text(&map, "title")?.unwrap_or_default();
        if title.is_empty() {
            return Err(self.error(422, "[Title]: Required"));
        }
        let body = self.text(&map, "body")?;
        let mut labels = gitea_labels::ids(self, &map, false)?;
        if !self.writer() {
            labels.clear();
        }
        let me = self.me();
        let number = self
            .w
            .create(&me, &title, Some(body.unwrap_or_default()), labels, false);
        if map.get("closed") == Some(&Value::Bool(true)) {
            self.w.set_state(number, false, &me, None);
        }
        Ok(Reply::json(201, &self.shown(number)))
    }

    fn edit(&mut self, number: u64) -> Answer {
        let map = self.object()?;
        let issue = self.one(number).ok_or_else(|| self.not_found())?;
        let me = self.me();
        if !self.writer() && issue.author != me {
            return Err(Reply::empty(403));
        }
        let (title, body) = (self.text(&map, "title")?, self.text(&map, "body")?);
        let state = self.text(&map, "state")?;
        if state.as_deref() == Some("closed") && issue.open && issue.blocked {
            let message = "cannot close this issue because it still has open dependencies";
            return Err(self.error(412, message));
        }
        if let Some(title) = title.filter(|t| !t.is_empty()) {
            self.w.set_title(number, &me, &title);
        }
        if let Some(body) = body {
            self.w.set_body(number, &me, body);
        }
        match state.as_deref() {
            Some("closed") => self.w.set_state(number, false, &me, None),
            Some("open") => self.w.set_state(number, true, &me, None),
            _ => {}
        }
        Ok(Reply::json(201, &self.shown(number)))
    }

    fn comments(&mut self, number: u64) -> Answer {
        let issue = self.one(number).ok_or_else(|| self.error(500, ""))?;
        let (since, before) = (self.moment("since")?, self.moment("before")?);
        let shown: Vec<Value> = (issue.comments.iter())
            .filter(|c| since.is_none_or(|t| c.created_at >= t))
            .filter(|c| before.is_none_or(|t| c.created_at <= t))
            .map(|c| view::comment(self.w, self.site, number, c))
            .collect();
        let total = shown.len();
        Ok(Reply::json(200, &Value::Array(shown)).header("X-Total-Count", total))
    }

    fn comment(&mut self, number: u64) -> Answer {
        self.refuse_archived()?;
        let map = self.object()?;
        let body = self.text(&map, "body")?.unwrap_or_default();
        if body.is_empty() {
            return Err(self.error(422, "[Body]: Required"));
        }
        let issue = self.one(number).ok_or_else(|| self.error(500, ""))?;
        if issue.locked && !self.writer() {
            return Err(Reply::html(403, "403 Forbidden"));
        }
        let me = self.me();
        self.w.add_comment(number, &me, body);
        let last = self.one(number).and_then(|i| i.comments.last().cloned());
        let shown = last.map_or(Value::Null, |c| {
            view::comment(self.w, self.site, number, &c)
        });
        Ok(Reply::json(201, &shown))
    }

    fn edit_comment(&mut self, id: u64) -> Answer {
        let map = self.object()?;
        let body = self.text(&map, "body")?.unwrap_or_default();
        if body.is_empty() {
            return Err(self.error(422, "[Body]: Required"));
        }
        let holds = |i: &&Issue| i.comments.iter().any(|c| c.id == id);
        let number = self.w.issues.iter().find(holds).map(|i| i.number);
        let number = number.ok_or_else(|| self.not_found())?;
        let (me, writer) = (self.me(), self.writer());
        let mut changed = None;
        self.w.change(number, |issue| {
            let mut comments = issue.comments.iter_mut();
            if let Some(comment) = comments.find(|c| c.id == id && (writer || c.author == me)) {
                comment.body = body;
                changed = Some(comment.clone());
            }
        });
        let comment = changed.ok_or_else(|| Reply::empty(403))?;
        Ok(Reply::json(
            200,
            &view::comment(self.w, self.site, number, &comment),
        ))
    }
}

/// What answers where there is no route.
pub(super) fn unrouted() -> Reply {
    Reply::text(404, "404 page not found\n")
}

/// A number in a path; what is none is an issue that never exists.
pub(super) fn index(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// Words as a search index sees them.
pub(super) fn tokens(text: &str) -> Vec<String> {
    text.to_lowercase()
        .split(|c: char| !c.is_alphanumeric())
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}
