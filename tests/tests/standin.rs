//! The stand-in forge shows what it claims to show. Every fact is asked for by
//! a raw HTTP client.

use house_tests::standin::client::Client;
use house_tests::standin::{Fault, Flavour, Reply, Rule, Standin};
use serde_json::json;

/// Path of the issues.
fn issues(flavour: Flavour) -> &'static str {
    match flavour {
        Flavour::Forgejo | Flavour::Gitea => "/api/v1/repos/ops/watch/issues",
        Flavour::GitHub => "/repos/ops/watch/issues",
        Flavour::GitLab => "/api/v4/projects/ops%2Fwatch/issues",
    }
}

#[test]
fn an_issue_lives_on_every_flavour() {
    for flavour in Flavour::ALL {
        let forge = Standin::start(flavour);
        let client = Client::new(&forge);
        let path = issues(flavour);
        let gitlab = flavour == Flavour::GitLab;
        let text = if gitlab { "description" } else { "body" };
        let number = if gitlab { "iid" } else { "number" };
        let made = client.post(path, &json!({"title": "t", text: "<!-- x -->\n"}));
        let made = made.unwrap();
        assert_eq!((made.status, &made.json()[number]), (201, &json!(1)));
        assert_eq!(made.json()[text], "<!-- x -->\n");
        let listed = client.get(path).unwrap().json();
        assert_eq!(listed[0][number], 1, "{flavour:?}");
        let (notes, note) = (
            if gitlab { "notes" } else { "comments" },
            json!({"body": "back"}),
        );
        let said = client.post(&format!("{path}/1/{notes}"), &note).unwrap();
        assert_eq!((said.status, &said.json()["body"]), (201, &json!("back")));
        let closed = match flavour {
            Flavour::GitLab => client.put(&format!("{path}/1"), &json!({"state_event": "close"})),
            _ => client.patch(&format!("{path}/1"), &json!({"state": "closed"})),
        };
        let expected = if flavour.is_gitea() { 201 } else { 200 };
        assert_eq!(closed.unwrap().status, expected);
        assert!(forge.world(|w| !w.issue(1).unwrap().open));
        assert_eq!(forge.log().len(), 4);
        forge.assert_token_hygiene();
    }
}

#[test]
fn a_status_without_an_act() {
    let forge = Standin::start(Flavour::Forgejo);
    let client = Client::new(&forge);
    forge.inject(Rule::nth(2), Fault::status(500));
    forge.inject(Rule::nth(3), Fault::Answer(Reply::html(502, "Bad Gateway")));
    let post = || client.post(issues(Flavour::Forgejo), &json!({"title": "t"}));
    let statuses: Vec<u16> = (0..4).map(|_| post().unwrap().status).collect();
    assert_eq!(statuses, [201, 500, 502, 201]);
    assert_eq!(forge.world(|w| w.issues.len()), 2);
    assert_eq!(forge.pending_faults(), 0);
}
