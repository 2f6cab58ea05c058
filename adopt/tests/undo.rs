//! Taking back: shown before it is done, and only shown where that is asked for.
#![allow(clippy::unwrap_used, reason = "a test may")]
#![allow(clippy::disallowed_methods, reason = "the real program is run")]

mod common;

use std::fs;

use common::{CRONTAB, tree};

fn adopt(tree: &tempfile::TempDir, args: &[&str]) -> (Option<i32>, String, String) {
    let output = common::adopt(tree, args);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (
        output.status.code(),
        text(output.stdout),
        text(output.stderr),
    )
}

#[test]
fn it_is_shown_before_it_is_done() {
    let tree = tree();
    let crontab = || fs::read_to_string(tree.path().join("etc/crontab")).unwrap();
    let nothing = (
        Some(0),
        "There is nothing to take back.\n".to_owned(),
        String::new(),
    );
    assert_eq!(adopt(&tree, &["--undo", "--dry-run"]), nothing);
    assert!(!tree.path().join("var/lib/beat-adopt").exists());

    let (code, ..) = adopt(&tree, &["--apply", "--yes"]);
    assert_eq!(code, Some(0));
    let adopted = crontab();
    assert!(adopted.contains("exec beat "), "{adopted}");
    let (code, shown, _) = adopt(&tree, &["--undo", "--dry-run"]);
    assert_eq!(code, Some(0));
    let lines = [format!("-{adopted}"), format!("+{CRONTAB}")];
    assert!(lines.iter().all(|line| shown.contains(line)), "{shown}");
    assert!(
        shown.ends_with("Nothing was changed; this would take back all that was adopted.\n"),
        "{shown}"
    );
    // Nobody is there to agree: shown, and left.
    let (code, asked, said) = adopt(&tree, &["--undo"]);
    assert_eq!(code, Some(2), "{said}");
    assert!(lines.iter().all(|line| asked.contains(line)), "{asked}");
    assert_eq!(crontab(), adopted);

    let (code, done, _) = adopt(&tree, &["--undo", "--yes"]);
    assert_eq!(code, Some(0));
    assert!(done.contains("as it was: "), "{done}");
    assert_eq!(crontab(), CRONTAB);
    assert_eq!(adopt(&tree, &["--undo", "--dry-run"]), nothing);
}

/// A line that somebody has changed since is told, and is nobody's to take back.
#[test]
fn what_would_be_left_alone_is_told() {
    let tree = tree();
    adopt(&tree, &["--apply", "--yes"]);
    let path = tree.path().join("etc/crontab");
    let changed = fs::read_to_string(&path).unwrap().replace("17 *", "18 *");
    fs::write(&path, &changed).unwrap();
    fs::remove_dir_all(tree.path().join("etc/heartbeat")).unwrap();
    let (code, shown, _) = adopt(&tree, &["--undo", "--dry-run"]);
    assert_eq!(code, Some(1));
    assert!(
        shown.contains("its line is not as it was written"),
        "{shown}"
    );
    assert!(shown.ends_with("Nothing can be taken back.\n"), "{shown}");
    assert_eq!(fs::read_to_string(&path).unwrap(), changed);
}

/// A file that may not be written is told, and what was adopted after it is taken back.
#[test]
fn what_cannot_be_taken_back_hinders_nothing_before_it() {
    let tree = tree();
    adopt(&tree, &["--apply", "--yes"]);
    let crontab = tree.path().join("etc/crontab");
    let adopted = fs::read_to_string(&crontab).unwrap();
    let more = tree.path().join("etc/cron.d");
    fs::create_dir(&more).unwrap();
    let line = CRONTAB.replace("true", "false");
    fs::copy("/bin/false", tree.path().join("usr/bin/false")).unwrap();
    fs::write(more.join("more"), &line).unwrap();
    let (code, ..) = adopt(&tree, &["--apply", "--yes"]);
    assert_eq!(code, Some(0));
    fs::hard_link(&crontab, tree.path().join("etc/other")).unwrap();
    let (code, _, said) = adopt(&tree, &["--undo", "--dry-run"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("more than one name"), "{said}");
    let (code, _, said) = adopt(&tree, &["--undo", "--yes"]);
    assert_eq!(code, Some(4), "{said}");
    assert!(said.contains("more than one name"), "{said}");
    assert_eq!(fs::read_to_string(more.join("more")).unwrap(), line);
    assert_eq!(fs::read_to_string(&crontab).unwrap(), adopted);
}
