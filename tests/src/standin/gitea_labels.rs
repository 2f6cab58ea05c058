//! Forgejo and Gitea: labels, and the filter by label that is not to be trusted.

use serde_json::{Map, Value};

use super::gitea::{Answer, Call, index, unrouted};
use super::message::{Reply, Request};
use super::model::World;
use super::{Flavour, gitea_view as view};

/// Ids that an issue must have to be listed. A name that nobody knows, or that
/// only the organisation knows, is left out without a word; a name that exists
/// twice demands both.
pub(super) fn filter(w: &World, req: &Request) -> Vec<u64> {
    let asked = req.param("labels").unwrap_or_default();
    let names: Vec<&str> = asked.split(',').collect();
    let wanted = |name: &String| names.contains(&name.as_str());
    (w.labels.iter())
        .filter(|l| !l.organisation && wanted(&l.name))
        .map(|l| l.id)
        .collect()
}

/// The `labels` field as ids that exist; the others are dropped. Names are
/// refused, or looked up where `names` says that they are taken.
pub(super) fn ids(
    call: &Call<'_>,
    map: &Map<String, Value>,
    names: bool,
) -> Result<Vec<u64>, Reply> {
    let given = match map.get("labels") {
        None | Some(Value::Null) => return Ok(Vec::new()),
        Some(Value::Array(given)) => given,
        Some(_) => return Err(refused(call, "value")),
    };
    let mut found = Vec::new();
    for item in given {
        let label = match item {
            Value::Number(id) => call.w.labels.iter().find(|l| Some(l.id) == id.as_u64()),
            Value::String(name) if names => {
                let fits = |name: &str| call.w.labels.iter().find(|l| l.name == name);
                fits(name)
            }
            Value::String(_) => return Err(refused(call, "string")),
            _ => return Err(refused(call, "value")),
        };
        found.extend(label.map(|l| l.id).filter(|id| !found.contains(id)));
    }
    Ok(found)
}

fn refused(call: &Call<'_>, what: &str) -> Reply {
    let field = "CreateIssueOption.labels of type int64";
    let message = format!("json: cannot unmarshal {what} into Go struct field {field}");
    call.error(422, &message)
}

/// `/labels` of the repository.
pub(super) fn of_repo(call: &mut Call<'_>, method: &str, rest: &[&str]) -> Answer {
    match (method, rest) {
        ("GET", []) => {
            let labels = (call.w.labels.iter()).filter(|l| !l.organisation);
            let labels: Vec<_> = labels.cloned().collect();
            let path = view::repo_path(call.w);
            let address = format!("{}/api/v1/repos/{path}/labels", call.site.root);
            Ok(call.paged(labels, &address, |w, site, l| view::label(w, site, l)))
        }
        ("POST", []) => create(call),
        ("GET" | "PATCH", [id]) => one(call, method, index(id)),
        (_, [] | [_]) => Err(Reply::empty(405)),
        _ => Err(unrouted()),
    }
}

fn create(call: &mut Call<'_>) -> Answer {
    if !call.writer() {
        return Err(Reply::html(403, "403 Forbidden"));
    }
    let map = call.object()?;
    let name = call.text(&map, "name")?.unwrap_or_default();
    let color = call.text(&map, "color")?.unwrap_or_default();
    if name.is_empty() {
        return Err(call.error(422, "[Name]: Required"));
    }
    if color.is_empty() {
        return Err(call.error(422, "[Color]: Required"));
    }
    let bare = color.trim_start_matches('#').to_lowercase();
    if bare.len() != 6 || !bare.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(call.error(422, &format!("bad color code: {color}")));
    }
    let id = call.w.new_label(&name, &bare, false);
    shown(call, 201, id)
}

fn one(call: &mut Call<'_>, method: &str, id: u64) -> Answer {
    if method == "PATCH" {
        let map = call.object()?;
        let name = call.text(&map, "name")?;
        if !call.writer() {
            return Err(Reply::empty(403));
        }
        let label = call.w.labels.iter_mut().find(|l| l.id == id);
        if let (Some(label), Some(name)) = (label, name) {
            label.name = name;
        }
    }
    shown(call, 200, id)
}

fn shown(call: &Call<'_>, status: u16, id: u64) -> Answer {
    let label = call.w.labels.iter().find(|l| l.id == id);
    match label {
        Some(label) => Ok(Reply::json(status, &view::label(call.w, call.site, label))),
        None => Err(call.error(404, "label does not exist")),
    }
}

/// `/orgs/{org}/labels`.
pub(super) fn of_organisation(call: &mut Call<'_>, org: &str) -> Answer {
    if !org.eq_ignore_ascii_case(&call.w.repo.owner) {
        return Err(call.error(404, "The target couldn't be found."));
    }
    let labels = (call.w.labels.iter()).filter(|l| l.organisation);
    let labels: Vec<_> = labels.cloned().collect();
    let address = format!("{}/api/v1/orgs/{org}/labels", call.site.root);
    Ok(call.paged(labels, &address, |w, site, l| view::label(w, site, l)))
}

/// `/issues/{n}/labels`. Forgejo takes names here, the old Gitea only ids.
pub(super) fn of_issue(call: &mut Call<'_>, method: &str, number: u64, rest: &[&str]) -> Answer {
    if method != "GET" && !call.writer() {
        return Err(Reply::empty(403));
    }
    let names = call.w.flavour == Flavour::Forgejo;
    match (method, rest) {
        ("GET", []) => {}
        ("POST" | "PUT", []) => {
            let map = call.object()?;
            let given = ids(call, &map, names)?;
            call.w.change(number, |issue| {
                if method == "PUT" {
                    issue.labels.clear();
                }
                for id in given {
                    if !issue.labels.contains(&id) {
                        issue.labels.push(id);
                    }
                }
            });
        }
        ("DELETE", []) => {
            call.w.change(number, |issue| issue.labels.clear());
            return Ok(Reply::empty(204));
        }
        ("DELETE", [id]) => {
            let id = index(id);
            if !call.w.labels.iter().any(|l| l.id == id) {
                return Err(call.error(422, "label does not exist"));
            }
            call.w
                .change(number, |issue| issue.labels.retain(|l| *l != id));
            return Ok(Reply::empty(204));
        }
        (_, [] | [_]) => return Err(Reply::empty(405)),
        _ => return Err(unrouted()),
    }
    let issue = call.w.issue(number).cloned();
    let labels = issue.map(|i| view::labels(call.w, call.site, &i));
    Ok(Reply::json(200, &Value::Array(labels.unwrap_or_default())))
}
