//! Timers of systemd as jobs: of the system, of each user. Where a systemd runs, what it
//! says counts, and where it differs from the files that is told.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::Look;
use crate::beats;
use crate::error::{said, shown};
use crate::finding::Place;
use crate::job::{Job, Kind, Leaves, Shape, State, Unit};
use crate::names;
use crate::systemd::ask::{Live, Told};
use crate::systemd::load::{SYSTEM, USER, Units};
use crate::systemd::span;
use crate::systemd::timer::{self, Service, Timer, Trigger};
use crate::times::{Fault, When};

/// Timers of the system.
pub(super) fn system(look: &Look<'_>, told: Option<&Told>) {
    let units = Units::new(look.root, SYSTEM.map(PathBuf::from));
    all(look, &units, "root", Kind::Timer, told);
}

/// Timers of all users whose homes have some. Those that all users share are told once,
/// for nobody can say who logs in.
pub(super) fn users(look: &Look<'_>) {
    for user in look.users.all() {
        let own = user.home.join(".config/systemd/user");
        // A home that is the root folder is nobody's.
        if user.home == Path::new("/") {
            continue;
        }
        let names = match look.root.list(&own) {
            Ok(names) => names,
            Err(error) => {
                if !matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) {
                    look.unseen(format!("{}: {}", shown(&own), said(&error)));
                }
                continue;
            }
        };
        let units = Units::new(look.root, places(&user.home));
        let any = names.iter().any(|name| {
            name.to_string_lossy().contains(".timer") || name.to_string_lossy().ends_with(".wants")
        });
        if any {
            all(look, &units, &user.name, Kind::UserTimer, None);
        }
    }
}

/// Timers of one user, who asks for themselves.
pub(super) fn user(look: &Look<'_>, user: &str, told: Option<&Told>) {
    let home = look
        .users
        .all()
        .into_iter()
        .find(|known| &*known.name == user);
    let home = home.map(|user| user.home.clone());
    let home = home.or_else(|| std::env::var_os("HOME").map(PathBuf::from));
    if let Some(home) = home {
        let units = Units::new(look.root, places(&home));
        all(look, &units, user, Kind::UserTimer, told);
    }
}

fn places(home: &Path) -> Vec<PathBuf> {
    let own = [".config/systemd/user", ".local/share/systemd/user"];
    let own = own.iter().map(|dir| home.join(dir));
    own.chain(USER.map(PathBuf::from)).collect()
}

fn all(look: &Look<'_>, units: &Units<'_>, user: &str, kind: Kind, told: Option<&Told>) {
    for timer in timer::timers(units) {
        let live = told.and_then(|told| told.get(&*timer.name));
        one(look, units, &timer, user, kind, told.is_some(), live);
    }
    // Timers of which no file says anything: made by a program, gone from the disk.
    for (name, live) in told.into_iter().flatten() {
        let known = units.load(name);
        if live.active && known.file.is_none() {
            look.wrong(
                "timer-no-file",
                Place::file(PathBuf::from(name)),
                "It is active, and its unit file is gone: it will not be there after a boot.",
                format!("Put its file back, or end it: systemctl stop {name}"),
            );
        }
    }
    // Also what was found unreadable on the way.
    for (path, why) in units.blind() {
        look.unseen(format!("{}: {why}", shown(&path)));
    }
}

