//! GitLab: what differs from the others.

use house_tests::standin::client::Client;
use house_tests::standin::{Access, Flavour, Scope};
use serde_json::json;

use super::Rig;

#[test]
fn the_project_goes_by_number_or_encoded_path() {
    let rig = Rig::new(Flavour::GitLab);
    let status = |id: &str| {
        let target = format!("/api/v4/projects/{id}/issues");
        rig.client.get(&target).unwrap().status
    };
    assert_eq!(
        ["81", "ops%2Fwatch", "ops/watch", "82"].map(status),
        [200, 200, 404, 404]
    );
    let route = rig.client.get("/api/v4/nothing").unwrap();
    assert_eq!(route.json()["error"], "404 Not Found");
}

#[test]
fn issues_go_by_iid_and_states_by_events() {
    let rig = Rig::new(Flavour::GitLab);
    let made = rig.post("", &json!({"title": "t"})).json();
    assert_eq!(
        (&made["iid"], &made["state"]),
        (&json!(1), &json!("opened"))
    );
    assert_ne!(made["id"], made["iid"]);
    assert_eq!(made["description"], json!(null));
    assert_eq!(rig.get(&format!("/{}", made["id"])).status, 404);
    for (event, state) in [
        ("close", "closed"),
        ("close", "closed"),
        ("reopen", "opened"),
    ] {
        let put = rig.put("/1", &json!({"state_event": event}));
        assert_eq!((put.status, &put.json()["state"]), (200, &json!(state)));
    }
    assert_eq!(rig.put("/1", &json!({"state_event": "closed"})).status, 400);
    assert_eq!(rig.put("/1", &json!({"state": "closed"})).status, 400);
    assert_eq!(rig.get("?state=open").status, 400);
    assert_eq!(rig.numbers("?state=opened"), [1]);
    assert_eq!(rig.patch("/1", &json!({})).status, 405);
}

#[test]
fn lists_filter_and_page() {
    let rig = Rig::new(Flavour::GitLab);
    rig.fill(45);
    rig.forge.world(|w| {
        w.open_issue("alice", "hers", "");
        w.add_pull_request("alice", "never seen", "");
        w.close(1, "alice");
    });
    let page = rig.get("?author_username=watchbot&state=opened");
    let header = |name: &str| page.header(name).unwrap().to_owned();
    assert_eq!(page.json().as_array().unwrap().len(), 20);
    assert_eq!([header("x-next-page"), header("x-total")], ["2", "44"]);
    let last = rig.get("?author_username=watchbot&state=opened&per_page=500");
    assert_eq!(last.json().as_array().unwrap().len(), 44);
    assert_eq!(
        [last.header("x-next-page"), last.header("x-per-page")],
        [Some(""), Some("100")]
    );
    assert_eq!(rig.get("?page=9").text(), "[]");
    assert_eq!(rig.numbers("?author_username=alice"), [46]);
    assert_eq!(rig.get("?author_username=nobody").text(), "[]");
    assert_eq!(
        rig.numbers("?state=closed&updated_after=2026-11-22T12:00:45Z"),
        [1]
    );
    assert_eq!(
        rig.get("?state=closed&updated_after=2026-11-22T12:00:46Z")
            .text(),
        "[]"
    );
}

#[test]
fn labels_come_into_being_by_themselves() {
    let rig = Rig::new(Flavour::GitLab);
    let made = rig.post("", &json!({"title": "t", "labels": "b, a"}));
    assert_eq!(made.json()["labels"], json!(["b", "a"]));
    let put = rig.put("/1", &json!({"add_labels": "c"}));
    assert_eq!(put.json()["labels"], json!(["b", "a", "c"]));
    let put = rig.put("/1", &json!({"labels": ["d"]}));
    assert_eq!(put.json()["labels"], json!(["d"]));
    assert_eq!(rig.numbers("?labels=d"), [1]);
    assert_eq!(rig.numbers("?labels=a"), [0; 0]);
    let labels = "/api/v4/projects/81/labels";
    let twice = rig
        .client
        .post(labels, &json!({"name": "a", "color": "#cc0000"}));
    assert_eq!(twice.unwrap().status, 409);
}

#[test]
fn titles_hold_255_characters() {
    let rig = Rig::new(Flavour::GitLab);
    let title = |n: usize| json!({"title": "ö".repeat(n)});
    assert_eq!(rig.post("", &title(255)).status, 201);
    let refused = rig.post("", &title(256));
    assert_eq!(refused.status, 400);
    let why = "is too long (maximum is 255 characters)";
    assert_eq!(refused.json()["message"]["title"][0], why);
    assert_eq!(rig.post("", &json!({})).json()["error"], "title is missing");
    assert_eq!(rig.put("/1", &title(256)).status, 400);
}

