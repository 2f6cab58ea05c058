//! Jobs that need others, jobs that are muted, and silences that one outage explains.

use std::sync::Arc;
use std::time::Duration;

use heartbeat::Interval;

use super::kit::{Told, case, hours_ago, issue, job, now, umbrella};
use super::*;
use crate::Verdict::{Fresh, Silent};
use crate::{Expected, MuteTime, MuteWindow, Need, Outage, OutageKind, Timing, Written};

/// The entry of a job that needs these: `@host`, or names of root's jobs.
fn expected(name: &str, needs: &[&str]) -> Expected {
    let place = Written {
        file: Arc::new("jobs.toml".into()),
        line: 1,
    };
    let every = Timing::Interval(Interval::from_seconds(3_600).unwrap());
    let need = |name: &&str| match *name {
        "@host" => Need::Host,
        name => Need::Job {
            user: "root".into(),
            job: name.parse().unwrap(),
        },
    };
    Expected {
        needs: needs.iter().map(need).collect(),
        ..Expected::new("root", name.parse().unwrap(), every, place)
    }
}

fn needing(name: &str, needs: &[&str]) -> JobState {
    let expected = expected(name, needs);
    job(name, Silent, 5).expected(Some(Arc::new(expected)))
}

fn explained(name: &str) -> JobState {
    let mut state = job(name, Silent, 5);
    state.detail.as_mut().unwrap().story = Some(Outage {
        kind: OutageKind::Off,
        from: Some(hours_ago(4)),
        to: hours_ago(2),
        lost: Duration::from_secs(7_200),
    });
    state
}

#[test]
fn a_job_gets_no_issue_while_what_it_needs_is_flagged() {
    let states = [
        job("vpn", Silent, 9),
        needing("sync", &["vpn"]),
        needing("mail", &["sync"]),
        needing("other", &["web"]),
        job("web", Fresh, 0),
    ];
    let case = case(states).threshold(10);
    assert_eq!(case.steps(), ["open vpn", "open other"]);
    let (plan, _) = case.planned();
    let at = |name: &str| {
        let mut states = case.states.iter();
        states
            .position(|state| state.key.job.as_str() == name)
            .unwrap()
    };
    // All under what is at the bottom of it.
    assert_eq!(plan.root_of(at("sync")), Some(at("vpn")));
    assert_eq!(plan.root_of(at("mail")), Some(at("vpn")));
    assert_eq!(plan.root_of(at("other")), None);
    assert_eq!(plan.under.len(), 1);
}

#[test]
fn what_is_needed_is_well_again_and_the_job_is_not() {
    let states = [job("vpn", Fresh, 0), needing("sync", &["vpn"])];
    assert_eq!(case(states).steps(), ["open sync"]);
}

#[test]
fn an_issue_that_is_open_is_kept_whatever_the_job_needs() {
    let states = [job("vpn", Silent, 9), needing("sync", &["vpn"])];
    let open = issue(7, &states[1]);
    let told = case(states.clone()).open([open.clone()]);
    assert_eq!(told.steps(), ["open vpn"]);
    // It recovers as any other.
    let states = [job("vpn", Silent, 9), job("sync", Fresh, 0)];
    let told = case(states).open([open]);
    assert_eq!(told.steps(), ["recover #7 sync", "open vpn"]);
}

#[test]
fn an_issue_lists_who_waits_for_its_job() {
    let states = [job("vpn", Silent, 9), needing("sync", &["vpn"])];
    let alone = issue(7, &states[0]);
    let told = case(states.clone()).open([alone.clone()]);
    assert_eq!(told.steps(), ["refresh #7 vpn"]);
    let hash = crate::members_hash(&states, &[1]);
    let listing = |hash: Option<String>| {
        let mut listing = alone.clone();
        listing.marker = listing.marker.map(|marker| marker.with_under(hash));
        listing
    };
    let known = case(states).open([listing(Some(hash.clone()))]);
    assert_eq!(known.steps(), Vec::<String>::new());
    // It waits no more.
    let states = [job("vpn", Silent, 9), job("sync", Fresh, 0)];
    let told = case(states).open([listing(Some(hash))]);
    assert_eq!(told.steps(), ["refresh #7 vpn"]);
}

