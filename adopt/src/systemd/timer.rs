//! What a timer is: when it fires, what it starts, whether a boot starts it. Pure, over
//! loaded units; what a running systemd says is in `ask.rs`.

use std::path::Path;
use std::rc::Rc;
use std::time::Duration;

use super::load::{Load, Said, Unit, Units};
use super::reach::Reach;
use super::span;
use super::unitfile::{UnitName, expand, truth};

/// One thing that makes a timer fire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// `OnCalendar=`.
    Calendar(String),
    /// `OnBootSec=` and `OnStartupSec=`: once, so long after the boot.
    Boot(Duration),
    /// `OnActiveSec=`: once, so long after the timer was started.
    Active(Duration),
    /// `OnUnitActiveSec=`: so long after the job last began.
    Again(Duration),
    /// `OnUnitInactiveSec=`: so long after the job last ended.
    AfterEnd(Duration),
    /// A value that systemd does not understand and passes over.
    Unreadable {
        /// The setting.
        key: String,
        /// Its value.
        value: String,
    },
}

/// Whether a timer runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// A boot starts it, or it was started until the next boot.
    Runs,
    /// Only when one of these units is started, which no boot does.
    With(Vec<String>),
    /// Nothing starts it.
    NotEnabled,
    /// It is switched off for good.
    Masked,
    /// It is a template, and no instance of it is enabled.
    Template,
}

/// A timer.
#[derive(Debug, Clone)]
pub struct Timer {
    /// Its name: `apt-daily.timer`.
    pub name: Rc<str>,
    /// The file that defines it; `None` where none does.
    pub file: Option<Rc<Path>>,
    /// The line of its first trigger in `file`, if that is where it is.
    pub line: Option<u32>,
    /// Why its file could not be read.
    pub unreadable: Option<String>,
    /// What makes it fire.
    pub triggers: Vec<Trigger>,
    /// `Persistent=`: a run that was missed is made up for.
    pub persistent: bool,
    /// `RandomizedDelaySec=`, where it is another one each time.
    pub delay: Duration,
    /// The unit that it starts.
    pub starts: String,
    /// Whether it runs.
    pub state: State,
    /// The units whose folders name it.
    pub wanted_by: Vec<String>,
    /// What must hold for it to be started: `ConditionVirtualization=!container`.
    pub conditions: Vec<String>,
}

/// The job that a timer starts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Service {
    /// Its own name, where the timer names an alias.
    pub name: String,
    /// Whether the unit is there and in force.
    pub there: bool,
    /// Whether it is masked.
    pub masked: bool,
    /// `User=`.
    pub user: Option<String>,
    /// Whether it counts as ended when its program has ended (`Type=oneshot`).
    pub oneshot: bool,
    /// Its `ExecStart=` lines.
    pub runs: Vec<String>,
    /// The other lines that it runs: `ExecStartPre=`, `ExecStartPost=`, `ExecStopPost=`.
    pub beside: Vec<String>,
    /// `OnSuccess=`, one unit each.
    pub on_success: Vec<String>,
    /// `OnFailure=`, one unit each.
    pub on_failure: Vec<String>,
}

/// All timers of a manager, sorted by name.
#[must_use]
pub fn timers(units: &Units<'_>) -> Vec<Timer> {
    let reach = Reach::of(units);
    let mut names = units.names("timer");
    for those in units.wants().values() {
        let linked = those.iter().filter(|name| name.ends_with(".timer"));
        names.extend(linked.cloned());
    }
    let mut out: Vec<Timer> = Vec::new();
    for name in &names {
        let unit = units.load(name);
        // An alias is listed under its own name.
        if &*unit.name != name.as_str() && names.contains(&*unit.name) {
            continue;
        }
        let template = UnitName::of(&unit.name).is_some_and(|n| n.is_template());
        if template && has_instance(&unit.name, &names) {
            continue;
        }
        if out.iter().any(|timer| timer.name == unit.name) {
            continue;
        }
        out.push(timer(&unit, &reach, template));
    }
    out.sort_by(|a, b| a.name.cmp(&b.name));
    out
}

fn has_instance<'a>(template: &str, names: impl IntoIterator<Item = &'a String>) -> bool {
    names
        .into_iter()
        .any(|name| UnitName::of(name).and_then(|n| n.template()).as_deref() == Some(template))
}

fn timer(unit: &Unit, reach: &Reach, template: bool) -> Timer {
    let wanted_by: Vec<String> = reach
        .wanted_by(&unit.name)
        .into_iter()
        .map(str::to_owned)
        .collect();
    let transient = unit
        .file
        .as_ref()
        .is_some_and(|file| file.starts_with("/run/systemd/transient"));
    let state = if unit.load == Load::Masked {
        State::Masked
    } else if template {
        State::Template
    } else if reach.starts(&unit.name) || transient {
        State::Runs
    } else if wanted_by.is_empty() {
        State::NotEnabled
    } else {
        State::With(wanted_by.clone())
    };
    let (triggers, line) = triggers(unit);
    let fixed = unit.last("Timer", "FixedRandomDelay").is_some_and(truth);
    let delay = unit
        .last("Timer", "RandomizedDelaySec")
        .and_then(span::parse);
    Timer {
        name: Rc::clone(&unit.name),
        file: unit.file.clone(),
        line,
        unreadable: match &unit.load {
            Load::Unreadable(why) => Some(why.clone()),
            Load::Missing => Some("there is no such unit".into()),
            _ => None,
        },
        triggers,
        persistent: unit.last("Timer", "Persistent").is_some_and(truth),
        delay: delay.filter(|_| !fixed).unwrap_or_default(),
        starts: starts(unit),
        state,
        wanted_by,
        conditions: conditions(unit),
    }
}

