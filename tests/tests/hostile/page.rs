//! `docs/security.md` says what is proved, and all of it: each row of its tables names a
//! test or a check that there is, and each attempt has a row.

use std::collections::BTreeSet;
use std::fs;

use house_tests::bins;

/// The cells of the tables below a heading, without the head of each table.
fn rows(page: &str, heading: &str) -> Vec<Vec<String>> {
    let part = page.split(&format!("\n## {heading}\n")).nth(1).unwrap();
    let part = part.split("\n## ").next().unwrap();
    let cells = |line: &str| {
        let cells = line.trim_matches('|').split(" | ");
        cells.map(|cell| cell.trim().to_owned()).collect()
    };
    let mut rows = Vec::new();
    let mut lines = part.lines().peekable();
    while let Some(line) = lines.next() {
        let head = lines.peek().is_some_and(|next| next.starts_with("|---"));
        if line.starts_with('|') && !head && !line.starts_with("|---") {
            rows.push(cells(line));
        }
    }
    rows
}

fn source(path: &str) -> String {
    fs::read_to_string(bins::sources().join(path)).unwrap()
}

/// The attempts in the sources of this test, by module and name.
fn attempts() -> BTreeSet<String> {
    let dir = bins::sources().join("tests/tests/hostile");
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let module = path.file_stem().unwrap().to_string_lossy().into_owned();
        for line in fs::read_to_string(&path).unwrap().lines() {
            if let Some(name) = line.trim().strip_suffix("(host) {") {
                found.insert(format!("{module}::{name}"));
            }
        }
    }
    found
}

#[test]
fn each_attempt_has_a_row_and_each_row_a_test() {
    let mut told = BTreeSet::new();
    for row in rows(&source("docs/security.md"), "Hostile users") {
        let [attempt, outcome, test] = row.try_into().unwrap();
        assert!(attempt.len() > 10 && outcome.len() > 5, "{attempt}");
        let test = test.trim_matches('`').to_owned();
        assert!(told.insert(test.clone()), "{test} comes twice");
    }
    let attempts = attempts();
    assert!(attempts.len() > 30, "{attempts:#?}");
    assert_eq!(told, attempts);
}

#[test]
fn each_row_about_a_sandbox_is_a_check_of_the_journey() {
    let inside = source("tests/rigs/inside.sh");
    let probe = source("tests/rigs/probe.sh");
    let rows = rows(&source("docs/security.md"), "The services");
    assert!(rows.len() > 12, "{rows:#?}");
    for row in rows {
        let name = row.last().unwrap().trim_matches('`');
        // As `read_shadow no`: the word is tried in the probe, the answer is demanded of it.
        let (word, _) = name.split_once(' ').unwrap();
        let tried = probe.contains(&format!("try {word} ")) || word.starts_with("write_/");
        assert!(tried, "{word} is not tried");
        assert!(inside.contains(name), "{name} is not demanded");
    }
}
