//! GitHub: what differs from the others.

use std::time::Duration;

use house_tests::standin::client::Client;
use house_tests::standin::{Access, Flavour, Scope};
use serde_json::json;

use super::Rig;

#[test]
fn a_user_agent_is_required() {
    let rig = Rig::new(Flavour::GitHub);
    let answer = rig
        .client
        .clone()
        .without("User-Agent")
        .get(rig.issues)
        .unwrap();
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("User-Agent"));
}

#[test]
fn tokens_strangers_and_scopes() {
    let rig = Rig::new(Flavour::GitHub);
    let bad = rig.client.clone().with("Authorization", "Bearer wrong");
    assert_eq!(bad.get("/user").unwrap().status, 401);
    assert_eq!(rig.client.get("/user").unwrap().json()["login"], "watchbot");
    let stranger = Client::stranger(rig.forge.url());
    assert_eq!(stranger.get(rig.issues).unwrap().status, 404);
    rig.forge.world(|w| w.set_scopes(&[Scope::ReadIssue]));
    assert_eq!(rig.get("").status, 200);
    assert_eq!(rig.post("", &json!({"title": "t"})).status, 403);
    rig.forge.world(|w| w.grant(Access::Stranger));
    assert_eq!(rig.get("").status, 404);
    let odd = rig.client.clone().with("X-GitHub-Api-Version", "new");
    assert_eq!(odd.get("/user").unwrap().status, 400);
}

#[test]
fn the_list_includes_pull_requests() {
    let rig = Rig::new(Flavour::GitHub);
    rig.fill(1);
    rig.forge
        .world(|w| w.add_pull_request("alice", "a change", ""));
    let list = rig.get("").json();
    assert_eq!(rig.numbers(""), [2, 1]);
    assert!(list[0]["pull_request"].is_object());
    assert!(list[1].get("pull_request").is_none());
    assert_eq!(rig.numbers("?creator=watchbot"), [1]);
    assert_eq!(rig.get("?creator=nobody").status, 422);
    assert_eq!(rig.get("?state=opened").status, 422);
}

#[test]
fn pages_hold_a_hundred_at_most() {
    let rig = Rig::new(Flavour::GitHub);
    rig.fill(130);
    assert_eq!(rig.numbers("").len(), 30);
    let page = rig.get("?per_page=500");
    assert_eq!(page.json().as_array().unwrap().len(), 100);
    assert!(
        page.header("link")
            .unwrap()
            .contains("page=2>; rel=\"next\"")
    );
    assert_eq!(rig.numbers("?per_page=100&page=2").len(), 30);
    assert_eq!(rig.numbers("?per_page=100&page=3").len(), 0);
}

#[test]
fn since_means_changed_since() {
    let rig = Rig::new(Flavour::GitHub);
    rig.fill(3);
    rig.forge.world(|w| w.close(1, "alice"));
    assert_eq!(rig.numbers("?state=all&since=2026-11-22T12:00:02Z"), [3, 1]);
    assert_eq!(
        rig.numbers("?state=closed&since=2026-11-22T12:00:04Z"),
        [0; 0]
    );
    rig.forge
        .world(|w| w.backdate_close(1, "2026-11-20T12:00:00Z".parse().unwrap()));
    assert_eq!(
        rig.numbers("?state=closed&since=2026-11-22T12:00:00Z"),
        [0; 0]
    );
    assert_eq!(rig.get("/1").json()["closed_at"], "2026-11-20T12:00:00Z");
}

#[test]
fn states_carry_their_reason() {
    let rig = Rig::new(Flavour::GitHub);
    rig.fill(1);
    let put = rig.patch(
        "/1",
        &json!({"state": "closed", "state_reason": "not_planned"}),
    );
    assert_eq!(
        (put.status, &put.json()["state_reason"]),
        (200, &json!("not_planned"))
    );
    assert_eq!(put.json()["closed_by"]["login"], "watchbot");
    let put = rig.patch("/1", &json!({"state": "open"})).json();
    assert_eq!(
        (&put["state_reason"], &put["closed_at"]),
        (&json!("reopened"), &json!(null))
    );
    assert_eq!(rig.patch("/1", &json!({"state": "asleep"})).status, 422);
    let odd = json!({"state": "closed", "state_reason": "bored"});
    assert_eq!(rig.patch("/1", &odd).status, 422);
}

#[test]
fn labels_go_by_name_and_need_push_access() {
    let rig = Rig::new(Flavour::GitHub);
    let labels = "/repos/ops/watch/labels";
    let made = rig
        .client
        .post(labels, &json!({"name": "watch", "color": "cc0000"}));
    assert_eq!(made.unwrap().status, 201);
    let twice = rig.client.post(labels, &json!({"name": "Watch"})).unwrap();
    assert_eq!(
        (twice.status, &twice.json()["errors"][0]["code"]),
        (422, &json!("already_exists"))
    );
    let sharp = rig
        .client
        .post(labels, &json!({"name": "x", "color": "#cc0000"}));
    assert_eq!(sharp.unwrap().status, 422);
    let issue = json!({"title": "t", "labels": ["watch", "unknown"]});
    let shown = rig.post("", &issue).json()["labels"].clone();
    assert_eq!(
        (&shown[0]["name"], &shown[1]),
        (&json!("watch"), &json!(null))
    );
    assert_eq!(rig.numbers("?labels=watch"), [1]);
    assert_eq!(rig.numbers("?labels=watch,unknown"), [0; 0]);
    assert_eq!(
        rig.client.get(&format!("{labels}/watch")).unwrap().status,
        200
    );
    assert_eq!(
        rig.client.get(&format!("{labels}/other")).unwrap().status,
        404
    );
    rig.forge.world(|w| w.grant(Access::Reader));
    let dropped = rig.post("", &issue);
    assert_eq!(
        (dropped.status, &dropped.json()["labels"]),
        (201, &json!([]))
    );
}