fn one(
    look: &Look<'_>,
    units: &Units<'_>,
    timer: &Timer,
    user: &str,
    kind: Kind,
    asked: bool,
    live: Option<&Live>,
) {
    let file: Arc<Path> = match &timer.file {
        Some(file) => Arc::from(&**file),
        None => Arc::from(Path::new(&*timer.name)),
    };
    let place = Place {
        line: timer.line,
        file,
    };
    let service = timer::service(units, &timer.starts);
    let when = Arc::new(when(look, timer, live));
    let state = state(look, timer, asked, live);
    if state == State::Runs {
        wrong(look, timer, &service, &when, &place);
    } else if let (Some(why), true) = (&timer.unreadable, timer.file.is_none()) {
        look.wrong(
            "timer-missing",
            place.clone(),
            format!("{} is enabled, and {why}.", timer.name),
            format!("systemctl disable {}", timer.name),
        );
        return;
    }
    if live.is_some_and(|live| live.stale) {
        look.wrong(
            "timer-stale",
            place.clone(),
            "Its file has changed since systemd read it; the old one is in force.",
            reload(kind),
        );
    }
    let (beat, called) = beat(look, &service);
    let named = called.is_some();
    let command = service
        .runs
        .first()
        .map_or(timer.starts.as_str(), String::as_str);
    look.job(
        Job {
            kind,
            place,
            user: look.user(user),
            name: called.unwrap_or_else(|| {
                names::from_file(timer.name.strip_suffix(".timer").unwrap_or(&timer.name))
            }),
            named,
            command: command.into(),
            when,
            state,
            beat,
            expected: false,
            shape: Shape::Unit(Box::new(Unit {
                service: service.name.clone(),
                there: service.there,
                delay: timer.delay.as_secs(),
            })),
        },
        if kind == Kind::Timer {
            "timer"
        } else {
            "user-timer"
        },
    );
}

fn reload(kind: Kind) -> &'static str {
    if kind == Kind::Timer {
        "systemctl daemon-reload"
    } else {
        "systemctl --user daemon-reload"
    }
}

/// Whether it runs: as the running systemd says, else as the files do.
fn state(look: &Look<'_>, timer: &Timer, asked: bool, live: Option<&Live>) -> State {
    let off = |why: &str| State::Off(why.into());
    match live {
        Some(live) if live.active => return State::Runs,
        Some(live) if live.condition_failed => {
            let which = timer.conditions.join(", ");
            return State::Off(if which.is_empty() {
                "a condition of it does not hold here".into()
            } else {
                format!("a condition of it does not hold here: {which}").into()
            });
        }
        _ => {}
    }
    match &timer.state {
        timer::State::Masked => off("it is masked"),
        timer::State::Template => off("it is a template, and no instance of it is enabled"),
        timer::State::NotEnabled => off("nothing starts it"),
        timer::State::With(units) => off(&format!(
            "it is started with {} only, which no boot starts",
            units.join(", ")
        )),
        timer::State::Runs if !look.systemd => off("systemd does not run here"),
        timer::State::Runs if asked => {
            off("it is enabled, and not active; it was not started, or stopped")
        }
        timer::State::Runs => State::Runs,
    }
}

fn when(look: &Look<'_>, timer: &Timer, live: Option<&Live>) -> When {
    let mut calendars = timer.triggers.iter().filter_map(|trigger| match trigger {
        Trigger::Calendar(text) => Some(look.times.calendar(text)),
        _ => None,
    });
    let only = timer.triggers.len() == 1;
    let mut when = match calendars.next() {
        Some(first) => {
            let mut when = (*first).clone();
            let mut words = vec![when.words.to_string()];
            for next in calendars {
                words.push(next.words.to_string());
                when.next = [when.next, next.next].into_iter().flatten().min();
                when.set_gap = [when.gap(), next.gap()].into_iter().flatten().min();
                // One that runs makes up for one that does not.
                if next.fault.is_none() {
                    when.fault = None;
                }
            }
            for trigger in &timer.triggers {
                if let Some(more) = told(trigger) {
                    words.push(more);
                }
            }
            when.words = words.join("; ").into();
            when.schedule &= only;
            when
        }
        None => {
            let words: Vec<String> = timer.triggers.iter().filter_map(told).collect();
            let words = if words.is_empty() {
                "never".into()
            } else {
                words.join("; ")
            };
            When::told(&timer.text(), &words)
        }
    };
    when.text = timer.text().into();
    if let Some(repeats) = timer.repeats() {
        when.set_gap = [when.gap(), Some(repeats)].into_iter().flatten().min();
    }
    if timer.delay > Duration::ZERO {
        let words = format!("{}, up to {} later", when.words, span::words(timer.delay));
        when.words = words.into();
    }
    if let Some(next) = live.and_then(|live| live.next) {
        when.next = Some(next);
    }
    when
}

