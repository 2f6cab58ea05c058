//! Units and timers over trees that are made for each test.

use std::path::PathBuf;
use std::time::Duration;

use super::load::{Load, SYSTEM, Units};
use super::timer::{State, Timer, Trigger, service, timers};
use crate::root::Root;
use crate::testing::Tree;

const LIB: &str = "/usr/lib/systemd/system";
const ETC: &str = "/etc/systemd/system";

fn units(root: &Root) -> Units<'_> {
    Units::new(root, SYSTEM.map(PathBuf::from))
}

fn found(tree: &Tree) -> Vec<Timer> {
    timers(&units(&tree.root()))
}

fn one(tree: &Tree, name: &str) -> Timer {
    let all = found(tree);
    let names: Vec<_> = all.iter().map(|t| t.name.to_string()).collect();
    all.into_iter()
        .find(|timer| &*timer.name == name)
        .unwrap_or_else(|| panic!("{name} is not in {names:?}"))
}

#[test]
fn what_a_boot_starts() {
    let tree = Tree::new()
        .targets()
        .timer("linked", "OnCalendar=daily", true)
        .timer("idle", "OnCalendar=daily", false)
        .timer("shipped", "OnCalendar=daily", false)
        .link(
            &format!("{LIB}/timers.target.wants/shipped.timer"),
            "../shipped.timer",
        )
        .timer("waits", "OnCalendar=daily", false)
        .link(
            &format!("{ETC}/md.service.wants/waits.timer"),
            "../waits.timer",
        )
        .file(
            &format!("{LIB}/md.service"),
            "[Service]\nExecStart=/bin/true\n",
        )
        .timer("named", "OnCalendar=daily", false)
        .file(
            &format!("{LIB}/basic.target.d/more.conf"),
            "[Unit]\nWants=named.timer\n",
        )
        .timer("off", "OnCalendar=daily", true)
        .link(&format!("{ETC}/off.timer"), "/dev/null")
        .timer("empty", "OnCalendar=daily", true)
        .file(&format!("{ETC}/empty.timer"), "")
        .file(&format!("{LIB}/many@.timer"), "[Timer]\nOnCalendar=%i\n")
        .link(
            &format!("{ETC}/timers.target.wants/many@weekly.timer"),
            &format!("{LIB}/many@.timer"),
        )
        .file(&format!("{LIB}/none@.timer"), "[Timer]\nOnCalendar=daily\n")
        .link(
            &format!("{ETC}/timers.target.wants/gone.timer"),
            "/lib/systemd/system/gone.timer",
        )
        .file(
            "/run/systemd/transient/run-r1.timer",
            "[Timer]\nOnBootSec=1h\n",
        );
    let all = found(&tree);
    let states: Vec<(&str, State)> = all
        .iter()
        .map(|timer| (&*timer.name, timer.state.clone()))
        .collect();
    assert_eq!(
        states,
        [
            ("empty.timer", State::Masked),
            ("gone.timer", State::With(vec!["timers.target".into()])),
            ("idle.timer", State::NotEnabled),
            ("linked.timer", State::Runs),
            ("many@weekly.timer", State::Runs),
            ("named.timer", State::Runs),
            ("none@.timer", State::Template),
            ("off.timer", State::Masked),
            ("run-r1.timer", State::Runs),
            ("shipped.timer", State::Runs),
            ("waits.timer", State::With(vec!["md.service".into()])),
        ]
    );
    let many = one(&tree, "many@weekly.timer");
    assert_eq!(many.calendar(), Some("weekly"));
    assert_eq!(many.starts, "many@weekly.service");
    let gone = one(&tree, "gone.timer");
    assert_eq!(gone.unreadable.as_deref(), Some("there is no such unit"));
}

