//! GitLab's REST interface, version 4, as far as issues go.

use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};

use super::gitea::tokens;
use super::message::{Reply, Request, pairs};
use super::model::{Access, Issue, Scope, World};
use super::paging::Page;
use super::{Site, gitlab_view as view};

type Answer = Result<Reply, Reply>;

/// Most characters in a title.
const TITLE_LIMIT: usize = 255;
/// Most characters in a description or note.
const TEXT_LIMIT: usize = 1_048_576;

struct Call<'a> {
    w: &'a mut World,
    site: &'a Site,
    req: &'a Request,
    known: bool,
}

pub(super) fn answer(w: &mut World, site: &Site, req: &Request, parts: &[&str]) -> Reply {
    let ["api", "v4", rest @ ..] = parts else {
        return Reply::html(
            404,
            "The page could not be found or you don't have permission to view it.",
        );
    };
    let bearer = req
        .header("authorization")
        .and_then(|v| v.strip_prefix("Bearer "));
    let token = (req.header("private-token").or(bearer).map(str::to_owned))
        .or_else(|| req.param("private_token"))
        .or_else(|| req.param("access_token"));
    let known = token.as_deref() == Some(w.account.token.as_str());
    if token.is_some() && !known {
        return message(401, "401 Unauthorized");
    }
    let mut call = Call {
        w,
        site,
        req,
        known,
    };
    call.route(rest).unwrap_or_else(|reply| reply)
}

fn message(status: u16, text: &str) -> Reply {
    Reply::json(status, &json!({"message": text}))
}

fn fault(status: u16, text: &str) -> Reply {
    Reply::json(status, &json!({"error": text}))
}

