//! The label: there exactly once, for people, never in the way.

use house_tests::standin::{Access, Fault, Flavour, Rule};

use crate::rig::{Rig, new_issue};

fn label_of(rig: &Rig, number: u64) -> Vec<u64> {
    rig.standin()
        .world(|world| world.issue(number).unwrap().labels.clone())
}

#[test]
fn a_name_that_exists_twice_means_the_older_one() {
    for flavour in [Flavour::Forgejo, Flavour::Gitea] {
        let rig = Rig::of(flavour);
        let (first, _) = rig.standin().world(|world| {
            world.add_organisation_label("heartbeat");
            for number in 0..60 {
                world.add_label(&format!("l{number}"));
            }
            (world.add_label("heartbeat"), world.add_label("heartbeat"))
        });
        let number = rig.open().create(&new_issue("a")).unwrap().number;
        assert_eq!(label_of(&rig, number), [first], "{flavour:?}");
        let labels = rig.standin().world(|world| world.labels.len());
        assert_eq!(labels, 63, "{flavour:?}: none was made");
    }
}

#[test]
fn a_label_made_by_somebody_else_meanwhile_is_shared() {
    for rig in Rig::remote() {
        rig.standin().inject(
            Rule::on("POST", "/labels"),
            Fault::meanwhile(|world| {
                world.add_label("heartbeat");
            }),
        );
        let first = rig.open().create(&new_issue("a")).unwrap().number;
        let second = rig.open().create(&new_issue("b")).unwrap().number;
        let lowest = rig.standin().world(|world| {
            let ids = world.labels.iter().map(|label| label.id);
            ids.min().unwrap()
        });
        assert_eq!(label_of(&rig, first), [lowest], "{}", rig.name);
        assert_eq!(label_of(&rig, second), [lowest], "{}", rig.name);
    }
}

#[test]
fn a_reader_opens_issues_without_it_and_says_so() {
    for rig in Rig::remote() {
        rig.standin().world(|world| {
            world.grant(Access::Reader);
            if world.flavour != Flavour::GitLab {
                world.add_label("heartbeat");
            }
        });
        let forge = rig.open();
        for job in ["a", "b"] {
            forge.create(&new_issue(job)).unwrap();
        }
        let warnings = forge.warnings();
        assert_eq!(warnings.len(), 1, "{}: {warnings:?}", rig.name);
        assert!(
            warnings[0].contains("dropped the label \"heartbeat\""),
            "{warnings:?}"
        );
        assert_eq!(rig.listed(&*forge).len(), 2, "found again all the same");
    }
}

#[test]
fn a_label_that_may_not_be_made_is_done_without() {
    for flavour in [Flavour::Forgejo, Flavour::Gitea, Flavour::GitHub] {
        let rig = Rig::of(flavour);
        rig.standin()
            .inject(Rule::on("POST", "/labels").always(), Fault::page(403));
        let forge = rig.open();
        forge.create(&new_issue("a")).unwrap();
        let warnings = forge.warnings();
        assert!(
            warnings[0].contains("are opened without the label"),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_label_that_cannot_be_had_now_is_waited_for() {
    for flavour in [Flavour::Forgejo, Flavour::Gitea, Flavour::GitHub] {
        let rig = Rig::of(flavour);
        rig.standin()
            .inject(Rule::on("", "/labels").always(), Fault::status(502));
        let error = rig.open().create(&new_issue("a")).unwrap_err();
        assert!(!error.may_have_acted, "{flavour:?}: {error}");
        assert!(rig.truly_open().is_empty());
        rig.standin().clear_faults();
        rig.open().create(&new_issue("a")).unwrap();
        assert_eq!(rig.truly_open().len(), 1);
    }
}

#[test]
fn no_label_is_wanted_where_the_config_says_so() {
    for mut rig in Rig::remote() {
        rig.extra = "label = \"\"\n".to_owned();
        let forge = rig.open();
        let number = forge.create(&new_issue("a")).unwrap().number;
        assert!(label_of(&rig, number).is_empty(), "{}", rig.name);
        assert!(forge.warnings().is_empty(), "{}", rig.name);
        assert!(
            !rig.standin()
                .log_lines()
                .iter()
                .any(|line| line.contains("/labels"))
        );
        rig.assert_manners();
    }
}