#[test]
fn the_stronger_place_wins_and_drop_ins_add() {
    let tree = Tree::new()
        .targets()
        .timer("x-y", "OnCalendar=daily\nPersistent=true", true)
        .file(
            &format!("{LIB}/x-y.timer.d/20-b.conf"),
            "[Timer]\nOnCalendar=\nOnCalendar=weekly\nRandomizedDelaySec=1h\n",
        )
        .file(
            &format!("{LIB}/x-y.timer.d/10-a.conf"),
            "[Timer]\nOnCalendar=monthly\n",
        )
        .file(
            &format!("{ETC}/x-.timer.d/30-c.conf"),
            "[Timer]\nOnBootSec=15min\n",
        )
        .file(
            &format!("{LIB}/timer.d/40-d.conf"),
            "[Timer]\nUnit=%N-job.service\n",
        )
        .file(
            &format!("{LIB}/x-y.timer.d/50-e.conf"),
            "[Timer]\nOnCalendar=hourly\n",
        )
        .link(&format!("{ETC}/x-y.timer.d/50-e.conf"), "/dev/null")
        .file(
            &format!("{LIB}/x-y.timer.d/ignored.txt"),
            "[Timer]\nOnCalendar=hourly\n",
        );
    let timer = one(&tree, "x-y.timer");
    assert_eq!(
        timer.triggers,
        [
            Trigger::Calendar("weekly".into()),
            Trigger::Boot(Duration::from_secs(900))
        ]
    );
    assert_eq!(timer.delay, Duration::from_secs(3_600));
    assert_eq!(timer.starts, "x-y-job.service");
    assert!(timer.persistent);
    assert_eq!(timer.line, None, "the trigger is in a drop-in");

    let tree = tree.file(
        &format!("{ETC}/x-y.timer"),
        "[Timer]\n\nOnUnitActiveSec=1d\n",
    );
    let timer = one(&tree, "x-y.timer");
    assert_eq!(
        timer.file.as_deref().unwrap().to_str(),
        Some("/etc/systemd/system/x-y.timer")
    );
}

#[test]
fn lines_and_first_runs() {
    for (settings, first, repeats, text) in [
        ("OnCalendar=daily", true, None, "daily"),
        (
            "OnBootSec=15min\nOnUnitActiveSec=1d",
            true,
            Some(86_400),
            "15 minutes after the boot, 1 day after the last start",
        ),
        (
            "OnUnitActiveSec=1d",
            false,
            Some(86_400),
            "1 day after the last start",
        ),
        (
            "OnUnitInactiveSec=1h",
            false,
            Some(3_600),
            "1 hour after the last end",
        ),
        ("OnActiveSec=1h", true, None, "1 hour after it is started"),
        ("OnBootSec=soon", false, None, "OnBootSec=soon"),
        ("Persistent=yes", false, None, ""),
    ] {
        let timer = one(&Tree::new().targets().timer("t", settings, true), "t.timer");
        assert_eq!(timer.has_first_run(), first, "{settings}");
        assert_eq!(
            timer.repeats(),
            repeats.map(Duration::from_secs),
            "{settings}"
        );
        assert_eq!(timer.text(), text);
        assert_eq!(timer.line.is_some(), !text.is_empty());
    }
}

#[test]
fn aliases_count_once_under_their_own_name() {
    let tree = Tree::new()
        .targets()
        .timer("real", "OnCalendar=daily", true)
        .link(&format!("{ETC}/other.timer"), &format!("{LIB}/real.timer"))
        .link(
            &format!("{ETC}/timers.target.wants/other.timer"),
            &format!("{LIB}/real.timer"),
        );
    let names: Vec<_> = found(&tree).iter().map(|t| t.name.to_string()).collect();
    assert_eq!(names, ["real.timer"]);
    let root = tree.root();
    let units = units(&root);
    assert_eq!(&*units.load("other.timer").name, "real.timer");
    assert_eq!(units.load("none.timer").load, Load::Missing);
}

#[test]
fn a_merged_usr_counts_once_and_links_in_circles_end() {
    let tree = Tree::new()
        .targets()
        .link("/lib", "usr/lib")
        .timer("t", "OnCalendar=daily", true)
        .link(&format!("{ETC}/a.timer"), "b.timer")
        .link(&format!("{ETC}/b.timer"), "a.timer");
    let all = found(&tree);
    assert_eq!(all.iter().filter(|t| &*t.name == "t.timer").count(), 1);
}

#[test]
fn what_a_timer_starts() {
    let tree = Tree::new().file(
        &format!("{LIB}/job.service"),
        "[Unit]\nOnSuccess=beat@%N:1d.service other.service\n[Service]\nType=oneshot\n\
         User=app\nExecStartPre=/bin/a\nExecStart=/bin/b\nExecStart=/bin/c\nExecStartPost=-/bin/d\n",
    );
    let root = tree.root();
    let found = service(&units(&root), "job.service");
    assert!(found.there && found.oneshot);
    assert_eq!(found.user.as_deref(), Some("app"));
    assert_eq!(found.runs, ["/bin/b", "/bin/c"]);
    assert_eq!(found.beside, ["/bin/a", "-/bin/d"]);
    assert_eq!(found.on_success, ["beat@job:1d.service", "other.service"]);
    assert!(!service(&units(&root), "none.service").there);
}
