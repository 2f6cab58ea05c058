//! Storms: one issue for many jobs at once.

use super::kit::{of, umbrella};
use super::*;
use crate::marker::MAX_MEMBERS;
use crate::{member_hash, storm_title};

fn silent<const N: usize>(names: [&str; N]) -> [JobState; N] {
    names.map(|name| job(name, Silent, 5))
}

#[test]
fn more_than_the_threshold_at_once_are_one_issue() {
    for (threshold, steps) in [
        (3, vec!["open a", "open b", "open c"]),
        (2, vec!["storm a+b+c"]),
        (0, vec!["storm a+b+c"]),
    ] {
        let case = case(silent(["a", "b", "c"])).threshold(threshold);
        assert_eq!(case.steps(), steps, "{threshold}");
    }
    // What has an issue already is not new.
    let told = [issue(7, &job("b", Silent, 5))];
    let steps = case(silent(["a", "b", "c"])).open(told).steps();
    assert_eq!(steps, ["open a", "open c"]);
    // Also jobs that had one a short time ago.
    let recent = issue(7, &job("b", Silent, 50)).kind("recovered").closed(1);
    let steps = case(silent(["a", "b", "c"])).closed([recent]).steps();
    assert_eq!(steps, ["storm a+b+c"]);
}

#[test]
fn an_umbrella_covers_its_members() {
    let all = case(silent(["a", "b", "c"])).open([umbrella(7, 1, &["c", "a", "b"])]);
    assert_eq!(all.steps(), NOTHING);
    let (plan, asked) = all.planned();
    assert_eq!(plan.covered, HashMap::from([(0, 0), (1, 0), (2, 0)]));
    assert_eq!(asked, None);
    // A few that are flagged later get issues of their own.
    let later = case(silent(["a", "b", "c", "d", "e"])).open([umbrella(7, 1, &["a", "b", "c"])]);
    assert_eq!(later.steps(), ["open d", "open e"]);
    // Many come under it.
    let many = case(silent(["a", "b", "c", "d", "e", "f"]));
    let many = many.open([umbrella(7, 1, &["a", "c", "e"])]);
    assert_eq!(many.steps(), ["grow #7 to a+b+c+d+e+f by b+d+f"]);
    assert_eq!(many.planned().0.covered.len(), 6);
}

#[test]
fn members_leave_and_the_last_one_closes_it() {
    let over = || umbrella(7, 1, &["a", "b", "c"]);
    let [a, b, _] = silent(["a", "b", "c"]);
    let c = job("c", Fresh, 0);
    let one_left = case([a.clone(), b.clone(), c.clone()]).open([over()]);
    assert_eq!(one_left.steps(), ["shrink #7 to a+b"]);
    let well = ["a", "b", "c"].map(|name| job(name, Fresh, 0));
    assert_eq!(case(well).open([over()]).steps(), ["calm #7"]);
    assert_eq!(case([c]).open([umbrella(7, 1, &[])]).steps(), ["calm #7"]);
    // One with an issue of its own leaves too.
    let own = case([a.clone(), b.clone()]).open([umbrella(7, 1, &["a", "b"]), issue(9, &a)]);
    assert_eq!(own.steps(), ["shrink #7 to b"]);
    assert_eq!(own.planned().0.covered, HashMap::from([(0, 1), (1, 0)]));
    // One that left comes back as any other.
    let back = case([a, b]).open([umbrella(7, 1, &["a"])]);
    assert_eq!(back.steps(), ["open b"]);
}

#[test]
fn members_that_cannot_be_seen_stay() {
    let [a, ..] = silent(["a"]);
    let gone = case([a.clone()]).open([umbrella(7, 1, &["a", "b", "c"])]);
    assert_eq!(gone.steps(), NOTHING);
    let well = case([job("a", Fresh, 0)]).open([umbrella(7, 1, &["a", "b", "c"])]);
    assert_eq!(well.steps(), ["shrink #7 to  and 2 unseen"]);
    let none = case([]).open([umbrella(7, 1, &["a", "b"])]);
    assert_eq!(none.steps(), NOTHING);
    let grown = case(silent(["d", "e", "f"])).open([umbrella(7, 1, &["a", "b"])]);
    assert_eq!(grown.steps(), ["grow #7 to d+e+f and 2 unseen by d+e+f"]);
}

