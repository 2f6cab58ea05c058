//! Requests held against the OpenAPI descriptions, where those are at hand.

use house_tests::contracts::{available, check, troubles};
use house_tests::standin::{Flavour, Request};
use serde_json::{Value, json};

use super::Rig;

fn request(method: &str, target: &str, body: &Value) -> Request {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Request {
        method: method.to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers: vec![("content-type".to_owned(), "application/json".to_owned())],
        body: match body {
            Value::Null => Vec::new(),
            body => body.to_string().into_bytes(),
        },
        last: false,
    }
}

/// False, and said aloud, where there is nothing to hold against.
fn at_hand() -> bool {
    if !available() {
        eprintln!("left out: no OpenAPI descriptions at hand (HEARTBEAT_CONTRACTS)");
    }
    available()
}

#[test]
fn shapes_that_fit() {
    if !at_hand() {
        return;
    }
    use Flavour::{Forgejo, GitHub, GitLab};
    let gitea = "/api/v1/repos/ops/watch";
    let issue = json!({"title": "t", "body": "b"});
    let gitlab = "/api/v4/projects/ops%2Fwatch";
    let fine = [
        (
            Forgejo,
            "GET",
            format!("{gitea}/issues?state=open&type=issues&created_by=x&page=1&limit=50"),
            Value::Null,
        ),
        (Forgejo, "GET", format!("/git{gitea}"), Value::Null),
        (
            Forgejo,
            "POST",
            format!("{gitea}/issues"),
            json!({"title": "t", "labels": [1, 2]}),
        ),
        (
            Forgejo,
            "PATCH",
            format!("{gitea}/issues/1"),
            json!({"state": "closed"}),
        ),
        (
            Forgejo,
            "POST",
            format!("{gitea}/issues/1/comments"),
            json!({"body": "b"}),
        ),
        (
            Forgejo,
            "POST",
            format!("{gitea}/labels"),
            json!({"name": "a", "color": "#cc0000"}),
        ),
        (
            GitHub,
            "POST",
            "/repos/ops/watch/issues".to_owned(),
            json!({"title": "t", "labels": ["a"]}),
        ),
        (
            GitHub,
            "POST",
            "/api/v3/repos/ops/watch/issues".to_owned(),
            issue,
        ),
        (
            GitHub,
            "PATCH",
            "/repos/ops/watch/issues/1".to_owned(),
            json!({"state": "open", "state_reason": "reopened", "body": null}),
        ),
        (
            GitHub,
            "GET",
            "/repos/ops/watch/issues?since=2026-11-22T12:00:00Z&creator=x&per_page=100".to_owned(),
            Value::Null,
        ),
        (
            GitLab,
            "POST",
            format!("{gitlab}/issues"),
            json!({"title": "t", "labels": "a,b"}),
        ),
        (
            GitLab,
            "POST",
            format!("{gitlab}/issues"),
            json!({"title": "t", "labels": ["a"]}),
        ),
        (
            GitLab,
            "PUT",
            format!("{gitlab}/issues/1"),
            json!({"state_event": "close"}),
        ),
        (
            GitLab,
            "POST",
            format!("{gitlab}/issues/1/notes"),
            json!({"body": "b"}),
        ),
        (
            GitLab,
            "GET",
            format!("{gitlab}/issues?state=opened&scope=all&updated_after=2026-11-22T12:00:00Z"),
            Value::Null,
        ),
        (GitLab, "GET", "/api/v4/user".to_owned(), Value::Null),
    ];
    for (flavour, method, target, body) in fine {
        assert_eq!(check(flavour, &request(method, &target, &body)), Ok(()));
    }
}

