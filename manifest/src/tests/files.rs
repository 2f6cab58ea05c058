//! Files and folders: what is read, what is not, and what a bad one does.

use std::fs;
use std::os::unix::fs::symlink;

use super::{Folder, job, name_of, one, path, sources, told};
use crate::{Manifest, SAMPLE, Sources};

#[test]
fn the_sample_shows_every_key_and_is_in_order() {
    let manifest = one(SAMPLE);
    assert!(manifest.faults.is_empty(), "{:#?}", manifest.faults);
    assert_eq!(manifest.jobs().len(), 3);
    assert!(manifest.unknown_needs.is_empty());
    for (key, _) in crate::KEYS {
        let line = format!("\n{key} = ");
        assert!(SAMPLE.contains(&line), "{key}");
    }
    insta::assert_debug_snapshot!(
        manifest
            .get("postgres", &name_of("db_backup"))
            .unwrap()
            .needs
    );
}

#[test]
fn files_are_read_by_name_and_others_are_left() {
    let folder = Folder::of(&[
        ("b.toml", "[two]\nevery = \"1d\"\n"),
        ("a.toml", "[one]\nevery = \"1d\"\n[\"x.y\"]\nevery = 60\n"),
        (".b.toml.swp", "\0"),
        ("README", "words"),
        ("c.toml.dpkg-old", "[old]\nevery = \"1d\"\n"),
        ("empty.toml", ""),
    ]);
    let manifest = folder.load();
    assert!(manifest.faults.is_empty(), "{:?}", manifest.faults);
    let names: Vec<&str> = manifest.jobs().iter().map(|job| job.job.as_str()).collect();
    assert_eq!(names, ["one", "two", "x.y"]);
    let ignored: Vec<String> = manifest
        .ignored
        .iter()
        .map(|one| folder.clean(&format!("{} {}", one.path.display(), one.why)))
        .collect();
    assert_eq!(
        ignored,
        [
            "DIR/.b.toml.swp is hidden, and is not read",
            "DIR/README does not end in .toml, and is not read",
            "DIR/c.toml.dpkg-old does not end in .toml, and is not read",
        ]
    );
    assert_eq!(manifest.counted(), "3 expected jobs in 2 files");
    assert_eq!(
        folder.clean(&job(&manifest, "x.y").place.to_string()),
        "DIR/a.toml:3"
    );
}

#[test]
fn nothing_is_expected_where_nothing_is_written() {
    let folder = Folder::of(&[]);
    assert_eq!(folder.load().counted(), "no expected jobs");
    let missing = path(&folder, "missing");
    let manifest = Manifest::load(&sources(&missing));
    assert!(manifest.faults.is_empty() && !manifest.blind);
    // One that somebody named must be there.
    let manifest = Manifest::load(&Sources {
        dir_named: true,
        ..sources(&missing)
    });
    assert!(manifest.blind);
    insta::assert_snapshot!(told(&folder, &manifest));
}

#[test]
fn one_bad_entry_takes_no_other_with_it() {
    let folder = Folder::of(&[(
        "a.toml",
        "[good]\nevery = \"1d\"\n[bad]\nevery = \"soon\"\nuser = \"u\"\n[fine]\nevery = 60\n",
    )]);
    let manifest = folder.load();
    let names: Vec<&str> = manifest.jobs().iter().map(|job| job.job.as_str()).collect();
    assert_eq!(names, ["fine", "good"]);
    assert!(!manifest.blind, "its name is known");
    assert!(manifest.is_faulty("u", &name_of("bad")));
    assert!(manifest.in_doubt("u", &name_of("bad")));
    assert!(!manifest.in_doubt("root", &name_of("bad")));
    assert!(!manifest.in_doubt("root", &name_of("good")));
}

#[test]
fn what_is_only_for_people_leaves_the_job_watched() {
    let manifest = one(
        "[a]\nevery = \"1d\"\nrunbook = \"wiki\"\nabout = \"\"\nseverity = \"high\"\nlabels = [\"x\", \"\"]\n\
         needs = [\"a b\", \"@host\"]\nexpect = { text = \"\", output = true, files = [\"b\"] }\n",
    );
    assert_eq!(manifest.faults.len(), 7, "{:#?}", manifest.faults);
    let a = job(&manifest, "a");
    assert_eq!(a.labels.len(), 1);
    assert_eq!(a.needs, [watch::Need::Host]);
    assert_eq!(a.expects.names(), ["output"]);
    assert!(!manifest.in_doubt("root", &name_of("a")));
    // What says when an issue is opened, and where, is not guessed.
    for line in [
        "misses = 0",
        "mute = [{}]",
        "forge = \"dev\"",
        "paused_until = 2026-12-01",
    ] {
        let manifest = one(&format!("[a]\nevery = \"1d\"\n{line}\n"));
        assert!(manifest.jobs().is_empty(), "{line}");
        assert!(manifest.is_faulty("root", &name_of("a")), "{line}");
    }
}

#[test]
fn a_name_that_was_meant_to_be_another_leaves_the_manifest_blind() {
    for text in [
        "every = \"1d\"\n",
        "[jobs.db]\nevery = \"1d\"\n",
        "[db.backup]\nevery = \"1d\"\n",
        "[\"a b\"]\nevery = \"1d\"\n",
        "[[db]]\nevery = \"1d\"\n",
    ] {
        let manifest = one(text);
        assert!(manifest.blind, "{text}");
        assert!(manifest.in_doubt("root", &name_of("db.backup")), "{text}");
    }
}

