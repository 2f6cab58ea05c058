//! What a person put aside by closing an issue: this silence, and no other.

use super::kit::{HOST, judged, umbrella};
use super::*;
use crate::Verdict::Unreadable;

#[test]
fn closing_an_issue_puts_its_silence_aside() {
    let silent = job("a", Silent, 50);
    for hours in [0, 1, 30, 49] {
        let closed = case([silent.clone()]).closed([issue(7, &silent).closed(hours)]);
        assert_eq!(closed.steps(), ["put aside a"], "closed {hours} h ago");
    }
    // Also where the forge does not tell when.
    assert_eq!(
        case([silent.clone()]).closed([issue(7, &silent)]).steps(),
        ["put aside a"]
    );
    // The next silence is another one.
    let next = case([job("a", Silent, 3)]).closed([issue(7, &silent).closed(1)]);
    assert_eq!(next.steps(), ["reopen #7 a"]);
    let later = case([job("a", Silent, 3)]).closed([issue(7, &silent).closed(30)]);
    assert_eq!(later.steps(), ["open a"]);
}

#[test]
fn what_the_checker_closed_was_not_put_aside() {
    let silent = job("a", Silent, 50);
    let closed = |kind| issue(7, &silent).kind(kind).closed(1);
    for (kind, steps) in [
        ("recovered", "reopen #7 a"),
        ("duplicate", "open a"),
        ("gone", "reopen #7 a"),
        ("fresh", "reopen #7 a"),
        ("", "reopen #7 a"),
    ] {
        let case = case([silent.clone()]).closed([closed(kind)]);
        assert_eq!(case.steps(), [steps], "{kind}");
    }
    let other_host = closed("silent").host("hiram");
    assert_eq!(
        case([silent.clone()]).closed([other_host]).steps(),
        ["open a"]
    );
    let unmarked = closed("silent").unmarked();
    assert_eq!(case([silent]).closed([unmarked]).steps(), ["open a"]);
}

