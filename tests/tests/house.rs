//! The rules of the house, over the sources themselves: who may import whom, what
//! lint forbids and where not, how files look, and that the settings' text tells
//! the truth about the defaults.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "cargo and git are asked, and nothing can be said where they are not there"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use checker::config::{Config, DEFAULT_TEXT};
use house_tests::bins::sources;
use serde_json::Value;

type Names = BTreeSet<String>;

fn names(list: &[&str]) -> Names {
    list.iter().map(|name| (*name).to_owned()).collect()
}

fn ask(program: &str, args: &[&str]) -> String {
    let output = Command::new(program)
        .args(args)
        .current_dir(sources())
        .output()
        .unwrap();
    assert!(output.status.success(), "{program} {args:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap()
}

fn cargo(args: &[&str]) -> String {
    let args: Vec<&str> = args
        .iter()
        .chain(&["--offline", "--locked"])
        .copied()
        .collect();
    ask(env!("CARGO"), &args)
}

/// A package of the workspace.
struct Member {
    name: String,
    dir: PathBuf,
    /// Each dependency by name, and whether it is for tests only.
    needs: Vec<(String, bool)>,
}

fn members() -> Vec<Member> {
    let text = cargo(&["metadata", "--no-deps", "--format-version", "1"]);
    let metadata: Value = serde_json::from_str(&text).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    packages
        .iter()
        .map(|package| {
            let word = |value: &Value| value.as_str().unwrap().to_owned();
            let manifest = word(&package["manifest_path"]);
            let needs = package["dependencies"].as_array().unwrap().iter();
            Member {
                name: word(&package["name"]),
                dir: Path::new(&manifest).parent().unwrap().to_owned(),
                needs: needs
                    .map(|d| (word(&d["name"]), d["kind"] == "dev"))
                    .collect(),
            }
        })
        .collect()
}

/// Files that git knows, or would know, with their text.
fn tracked(ending: &str) -> Vec<(String, String)> {
    let listed = ask(
        "git",
        &[
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ],
    );
    let found: Vec<(String, String)> = listed
        .split('\0')
        .filter(|name| !name.is_empty() && name.ends_with(ending))
        // Removed and not yet committed, or no text.
        .filter_map(|name| {
            Some((
                name.to_owned(),
                fs::read_to_string(sources().join(name)).ok()?,
            ))
        })
        .collect();
    assert!(found.len() > 5, "git knows {} such files", found.len());
    found
}

#[test]
fn imports_go_down_only() {
    let members = members();
    let all: Names = members.iter().map(|member| member.name.clone()).collect();
    let rule: BTreeMap<&str, Names> = BTreeMap::from([
        ("heartbeat", names(&[])),
        ("writer", names(&["heartbeat"])),
        ("watch", names(&["heartbeat"])),
        ("manifest", names(&["heartbeat", "watch"])),
        ("checker", names(&["heartbeat", "watch", "manifest"])),
        ("report", names(&["heartbeat", "watch", "manifest"])),
        ("adopt", names(&["heartbeat", "watch", "manifest"])),
        (
            "house-tests",
            names(&[
                "heartbeat",
                "writer",
                "watch",
                "manifest",
                "checker",
                "report",
                "adopt",
            ]),
        ),
        (
            "heartbeat-sim",
            names(&["heartbeat", "watch", "manifest", "checker"]),
        ),
    ]);
    let known: Names = rule.keys().map(|name| (*name).to_owned()).collect();
    assert_eq!(all, known, "a room without a rule");
    for member in &members {
        let ours: Names = member.needs.iter().map(|(name, _)| name.clone()).collect();
        let ours: Names = ours.intersection(&all).cloned().collect();
        let may = &rule[&*member.name];
        assert!(ours.is_subset(may), "{} imports {ours:?}", member.name);
    }
}

/// A cron line must start at once: none of these, not even through another.
#[test]
fn the_writer_stays_small() {
    let tree = cargo(&[
        "tree",
        "-p",
        "writer",
        "-e",
        "normal,build",
        "--prefix",
        "none",
    ]);
    let crates: Names = tree
        .lines()
        .filter_map(|line| line.split(' ').next())
        .map(str::to_owned)
        .collect();
    assert!(crates.contains("lexopt"), "{crates:?}");
    for heavy in [
        "serde",
        "serde_json",
        "tokio",
        "clap",
        "reqwest",
        "rustls",
        "tempfile",
        "chrono-tz",
    ] {
        assert!(!crates.contains(heavy), "{heavy}");
    }
    assert!(crates.len() <= 20, "{} crates: {crates:?}", crates.len());
}

#[test]
fn each_dependency_is_used_and_has_its_reason() {
    let page = fs::read_to_string(sources().join("ARCHITECTURE.md")).unwrap();
    let part = page.split("\n## Dependencies\n").nth(1).unwrap();
    let files = tracked(".rs");
    for member in members() {
        let room = member.dir.strip_prefix(sources()).unwrap();
        let text: String = files
            .iter()
            .filter(|(name, _)| Path::new(name).starts_with(room))
            .map(|(_, text)| text.as_str())
            .collect();
        for (need, _) in &member.needs {
            let path = format!("{}::", need.replace('-', "_"));
            assert!(text.contains(&path), "{} does not use {need}", member.name);
            let ours = sources().join(need).is_dir();
            assert!(
                ours || part.contains(&format!("`{need}`")),
                "{need} has no reason"
            );
        }
    }
}

#[test]
fn files_are_small_and_say_what_they_are_for() {
    let mut wrong = Vec::new();
    for (name, text) in tracked(".rs") {
        let head: String = text
            .lines()
            .take_while(|line| line.starts_with("//!"))
            .collect();
        if head.len() < 20 {
            wrong.push(format!("{name} does not say what it is for"));
        }
        let lines = text.lines().count();
        if lines > 500 && !head.contains("Longer than 500 lines because") {
            wrong.push(format!("{name} has {lines} lines"));
        }
    }
    assert_eq!(wrong, Vec::<String>::new());
}

#[test]
fn lints_hold_for_every_room() {
    let root = fs::read_to_string(sources().join("Cargo.toml")).unwrap();
    for lint in [
        "unsafe_code = \"forbid\"",
        "missing_docs = \"warn\"",
        "unwrap_used = \"warn\"",
        "expect_used = \"warn\"",
        "panic = \"warn\"",
    ] {
        assert!(root.contains(lint), "{lint}");
    }
    for member in members() {
        let manifest = fs::read_to_string(member.dir.join("Cargo.toml")).unwrap();
        assert!(
            manifest.contains("\n[lints]\nworkspace = true"),
            "{}",
            member.name
        );
        for key in ["version", "edition", "rust-version", "license"] {
            let line = format!("{key}.workspace = true");
            assert!(manifest.contains(&line), "{}: {line}", member.name);
        }
    }
    let ci = fs::read_to_string(sources().join(".ci/run")).unwrap();
    assert!(ci.contains("clippy") && ci.contains("-D warnings"), "{ci}");
    assert!(
        ci.contains("cargo doc") && ci.contains("RUSTDOCFLAGS=-Dwarnings"),
        "{ci}"
    );
    assert!(ci.contains("make test"), "{ci}");
    assert!(ci.contains("tests/deny"), "{ci}");
    assert!(ci.contains("make fuzz-smoke"), "{ci}");
}

#[test]
fn what_lint_forbids() {
    let text = fs::read_to_string(sources().join("clippy.toml")).unwrap();
    let quoted = |line: &str, key: &str| {
        let rest = line.split(&format!("{key} = \"")).nth(1)?;
        Some(rest.split('"').next()?.to_owned())
    };
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.contains("path = "))
        .collect();
    let forbidden: Names = lines
        .iter()
        .filter_map(|line| quoted(line, "path"))
        .collect();
    let expected = names(&[
        "chrono::Utc::now",
        "chrono::Local::now",
        "std::time::SystemTime::now",
        "std::time::Instant::now",
        "std::thread::sleep",
        "std::process::Command::new",
        "std::process::exit",
        "reqwest::blocking::Client",
        "reqwest::Client",
    ]);
    assert_eq!(forbidden, expected);
    for line in lines {
        assert!(
            quoted(line, "reason").is_some_and(|why| why.len() > 20),
            "{line}"
        );
    }
}