#[test]
fn shapes_that_do_not_fit() {
    if !at_hand() {
        return;
    }
    use Flavour::{Forgejo, GitHub, GitLab};
    let gitea = "/api/v1/repos/o/r/issues";
    let gitlab = "/api/v4/projects/1/issues";
    let wrong = [
        (
            Forgejo,
            "GET",
            "/api/v1/nothing",
            json!(null),
            "no such path is described",
        ),
        (Forgejo, "DELETE", gitea, json!(null), "has no such method"),
        (
            Forgejo,
            "GET",
            "/api/v1/repos/o/r/issues/x",
            json!(null),
            "{index} in the path is no whole number",
        ),
        (
            Forgejo,
            "GET",
            "/api/v1/repos/o/r/issues?per_page=5",
            json!(null),
            "the query parameter \"per_page\" is unknown",
        ),
        (
            Forgejo,
            "GET",
            "/api/v1/repos/o/r/issues?page=x",
            json!(null),
            "the query parameter \"page\" is no whole number",
        ),
        (
            Forgejo,
            "GET",
            "/api/v1/repos/o/r/issues?state=opened",
            json!(null),
            "is \"opened\", which is not one of the allowed values",
        ),
        (
            Forgejo,
            "GET",
            "/api/v1/repos/o/r/issues?since=now",
            json!(null),
            "no RFC 3339 time",
        ),
        (
            Forgejo,
            "POST",
            gitea,
            json!({"body": "b"}),
            "body.title is missing",
        ),
        (
            Forgejo,
            "POST",
            gitea,
            json!({"title": "t", "labels": ["a"]}),
            "body.labels[0] is \"a\", not of type integer",
        ),
        (
            Forgejo,
            "POST",
            gitea,
            json!({"title": "t", "descripton": "b"}),
            "body.descripton is unknown",
        ),
        (
            Forgejo,
            "PATCH",
            "/api/v1/repos/o/r/issues/1",
            json!({"labels": [1]}),
            "body.labels is unknown",
        ),
        (
            Forgejo,
            "POST",
            gitea,
            json!({"title": null}),
            "body.title may not be null",
        ),
        (
            Forgejo,
            "GET",
            gitea,
            json!({}),
            "has a body, and none is described",
        ),
        (
            GitHub,
            "POST",
            "/repos/o/r/issues",
            json!(null),
            "the body is missing",
        ),
        (
            GitHub,
            "PATCH",
            "/repos/o/r/issues/1",
            json!({"state": "opened"}),
            "not one of the allowed values",
        ),
        (
            GitHub,
            "POST",
            "/repos/o/r/issues",
            json!({"title": true}),
            "body.title fits none of the described forms",
        ),
        (
            GitLab,
            "PUT",
            "/api/v4/projects/1/issues/1",
            json!({"state_event": "closed"}),
            "not one of the allowed values",
        ),
        (
            GitLab,
            "POST",
            gitlab,
            json!({"title": "t", "body": "b"}),
            "body.body is unknown",
        ),
        (
            GitLab,
            "POST",
            "/api/v4/projects/1/issues/1/notes",
            json!({"body": ""}),
            "body.body is too short",
        ),
        (
            GitLab,
            "GET",
            "/api/v4/projects/1/issues?confidential=1",
            json!(null),
            "neither true nor false",
        ),
        (
            GitLab,
            "GET",
            "/api/v4/projects/o/r/issues/1/x",
            json!(null),
            "no such path",
        ),
    ];
    for (flavour, method, target, body, why) in wrong {
        let said = check(flavour, &request(method, target, &body)).unwrap_err();
        assert!(said.contains(why), "{said}\n  should say {why}");
    }
    let mut plain = request("POST", gitea, &json!({"title": "t"}));
    plain.headers.clear();
    assert!(check(Forgejo, &plain).unwrap_err().contains("not as JSON"));
}

#[test]
fn a_log_is_held_against_it_whole() {
    if !at_hand() {
        return;
    }
    for flavour in Flavour::ALL {
        let rig = Rig::new(flavour);
        rig.fill(1);
        rig.get("");
        let notes = if flavour == Flavour::GitLab {
            "/1/notes"
        } else {
            "/1/comments"
        };
        rig.post(notes, &json!({"body": "x"}));
        assert_eq!(troubles(&rig.forge), [""; 0]);
        rig.get("?nonsense=1");
        assert_eq!(troubles(&rig.forge).len(), 1);
    }
}
