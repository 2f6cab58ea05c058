//! What only shows when all entries are there: names that come twice, needs.

use std::fmt::Write as _;

use super::{Folder, job, name_of, told};

#[test]
fn a_name_that_comes_twice_is_told_with_both_places() {
    let folder = Folder::of(&[
        ("a.toml", "[one]\nevery = \"1d\"\n"),
        (
            "b.toml",
            "[two]\nevery = \"1d\"\n\n[one]\nevery = \"2d\"\nuser = \"root\"\n",
        ),
        ("c.toml", "[one]\nevery = \"3d\"\nuser = \"postgres\"\n"),
        (
            "d.toml",
            "[\"postgres/one\"]\nevery = \"4d\"\nuser = \"postgres\"\n",
        ),
    ]);
    let manifest = folder.load();
    assert_eq!(manifest.jobs().len(), 3);
    assert!(!manifest.blind);
    insta::assert_snapshot!(told(&folder, &manifest));
}

#[test]
fn a_name_and_a_key_that_disagree_on_the_user() {
    let folder = Folder::of(&[("a.toml", "[\"a/x\"]\nuser = \"b\"\nevery = \"1d\"\n")]);
    insta::assert_snapshot!(told(&folder, &folder.load()));
}

#[test]
fn needs_that_nobody_knows_are_found() {
    let folder = Folder::of(&[(
        "a.toml",
        "[one]\nevery = \"1d\"\nneeds = [\"vpn\", \"two\", \"@host\", \"bad\"]\n\
         [two]\nuser = \"u\"\nevery = \"1d\"\nneeds = [\"three\", \"four\"]\n[bad]\n[\"u/three\"]\nevery = \"1d\"\n",
    )]);
    let manifest = folder.load();
    let found: Vec<String> = manifest
        .unknown_needs
        .iter()
        .map(|one| one.what())
        .collect();
    insta::assert_snapshot!(found.join("\n"));
}

#[test]
fn circles_are_told_and_cut() {
    let folder = Folder::of(&[
        (
            "a.toml",
            "[a]\nevery = \"1d\"\nneeds = [\"@host\", \"b\"]\n[self]\nevery = \"1d\"\nneeds = [\"self\"]\n",
        ),
        (
            "b.toml",
            "[b]\nevery = \"1d\"\nneeds = [\"u/c\"]\n[c]\nuser = \"u\"\nevery = \"1d\"\nneeds = [\"d\", \"a\"]\n[d]\nevery = \"1d\"\n",
        ),
    ]);
    let manifest = folder.load();
    insta::assert_snapshot!(told(&folder, &manifest));
    assert_eq!(manifest.jobs().len(), 5, "all are watched");
    assert_eq!(job(&manifest, "a").needs.len(), 2);
    assert!(job(&manifest, "self").needs.is_empty());
    let c = manifest.get("u", &name_of("c")).unwrap();
    assert_eq!(c.needs.len(), 1, "the one to a is cut");
}

#[test]
fn a_chain_as_long_as_the_manifest_is_no_circle() {
    let mut text = String::new();
    for at in 0..20_000 {
        let _ = writeln!(text, "[j{at}]\nevery = 60\nneeds = [\"j{}\"]", at + 1);
    }
    text.push_str("[j20000]\nevery = 60\n");
    let manifest = Folder::of(&[("a.toml", &text)]).load();
    assert!(manifest.faults.is_empty());
    assert_eq!(manifest.jobs().len(), 20_001);
    text.push_str("needs = [\"j0\"]\n");
    let folder = Folder::of(&[("a.toml", &text)]);
    let manifest = folder.load();
    assert_eq!(manifest.faults.len(), 1);
    assert!(told(&folder, &manifest).contains("j9 -> … (19991 more) -> j0"));
}
