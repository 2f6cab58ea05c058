//! A network and a server that fail, at every request of a journey.

use std::time::{Duration, Instant};

use checker::error::{DeliveryError, Retry};
use checker::forge::{Edit, Forge, ForgeIssue};
use house_tests::sink::Sink;
use house_tests::standin::{Fault, Flavour, Reply, Rule, Standin, nobody};

use crate::rig::{Place, Rig, new_issue};

/// What a pass does for one silent job: look, and open an issue unless there is
/// one; of several the lowest number stays.
fn converge(forge: &dyn Forge) -> Result<(), DeliveryError> {
    let own = forge.own_user()?;
    let wanted = new_issue("db_backup");
    let listing = forge.open_issues(&own)?;
    if !listing.complete {
        return Err(DeliveryError::later("look", "the list is incomplete"));
    }
    let ours = |issue: &&ForgeIssue| issue.body == wanted.body;
    let mut found: Vec<&ForgeIssue> = listing.issues.iter().filter(ours).collect();
    found.sort_by_key(|issue| issue.number);
    if found.is_empty() {
        forge.create(&wanted)?;
    }
    for extra in found.iter().skip(1) {
        forge.edit(extra.number, &Edit::closed())?;
    }
    Ok(())
}

/// The journey: opened, told more, changed, closed.
fn journey(forge: &dyn Forge) -> Result<(), DeliveryError> {
    converge(forge)?;
    let own = forge.own_user()?;
    let found = forge.open_issues(&own)?.issues;
    let lowest = found.iter().map(|issue| issue.number).min();
    let number = lowest.ok_or_else(|| DeliveryError::later("look", "it is not there"))?;
    if !forge.comments(number, &own)?.contains(&"more".to_owned()) {
        forge.comment(number, "more")?;
    }
    let edit = Edit {
        title: Some("[heartbeat-checker] db_backup failed on bezalel".to_owned()),
        ..Edit::default()
    };
    forge.edit(number, &edit)
}

fn faults(elsewhere: &Sink) -> Vec<(&'static str, Fault)> {
    vec![
        ("500", Fault::status(500)),
        ("502 page", Fault::page(502)),
        ("200 page", Fault::page(200)),
        ("429", Fault::busy(429, 1)),
        ("503", Fault::busy(503, 1)),
        ("close", Fault::Close),
        ("drop", Fault::ActAndDrop),
        ("half", Fault::ActAndHalf),
        ("cut head", Fault::ActAndCut(12)),
        ("acted, 500", Fault::ActAndAnswer(Reply::text(500, "oops"))),
        ("acted, 200", Fault::ActAndAnswer(Reply::text(200, "null"))),
        ("empty list", Fault::Answer(Reply::text(200, "[]"))),
        ("garbage", Fault::Raw(b"220 mail\r\n".to_vec())),
        ("elsewhere", Fault::elsewhere(&elsewhere.url())),
        ("stall", Fault::ActAndStall(20)),
    ]
}

#[test]
fn a_forge_that_fails_at_any_one_request_is_right_in_the_end() {
    for flavour in Flavour::ALL {
        let count = {
            let rig = Rig::of(flavour);
            journey(&*rig.open()).unwrap();
            rig.standin().log().len()
        };
        for request in 1..=count {
            let elsewhere = Sink::start();
            for (what, fault) in faults(&elsewhere) {
                let name = format!("{flavour:?}, request {request}, {what}");
                let mut rig = Rig::of(flavour);
                if what == "stall" {
                    rig.patience = Duration::from_millis(300);
                }
                // An empty list in the place of another one is a lie that no
                // client can see through.
                rig.standin().inject(Rule::nth(request), fault);
                let first = journey(&*rig.open());
                if let Err(error) = &first {
                    rig.told(error);
                }
                rig.patience = Duration::from_secs(20);
                assert_eq!(rig.standin().pending_faults(), 0, "{name}");
                if what != "empty list" {
                    let opened = rig.truly_open().len();
                    assert!(opened <= 1, "{name}: {opened} issues");
                }
                for _ in 0..2 {
                    journey(&*rig.open()).unwrap();
                }
                assert_eq!(rig.truly_open().len(), 1, "{name}");
                let number = rig.truly_open()[0];
                let said = rig.standin().world(|world| {
                    let issue = world.issue(number).unwrap();
                    let more = issue.comments.iter().filter(|c| c.body == "more");
                    (issue.title.contains("failed"), more.count())
                });
                assert_eq!(said, (true, 1), "{name}");
                assert!(elsewhere.requests().is_empty(), "{name}");
                rig.standin().assert_token_hygiene();
            }
        }
    }
}