fn told(trigger: &Trigger) -> Option<String> {
    Some(match trigger {
        Trigger::Calendar(_) | Trigger::Unreadable { .. } => return None,
        Trigger::Boot(span) => format!("{} after the boot", span::words(*span)),
        Trigger::Active(span) => format!("{} after its start", span::words(*span)),
        Trigger::Again(span) => {
            let words = span::words(*span);
            // Every day, not every 1 day.
            format!(
                "every {}",
                words
                    .strip_prefix("1 ")
                    .filter(|one| !one.contains(' '))
                    .unwrap_or(&words)
            )
        }
        Trigger::AfterEnd(span) => format!("{} after it ended", span::words(*span)),
    })
}

/// What is wrong with a timer that is enabled.
fn wrong(look: &Look<'_>, timer: &Timer, service: &Service, when: &When, place: &Place) {
    let see = "See systemd.timer(5).";
    for trigger in &timer.triggers {
        if let Trigger::Unreadable { key, value } = trigger {
            look.wrong(
                "timer-value",
                place.clone(),
                format!("systemd passes over {key}={value}: it is no span of time."),
                "Write it like 15min or 1h 30s; see systemd.time(7).",
            );
        }
    }
    match &when.fault {
        Some(Fault::Unreadable(why)) => look.wrong(
            "timer-value",
            place.clone(),
            format!("systemd passes over its OnCalendar=: {why}."),
            "Try it with systemd-analyze calendar; see systemd.time(7).",
        ),
        Some(Fault::Never(why)) => look.wrong(
            "timer-never",
            place.clone(),
            format!("It has no next run: {why}."),
            "Give it a time that is still to come, or disable it.",
        ),
        None if timer.triggers.is_empty() => look.wrong(
            "timer-never",
            place.clone(),
            "It has no next run: it says no time at all.",
            "Give it an OnCalendar= or an OnBootSec=.",
        ),
        None if !timer.has_first_run() => look.wrong(
            "timer-never",
            place.clone(),
            "It has no first run: its times count from a run before.",
            "Give it an OnBootSec= or OnActiveSec=, too.",
        ),
        None => {}
    }
    if service.masked {
        look.wrong(
            "timer-service",
            place.clone(),
            format!("{}, which it starts, is masked.", timer.starts),
            format!(
                "systemctl unmask {0}, or systemctl disable {1}",
                timer.starts, timer.name
            ),
        );
    } else if !service.there && timer.starts.ends_with(".service") {
        look.wrong(
            "timer-service",
            place.clone(),
            format!("{}, which it starts, is not there.", timer.starts),
            format!("Name another unit with Unit=, or disable the timer. {see}"),
        );
    }
}

/// Whether the unit leaves a beat, and its name.
fn beat(look: &Look<'_>, service: &Service) -> (Option<Leaves>, Option<heartbeat::JobName>) {
    if let Some(name) = service
        .on_success
        .iter()
        .find_map(|unit| beats::in_unit(unit))
    {
        return (Some(Leaves::Unit), Some(name));
    }
    let lines = service.runs.iter().chain(&service.beside);
    let bare = lines.map(|line| line.trim_start_matches(['-', '@', ':', '+', '!']));
    let mut bare = bare.collect::<Vec<_>>().into_iter();
    if let Some(name) = bare.clone().find_map(beats::in_command) {
        return (Some(Leaves::Unit), Some(name));
    }
    match bare.find_map(|line| look.script_beat(line)) {
        Some(name) => (Some(Leaves::Script), Some(name)),
        None => (None, None),
    }
}
