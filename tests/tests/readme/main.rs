//! The README holds: each command in it is run, each setting is read, each unit is
//! judged, and what its tables say is what the programs say.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "the README's commands are run, and it is at fault where one cannot be"
)]

mod host;
mod page;
mod tables;

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use checker::config::Config;
use house_tests::bins;
use house_tests::needs::Journey;
use serde_json::Value;

use host::{Host, said};
use page::{blocks, read, run_here};

/// What is done with the blocks of each language.
const LANGUAGES: [&str; 6] = ["sh", "crontab", "ini", "toml", "python", "yaml"];

#[test]
fn each_block_is_proved_here_or_names_where_it_is() {
    let blocks = blocks(&read("README.md"));
    let mut elsewhere = 0;
    for block in &blocks {
        let Block { line, language, .. } = block;
        assert!(
            LANGUAGES.contains(&&**language),
            "line {line}: {language:?}"
        );
        let Some(why) = &block.not_run else { continue };
        elsewhere += 1;
        let proof = why.rsplit(' ').next().unwrap();
        let there = proof.starts_with("tests/") && bins::sources().join(proof).is_file();
        assert!(there, "line {line}: {proof:?} proves nothing");
        assert_eq!(language, "sh", "line {line}");
    }
    assert!(elsewhere <= 7, "{elsewhere} blocks are not run here");
    assert!(blocks.len() - elsewhere > 20);
}

use page::Block;

#[test]
fn the_shell_blocks_run() {
    if !Journey::new("README, sh").binaries().ready() {
        return;
    }
    let host = Host::new();
    for block in run_here("sh") {
        let script = host.translate(&block.text);
        let output = host.command("/bin/sh").args(["-euc", &script]).output();
        let output = output.unwrap();
        let at = block.line;
        assert!(output.status.success(), "README.md:{at}: {}", said(&output));
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(told, "", "README.md:{at}");
    }
    for job in ["db_backup", "etl"] {
        assert!(host.has_beat(job), "{job}");
    }
    let token = host.path("etc/credstore/heartbeat.forge-token");
    assert_eq!(fs::read_to_string(&token).unwrap(), "the-token\n");
    assert_eq!(
        fs::metadata(&token).unwrap().permissions().mode() & 0o777,
        0o600
    );
    let page = fs::read_to_string(host.path("srv/www/night-watch.html")).unwrap();
    assert!(page.starts_with("<!DOCTYPE html>"), "{page}");
    let handover = fs::read_to_string(host.path("work/handover.md")).unwrap();
    assert!(handover.starts_with("# Handover\n"), "{handover}");
    assert!(handover.contains("## Heartbeat Panel"), "{handover}");
    let pass = host.output("beat-check", &["--dry-run", "--format", "json"]);
    let pass: Value = serde_json::from_str(&pass).unwrap();
    assert_eq!(pass["findings"], Value::Array(vec![]), "{pass}");
    assert_eq!(pass["summary"]["fresh"], pass["summary"]["jobs"], "{pass}");
}

#[test]
fn a_beat_from_python_is_a_beat() {
    if !Journey::new("README, python")
        .program("python3")
        .binaries()
        .ready()
    {
        return;
    }
    let host = Host::new();
    for block in run_here("python") {
        let output = host.command("python3").args(["-c", &block.text]).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
    let table = host.output("beat-check", &["--dry-run"]);
    assert!(table.contains("1 job: 1 fresh"), "{table}");
}

/// Cron's environment has next to nothing in it.
#[test]
fn the_crontabs_do_what_they_should() {
    if !Journey::new("README, crontab").binaries().ready() {
        return;
    }
    for block in run_here("crontab") {
        let host = Host::new();
        let text = host.translate(&block.text);
        let (settings, jobs): (Vec<&str>, Vec<&str>) =
            text.lines().partition(|line| line.starts_with("PATH="));
        assert!(!jobs.is_empty());
        for job in jobs {
            let fields: Vec<&str> = job.split_whitespace().take(5).collect();
            let time = |c: char| c.is_ascii_digit() || "*/,-".contains(c);
            assert!(fields.iter().all(|field| field.chars().all(time)), "{job}");
            let line = job.splitn(6, ' ').last().unwrap();
            let line = line.trim_start_matches(|c: char| time(c) || c == ' ');
            let output = host
                .command("/bin/sh")
                .env(
                    "PATH",
                    settings.first().map_or("/usr/bin:/bin", |p| &p[5..]),
                )
                .args(["-c", line])
                .output()
                .unwrap();
            assert!(output.status.success(), "{line}: {}", said(&output));
            assert!(output.stderr.is_empty(), "{line}: {}", said(&output));
            let words: Vec<&str> = line.split_whitespace().collect();
            let when = |word: &&str| matches!(*word, "--every" | "--cron");
            if let Some(every) = words.iter().position(when) {
                assert!(host.has_beat(words[every - 1]), "{line}");
            } else {
                let out = words.last().unwrap().trim_matches('"');
                let out = out.replace("$HOME", &host.path("home").display().to_string());
                assert!(!fs::read_to_string(&out).unwrap().is_empty(), "{line}");
            }
        }
    }
}

#[test]
fn the_settings_are_read() {
    let mut kinds = Vec::new();
    for block in run_here("toml") {
        // Each block is a config, or says that it is a file of expected jobs.
        if block.text.starts_with("# /etc/heartbeat/jobs.d/") {
            expected_jobs(&block);
            continue;
        }
        let config = Config::parse(&block.text, "README.md");
        let config = config.unwrap_or_else(|error| panic!("line {}: {error}", block.line));
        if block.text.contains("[forge]") {
            kinds.push(config.forge.kind());
        }
    }
    let mut all: Vec<&str> = checker::forge::KINDS.iter().map(|kind| kind.name).collect();
    kinds.sort_unstable();
    all.sort_unstable();
    assert_eq!(kinds, all, "one example for each kind of forge");
}

/// Reads a block as a file of expected jobs, on a host with any forge.
fn expected_jobs(block: &Block) {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("readme.toml"), &block.text).unwrap();
    let utc = Some(watch::Zone::utc());
    let manifest = manifest::Manifest::load(&manifest::Sources::folder(dir.path(), utc));
    let faults = &manifest.faults;
    assert!(faults.is_empty(), "line {}: {faults:#?}", block.line);
    assert!(!manifest.jobs().is_empty(), "line {}", block.line);
}