#[test]
fn a_pause_that_is_over_is_no_fault() {
    let manifest = one("[a]\nevery = \"1d\"\npaused_until = 2020-01-01T00:00:00Z\n");
    assert!(manifest.faults.is_empty());
    let now = "2026-11-22T00:00:00Z".parse().unwrap();
    assert_eq!(job(&manifest, "a").muted(now), None);
}

#[test]
fn a_broken_file_leaves_its_jobs_in_doubt() {
    let folder = Folder::of(&[
        ("a.toml", "[good]\nevery = \"1d\"\n"),
        (
            "b.toml",
            "[one]\nevery = \"1d\nuser = \"u\"\n[two]\nevery = \"1d\"\n",
        ),
        ("c.toml", "[last]\nevery = \"1d\"\n"),
    ]);
    let manifest = folder.load();
    assert_eq!(manifest.faults.len(), 1);
    let names: Vec<&str> = manifest.jobs().iter().map(|job| job.job.as_str()).collect();
    assert_eq!(names, ["good", "last"]);
    assert!(manifest.blind);
    assert!(manifest.is_faulty("root", &name_of("two")));
    assert!(manifest.in_doubt("root", &name_of("whatever")));
    assert!(!manifest.in_doubt("root", &name_of("good")));
}

#[test]
fn what_cannot_be_read_is_said() {
    let folder = Folder::of(&[("good.toml", "[good]\nevery = \"1d\"\n")]);
    fs::create_dir(path(&folder, "folder.toml")).unwrap();
    symlink("nowhere", path(&folder, "link.toml")).unwrap();
    symlink("good.toml", path(&folder, "z-again.toml")).unwrap();
    fs::write(path(&folder, "latin.toml"), b"[a]\nabout = \"\xe4\"\n").unwrap();
    let manifest = folder.load();
    assert!(manifest.blind);
    assert_eq!(manifest.jobs().len(), 1);
    insta::assert_snapshot!(told(&folder, &manifest));
}

#[test]
fn the_config_holds_jobs_too() {
    let folder = Folder::of(&[("a.toml", "[one]\nevery = \"1d\"\n")]);
    let config = "[checker]\ninterval = \"15m\"\n\n[jobs.two]\nevery = \"1h\"\nmisses = 3\n\n[jobs.one]\nevery = \"2d\"\n\n[jobs.\"postgres/one\"]\nevery = \"2d\"\n";
    let manifest = Manifest::load(&Sources {
        config: Some(("config.toml".as_ref(), config)),
        ..sources(folder.path())
    });
    assert_eq!(job(&manifest, "two").misses, 3);
    assert_eq!(job(&manifest, "two").place.to_string(), "config.toml:4");
    assert_eq!(manifest.counted(), "3 expected jobs in 2 files");
    insta::assert_snapshot!(told(&folder, &manifest));
    // What is wrong is told in the words of a config.
    let config = "[jobs]\nevery = \"1d\"\n[jobs.db.backup]\nevery = \"1d\"\n";
    let manifest = Manifest::load(&Sources {
        config: Some(("config.toml".as_ref(), config)),
        ..sources(folder.path())
    });
    insta::assert_snapshot!("faults_in_the_words_of_a_config", told(&folder, &manifest));
    // A config without jobs is no file of them.
    let manifest = Manifest::load(&Sources {
        config: Some(("config.toml".as_ref(), "[checker]\n")),
        ..sources(folder.path())
    });
    assert_eq!(manifest.counted(), "1 expected job in 1 file");
}

#[test]
fn bytes_of_any_kind_are_survived() {
    for text in [
        "\u{feff}[a]\nevery = \"1d\"\n",
        "[a]\r\nevery = \"1d\"\r\n",
        "[a]\nevery = \"1d\"",
    ] {
        let manifest = one(text);
        assert!(
            manifest.faults.is_empty(),
            "{text:?}: {:?}",
            manifest.faults
        );
        assert_eq!(manifest.jobs().len(), 1);
    }
    for text in [
        "\0",
        "[a]\nabout = \"\0\"\n",
        &"[".repeat(5_000),
        &"a.".repeat(5_000),
    ] {
        let manifest = one(text);
        assert!(!manifest.faults.is_empty());
        assert!(manifest.blind);
    }
}

proptest::proptest! {
    #[test]
    fn no_text_panics(text in "([a-z\\[\\]\"'=.{}, \n#0-9/@-]|every|schedule|mute|needs){0,80}") {
        let manifest = one(&text);
        let _ = manifest.counted();
    }
}

#[test]
fn a_text_is_read_as_the_file_would_be() {
    for text in [
        crate::SAMPLE,
        "[a]\nevry = \"1d\"\n[b]\nevery = \"1d\"\n",
        "[a\n",
    ] {
        let folder = Folder::of(&[("a.toml", text)]);
        let (file, whole) = (path(&folder, "a.toml"), folder.load());
        let from = sources(folder.path());
        let read = Manifest::of_text(&file, text, from.zone, from.forges);
        assert_eq!(read.jobs(), whole.jobs(), "{text}");
        assert_eq!(
            (&read.faults, read.blind),
            (&whole.faults, whole.blind),
            "{text}"
        );
        assert_eq!(read.files, 1);
    }
}
