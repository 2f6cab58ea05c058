//! GitHub: how things look in an answer. Nothing is decided here.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::model::{Access, Comment, Issue, Label, World};

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

pub(super) fn repo_path(w: &World) -> String {
    format!("{}/{}", w.repo.owner, w.repo.name)
}

pub(super) fn user(w: &mut World, api: &str, web: &str, login: &str) -> Value {
    let id = w.user_id(login);
    json!({
        "login": login, "id": id, "node_id": format!("U_{id}"), "avatar_url": "",
        "gravatar_id": "", "url": format!("{api}/users/{login}"),
        "html_url": format!("{web}/{login}"), "type": "User", "site_admin": false,
    })
}

pub(super) fn label(w: &World, api: &str, label: &Label) -> Value {
    json!({
        "id": label.id, "node_id": format!("LA_{}", label.id),
        "url": format!("{api}/repos/{}/labels/{}", repo_path(w), super::message::encode(&label.name)),
        "name": label.name, "color": label.color, "default": false, "description": null,
    })
}

pub(super) fn labels(w: &World, api: &str, issue: &Issue) -> Vec<Value> {
    let find = |id: &u64| w.labels.iter().find(|l| l.id == *id);
    (issue.labels.iter().filter_map(find))
        .map(|l| label(w, api, l))
        .collect()
}

pub(super) fn issue(w: &mut World, api: &str, web: &str, issue: &Issue) -> Value {
    let (path, n) = (repo_path(w), issue.number);
    let url = format!("{api}/repos/{path}/issues/{n}");
    let kind = if issue.pull_request { "pull" } else { "issues" };
    let html = format!("{web}/{path}/{kind}/{n}");
    let closed_by = issue.closed_by.as_deref().map(|by| user(w, api, web, by));
    let mut shown = json!({
        "id": issue.id, "node_id": format!("I_{}", issue.id), "number": n,
        "url": url, "html_url": html, "comments_url": format!("{url}/comments"),
        "repository_url": format!("{api}/repos/{path}"),
        "title": issue.title, "body": issue.body, "user": user(w, api, web, &issue.author),
        "labels": labels(w, api, issue),
        "state": if issue.open { "open" } else { "closed" },
        "state_reason": issue.state_reason, "locked": issue.locked, "active_lock_reason": null,
        "assignee": null, "assignees": [], "milestone": null, "comments": issue.comments.len(),
        "created_at": time(issue.created_at), "updated_at": time(issue.updated_at),
        "closed_at": issue.closed_at.map(time), "closed_by": closed_by,
        "author_association": "MEMBER", "performed_via_github_app": null,
    });
    if issue.pull_request
        && let Some(fields) = shown.as_object_mut()
    {
        let pull = json!({"url": format!("{api}/repos/{path}/pulls/{n}"), "html_url": html,
                          "diff_url": format!("{html}.diff"), "merged_at": null});
        fields.insert("pull_request".to_owned(), pull);
    }
    shown
}

pub(super) fn comment(w: &mut World, api: &str, web: &str, number: u64, it: &Comment) -> Value {
    let path = repo_path(w);
    json!({
        "id": it.id, "node_id": format!("IC_{}", it.id),
        "url": format!("{api}/repos/{path}/issues/comments/{}", it.id),
        "html_url": format!("{web}/{path}/issues/{number}#issuecomment-{}", it.id),
        "issue_url": format!("{api}/repos/{path}/issues/{number}"),
        "user": user(w, api, web, &it.author), "body": it.body,
        "created_at": time(it.created_at), "updated_at": time(it.created_at),
        "author_association": "MEMBER", "performed_via_github_app": null,
    })
}

pub(super) fn repo(w: &mut World, api: &str, web: &str) -> Value {
    let (path, owner) = (repo_path(w), w.repo.owner.clone());
    json!({
        "id": w.repo.id, "node_id": format!("R_{}", w.repo.id), "name": w.repo.name,
        "full_name": path, "private": w.repo.private, "owner": user(w, api, web, &owner),
        "html_url": format!("{web}/{path}"), "description": null, "fork": false,
        "url": format!("{api}/repos/{path}"), "has_issues": w.repo.issues_enabled,
        "has_projects": true, "has_wiki": true, "archived": w.repo.archived, "disabled": false,
        "open_issues_count": w.issues.iter().filter(|i| i.open).count(),
        "default_branch": "main", "visibility": if w.repo.private { "private" } else { "public" },
        "permissions": {"admin": false, "push": w.account.access == Access::Writer, "pull": true},
    })
}
