//! The record of a pass is read by other programs, and by older and newer ones
//! of ours: version 1 only ever gains keys.

use serde_json::{Value, json};
use watch::{DeliveryOutcome, PassRecord, Summary, Verdict};

fn least() -> Value {
    json!({
        "v": 1, "tool": "beat-check 0.1.0", "host": "bezalel", "now": "2026-11-22T02:00:07.412Z",
        "exit_code": 1, "summary": { "jobs": 2, "flagged": 1, "silent": 1, "fresh": 1 },
        "problems": [], "findings": [],
        "jobs": [{
            "job": "db_backup", "user": "root", "verdict": "silent",
            "age_seconds": null, "interval_seconds": null, "ratio": null,
            "last_success": null, "flagged": true
        }],
        "deliveries": [{ "action": "open", "outcome": "done" }]
    })
}

#[test]
fn what_is_left_out_and_what_is_unknown_is_no_fault() -> Result<(), serde_json::Error> {
    let mut record = least();
    record["from a later version"] = json!({ "deep": [1] });
    record["jobs"][0]["severity"] = json!("high");
    record["summary"]["sleeping"] = json!(3);
    let record: PassRecord = serde_json::from_value(record)?;
    assert_eq!((record.v, record.exit_code), (1, 1));
    assert_eq!((record.summary.silent, record.summary.hung), (1, 0));
    assert_eq!(record.jobs[0].reason, None);
    assert_eq!(record.deliveries[0].outcome, DeliveryOutcome::Done);
    // What is not known is null where the key is promised, and else left out.
    let again = serde_json::to_value(&record)?;
    let job = &again["jobs"][0];
    assert!(job["age_seconds"].is_null() && job.get("age_seconds").is_some());
    assert_eq!((job.get("reason"), job.get("issue")), (None, None));
    assert_eq!(serde_json::from_value::<PassRecord>(again)?, record);
    Ok(())
}

#[test]
fn what_is_promised_must_be_there() {
    for key in [
        "v",
        "tool",
        "host",
        "now",
        "exit_code",
        "summary",
        "jobs",
        "deliveries",
    ] {
        let mut record = least();
        record.as_object_mut().map(|record| record.remove(key));
        assert!(
            serde_json::from_value::<PassRecord>(record).is_err(),
            "{key}"
        );
    }
    let mut record = least();
    record["deliveries"][0]["outcome"] = json!("maybe");
    assert!(serde_json::from_value::<PassRecord>(record).is_err());
}

#[test]
fn every_verdict_has_its_count_and_every_outcome_its_word() -> Result<(), serde_json::Error> {
    let counts = serde_json::to_value(Summary::default())?;
    for verdict in Verdict::ALL {
        assert_eq!(counts[verdict.word()], 0, "{verdict}");
    }
    let outcomes = [
        DeliveryOutcome::Done,
        DeliveryOutcome::Failed,
        DeliveryOutcome::Planned,
    ];
    let words = serde_json::to_string(&outcomes)?;
    insta::assert_snapshot!(words, @r#"["done","failed","planned"]"#);
    Ok(())
}
