//! What issues and comments say, whole; and that nothing in them acts.

use watch::{JobState, Marker, Verdict, member_hash};

use super::*;
use crate::testing::{ago, now, one_of_each};

fn find(verdict: Verdict) -> JobState {
    one_of_each()
        .into_iter()
        .find(|state| state.verdict == verdict)
        .unwrap()
}

fn marker(state: &JobState) -> Marker {
    Marker::for_job(&state.key, state.verdict.word(), state.since(), 1)
}

fn whole(verdict: Verdict) -> String {
    let state = find(verdict);
    job_block(&state, &[], &marker(&state), now().wall)
}

#[test]
fn bodies() {
    insta::assert_snapshot!("silent", whole(Verdict::Silent));
    insta::assert_snapshot!("failed", whole(Verdict::Failed));
    insta::assert_snapshot!("hung", whole(Verdict::Hung));
    insta::assert_snapshot!("skewed", whole(Verdict::Skewed));
    insta::assert_snapshot!("unreadable", whole(Verdict::Unreadable));
}

#[test]
fn comments() {
    let silent = find(Verdict::Silent);
    let failed = find(Verdict::Failed);
    let fresh = find(Verdict::Fresh);
    let mut old = marker(&silent);
    old.since = Some(ago(90_000));
    let mut said = vec![
        changed(&failed, "silent", &marker(&silent).next("failed")),
        again(&silent, &marker(&silent).next("silent")),
        recovered(&fresh, &old, &old.next("recovered")),
        gone(&old, &old.next("gone")),
        duplicate(7, &old.next("duplicate")),
    ];
    for (kind, since) in [
        ("failed", None),
        ("unreadable", Some(ago(90_000))),
        ("failed", Some(ago(90_000))),
    ] {
        old.kind = kind.into();
        old.since = since;
        said.push(recovered(&fresh, &old, &old.next("recovered")));
    }
    insta::assert_snapshot!("comments", said.join("\n\n----\n\n"));
}

/// A nightly job of the manifest, and one that waits for it.
#[test]
fn what_the_manifest_says_and_who_waits() {
    let runs = watch::Runs::new(
        heartbeat::Schedule::cron("0 2 * * *").unwrap(),
        watch::Zone::named("Europe/Riga").unwrap(),
    );
    let runs = std::sync::Arc::new(runs.unwrap());
    let place = watch::Written {
        file: std::sync::Arc::new("jobs.toml".into()),
        line: 1,
    };
    let timing = watch::Timing::Schedule(std::sync::Arc::clone(&runs));
    let mut state = find(Verdict::Silent);
    let expected = watch::Expected {
        about: Some("Dumps all databases | to /srv".into()),
        owner: Some("@dba".into()),
        runbook: Some("https://wiki.example.org/db-backup".into()),
        severity: Severity::Critical,
        ..watch::Expected::new("root", state.key.job.clone(), timing, place)
    };
    state.interval = None;
    state.scheduled = Some(Box::new(watch::Scheduled {
        runs,
        missed: Some(3),
        ratio: Some(3.5),
    }));
    state.expected = Some(std::sync::Arc::new(expected));
    let waits = find(Verdict::Failed);
    let told = job_block(&state, &[&waits], &marker(&state), now().wall);
    insta::assert_snapshot!("expected", told);
    state.verdict = Verdict::Never;
    state.last_success = None;
    let told = job_block(&state, &[], &marker(&state), now().wall);
    insta::assert_snapshot!("never", told);
}

#[test]
fn one_story_of_an_outage() {
    let outage = watch::Outage {
        kind: watch::OutageKind::Off,
        from: Some(ago(40_000)),
        to: ago(10_000),
        lost: Duration::from_secs(30_000),
    };
    let states: Vec<JobState> = one_of_each()
        .into_iter()
        .take(2)
        .map(|mut state| {
            state.detail.as_mut().unwrap().story = Some(outage);
            state
        })
        .collect();
    let listed: Vec<&JobState> = states.iter().collect();
    let storm = Marker::for_storm("bezalel", Vec::new(), Some(now().wall), 1);
    insta::assert_snapshot!("story", storm_block(&listed, 0, &storm, now().wall));
}

#[test]
fn umbrella() {
    let states = one_of_each();
    let listed: Vec<&JobState> = states.iter().collect();
    let members = states.iter().map(|state| member_hash(&state.key)).collect();
    let storm = Marker::for_storm("bezalel", members, Some(ago(3_600)), 1);
    let text = [
        storm_block(&listed, 2, &storm, now().wall),
        storm_grew(&listed[..2], &storm.next("storm")),
        storm_over(&storm, &storm.next("recovered"), now().wall),
    ];
    insta::assert_snapshot!("umbrella", text.join("\n\n----\n\n"));
}

