//! Forgejo and Gitea: issues, comments, paging, who may what.

use std::time::Duration;

use house_tests::standin::client::Client;
use house_tests::standin::{Access, Clock, Flavour, Scope, Standin};
use serde_json::json;

use super::{Rig, noon, numbers};

const BOTH: [Flavour; 2] = [Flavour::Forgejo, Flavour::Gitea];

#[test]
fn create_is_picky_about_types_and_nothing_else() {
    let rig = Rig::new(Flavour::Forgejo);
    let tries = [
        (json!({"title": "t", "unknown": 1}), 201),
        (json!({"title": "   "}), 201),
        (json!({"title": ""}), 422),
        (json!({}), 422),
        (json!({"title": 7}), 422),
        (json!({"title": "t", "body": null}), 201),
        (json!({"title": "t", "labels": ["name"]}), 422),
        (json!([1]), 422),
    ];
    for (body, status) in tries {
        assert_eq!(rig.post("", &body).status, status, "{body}");
    }
    let bare = rig.client.clone().without("Content-Type");
    let answer = bare.post(rig.issues, &json!({"title": "t"})).unwrap();
    assert_eq!(answer.status, 422);
    let broken = rig
        .client
        .send("POST", rig.issues, b"{\"secret-part\"")
        .unwrap();
    assert_eq!(broken.status, 422);
    assert!(broken.text().contains("secret-part"), "{}", broken.text());
}

#[test]
fn nulls_stand_where_lists_and_objects_are_described() {
    let rig = Rig::new(Flavour::Forgejo);
    let made = rig.post("", &json!({"title": "t"})).json();
    for field in [
        "assignees",
        "assignee",
        "milestone",
        "pull_request",
        "closed_at",
    ] {
        assert!(made[field].is_null(), "{field}");
    }
    assert_eq!(made["body"], "");
    assert_ne!(made["id"], made["number"]);
}

#[test]
fn paging_defaults_to_30_and_is_cut_at_50() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.fill(120);
    for (query, count) in [
        ("", 30),
        ("?limit=50", 50),
        ("?limit=100", 50),
        ("?limit=0", 30),
    ] {
        assert_eq!(rig.numbers(query).len(), count, "{query}");
    }
    let first = rig.get("?limit=50&page=1&state=open");
    assert_eq!(first.header("x-total-count"), Some("120"));
    let link = first.header("link").unwrap().to_owned();
    let next = format!(
        "<{}{}?limit=50&state=open&page=2>; rel=\"next\"",
        rig.forge.url(),
        rig.issues
    );
    assert!(link.starts_with(&next), "{link}");
    assert!(link.contains("page=3>; rel=\"last\""), "{link}");
    assert_eq!(rig.numbers("?limit=50&page=3").len(), 20);
    let past = rig.get("?limit=50&page=4");
    assert_eq!((past.status, past.text().as_str()), (200, "[]"));
    let settings = rig.client.get("/api/v1/settings/api").unwrap().json();
    assert_eq!(settings["max_response_items"], 50);
    assert_eq!(rig.numbers("?limit=2"), [120, 119]);
}

#[test]
fn closing_between_two_pages_hides_an_open_issue() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.fill(4);
    let one = rig.get("?limit=2&page=1");
    rig.forge.world(|w| w.close(4, "alice"));
    let two = rig.get("?limit=2&page=2");
    assert_eq!((numbers(&one), numbers(&two)), (vec![4, 3], vec![1]));
    let totals = [one, two].map(|a| a.header("x-total-count").unwrap().to_owned());
    assert_eq!(totals, ["4", "3"]);
}

#[test]
fn pull_requests_are_in_the_list_and_can_be_closed_by_number() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.fill(1);
    rig.forge
        .world(|w| w.add_pull_request("alice", "a change", ""));
    assert_eq!(rig.numbers(""), [2, 1]);
    assert_eq!(rig.numbers("?type=issues"), [1]);
    assert_eq!(rig.numbers("?type=pulls"), [2]);
    assert!(rig.get("/2").json()["pull_request"].is_object());
    assert_eq!(rig.patch("/2", &json!({"state": "closed"})).status, 201);
    assert!(rig.forge.world(|w| !w.issue(2).unwrap().open));
}

