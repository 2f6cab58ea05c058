//! Each planted bug is caught within 200 host-years: a simulator that catches none proves
//! nothing. And what is caught is shrunk to a script that shows it again.

use heartbeat_sim::bugs::Bug;
use heartbeat_sim::class::Class;
use heartbeat_sim::run::{RULE, caught};
use heartbeat_sim::script::Script;
use heartbeat_sim::shrink::shrink;
use heartbeat_sim::story::play;

#[test]
#[cfg_attr(debug_assertions, ignore = "make test plays it optimised")]
fn each_planted_bug_is_caught() {
    let missed = Bug::ALL
        .iter()
        .filter(|bug| caught(**bug, 200, &RULE).unwrap().is_none());
    let missed: Vec<&str> = missed.map(|bug| bug.word()).collect();
    assert_eq!(missed, Vec::<&str>::new());
}

#[test]
#[cfg_attr(debug_assertions, ignore = "make test plays it optimised")]
fn what_is_caught_is_shrunk_and_read_back() {
    let bug = Some(Bug::FutureIsFresh);
    let wrong = Bug::FutureIsFresh.wrong();
    let found = (1..40)
        .map(|seed| Script::of_seed(seed, Class::Weekly))
        .find(|script| play(script, bug).unwrap().count(wrong) > 0)
        .unwrap();
    let short = shrink(&found, bug, wrong);
    assert!(short.faults.len() <= 5, "{short}");
    let again = Script::parse(&short.to_string()).unwrap();
    assert!(play(&again, bug).unwrap().count(wrong) > 0);
    assert!(play(&again, None).unwrap().clean());
}