/// The unit that a timer starts: `Unit=`, else the service of its own name.
fn starts(unit: &Unit) -> String {
    match unit.last("Timer", "Unit") {
        Some(named) => expand(named, &unit.name),
        None => {
            let stem = unit.name.strip_suffix(".timer").unwrap_or(&unit.name);
            format!("{stem}.service")
        }
    }
}

/// The triggers, and the line of the first where the unit's own file has it. An empty
/// value of any of them forgets all.
fn triggers(unit: &Unit) -> (Vec<Trigger>, Option<u32>) {
    let mut found: Vec<(Trigger, &Said)> = Vec::new();
    for said in &unit.said {
        if &*said.setting.section != "Timer" {
            continue;
        }
        let kind: Option<fn(Duration) -> Trigger> = match &*said.setting.key {
            "OnCalendar" => None,
            "OnBootSec" | "OnStartupSec" => Some(Trigger::Boot),
            "OnActiveSec" => Some(Trigger::Active),
            "OnUnitActiveSec" => Some(Trigger::Again),
            "OnUnitInactiveSec" => Some(Trigger::AfterEnd),
            _ => continue,
        };
        if said.setting.value.is_empty() {
            found.clear();
            continue;
        }
        let value = expand(&said.setting.value, &unit.name);
        let trigger = match kind {
            None => Trigger::Calendar(value),
            Some(kind) => match span::parse(&value) {
                Some(span) => kind(span),
                None => Trigger::Unreadable {
                    key: said.setting.key.to_string(),
                    value,
                },
            },
        };
        found.push((trigger, said));
    }
    let first = found.first().map(|(_, said)| *said);
    let line = first
        .filter(|said| Some(&said.file) == unit.file.as_ref())
        .map(|said| said.setting.line);
    (
        found.into_iter().map(|(trigger, _)| trigger).collect(),
        line,
    )
}

fn conditions(unit: &Unit) -> Vec<String> {
    let mut out = Vec::new();
    for said in &unit.said {
        let (key, value) = (&said.setting.key, &said.setting.value);
        let one = key.starts_with("Condition") || key.starts_with("Assert");
        if &*said.setting.section == "Unit" && one {
            if value.is_empty() {
                out.clear();
            } else {
                out.push(format!("{key}={value}"));
            }
        }
    }
    out
}

/// What a timer starts, as far as it is a service.
#[must_use]
pub fn service(units: &Units<'_>, name: &str) -> Service {
    let unit = units.load(name);
    let lines = |key: &str| {
        let found = unit.list("Service", key);
        found
            .iter()
            .map(|said| said.setting.value.to_string())
            .collect::<Vec<_>>()
    };
    let names = |key: &str| {
        let found = unit.list("Unit", key);
        let words = found
            .iter()
            .flat_map(|s| s.setting.value.split_whitespace());
        words
            .map(|word| expand(word, &unit.name))
            .collect::<Vec<_>>()
    };
    let beside = ["ExecStartPre", "ExecStartPost", "ExecStopPost"];
    Service {
        name: unit.name.to_string(),
        there: unit.load == Load::Loaded,
        masked: unit.load == Load::Masked,
        user: unit.last("Service", "User").map(str::to_owned),
        oneshot: unit
            .last("Service", "Type")
            .map_or_else(|| lines("ExecStart").is_empty(), |t| t == "oneshot"),
        runs: lines("ExecStart"),
        beside: beside.iter().flat_map(|key| lines(key)).collect(),
        on_success: names("OnSuccess"),
        on_failure: names("OnFailure"),
    }
}

impl Timer {
    /// Whether it fires at all once it was started. `OnUnitActiveSec=` and its kin count
    /// from a run, so that alone they never make a first one.
    #[must_use]
    pub fn has_first_run(&self) -> bool {
        self.triggers.iter().any(|trigger| {
            matches!(
                trigger,
                Trigger::Calendar(_) | Trigger::Boot(_) | Trigger::Active(_)
            )
        })
    }

    /// Its first `OnCalendar=`.
    #[must_use]
    pub fn calendar(&self) -> Option<&str> {
        self.triggers.iter().find_map(|trigger| match trigger {
            Trigger::Calendar(text) => Some(text.as_str()),
            _ => None,
        })
    }

    /// How long after a run the next one comes by the triggers that count from a run.
    #[must_use]
    pub fn repeats(&self) -> Option<Duration> {
        let spans = self.triggers.iter().filter_map(|trigger| match trigger {
            Trigger::Again(span) | Trigger::AfterEnd(span) => Some(*span),
            _ => None,
        });
        spans.min()
    }

    /// Its triggers as they are written.
    #[must_use]
    pub fn text(&self) -> String {
        let each = self.triggers.iter().map(|trigger| match trigger {
            Trigger::Calendar(text) => text.clone(),
            Trigger::Boot(span) => format!("{} after the boot", span::words(*span)),
            Trigger::Active(span) => format!("{} after it is started", span::words(*span)),
            Trigger::Again(span) => format!("{} after the last start", span::words(*span)),
            Trigger::AfterEnd(span) => format!("{} after the last end", span::words(*span)),
            Trigger::Unreadable { key, value } => format!("{key}={value}"),
        });
        each.collect::<Vec<_>>().join(", ")
    }
}
