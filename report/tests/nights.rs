//! Which nights are quiet, who counts as the checker, and what is taken from
//! its record.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use std::time::Duration;

use common::{DAY, HOUR, MINUTE, ago, issue, job, job_of, never_ran, own, record, seen};
use report::assemble::assemble;
use report::gather::Seen;
use report::headline::headline;
use report::kept::Found;
use report::model::{Night, Sign};
use watch::{JobLine, PassRecord, Verdict};

fn line(night: &Night) -> String {
    let line = headline(night);
    format!("{}: {} {}", line.mood.word(), line.lead, line.rest)
        .trim_end()
        .to_owned()
}

fn well(record: Option<PassRecord>) -> Seen {
    let mut states = own();
    states.push(job("db_backup", Verdict::Fresh, HOUR, DAY));
    seen(record, states)
}

/// The record at that age, and the checker's own beat at another.
fn watched(record_age: Option<u64>, beat: Option<(Verdict, u64)>) -> Night {
    let mut states = vec![job("db_backup", Verdict::Fresh, HOUR, DAY)];
    states.extend(
        beat.map(|(verdict, age)| {
            job_of("heartbeat", "beat-check", verdict, age, 15 * MINUTE, None)
        }),
    );
    assemble(seen(record_age.map(record), states))
}

#[test]
fn the_checker_is_silent_after_more_than_twice_its_interval() {
    use Verdict::{Failed, Fresh, Late, Silent};
    for (record, beat, sign) in [
        (None, None, Sign::Never),
        (Some(30 * MINUTE), None, Sign::Passing),
        (Some(30 * MINUTE + 1), None, Sign::Silent),
        (None, Some((Late, 30 * MINUTE)), Sign::Passing),
        (None, Some((Silent, 31 * MINUTE)), Sign::Silent),
        // The newer of the two counts.
        (Some(DAY), Some((Fresh, MINUTE)), Sign::Passing),
        (Some(MINUTE), Some((Silent, DAY)), Sign::Passing),
        (Some(MINUTE), Some((Failed, DAY)), Sign::Passing),
        (Some(DAY), Some((Failed, 2 * DAY)), Sign::Silent),
    ] {
        let night = watched(record, beat);
        assert_eq!(night.watch.sign, sign, "{record:?} {beat:?}");
        let quiet = line(&night).starts_with("quiet");
        assert!(!quiet || sign == Sign::Passing);
    }
}

#[test]
fn first_lines() {
    let with = |change: fn(&mut PassRecord)| {
        let mut record = record(MINUTE);
        change(&mut record);
        assemble(well(Some(record)))
    };
    let mut unreadable = well(None);
    unreadable
        .states
        .retain(|state| state.key.job.as_str() == "db_backup");
    unreadable.recorded.found = Found::Unreadable("permission denied".into());
    let mut blind = well(Some(record(MINUTE)));
    blind.findings = vec![heartbeat::Finding {
        path: "/var/lib/heartbeats/alice".into(),
        what: "cannot be opened: permission denied; beats in it are not seen".into(),
        blind: true,
    }];
    let mut empty = seen(Some(record(MINUTE)), own());
    empty.findings = blind.findings.clone();
    let mut two = common::no_store();
    two.stores
        .push(("/nor/here".into(), Some("permission denied".into())));
    let flagged = |record| {
        let mut seen = well(record);
        seen.states
            .push(job("certs", Verdict::Silent, 3 * DAY, DAY));
        seen
    };
    let nights = [
        with(|_| {}),
        with(|record| record.exit_code = 1),
        with(|record| record.exit_code = 3),
        with(|record| record.problems = vec!["it rains".into()]),
        with(|record| record.now = "2026-11-22T08:00:00Z".into()),
        with(|record| record.now = "yesterday".into()),
        assemble(unreadable),
        assemble({
            let mut odd = well(Some(record(MINUTE)));
            odd.findings = blind.findings.clone();
            odd.findings[0].blind = false;
            odd
        }),
        assemble(blind),
        assemble(empty),
        assemble(flagged(Some(record(MINUTE)))),
        watched(None, Some((Verdict::Silent, 2 * HOUR))),
        assemble({
            let mut seen = flagged(None);
            seen.states
                .retain(|state| !state.key.job.as_str().starts_with("beat-"));
            seen
        }),
        assemble(two),
    ];
    let lines: Vec<String> = nights.iter().map(line).collect();
    insta::assert_snapshot!(lines.join("\n"));
}