#[test]
fn filters_by_creator_state_and_time() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.fill(2);
    rig.forge.world(|w| {
        w.open_issue("alice", "hers", "");
        w.close(1, "alice");
    });
    assert_eq!(rig.numbers("?created_by=watchbot"), [2]);
    assert_eq!(rig.numbers("?created_by=watchbot&state=all"), [2, 1]);
    assert_eq!(rig.numbers("?state=closed"), [1]);
    assert_eq!(rig.get("?created_by=nobody").status, 404);
    assert_eq!(rig.numbers("?state=all&since=2026-11-22T12:00:02Z"), [3, 1]);
    assert_eq!(rig.get("?since=yesterday").status, 422);
}

#[test]
fn the_search_lags_and_knows_words_only() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.post(
        "",
        &json!({"title": "backup-nightly is silent", "body": "x"}),
    );
    assert_eq!(rig.numbers(""), [1]);
    assert_eq!(rig.numbers("?q=silent"), [0; 0]);
    rig.forge
        .world(|w| w.clock.advance(Duration::from_millis(500)));
    assert_eq!(rig.numbers("?q=backup/nightly"), [1]);
    assert_eq!(rig.numbers("?q=weekly"), [0; 0]);
    rig.post("/1/comments", &json!({"body": "weekly"}));
    rig.forge
        .world(|w| w.clock.advance(Duration::from_millis(500)));
    assert_eq!(rig.numbers("?q=weekly"), [1]);
}

#[test]
fn patch_is_idempotent_and_deaf() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.fill(1);
    rig.forge.world(|w| w.relabel(1, &["kept"]));
    for _ in 0..2 {
        let closed = rig.patch("/1", &json!({"state": "closed", "labels": []}));
        assert_eq!(
            (closed.status, &closed.json()["state"]),
            (201, &json!("closed"))
        );
        assert_eq!(closed.json()["labels"][0]["name"], "kept");
    }
    let odd = rig.patch("/1", &json!({"state": "asleep"}));
    assert_eq!((odd.status, &odd.json()["state"]), (201, &json!("closed")));
    assert_eq!(
        rig.patch("/1", &json!({"state": "open"})).json()["closed_at"],
        json!(null)
    );
    rig.forge.world(|w| w.block(1));
    assert_eq!(rig.patch("/1", &json!({"state": "closed"})).status, 412);
    assert_eq!(rig.patch("/9", &json!({"state": "closed"})).status, 404);
}

#[test]
fn comments_are_whole_and_a_missing_issue_is_a_500() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.fill(1);
    assert_eq!(rig.post("/1/comments", &json!({"body": ""})).status, 422);
    rig.forge.world(|w| w.close(1, "alice"));
    for n in 0..60 {
        let said = rig.post("/1/comments", &json!({"body": n.to_string()}));
        assert_eq!(said.status, 201);
    }
    assert!(rig.forge.world(|w| !w.issue(1).unwrap().open));
    let all = rig.get("/1/comments?limit=5").json();
    assert_eq!(all.as_array().unwrap().len(), 60);
    assert_eq!(all[0]["body"], "0");
    assert_eq!(rig.post("/9/comments", &json!({"body": "x"})).status, 500);
    let id = all[0]["id"].to_string();
    let edited = rig.patch(&format!("/comments/{id}"), &json!({"body": "new"}));
    assert_eq!(
        (edited.status, &edited.json()["body"]),
        (200, &json!("new"))
    );
    rig.forge.world(|w| w.delete(1));
    assert_eq!(rig.post("/1/comments", &json!({"body": "x"})).status, 500);
}

#[test]
fn nothing_there_looks_different_each_time() {
    let rig = Rig::new(Flavour::Forgejo);
    let issue = rig.get("/9");
    let repo = rig.client.get("/api/v1/repos/ops/other").unwrap();
    let route = rig.client.get("/api/v1/nothing").unwrap();
    let page = rig.client.get("/nothing").unwrap();
    let slashes = rig.client.get("//api/v1/version").unwrap();
    let slash = rig.client.get("/api/v1/version/").unwrap();
    for answer in [&issue, &repo, &route, &page, &slash, &slashes] {
        assert_eq!(answer.status, 404);
    }
    assert_eq!(route.text(), "404 page not found\n");
    assert_ne!(issue.text(), repo.text());
    assert!(page.text().starts_with("<!DOCTYPE html>"));
}

