//! What people get wrong, and what they are told.

use super::{Folder, sources, told};
use crate::{Manifest, Sources};

/// Each text is a whole file; what is told of all of them is one snapshot.
fn all_told(cases: &[&str]) -> String {
    let mut all = String::new();
    for text in cases {
        let folder = Folder::of(&[("a.toml", text)]);
        let manifest = folder.load();
        assert!(!manifest.faults.is_empty(), "nothing is wrong with {text}");
        all.push_str(&told(&folder, &manifest));
        all.push('\n');
    }
    all
}

#[test]
fn shapes() {
    insta::assert_snapshot!(all_told(&[
        "[db\n",
        "every = \"1d\"\n",
        "db = 3\n",
        "[jobs.db]\nevery = \"1d\"\n",
        "[db.backup]\nevery = \"1d\"\n",
        "[\"a b\"]\nevery = \"1d\"\n",
        "[\"postgres/a b\"]\nevery = \"1d\"\n",
        "[\"../x\"]\nevery = \"1d\"\n",
        "[a]\nevery = \"1d\"\n[a]\nevery = \"1d\"\n",
        "[[a]]\nevery = \"1d\"\n",
        "[a]\nevery = \"1d\"\nshedule = \"x\"\nintervall = 3\ntoken = \"s3cret\"\n",
        "[a]\ninterval = \"1d\"\n",
        "[a]\n",
    ]));
}

#[test]
fn values() {
    let with = |line: &str| format!("[a]\nevery = \"1d\"\n{line}\n");
    let cases: Vec<String> = [
        "every = 3",
        "misses = 0",
        "misses = 101",
        "misses = \"two\"",
        "grace = \"0s\"",
        "user = \"a/b\"",
        "user = \"\"",
        "about = \"a\\nb\"",
        "owner = \"\"",
        "runbook = \"wiki\"",
        "runbook = \"javascript:alert(1)\"",
        "runbook = \"https://me:pw@wiki.example.org/x\"",
        "severity = \"high\"",
        "labels = [\"a,b\"]",
        "labels = [\"\"]",
        "labels = \"db\"",
        "forge = \"dev\"",
        "repo = \"x\"",
        "needs = [\"@disk\"]",
        "needs = [\"a b\"]",
        "paused_until = 2026-12-01",
        "paused_until = 2026-12-01T00:00:00",
        "paused_until = \"soon\"",
        "pause_reason = \"why\"",
        "expect = { outputs = true }",
        "expect = { text = \"\" }",
        "expect = { files = [\"relative\"] }",
        "expect = { files = [\"/a,min=many\"] }",
        "expect = { files = [\"/a,newr\"] }",
        "expect = { min_duration = \"5 parsecs\" }",
        "mute = [{ schedule = \"0 22 * * 6\" }]",
        "mute = [{ schedule = \"0 22 * * 6\", for = \"59s\" }]",
        "mute = [{ from = 2026-12-01T00:00:00Z, until = 2026-11-01T00:00:00Z }]",
        "mute = [{ from = 2026-12-01T00:00:00Z, until = 2026-12-01T00:00:30Z }]",
        "mute = { from = 1 }",
        "mute = [3]",
        "mute = [{ from = 1, until = 2 }]",
        "expect = true",
        "expect = { output = \"yes\" }",
        "about = 3",
        "grace = 1.5",
        "needs = [[]]",
    ]
    .iter()
    .map(|line| with(line))
    .collect();
    let cases: Vec<&str> = cases.iter().map(String::as_str).collect();
    insta::assert_snapshot!(all_told(&cases));
}

#[test]
fn timings() {
    insta::assert_snapshot!(all_told(&[
        "[a]\nabout = \"x\"\n",
        "[a]\nevery = \"1d\"\nschedule = \"0 2 * * *\"\n",
        "[a]\nevery = \"1d\"\ntimezone = \"Europe/Riga\"\n",
        "[a]\nevery = \"soon\"\n",
        "[a]\nevery = \"0\"\n",
        "[a]\nschedule = \"0 2 30 2 *\"\n",
        "[a]\nschedule = \"*-02-30\"\n",
        "[a]\nschedule = \"61 * * * *\"\n",
        "[a]\nschedule = \"at night\"\n",
        "[a]\nschedule = \"@reboot\"\n",
        "[a]\nschedule = \"\"\n",
        "[a]\nschedule = \"0 2 * * *\"\ntimezone = \"Europe/Rigga\"\n",
        "[a]\nschedule = \"0 2 * * *\"\ntimezone = \"\"\n",
        "[a]\nschedule = \"09:00 Atlantis/Main\"\n",
        "[a]\nschedule = \"09:00 Europe/Riga\"\ntimezone = \"Europe/Paris\"\n",
        "[a]\nevery = \"1d\"\nmute = [{ schedule = \"@reboot\", for = \"1h\" }]\n",
        "[a]\nevery = \"1d\"\nmute = [{ schedule = \"0 2 * * *\", for = \"1d\" }]\n",
        "[a]\nevery = \"1d\"\nmute = [{ schedule = \"0 2 30 2 *\", for = \"1h\" }]\n",
    ]));
}

/// A host whose time zone has no name: only what needs it is refused.
#[test]
fn a_host_that_does_not_tell_its_time_zone() {
    let folder = Folder::of(&[(
        "a.toml",
        "[a]\nschedule = \"0 2 * * *\"\n\
         [b]\nschedule = \"09:00 Europe/Riga\"\n\
         [c]\nschedule = \"0 2 * * *\"\ntimezone = \"Europe/Riga\"\n\
         [d]\nevery = \"1d\"\n",
    )]);
    let manifest = Manifest::load(&Sources {
        zone: None,
        ..sources(folder.path())
    });
    assert_eq!(manifest.jobs().len(), 3);
    insta::assert_snapshot!(told(&folder, &manifest));
}

#[test]
fn a_fault_shows_the_right_column_in_any_script() {
    let folder = Folder::of(&[(
        "a.toml",
        "[a]\r\nabout = \"Šķūnis\" \r\nevery = \"1d\"\r\nseverity = \"ļoti\"\r\n",
    )]);
    let manifest = folder.load();
    insta::assert_snapshot!(told(&folder, &manifest));
}

#[test]
fn all_faults_of_an_entry_are_told_at_once() {
    let folder = Folder::of(&[(
        "a.toml",
        "[a]\nmisses = 0\nseverity = \"x\"\nrunbook = \"y\"\n",
    )]);
    assert_eq!(folder.load().faults.len(), 4, "and that it has no timing");
}
