//! The registry of forges: each kind has a sample that parses, and the README
//! tells of it.

use checker::forge::{KINDS, settings};

#[test]
fn every_sample_parses_as_its_kind() {
    for kind in KINDS {
        let checked = settings(kind.sample).unwrap();
        assert_eq!(checked.kind(), kind.name);
        assert!(kind.sample.starts_with("[forge]\n"), "{}", kind.name);
        let named = format!("kind = \"{}\"\n", kind.name);
        assert!(kind.sample.contains(&named), "{}", kind.name);
    }
}

#[test]
fn names_are_different_and_the_first_needs_nothing() {
    let mut names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let default = settings("").unwrap();
    assert_eq!(default.kind(), names[0]);
    assert!(!default.needs_token());
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), KINDS.len());
}

#[test]
fn the_readme_tells_of_every_kind() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../README.md");
    let readme = std::fs::read_to_string(path).expect("there is a README.md");
    for kind in KINDS {
        let code = format!("kind = \"{}\"", kind.name);
        assert!(readme.contains(&code), "README.md does not tell of {code}");
    }
}