/// Lays the units down as they say, beside those of `systemd/`, and has them judged.
fn verify(host: &Host, blocks: &[Block]) -> String {
    let units = host.path("units");
    let here = |text: &str| {
        let bin = host.path("bin").display().to_string();
        host.translate(text)
            .replace("/usr/bin/beat", &format!("{bin}/beat"))
    };
    for entry in fs::read_dir(bins::sources().join("systemd")).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let text = here(&fs::read_to_string(&path).unwrap());
            host.put(&units.join(path.file_name().unwrap()), &text);
        }
    }
    let mut told = String::new();
    for block in blocks {
        let name = block
            .text
            .lines()
            .next()
            .and_then(|line| line.strip_prefix("# /etc/systemd/system/"));
        let name = name.unwrap_or_else(|| panic!("line {}: no path", block.line));
        host.put(&units.join(name), &here(&block.text));
        let unit = name.split('/').next().unwrap().trim_end_matches(".d");
        if !units.join(unit).exists() {
            host.put(&units.join(unit), "[Service]\nExecStart=/bin/true\n");
        }
        let output = host
            .command("systemd-analyze")
            .args(["verify", "--man=no"])
            .arg(units.join(unit))
            .env("SYSTEMD_UNIT_PATH", format!("{}:", units.display()))
            .output()
            .unwrap();
        told.push_str(&String::from_utf8_lossy(&output.stderr));
        if !output.status.success() {
            told.push_str(&output.status.to_string());
        }
    }
    told
}

#[test]
fn systemd_finds_no_fault_in_the_units() {
    let needs = Journey::new("README, units")
        .program("systemd-analyze")
        .binaries();
    if !needs.ready() {
        return;
    }
    let blocks = run_here("ini");
    assert_eq!(verify(&Host::new(), &blocks), "");
    // And it would: a word that it does not know, in each of them.
    for mut block in blocks {
        block.text.push_str("NoSuchWord=yes\n");
        let told = verify(&Host::new(), &[block]);
        assert!(told.contains("NoSuchWord"), "{told}");
    }
}

/// A unit that is not there is no fault to systemd; it is started when needed.
#[test]
fn the_units_that_are_named_are_there_and_understood() {
    if !Journey::new("README, instances").binaries().ready() {
        return;
    }
    let host = Host::new();
    let mut seen = 0;
    for block in run_here("ini") {
        let named = block.text.lines().filter_map(|line| {
            line.strip_prefix("OnSuccess=")
                .or(line.strip_prefix("OnFailure="))
        });
        for unit in named {
            let (template, instance) = unit.split_once('@').unwrap();
            let file = bins::sources().join(format!("systemd/{template}@.service"));
            assert!(file.is_file(), "{unit}");
            let instance = instance.strip_suffix(".service").unwrap();
            host.output("beat", &["--instance", instance]);
            assert!(host.has_beat(instance.split(':').next().unwrap()), "{unit}");
            seen += 1;
        }
    }
    assert!(seen >= 4, "{seen}");
}

#[test]
fn prometheus_takes_the_rules() {
    if !Journey::new("README, alerts").program("promtool").ready() {
        return;
    }
    let scratch = tempfile::tempdir().unwrap();
    for block in run_here("yaml") {
        let path = scratch.path().join("rules.yml");
        fs::write(&path, &block.text).unwrap();
        let output = std::process::Command::new("promtool")
            .args(["check", "rules"])
            .arg(&path)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", said(&output));
    }
}