/// Files outside of tests that may do what lint forbids elsewhere, each for one
/// reason of its own.
const OWNERS: [&str; 9] = [
    "adopt/src/apply/own_crontab.rs",
    "adopt/src/clock.rs",
    "adopt/src/systemd/ask.rs",
    "checker/src/clock.rs",
    "checker/src/http.rs",
    "report/src/clock.rs",
    "tests/src/apart.rs",
    "tests/src/patience.rs",
    "tests/src/standin/clock.rs",
];

/// The `#[allow(…)]` and `#[expect(…)]` of a file.
fn allowances(text: &str) -> Vec<&str> {
    let starts = text
        .match_indices("[allow(")
        .chain(text.match_indices("[expect("));
    starts
        .map(|(at, _)| &text[at..at + text[at..].find(")]").unwrap()])
        .collect()
}

#[test]
fn what_lint_forbids_is_allowed_only_where_it_belongs() {
    let mut wrong = Vec::new();
    let mut used = Names::new();
    for (name, text) in tracked(".rs") {
        if name.ends_with("house.rs") {
            continue; // It speaks of them.
        }
        let test = [
            "/tests/",
            "tests.rs",
            "/bench/",
            "/bin/bench",
            "/bin/fault-matrix/",
            "/bin/power-cut/",
        ]
        .iter()
        .any(|part| name.contains(part));
        for allowance in allowances(&text) {
            if !allowance.contains("reason = \"") {
                wrong.push(format!("{name} gives no reason: {allowance}"));
            }
            let owner = OWNERS.contains(&&*name);
            if allowance.contains("clippy::disallowed") && owner {
                used.insert(name.clone());
            } else if allowance.contains("clippy::disallowed") && !test {
                wrong.push(format!("{name} is not the place for it: {allowance}"));
            }
        }
    }
    assert_eq!(used, names(&OWNERS), "a place that is none any more");
    assert_eq!(wrong, Vec::<String>::new());
}

