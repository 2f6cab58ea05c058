//! One line of a crontab: what it runs, the beat that it leaves, what is wrong with it.
//! Lines of which many are alike are studied once.

use std::rc::Rc;
use std::sync::Arc;

use heartbeat::JobName;

use super::{Look, aside, parts};
use crate::beats;
use crate::crontab::Settings;
use crate::error::plain;
use crate::finding::Place;
use crate::job::{Job, Kind, Leaves, Shape, State};
use crate::mask::masked;
use crate::names;
use crate::shell;
use crate::sight::Sight;
use crate::times::{Fault, When};

/// One job of a crontab, as it is written.
pub(super) struct JobLine<'a> {
    pub(super) place: Place,
    pub(super) user: &'a str,
    pub(super) raw: &'a [u8],
    pub(super) input: Option<&'a [u8]>,
    pub(super) command: &'a str,
    pub(super) schedule: &'a str,
    pub(super) settings: &'a Settings,
    pub(super) comment: Option<JobName>,
}

/// What is wrong: code, sentence, fix.
type Wrong = (&'static str, Arc<str>, Arc<str>);

/// What a command line says, whenever it runs.
pub(super) struct Known {
    wrong: Vec<Wrong>,
    /// Without what is blank at its end.
    command: Arc<str>,
    runner: Option<parts::Runner>,
    called: Option<JobName>,
    in_script: Option<JobName>,
    /// From what is run, where no beat and no script says another.
    name: Option<JobName>,
    aside: bool,
}

/// Takes in a job of a crontab.
pub(super) fn job(look: &Look<'_>, line: JobLine<'_>, label: &str) {
    let when = look.times.cron(line.schedule);
    odd_time(look, &line, &when);
    let known = known(look, &line, &when);
    for (code, says, fix) in &known.wrong {
        let (says, fix) = (Arc::clone(says), Arc::clone(fix));
        look.wrong(code, line.place.clone(), says, fix);
    }
    if let Some(runner) = &known.runner
        && parts::scripts(look, runner, line.user, &when, &line.place)
        && known.called.is_none()
    {
        return;
    }
    let beat = match (&known.called, &known.in_script) {
        (Some(_), _) => Some(Leaves::Line),
        (_, Some(_)) => Some(Leaves::Script),
        _ => None,
    };
    let given = known.called.as_ref().or(known.in_script.as_ref());
    let given = given.cloned().or(line.comment);
    let state = if !look.cron {
        State::Off(super::NO_CRON.into())
    } else if known.aside {
        State::Aside
    } else {
        State::Runs
    };
    let named = given.is_some();
    look.job(
        Job {
            kind: Kind::Cron,
            place: line.place,
            user: look.user(line.user),
            name: given
                .or_else(|| known.name.clone())
                .unwrap_or_else(|| names::valid("")),
            named,
            command: Arc::clone(&known.command),
            when,
            state,
            beat,
            expected: false,
            shape: Shape::Line,
        },
        label,
    );
}

/// Studies a line, or remembers one like it. A line that leaves a beat is judged by its
/// time too, so it is always studied.
fn known(look: &Look<'_>, line: &JobLine<'_>, when: &When) -> Rc<Known> {
    if line.input.is_some() || line.command.contains("beat") {
        return Rc::new(study(look, line, when));
    }
    let mut key = look.key.borrow_mut();
    key.clear();
    for part in [
        line.user.as_bytes(),
        line.settings.shell(),
        line.settings.path(),
    ] {
        key.extend_from_slice(part);
        key.push(0);
    }
    key.extend_from_slice(line.raw);
    if let Some(known) = look.lines.borrow().get(key.as_slice()) {
        return Rc::clone(known);
    }
    let known = Rc::new(study(look, line, when));
    let mut lines = look.lines.borrow_mut();
    lines.insert(key.as_slice().into(), Rc::clone(&known));
    known
}

fn study(look: &Look<'_>, line: &JobLine<'_>, when: &When) -> Known {
    let (wrong, called) = said(look, line, when);
    let in_script = match called {
        Some(_) => None,
        None => look.script_beat(line.command),
    };
    let given = called.is_some() || in_script.is_some();
    Known {
        wrong,
        command: line.command.trim_end().into(),
        runner: parts::runner(line.command),
        in_script,
        name: (!given).then(|| names::from_command(line.command)),
        aside: look.systemd && aside::line(line.command),
        called,
    }
}

/// The name of the beat that a line leaves.
fn called(
    line: &JobLine<'_>,
    calls: Option<Result<Vec<shell::BeatCall>, shell::Unsure>>,
) -> Option<JobName> {
    match calls? {
        Ok(calls) => {
            let calls = calls.into_iter().filter(|call| !call.fails);
            calls
                .filter_map(|call| JobName::new(&call.name?).ok())
                .next()
        }
        // Not understood with certainty: a good guess.
        Err(_) => beats::in_command(line.command),
    }
}

/// Tells of a time at which nothing runs.
fn odd_time(look: &Look<'_>, line: &JobLine<'_>, when: &When) {
    let (code, says) = match &when.fault {
        None => return,
        Some(Fault::Never(why)) => ("never-runs", format!("It never runs: {why}.")),
        Some(Fault::Unreadable(why)) => (
            "odd-time",
            format!("Cron takes this time, but its meaning is unsure: {why}."),
        ),
    };
    let fix = "Write a time that there is; see crontab(5).";
    look.wrong(code, line.place.clone(), says, fix);
}

/// What is wrong with the command: code, sentence, fix. And the beat that it leaves.
fn said(look: &Look<'_>, line: &JobLine<'_>, when: &When) -> (Vec<Wrong>, Option<JobName>) {
    let sight = Sight::new(look.root, look.users.id(line.user), &look.seen);
    let context = shell::Context {
        shell: line.settings.shell(),
        path: line.settings.path(),
        home: look.users.home(line.user),
        schedule: Some(line.schedule),
        // Only a beat that promises a pace is compared with it.
        longest_gap: if line.command.contains("--every") {
            when.gap()
        } else {
            None
        },
        adopting: true,
        look: if look.whole { &sight } else { &shell::Blind },
    };
    let study = shell::study(line.raw, line.input, &context);
    let clean = |text: &str| plain(&masked(text)).into();
    let wrong = study.lints.iter();
    let wrong = wrong.map(|lint| (lint.code, clean(&lint.sentence), clean(&lint.fix)));
    (wrong.collect(), called(line, study.calls))
}
