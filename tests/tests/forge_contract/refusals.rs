//! What people read when a forge refuses: one text for each thing that can be
//! wrong, the same for every forge as far as it goes.

use std::fmt::Write as _;

use checker::error::{DeliveryError, Retry};
use checker::forge::{Edit, Forge};
use house_tests::standin::{Access, Flavour, Scope, World};

use crate::rig::{Rig, new_issue, time};

/// What is told, the server's address and passing words left out.
fn told(rig: &Rig, error: &DeliveryError) -> String {
    assert_eq!(error.retry, Retry::Never, "{}: {error}", rig.name);
    rig.told(error).replace(rig.standin().url(), "URL")
}

/// Every situation, what is tried in it, and over which forges it is the same.
type Situation = (
    &'static str,
    fn(&mut World),
    fn(&dyn Forge) -> Result<(), DeliveryError>,
);

fn list(forge: &dyn Forge) -> Result<(), DeliveryError> {
    forge.open_issues("watchbot").map(drop)
}

fn create(forge: &dyn Forge) -> Result<(), DeliveryError> {
    forge.create(&new_issue("a")).map(drop)
}

fn comment(forge: &dyn Forge) -> Result<(), DeliveryError> {
    forge.comment(1, "x")
}

fn read_comments(forge: &dyn Forge) -> Result<(), DeliveryError> {
    forge.comments(1, "watchbot").map(drop)
}

fn close(forge: &dyn Forge) -> Result<(), DeliveryError> {
    forge.edit(1, &Edit::closed())
}

const SITUATIONS: &[Situation] = &[
    ("bad token: list", World::revoke_token, list),
    (
        "no access: list",
        |world| world.grant(Access::Stranger),
        list,
    ),
    (
        "no access: create",
        |world| world.grant(Access::Stranger),
        create,
    ),
    (
        "issues off: list",
        |world| world.repo.issues_enabled = false,
        list,
    ),
    (
        "issues off: create",
        |world| world.repo.issues_enabled = false,
        create,
    ),
    (
        "archived: create",
        |world| world.repo.archived = true,
        create,
    ),
    (
        "archived: comment",
        |world| world.repo.archived = true,
        comment,
    ),
    (
        "read-only token: create",
        |world| world.set_scopes(&[Scope::ReadIssue, Scope::ReadRepository, Scope::ReadUser]),
        create,
    ),
    ("deleted: comment", |world| world.delete(1), comment),
    (
        "deleted: read comments",
        |world| world.delete(1),
        read_comments,
    ),
    ("deleted: close", |world| world.delete(1), close),
    (
        "locked, as a reader: comment",
        |world| {
            world.grant(Access::Reader);
            world.lock(1);
        },
        comment,
    ),
    ("blocked: close", |world| world.block(1), close),
];

