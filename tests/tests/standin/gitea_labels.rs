//! Forgejo and Gitea: labels, and the filter that is not to be trusted.

use std::thread;

use house_tests::standin::{Access, Flavour};
use serde_json::json;

use super::Rig;

const LABELS: &str = "/api/v1/repos/ops/watch/labels";

#[test]
fn the_same_name_twice_makes_two_labels() {
    let rig = Rig::new(Flavour::Forgejo);
    let body = json!({"name": "watch", "color": "#CC0000"});
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let made = rig.client.post(LABELS, &body).unwrap();
                assert_eq!(made.status, 201);
            });
        }
    });
    let labels = rig.client.get(LABELS).unwrap();
    assert_eq!(labels.json().as_array().unwrap().len(), 8);
    assert_eq!(labels.json()[0]["color"], "cc0000");
    for bad in [
        json!({"name": "x"}),
        json!({"color": "#cc0000"}),
        json!({"name": "x", "color": "red"}),
    ] {
        assert_eq!(rig.client.post(LABELS, &bad).unwrap().status, 422, "{bad}");
    }
    rig.forge.world(|w| w.grant(Access::Reader));
    assert_eq!(rig.client.post(LABELS, &body).unwrap().status, 403);
}

#[test]
fn labels_are_paged() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.forge.world(|w| {
        for n in 0..60 {
            w.add_label(&format!("label {n}"));
        }
    });
    let page = rig
        .client
        .get(&format!("{LABELS}?limit=100&page=2"))
        .unwrap();
    assert_eq!(page.json().as_array().unwrap().len(), 10);
    assert_eq!(page.header("x-total-count"), Some("60"));
}

#[test]
fn unknown_ids_are_dropped_on_create() {
    let rig = Rig::new(Flavour::Forgejo);
    let id = rig.forge.world(|w| w.add_label("watch"));
    let made = rig.post("", &json!({"title": "t", "labels": [id, 99]}));
    let names = made.json()["labels"].clone();
    assert_eq!(
        (made.status, &names[0]["name"], &names[1]),
        (201, &json!("watch"), &json!(null))
    );
}

#[test]
fn adding_labels_takes_names_on_forgejo_only() {
    for (flavour, status) in [(Flavour::Forgejo, 200), (Flavour::Gitea, 422)] {
        let rig = Rig::new(flavour);
        rig.fill(1);
        let id = rig.forge.world(|w| w.add_label("watch"));
        assert_eq!(
            rig.post("/1/labels", &json!({"labels": ["watch"]})).status,
            status
        );
        let added = rig.post("/1/labels", &json!({"labels": [id]}));
        assert_eq!(
            (added.status, &added.json()[0]["name"]),
            (200, &json!("watch"))
        );
        let gone = rig
            .client
            .send("DELETE", &format!("{}/1/labels/{id}", rig.issues), b"");
        assert_eq!(gone.unwrap().status, 204);
        assert_eq!(rig.get("/1/labels").text(), "[]");
    }
}

#[test]
fn the_filter_is_ignored_or_hides_everything() {
    let rig = Rig::new(Flavour::Forgejo);
    rig.fill(3);
    rig.forge.world(|w| {
        w.relabel(1, &["watch"]);
        w.relabel(2, &["a,b"]);
        w.add_organisation_label("everywhere");
    });
    let all = [3, 2, 1];
    assert_eq!(rig.numbers("?labels=watch"), [1]);
    assert_eq!(rig.numbers("?labels=unknown"), all);
    assert_eq!(rig.numbers("?labels=everywhere"), all);
    assert_eq!(rig.numbers("?labels=a,b"), all);
    rig.forge.world(|w| w.add_label("watch"));
    assert_eq!(rig.numbers("?labels=watch"), [0; 0]);
    rig.forge.world(|w| w.rename_label("watch", "other"));
    assert_eq!(rig.numbers("?labels=watch"), all);
    let organisation = rig.client.get("/api/v1/orgs/ops/labels").unwrap().json();
    assert_eq!(organisation[0]["name"], "everywhere");
    rig.forge.world(|w| w.delete_label("a,b"));
    assert_eq!(rig.get("/2").json()["labels"], json!([]));
}
