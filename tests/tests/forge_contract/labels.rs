//! The label: there exactly once, for people, never in the way.

use house_tests::standin::{Access, Fault, Flavour, Rule};

use crate::rig::{Rig, labelled, new_issue};

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

/// Names of an issue's labels as the forge itself knows them, in order.
fn names_of(rig: &Rig, number: u64) -> Vec<String> {
    rig.standin().world(|world| {
        let mut names = world.label_names(world.issue(number).unwrap());
        names.sort_unstable();
        names
    })
}

/// How often labels were asked for or made.
fn label_calls(rig: &Rig) -> usize {
    let lines = rig.standin().log_lines();
    lines.iter().filter(|line| line.contains("/labels")).count()
}

#[test]
fn an_issue_has_labels_of_its_own_beside_the_configured_one() {
    for rig in Rig::remote() {
        let forge = rig.open();
        let first = forge
            .create(&labelled("a", &["db", "team a"]))
            .unwrap()
            .number;
        let calls = label_calls(&rig);
        let second = forge
            .create(&labelled("b", &["db", "heartbeat"]))
            .unwrap()
            .number;
        assert_eq!(
            label_calls(&rig),
            calls,
            "{}: known labels are not asked for again",
            rig.name
        );
        let third = forge.create(&new_issue("c")).unwrap().number;
        assert_eq!(
            names_of(&rig, first),
            ["db", "heartbeat", "team a"],
            "{}",
            rig.name
        );
        assert_eq!(names_of(&rig, second), ["db", "heartbeat"], "{}", rig.name);
        assert_eq!(names_of(&rig, third), ["heartbeat"], "{}", rig.name);
        // A new pass finds the same ones.
        let fourth = rig
            .open()
            .create(&labelled("d", &["team a"]))
            .unwrap()
            .number;
        assert_eq!(
            names_of(&rig, fourth),
            ["heartbeat", "team a"],
            "{}",
            rig.name
        );
        let labels = rig.standin().world(|world| world.labels.len());
        assert_eq!(labels, 3, "{}: each is there once", rig.name);
        assert!(
            forge.warnings().is_empty(),
            "{}: {:?}",
            rig.name,
            forge.warnings()
        );
        rig.assert_manners();
    }
}

#[test]
fn an_issue_keeps_its_own_labels_where_none_is_configured() {
    for mut rig in Rig::remote() {
        rig.extra = "label = \"\"\n".to_owned();
        let number = rig.open().create(&labelled("a", &["db"])).unwrap().number;
        assert_eq!(names_of(&rig, number), ["db"], "{}", rig.name);
    }
}

#[test]
fn labels_of_its_own_that_exist_twice_mean_the_older_one() {
    for flavour in [Flavour::Forgejo, Flavour::Gitea] {
        let rig = Rig::of(flavour);
        let (db, own) = rig.standin().world(|world| {
            let db = world.add_label("db");
            world.add_label("db");
            let own = world.add_label("heartbeat");
            (db, own)
        });
        let number = rig.open().create(&labelled("a", &["db"])).unwrap().number;
        assert_eq!(label_of(&rig, number), [own, db], "{flavour:?}");
    }
}

#[test]
fn github_tells_a_label_as_it_was_first_written() {
    let rig = Rig::of(Flavour::GitHub);
    rig.standin().world(|world| world.add_label("DB"));
    let forge = rig.open();
    let number = forge.create(&labelled("a", &["db"])).unwrap().number;
    assert_eq!(names_of(&rig, number), ["DB", "heartbeat"]);
    assert!(forge.warnings().is_empty(), "{:?}", forge.warnings());
}

#[test]
fn a_comma_makes_no_two_labels() {
    for rig in Rig::remote() {
        let number = rig.open().create(&labelled("a", &["x,y"])).unwrap().number;
        assert_eq!(names_of(&rig, number), ["heartbeat"], "{}", rig.name);
    }
}

#[test]
fn a_label_that_may_not_be_made_leaves_the_others() {
    for flavour in [Flavour::Forgejo, Flavour::Gitea, Flavour::GitHub] {
        let rig = Rig::of(flavour);
        rig.standin().world(|world| world.add_label("heartbeat"));
        rig.standin()
            .inject(Rule::on("POST", "/labels").always(), Fault::page(403));
        let forge = rig.open();
        for job in ["a", "b"] {
            let number = forge.create(&labelled(job, &["db"])).unwrap().number;
            assert_eq!(names_of(&rig, number), ["heartbeat"], "{flavour:?}");
        }
        let warnings = forge.warnings();
        assert_eq!(warnings.len(), 1, "{flavour:?}: {warnings:?}");
        assert!(
            warnings[0].contains("without the label \"db\""),
            "{warnings:?}"
        );
    }
}

#[test]
fn a_reader_is_told_of_each_label_that_is_dropped() {
    for rig in Rig::remote() {
        rig.standin().world(|world| {
            world.grant(Access::Reader);
            if world.flavour != Flavour::GitLab {
                world.add_label("heartbeat");
                world.add_label("db");
            }
        });
        let forge = rig.open();
        let number = forge.create(&labelled("a", &["db"])).unwrap().number;
        assert!(names_of(&rig, number).is_empty(), "{}", rig.name);
        let warnings = forge.warnings();
        assert_eq!(warnings.len(), 2, "{}: {warnings:?}", rig.name);
        assert!(
            warnings[1].contains("dropped the label \"db\""),
            "{warnings:?}"
        );
        rig.assert_clean(&warnings.join(" "));
    }
}