#[test]
fn what_people_read() {
    let mut all = String::new();
    for (what, change, act) in SITUATIONS {
        let _ = writeln!(all, "## {what}");
        for rig in Rig::remote() {
            rig.standin().world(|world| {
                world.open_issue("watchbot", "one", "");
                change(world);
            });
            match act(&*rig.open()) {
                Ok(()) => drop(writeln!(all, "{}: done", rig.name)),
                Err(error) => {
                    assert!(!error.may_have_acted, "{what}, {}: {error}", rig.name);
                    let _ = writeln!(all, "{}: {}", rig.name, told(&rig, &error));
                }
            }
        }
        all.push('\n');
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_renamed_repository_is_named() {
    let mut all = String::new();
    for rig in Rig::remote() {
        rig.standin().world(|world| {
            world.open_issue("watchbot", "one", "");
            world.rename_repo("night-watch");
        });
        let forge = rig.open();
        // Reading goes on, with a word about it.
        let own = forge.own_user().unwrap();
        assert_eq!(
            forge.open_issues(&own).unwrap().issues.len(),
            1,
            "{}",
            rig.name
        );
        let warnings = forge
            .warnings()
            .join("; ")
            .replace(rig.standin().url(), "URL");
        let _ = writeln!(all, "{}: {warnings}", rig.name);
        for (what, done) in [("create", create(&*forge)), ("close", close(&*forge))] {
            match done {
                Ok(()) => drop(writeln!(all, "  {what}: done")),
                Err(error) => drop(writeln!(all, "  {what}: {}", told(&rig, &error))),
            }
        }
        let expected = usize::from(rig.name == "Forgejo");
        assert_eq!(rig.truly_open().len(), 1, "{}", rig.name);
        let created = rig.standin().world(|world| world.issues.len()) - 1;
        assert_eq!(created, expected, "{}: no POST became a GET", rig.name);
        rig.standin().assert_token_hygiene();
    }
    insta::assert_snapshot!(all);
}

#[test]
fn a_wrong_address_is_named() {
    let mut all = String::new();
    for rig in Rig::remote() {
        let url = rig.standin().url().to_owned();
        let config = rig.config().replace(&url, &format!("{url}/wrong"));
        let settings = checker::forge::settings(&config).unwrap();
        let forge = settings.open(rig.parts()).unwrap();
        let error = forge.own_user().unwrap_err();
        let _ = writeln!(all, "{}: {}", rig.name, told(&rig, &error));
    }
    insta::assert_snapshot!(all);
}

#[test]
fn without_a_token_nothing_is_asked() {
    for rig in Rig::remote() {
        let mut parts = rig.parts();
        parts.token = None;
        let settings = checker::forge::settings(&rig.config()).unwrap();
        assert!(settings.needs_token());
        let Err(error) = settings.open(parts) else {
            panic!("{}: opened without a token", rig.name);
        };
        let told = told(&rig, &error);
        assert!(
            told.contains("cannot ask ops/watch at URL: there is no token for it"),
            "{told}"
        );
        assert!(told.contains("HEARTBEAT_FORGE_TOKEN"), "{told}");
    }
}

#[test]
fn a_token_that_may_not_tell_its_user() {
    for flavour in [Flavour::Forgejo, Flavour::GitLab] {
        let mut rig = Rig::of(flavour);
        rig.standin()
            .world(|world| world.set_scopes(&[Scope::WriteIssue, Scope::ReadRepository]));
        let error = rig.open().own_user().unwrap_err();
        assert!(
            told(&rig, &error).contains("set `user` in [forge]"),
            "{error}"
        );
        rig.extra = "user = \"watchbot\"\n".to_owned();
        let forge = rig.open();
        forge.create(&new_issue("a")).unwrap();
        assert_eq!(rig.listed(&*forge).len(), 1);
        assert!(
            forge
                .closed_issues("watchbot", time(crate::rig::START))
                .is_ok()
        );
    }
}

#[test]
fn a_user_that_is_not_the_tokens_opens_nothing() {
    for mut rig in Rig::remote() {
        rig.extra = "user = \"alice\"\n".to_owned();
        for _ in 0..2 {
            let error = rig.open().create(&new_issue("a")).unwrap_err();
            let told = told(&rig, &error);
            assert!(
                told.contains("the token is not that of \"alice\""),
                "{told}"
            );
        }
        assert!(rig.truly_open().is_empty(), "{}", rig.name);
    }
    // Where the token may not ask, it shows in the answer, and nothing stays.
    let mut rig = Rig::of(Flavour::Forgejo);
    rig.extra = "user = \"alice\"\n".to_owned();
    rig.standin()
        .world(|world| world.set_scopes(&[Scope::WriteIssue, Scope::ReadRepository]));
    let forge = rig.open();
    let error = forge.create(&new_issue("a")).unwrap_err();
    assert!(error.may_have_acted);
    assert!(
        error
            .why
            .contains("was opened by \"watchbot\", not by \"alice\""),
        "{error}"
    );
    assert!(rig.truly_open().is_empty());
    let error = forge.create(&new_issue("b")).unwrap_err();
    assert!(error.why.contains("the token is not that of"), "{error}");
    assert_eq!(rig.standin().world(|world| world.issues.len()), 1);
}
