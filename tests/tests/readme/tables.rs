//! What the tables say is what the programs say.

use std::collections::BTreeSet;
use std::fs;

use house_tests::bins;
use house_tests::needs::Journey;
use serde_json::Value;
use watch::{
    Delivery, DeliveryOutcome, FindingLine, IssueLink, JobLine, MissedLine, OutageLine, PassRecord,
    Summary, Verdict, WireOutage,
};

use crate::host::Host;
use crate::page::{code_words, read, section, table};

type Names = BTreeSet<String>;

fn codes(heading: &str) -> Vec<(u8, String)> {
    let page = read("README.md");
    let after = section(&page, "## Exit codes")
        .split(heading)
        .nth(1)
        .unwrap();
    let row = |row: &Vec<String>| (row[0].parse().unwrap(), row[1].clone());
    table(after).iter().map(row).collect()
}

#[test]
fn exit_codes() {
    let own = |table: &[(u8, &str)]| -> Vec<(u8, String)> {
        table
            .iter()
            .map(|(code, what)| (*code, (*what).to_owned()))
            .collect()
    };
    assert_eq!(codes("`beat-check`:"), own(&checker::exit::TABLE));
    assert_eq!(codes("`beat-report`:"), own(&report::TABLE));
    // The writer has no table of its own; its help has these words.
    let help = fs::read_to_string(bins::sources().join("writer/src/help.txt")).unwrap();
    let written: Vec<String> = codes("`beat`:")
        .iter()
        .map(|(code, what)| format!("{code} {what}"))
        .collect();
    assert!(help.contains(&written.join(", ")), "{written:?}");
}

#[test]
fn verdicts() {
    let page = read("README.md");
    let rows = table(section(&page, "## Verdicts"));
    let said: Names = rows
        .iter()
        .map(|row| format!("{} {}", row[0].trim_matches('`'), row[2]))
        .collect();
    let are: Names = Verdict::ALL
        .iter()
        .map(|v| format!("{v} {}", if v.flagged() { "yes" } else { "no" }))
        .collect();
    assert_eq!(said, are);
}

/// Each kind of forge with each of its keys, as the registry's samples have them.
#[test]
fn forges() {
    let page = read("README.md");
    let part = section(&page, "## A forge");
    for kind in checker::forge::KINDS {
        assert!(
            part.contains(&format!("kind = {:?}", kind.name)),
            "{}",
            kind.name
        );
        for line in kind.sample.lines() {
            let Some((key, _)) = line.trim_start_matches("# ").split_once(" = ") else {
                continue;
            };
            let told = part.contains(&format!("`{key}`")) || part.contains(&format!("{key} = "));
            assert!(told, "{} has `{key}`, and the README does not", kind.name);
        }
    }
}

#[test]
fn metrics() {
    if !Journey::new("README, metrics").binaries().ready() {
        return;
    }
    let host = Host::new();
    host.output("beat", &["a", "--cron", "0 2 * * *", "--", "true"]);
    let failing = ["b", "--every", "1d", "--", "false"];
    assert!(
        !host
            .command("beat")
            .args(failing)
            .status()
            .unwrap()
            .success()
    );
    let config = host.path("metrics.toml");
    let muted = "[jobs.b]\nevery = \"1d\"\npaused_until = 2999-01-01T00:00:00Z\n";
    fs::write(&config, muted).unwrap();
    let config = config.to_str().unwrap();
    let args = ["--dry-run", "--format", "prometheus", "--config", config];
    let output = host.command("beat-check").args(args).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let are: Names = text
        .lines()
        .filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next())
        .map(str::to_owned)
        .collect();
    let page = read("README.md");
    let rest = section(&page, "## Output for programs");
    let rest = &rest[rest.find("| metric |").unwrap()..];
    let said: Names = table(rest)
        .iter()
        .map(|row| row[0].trim_matches('`').to_owned())
        .collect();
    assert_eq!(said, are);
    let alerts = rest.split("```yaml").nth(1).unwrap();
    let used = alerts.split(|c: char| !(c.is_ascii_lowercase() || c == '_'));
    for name in used.filter(|word| word.starts_with("heartbeat_")) {
        assert!(are.contains(name), "{name}");
    }
}

/// All keys in a value, however deep.
fn keys(value: &Value, found: &mut Names) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                found.insert(key.clone());
                keys(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
        _ => {}
    }
}

fn keys_of(text: &str) -> Names {
    let mut found = Names::new();
    keys(&serde_json::from_str(text).unwrap(), &mut found);
    found
}

/// Keys in the first columns of a part's tables.
fn documented(part: &str) -> Names {
    let rows = part.lines().filter(|line| line.starts_with("| `"));
    rows.flat_map(|row| code_words(row.trim_matches('|').split('|').next().unwrap()))
        .filter(|word| !word.contains('<'))
        .collect()
}