impl Call<'_> {
    fn route(&mut self, parts: &[&str]) -> Answer {
        if !self.known && !matches!(parts, ["projects", _, ..]) {
            return Err(message(401, "401 Unauthorized"));
        }
        match (self.req.method.as_str(), parts) {
            ("GET", ["version" | "metadata"]) => {
                let shown = json!({"version": "17.5.1-ee", "revision": "8dbf1a2b1a9"});
                Ok(Reply::json(200, &shown))
            }
            ("GET", ["user"]) => {
                self.need_scope(Scope::ReadUser)?;
                let me = self.w.account.login.clone();
                Ok(Reply::json(200, &view::user(self.w, self.site, &me)))
            }
            (method, ["projects", id, rest @ ..]) => {
                self.enter(id)?;
                self.project_route(method, rest)
            }
            _ => Err(fault(404, "404 Not Found")),
        }
    }

    /// Finds the project, by number or by its path with the slash encoded.
    fn enter(&self, id: &str) -> Result<(), Reply> {
        let repo = &self.w.repo;
        let lost = || message(404, "404 Project Not Found");
        let hidden = !self.known || self.w.account.access == Access::Stranger;
        if repo.private && hidden {
            return Err(lost());
        }
        let is = |owner: &str, name: &str| id.eq_ignore_ascii_case(&format!("{owner}/{name}"));
        if id == repo.id.to_string() || is(&repo.owner, &repo.name) {
            return Ok(());
        }
        if !repo.former.iter().any(|(o, n)| is(o, n)) {
            return Err(lost());
        }
        let target = self.req.target();
        let (_, tail) = target.split_once("/projects/").unwrap_or_default();
        let tail = tail
            .split_once('/')
            .map_or(String::new(), |(_, t)| format!("/{t}"));
        let to = format!("{}/api/v4/projects/{}{tail}", self.site.root, repo.id);
        let body = json!({"message": "This resource has been moved permanently", "location": to});
        Err(Reply::json(302, &body).header("Location", to))
    }

    fn project_route(&mut self, method: &str, rest: &[&str]) -> Answer {
        if !matches!(method, "GET" | "HEAD") {
            if !self.known {
                return Err(message(401, "401 Unauthorized"));
            }
            self.need_scope(Scope::WriteIssue)?;
            if self.w.repo.archived {
                return Err(message(403, "403 Forbidden"));
            }
        } else {
            self.need_scope(Scope::ReadIssue)?;
        }
        if rest.first() == Some(&"issues") && !self.w.repo.issues_enabled {
            return Err(message(403, "403 Forbidden"));
        }
        match (method, rest) {
            ("GET", []) => Ok(Reply::json(200, &view::project(self.w, self.site))),
            ("GET", ["issues"]) => self.list(),
            ("POST", ["issues"]) => self.create(),
            ("GET", ["issues", iid]) => {
                let issue = self.one(iid)?;
                Ok(Reply::json(200, &view::issue(self.w, self.site, &issue)))
            }
            ("PUT", ["issues", iid]) => self.edit(iid),
            ("GET", ["issues", iid, "notes"]) => self.notes(iid),
            ("POST", ["issues", iid, "notes"]) => self.note(iid),
            ("GET", ["labels"]) => {
                let labels = self.w.labels.clone();
                Ok(self.paged(labels, "labels", |_, l| view::label(l)))
            }
            ("POST", ["labels"]) => self.create_label(),
            (_, [] | ["issues" | "labels"] | ["issues", _] | ["issues", _, "notes"]) => {
                Err(fault(405, "405 Not Allowed"))
            }
            _ => Err(fault(404, "404 Not Found")),
        }
    }

    /// A token without `api` may read at most.
    fn need_scope(&self, scope: Scope) -> Result<(), Reply> {
        let has = |s| self.w.account.scopes.contains(&s);
        if !self.known || has(scope) || (scope == Scope::ReadIssue && has(Scope::WriteIssue)) {
            return Ok(());
        }
        let needs = if scope == Scope::WriteIssue {
            "api"
        } else {
            "api read_api"
        };
        let text = "The request requires higher privileges than provided by the access token.";
        let body =
            json!({"error": "insufficient_scope", "error_description": text, "scope": needs});
        Err(Reply::json(403, &body))
    }

    fn writer(&self) -> bool {
        self.w.account.access == Access::Writer
    }

    /// By `iid`. Merge requests have numbers of their own, so none is found.
    fn one(&self, iid: &str) -> Result<Issue, Reply> {
        let iid: u64 = (iid.parse()).map_err(|_| fault(400, "issue_iid is invalid"))?;
        let issue = self.w.issue(iid).filter(|i| !i.pull_request);
        issue
            .cloned()
            .ok_or_else(|| message(404, "404 Issue Not Found"))
    }

    /// Parameters from query and body; the body may be JSON or a form.
    fn params(&self) -> Result<Map<String, Value>, Reply> {
        let mut map = Map::new();
        let mut take = |list: Vec<(String, String)>| {
            for (name, value) in list {
                map.insert(name, Value::String(value));
            }
        };
        take(self.req.params());
        let kind = self.req.header("content-type").unwrap_or_default();
        if kind.contains("json") && !self.req.body.is_empty() {
            match serde_json::from_slice(&self.req.body) {
                Ok(Value::Object(sent)) => map.extend(sent),
                _ => return Err(fault(400, "Problems parsing JSON")),
            }
        } else if kind.contains("form-urlencoded") {
            take(pairs(&String::from_utf8_lossy(&self.req.body)));
        } else if !self.req.body.is_empty() && !kind.is_empty() {
            return Err(fault(415, "The provided content-type is not supported."));
        }
        Ok(map)
    }

    fn paged<T>(
        &mut self,
        items: Vec<T>,
        what: &str,
        show: impl Fn(&mut Self, &T) -> Value,
    ) -> Reply {
        let page = Page::of(self.req, "per_page", 20, 100);
        let total = items.len();
        let shown: Vec<Value> = page.cut(items).iter().map(|i| show(self, i)).collect();
        let next = page.next(total).map(|n| n.to_string()).unwrap_or_default();
        let before = match page.number {
            1 => String::new(),
            n => (n - 1).to_string(),
        };
        let address = format!(
            "{}/api/v4/projects/{}/{what}",
            self.site.root, self.w.repo.id
        );
        let reply = Reply::json(200, &Value::Array(shown))
            .header("X-Page", page.number)
            .header("X-Per-Page", page.size)
            .header("X-Next-Page", next)
            .header("X-Prev-Page", before)
            .header("X-Total", total)
            .header("X-Total-Pages", page.last(total));
        match page.links(&address, self.req, total) {
            Some(links) => reply.header("Link", links),
            None => reply,
        }
    }

    fn list(&mut self) -> Answer {
        let param = |name: &str| self.req.param(name).filter(|v| !v.is_empty());
        let one_of = |name: &str, allowed: &[&str]| match param(name) {
            Some(value) if !allowed.contains(&value.as_str()) => {
                Err(fault(400, &format!("{name} does not have a valid value")))
            }
            value => Ok(value),
        };
        let state = one_of("state", &["opened", "closed", "all"])?;
        let scopes = [
            "created-by-me",
            "assigned-to-me",
            "created_by_me",
            "assigned_to_me",
            "all",
        ];
        let mine = one_of("scope", &scopes)?.is_some_and(|s| s.starts_with("created"));
        let moment = |name: &str| match param(name).map(|v| DateTime::parse_from_rfc3339(&v)) {
            None => Ok(None),
            Some(Ok(at)) => Ok(Some(at.to_utc())),
            Some(Err(_)) => Err(fault(400, &format!("{name} is invalid"))),
        };
        let after: Option<DateTime<Utc>> = moment("updated_after")?;
        let before: Option<DateTime<Utc>> = moment("updated_before")?;
        let author = param("author_username");
        let labels = param("labels").unwrap_or_default();
        let labels: Vec<&str> = labels.split(',').filter(|l| !l.is_empty()).collect();
        let words = param("search").map(|s| tokens(&s)).unwrap_or_default();
        let mut found = self.w.issues.clone();
        let me = self.w.account.login.as_str();
        found.retain(|issue| {
            let has = self.w.label_names(issue);
            let text = format!("{} {}", issue.title, issue.body.clone().unwrap_or_default());
            let known = tokens(&text);
            !issue.pull_request
                && match state.as_deref() {
                    Some("opened") => issue.open,
                    Some("closed") => !issue.open,
                    _ => true,
                }
                && (!mine || issue.author == me)
                && (author.as_deref()).is_none_or(|a| a.eq_ignore_ascii_case(&issue.author))
                && after.is_none_or(|t| issue.updated_at >= t)
                && before.is_none_or(|t| issue.updated_at <= t)
                && labels.iter().all(|l| has.iter().any(|h| h == l))
                && words.iter().all(|w| known.contains(w))
        });
        let by_update = param("order_by").as_deref() == Some("updated_at");
        found.sort_by_key(|i| {
            let at = if by_update {
                i.updated_at
            } else {
                i.created_at
            };
            (at, i.number)
        });
        if param("sort").as_deref() != Some("asc") {
            found.reverse();
        }
        Ok(self.paged(found, "issues", |c, i| view::issue(c.w, c.site, i)))
    }

    /// Label ids for a list of names, written `"a,b"` or as an array. Labels
    /// that do not exist are made.
    fn label_ids(&mut self, value: Option<&Value>) -> Result<Option<Vec<u64>>, Reply> {
        let names: Vec<String> = match value {
            None | Some(Value::Null) => return Ok(None),
            Some(Value::String(list)) => list.split(',').map(|n| n.trim().to_owned()).collect(),
            Some(Value::Array(list)) => (list.iter().filter_map(Value::as_str))
                .flat_map(|n| n.split(',').map(|n| n.trim().to_owned()))
                .collect(),
            Some(_) => return Err(fault(400, "labels is invalid")),
        };
        let mut ids = Vec::new();
        for name in names.iter().filter(|n| !n.is_empty()) {
            let known = self.w.labels.iter().find(|l| l.name == *name).map(|l| l.id);
            ids.push(known.unwrap_or_else(|| self.w.new_label(name, "6699cc", false)));
        }
        Ok(Some(ids))
    }

    fn create(&mut self) -> Answer {
        let map = self.params()?;
        let title = text(&map, "title")?.ok_or_else(|| fault(400, "title is missing"))?;
        check_title(&title)?;
        let body = text(&map, "description")?;
        check_text(body.as_deref(), "description")?;
        let labels = match self.writer() {
            true => self.label_ids(map.get("labels"))?.unwrap_or_default(),
            false => Vec::new(),
        };
        let me = self.w.account.login.clone();
        let number = self.w.create(&me, &title, body, labels, false);
        let issue = self.one(&number.to_string())?;
        Ok(Reply::json(201, &view::issue(self.w, self.site, &issue)))
    }

    fn edit(&mut self, iid: &str) -> Answer {
        let issue = self.one(iid)?;
        let map = self.params()?;
        let me = self.w.account.login.clone();
        if !self.writer() && issue.author != me {
            return Err(message(403, "403 Forbidden"));
        }
        let known = [
            "title",
            "description",
            "state_event",
            "labels",
            "add_labels",
            "remove_labels",
            "discussion_locked",
            "confidential",
            "due_date",
            "assignee_ids",
        ];
        if !map.keys().any(|k| known.contains(&k.as_str())) {
            let text = format!(
                "{} are missing, at least one parameter must be provided",
                known.join(", ")
            );
            return Err(fault(400, &text));
        }
        let open = match text(&map, "state_event")?.as_deref() {
            None => None,
            Some("close") => Some(false),
            Some("reopen") => Some(true),
            Some(_) => return Err(fault(400, "state_event does not have a valid value")),
        };
        let (title, body) = (text(&map, "title")?, text(&map, "description")?);
        title.as_deref().map_or(Ok(()), check_title)?;
        check_text(body.as_deref(), "description")?;
        let replaced = self.label_ids(map.get("labels"))?;
        let added = self.label_ids(map.get("add_labels"))?.unwrap_or_default();
        let removed = self
            .label_ids(map.get("remove_labels"))?
            .unwrap_or_default();
        let n = issue.number;
        if let Some(title) = title {
            self.w.set_title(n, &me, &title);
        }
        if let Some(body) = body {
            self.w.set_body(n, &me, body);
        }
        self.w.change(n, |i| {
            i.labels = replaced.unwrap_or_else(|| i.labels.clone());
            i.labels
                .retain(|id| !removed.contains(id) && !added.contains(id));
            i.labels.extend(added);
        });
        if let Some(open) = open {
            self.w.set_state(n, open, &me, None);
        }
        let issue = self.one(iid)?;
        Ok(Reply::json(200, &view::issue(self.w, self.site, &issue)))
    }

    /// Newest first unless asked otherwise, the forge's own notes included.
    fn notes(&mut self, iid: &str) -> Answer {
        let issue = self.one(iid)?;
        let mut notes = issue.comments.clone();
        notes.sort_by_key(|c| (c.created_at, c.id));
        if self.req.param("sort").as_deref() != Some("asc") {
            notes.reverse();
        }
        let what = format!("issues/{}/notes", issue.number);
        Ok(self.paged(notes, &what, |c, n| view::note(c.w, c.site, &issue, n)))
    }

    fn note(&mut self, iid: &str) -> Answer {
        let issue = self.one(iid)?;
        let map = self.params()?;
        let body = text(&map, "body")?.ok_or_else(|| fault(400, "body is missing"))?;
        if body.trim().is_empty() {
            return Err(message(
                400,
                "400 Bad request - Note {:note=>[\"can't be blank\"]}",
            ));
        }
        check_text(Some(&body), "note")?;
        if issue.locked && !self.writer() {
            return Err(message(403, "403 Forbidden"));
        }
        let me = self.w.account.login.clone();
        let Some(id) = self.w.add_comment(issue.number, &me, body) else {
            let body = json!({"commands_changes": {}, "summary": ["Applied the commands."]});
            return Ok(Reply::json(202, &body));
        };
        let issue = self.one(iid)?;
        let note = issue.comments.iter().find(|c| c.id == id);
        let shown = note.map(|n| view::note(self.w, self.site, &issue, n));
        Ok(Reply::json(201, &shown.unwrap_or(Value::Null)))
    }

    fn create_label(&mut self) -> Answer {
        let map = self.params()?;
        let name = text(&map, "name")?.ok_or_else(|| fault(400, "name is missing"))?;
        let color = text(&map, "color")?.ok_or_else(|| fault(400, "color is missing"))?;
        if !self.writer() {
            return Err(message(403, "403 Forbidden"));
        }
        let bare = color.trim_start_matches('#').to_lowercase();
        if bare.len() != 6 || !bare.bytes().all(|b| b.is_ascii_hexdigit()) {
            let text = json!({"message": {"color": ["must be a valid color code"]}});
            return Err(Reply::json(400, &text));
        }
        if self.w.labels.iter().any(|l| l.name == name) {
            return Err(message(409, "Label already exists"));
        }
        let id = self.w.new_label(&name, &bare, false);
        let label = self.w.labels.iter().find(|l| l.id == id);
        Ok(Reply::json(201, &label.map_or(Value::Null, view::label)))
    }
}

fn check_title(title: &str) -> Result<(), Reply> {
    let why = if title.trim().is_empty() {
        "can't be blank"
    } else if title.chars().count() > TITLE_LIMIT {
        "is too long (maximum is 255 characters)"
    } else {
        return Ok(());
    };
    Err(Reply::json(400, &json!({"message": {"title": [why]}})))
}

fn check_text(text: Option<&str>, name: &str) -> Result<(), Reply> {
    if text.is_none_or(|t| t.chars().count() <= TEXT_LIMIT) {
        return Ok(());
    }
    let why = format!("is too long ({TEXT_LIMIT} characters at most)");
    Err(Reply::json(400, &json!({"message": {name: [why]}})))
}

/// A text parameter; numbers and truth values are taken as text, as Grape does.
fn text(map: &Map<String, Value>, name: &str) -> Result<Option<String>, Reply> {
    match map.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(Value::Number(n)) => Ok(Some(n.to_string())),
        Some(Value::Bool(b)) => Ok(Some(b.to_string())),
        Some(_) => Err(fault(400, &format!("{name} is invalid"))),
    }
}
