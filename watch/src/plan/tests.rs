//! Tables: each step, when it is taken and when it is not.

mod aside;
mod kit;
mod needs;
mod storms;

use kit::{Told, case, hours_ago, issue, job, key, now, unborn};

use super::*;
use crate::Verdict::{self, Failed, Fresh, Hung, Late, Never, Silent, Skewed, Waiting};
use crate::title;

const NOTHING: [&str; 0] = [];

#[test]
fn flagged_jobs_get_an_issue_and_others_none() {
    for verdict in Verdict::ALL {
        let steps = case([job("a", verdict, 5)]).steps();
        let expected: &[&str] = if verdict.flagged() { &["open a"] } else { &[] };
        assert_eq!(steps, expected, "{verdict}");
    }
}

#[test]
fn what_is_told_already_is_left_alone() {
    for verdict in Verdict::ALL.into_iter().filter(|v| v.flagged()) {
        let state = job("a", verdict, 5);
        let told = case([state.clone()]).open([issue(7, &state)]);
        assert_eq!(told.steps(), NOTHING, "{verdict}");
        let (plan, asked) = told.planned();
        assert_eq!(plan.covered, HashMap::from([(0, 0)]));
        // Closed issues are not asked for: there may be many thousands.
        assert_eq!(asked, None);
        // Nor does it matter what people made of the title.
        let retitled = case([state.clone()]).open([issue(7, &state).titled("Huh?")]);
        assert_eq!(retitled.steps(), NOTHING);
    }
}

#[test]
fn an_issue_follows_its_job() {
    let silent = job("a", Silent, 5);
    for (now, steps) in [
        (job("a", Failed, 5), "change #7 a"),
        (job("a", Hung, 5), "change #7 a"),
        // Another silence of the same kind: the job succeeded in between.
        (job("a", Silent, 4), "refresh #7 a"),
        (unborn("a", Silent), "refresh #7 a"),
        (job("a", Fresh, 0), "recover #7 a"),
        (job("a", Late, 2), "recover #7 a"),
    ] {
        let steps_now = case([now.clone()]).open([issue(7, &silent)]).steps();
        assert_eq!(steps_now, [steps], "{}", now.verdict);
    }
    // Markers carry milliseconds.
    let mut finer = silent.clone();
    finer.detail.as_mut().unwrap().since =
        Some(hours_ago(5) + chrono::TimeDelta::nanoseconds(999_999));
    assert_eq!(case([finer]).open([issue(7, &silent)]).steps(), NOTHING);
    // Opened again by a person after the recovery.
    let well = case([job("a", Fresh, 0)]).open([issue(7, &silent).kind("recovered")]);
    assert_eq!(well.steps(), ["recover #7 a"]);
}

/// After an outage a job that finds nothing to do may catch up, and is not flagged for
/// that time: nothing has succeeded all the same.
#[test]
fn an_idle_job_that_catches_up_has_not_recovered() {
    let told = issue(7, &job("a", Verdict::Idle, 50));
    let late = case([job("a", Late, 50)]).open([told.clone()]);
    assert_eq!(late.steps(), Vec::<String>::new());
    let done = case([job("a", Fresh, 1)]).open([told]);
    assert_eq!(done.steps(), ["recover #7 a"]);
}

#[test]
fn only_a_success_is_a_recovery() {
    for kind in [Silent, Failed, Hung, Never] {
        let told = job("a", kind, 1);
        for (now, recovers) in [
            // A restart of the host ended the run, or somebody removed a file.
            (job("a", Fresh, 1), false),
            (job("a", Late, 1), false),
            (unborn("a", Waiting), false),
            (job("a", Fresh, 0), true),
            // The clock was ahead when it was told.
            (job("a", Late, 2), true),
        ] {
            let steps = case([now.clone()]).open([issue(7, &told)]).steps();
            let expected: &[&str] = if recovers { &["recover #7 a"] } else { &[] };
            assert_eq!(steps, expected, "{kind}, then {}", now.verdict);
        }
        let first = issue(7, &unborn("a", kind));
        let steps = case([job("a", Fresh, 1)]).open([first]).steps();
        assert_eq!(steps, ["recover #7 a"], "{kind}");
    }
    // Files that come back are no success either.
    let gone = issue(7, &job("a", Hung, 1)).kind("gone");
    assert_eq!(case([job("a", Fresh, 1)]).open([gone]).steps(), NOTHING);
    // What could not be believed is over when it can be.
    for kind in [Skewed, Verdict::Unreadable] {
        let told = issue(7, &job("a", kind, 1));
        let steps = case([job("a", Fresh, 1)]).open([told.clone()]).steps();
        assert_eq!(steps, ["recover #7 a"], "{kind}");
        let steps = case([unborn("a", Waiting)]).open([told]).steps();
        assert_eq!(steps, NOTHING, "{kind}");
    }
}