#[test]
fn a_line_with_a_slash_is_a_command() {
    let rig = Rig::new(Flavour::GitLab);
    rig.fill(2);
    let fenced = "log:\n```\n/close\n```\n  /close\n/var/log/x\n";
    let said = rig.post("/1/notes", &json!({"body": fenced}));
    assert_eq!((said.status, &said.json()["body"]), (201, &json!(fenced)));
    assert!(
        rig.forge
            .world(|w| w.issue(1).unwrap().open && w.commands.is_empty())
    );
    let said = rig.post("/1/notes", &json!({"body": "output:\n/close\nend"}));
    assert_eq!(said.json()["body"], "output:\nend");
    assert!(rig.forge.world(|w| !w.issue(1).unwrap().open));
    assert_eq!(
        rig.post("/1/notes", &json!({"body": "/reopen"})).status,
        202
    );
    assert!(rig.forge.world(|w| w.issue(1).unwrap().open));
    rig.put(
        "/2",
        &json!({"description": "x\n/title gone\n/unknown_one y"}),
    );
    let shown = rig.get("/2").json();
    assert_eq!(
        (&shown["title"], &shown["description"]),
        (&json!("gone"), &json!("x\n/unknown_one y"))
    );
    let lines = rig.forge.world(|w| {
        w.commands
            .iter()
            .map(|c| c.what.clone())
            .collect::<Vec<_>>()
    });
    assert_eq!(
        lines,
        ["/close", "/reopen", "/title gone", "/unknown_one y"]
    );
}

#[test]
fn notes_are_newest_first_with_the_forges_own_among_them() {
    let rig = Rig::new(Flavour::GitLab);
    rig.fill(1);
    rig.post("/1/notes", &json!({"body": "one"}));
    rig.put("/1", &json!({"state_event": "close"}));
    let notes = rig.get("/1/notes").json();
    assert_eq!(
        (&notes[0]["body"], &notes[0]["system"]),
        (&json!("closed"), &json!(true))
    );
    assert_eq!(notes[1]["body"], "one");
    assert_eq!(rig.get("/1/notes?sort=asc").json()[0]["body"], "one");
    let page = rig.get("/1/notes?per_page=1");
    assert_eq!(page.header("x-next-page"), Some("2"));
    assert_eq!(rig.post("/1/notes", &json!({"body": " "})).status, 400);
    assert_eq!(rig.post("/9/notes", &json!({"body": "x"})).status, 404);
}

#[test]
fn tokens_scopes_and_access() {
    let rig = Rig::new(Flavour::GitLab);
    let bad = rig.client.clone().with("PRIVATE-TOKEN", "wrong");
    assert_eq!(bad.get("/api/v4/version").unwrap().status, 401);
    let stranger = Client::stranger(rig.forge.url());
    assert_eq!(stranger.get("/api/v4/version").unwrap().status, 401);
    assert_eq!(stranger.get(rig.issues).unwrap().status, 404);
    assert_eq!(rig.client.get("/api/v4/version").unwrap().status, 200);
    assert_eq!(
        rig.client.get("/api/v4/user").unwrap().json()["username"],
        "watchbot"
    );
    rig.forge.world(|w| w.set_scopes(&[Scope::ReadIssue]));
    let refused = rig.post("", &json!({"title": "t"}));
    assert_eq!(
        (refused.status, &refused.json()["error"]),
        (403, &json!("insufficient_scope"))
    );
    rig.forge.world(|w| {
        w.set_scopes(&[Scope::WriteIssue]);
        w.open_issue("alice", "hers", "");
        w.grant(Access::Reader);
    });
    let made = rig.post("", &json!({"title": "t", "labels": "a"}));
    assert_eq!((made.status, &made.json()["labels"]), (201, &json!([])));
    assert_eq!(rig.put("/1", &json!({"state_event": "close"})).status, 403);
    rig.forge.world(|w| w.grant(Access::Stranger));
    assert_eq!(rig.get("").json()["message"], "404 Project Not Found");
}

#[test]
fn disabled_archived_moved() {
    let rig = Rig::new(Flavour::GitLab);
    rig.forge.world(|w| w.rename_repo("night-watch"));
    let moved = rig.get("?state=opened");
    let to = format!("{}/api/v4/projects/81/issues?state=opened", rig.forge.url());
    assert_eq!(
        (moved.status, moved.header("location")),
        (302, Some(to.as_str()))
    );
    let by_number = "/api/v4/projects/81/issues";
    rig.forge.world(|w| w.repo.archived = true);
    let archived = rig.client.post(by_number, &json!({"title": "t"})).unwrap();
    assert_eq!(archived.status, 403);
    rig.forge.world(|w| w.repo.issues_enabled = false);
    assert_eq!(rig.client.get(by_number).unwrap().status, 403);
    let project = rig.client.get("/api/v4/projects/81").unwrap().json();
    assert_eq!(project["issues_enabled"], false);
}

#[test]
fn forms_are_taken_too_and_times_have_milliseconds() {
    let rig = Rig::new(Flavour::GitLab);
    let form = rig
        .client
        .clone()
        .with("Content-Type", "application/x-www-form-urlencoded");
    let made = form
        .send("POST", rig.issues, b"title=a+b%21&description=c")
        .unwrap();
    let shown = made.json();
    assert_eq!(
        (&shown["title"], &shown["description"]),
        (&json!("a b!"), &json!("c"))
    );
    assert_eq!(shown["created_at"], "2026-11-22T12:00:00.000Z");
}