/// Left-overs, and paths of the machine on which something was written.
#[test]
fn nothing_lies_about() {
    // Written with gaps, so that they are not found here.
    let words = [
        "TO DO",
        "FIX ME",
        "db g!(",
        "/ro ot/.",
        "/wo rk/main",
        "/tmp/h b/",
        "/Us ers/",
    ];
    let words = words.map(|word| word.replace(' ', ""));
    for (name, text) in tracked("") {
        if name == "Cargo.lock" {
            continue;
        }
        for word in &words {
            assert!(!text.contains(word), "{name}: {word}");
        }
    }
}

/// The fuzz crate is no member, so what holds for members is asked of it here.
#[test]
fn each_fuzz_target_has_seeds_and_its_figures() {
    let read = |name: &str| fs::read_to_string(sources().join(name)).unwrap();
    let manifest = read("fuzz/Cargo.toml");
    let (figures, page) = (read("docs/assurance.md"), read("ARCHITECTURE.md"));
    let listed = fs::read_dir(sources().join("fuzz/fuzz_targets")).unwrap();
    let targets: Vec<PathBuf> = listed.map(|entry| entry.unwrap().path()).collect();
    assert!(targets.len() >= 8, "{targets:?}");
    for target in targets {
        let name = target.file_stem().unwrap().to_str().unwrap();
        let seeds = fs::read_dir(sources().join("fuzz/seeds").join(name));
        assert!(
            seeds.is_ok_and(|mut seeds| seeds.next().is_some()),
            "{name}: no seeds"
        );
        assert!(
            sources().join(format!("fuzz/src/{name}.rs")).is_file(),
            "{name}"
        );
        assert!(
            manifest.contains(&format!("path = \"fuzz_targets/{name}.rs\"")),
            "{name}"
        );
        assert!(
            figures.contains(&format!("\n| `{name}` |")),
            "{name}: no figures"
        );
    }
    let needs = manifest.split("\n[dependencies]\n").nth(1).unwrap();
    let needs = needs.split("\n[").next().unwrap();
    for need in needs.lines().filter_map(|line| line.split(" = ").next()) {
        let ours = sources().join(need).is_dir();
        assert!(
            need.is_empty() || ours || page.contains(&format!("`{need}`")),
            "{need} has no reason"
        );
    }
}

#[test]
fn the_settings_that_are_shown_are_the_defaults() {
    let parse = |text: &str| Config::parse(text, "default.toml").unwrap_or_else(|e| panic!("{e}"));
    let shown = parse(DEFAULT_TEXT);
    assert_eq!(format!("{shown:?}"), format!("{:?}", parse("")));
    // What is commented out, because it has no one default, can be put in force.
    let in_force = DEFAULT_TEXT.lines().map(|line| {
        let setting = line.strip_prefix("# ").filter(|rest| {
            let key = rest.split(" = ").next().unwrap();
            rest.contains(" = ") && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        });
        setting.unwrap_or(line)
    });
    let in_force: Vec<&str> = in_force.collect();
    let changed = in_force
        .iter()
        .zip(DEFAULT_TEXT.lines())
        .filter(|(a, b)| **a != *b);
    assert!(changed.count() >= 4, "{in_force:#?}");
    let config = parse(&in_force.join("\n"));
    assert!(config.ping_url.is_some() && config.prometheus_file.is_some());
    // Every table has every key somewhere in that text.
    for key in [
        "host",
        "stores",
        "state_dir",
        "interval",
        "deadline",
        "jobs_dir",
        "catch_up",
        "storm_threshold",
    ] {
        assert!(DEFAULT_TEXT.contains(&format!("{key} = ")), "{key}");
    }
}