#[test]
fn an_issue_that_is_full_is_followed_by_another() {
    for (rev, steps) in [(499, "reopen #7 a"), (500, "open a")] {
        let mut told = issue(7, &job("a", Silent, 50)).kind("recovered").closed(1);
        told.marker.as_mut().unwrap().rev = rev;
        let steps_now = case([job("a", Silent, 5)]).closed([told]).steps();
        assert_eq!(steps_now, [steps], "{rev}");
    }
}

#[test]
fn a_job_whose_files_are_gone_has_not_recovered() {
    let told = issue(7, &job("a", Silent, 5));
    assert_eq!(case([]).open([told.clone()]).steps(), ["gone #7"]);
    assert_eq!(case([]).open([told.clone().kind("gone")]).steps(), NOTHING);
    assert_eq!(case([]).open([told.clone()]).blind().steps(), NOTHING);
    assert_eq!(
        case([]).open([told.clone()]).blind_to("root").steps(),
        NOTHING
    );
    let other = case([]).open([told.clone()]).blind_to("postgres");
    assert_eq!(other.steps(), ["gone #7"]);
    // When they are back, it goes on.
    let gone = told.kind("gone");
    let back = case([job("a", Silent, 5)]).open([gone.clone()]);
    assert_eq!(back.steps(), ["change #7 a"]);
    let well = case([job("a", Fresh, 0)]).open([gone]);
    assert_eq!(well.steps(), ["recover #7 a"]);
}

#[test]
fn of_two_issues_the_lowest_number_stays() {
    let silent = job("a", Silent, 5);
    let twice = [9, 3, 5].map(|number| issue(number, &silent));
    let plan = case([silent.clone()]).open(twice.clone());
    assert_eq!(plan.steps(), ["duplicate #5 of #3", "duplicate #9 of #3"]);
    assert_eq!(plan.planned().0.covered, HashMap::from([(0, 1)]));
    let well = case([job("a", Fresh, 0)]).open(twice.clone());
    let both = ["recover #3 a", "duplicate #5 of #3", "duplicate #9 of #3"];
    assert_eq!(well.steps(), both);
    let blind = case([]).open(twice).blind();
    assert_eq!(blind.steps(), ["duplicate #5 of #3", "duplicate #9 of #3"]);
}

#[test]
fn a_key_is_host_user_and_name() {
    let silent = job("a", Silent, 5);
    // Another host's issue, whether the job is well here, silent or unknown.
    let theirs = || issue(7, &silent).host("hiram");
    let same = case([silent.clone()]).open([theirs()]);
    assert_eq!(same.steps(), ["open a"]);
    assert_eq!(case([job("a", Fresh, 0)]).open([theirs()]).steps(), NOTHING);
    assert_eq!(case([]).open([theirs(), theirs()]).steps(), NOTHING);
    let both = case([silent.clone()]).open([theirs(), issue(8, &silent)]);
    assert_eq!(both.steps(), NOTHING);
    assert_eq!(both.planned().0.covered, HashMap::from([(0, 1)]));
    // Another user's job of the same name.
    let mut other = silent.clone();
    other.key = crate::JobKey::new(kit::HOST, "postgres", "a".parse().unwrap());
    let postgres = case([silent.clone()]).open([issue(7, &other)]);
    assert_eq!(postgres.steps(), ["gone #7", "open a"]);
    let closed = case([silent.clone()]).closed([
        issue(7, &other).closed(1).kind("recovered"),
        issue(8, &silent).closed(1).kind("recovered").host("hiram"),
    ]);
    assert_eq!(closed.steps(), ["open a"]);
}

