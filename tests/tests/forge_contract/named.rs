//! Further forges: a named one works as `[forge]` does, with a token and a
//! repository of its own, and is called by its name where something is wrong.

use checker::forge::{Settings, named_settings};

use crate::rig::{Rig, labelled, new_issue};

/// The settings of the rig as those of a forge with a name.
fn named(rig: &Rig) -> Box<dyn Settings> {
    let config = rig.config().replace("[forge]", "[forges.ops]");
    named_settings(&config).unwrap().remove("ops").unwrap()
}

#[test]
fn it_opens_and_lists_like_the_first_one() {
    for rig in Rig::all() {
        let settings = named(&rig);
        assert_eq!(settings.name(), Some("ops"), "{}", rig.name);
        let forge = settings.open(rig.parts()).unwrap();
        let opened = forge.create(&labelled("a", &["db"])).unwrap();
        let listed = rig.listed(&*forge);
        assert_eq!(listed.len(), 1, "{}", rig.name);
        assert_eq!(listed[0].number, opened.number, "{}", rig.name);
        rig.assert_manners();
    }
}

#[test]
fn without_its_token_its_own_places_are_named() {
    for rig in Rig::remote() {
        let mut parts = rig.parts();
        parts.token = None;
        let Err(error) = named(&rig).open(parts) else {
            panic!("{}: opened without a token", rig.name);
        };
        let told = rig.told(&error);
        for word in [
            "[forges.ops]",
            "LoadCredential=forge-token-ops:",
            "HEARTBEAT_FORGE_TOKEN_OPS",
        ] {
            assert!(told.contains(word), "{told}");
        }
    }
}

#[test]
fn a_wrong_login_is_looked_for_in_its_own_table() {
    for mut rig in Rig::remote() {
        rig.extra = "user = \"alice\"\n".to_owned();
        let forge = named(&rig).open(rig.parts()).unwrap();
        let error = forge.create(&new_issue("a")).unwrap_err();
        assert!(rig.told(&error).contains("in [forges.ops]"), "{error}");
    }
}

#[test]
fn a_job_may_name_another_repository() {
    for rig in Rig::remote() {
        let repo = rig.standin().repo().to_owned();
        let elsewhere = rig.config().replace(&repo, "some/other");
        let settings = checker::forge::settings(&elsewhere).unwrap();
        let forge = settings.open(rig.parts()).unwrap();
        let error = forge.create(&new_issue("a")).unwrap_err();
        assert!(rig.told(&error).contains("some/other"), "{error}");
        let forge = settings.with_repo(&repo).unwrap();
        assert_eq!(forge.place(), rig.settings().place(), "{}", rig.name);
        let forge = forge.open(rig.parts()).unwrap();
        assert!(forge.describe().contains(&repo), "{}", forge.describe());
        forge.create(&new_issue("a")).unwrap();
        assert_eq!(rig.truly_open().len(), 1, "{}", rig.name);
    }
}
