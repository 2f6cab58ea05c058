//! Long lists, and lists that move while they are read.

use checker::forge::NewIssue;
use house_tests::standin::{Fault, Rule};

use crate::rig::{Rig, new_issue, time};

/// Opens so many issues of ours, and half as many of others between them.
fn fill(rig: &Rig, count: usize) {
    rig.standin().world(|world| {
        let own = world.account.login.clone();
        for number in 0..count {
            let NewIssue { title, body, .. } = new_issue(&format!("job{number}"));
            world.open_issue(&own, &title, &body);
            if number % 2 == 0 {
                world.open_issue("alice", "something else", "");
            }
        }
    });
}

fn page(number: &'static str) -> impl Fn(&house_tests::standin::Request) -> bool + Send + 'static {
    move |request| {
        let listing = request.path.ends_with("/issues") && request.method == "GET";
        listing && request.param("page").as_deref() == Some(number)
    }
}

#[test]
fn a_hundred_and_twenty_issues_are_all_seen() {
    for rig in Rig::remote() {
        fill(&rig, 120);
        let forge = rig.open();
        let listed: Vec<u64> = rig
            .listed(&*forge)
            .iter()
            .map(|issue| issue.number)
            .collect();
        assert_eq!(listed, rig.truly_open(), "{}", rig.name);
        assert_eq!(listed.len(), 120, "{}", rig.name);
        rig.assert_manners();
        let asked = rig.standin().log().len();
        assert!(asked <= 8, "{}: {asked} requests", rig.name);
    }
}

#[test]
fn all_closed_ones_are_seen_too() {
    for rig in Rig::remote() {
        fill(&rig, 120);
        rig.standin().world(|world| {
            for number in 1..=150 {
                world.close(number, "alice");
            }
        });
        let forge = rig.open();
        let own = forge.own_user().unwrap();
        let closed = forge
            .closed_issues(&own, time("2026-11-22T00:00:00Z"))
            .unwrap();
        assert!(closed.complete, "{}", rig.name);
        assert_eq!(
            closed.issues.len(),
            120 - rig.truly_open().len(),
            "{}",
            rig.name
        );
        assert!(closed.issues.iter().all(|issue| issue.closed_at.is_some()));
    }
}

#[test]
fn a_hundred_and_fifty_comments_are_all_read() {
    for rig in Rig::remote() {
        let forge = rig.open();
        let number = forge.create(&new_issue("a")).unwrap().number;
        rig.standin().world(|world| {
            for count in 0..150 {
                world.say(number, "watchbot", &format!("comment {count}"));
                world.say(number, "alice", "me too");
            }
        });
        let own = forge.own_user().unwrap();
        let comments = forge.comments(number, &own).unwrap();
        let expected: Vec<String> = (0..150).map(|count| format!("comment {count}")).collect();
        assert_eq!(comments, expected, "{}: in order", rig.name);
    }
}

#[test]
fn an_issue_closed_while_the_list_is_read_hides_no_other() {
    for rig in Rig::remote() {
        fill(&rig, 120);
        for victim in [1, 180] {
            rig.standin().inject(
                Rule::when(page("2")),
                Fault::meanwhile(move |world| world.close(victim, "alice")),
            );
            let forge = rig.open();
            let own = forge.own_user().unwrap();
            let listing = forge.open_issues(&own).unwrap();
            assert_eq!(rig.standin().pending_faults(), 0);
            let listed: Vec<u64> = listing.issues.iter().map(|issue| issue.number).collect();
            assert!(listing.complete, "{}", rig.name);
            assert_eq!(listed, rig.truly_open(), "{}", rig.name);
        }
    }
}

#[test]
fn an_issue_opened_while_the_list_is_read_hides_no_other() {
    for rig in Rig::remote() {
        fill(&rig, 120);
        let before = rig.truly_open();
        rig.standin().inject(
            Rule::when(page("2")),
            Fault::meanwhile(|world| {
                world.open_issue("watchbot", "new", "");
            }),
        );
        let forge = rig.open();
        let own = forge.own_user().unwrap();
        let listing = forge.open_issues(&own).unwrap();
        assert!(listing.complete, "{}", rig.name);
        let listed: Vec<u64> = listing.issues.iter().map(|issue| issue.number).collect();
        assert!(
            before.iter().all(|number| listed.contains(number)),
            "{}",
            rig.name
        );
    }
}

#[test]
fn a_list_that_never_stands_still_is_incomplete() {
    for rig in Rig::remote() {
        fill(&rig, 230);
        let mut next = 1;
        rig.standin().inject(
            Rule::when(page("2")).always(),
            Fault::meanwhile(move |world| {
                world.close(next, "alice");
                next += 3;
            }),
        );
        let forge = rig.open();
        let own = forge.own_user().unwrap();
        let listing = forge.open_issues(&own).unwrap();
        assert!(!listing.complete, "{}", rig.name);
        let warnings = forge.warnings().join("\n");
        assert!(
            warnings.contains("it kept changing while it was read"),
            "{warnings}"
        );
    }
}

#[test]
fn a_list_that_breaks_off_is_incomplete() {
    let faults: [fn() -> Fault; 4] = [
        || Fault::status(500),
        || Fault::page(502),
        || Fault::ActAndHalf,
        || Fault::Close,
    ];
    for rig in Rig::remote() {
        fill(&rig, 120);
        for fault in faults {
            rig.standin()
                .inject(Rule::when(page("2")).always(), fault());
            let forge = rig.open();
            let own = forge.own_user().unwrap();
            let listing = forge.open_issues(&own).unwrap();
            assert!(
                !listing.complete && !listing.issues.is_empty(),
                "{}",
                rig.name
            );
            let warnings = forge.warnings().join("\n");
            assert!(
                warnings.contains("the list of issues is incomplete"),
                "{warnings}"
            );
            rig.assert_clean(&warnings);
            rig.standin().clear_faults();
            // Once is no harm: reading is repeated.
            rig.standin().inject(Rule::when(page("2")), fault());
            assert_eq!(rig.listed(&*rig.open()).len(), 120, "{}", rig.name);
        }
    }
}

#[test]
fn more_pages_than_allowed_is_incomplete() {
    for mut rig in Rig::remote() {
        fill(&rig, 120);
        rig.extra = "max_pages = 1\n".to_owned();
        let forge = rig.open();
        let own = forge.own_user().unwrap();
        let listing = forge.open_issues(&own).unwrap();
        assert!(
            !listing.complete && !listing.issues.is_empty(),
            "{}",
            rig.name
        );
        assert!(forge.warnings()[0].contains("more than 1 pages"));
    }
}

#[test]
fn a_filter_that_is_ignored_does_no_harm() {
    use house_tests::standin::Reply;
    for rig in Rig::remote() {
        fill(&rig, 3);
        let forge = rig.open();
        let listing = forge.open_issues("WATCHBOT").unwrap();
        assert_eq!(
            listing.issues.len(),
            3,
            "{}: case does not matter",
            rig.name
        );
        // Everything comes back: other authors, other states, pull requests.
        let entry = |number: u64, author: &str, state: &str| {
            let user = serde_json::json!({"login": author, "username": author});
            serde_json::json!({"number": number, "iid": number, "title": "x", "state": state,
                "user": user, "author": user, "labels": []})
        };
        let open = if rig.name == "GitLab" {
            "opened"
        } else {
            "open"
        };
        let entries = serde_json::json!([
            entry(1, "watchbot", open),
            entry(2, "alice", open),
            entry(3, "watchbot", "closed"),
            entry(4, "watchbot ", open),
        ]);
        let reply = Reply::json(200, &entries).header("X-Total-Count", 4);
        rig.standin()
            .inject(Rule::when(page("1")), Fault::Answer(reply));
        let listing = rig.open().open_issues("watchbot").unwrap();
        let listed: Vec<u64> = listing.issues.iter().map(|issue| issue.number).collect();
        assert_eq!((listed, listing.complete), (vec![1], true), "{}", rig.name);
    }
}

#[test]
fn an_entry_that_cannot_be_read_makes_it_incomplete() {
    use house_tests::standin::Reply;
    for rig in Rig::remote() {
        let forge = rig.open();
        let own = forge.own_user().unwrap();
        let entries = serde_json::json!([{"number": null, "iid": null, "state": "open"}]);
        rig.standin().inject(
            Rule::when(page("1")),
            Fault::Answer(Reply::json(200, &entries)),
        );
        let listing = forge.open_issues(&own).unwrap();
        assert!(!listing.complete, "{}", rig.name);
        // Nulls and unknown fields where they do no harm.
        let user = serde_json::json!({"login": own, "username": own, "email": null});
        let entries = serde_json::json!([{
            "number": 3, "iid": 3, "state": "open", "title": null, "body": null,
            "description": null, "user": user, "author": user, "labels": null, "new": {"a": [1]},
            "pull_request": null, "closed_at": null, "html_url": null, "web_url": null,
            "assignees": null, "milestone": null,
        }]);
        rig.standin().inject(
            Rule::when(page("1")),
            Fault::Answer(Reply::json(200, &entries).header("X-Total-Count", 1)),
        );
        let listing = forge.open_issues(&own).unwrap();
        assert_eq!(listing.issues.len(), 1, "{}", rig.name);
        let url = &listing.issues[0].url;
        assert!(url.starts_with(rig.standin().url()), "{url}");
    }
}