#[test]
fn bad_tokens_and_strangers() {
    for (flavour, bad) in [(Flavour::Forgejo, 401), (Flavour::Gitea, 404)] {
        let rig = Rig::new(flavour);
        let status = |value: &str| {
            let client = rig.client.clone().with("Authorization", value);
            client.get(rig.issues).unwrap().status
        };
        let token = rig.forge.token();
        assert_eq!(status("token wrong"), bad);
        assert_eq!(status(&format!("Token {token}")), 404);
        assert_eq!(status(&format!("Bearer {token}")), 200);
        rig.forge.world(|w| w.grant(Access::Stranger));
        assert_eq!(rig.get("").status, 404);
        rig.forge.world(|w| w.revoke_token());
        assert_eq!(rig.get("").status, bad);
        let stranger = Client::stranger(rig.forge.url());
        assert_eq!(stranger.get("/api/v1/version").unwrap().status, 200);
        assert_eq!(stranger.get("/api/v1/user").unwrap().status, 401);
        rig.forge.world(|w| w.repo.private = false);
        assert_eq!(stranger.get(rig.issues).unwrap().status, 200);
        let made = stranger.post(rig.issues, &json!({"title": "t"})).unwrap();
        assert_eq!(made.status, 401);
    }
}

#[test]
fn scopes_are_asked_for_by_name() {
    let rig = Rig::new(Flavour::Forgejo);
    let status = |path: &str| rig.client.get(path).unwrap().status;
    let paths = [
        "/api/v1/version",
        "/api/v1/user",
        "/api/v1/repos/ops/watch",
        rig.issues,
    ];
    assert_eq!(paths.map(status), [200; 4]);
    rig.forge.world(|w| w.set_scopes(&[Scope::WriteIssue]));
    assert_eq!(paths.map(status), [200, 403, 403, 200]);
    rig.forge.world(|w| w.set_scopes(&[Scope::ReadIssue]));
    assert_eq!(rig.get("").status, 200);
    let refused = rig.post("", &json!({"title": "t"}));
    assert_eq!(refused.status, 403);
    let message = "token does not have at least one of required scope(s): [write:issue]";
    assert_eq!(refused.json()["message"], message);
}

#[test]
fn a_reader_can_open_issues_and_little_else() {
    for flavour in BOTH {
        let rig = Rig::new(flavour);
        let label = rig.forge.world(|w| {
            w.open_issue("alice", "hers", "");
            w.lock(1);
            w.grant(Access::Reader);
            w.add_label("watch")
        });
        let made = rig.post("", &json!({"title": "t", "labels": [label]}));
        assert_eq!((made.status, &made.json()["labels"]), (201, &json!([])));
        let refused = rig.patch("/1", &json!({"state": "closed"}));
        assert_eq!((refused.status, refused.body.len()), (403, 0));
        let locked = rig.post("/1/comments", &json!({"body": "x"}));
        assert_eq!(locked.status, 403);
        assert!(locked.text().contains("<html>"));
        assert_eq!(rig.patch("/2", &json!({"state": "closed"})).status, 201);
        rig.forge.world(|w| w.grant(Access::Writer));
        assert_eq!(rig.post("/1/comments", &json!({"body": "x"})).status, 201);
        assert_eq!(rig.patch("/1", &json!({"state": "closed"})).status, 201);
    }
}