#[test]
fn what_the_watch_complains_of() {
    let mut nights = Vec::new();
    for change in [
        |seen: &mut Seen| seen.recorded.found = Found::Unreadable("permission denied".into()),
        |seen: &mut Seen| seen.recorded.found = Found::Missing,
        |seen: &mut Seen| record_of(seen).exit_code = 5,
        |seen: &mut Seen| record_of(seen).exit_code = 9,
        |seen: &mut Seen| record_of(seen).now = ago(0).to_rfc3339().replace("06:00", "09:00"),
        |seen: &mut Seen| {
            record_of(seen).problems = (0..25).map(|n| format!("problem {n}")).collect()
        },
        |seen: &mut Seen| own_beat(seen, "beat-check", Verdict::Silent),
        |seen: &mut Seen| own_beat(seen, "beat-check", Verdict::Skewed),
        |seen: &mut Seen| own_beat(seen, "beat-report", Verdict::Failed),
    ] {
        let mut seen = well(Some(record(MINUTE)));
        change(&mut seen);
        let watch = assemble(seen).watch;
        nights.push([watch.problems, watch.notes].concat().join("\n"));
    }
    insta::assert_snapshot!(nights.join("\n\n"));
}

fn record_of(seen: &mut Seen) -> &mut PassRecord {
    match &mut seen.recorded.found {
        Found::Record(record) => record,
        _ => unreachable!(),
    }
}

fn own_beat(seen: &mut Seen, name: &str, verdict: Verdict) {
    seen.states.retain(|state| state.key.job.as_str() != name);
    let cause = (verdict == Verdict::Failed).then(|| common::failure(HOUR, "exit"));
    seen.states.push(job_of(
        "heartbeat",
        name,
        verdict,
        2 * DAY,
        15 * MINUTE,
        cause,
    ));
}

#[test]
fn nobody_else_can_speak_for_the_checker() {
    let mut seen = never_ran();
    let forged = job_of(
        "mallory",
        "beat-check",
        Verdict::Fresh,
        MINUTE,
        15 * MINUTE,
        None,
    );
    seen.states.push(forged);
    let night = assemble(seen);
    assert_eq!(night.watch.sign, Sign::Never);
    // It is a job like any other.
    assert!(night.fresh.iter().any(|row| row.user == "mallory"));
}

#[test]
fn of_two_checkers_the_one_that_was_heard_last_counts() {
    let mut seen = well(Some(record(MINUTE)));
    seen.states
        .push(job("beat-check", Verdict::Silent, 9 * DAY, 15 * MINUTE));
    let night = assemble(seen);
    assert_eq!(night.watch.checker.unwrap().user, "heartbeat");
    // Root's, from a run by hand, is what the checker flags it as.
    assert_eq!(
        (
            night.flagged[0].job.as_str(),
            night.flagged[0].user.as_str()
        ),
        ("beat-check", "root")
    );
}

#[test]
fn what_only_the_record_knows_is_shown_as_that() {
    let mut record = record(MINUTE);
    record.jobs = vec![
        JobLine {
            age_seconds: Some(f64::NAN),
            ratio: Some(f64::INFINITY),
            ..issue("root", "payroll", Verdict::Never, 14)
        },
        issue("root", "db_backup", Verdict::Silent, 15),
        issue("heartbeat", "beat-report", Verdict::Silent, 16),
        JobLine {
            verdict: "bored".into(),
            ..issue("root", "strange", Verdict::Never, 17)
        },
        JobLine {
            flagged: false,
            ..issue("root", "slow", Verdict::Late, 18)
        },
    ];
    let night = assemble(well(Some(record)));
    let flagged: Vec<_> = night
        .flagged
        .iter()
        .map(|row| (row.job.as_str(), row.seen))
        .collect();
    assert_eq!(flagged, [("payroll", false)]);
    assert_eq!((night.flagged[0].age, night.flagged[0].ratio), (None, None));
    assert_eq!((night.summary.jobs, night.summary.flagged), (2, 1));
    // It recovered since that pass, and its issue is still open.
    let number = |row: &report::model::Row| row.issue.as_ref().map(|issue| issue.number);
    assert_eq!(number(&night.fresh[0]), Some(15));
    assert_eq!(number(&night.watch.reporter.unwrap()), Some(16));
}

#[test]
fn ages_come_from_the_boot_clock_where_they_can() {
    // The wall clock was set back by a day: the record lies in the future, the
    // checker's beat does not.
    let mut seen = well(Some(record(MINUTE)));
    record_of(&mut seen).now = "2026-11-23T06:00:00Z".into();
    let watch = assemble(seen).watch;
    assert_eq!(watch.sign, Sign::Passing);
    assert_eq!(watch.age, Some(Duration::from_secs(7 * MINUTE)));
    assert_eq!(
        watch.problems,
        ["its last pass lies 23 h 59 min in the future: a clock was set"]
    );
}