#[test]
fn an_issue_that_lost_its_marker_is_known_by_its_title() {
    let silent = job("a", Silent, 5);
    let lost = || issue(7, &silent).unmarked();
    let told = case([silent.clone()]).open([lost()]);
    assert_eq!(told.steps(), ["refresh #7 a"]);
    assert_eq!(told.planned().0.covered, HashMap::from([(0, 0)]));
    // The verdict may have changed since.
    let failed = case([job("a", Failed, 5)]).open([lost()]);
    assert_eq!(failed.steps(), ["refresh #7 a"]);
    // Where the job is well by now, the marker comes first and the end next.
    let well = case([job("a", Fresh, 0)]).open([lost()]);
    assert_eq!(well.steps(), ["refresh #7 a"]);
    assert_eq!(well.planned().0.covered, HashMap::new());
    // Any other title is anybody's.
    for title in [
        "[heartbeat-checker] a is silent on hiram",
        "[heartbeat-checker] a is silent on bezalel ",
        "[heartbeat-checker] a (postgres) is silent on bezalel",
        "[heartbeat-checker] a (root) is silent on bezalel",
        "[heartbeat-checker] aa is silent on bezalel",
        "[heartbeat-checker] a",
        "[heartbeat-checker] ",
        "a is silent on bezalel",
        "",
    ] {
        let anybodys = case([silent.clone()]).open([lost().titled(title)]);
        assert_eq!(anybodys.steps(), ["open a"], "{title}");
    }
}

#[test]
fn of_two_that_lost_their_markers_each_gets_it_back() {
    let silent = job("a", Silent, 5);
    let lost = |number| issue(number, &silent).unmarked();
    let two = case([silent.clone()]).open([lost(9), lost(7)]);
    assert_eq!(two.steps(), ["refresh #7 a", "refresh #9 a"]);
    assert_eq!(two.planned().0.covered, HashMap::from([(0, 1)]));
    let beside = case([silent.clone()]).open([issue(8, &silent), lost(7)]);
    assert_eq!(beside.steps(), ["refresh #7 a"]);
    assert_eq!(beside.planned().0.covered, HashMap::from([(0, 0)]));
    let one_of_each = case([silent.clone(), job("b", Failed, 3)]);
    let failed = issue(8, &job("b", Failed, 3)).unmarked();
    let one_of_each = one_of_each.open([failed, lost(7)]);
    assert_eq!(one_of_each.steps(), ["refresh #7 a", "refresh #8 b"]);
}

#[test]
fn a_job_silent_again_within_the_window_gets_its_issue_back() {
    let silent = job("a", Silent, 5);
    let recovered = |number, hours| {
        let before = job("a", Silent, 99);
        issue(number, &before).kind("recovered").closed(hours)
    };
    for (hours, step) in [
        (0, "reopen #7 a"),
        (23, "reopen #7 a"),
        (24, "reopen #7 a"),
        (25, "open a"),
    ] {
        let again = case([silent.clone()]).closed([recovered(7, hours)]);
        assert_eq!(again.steps(), [step], "{hours} h");
    }
    let newest = [recovered(7, 20), recovered(5, 3), recovered(9, 4)];
    assert_eq!(
        case([silent.clone()]).closed(newest).steps(),
        ["reopen #5 a"]
    );
    let same_time = [recovered(7, 3), recovered(9, 3), recovered(8, 3)];
    assert_eq!(
        case([silent.clone()]).closed(same_time).steps(),
        ["reopen #9 a"]
    );
    // Not what was closed as a second one, and not where nobody knows when.
    let duplicate = case([silent.clone()]).closed([recovered(7, 1).kind("duplicate")]);
    assert_eq!(duplicate.steps(), ["open a"]);
    let mut unknown = recovered(7, 1);
    unknown.closed_at = None;
    assert_eq!(case([silent.clone()]).closed([unknown]).steps(), ["open a"]);
    // A person closed it in an earlier silence.
    let by_hand = recovered(7, 2).kind("silent");
    assert_eq!(case([silent]).closed([by_hand]).steps(), ["reopen #7 a"]);
}