#[test]
fn a_member_is_listed_once() {
    // Two keys may share a hash, and people edit markers.
    let [a, ..] = silent(["a"]);
    let mut twice = umbrella(7, 1, &["a", "a", "b", "b"]);
    let steps = case([a.clone()]).open([twice.clone()]).steps();
    assert_eq!(steps, ["shrink #7 to a and 1 unseen"]);
    let members = vec![member_hash(&key("a")), member_hash(&key("b"))];
    twice.marker.as_mut().unwrap().scope = Scope::Storm {
        members: Some(members),
    };
    assert_eq!(case([a]).open([twice]).steps(), NOTHING);
}

#[test]
fn a_second_umbrella_is_one_too_many() {
    let two = [umbrella(9, 1, &["a", "b"]), umbrella(7, 2, &["b", "c"])];
    let case = case(silent(["a", "b", "c"])).open(two);
    assert_eq!(case.steps(), ["duplicate #9 of #7", "open a"]);
    let theirs = umbrella(3, 1, &["a", "b", "c"]).host("hiram");
    let case = kit::case(silent(["a", "b", "c"])).open([theirs]);
    assert_eq!(case.steps(), ["storm a+b+c"]);
}

#[test]
fn an_umbrella_over_more_than_it_can_list_is_about_all() {
    let over = || umbrella(7, 1, &[]).too_many();
    let told = case(silent(["a", "b"])).open([over()]);
    // Now they fit: listed again, so that the next one is told by itself.
    assert_eq!(told.steps(), ["shrink #7 to a+b"]);
    let many: Vec<_> = (0..=MAX_MEMBERS)
        .map(|n| job(&format!("j{n}"), Silent, 5))
        .collect();
    let mut case = case([]).open([over()]);
    case.states = many;
    assert_eq!(case.steps(), NOTHING);
    let (plan, asked) = case.planned();
    assert_eq!((plan.covered.len(), asked), (MAX_MEMBERS + 1, None));
    // Who falls silent after it began is another story, and is told by itself.
    case.states.push(job("later", Silent, 2));
    assert_eq!(case.steps(), ["open later"]);
    case.states.truncate(MAX_MEMBERS);
    assert!(case.steps()[0].starts_with("shrink #7"));
    // Those with an issue of their own are not its business.
    let [a, b] = silent(["a", "b"]);
    let own = kit::case([a.clone(), b]).open([over(), issue(9, &a)]);
    assert_eq!(own.steps(), ["shrink #7 to b"]);
}

#[test]
fn an_umbrella_without_a_list_stays_while_jobs_are_hidden() {
    let well = || case([job("a", Fresh, 0)]).open([umbrella(7, 1, &[]).too_many()]);
    assert_eq!(well().steps(), ["calm #7"]);
    assert_eq!(well().blind().steps(), NOTHING);
    assert_eq!(well().blind_to("postgres").steps(), NOTHING);
    let some = case(silent(["a"])).open([umbrella(7, 1, &[]).too_many()]);
    assert_eq!(some.blind().steps(), NOTHING);
    // One that lists its members knows who is missing.
    let listed = case([job("a", Fresh, 0)]).open([umbrella(7, 1, &["a"])]);
    assert_eq!(listed.blind().steps(), ["calm #7"]);
}

