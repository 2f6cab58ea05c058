//! Tests of what a config says of jobs and forges.

use std::fmt::Write as _;
use std::fs;

use crate::config::Config;

const FORGES: &str = "\
[forge]
kind = \"gitea\"
url = \"https://git.example.org\"
repo = \"ops/watch\"

[forges.db]
kind = \"gitlab\"
url = \"https://gitlab.example.org\"
repo = \"db/all/ops\"

[forges.notes]
kind = \"folder\"
";

fn config(text: &str) -> Config {
    Config::parse(text, "config.toml").unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn where_the_issue_of_a_job_goes() {
    let config = config(FORGES);
    let place = |forge, repo| match config.target(forge, repo) {
        Ok(settings) => settings.place(),
        Err(fault) => {
            let key = if fault.in_repo { "repo" } else { "forge" };
            format!(
                "{key}: {} ({})",
                fault.message,
                fault.hint.unwrap_or_default()
            )
        }
    };
    let mut all = String::new();
    for (forge, repo) in [
        (None, None),
        (None, Some("db/ops")),
        (None, Some("db/all/ops")),
        (Some("db"), None),
        (Some("db"), Some("a/b/c")),
        (Some("db"), Some("a")),
        (Some("notes"), None),
        (Some("notes"), Some("a/b")),
        (Some("dev"), None),
    ] {
        let _ = writeln!(all, "{forge:?} {repo:?}: {}", place(forge, repo));
    }
    insta::assert_snapshot!(all);
    let other = config.target(Some("db"), Some("a/b")).unwrap();
    assert_eq!(other.name(), Some("db"));
    assert_eq!(other.kind(), "gitlab");
}

#[test]
fn one_place_by_two_names_is_one_place() {
    let config = config(
        "[forge]\nkind = \"github\"\nrepo = \"Ops/Watch\"\n\
         [forges.same]\nkind = \"github\"\nrepo = \"ops/watch\"\n\
         [forges.other]\nkind = \"github\"\nrepo = \"ops/other\"\n",
    );
    let place = |name| config.target(name, None).unwrap().place();
    assert_eq!(place(None), place(Some("same")));
    assert_ne!(place(None), place(Some("other")));
    let moved = config.target(Some("other"), Some("ops/watch")).unwrap();
    assert_eq!(moved.place(), place(None));
}

#[test]
fn jobs_of_the_config_and_of_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("a.toml");
    fs::write(&file, "[one]\nevery = \"1d\"\nforge = \"db\"\nrepo = \"a/b/c\"\n[two]\nevery = \"1d\"\nforge = \"dev\"\n").unwrap();
    let text = format!(
        "{FORGES}\n[checker]\njobs_dir = {:?}\ncatch_up = \"30m\"\n\n[jobs.three]\nevery = \"1h\"\nrepo = \"x\"\n[jobs.four]\nevery = \"1h\"\n",
        dir.path()
    );
    let config = config(&text);
    assert_eq!(config.checker.catch_up.as_secs(), 1_800);
    let manifest = config.manifest();
    let names: Vec<&str> = manifest.jobs().iter().map(|job| job.job.as_str()).collect();
    assert_eq!(names, ["four", "one"]);
    let mut told = String::new();
    for fault in &manifest.faults {
        let shown = fault
            .to_string()
            .replace(&dir.path().display().to_string(), "DIR");
        let _ = writeln!(
            told,
            "{shown}\nhint: {}",
            fault.hint.as_deref().unwrap_or("-")
        );
    }
    insta::assert_snapshot!(told);
}

#[test]
fn a_folder_that_was_named_must_be_there() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let manifest = config(&format!("[checker]\njobs_dir = {missing:?}\n")).manifest();
    assert_eq!(manifest.faults.len(), 1);
    assert!(manifest.blind);
}

#[test]
fn what_is_no_table_is_refused() {
    for text in [
        "jobs = 3\n",
        "forges = 3\n",
        "[forges]\nops = 3\n",
        "[[jobs]]\n",
    ] {
        let error = Config::parse(text, "config.toml").unwrap_err();
        assert!(error.place.is_some(), "{error}");
        assert!(error.message.contains("table"), "{error}");
    }
}
