//! What could not be read is told, whatever was asked for: jobs may be hidden there.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::fs;
use std::process::Output;

use common::adopt;

/// A tree with one job, and a folder of crontabs that is none.
fn tree() -> tempfile::TempDir {
    let tree = common::tree();
    fs::write(tree.path().join("etc/cron.d"), "no folder").unwrap();
    tree
}

fn assert_told(output: &Output) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    assert!(said.contains("could not be seen"), "{said}");
    assert!(said.contains("/etc/cron.d"), "{said}");
}

#[test]
fn adopting_does_not_hide_it() {
    let tree = tree();
    assert_told(&adopt(&tree, &["--apply", "--yes"]));
    let crontab = fs::read_to_string(tree.path().join("etc/crontab")).unwrap();
    assert!(crontab.contains("beat "), "{crontab}");
    // And where there is nothing left to do.
    assert_told(&adopt(&tree, &["--apply", "--yes"]));
}

#[test]
fn a_record_does_not_hide_it() {
    let tree = tree();
    let record = tree.path().join("record.json");
    assert_told(&adopt(&tree, &["--record", record.to_str().unwrap()]));
    assert!(record.is_file());
}

#[test]
fn folders_that_cannot_be_reached_are_told() {
    let tree = tree();
    fs::remove_file(tree.path().join("etc/cron.d")).unwrap();
    let users = "root:x:0:0::/root:/bin/sh\nanna:x:1000:1000::/home/anna:/bin/sh\n";
    fs::write(tree.path().join("etc/passwd"), users).unwrap();
    fs::create_dir_all(tree.path().join("home/anna")).unwrap();
    for (circle, within) in [
        ("home/anna/.config", "/home/anna/.config/systemd/user"),
        ("etc/systemd", "/etc/systemd/system"),
        ("var/spool", "/var/spool/cron/crontabs"),
    ] {
        let link = tree.path().join(circle);
        std::os::unix::fs::symlink(link.file_name().unwrap(), &link).unwrap();
        let output = adopt(&tree, &[]);
        let said = String::from_utf8_lossy(&output.stdout);
        assert_eq!(output.status.code(), Some(3), "{circle}: {said}");
        assert!(said.contains(within), "{circle}: {said}");
        fs::remove_file(&link).unwrap();
    }
}