#[test]
fn a_circle_of_needs_hides_nobody() {
    let states = [needing("a", &["b"]), needing("b", &["a"])];
    let steps = case(states).threshold(10).steps();
    assert_eq!(steps, ["open a", "open b"]);
    let states = [needing("a", &["a"])];
    assert_eq!(case(states).steps(), ["open a"]);
}

#[test]
fn a_muted_job_opens_nothing_and_is_closed_all_the_same() {
    let muted = |name: &str, verdict, until: DateTime<Utc>| {
        let expected = Expected {
            paused_until: Some(until),
            ..expected(name, &[])
        };
        job(name, verdict, 5).expected(Some(Arc::new(expected)))
    };
    let later = now() + chrono::TimeDelta::hours(1);
    let states = [muted("a", Silent, later), muted("b", Silent, now())];
    let quiet = case(states);
    assert_eq!(quiet.steps(), ["open b"]);
    assert_eq!(quiet.planned().0.muted, [0]);
    // Neither opened again nor counted for a storm.
    let closed = issue(7, &job("a", Silent, 9)).closed(1);
    let again = case([muted("a", Silent, later)]).closed([closed]);
    assert_eq!(again.steps(), Vec::<String>::new());
    let open = issue(7, &job("a", Silent, 9));
    let well = job("a", Fresh, 0).expected(Some(Arc::new(expected("a", &[]))));
    assert_eq!(case([well]).open([open]).steps(), ["recover #7 a"]);
}

/// Nor does it come into a list of many that is made up, because there is none to read.
#[test]
fn a_muted_job_and_one_that_waits_come_into_no_list_that_is_made_up() {
    let mut muted = expected("m", &[]);
    muted.paused_until = Some(now() + chrono::TimeDelta::hours(1));
    let muted = job("m", Silent, 5).expected(Some(Arc::new(muted)));
    let told = umbrella(7, 1, &["a"]).unmarked();
    let states = [job("a", Silent, 5), muted, needing("w", &["a"])];
    let case = case(states).open([told]);
    assert_eq!(case.steps(), ["shrink #7 to a"]);
    let (plan, _) = case.planned();
    assert_eq!(
        (plan.muted, plan.covered),
        (vec![1], HashMap::from([(0, 0)]))
    );
}

#[test]
fn a_window_mutes_while_it_is_open() {
    let window = MuteWindow {
        when: MuteTime::Once {
            from: hours_ago(1),
            until: now() + chrono::TimeDelta::hours(1),
        },
        reason: Some("maintenance".into()),
    };
    let expected = Expected {
        mute: vec![window],
        ..expected("a", &[])
    };
    let state = job("a", Silent, 5).expected(Some(Arc::new(expected)));
    assert_eq!(case([state]).steps(), Vec::<String>::new());
}

#[test]
fn silences_that_one_outage_explains_are_told_together() {
    let states = [explained("a"), explained("b"), job("c", Silent, 9)];
    let told = case(states).threshold(10);
    assert_eq!(told.steps(), ["storm a+b", "open c"]);
    // One alone needs no umbrella; where one is open it joins.
    assert_eq!(case([explained("a")]).steps(), ["open a"]);
    let open = umbrella(7, 1, &["z"]);
    let told = case([explained("a"), job("z", Silent, 9)]).open([open]);
    assert_eq!(told.steps(), ["grow #7 to z+a by a"]);
}

#[test]
fn who_needs_the_host_is_told_with_it() {
    let states = [
        explained("a"),
        explained("b"),
        needing("c", &["@host"]),
        job("d", Silent, 5),
    ];
    let told = case(states).threshold(10);
    assert_eq!(told.steps(), ["storm a+b+c", "open d"]);
    assert_eq!(case([needing("c", &["@host"])]).steps(), ["open c"]);
}

#[test]
fn what_goes_to_another_forge_is_not_opened_here() {
    let states = [job("a", Silent, 5), job("b", Silent, 5)];
    let open = [issue(7, &states[1])];
    let question = Question {
        states: &states,
        host: kit::HOST,
        sight: &Sight::default(),
        policy: &Policy::default(),
        now: now(),
        here: &|_| false,
    };
    assert_eq!(covered(&question, &open), HashSet::from([1]));
    let mut listings = Listings {
        open: open.to_vec(),
        open_complete: true,
        ..Listings::default()
    };
    let closed = |_| Ok::<_, std::convert::Infallible>((Vec::new(), true));
    let Ok(plan) = plan(&question, &mut listings, closed);
    assert_eq!(plan.actions, []);
}
