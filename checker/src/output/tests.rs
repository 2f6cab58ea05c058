//! What people and programs get to see, whole.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;

use heartbeat::Finding;
use watch::{Delivery, DeliveryOutcome, IssueLink, MissedLine, OutageLine, PassRecord, WireOutage};

use super::{Look, Result, record, write};
use crate::cli::Format;
use crate::exit;
use crate::testing::{now, one_of_each};

fn shown(format: Format, look: Look, exit_code: u8) -> String {
    let states = one_of_each();
    let link = IssueLink {
        number: 12,
        url: "https://git.example.org/ops/watch/issues/12".into(),
    };
    let findings = [Finding {
        path: PathBuf::from("/var/lib/heartbeats/my job.last"),
        what: "is not named after a job".into(),
        blind: false,
    }];
    let delivery = |action: &str, outcome, error: Option<&str>| Delivery {
        action: action.into(),
        job: Some("db_backup".into()),
        user: Some("root".into()),
        issue: Some(link.clone()),
        outcome,
        error: error.map(Into::into),
    };
    let result = Result {
        host: "bezalel",
        now: now().wall,
        exit_code,
        states: &states,
        findings: &findings,
        problems: &["cannot open an issue in ops/watch: no answer | in 30 s".to_owned()],
        deliveries: &[
            delivery("open", DeliveryOutcome::Done, None),
            delivery("change", DeliveryOutcome::Failed, Some("no answer in 30 s")),
        ],
        issues: &HashMap::from([(0, link.clone())]),
        acknowledged: &[1],
        waits_for: &BTreeMap::from([(2, 0)]),
        outages: &[outage()],
    };
    if format == Format::Json {
        let text = serde_json::to_value(record(&result)).unwrap();
        let back: PassRecord = serde_json::from_value(text).unwrap();
        assert_eq!(back, record(&result));
    }
    let mut out = Vec::new();
    write(&mut out, format, &result, look).unwrap();
    String::from_utf8(out).unwrap()
}

fn outage() -> OutageLine {
    OutageLine {
        outage: WireOutage {
            kind: "off".into(),
            from: Some("2026-11-21T20:00:00Z".into()),
            to: "2026-11-22T05:30:00Z".into(),
            lost_seconds: 34_200.0,
        },
        missed: vec![MissedLine {
            job: "vacuum".into(),
            user: "postgres".into(),
            runs: 9,
        }],
        left_out: 3,
    }
}

#[test]
fn the_table() {
    insta::assert_snapshot!(shown(Format::Table, Look::default(), exit::FLAGGED));
}

#[test]
fn the_table_in_colour() {
    let look = Look {
        colour: true,
        all: true,
    };
    insta::assert_snapshot!(shown(Format::Table, look, exit::FLAGGED));
}

#[test]
fn json() {
    let text = shown(Format::Json, Look::default(), exit::FLAGGED);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&value).unwrap());
    // What is streamed is what the record's type says.
    let whole: PassRecord = serde_json::from_str(&text).unwrap();
    assert_eq!(whole.jobs.len(), 8);
    assert_eq!(whole.v, 1);
}

#[test]
fn prometheus() {
    insta::assert_snapshot!(shown(Format::Prometheus, Look::default(), exit::FLAGGED));
}

#[test]
fn nagios() {
    insta::assert_snapshot!(shown(Format::Nagios, Look::default(), exit::FLAGGED));
    for (pass, late, code) in [
        (exit::WELL, 0, 0),
        (exit::WELL, 1, 1),
        (exit::FLAGGED, 0, 2),
        (exit::USAGE, 0, 3),
        (exit::BLIND, 0, 3),
        (exit::UNDELIVERED, 0, 1),
        (exit::CLOCK, 0, 3),
    ] {
        assert_eq!(super::nagios_exit_code(pass, late), code, "{pass} {late}");
    }
    let blind = shown(Format::Nagios, Look::default(), exit::BLIND);
    assert!(blind.starts_with("HEARTBEAT UNKNOWN - "), "{blind}");
    assert_eq!(blind.lines().next().unwrap().matches('|').count(), 1);
    let told = shown(Format::Nagios, Look::default(), exit::UNDELIVERED);
    assert!(told.starts_with("HEARTBEAT CRITICAL - "), "{told}");
}
