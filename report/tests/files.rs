//! The real program and files: where it writes, what it leaves untouched, and
//! what it says.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "the test starts the program that it tests, and beats are left now"
)]

mod common;

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

use common::host::Host;

#[test]
fn out_is_replaced_whole_and_keeps_its_mode() {
    let host = Host::new();
    let file = host.path("out/night.md");
    let told = host.run(&["--out", "night.md"]);
    assert_eq!(
        (told.code, told.out.as_str(), told.err.as_str()),
        (0, "", "")
    );
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o644);
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let before = fs::metadata(&file).unwrap().ino();
    assert_eq!(host.run(&["--out", "night.md"]).code, 0);
    let after = fs::metadata(&file).unwrap();
    assert_eq!(after.mode() & 0o7777, 0o600);
    assert_ne!(after.ino(), before);
    assert_eq!(fs::read_dir(host.path("out")).unwrap().count(), 1);
    // Through a link, what it leads to; the link stays.
    symlink("night.md", host.path("out/latest")).unwrap();
    assert_eq!(host.run(&["--out", "latest", "--format", "html"]).code, 0);
    assert!(host.path("out/latest").is_symlink());
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .starts_with("<!DOCTYPE html>")
    );
}

#[test]
fn places_where_no_report_can_be_written() {
    let host = Host::new();
    symlink("nothing", host.path("out/dangling")).unwrap();
    fs::write(host.path("out/file"), "").unwrap();
    let mut told = String::new();
    for place in [
        "none/night.md",
        "file/night.md",
        ".",
        "dangling",
        "/dev/null",
        "/dev/stdout",
    ] {
        told += &format!("--out {place}: {}\n", host.run(&["--out", place]).refused());
    }
    insta::assert_snapshot!(told);
    assert!(fs::symlink_metadata("/dev/null").unwrap().mode() & 0o170_000 == 0o020_000);
    // A report that was not written leaves no beat.
    assert!(!host.path("store/beat-report.last").exists());
}

#[test]
fn injected_between_the_markers_and_nothing_else_changes() {
    let host = Host::new();
    let file = host.path("out/report.md");
    let text = "# Mine\r\n\nbefore\n<!-- night-watch:begin -->\nold\n<!-- night-watch:end -->\nafter \u{e9}";
    fs::write(&file, text).unwrap();
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
    let told = host.run(&["--inject", "report.md"]);
    assert_eq!(
        (told.code, told.out.as_str(), told.err.as_str()),
        (0, "", "")
    );
    let new = fs::read_to_string(&file).unwrap();
    let (before, rest) = new.split_once("\n\n# Night Watch — ").unwrap();
    assert_eq!(before, "# Mine\r\n\nbefore\n<!-- night-watch:begin -->");
    assert!(rest.ends_with("\n\n<!-- night-watch:end -->\nafter \u{e9}"));
    assert!(!new.contains("old"));
    assert_eq!(fs::metadata(&file).unwrap().mode() & 0o7777, 0o640);
    assert!(host.path("store/beat-report.last").exists());
}

#[test]
fn files_into_which_nothing_can_be_put() {
    let host = Host::new();
    let mut told = String::new();
    for (name, text) in [
        ("none", "no markers\n"),
        ("half", "<!-- night-watch:begin -->\n"),
        (
            "twice",
            "<!-- night-watch:begin -->\n<!-- night-watch:begin -->\n<!-- night-watch:end -->\n",
        ),
        (
            "reversed",
            "<!-- night-watch:end -->\n<!-- night-watch:begin -->\n",
        ),
    ] {
        fs::write(host.path("out").join(name), text).unwrap();
        told += &format!("{name}: {}\n", host.run(&["--inject", name]).refused());
        let after = fs::read_to_string(host.path("out").join(name)).unwrap();
        assert_eq!(after, text);
    }
    for name in ["missing.md", "."] {
        told += &format!("{name}: {}\n", host.run(&["--inject", name]).refused());
    }
    insta::assert_snapshot!(told);
}