#[test]
fn a_body_is_never_too_long_and_ends_as_it_must() {
    let mut state = find(Verdict::Failed);
    let long = "x\u{1f980}".repeat(40_000);
    if let Some(Cause::Failure { output_tail, .. }) =
        state.detail.as_mut().and_then(|d| d.cause.as_mut())
    {
        *output_tail = Some(long.into());
    }
    let body = job_block(&state, &[], &marker(&state), now().wall);
    assert!(body.len() < 60_000);
    assert!(body.ends_with("<!-- /heartbeat-checker -->"));
    let states: Vec<JobState> = std::iter::repeat_with(|| state.clone())
        .take(3_000)
        .collect();
    let all: Vec<&JobState> = states.iter().collect();
    let members = (0..2_500).map(|n| format!("{n:012x}")).collect();
    let storm = Marker::for_storm("bezalel", members, None, 1);
    let body = storm_block(&all, 0, &storm, now().wall);
    assert!(body.chars().count() < 65_000, "{}", body.len());
    assert_eq!(Marker::parse(&body), Some(storm));
}

#[test]
fn a_storm_of_long_names_fits_too() {
    let mut state = find(Verdict::Failed);
    state.key = watch::JobKey::new("bezalel", &"u".repeat(32), "j".repeat(100).parse().unwrap());
    if let Some(Cause::Failure { reason, .. }) =
        state.detail.as_mut().and_then(|d| d.cause.as_mut())
    {
        *reason = Some("r".repeat(100).into());
    }
    let all = vec![&state; 2_500];
    let members = (0..2_500).map(|n| format!("{n:012x}")).collect();
    let storm = Marker::for_storm("bezalel", members, None, 1);
    let body = storm_block(&all, 0, &storm, now().wall);
    assert!(body.chars().count() < 65_000, "{}", body.len());
    let rows = body.matches("| failed |").count();
    assert!(rows > 0 && body.contains(&format!("… and {} more.", 2_500 - rows)));
}

#[test]
fn of_a_long_output_the_end_is_shown() {
    let mut state = find(Verdict::Failed);
    if let Some(Cause::Failure { output_tail, .. }) =
        state.detail.as_mut().and_then(|d| d.cause.as_mut())
    {
        *output_tail = Some(format!("{}the last word", "é\n".repeat(20_000)).into());
    }
    let comment = changed(&state, "silent", &marker(&state).next("failed"));
    assert!(comment.chars().count() < 20_000, "{}", comment.len());
    assert!(comment.ends_with("    the last word\n"));
}

#[test]
fn a_recovery_says_only_what_is_known() {
    let fresh = find(Verdict::Fresh);
    let told = |kind: &str, since| {
        let mut old = marker(&find(Verdict::Hung));
        (old.kind, old.since) = (kind.into(), since);
        let text = recovered(&fresh, &old, &old.next("recovered"));
        text.lines().last().unwrap_or_default().to_owned()
    };
    let at = moment(fresh.last_success.unwrap());
    let job = code(fresh.key.job.as_str());
    for (kind, since, end) in [
        ("hung", None, ", for the first time."),
        ("hung", fresh.last_success, "."),
        ("failed", fresh.last_success, "."),
        ("fresh", None, "."),
        ("skewed", None, "; its beat can be read again."),
    ] {
        let expected = format!("Recovered: {job} succeeded at {at}{end}");
        assert_eq!(told(kind, since), expected, "{kind}");
    }
}

#[test]
fn what_comes_from_a_job_does_nothing() {
    let body = whole(Verdict::Failed);
    // Output is indented, so that no line of it starts a command, and no comment
    // of it ends ours.
    assert!(body.contains("    /close\n"));
    assert!(body.contains("    @alice see #7 <! -- /heartbeat-checker -->\n"));
    assert_eq!(body.matches("<!-- /heartbeat-checker -->").count(), 1);
    assert_eq!(code("a`b|c\nd"), "`a'b¦c d`");
    assert_eq!(inline("@alice"), "`@alice`");
    assert_eq!(inline("see #7"), "`see #7`");
    assert_eq!(inline("plain, 3 runs missed"), "plain, 3 runs missed");
}

#[test]
fn runs_that_fell_out() {
    let day = Duration::from_secs(86_400);
    for (intervals, missed) in [
        (0.9, 0),
        (1.0, 0),
        (1.05, 0),
        (1.5, 1),
        (2.0, 1),
        (2.2, 2),
        (2.99, 2),
        (3.01, 2),
        (3.2, 3),
    ] {
        assert_eq!(
            missed_runs(day.mul_f64(intervals), day),
            missed,
            "{intervals}"
        );
    }
}
