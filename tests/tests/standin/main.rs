//! The stand-in forge shows what it claims to show. Every fact is asked for by
//! a raw HTTP client.

#![allow(clippy::unwrap_used, reason = "helpers of tests")]

mod contracts;
mod faults;
mod gitea;
mod gitea_labels;
mod github;
mod gitlab;
mod hygiene;
mod sink;
mod text;

use std::time::Duration;

use chrono::{DateTime, Utc};
use house_tests::standin::client::{Answer, Client};
use house_tests::standin::{Clock, Flavour, Standin};
use serde_json::{Value, json};

/// A stand-in with a clock that stands, and a client that may come in.
struct Rig {
    forge: Standin,
    client: Client,
    /// Path of the issues.
    issues: &'static str,
}

impl Rig {
    fn new(flavour: Flavour) -> Self {
        let clock = Clock::standing_at(noon());
        let forge = Standin::setup(flavour).clock(clock).start();
        let client = Client::new(&forge);
        let issues = match flavour {
            Flavour::Forgejo | Flavour::Gitea => "/api/v1/repos/ops/watch/issues",
            Flavour::GitHub => "/repos/ops/watch/issues",
            Flavour::GitLab => "/api/v4/projects/ops%2Fwatch/issues",
        };
        Self {
            forge,
            client,
            issues,
        }
    }

    fn get(&self, tail: &str) -> Answer {
        self.client.get(&format!("{}{tail}", self.issues)).unwrap()
    }

    fn post(&self, tail: &str, body: &Value) -> Answer {
        let target = format!("{}{tail}", self.issues);
        self.client.post(&target, body).unwrap()
    }

    fn patch(&self, tail: &str, body: &Value) -> Answer {
        let target = format!("{}{tail}", self.issues);
        self.client.patch(&target, body).unwrap()
    }

    fn put(&self, tail: &str, body: &Value) -> Answer {
        let target = format!("{}{tail}", self.issues);
        self.client.put(&target, body).unwrap()
    }

    /// Opens so many issues as the token's user, a second apart.
    fn fill(&self, count: usize) {
        self.forge.world(|w| {
            let me = w.account.login.clone();
            for n in 0..count {
                w.open_issue(&me, &format!("issue {n}"), "");
                w.clock.advance(Duration::from_secs(1));
            }
        });
    }

    /// The numbers in a listing.
    fn numbers(&self, tail: &str) -> Vec<u64> {
        numbers(&self.get(tail))
    }
}

fn numbers(answer: &Answer) -> Vec<u64> {
    let list = answer.json();
    let number = |i: &Value| i.get("iid").or(i.get("number")).and_then(Value::as_u64);
    let issues = list.as_array().unwrap();
    issues.iter().filter_map(number).collect()
}

fn noon() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

#[test]
fn an_issue_lives_on_every_flavour() {
    for flavour in Flavour::ALL {
        let rig = Rig::new(flavour);
        let gitlab = flavour == Flavour::GitLab;
        let (text, notes) = match gitlab {
            true => ("description", "/1/notes"),
            false => ("body", "/1/comments"),
        };
        let made = rig.post("", &json!({"title": "t", text: "<!-- x -->\n\tö "}));
        assert_eq!(made.status, 201);
        assert_eq!(made.json()[text], "<!-- x -->\n\tö ");
        assert_eq!(rig.numbers(""), [1], "{flavour:?}");
        let said = rig.post(notes, &json!({"body": "back"}));
        assert_eq!((said.status, &said.json()["body"]), (201, &json!("back")));
        let closed = match gitlab {
            true => rig.put("/1", &json!({"state_event": "close"})),
            false => rig.patch("/1", &json!({"state": "closed"})),
        };
        assert_eq!(closed.status, if flavour.is_gitea() { 201 } else { 200 });
        assert_eq!(closed.json()["state"], "closed");
        assert!(closed.json()["closed_at"].is_string());
        assert!(rig.forge.world(|w| !w.issue(1).unwrap().open));
        assert_eq!(rig.forge.log().len(), 4);
        rig.forge.assert_token_hygiene();
    }
}
