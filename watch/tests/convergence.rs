//! Whatever happens to jobs, to the forge and to its issues: passes that are
//! left undisturbed bring it to exactly one open issue for each flagged job, and
//! then do nothing more.

#[cfg(test)]
mod world;

use proptest::prelude::*;
use watch::{Action, Scope};

use world::{HOSTS, JOBS, Luck, World, audit};

/// Something that happens.
#[derive(Debug, Clone)]
enum Event {
    Time(i64),
    Succeed(usize, usize),
    SucceedAhead(usize, usize),
    Fail(usize, usize),
    Garble(usize, usize),
    Remove(usize, usize),
    Restore(usize, usize),
    BlindTo(usize, bool, bool),
    Pass(usize, Luck),
    Person(Hand, usize),
    Copy(usize),
}

/// What people do to an issue.
#[derive(Debug, Clone, Copy)]
enum Hand {
    Close,
    Reopen,
    Retitle,
    Unmark,
    CutEnd,
    NoteBelow,
    NoteAbove,
}

fn luck() -> impl Strategy<Value = Luck> {
    let dies_after = proptest::option::weighted(0.3, 0..3_usize);
    let hides_one_in = proptest::option::weighted(0.15, 1..4_usize);
    (dies_after, proptest::bool::weighted(0.15), hides_one_in).prop_map(
        |(dies_after, creates_twice, hides_one_in)| Luck {
            dies_after,
            creates_twice,
            hides_one_in,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let one = || (0..HOSTS.len(), 0..JOBS);
    let hand = prop_oneof![
        4 => Just(Hand::Close),
        1 => Just(Hand::Reopen),
        1 => Just(Hand::Retitle),
        1 => Just(Hand::Unmark),
        1 => Just(Hand::CutEnd),
        1 => Just(Hand::NoteBelow),
        1 => Just(Hand::NoteAbove),
    ];
    prop_oneof![
        6 => prop_oneof![1..90_i64, 1..3_000_i64, 1..20_000_i64].prop_map(Event::Time),
        6 => one().prop_map(|(host, job)| Event::Succeed(host, job)),
        1 => one().prop_map(|(host, job)| Event::SucceedAhead(host, job)),
        3 => one().prop_map(|(host, job)| Event::Fail(host, job)),
        1 => one().prop_map(|(host, job)| Event::Garble(host, job)),
        1 => one().prop_map(|(host, job)| Event::Remove(host, job)),
        1 => one().prop_map(|(host, job)| Event::Restore(host, job)),
        1 => (0..HOSTS.len(), any::<bool>(), any::<bool>())
            .prop_map(|(host, all, some)| Event::BlindTo(host, all, some)),
        9 => (0..HOSTS.len(), luck()).prop_map(|(host, luck)| Event::Pass(host, luck)),
        6 => (hand, 0..1_000_usize).prop_map(|(hand, at)| Event::Person(hand, at)),
        1 => (0..1_000_usize).prop_map(Event::Copy),
    ]
}

fn happen(world: &mut World, event: &Event) {
    let now = world.now;
    match *event {
        Event::Time(minutes) => world.advance(minutes),
        Event::Succeed(host, job) => {
            let job = &mut world.hosts[host].jobs[job];
            (job.last, job.garbled, job.gone) = (Some(now), None, false);
        }
        Event::SucceedAhead(host, job) => {
            let job = &mut world.hosts[host].jobs[job];
            let ahead = now + chrono::TimeDelta::hours(3);
            (job.last, job.garbled, job.gone) = (Some(ahead), None, false);
        }
        Event::Fail(host, job) => {
            let job = &mut world.hosts[host].jobs[job];
            (job.fail, job.gone) = (Some(now), false);
        }
        Event::Garble(host, job) => {
            let job = &mut world.hosts[host].jobs[job];
            (job.garbled, job.gone) = (Some(now), false);
        }
        Event::Remove(host, job) => world.hosts[host].jobs[job].gone = true,
        Event::Restore(host, job) => world.hosts[host].jobs[job].gone = false,
        Event::BlindTo(host, all, some) => {
            let host = &mut world.hosts[host];
            (host.blind, host.blind_to_postgres) = (all, some);
        }
        Event::Pass(host, luck) => {
            world.pass(host, luck);
        }
        Event::Person(hand, at) => person(world, hand, at),
        Event::Copy(at) => {
            if let Some(number) = pick(world, at, true) {
                world.forge.copy(number, now);
            }
        }
    }
}

fn pick(world: &World, at: usize, open: bool) -> Option<u64> {
    let issues = world.forge.issues.iter();
    let all: Vec<_> = issues
        .filter(|issue| issue.closed_at.is_none() == open)
        .collect();
    (!all.is_empty()).then(|| all[at % all.len()].number)
}

fn person(world: &mut World, hand: Hand, at: usize) {
    let now = world.now;
    let Some(number) = pick(world, at, !matches!(hand, Hand::Reopen)) else {
        return;
    };
    match hand {
        Hand::Close => world.close(number),
        Hand::Reopen => world.forge.reopen(number, now),
        Hand::Retitle => world.forge.issue_mut(number).title = "Disk of the database".into(),
        Hand::Unmark => world.forge.unmark(number),
        Hand::CutEnd => world.forge.cut_end(number),
        Hand::NoteBelow => world.note(number, false),
        Hand::NoteAbove => world.note(number, true),
    }
}

/// Passes of both hosts with nothing in their way and all in sight.
fn settle(world: &mut World) {
    for host in 0..HOSTS.len() {
        world.hosts[host].blind = false;
        world.hosts[host].blind_to_postgres = false;
    }
    for _ in 0..4 {
        for host in 0..HOSTS.len() {
            world.pass(host, Luck::default());
        }
    }
    for host in 0..HOSTS.len() {
        let plan = world.pass(host, Luck::default());
        audit::settled(world, host, &plan);
    }
}

/// A person closes every issue about one job: none comes back.
fn put_all_aside(world: &mut World) {
    let open: Vec<_> = world.forge.open().map(|issue| issue.known()).collect();
    let of_jobs = open.iter().filter(|known| {
        let marker = known.marker.as_ref();
        marker.is_some_and(|m| {
            HOSTS.contains(&m.host.as_str())
                && matches!(m.scope, Scope::Job { .. })
                && m.kind != "gone"
        })
    });
    let numbers: Vec<u64> = of_jobs.map(|known| known.number).collect();
    for number in &numbers {
        world.close(*number);
    }
    let mut put_aside = 0;
    for host in 0..HOSTS.len() {
        let plan = world.pass(host, Luck::default());
        assert_eq!(plan.actions, [], "what was put aside stays so");
        put_aside += plan.acknowledged.len();
    }
    assert!(put_aside >= numbers.len());
}

/// Every job succeeds: nothing of theirs is left open.
fn all_well(world: &mut World) {
    world.advance(1);
    for host in 0..HOSTS.len() {
        for job in 0..JOBS {
            happen(world, &Event::Succeed(host, job));
        }
    }
    settle(world);
    let left = world.forge.open().filter_map(|issue| issue.known().marker);
    let ours: Vec<_> = left
        .filter(|marker| HOSTS.contains(&marker.host.as_str()))
        .collect();
    assert_eq!(ours, []);
    let titled = world.forge.open().filter(|issue| {
        let ours = HOSTS.iter().any(|host| issue.title.ends_with(host));
        ours && !world.forge.others.contains(issue)
    });
    assert_eq!(titled.count(), 0, "not even one without its marker");
}

proptest! {
    // More with PROPTEST_CASES; a failure prints what happened, as short as it gets.
    #![proptest_config(ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() })]

    #[test]
    fn undisturbed_passes_settle(events in proptest::collection::vec(event(), 1..60)) {
        let before = World::new();
        let mut world = World::new();
        for event in &events {
            happen(&mut world, event);
        }
        settle(&mut world);
        put_all_aside(&mut world);
        settle(&mut world);
        all_well(&mut world);
        audit::untouched(&before, &world);
    }
}

#[test]
fn a_crash_after_any_step_heals() {
    for silent in 1..=JOBS {
        for dies_after in 0..=silent {
            let mut world = World::new();
            world.advance(121);
            for job in silent..JOBS {
                happen(&mut world, &Event::Succeed(0, job));
            }
            let luck = Luck {
                dies_after: Some(dies_after),
                ..Luck::default()
            };
            world.pass(0, luck);
            settle(&mut world);
            let plan = world.pass(0, Luck::default());
            assert_eq!(plan.covered.len(), silent);
        }
    }
}

#[test]
fn a_storm_that_is_over_does_not_swallow_the_next_silence() {
    let mut world = World::new();
    world.advance(121);
    let plan = world.pass(0, Luck::default());
    assert!(matches!(&plan.actions[..], [Action::OpenStorm { jobs }] if jobs.len() == JOBS));
    for job in 0..JOBS {
        happen(&mut world, &Event::Succeed(0, job));
    }
    let plan = world.pass(0, Luck::default());
    assert!(matches!(plan.actions[..], [Action::CloseStorm { .. }]));
    world.advance(60);
    for job in 1..JOBS {
        happen(&mut world, &Event::Succeed(0, job));
    }
    world.advance(61);
    let plan = world.pass(0, Luck::default());
    assert!(matches!(plan.actions[..], [Action::Open { .. }]));
}

/// A person closes an issue about a file that cannot be read, and the next run leaves
/// another one: that holds for a week, and then it is told again.
#[test]
fn another_file_that_cannot_be_read_is_put_aside_for_a_week_too() {
    let mut world = World::new();
    happen(&mut world, &Event::Garble(1, 3));
    happen(&mut world, &Event::Pass(1, Luck::default()));
    happen(&mut world, &Event::Time(1));
    happen(&mut world, &Event::Person(Hand::Close, 0));
    let told = |world: &World| {
        let markers = world.forge.open().filter_map(|issue| issue.known().marker);
        markers.filter(|marker| marker.kind == "unreadable").count()
    };
    for minutes in [0, 1, 1_440, 5_000, 3_639, 1] {
        happen(&mut world, &Event::Time(minutes));
        for (host, job) in (0..HOSTS.len()).flat_map(|host| (0..JOBS).map(move |job| (host, job))) {
            happen(&mut world, &Event::Succeed(host, job));
        }
        happen(&mut world, &Event::Garble(1, 3));
        settle(&mut world);
        let week = world.now - chrono::TimeDelta::days(7);
        let since = world.put_aside[0].at;
        assert_eq!(told(&world), usize::from(since < week), "{since} {week}");
    }
    assert_eq!(told(&world), 1);
}
