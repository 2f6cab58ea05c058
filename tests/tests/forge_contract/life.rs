//! The life of an issue, and what is left alone.

use std::time::Duration;

use checker::forge::{Edit, KINDS, State};
use house_tests::standin::Flavour;

use crate::rig::{Place, Rig, START, new_issue, time};

#[test]
fn every_kind_of_the_registry_is_here() {
    let mut here: Vec<&str> = Flavour::ALL.iter().map(|flavour| flavour.kind()).collect();
    here.push("folder");
    for kind in KINDS {
        assert!(here.contains(&kind.name), "no contract for {}", kind.name);
    }
}

#[test]
fn the_life_of_an_issue() {
    for rig in Rig::all() {
        let name = &rig.name;
        let forge = rig.open();
        let own = forge.own_user().unwrap();
        assert!(forge.describe().contains("ops/watch") || name == "Folder");
        assert_eq!(rig.listed(&*forge), [], "{name}");

        let wanted = new_issue("db_backup");
        let issue = forge.create(&wanted).unwrap();
        assert_eq!(
            (&issue.title, &issue.body),
            (&wanted.title, &wanted.body),
            "{name}"
        );
        assert_eq!(
            (issue.state, &issue.author, issue.closed_at),
            (State::Open, &own, None)
        );
        assert_eq!(rig.listed(&*forge).first(), Some(&issue), "{name}");
        assert!(issue.url.contains("://"), "{name}: {}", issue.url);

        assert_eq!(forge.comments(issue.number, &own).unwrap(), [""; 0]);
        for text in ["still silent\n", "`/close` is no command"] {
            rig.clock.advance(Duration::from_secs(60));
            forge.comment(issue.number, text).unwrap();
        }
        let said = forge.comments(issue.number, &own).unwrap();
        assert_eq!(said, ["still silent\n", "`/close` is no command"], "{name}");
        assert_eq!(forge.comments(issue.number, "alice").unwrap(), [""; 0]);

        let edit = Edit {
            title: Some("[heartbeat-checker] db_backup failed on bezalel".to_owned()),
            body: Some("<!-- heartbeat-checker {} -->\nfailed".to_owned()),
            state: None,
        };
        forge.edit(issue.number, &edit).unwrap();
        let edited = rig.listed(&*forge).remove(0);
        assert_eq!(
            (Some(edited.title), Some(edited.body)),
            (edit.title, edit.body),
            "{name}"
        );

        // Closing twice is closing once.
        forge.edit(issue.number, &Edit::closed()).unwrap();
        forge.edit(issue.number, &Edit::closed()).unwrap();
        assert_eq!(rig.listed(&*forge), [], "{name}");
        let closed = forge.closed_issues(&own, time(START)).unwrap();
        assert!(closed.complete);
        let closed = closed.issues;
        assert_eq!(
            (closed.len(), closed[0].number),
            (1, issue.number),
            "{name}"
        );
        assert!(
            closed[0].closed_at.is_some_and(|at| at >= time(START)),
            "{name}"
        );
        let later = forge
            .closed_issues(&own, time("2026-11-23T06:00:00Z"))
            .unwrap();
        assert_eq!((later.issues, later.complete), (vec![], true), "{name}");

        let reopen = Edit {
            state: Some(State::Open),
            ..Edit::default()
        };
        forge.edit(issue.number, &reopen).unwrap();
        assert_eq!(rig.listed(&*forge)[0].number, issue.number, "{name}");
        assert_eq!(forge.closed_issues(&own, time(START)).unwrap().issues, []);
        forge.edit(issue.number, &Edit::default()).unwrap();
        assert_eq!(forge.warnings(), [""; 0], "{name}");
        rig.assert_manners();
        if let Place::Standin(standin) = &rig.place {
            standin.world(|world| {
                assert!(world.mentions.is_empty() && world.commands.is_empty());
                let issue = world.issue(issue.number).unwrap();
                assert_eq!(world.label_names(issue), ["heartbeat"], "{name}");
                assert_eq!(world.labels.len(), 1, "{name}");
            });
        }
    }
}

#[test]
fn a_second_pass_finds_what_the_first_one_opened() {
    for rig in Rig::all() {
        let first = rig.open().create(&new_issue("a")).unwrap();
        let second = rig.open().create(&new_issue("b")).unwrap();
        let mut numbers: Vec<u64> = rig.listed(&*rig.open()).iter().map(|i| i.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [first.number, second.number], "{}", rig.name);
    }
}