#[test]
fn an_umbrella_that_lost_its_marker_is_known_by_its_title() {
    let lost = |number| umbrella(number, 1, &["a"]).unmarked();
    let told = case(silent(["a", "b", "c"])).open([lost(9), lost(7)]);
    assert_eq!(told.steps(), ["shrink #9 to a+b+c", "shrink #7 to a+b+c"]);
    assert_eq!(
        told.planned().0.covered,
        HashMap::from([(0, 1), (1, 1), (2, 1)])
    );
    // First the marker, then the end.
    let well = case([job("a", Fresh, 0)]).open([lost(7)]);
    assert_eq!(well.steps(), ["shrink #7 to "]);
    assert_eq!(case([]).open([lost(7)]).blind().steps(), ["shrink #7 to "]);
    // One with a marker goes before it.
    let marked = case(silent(["a", "b", "c"]));
    let marked = marked.open([lost(3), umbrella(7, 1, &["a", "b", "c"])]);
    assert_eq!(marked.steps(), ["shrink #3 to a+b+c"]);
    let grown = case(silent(["a", "b", "c"])).open([lost(3), umbrella(7, 1, &["z"])]);
    let steps = [
        "shrink #3 to a+b+c and 1 unseen",
        "grow #7 to a+b+c and 1 unseen by a+b+c",
    ];
    assert_eq!(grown.steps(), steps);
    let title = storm_title("hiram");
    let theirs = case(silent(["a", "b", "c"])).open([lost(7).titled(&title)]);
    assert_eq!(theirs.steps(), ["storm a+b+c"]);
}

/// A list that is made up, because there is none to read, has nobody of whom a person said
/// that they know.
#[test]
fn what_was_put_aside_comes_into_no_list_that_is_made_up() {
    let put_aside = |name| issue(3, &job(name, Silent, 5)).closed(2);
    for told in [
        umbrella(7, 1, &["a"]).unmarked(),
        umbrella(7, 1, &[]).too_many(),
    ] {
        let three = case(silent(["a", "b", "c"])).open([told]);
        let (plan, _) = three.planned();
        assert_eq!(plan.covered.len(), 3);
        let three = three.closed([put_aside("b")]);
        assert_eq!(three.steps(), ["shrink #7 to a+c", "put aside b"]);
        assert_eq!(three.planned().0.covered, HashMap::from([(0, 0), (2, 0)]));
    }
    // One that is listed was told before, and is closed by a success.
    let listed = case(silent(["a", "b"])).open([umbrella(7, 1, &["a", "b"])]);
    let listed = listed.closed([put_aside("b")]);
    assert_eq!(listed.steps(), NOTHING);
    assert_eq!(listed.planned().1, None);
}

/// What open issues tell of is known before a plan is made, for choosing the forge.
#[test]
fn what_open_issues_tell_of() {
    let flagged = silent(["a", "b", "c", "d"]);
    let told = [issue(7, &flagged[1]), umbrella(8, 1, &["d"])];
    let case = case(flagged).open(told);
    assert_eq!(case.told(), [1, 3].into());
    assert_eq!(case.open([]).told(), [].into());
}

/// A user who makes as many jobs fall silent as they like hides none of anybody else's.
#[test]
fn the_flood_of_one_user_takes_nobody_else_along() {
    let flood = ["a", "b", "c"].map(|name| of("eve", job(name, Silent, 5)));
    let [own, theirs] = [job("r", Failed, 1), of("app", job("s", Silent, 5))];
    let one = kit::cases([flood.to_vec(), vec![own.clone(), theirs.clone()]].concat());
    assert_eq!(one.steps(), ["storm a+b+c", "open s", "open r"]);
    // As many as get an issue each are no flood.
    let few = [flood[..2].to_vec(), vec![own.clone()]].concat();
    assert_eq!(kit::cases(few).steps(), ["storm a+b+r"]);
    // Many of root's, or many of several users', are a storm of the host.
    let many = ["r", "s", "t"].map(|name| job(name, Silent, 5));
    let steps = kit::cases([flood.to_vec(), many.to_vec()].concat()).steps();
    assert_eq!(steps, ["storm a+b+c+r+s+t"]);
    let several = [own.clone(), theirs.clone(), of("bob", job("t", Silent, 5))];
    let steps = kit::cases([flood.to_vec(), several.to_vec()].concat()).steps();
    assert_eq!(steps, ["storm s+t+a+b+c+r"]);
    // Nor does an umbrella that lists nobody, because they are too many.
    let crowd: Vec<_> = (0..=MAX_MEMBERS)
        .map(|n| of("eve", job(&format!("j{n}"), Silent, 5)))
        .collect();
    let all =
        kit::cases([crowd, vec![own, theirs]].concat()).open([umbrella(7, 1, &[]).too_many()]);
    assert_eq!(all.steps(), ["open s", "open r"]);
}