#[test]
fn nothing_is_created_after_an_incomplete_listing() {
    for (open, closed) in [(true, false), (false, true), (true, true)] {
        let told = job("b", Silent, 5);
        let well = job("c", Silent, 5);
        let some = case([job("a", Silent, 5), told.clone(), job("c", Fresh, 0)])
            .open([issue(7, &well), issue(6, &told), issue(8, &told)])
            .closed([issue(9, &job("a", Silent, 50)).kind("recovered").closed(1)])
            .cut_short(open, closed);
        let steps = ["recover #7 c", "duplicate #8 of #6", "held back a"];
        let mut seen = some.steps();
        seen[..2].sort_by_key(|step| step.contains("duplicate"));
        assert_eq!(seen, steps, "{open} {closed}");
        let storm = case(["a", "b", "c"].map(|name| job(name, Silent, 5)));
        let storm = storm.cut_short(open, closed).steps();
        assert_eq!(storm, ["held back a", "held back b", "held back c"]);
    }
    // Where nothing is to be created, nothing is held back.
    let silent = job("a", Silent, 5);
    let told = case([silent.clone()])
        .open([issue(7, &silent)])
        .cut_short(true, true);
    assert_eq!(told.steps(), NOTHING);
}

#[test]
fn closed_issues_are_asked_for_as_far_back_as_they_matter() {
    let asked = |states: &[JobState]| {
        let mut case = case([]);
        case.states = states.to_vec();
        case.planned().1
    };
    assert_eq!(asked(&[]), None);
    assert_eq!(asked(&[job("a", Fresh, 0)]), None);
    // At least as far as the window, at most 400 days.
    assert_eq!(asked(&[job("a", Silent, 5)]), Some(hours_ago(24)));
    assert_eq!(asked(&[job("a", Silent, 50)]), Some(hours_ago(50)));
    let two = [job("a", Silent, 50), job("b", Silent, 77)];
    assert_eq!(asked(&two), Some(hours_ago(77)));
    assert_eq!(asked(&[job("a", Silent, 10_000)]), Some(hours_ago(9_600)));
    assert_eq!(asked(&[unborn("a", Never)]), Some(hours_ago(168)));
    let both = [unborn("a", Failed), job("b", Silent, 200)];
    assert_eq!(asked(&both), Some(hours_ago(200)));
}

#[test]
fn a_forge_that_does_not_tell_ends_the_plan() {
    let states = [job("a", Silent, 5)];
    let question = Question {
        states: &states,
        host: kit::HOST,
        sight: &Sight::default(),
        policy: &Policy::default(),
        now: now(),
        here: &|_| true,
    };
    let planned = plan(&question, &mut Listings::default(), |_| Err("no"));
    assert_eq!(planned, Err("no"));
}

#[test]
fn no_moment_is_too_early_for_a_plan() {
    let states = [job("a", Silent, 5), unborn("b", Never)];
    for now in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
        let mut policy = Policy::default();
        for window in [Duration::ZERO, Duration::MAX] {
            policy.reopen_window = window;
            policy.vague_acknowledgement = window;
            let mut listings = Listings {
                open_complete: true,
                ..Listings::default()
            };
            let sight = Sight::default();
            let closed = |_| Ok::<_, std::convert::Infallible>((Vec::new(), true));
            let question = Question {
                states: &states,
                host: kit::HOST,
                sight: &sight,
                policy: &policy,
                now,
                here: &|_| true,
            };
            let Ok(plan) = plan(&question, &mut listings, closed);
            assert_eq!(plan.actions.len(), 2);
        }
    }
}

#[test]
fn titles_of_all_verdicts_are_known_again() {
    for verdict in Verdict::ALL.into_iter().filter(|v| v.flagged()) {
        let lost = issue(7, &job("a", Skewed, 5)).unmarked();
        let lost = lost.titled(&title(&key("a"), verdict));
        let told = case([job("a", Silent, 5)]).open([lost]);
        assert_eq!(told.steps(), ["refresh #7 a"], "{verdict}");
    }
}
