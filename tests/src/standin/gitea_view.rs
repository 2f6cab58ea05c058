//! Gitea and Forgejo: how things look in an answer. Nothing is decided here.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::model::{Comment, Issue, Label, World};
use super::{Flavour, Site};

/// Whole seconds; Forgejo in UTC, the old Gitea in its server's zone.
pub(super) fn time(flavour: Flavour, at: DateTime<Utc>) -> String {
    let zone = FixedOffset::east_opt(3600).filter(|_| flavour == Flavour::Gitea);
    match zone {
        Some(zone) => at
            .with_timezone(&zone)
            .to_rfc3339_opts(SecondsFormat::Secs, true),
        None => at.to_rfc3339_opts(SecondsFormat::Secs, true),
    }
}

pub(super) fn repo_path(w: &World) -> String {
    format!("{}/{}", w.repo.owner, w.repo.name)
}

pub(super) fn user(w: &mut World, site: &Site, login: &str) -> Value {
    let id = w.user_id(login);
    let root = &site.root;
    json!({
        "id": id, "login": login, "username": login, "login_name": "", "full_name": "",
        "email": format!("{login}@noreply.localhost"),
        "avatar_url": format!("{root}/avatars/{id}"), "html_url": format!("{root}/{login}"),
        "language": "", "is_admin": false, "last_login": "0001-01-01T00:00:00Z",
        "created": "2024-01-01T00:00:00Z", "restricted": false, "active": false,
        "prohibit_login": false, "location": "", "website": "", "description": "",
        "visibility": "public", "followers_count": 0, "following_count": 0,
        "starred_repos_count": 0,
    })
}

pub(super) fn label(w: &World, site: &Site, label: &Label) -> Value {
    let url = format!(
        "{}/api/v1/repos/{}/labels/{}",
        site.root,
        repo_path(w),
        label.id
    );
    json!({
        "id": label.id, "name": label.name, "color": label.color, "description": "",
        "exclusive": false, "is_archived": false, "url": url,
    })
}

pub(super) fn labels(w: &World, site: &Site, issue: &Issue) -> Vec<Value> {
    let find = |id: &u64| w.labels.iter().find(|l| l.id == *id);
    (issue.labels.iter().filter_map(find))
        .map(|l| label(w, site, l))
        .collect()
}

pub(super) fn issue(w: &mut World, site: &Site, issue: &Issue) -> Value {
    let flavour = w.flavour;
    let stamp = |at| time(flavour, at);
    let (root, path, n) = (&site.root, repo_path(w), issue.number);
    let kind = if issue.pull_request {
        "pulls"
    } else {
        "issues"
    };
    let pull_request = issue
        .pull_request
        .then(|| json!({"merged": false, "merged_at": null, "draft": false}));
    let author = user(w, site, &issue.author);
    json!({
        "id": issue.id, "number": n,
        "url": format!("{root}/api/v1/repos/{path}/issues/{n}"),
        "html_url": format!("{root}/{path}/{kind}/{n}"),
        "user": author, "original_author": "", "original_author_id": 0,
        "title": issue.title, "body": issue.body.clone().unwrap_or_default(), "ref": "",
        "assets": [], "labels": labels(w, site, issue), "milestone": null,
        "assignee": null, "assignees": null,
        "state": if issue.open { "open" } else { "closed" },
        "is_locked": issue.locked, "comments": issue.comments.len(),
        "created_at": stamp(issue.created_at), "updated_at": stamp(issue.updated_at),
        "closed_at": issue.closed_at.map(stamp), "due_date": null,
        "pull_request": pull_request,
        "repository": {"id": w.repo.id, "name": w.repo.name, "owner": w.repo.owner, "full_name": path},
        "pin_order": 0,
    })
}

pub(super) fn comment(w: &mut World, site: &Site, number: u64, comment: &Comment) -> Value {
    let address = format!("{}/{}/issues/{number}", site.root, repo_path(w));
    let at = time(w.flavour, comment.created_at);
    json!({
        "id": comment.id, "html_url": format!("{address}#issuecomment-{}", comment.id),
        "pull_request_url": "", "issue_url": address,
        "user": user(w, site, &comment.author), "original_author": "", "original_author_id": 0,
        "body": comment.body, "assets": [], "created_at": at, "updated_at": at,
    })
}

pub(super) fn repo(w: &mut World, site: &Site) -> Value {
    let (path, root) = (repo_path(w), &site.root);
    let (owner, writer) = (
        w.repo.owner.clone(),
        w.account.access == super::Access::Writer,
    );
    let mut found = json!({
        "id": w.repo.id, "owner": user(w, site, &owner), "name": w.repo.name, "full_name": path,
        "description": "", "empty": true, "private": w.repo.private, "fork": false,
        "template": false, "parent": null, "mirror": false, "size": 22,
        "url": format!("{root}/api/v1/repos/{path}"), "html_url": format!("{root}/{path}"),
        "archived": w.repo.archived, "open_issues_count": w.open_issues().len(),
        "default_branch": "main", "has_issues": w.repo.issues_enabled,
        "has_pull_requests": true, "has_wiki": true,
        "permissions": {"admin": false, "push": writer, "pull": true},
        "created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z",
    });
    if w.repo.issues_enabled
        && let Some(fields) = found.as_object_mut()
    {
        fields.insert(
            "internal_tracker".to_owned(),
            json!({"enable_time_tracker": true, "allow_only_contributors_to_track_time": true,
                   "enable_issue_dependencies": true}),
        );
    }
    found
}