#[test]
fn a_create_says_whether_it_may_have_acted() {
    /// What happens, how many issues are there then, and what the error says.
    type Case = (fn() -> Fault, usize, bool);
    let cases: [Case; 8] = [
        (|| Fault::Close, 0, true),
        (|| Fault::ActAndDrop, 1, true),
        (|| Fault::ActAndHalf, 1, true),
        (|| Fault::status(500), 0, true),
        (|| Fault::ActAndAnswer(Reply::text(502, "")), 1, true),
        (|| Fault::ActAndAnswer(Reply::text(200, "{}")), 1, true),
        (|| Fault::status(422), 0, false),
        (|| Fault::status(413), 0, false),
    ];
    for (fault, there, acted) in cases {
        for rig in Rig::remote() {
            let create = |request: &house_tests::standin::Request| {
                request.method == "POST" && request.path.ends_with("/issues")
            };
            rig.standin().inject(Rule::when(create), fault());
            let error = rig.open().create(&new_issue("a")).unwrap_err();
            rig.told(&error);
            assert_eq!(rig.truly_open().len(), there, "{}: {error}", rig.name);
            assert_eq!(error.may_have_acted, acted, "{}: {error}", rig.name);
            let posts = rig.standin().log().into_iter();
            assert_eq!(posts.filter(|entry| create(entry)).count(), 1, "sent once");
        }
    }
}

#[test]
fn an_answer_about_something_else_is_no_proof() {
    for rig in Rig::remote() {
        let own = rig.standin().own_user();
        let user = serde_json::json!({"login": own, "username": own});
        let issue = |title: &str, number: u64, user: &serde_json::Value| {
            serde_json::json!({"number": number, "iid": number, "title": title, "state": "open",
                "user": user, "author": user, "labels": []})
        };
        let title = new_issue("a").title;
        let alice = serde_json::json!({"login": "alice", "username": "alice"});
        let answers = [
            (201, serde_json::json!({})),
            (201, serde_json::json!([])),
            (201, issue("another", 7, &user)),
            (201, issue(&title, 0, &user)),
            (200, issue(&title, 7, &user)),
            (201, issue(&title, 7, &alice)),
        ];
        for (status, answer) in answers {
            let create = |request: &house_tests::standin::Request| {
                request.method == "POST" && request.path.ends_with("/issues")
            };
            let reply = Reply::json(status, &answer);
            rig.standin()
                .inject(Rule::when(create), Fault::Answer(reply));
            let error = rig.open().create(&new_issue("a")).unwrap_err();
            assert!(
                error.may_have_acted,
                "{}: {status} {answer}: {error}",
                rig.name
            );
        }
    }
}

#[test]
fn what_was_plainly_refused_is_sent_again() {
    for rig in Rig::remote() {
        rig.standin()
            .inject(Rule::on("POST", "/issues"), Fault::busy(429, 7));
        let number = rig.open().create(&new_issue("a")).unwrap().number;
        rig.standin()
            .inject(Rule::on("POST", "/issues"), Fault::busy(503, 7));
        rig.open().comment(number, "x").unwrap();
        assert_eq!(rig.truly_open(), [number], "{}", rig.name);
        let comments = rig
            .standin()
            .world(|world| world.issue(number).unwrap().comments.len());
        assert_eq!(comments, 1);
    }
}