#[test]
fn disabled_deleted_moved_archived_locked() {
    let rig = Rig::new(Flavour::GitHub);
    rig.fill(2);
    rig.forge.world(|w| w.delete(2));
    assert_eq!(rig.get("/2").status, 410);
    assert_eq!(rig.get("/3").status, 404);
    assert_eq!(rig.post("/2/comments", &json!({"body": "x"})).status, 410);
    rig.forge.world(|w| {
        w.lock(1);
        w.grant(Access::Reader);
    });
    assert_eq!(rig.post("/1/comments", &json!({"body": "x"})).status, 403);
    rig.forge.world(|w| w.grant(Access::Writer));
    assert_eq!(rig.post("/1/comments", &json!({"body": "x"})).status, 201);
    rig.forge.world(|w| w.rename_repo("night-watch"));
    let moved = rig.get("?state=all");
    let to = format!("{}/repositories/81/issues?state=all", rig.forge.url());
    assert_eq!(
        (moved.status, moved.header("location")),
        (301, Some(to.as_str()))
    );
    let there = rig.client.get("/repositories/81/issues?state=all").unwrap();
    assert_eq!(there.status, 200);
    rig.forge.world(|w| w.repo.archived = true);
    let archived = rig
        .client
        .post("/repos/ops/night-watch/issues", &json!({"title": "t"}));
    assert_eq!(archived.unwrap().status, 403);
    rig.forge.world(|w| w.repo.issues_enabled = false);
    let off = rig.client.get("/repos/ops/night-watch/issues").unwrap();
    assert_eq!(off.status, 410);
}

#[test]
fn too_long_and_too_empty() {
    let rig = Rig::new(Flavour::GitHub);
    let long = |n: usize| "ö".repeat(n);
    let tries = [
        (json!({"title": "t", "body": long(65_536)}), 201),
        (json!({"title": "t", "body": long(65_537)}), 422),
        (json!({"title": long(257)}), 422),
        (json!({"body": "no title"}), 422),
    ];
    for (body, status) in tries {
        assert_eq!(rig.post("", &body).status, status);
    }
    assert_eq!(rig.post("/1/comments", &json!({"body": " "})).status, 422);
    assert_eq!(
        rig.post("", &json!({"title": "no body"})).json()["body"],
        json!(null)
    );
    let broken = rig.client.send("POST", rig.issues, b"{").unwrap();
    assert_eq!(broken.status, 400);
}

#[test]
fn the_primary_limit() {
    let rig = Rig::new(Flavour::GitHub);
    let left = |a: &str| a.parse::<u32>().unwrap();
    let first = rig.get("");
    assert_eq!(left(first.header("x-ratelimit-remaining").unwrap()), 4999);
    for status in [403, 429] {
        rig.forge.world(|w| {
            w.rate.remaining = 0;
            w.rate.status = status;
        });
        let limited = rig.get("");
        assert_eq!(limited.status, status);
        assert_eq!(limited.header("x-ratelimit-remaining"), Some("0"));
        assert_eq!(limited.header("retry-after"), None);
        let reset: i64 = limited
            .header("x-ratelimit-reset")
            .unwrap()
            .parse()
            .unwrap();
        let now = rig.forge.world(|w| w.clock.now().timestamp());
        assert!(reset > now);
        rig.forge
            .world(|w| w.clock.advance(Duration::from_secs(3600)));
        assert_eq!(rig.get("").status, 200);
    }
}

#[test]
fn the_secondary_limit() {
    let rig = Rig::new(Flavour::GitHub);
    let make = || rig.post("", &json!({"title": "t"}));
    for _ in 0..80 {
        assert_eq!(make().status, 201);
    }
    let limited = make();
    assert_eq!(
        (limited.status, limited.header("retry-after")),
        (403, Some("60"))
    );
    assert_ne!(limited.header("x-ratelimit-remaining"), Some("0"));
    assert_eq!(rig.get("").status, 200);
    rig.forge.world(|w| w.rate.retry_after = None);
    assert_eq!(make().header("retry-after"), None);
    rig.forge
        .world(|w| w.clock.advance(Duration::from_secs(60)));
    assert_eq!(make().status, 201);
    rig.forge.world(|w| w.rate.per_hour = 81);
    assert_eq!(make().status, 403);
}

#[test]
fn enterprise_has_a_prefix_and_the_search_lags() {
    let rig = Rig::new(Flavour::GitHub);
    let made = rig
        .client
        .post("/api/v3/repos/ops/watch/issues", &json!({"title": "word"}));
    let url = made.unwrap().json()["url"].clone();
    assert_eq!(
        url,
        format!("{}/api/v3/repos/ops/watch/issues/1", rig.forge.url())
    );
    let search = || {
        rig.client
            .get("/search/issues?q=word+repo:ops/watch")
            .unwrap()
            .json()
    };
    assert_eq!(search()["total_count"], 0);
    rig.forge.world(|w| w.clock.advance(Duration::from_secs(1)));
    assert_eq!(search()["total_count"], 1);
}