#[test]
fn keys_of_a_pass() {
    let link = IssueLink {
        number: 1,
        url: String::new(),
    };
    let text = || Some(String::new());
    let record = PassRecord {
        v: 1,
        tool: String::new(),
        host: String::new(),
        now: String::new(),
        exit_code: 0,
        summary: Summary::default(),
        problems: vec![],
        jobs: vec![JobLine {
            job: String::new(),
            user: String::new(),
            verdict: String::new(),
            age_seconds: None,
            interval_seconds: None,
            ratio: None,
            last_success: None,
            flagged: true,
            reason: Some(String::new()),
            missed: Some(1),
            issue: Some(link.clone()),
            put_aside: true,
            schedule: text(),
            timezone: text(),
            next_run: text(),
            expected: true,
            muted_until: text(),
            mute_reason: text(),
            waits_for: text(),
            severity: text(),
            owner: text(),
            runbook: text(),
            took_seconds: Some(1.0),
            last_failure: text(),
            last_failure_how: text(),
            last_skip: text(),
            output_tail: text(),
        }],
        findings: vec![FindingLine {
            path: String::new(),
            what: String::new(),
            blind: true,
        }],
        deliveries: vec![Delivery {
            action: String::new(),
            job: Some(String::new()),
            user: Some(String::new()),
            issue: Some(link),
            outcome: DeliveryOutcome::Failed,
            error: Some(String::new()),
        }],
        outages: vec![OutageLine {
            outage: WireOutage {
                kind: String::new(),
                from: text(),
                to: String::new(),
                lost_seconds: 1.0,
            },
            missed: vec![MissedLine {
                job: String::new(),
                user: String::new(),
                runs: 1,
            }],
            left_out: 0,
        }],
    };
    let are = keys_of(&serde_json::to_string(&record).unwrap());
    let page = read("docs/json.md");
    let part = section(&page, "## A pass: `beat-check --format json`");
    let words: Names = code_words(part).into_iter().collect();
    assert_eq!(
        are.difference(&words).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    let said = documented(part);
    assert_eq!(
        said.difference(&are).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    // And the word of each verdict and outcome.
    for verdict in Verdict::ALL {
        assert!(words.contains(verdict.word()), "{verdict}");
    }
    for outcome in ["done", "failed", "planned"] {
        assert!(words.contains(outcome), "{outcome}");
    }
}

#[test]
fn keys_of_a_report_and_of_beats() {
    if !Journey::new("docs/json.md").binaries().ready() {
        return;
    }
    let host = Host::new();
    host.output("beat", &["good", "--every", "1d", "--", "true"]);
    let failing = ["bad", "--every", "1d", "--", "false"];
    assert!(
        !host
            .command("beat")
            .args(failing)
            .status()
            .unwrap()
            .success()
    );
    let page = read("docs/json.md");

    let beats = documented(section(&page, "## Beats"));
    for name in ["good.last", "bad.fail"] {
        let text = fs::read_to_string(host.path("beats").join(name)).unwrap();
        let are = keys_of(&text);
        assert_eq!(
            are.difference(&beats).collect::<Vec<_>>(),
            Vec::<&String>::new()
        );
    }

    let are = keys_of(&host.output("beat-report", &["--format", "json", "--no-beat"]));
    let report = section(&page, "## The report: `beat-report --format json`");
    let said = documented(report);
    assert_eq!(
        said.difference(&are).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
    let words: Names = code_words(&page).into_iter().collect();
    assert_eq!(
        are.difference(&words).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

/// The keys of an expected job.
#[test]
fn expected_jobs() {
    let page = read("README.md");
    let rows = table(section(&page, "## Expected jobs"));
    let said: Vec<(String, String)> = rows
        .iter()
        .map(|row| (row[0].trim_matches('`').to_owned(), row[1].replace('`', "")))
        .collect();
    let are: Vec<(String, String)> = manifest::KEYS
        .iter()
        .map(|(key, what)| ((*key).to_owned(), what.replace('`', "")))
        .collect();
    assert_eq!(said, are);
}

/// A name as a forge makes it of a heading.
fn anchor(heading: &str) -> String {
    let kept = heading.to_lowercase();
    let kept = kept
        .chars()
        .filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().replace(' ', "-")
}

#[test]
fn links_lead_somewhere() {
    for name in [
        "README.md",
        "ARCHITECTURE.md",
        "CONTRIBUTING.md",
        "docs/json.md",
    ] {
        let page = read(name);
        let anchors: Names = page
            .lines()
            .filter(|line| line.starts_with('#'))
            .map(|line| anchor(line.trim_start_matches(['#', ' '])))
            .collect();
        let folder = bins::sources().join(name);
        let folder = folder.parent().unwrap();
        for rest in page.split("](").skip(1) {
            let target = rest.split(')').next().unwrap();
            let there = match target.strip_prefix('#') {
                Some(heading) => anchors.contains(heading),
                None => target.starts_with("https://") || folder.join(target).is_file(),
            };
            assert!(there, "{name}: {target}");
        }
    }
}

#[test]
fn pictures_are_small_and_told_in_words() {
    let page = read("README.md");
    let pictures: Vec<&str> = page.split("![").skip(1).collect();
    assert_eq!(pictures.len(), 3);
    for picture in pictures {
        let (words, rest) = picture.split_once("](").unwrap();
        assert!(words.len() > 60, "{words}");
        let path = bins::sources().join(rest.split(')').next().unwrap());
        let size = fs::metadata(&path).unwrap().len();
        assert!(size < 200_000, "{}: {size} bytes", path.display());
    }
}