#[test]
fn the_limits_of_github_are_kept() {
    let rig = Rig::of(Flavour::GitHub);
    rig.standin().world(|world| world.rate.per_minute = 0);
    let error = rig.open().create(&new_issue("a")).unwrap_err();
    let told = rig.told(&error);
    assert!(told.contains("secondary rate limit"), "{told}");
    assert_eq!(error.retry, Retry::Later(Some(Duration::from_secs(60))));
    assert!(!error.may_have_acted);
    // Without a time in the answer it is a minute all the same.
    rig.standin().world(|world| world.rate.retry_after = None);
    let error = rig.open().create(&new_issue("a")).unwrap_err();
    assert_eq!(error.retry, Retry::Later(Some(Duration::from_secs(60))));
    rig.standin().world(|world| {
        world.rate.per_minute = 80;
        world.rate.remaining = 0;
    });
    let error = rig.open().own_user().unwrap_err();
    let told = rig.told(&error);
    assert!(
        told.contains("asks to wait longer than this pass may take"),
        "{told}"
    );
}

#[test]
fn a_server_that_never_answers_is_given_up() {
    for mut rig in Rig::remote() {
        rig.patience = Duration::from_millis(100);
        let forge = rig.open();
        for fault in [Fault::Hang, Fault::ActAndStall(60)] {
            rig.standin().inject(Rule::nth(1).always(), fault);
            #[expect(clippy::disallowed_methods, reason = "really passed time is meant")]
            let before = Instant::now();
            let error = forge.own_user().unwrap_err();
            assert!(before.elapsed() < Duration::from_secs(10), "{}", rig.name);
            assert!(matches!(error.retry, Retry::Later(_)), "{error}");
            rig.told(&error);
            rig.standin().clear_faults();
        }
    }
}

#[test]
fn a_server_that_is_not_there_is_told() {
    for rig in Rig::remote() {
        rig.standin().set_down(true);
        let error = rig.open().own_user().unwrap_err();
        assert!(error.why.contains("tried 3 times"), "{error}");
        rig.told(&error);
    }
    let mut rig = Rig::of(Flavour::Forgejo);
    let config = rig.config().replace(rig.standin().url(), &nobody());
    rig.place = Place::Standin(Standin::start(Flavour::Forgejo));
    let parts = rig.parts();
    let forge = checker::forge::settings(&config)
        .unwrap()
        .open(parts)
        .unwrap();
    let error = forge.comment(1, "x").unwrap_err();
    assert!(!error.may_have_acted, "{error}");
    assert!(
        error.why.contains("no connection to http://127.0.0.1"),
        "{error}"
    );
}

#[test]
fn the_token_goes_to_no_other_origin() {
    for status in [301, 302, 303, 307, 308] {
        for rig in Rig::remote() {
            let elsewhere = Sink::start();
            let to = format!("{}/", elsewhere.url());
            rig.standin()
                .inject(Rule::nth(1).always(), Fault::Redirect { status, to });
            let forge = rig.open();
            let errors = [
                forge.own_user().unwrap_err(),
                forge.open_issues("watchbot").unwrap_err(),
                forge.comment(1, "x").unwrap_err(),
                forge.edit(1, &Edit::closed()).unwrap_err(),
            ];
            for error in errors {
                let told = rig.told(&error);
                assert!(told.contains("leads to another server"), "{told}");
                assert_eq!(error.retry, Retry::Never);
            }
            assert!(elsewhere.requests().is_empty(), "{}", rig.name);
        }
    }
}

#[test]
fn a_token_that_is_echoed_is_not_told() {
    for rig in Rig::remote() {
        let echo = format!("no such token: {} ?token={0}", rig.standin().token());
        for reply in [
            Reply::text(403, &echo),
            Reply::json(422, &serde_json::json!({"message": echo})),
            Reply::text(500, &echo),
            Reply::text(200, &echo),
            Reply::text(302, "").header("Location", format!("/{echo}")),
            Reply::text(302, "").header(
                "Location",
                format!("http://{}.example.org/", rig.standin().token()),
            ),
        ] {
            rig.standin()
                .inject(Rule::nth(1).always(), Fault::Answer(reply));
            let forge = rig.open();
            for error in [
                forge.own_user().unwrap_err(),
                forge.create(&new_issue("a")).unwrap_err(),
                forge.edit(1, &Edit::closed()).unwrap_err(),
            ] {
                rig.told(&error);
            }
            rig.assert_clean(&forge.warnings().join("\n"));
            rig.standin().clear_faults();
        }
    }
}