#[test]
fn disabled_and_archived() {
    for (flavour, status) in [(Flavour::Forgejo, 423), (Flavour::Gitea, 404)] {
        let rig = Rig::new(flavour);
        rig.fill(1);
        rig.forge.world(|w| w.repo.archived = true);
        assert_eq!(rig.post("", &json!({"title": "t"})).status, status);
        assert_eq!(
            rig.post("/1/comments", &json!({"body": "x"})).status,
            status
        );
        assert_eq!(rig.patch("/1", &json!({"state": "closed"})).status, 201);
        rig.forge.world(|w| w.repo.issues_enabled = false);
        for tail in ["", "/1", "/1/comments", "/1/labels"] {
            assert_eq!(rig.get(tail).status, 404, "{tail}");
        }
        let repo = rig.client.get("/api/v1/repos/ops/watch").unwrap().json();
        assert_eq!(
            (&repo["has_issues"], &repo["archived"]),
            (&json!(false), &json!(true))
        );
    }
}

#[test]
fn a_renamed_repository_redirects_every_method() {
    for (flavour, status) in [(Flavour::Forgejo, 307), (Flavour::Gitea, 302)] {
        let rig = Rig::new(flavour);
        rig.fill(1);
        rig.forge.world(|w| w.rename_repo("night-watch"));
        let moved = rig.post("?x=1", &json!({"title": "t"}));
        let to = "/api/v1/repos/ops/night-watch/issues?x=1";
        assert_eq!((moved.status, moved.header("location")), (status, Some(to)));
        assert_eq!(rig.get("").status, status);
        assert_eq!(rig.patch("/1", &json!({})).status, status);
        // What a careless client makes of a redirected POST: a GET that succeeds.
        assert_eq!(rig.client.get(to).unwrap().status, 200);
        assert_eq!(rig.forge.world(|w| w.issues.len()), 1);
        assert_eq!(rig.forge.repo(), "ops/watch");
    }
}

#[test]
fn a_token_in_the_query_works_and_comes_back() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.fill(2);
    let token = rig.forge.token();
    let stranger = Client::stranger(rig.forge.url());
    let target = format!("{}?limit=1&token={token}", rig.issues);
    let answer = stranger.get(&target).unwrap();
    assert_eq!(answer.status, 200);
    assert!(answer.header("link").unwrap().contains(&token));
}

#[test]
fn a_sub_path_and_a_root_of_its_own() {
    let forge = Standin::setup(Flavour::Forgejo)
        .prefix("/git/")
        .root("https://git.example.org/git")
        .clock(Clock::standing_at(noon()))
        .start();
    assert!(forge.url().ends_with("/git"), "{}", forge.url());
    let client = Client::new(&forge);
    let path = "/git/api/v1/repos/ops/watch/issues";
    client.post(path, &json!({"title": "a"})).unwrap();
    let made = client.post(path, &json!({"title": "b"})).unwrap().json();
    let root = "https://git.example.org/git";
    assert_eq!(made["html_url"], format!("{root}/ops/watch/issues/2"));
    assert_eq!(
        made["url"],
        format!("{root}/api/v1/repos/ops/watch/issues/2")
    );
    let list = client.get(&format!("{path}?limit=1")).unwrap();
    assert!(
        list.header("link")
            .unwrap()
            .starts_with(&format!("<{root}/api/v1/"))
    );
    let outside = client.get("/api/v1/version").unwrap();
    assert_eq!(outside.status, 404);
    forge.world(|w| w.rename_repo("new"));
    let moved = client.get(path).unwrap();
    assert_eq!(
        moved.header("location"),
        Some("/git/api/v1/repos/ops/new/issues")
    );
}

#[test]
fn times_are_whole_seconds_in_the_servers_zone() {
    let times = BOTH.map(|flavour| {
        let rig = Rig::new(flavour);
        rig.post("", &json!({"title": "t"})).json()["created_at"].clone()
    });
    assert_eq!(times, ["2026-11-22T12:00:00Z", "2026-11-22T13:00:00+01:00"]);
}

#[test]
fn forty_mebibytes_take_it_down() {
    let rig = Rig::new(Flavour::Gitea);
    let head = format!(
        "POST {} HTTP/1.1\r\nContent-Length: 41943041\r\n\r\n",
        rig.issues
    );
    assert_eq!(rig.client.raw(head.as_bytes()).unwrap(), b"");
    assert!(rig.forge.is_down());
    assert!(rig.client.get("/api/v1/version").is_err());
    rig.forge.set_down(false);
    assert_eq!(rig.client.get("/api/v1/version").unwrap().status, 200);
}
