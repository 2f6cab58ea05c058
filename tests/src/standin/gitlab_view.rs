//! GitLab: how things look in an answer. Nothing is decided here.

use chrono::{DateTime, SecondsFormat, Utc};
use serde_json::{Value, json};

use super::Site;
use super::model::{Access, Comment, Issue, Label, World};

pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

pub(super) fn project_path(w: &World) -> String {
    format!("{}/{}", w.repo.owner, w.repo.name)
}

pub(super) fn user(w: &mut World, site: &Site, login: &str) -> Value {
    json!({
        "id": w.user_id(login), "username": login, "name": login, "state": "active",
        "locked": false, "avatar_url": null, "web_url": format!("{}/{login}", site.root),
    })
}

pub(super) fn label(label: &Label) -> Value {
    json!({
        "id": label.id, "name": label.name, "color": format!("#{}", label.color),
        "text_color": "#FFFFFF", "description": null, "description_html": "",
        "subscribed": false, "priority": null, "is_project_label": !label.organisation,
    })
}

pub(super) fn issue(w: &mut World, site: &Site, issue: &Issue) -> Value {
    let (path, iid, project) = (project_path(w), issue.number, w.repo.id);
    let api = format!("{}/api/v4/projects/{project}", site.root);
    let notes = issue.comments.iter().filter(|c| !c.system).count();
    let closed_by = issue.closed_by.as_deref().map(|by| user(w, site, by));
    json!({
        "id": issue.id, "iid": iid, "project_id": project,
        "title": issue.title, "description": issue.body,
        "state": if issue.open { "opened" } else { "closed" },
        "created_at": time(issue.created_at), "updated_at": time(issue.updated_at),
        "closed_at": issue.closed_at.map(time), "closed_by": closed_by,
        "labels": w.label_names(issue), "milestone": null, "assignees": [], "assignee": null,
        "author": user(w, site, &issue.author), "type": "ISSUE", "issue_type": "issue",
        "user_notes_count": notes, "merge_requests_count": 0, "upvotes": 0, "downvotes": 0,
        "due_date": null, "confidential": false,
        "discussion_locked": issue.locked.then_some(true),
        "web_url": format!("{}/{path}/-/issues/{iid}", site.root),
        "time_stats": {"time_estimate": 0, "total_time_spent": 0,
                       "human_time_estimate": null, "human_total_time_spent": null},
        "task_completion_status": {"count": 0, "completed_count": 0},
        "has_tasks": false, "severity": "UNKNOWN", "moved_to_id": null,
        "references": {"short": format!("#{iid}"), "relative": format!("#{iid}"),
                       "full": format!("{path}#{iid}")},
        "_links": {"self": format!("{api}/issues/{iid}"),
                   "notes": format!("{api}/issues/{iid}/notes"), "project": api},
    })
}

pub(super) fn note(w: &mut World, site: &Site, issue: &Issue, note: &Comment) -> Value {
    json!({
        "id": note.id, "type": null, "body": note.body, "attachment": null,
        "author": user(w, site, &note.author), "created_at": time(note.created_at),
        "updated_at": time(note.created_at), "system": note.system,
        "noteable_id": issue.id, "noteable_type": "Issue", "noteable_iid": issue.number,
        "project_id": w.repo.id, "resolvable": false, "confidential": false, "internal": false,
    })
}

pub(super) fn project(w: &World, site: &Site) -> Value {
    let path = project_path(w);
    let level = if w.account.access == Access::Writer {
        30
    } else {
        10
    };
    json!({
        "id": w.repo.id, "description": null, "name": w.repo.name, "path": w.repo.name,
        "name_with_namespace": format!("{} / {}", w.repo.owner, w.repo.name),
        "path_with_namespace": path, "default_branch": "main",
        "web_url": format!("{}/{path}", site.root), "archived": w.repo.archived,
        "visibility": if w.repo.private { "private" } else { "public" },
        "issues_enabled": w.repo.issues_enabled,
        "issues_access_level": if w.repo.issues_enabled { "enabled" } else { "disabled" },
        "open_issues_count": w.open_issues().len(),
        "permissions": {"project_access": {"access_level": level, "notification_level": 3},
                        "group_access": null},
    })
}