#[test]
fn one_kind_of_trouble_does_not_put_another_aside() {
    let kinds = [Silent, Failed, Hung, Never, Skewed, Unreadable];
    let put_aside = |was: Verdict, is: Verdict| {
        let told = issue(7, &job("a", was, 50)).closed(1);
        let steps = case([job("a", is, 50)]).closed([told]).steps();
        steps == ["put aside a"]
    };
    let mut table = String::new();
    for is in kinds {
        let by = kinds.into_iter().filter(|was| put_aside(*was, is));
        let by: Vec<_> = by.map(Verdict::word).collect();
        table.push_str(&format!("{is}: {}\n", by.join(" ")));
    }
    // Silence after a hang: the hang ended, and not by a success. The job was
    // well in between, so this is news.
    insta::assert_snapshot!(table, @r"
    silent: silent
    failed: silent failed hung never
    hung: silent failed hung never
    never: silent failed hung never
    skewed: skewed
    unreadable: unreadable
    ");
}

#[test]
fn where_no_success_is_known_closing_holds_for_a_while() {
    for (hours, steps) in [
        (1, "put aside a"),
        (24 * 7, "put aside a"),
        (24 * 7 + 1, "open a"),
    ] {
        let failed = unborn("a", Failed);
        let closed = case([failed.clone()]).closed([issue(7, &failed).closed(hours)]);
        assert_eq!(closed.steps(), [steps], "{hours} h");
    }
    let failed = unborn("a", Failed);
    // Nobody knows when it was closed: that holds for no time at all.
    assert_eq!(
        case([failed.clone()]).closed([issue(7, &failed)]).steps(),
        ["open a"]
    );
    // Since then there was a success, or there was one before.
    let known = case([job("a", Failed, 3)]).closed([issue(7, &failed).closed(1)]);
    assert_eq!(known.steps(), ["reopen #7 a"]);
    let unknown = case([failed]).closed([issue(7, &job("a", Failed, 3)).closed(1)]);
    assert_eq!(unknown.steps(), ["reopen #7 a"]);
}

/// A file that nobody mends is the same at each pass: were closing to hold for as long, the
/// job behind it could fall silent, and nobody would be told.
#[test]
fn what_cannot_be_read_is_put_aside_for_a_while_only() {
    let told = job("a", Unreadable, 500);
    let moved = job("a", Unreadable, 2);
    for (hours, steps) in [
        (1, "put aside a"),
        (24 * 7, "put aside a"),
        (24 * 7 + 1, "open a"),
    ] {
        for now in [&told, &moved] {
            let own = case([now.clone()]).closed([issue(7, &told).closed(hours)]);
            assert_eq!(own.steps(), [steps], "{hours} h");
            assert_eq!(own.planned().1, Some(hours_ago(24 * 7)));
        }
        let among = umbrella(7, 400, &["a"]).closed(hours);
        let among = case([told.clone()]).closed([among]);
        assert_eq!(among.steps(), [steps], "{hours} h, one of many");
    }
    // What the many were closed for was another trouble of it.
    let among = case([moved]).closed([umbrella(7, 400, &["a"]).closed(1)]);
    assert_eq!(among.steps(), ["open a"]);
    let silent = case([job("a", Silent, 50)]).closed([issue(7, &told).closed(1)]);
    assert_eq!(silent.steps(), ["reopen #7 a"]);
}

#[test]
fn closing_an_umbrella_puts_the_silences_of_its_members_aside() {
    let closed = |hours| umbrella(7, 10, &["a"]).closed(hours);
    // An hourly job is silent from two hours after its last success.
    for (last, closed_at, steps) in [
        (50, 9, "put aside a"),
        (12, 10, "put aside a"),
        // It was silent by the time of the closing, if not when the storm began.
        (11, 9, "put aside a"),
        (8, 6, "put aside a"),
        // It was well when it was closed, as far as anybody can tell.
        (7, 6, "open a"),
        (3, 2, "open a"),
        (3, 9, "open a"),
    ] {
        let silent = job("a", Silent, last);
        let case = case([silent]).closed([closed(closed_at)]);
        assert_eq!(case.steps(), [steps], "{last} h, closed {closed_at} h ago");
    }
    // Twice the interval, whatever it is.
    for (closed_at, steps) in [(6, "open a"), (5, "open a"), (4, "put aside a")] {
        let mut rarer = job("a", Silent, 10);
        let silent_from = rarer.last_success.unwrap() + chrono::TimeDelta::hours(6);
        rarer.detail.as_mut().unwrap().deadline = Some(silent_from);
        let case = case([rarer]).closed([closed(closed_at)]);
        assert_eq!(case.steps(), [steps], "closed {closed_at} h ago");
    }
    // The forge's clock may be behind: the storm was seen before it was closed.
    let behind = case([job("a", Silent, 12)]).closed([closed(11)]);
    assert_eq!(behind.steps(), ["put aside a"]);
    let mut untold = closed(9);
    untold.closed_at = None;
    let silent = case([job("a", Silent, 12)]).closed([untold]);
    assert_eq!(silent.steps(), ["put aside a"]);
}

#[test]
fn closing_an_umbrella_holds_for_failures_from_before_it_began() {
    let closed = || umbrella(7, 10, &["a"]).closed(5);
    for (last, steps) in [(50, "put aside a"), (11, "put aside a"), (10, "open a")] {
        let case = case([job("a", Failed, last)]).closed([closed()]);
        assert_eq!(case.steps(), [steps], "{last} h");
    }
    let mut vague = closed();
    vague.marker.as_mut().unwrap().since = None;
    assert_eq!(
        case([job("a", Failed, 50)]).closed([vague]).steps(),
        ["open a"]
    );
    let unborn_job = || case([unborn("a", Failed)]);
    assert_eq!(unborn_job().closed([closed()]).steps(), ["put aside a"]);
    let long_ago = umbrella(7, 999, &["a"]).closed(24 * 7 + 1);
    assert_eq!(unborn_job().closed([long_ago]).steps(), ["open a"]);
}

#[test]
fn closing_an_umbrella_holds_for_its_members_and_by_a_person_only() {
    let silent = || case([job("a", Silent, 50)]);
    let closed = || umbrella(7, 10, &["a"]).closed(5);
    assert_eq!(
        silent().closed([closed().kind("recovered")]).steps(),
        ["open a"]
    );
    assert_eq!(
        silent().closed([closed().kind("duplicate")]).steps(),
        ["open a"]
    );
    assert_eq!(
        silent().closed([closed().host("hiram")]).steps(),
        ["open a"]
    );
    assert_eq!(silent().closed([closed().unmarked()]).steps(), ["open a"]);
    // One that lists nobody may have been about anybody.
    assert_eq!(silent().closed([closed().too_many()]).steps(), ["open a"]);
    let others = umbrella(7, 10, &["b", "c"]).closed(5);
    assert_eq!(silent().closed([others]).steps(), ["open a"]);
    // What is put aside does not count for the next storm.
    let all = ["a", "b", "c", "d"].map(|name| job(name, Silent, 50));
    let some = umbrella(7, 10, &["a", "b"]).closed(5);
    let steps = case(all).closed([some]).steps();
    assert_eq!(steps, ["open c", "open d", "put aside a", "put aside b"]);
}

#[test]
fn a_silence_without_an_interval_is_not_put_aside_with_a_storm() {
    let mut strange = judged("a", Silent, Some(hours_ago(50)));
    strange.detail.as_mut().unwrap().deadline = None;
    let closed = umbrella(7, 10, &["a"]).closed(5);
    assert_eq!(closed.marker.as_ref().unwrap().host, HOST);
    assert_eq!(case([strange]).closed([closed]).steps(), ["open a"]);
}