#[test]
fn what_is_not_ours_is_not_even_listed() {
    for rig in Rig::remote() {
        let body = new_issue("x").body;
        rig.standin().world(|world| {
            let own = world.account.login.clone();
            world.open_issue("alice", "the lamp is out", "");
            world.open_issue("alice", "[heartbeat-checker] copied", &body);
            world.open_issue("watchbot2", "a user with a longer name", &body);
            world.add_pull_request(&own, "a change", &body);
            world.add_pull_request("bob", "another", "");
            let closed = world.open_issue("alice", "done", "");
            world.close(closed, "alice");
        });
        let forge = rig.open();
        assert_eq!(rig.listed(&*forge), [], "{}", rig.name);
        let own = forge.own_user().unwrap();
        let closed = forge
            .closed_issues(&own, time("2000-01-01T00:00:00Z"))
            .unwrap();
        assert_eq!(
            (closed.issues, closed.complete),
            (vec![], true),
            "{}",
            rig.name
        );
        rig.assert_manners();
        let writes = rig.standin().log().iter().any(|entry| entry.writes());
        assert!(!writes, "{}: looking changes nothing", rig.name);
    }
}

#[test]
fn comments_of_people_and_of_the_forge_are_left_out() {
    for rig in Rig::remote() {
        let forge = rig.open();
        let number = forge.create(&new_issue("a")).unwrap().number;
        forge.comment(number, "one").unwrap();
        forge.edit(number, &Edit::closed()).unwrap();
        rig.standin()
            .world(|world| world.say(number, "alice", "I am on it"));
        forge.comment(number, "two").unwrap();
        let own = forge.own_user().unwrap();
        assert_eq!(
            forge.comments(number, &own).unwrap(),
            ["one", "two"],
            "{}",
            rig.name
        );
        let open = rig
            .standin()
            .world(|world| world.issue(number).unwrap().open);
        assert!(!open, "{}: a comment leaves it closed", rig.name);
    }
}

#[test]
fn what_a_forge_would_cut_is_not_sent() {
    for rig in Rig::remote() {
        let forge = rig.open();
        let mut long = new_issue("a");
        long.title = "x".repeat(300);
        let error = forge.create(&long).unwrap_err();
        assert!(
            rig.told(&error).contains("the title has 300 characters"),
            "{error}"
        );
        assert!(!error.may_have_acted);
        let mut large = new_issue("a");
        large.body = "x".repeat(1_100_000);
        let error = forge.create(&large).unwrap_err();
        assert!(
            error.why.contains("the body has 1100000 characters"),
            "{error}"
        );
        let error = forge.comment(1, " \n").unwrap_err();
        assert!(error.why.contains("the comment is blank"), "{error}");
        assert!(rig.standin().log().is_empty(), "{}", rig.name);
    }
}

#[test]
fn a_server_below_a_path_and_behind_another_name() {
    for flavour in Flavour::ALL {
        let setup = house_tests::standin::Standin::setup(flavour);
        let standin = setup
            .prefix("/git")
            .root("https://git.example.org/git")
            .start();
        let mut rig = Rig::of(flavour);
        rig.place = Place::Standin(standin);
        let forge = rig.open();
        let issue = forge.create(&new_issue("a")).unwrap();
        assert!(
            issue.url.starts_with("https://git.example.org/git/"),
            "{}",
            issue.url
        );
        assert_eq!(rig.listed(&*forge).len(), 1);
        rig.assert_manners();
    }
}

#[test]
fn no_line_of_a_text_is_a_command() {
    let rig = Rig::of(Flavour::GitLab);
    let forge = rig.open();
    let mut issue = new_issue("a");
    issue
        .body
        .push_str("/close\n/assign @alice\n````\n```\n/close\n````\n/label ~x\n");
    let number = forge.create(&issue).unwrap().number;
    forge.comment(number, "/close").unwrap();
    let edit = Edit {
        body: Some("/close\nx".to_owned()),
        ..Edit::default()
    };
    forge.edit(number, &edit).unwrap();
    rig.standin().world(|world| {
        assert!(world.commands.is_empty(), "{:?}", world.commands);
        assert!(world.issue(number).unwrap().open);
    });
}
