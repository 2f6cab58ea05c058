//! What cannot be read is told, and not taken for nothing.

use super::*;

#[test]
fn what_may_not_be_read_is_told() {
    let tree = Tree::with_users()
        .file("/etc/cron.d/a", "* * * * * root a\n")
        .file("/etc/cron.d/b", "* * * * * root b\n")
        .mode("/etc/cron.d/a", 0o000);
    // Root reads it all the same, and so does cron.
    let seen = std::fs::read(tree.at("/etc/cron.d/a")).is_ok();
    let found = found(&tree);
    assert_eq!(found.jobs.len(), if seen { 2 } else { 1 });
    assert_eq!(found.unseen.len(), usize::from(!seen));
}

/// What says when a timer runs, or that it is started at all, and cannot be read.
#[test]
fn what_of_units_cannot_be_read_is_told() {
    let etc = "/etc/systemd/system";
    let round = |name: &str| format!("{etc}/{name}");
    let tree = Tree::with_users()
        .file(&round("a.timer"), "[Timer]\nOnCalendar=daily\n")
        .file(&round("a.service"), "[Service]\nExecStart=/bin/a\n")
        // Links that lead in a circle.
        .link(&round("timers.target.wants"), "timers.target.wants")
        .link(&round("a.timer.d"), "a.timer.d")
        .link(&round("a.service.d/10.conf"), "10.conf")
        // What leads nowhere, or to no file, is nothing to systemd either.
        .link(&round("a.service.d/20.conf"), "gone")
        .link(&round("a.service.d/30.conf"), "/dev/null")
        .link(&round("b.timer.d"), "gone")
        .file(&round("timer.d"), "no folder");
    let found = found(&tree);
    assert_eq!(found.jobs.len(), 1);
    let places: Vec<_> = found
        .unseen
        .iter()
        .map(|told| told.split(": ").next().unwrap())
        .collect();
    assert_eq!(
        places,
        [
            round("a.service.d/10.conf"),
            round("a.timer.d"),
            round("timers.target.wants")
        ],
        "{:?}",
        found.unseen
    );
}
