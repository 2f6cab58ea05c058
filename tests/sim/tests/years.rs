//! Two hundred host-years without a fault: nothing missed, nothing false, nothing twice,
//! nothing left open. `make sim` plays many more.

use heartbeat_sim::run::{RULE, report, result, run, stories};
use heartbeat_sim::script::Kind;

#[test]
#[cfg_attr(debug_assertions, ignore = "make test plays it optimised")]
fn two_hundred_host_years() {
    let (tally, failures) = run(&stories(200, &RULE, 1), None, 3).unwrap();
    let told: Vec<String> = failures.iter().map(|one| report(one, None)).collect();
    assert!(failures.is_empty(), "{}", told.join("\n"));
    assert!(tally.years() >= 200.0, "{}", result(&tally));
    assert!(tally.told > 100, "{}", tally.table());
    // What never came proves nothing.
    let came = |kind: &&Kind| {
        tally
            .faults
            .get(kind.word())
            .is_none_or(|times| *times == 0)
    };
    let absent: Vec<&str> = Kind::ALL
        .iter()
        .filter(came)
        .map(|kind| kind.word())
        .collect();
    assert_eq!(absent, Vec::<&str>::new());
}
